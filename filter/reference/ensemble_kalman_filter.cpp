#include "filter/reference/ensemble_kalman_filter.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "filter/model/observed_entries.hpp"
#include "filter/reference/linear_update.hpp"

namespace jko {
namespace {

Points centred(const Points& x) { return x.rowwise() - x.colwise().mean(); }

/// Cov(x, y) over the rows.
Matrix covariance_of(const Points& x, const Points& y) {
  return centred(x).transpose() * centred(y) / static_cast<double>(x.rows() - 1);
}

/// log of the mean of exp(values).
double log_mean_exp(const Vector& values) {
  const double top = values.maxCoeff();
  return top + std::log((values.array() - top).exp().mean());
}

}  // namespace

EnsembleKalmanFilter::EnsembleKalmanFilter(Model model, EnsembleKalmanOptions options)
    : NormalMixtureFilter(model.initial, model.start_time),
      model_(std::move(model)),
      options_(options),
      paths_(model_, options.step, Integrator::heun, options.seed) {
  const Index least = std::max(dimension(), model_.observation->observation_dimension()) + 2;
  if (!model_.observation->can_sample()) {
    throw std::invalid_argument("the ensemble Kalman filter needs an observation model that can be sampled");
  }
  if (options_.members < least) {
    throw std::invalid_argument("the ensemble Kalman filter needs at least " + std::to_string(least) + " members here");
  }
  x_ = model_.initial.sample(options_.members, options_.seed, draws_++);
  describe_ensemble();
}

bool EnsembleKalmanFilter::describe_ensemble() {
  return replace_law({{1.0, x_.colwise().mean().transpose(), covariance_of(x_, x_)}});
}

PredictSummary EnsembleKalmanFilter::predict(double t) {
  PredictSummary summary;
  if (!(t > time())) return summary;
  summary.steps = paths_.move(x_, time(), t, draws_);
  summary.fallback = !describe_ensemble();
  set_time(t);
  return summary;
}

UpdateSummary EnsembleKalmanFilter::update(const Vector& y) {
  UpdateSummary summary;
  summary.effective_sample_size = static_cast<double>(x_.rows());
  const std::vector<Index> seen = observed_entries(y);
  if (seen.empty()) return summary;
  Vector log_likelihood(x_.rows());
  model_.observation->log_likelihood(x_, y, time(), log_likelihood);
  if (!(log_likelihood.maxCoeff() > -kInfinity)) {
    summary.log_evidence_increment = -kInfinity;
    return summary;
  }

  // What each member expects to see. One whose formulas are undefined has no part in the update.
  RandomEngine engine(options_.seed + 0x9e3779b97f4a7c15u * ++draws_);
  Points expected(x_.rows(), static_cast<Index>(seen.size()));
  std::vector<Index> drawn;
  for (Index i = 0; i < x_.rows(); ++i) {
    try {
      expected.row(i) = model_.observation->sample(x_.row(i).transpose(), time(), engine)(seen).transpose();
      if (expected.row(i).allFinite()) drawn.push_back(i);
    } catch (const std::domain_error&) {
      continue;
    }
  }
  const Points members = x_(drawn, Eigen::all), seen_by_members = expected(drawn, Eigen::all);
  const Vector observed = y(seen);
  std::optional<LinearUpdate> update;
  if (drawn.size() > seen.size() + 1) {
    const Vector innovation = observed - seen_by_members.colwise().mean().transpose();
    update = linear_update(innovation, covariance_of(seen_by_members, seen_by_members),
                           covariance_of(members, seen_by_members));
  }
  if (!update) {
    // All members expect the same, zero events say: nothing can be learnt from a correlation.
    summary.log_evidence_increment = log_mean_exp(log_likelihood);
    return summary;
  }
  const Points innovations = observed.transpose().replicate(seen_by_members.rows(), 1) - seen_by_members;
  x_(drawn, Eigen::all) = members + innovations * update->gain.transpose();
  describe_ensemble();
  summary.log_evidence_increment = update->log_evidence;
  return summary;
}

}  // namespace jko
