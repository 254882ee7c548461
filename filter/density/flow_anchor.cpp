#include "filter/density/flow_anchor.hpp"

#include <Eigen/Cholesky>
#include <boost/math/constants/constants.hpp>
#include <cmath>
#include <limits>

#include "filter/minimize.hpp"
#include "filter/parametrisation.hpp"
#include "filter/random.hpp"
#include "filter/state_checks.hpp"

namespace jko {
namespace {

Vector flow_log_density(const Points& image, const Vector& log_det) {
  const double normaliser = 0.5 * image.cols() * std::log(boost::math::constants::two_pi<double>());
  return (log_det - 0.5 * image.rowwise().squaredNorm()).array() - normaliser;
}

double log_det(const Matrix& triangular) { return triangular.diagonal().array().log().sum(); }

// Beyond this ratio q/p the control variate grows linearly: one far point must not dominate the fit.
constexpr double kLargestLogRatio = 2.0;

}  // namespace

FlowAnchor::FlowAnchor(Vector center, Matrix whitening, ConvexMap to_normal)
    : center_(std::move(center)), whitening_(std::move(whitening)), to_normal_(std::move(to_normal)) {}

std::unique_ptr<FlowAnchor> FlowAnchor::fit(PointsView points, const Vector& weights, const Vector& log_density,
                                            const FlowOptions& options) {
  // The flow works on whitened points y = S (x - m), where the Gaussian answer is the identity.
  const Index d = points.cols();
  const Frame frame = Frame::of(points, weights);
  const Points y = (points.rowwise() - frame.center.transpose()) * frame.whitening.transpose();
  const Vector log_p = log_density.array() - log_det(frame.whitening);
  Frame standard{Vector::Zero(d), Matrix::Identity(d, d), 1.0, frame.reach};
  const Parametrisation parameters(options.widths, standard, options.seed);
  MapEvaluator evaluator(y, options.widths);
  ConvexMap d_map;
  const Objective loss = [&](const Vector& theta, Vector& gradient) {
    const ConvexMap map = parameters.map(theta);
    evaluator.forward(map);
    const Vector ratio = flow_log_density(evaluator.image(), evaluator.log_det()) - log_p;  // log q/p
    Vector slope(ratio.size());
    double value = 0.0;
    for (Index i = 0; i < ratio.size(); ++i) {
      const double r = ratio(i);
      const double top = std::exp(std::min(r, kLargestLogRatio));
      const double excess = r > kLargestLogRatio ? top * (1.0 + r - kLargestLogRatio) : top;
      value += weights(i) * (excess - 1.0 - r);
      slope(i) = weights(i) * (top - 1.0);
    }
    const Points d_image = -(evaluator.image().array().colwise() * slope.array()).matrix();
    evaluator.backward(map, d_image, slope, d_map);
    gradient = parameters.pull_back(theta, d_map);
    return std::isfinite(value) ? value : std::numeric_limits<double>::infinity();
  };
  Vector theta = parameters.start(y, weights);
  MinimizeOptions minimize_options;
  minimize_options.iterations = options.iterations;
  minimize_options.value_tolerance = 1e-7;
  const MinimizeSummary summary = minimize(loss, theta, minimize_options);

  // No hidden unit may make it worse than the Gaussian of the moments.
  const ConvexMap gaussian = ConvexMap::affine(Matrix::Identity(d, d), Vector::Zero(d));
  const MapValue plain = apply(gaussian, y);
  const Vector ratio = flow_log_density(plain.image, plain.log_det) - log_p;
  const double gaussian_loss = weights.dot((ratio.array().min(30.0).exp() - 1.0 - ratio.array()).matrix());
  ConvexMap map = summary.value < gaussian_loss ? parameters.map(theta) : gaussian;

  return std::unique_ptr<FlowAnchor>(new FlowAnchor(frame.center, frame.whitening, std::move(map)));
}

FlowAnchor::FlowAnchor(const AnchorState& state)
    : center_(state.center), whitening_(state.axes), to_normal_(state.map) {
  const Index d = center_.size();
  require_vector(center_, d, "a flow's centre");
  require_shape(whitening_, d, d, "a flow's whitening");
  require_state(whitening_.diagonal().minCoeff() > 0.0, "a flow's whitening, which is singular");
  require_map(to_normal_, d);
}

AnchorState FlowAnchor::state() const {
  AnchorState state;
  state.kind = AnchorState::flow;
  state.center = center_;
  state.axes = whitening_;
  state.map = to_normal_;
  return state;
}

Vector FlowAnchor::log_density(PointsView points) const {
  const Points y = (points.rowwise() - center_.transpose()) * whitening_.transpose();
  const MapValue value = apply(to_normal_, y);
  return flow_log_density(value.image, value.log_det).array() + log_det(whitening_);
}

std::optional<Points> FlowAnchor::sample(Index count, std::uint64_t seed) const {
  Points normal(count, center_.size());
  fill_standard_normal(seed, 0, normal);
  const MapInverse back = invert(to_normal_, normal);
  if (!back.converged) return std::nullopt;
  Points x = back.preimage;
  whitening_.triangularView<Eigen::Lower>().transpose().solveInPlace<Eigen::OnTheRight>(x);
  return x.rowwise() + center_.transpose();
}

}  // namespace jko
