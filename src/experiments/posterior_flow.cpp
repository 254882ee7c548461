#include "src/experiments/posterior_flow.hpp"

#include <cmath>
#include <memory>

#include "filter/model/affine_pullback.hpp"
#include "filter/model/controlled_minibatch.hpp"
#include "filter/model/logistic_approximation.hpp"
#include "jko/linear_gaussian.hpp"
#include "src/device.hpp"

namespace jko {
namespace {

/// The potential of the rows that the step in hand uses.
class CurrentRows final : public Potential {
 public:
  explicit CurrentRows(std::shared_ptr<const Potential> rows) : rows_(std::move(rows)) {}
  void use(std::shared_ptr<const Potential> rows) { rows_ = std::move(rows); }

  Index dimension() const override { return rows_->dimension(); }
  void evaluate(PointsView x, double t, Eigen::Ref<Vector> value, Eigen::Ref<Points> gradient) const override {
    rows_->evaluate(x, t, value, gradient);
  }
  std::string formula() const override { return rows_->formula(); }

 private:
  std::shared_ptr<const Potential> rows_;
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
  const NormalApproximation start = normal_approximation(posterior);
  const auto all_rows = std::make_shared<const LogisticPosterior>(posterior);
  const auto current = std::make_shared<CurrentRows>(all_rows);
  const auto round = std::make_shared<const AffinePullback>(current, start.mean, start.root);
  const Matrix unit = Matrix::Identity(posterior.dimension(), posterior.dimension());
  // Nothing is observed: all data are in the potential.
  const auto nothing = std::make_shared<LinearGaussian>(unit, unit);
  const GaussianMixture initial = GaussianMixture::standard(posterior.dimension());
  JkoOptions jko = options.jko;
  jko.scheme = Scheme::jko;
  jko.seed = seed;
  jko.engine = engine_in_use();
  jko.hold_out = false;           // the law stays close to a normal one
  jko.chain = options.steps + 2;  // no map is folded, that to theta included: draws go through all of them
  PosteriorFlow flow{{all_rows, 1.0, initial, nothing},
                     JkoFilter({round, 1.0, initial, nothing}, jko),
                     start.mean,
                     start.root.rowwise().norm()};
  flow.passes = start.passes;
  double length = options.first_step;
  bool failed = false;  // the step before
  for (std::uint64_t attempt = 0; flow.steps < options.steps; ++attempt) {
    const bool all =
        options.batch == 0 || options.batch >= posterior.rows() || flow.steps >= options.steps - options.full_steps;
    if (all) {
      current->use(all_rows);
    } else {
      current->use(std::make_shared<const ControlledMinibatch>(posterior.minibatch(options.batch, seed, attempt),
                                                               start.likelihood));
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
      if (failed) break;
      failed = true;
      length /= options.growth;
      continue;
    }
    failed = false;
    ++flow.steps;
    length *= options.growth;
  }
  flow.filter.push_forward(round->map());
  return flow;
}

}  // namespace jko
