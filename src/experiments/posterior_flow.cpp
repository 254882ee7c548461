#include "src/experiments/posterior_flow.hpp"

#include <cmath>
#include <memory>

#include "filter/model/linear_gaussian.hpp"

namespace jko {
namespace {

/// The posterior of the rows that the step in hand uses.
class CurrentRows final : public Potential {
 public:
  explicit CurrentRows(LogisticPosterior rows) : rows_(std::move(rows)) {}
  void use(LogisticPosterior rows) { rows_ = std::move(rows); }

  Index dimension() const override { return rows_.dimension(); }
  void evaluate(PointsView x, double t, Eigen::Ref<Vector> value, Eigen::Ref<Points> gradient) const override {
    rows_.evaluate(x, t, value, gradient);
  }
  std::string formula() const override { return rows_.formula(); }

 private:
  LogisticPosterior rows_;
};

}  // namespace

GaussianMixture posterior_start(const LogisticPosterior& posterior) {
  const Index d = posterior.features();
  const double spread = 1.0 / posterior.curvature_at_zero();
  Vector value(1);
  Points slope(1, d + 1);
  posterior.evaluate(Points::Zero(1, d + 1), 0.0, value, slope);
  const double squares = (spread * slope.row(0).head(d)).squaredNorm() + static_cast<double>(d) * spread;
  const PrecisionPrior& prior = posterior.prior();
  Vector mean = Vector::Zero(d + 1), variance = Vector::Constant(d + 1, spread);
  mean[d] = std::log((prior.shape + 0.5 * static_cast<double>(d)) / (prior.rate + 0.5 * squares));
  variance[d] = 1.0;
  return GaussianMixture::gaussian(mean, variance.asDiagonal());
}

PosteriorFlow posterior_flow(const LogisticPosterior& posterior, const PosteriorFlowOptions& options,
                             std::uint64_t seed) {
  const auto current = std::make_shared<CurrentRows>(posterior);
  const Matrix unit = Matrix::Identity(posterior.dimension(), posterior.dimension());
  // Nothing is observed: all data are in the potential.
  const Model model{current, 1.0, posterior_start(posterior), std::make_shared<LinearGaussian>(unit, unit)};
  JkoOptions jko = options.jko;
  jko.scheme = Scheme::jko;
  jko.seed = seed;
  PosteriorFlow flow{model, JkoFilter(model, jko)};
  double length = options.first_step;
  bool failed = false;  // the step before
  for (int attempt = 0; attempt < options.steps; ++attempt) {
    const bool all = options.batch == 0 || attempt >= options.steps - options.full_steps;
    if (options.batch > 0) {
      const Index rows = all ? posterior.rows() : options.batch;
      current->use(posterior.minibatch(rows, seed, static_cast<std::uint64_t>(attempt)));
    }
    const JkoFilter before = flow.filter;
    StepPlan plan = flow.filter.plan(flow.filter.time() + length, 1);
    const StepReport report = flow.filter.step(plan, {});
    flow.iterations += report.iterations;
    if (report.fallback) {
      // What stands in for a solve that failed is explicit: no good at this length. Where the law is as good as the
      // nodes can tell, no step lowers the free energy, and further tries are in vain.
      flow.filter = before;
      ++flow.retries;
      if (failed && all && flow.steps > 0) break;
      failed = true;
      length /= options.growth;
      continue;
    }
    failed = false;
    ++flow.steps;
    length *= options.growth;
  }
  return flow;
}

}  // namespace jko
