#include "filter/reference/gaussian_sum_filter.hpp"

#include <Eigen/Cholesky>
#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "filter/model/observed_entries.hpp"
#include "filter/random.hpp"
#include "filter/reference/linear_update.hpp"

namespace jko {
namespace {

/// Standard deviation of a component, as a share of the law's. Silverman's rule is for independent kernels; these are
/// quasi-random, and may be narrower.
double component_width(Index count, Index dimension) {
  if (count <= 1) return 1.0;
  const double n = static_cast<double>(count), d = static_cast<double>(dimension);
  return 0.7 * std::pow(4.0 / ((d + 2.0) * n), 1.0 / (d + 4.0));
}

}  // namespace

GaussianSumFilter::GaussianSumFilter(Model model, GaussianSumOptions options)
    : GaussianSumFilter(std::move(model), options, sigma_points, "gaussian_sum") {}

GaussianSumFilter::GaussianSumFilter(Model model, MakeMomentRule make_rule, std::string method)
    : GaussianSumFilter(std::move(model), GaussianSumOptions{1, 0}, make_rule, std::move(method)) {}

GaussianSumFilter::GaussianSumFilter(Model model, GaussianSumOptions options, MakeMomentRule make_rule,
                                     std::string method)
    : NormalMixtureFilter(model.initial, model.start_time),
      model_(std::move(model)),
      options_(options),
      make_rule_(make_rule),
      flow_(model_, make_rule),
      method_(std::move(method)),
      width_(component_width(options.components, dimension())) {
  if (!model_.observation->has_moments()) {
    throw std::invalid_argument("the filter " + method_ +
                                " needs an observation model whose mean and variance given the state are known");
  }
  if (std::string why; !options_.validate(&why)) throw std::invalid_argument(why);
  if (options_.components == 1) replace_law({{1.0, law().mean(), law().covariance()}});
}

/// Standard deviation of the components over that of the law: root mean square over weights and directions.
double GaussianSumFilter::mean_width() const {
  const Eigen::LLT<Matrix> whole(law().covariance());
  double square = 0.0;
  for (const Component& c : law().components()) {
    square += c.weight * whole.solve(c.covariance).trace() / static_cast<double>(dimension());
  }
  return std::sqrt(square);
}

/// Replaces the law by components of equal weight, each no wider than `width_` and with its centre drawn from the
/// component that it comes from, made narrower to match. Mean and covariance of the law stay what they are.
void GaussianSumFilter::refine() {
  const Index d = dimension(), count = options_.components;
  const Vector mean = law().mean();
  const Matrix covariance = law().covariance();
  const Eigen::LLT<Matrix> whole(covariance);
  const Points normal = quasi_standard_normal(count, d, options_.seed + refinements_++);
  std::vector<Component> refined;
  double cumulative = 0.0;
  Matrix within = Matrix::Zero(d, d);
  Vector centre = Vector::Zero(d);
  for (const Component& c : law().components()) {
    cumulative += c.weight;
    const double square = whole.solve(c.covariance).trace() / static_cast<double>(d);
    const double share = std::min(1.0, width_ * width_ / square);
    const Matrix reach = std::sqrt(1.0 - share) * Matrix(c.covariance.llt().matrixL());
    const Index last = std::min<Index>(std::lround(cumulative * static_cast<double>(count)), count);
    while (static_cast<Index>(refined.size()) < last) {
      const Vector z = normal.row(static_cast<Index>(refined.size())).transpose();
      refined.push_back({1.0, c.mean + reach * z, share * c.covariance});
      within += refined.back().covariance;
      centre += refined.back().mean;
    }
  }
  const double n = static_cast<double>(refined.size());
  within /= n;
  centre /= n;
  Matrix between = Matrix::Zero(d, d);
  for (const Component& c : refined) between += (c.mean - centre) * (c.mean - centre).transpose() / n;
  // The centres are few, so they are moved by the affine map that restores the law's mean and covariance.
  const Eigen::LLT<Matrix> target(covariance - within), actual(between);
  Matrix correction = Matrix::Identity(d, d);
  if (target.info() == Eigen::Success && actual.info() == Eigen::Success) {
    correction = Matrix(target.matrixL()) * actual.matrixL().solve(Matrix::Identity(d, d));
  }
  for (Component& c : refined) c.mean = mean + correction * (c.mean - centre);
  replace_law(std::move(refined));
}

PredictSummary GaussianSumFilter::predict(double t) {
  PredictSummary summary;
  if (!(t > time())) return summary;
  if (options_.components > 1 && mean_width() > std::sqrt(2.0) * width_) refine();
  std::vector<Component> moved = law().components();
  summary.steps = flow_.move(moved, time(), t);
  summary.fallback = summary.steps == 0 || !replace_law(std::move(moved));
  set_time(t);
  return summary;
}

UpdateSummary GaussianSumFilter::update(const Vector& y) {
  UpdateSummary summary;
  summary.effective_sample_size = 1.0;
  const std::vector<Index> seen = observed_entries(y);
  if (seen.empty()) return summary;
  summary.log_evidence_increment = -kInfinity;

  // One evaluation of the observation model for all components: a formula is fast only on many points at once.
  std::vector<Component> components = law().components();
  const Index n = 2 * dimension() + 1, count = static_cast<Index>(components.size());
  std::vector<MomentRule> rules;
  Points points(count * n, dimension());
  for (Index c = 0; c < count; ++c) {
    rules.push_back(make_rule_(components[c].mean, components[c].covariance));
    points.middleRows(c * n, n) = rules.back().points;
  }
  Vector log_likelihood(points.rows());
  model_.observation->log_likelihood(points, y, time(), log_likelihood);
  if (!(log_likelihood.maxCoeff() > -kInfinity)) return summary;  // a count of -1, say
  const ConditionalMoments moments = model_.observation->moments(points, time());

  Vector log_weights = Vector::Constant(count, -kInfinity);
  for (Index c = 0; c < count; ++c) {
    const Matrix values = moments.mean.middleRows(c * n, n)(Eigen::all, seen);
    Matrix covariance = values.transpose() * rules[c].spread * values;
    for (Index i = 0; i < n; ++i) {
      if (rules[c].mean(i) > 0.0) covariance += rules[c].mean(i) * moments.covariance[c * n + i](seen, seen);
    }
    const Vector innovation = Vector(y(seen)) - values.transpose() * rules[c].mean;
    const auto update = linear_update(innovation, covariance, rules[c].cross * values);
    if (!update) continue;
    log_weights(c) = std::log(components[c].weight) + update->log_evidence;
    components[c].mean += update->gain * innovation;
    components[c].covariance -= update->gain * covariance * update->gain.transpose();
  }
  const double top = log_weights.maxCoeff();
  if (!(top > -kInfinity)) return summary;
  const Vector weights = (log_weights.array() - top).exp();
  for (Index c = 0; c < count; ++c) components[c].weight = weights(c) / weights.sum();
  if (!replace_law(std::move(components))) return summary;
  summary.log_evidence_increment = top + std::log(weights.sum());
  summary.effective_sample_size = weights.sum() * weights.sum() / weights.squaredNorm();
  return summary;
}

}  // namespace jko
