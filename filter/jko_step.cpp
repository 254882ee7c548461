#include "filter/jko_step.hpp"

#include <Eigen/Eigenvalues>
#include <cmath>
#include <functional>
#include <limits>

#include "filter/pooled_parametrisation.hpp"

namespace jko {
namespace {

double loss(const JkoStepProblem& p, const Points& image, const Vector& log_det, const Vector& divergence,
            const Vector& potential) {
  double sum = p.weights.dot((image - p.target).rowwise().squaredNorm() / (2.0 * p.tau_hat) + potential -
                             p.temperature * log_det);
  if (p.score.size() > 0) {
    const Vector zero_mean = divergence.array() - static_cast<double>(image.cols()) +
                             (image - p.nodes).cwiseProduct(p.score).rowwise().sum().array();
    sum += p.temperature * p.weights.dot(zero_mean);
  }
  return sum;
}

/// L(θ) and its gradient.
template <class Parameters>
class StepLoss {
 public:
  StepLoss(const JkoStepProblem& problem, const Parameters& parameters)
      : problem_(problem),
        parameters_(parameters),
        evaluator_(problem.nodes, parameters.widths()),
        value_(problem.nodes.rows()),
        force_(problem.nodes.rows(), problem.nodes.cols()),
        d_image_(problem.nodes.rows(), problem.nodes.cols()),
        d_log_det_(-problem.temperature * problem.weights),
        d_divergence_(problem.score.size() > 0 ? Vector(-d_log_det_) : Vector::Zero(d_log_det_.size())) {}

  double operator()(const Vector& theta, Vector& gradient) {
    const ConvexMap map = parameters_.map(theta);
    evaluator_.forward(map);
    const Points& image = evaluator_.image();
    problem_.potential->evaluate(image, problem_.time, value_, force_);
    const double value = loss(problem_, image, evaluator_.log_det(), evaluator_.divergence(), value_);
    if (!std::isfinite(value)) return std::numeric_limits<double>::infinity();
    d_image_ = ((image - problem_.target) / problem_.tau_hat + force_).array().colwise() * problem_.weights.array();
    if (problem_.score.size() > 0) d_image_ += d_divergence_.asDiagonal() * problem_.score;
    evaluator_.backward(map, d_image_, d_log_det_, d_divergence_, d_map_);
    gradient = parameters_.pull_back(theta, d_map_);
    return value;
  }

 private:
  const JkoStepProblem& problem_;
  const Parameters& parameters_;
  MapEvaluator evaluator_;
  Vector value_;
  Points force_, d_image_;
  Vector d_log_det_, d_divergence_;
  ConvexMap d_map_;
};

}  // namespace

Bdf2Anchor bdf2_anchor(const Points& x, const Points& previous, double step, double previous_step) {
  const double r = step / previous_step;
  return {((1.0 + r) * (1.0 + r) * x - r * r * previous) / (1.0 + 2.0 * r), step * (1.0 + r) / (1.0 + 2.0 * r)};
}

double step_loss(const JkoStepProblem& problem, const MapValue& value) {
  Vector potential(value.image.rows());
  Points force(value.image.rows(), value.image.cols());
  problem.potential->evaluate(value.image, problem.time, potential, force);
  return loss(problem, value.image, value.log_det, value.divergence, potential);
}

MinimizeSummary lbfgs_step(const JkoStepProblem& problem, const Parametrisation& parameters, Vector& theta,
                           const MinimizeOptions& options) {
  StepLoss loss(problem, parameters);
  return minimize(std::ref(loss), theta, options);
}

MinimizeSummary lbfgs_step(const JkoStepProblem& problem, const PooledParametrisation& parameters, Vector& theta,
                           const MinimizeOptions& options) {
  // Nodes that see the same planes side by side (pool_block.hpp).
  const std::vector<Index> order = parameters.order_of(problem.nodes);
  JkoStepProblem sorted = problem;
  sorted.nodes = problem.nodes(order, Eigen::all);
  sorted.target = problem.target(order, Eigen::all);
  sorted.weights = problem.weights(order);
  if (problem.score.size() > 0) sorted.score = problem.score(order, Eigen::all);
  StepLoss loss(sorted, parameters);
  return minimize(std::ref(loss), theta, options);
}

ConvexMap affine_step(const JkoStepProblem& problem, double step) {
  const Index n = problem.nodes.rows(), d = problem.nodes.cols();
  const Matrix identity = Matrix::Identity(d, d);
  Points force(n, d);
  Vector value(n);
  problem.potential->evaluate(problem.nodes, problem.time, value, force);
  force = force.unaryExpr([](double v) { return std::isfinite(v) ? v : 0.0; });

  const Vector mean = problem.nodes.transpose() * problem.weights;
  const Points centred = problem.nodes.rowwise() - mean.transpose();
  const Matrix covariance = centred.transpose() * problem.weights.asDiagonal() * centred;
  // E[(x - m) ∇Φᵀ] = C E[∇²Φ] for a Gaussian (Stein), so C' = C + τ (2/β I - C E[∇²Φ] - E[∇²Φ] C).
  const Matrix stein = centred.transpose() * problem.weights.asDiagonal() * force;
  const Matrix moved = covariance + step * (2.0 * problem.temperature * identity - stein - stein.transpose());

  // The optimal map between the two Gaussians, S = C^-½ (C^½ C' C^½)^½ C^-½, with C' kept away from singular.
  const Eigen::SelfAdjointEigenSolver<Matrix> c(covariance), target(0.5 * (moved + moved.transpose()));
  const double floor = 1e-2 * std::max(c.eigenvalues().maxCoeff(), 1e-300);
  const Vector root = c.eigenvalues().cwiseMax(1e-12 * floor).cwiseSqrt();
  const Matrix half = c.eigenvectors() * root.asDiagonal() * c.eigenvectors().transpose();
  const Matrix inverse_half = c.eigenvectors() * root.cwiseInverse().asDiagonal() * c.eigenvectors().transpose();
  const Matrix floored =
      target.eigenvectors() * target.eigenvalues().cwiseMax(floor).asDiagonal() * target.eigenvectors().transpose();
  const Eigen::SelfAdjointEigenSolver<Matrix> inner(half * floored * half);
  Matrix S = inverse_half * inner.operatorSqrt() * inverse_half;
  S = 0.5 * (S + S.transpose()).eval();
  Vector drift = -step * (force.transpose() * problem.weights);
  // No plain step moves the mean further than the law is wide.
  const double reach = std::sqrt(covariance.trace());
  if (drift.norm() > reach) drift *= reach / drift.norm();
  if (!S.allFinite()) S = identity;
  return ConvexMap::affine(S, mean + drift - S * mean);
}

}  // namespace jko
