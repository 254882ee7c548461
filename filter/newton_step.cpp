#include "filter/newton_step.hpp"

#include <Eigen/Cholesky>
#include <Eigen/QR>
#include <algorithm>
#include <atomic>
#include <cmath>
#include <limits>
#include <vector>

#include "filter/engine/batched_cholesky.hpp"
#include "filter/parallel.hpp"

namespace jko {
namespace {

constexpr double kDamping = 1e-10;  // smallest, relative to the diagonal
// Of the sums over nodes: fixed, so that results do not depend on the number of threads.
constexpr Index kNodeSlices = 8;
constexpr Index kBlockNodes = 256;  // nodes: few enough for the nearest cache
// A small model is done before a second thread has woken up: entries of the features, and of Newton's matrix over
// nodes.
constexpr Index kParallelFeatures = 100'000, kParallelMatrix = 4'000'000;
// Of the Hessian's entropy part, at least: enough for a matrix that only steers. Ten times as many save no iteration.
constexpr Index kRowsPerUnit = 10;
constexpr Index kDenseDimensions = 2;  // up to which a lattice of nodes fills the space
// Pull towards the identity, in units of relative entropy: decides only where nodes have next to no weight.
constexpr double kRidge = 1e-8;

/// Equation 2 as a function of v = (shift, u), its gradient and a positive definite approximation of its Hessian.
class FeatureLoss {
 public:
  FeatureLoss(const JkoStepProblem& problem, const ConvexFeatures& features, const FeatureCoefficients& identity)
      : problem_(problem), features_(features), d_(features.dimension()), units_(features.units()) {
    const Index n = problem.nodes.rows();
    features.evaluate(problem.nodes, r_, s_);
    image_.resize(n, d_);
    force_.resize(n, d_);
    value_.resize(n);
    hessian_.resize(n, d_ * d_);
    log_det_.resize(n);
    inverse_factor_.resize(n, d_ * d_);
    curvature_ = Vector::Zero(n);
    scale_ =
        std::sqrt((problem.nodes.rowwise() - problem.nodes.colwise().mean()).squaredNorm() / static_cast<double>(n));
    origin_ = pack(identity);
    price_ = d_ > kDenseDimensions ? price() : Vector::Zero(d_ + units_);
    if (problem.score.size() > 0) score_slope_ = score_slope();
    gram_ = features.directions() * features.directions().transpose();
    stride_ = std::max<Index>(1, n * d_ * (d_ + 1) / 2 / (kRowsPerUnit * units_));
    slices_ = std::min<Index>(kNodeSlices, std::max<Index>(1, n / 32));
    parts_.resize(slices_);
  }

  static Vector pack(const FeatureCoefficients& c) {
    Vector v(c.shift.size() + c.u.size());
    v << c.shift, c.u;
    return v;
  }

  Vector ridge() const {
    Vector weight = Vector::Zero(d_ + units_);
    weight.tail(units_) = kRidge * problem_.temperature * origin_.tail(units_).cwiseMax(0.1).cwiseInverse().cwiseAbs2();
    return weight;
  }

  /// What a hidden unit costs where nodes are few for the dimension: twice the standard error of its slope, so that
  /// units which only follow the nodes' noise stay at zero (Tibshirani 1996). A normal law is then moved by an affine
  /// map.
  Vector price() const {
    Vector price = Vector::Zero(d_ + units_);
    const double share = std::sqrt(problem_.weights.squaredNorm());  // 1/sqrt(effective nodes)
    for (Index j = features_.first_hidden(); j < units_; ++j) {
      const double mean = problem_.weights.dot(s_.col(j));
      const double deviation = std::sqrt(problem_.weights.dot((s_.col(j).array() - mean).square().matrix()));
      price(d_ + j) = 2.0 * problem_.temperature * features_.directions().row(j).squaredNorm() * deviation * share;
    }
    return price;
  }

  /// The gradient of the score's term, which is linear in v (jko_step.hpp).
  Vector score_slope() const {
    const Points weighted = problem_.score.array().colwise() * problem_.weights.array();
    Vector slope(d_ + units_);
    slope.head(d_) = weighted.colwise().sum().transpose();
    slope.tail(units_) =
        (r_.transpose() * weighted).cwiseProduct(features_.directions()).rowwise().sum() +
        (s_.transpose() * problem_.weights).cwiseProduct(features_.directions().rowwise().squaredNorm());
    return problem_.temperature * slope;
  }

  double value(const Vector& v) {
    const auto shift = v.head(d_);
    const auto u = v.tail(units_);
    const auto axes = features_.directions().topRows(features_.first_hidden());
    const Matrix Q = axes.transpose() * u.head(axes.rows()).asDiagonal() * axes;
    std::atomic<bool> convex{true};
    const auto evaluate = [&](Index, Index first, Index count) {
      if (!evaluate_block(shift, u, Q, first, count)) convex = false;
    };
    for_each_block(r_.rows(), kBlockNodes, evaluate, r_.size() > kParallelFeatures ? 2 : r_.rows());
    if (!convex) return std::numeric_limits<double>::infinity();
    problem_.potential->evaluate(image_, problem_.time, value_, force_);
    double loss = problem_.weights.dot((image_ - problem_.target).rowwise().squaredNorm() / (2.0 * problem_.tau_hat) +
                                       value_ - problem_.temperature * log_det_);
    if (score_slope_.size() > 0) loss += v.dot(score_slope_);
    return loss + 0.5 * (v - origin_).cwiseAbs2().dot(ridge()) + v.dot(price_);
  }

  /// The mean curvature of Φ at the image, by differences of its gradient.
  void measure_curvature() {
    const double nudge = 1e-4 * scale_;
    Points there(image_.rows(), d_);
    Vector value(image_.rows());
    curvature_.setZero();
    for (Index k = 0; k < d_; ++k) {
      Points moved = image_;
      moved.col(k).array() += nudge;
      problem_.potential->evaluate(moved, problem_.time, value, there);
      curvature_ += (there.col(k) - force_.col(k)) / (nudge * d_);
    }
    curvature_ = curvature_.unaryExpr([](double c) { return std::isfinite(c) ? c : 0.0; });
  }

  /// At the point of the last value().
  void local_model(const Vector& v, Vector& gradient, Matrix& B) {
    measure_curvature();
    const Index size = d_ + units_;
    const Points upstream =
        ((image_ - problem_.target) / problem_.tau_hat + force_).array().colwise() * problem_.weights.array();
    const Vector stiffness =
        problem_.weights.array() * (1.0 / problem_.tau_hat + curvature_.array()).max(0.05 / problem_.tau_hat);
    const bool worthwhile = r_.rows() * units_ * units_ > kParallelMatrix;
#pragma omp parallel for schedule(static) if (worthwhile)
    for (Index k = 0; k < slices_; ++k) {
      const Index first = k * r_.rows() / slices_, count = (k + 1) * r_.rows() / slices_ - first;
      accumulate(parts_[k], upstream.middleRows(first, count), stiffness.segment(first, count), first, count);
    }
    gradient = Vector::Zero(size);
    B = Matrix::Zero(size, size);
    for (const Part& part : parts_) {
      gradient += part.gradient;
      B.bottomRightCorner(units_, units_) += part.transport.cwiseProduct(gram_) + part.entropy;
      for (Index i = 0; i < d_; ++i) {
        B(i, i) += part.stiffness;
        B.col(i).tail(units_) += part.cross.cwiseProduct(features_.directions().col(i));
      }
    }
    B.topRightCorner(d_, units_) = B.bottomLeftCorner(units_, d_).transpose();
    const Matrix lower = B.bottomRightCorner(units_, units_).triangularView<Eigen::Lower>();
    B.bottomRightCorner(units_, units_) = lower.selfadjointView<Eigen::Lower>();
    if (score_slope_.size() > 0) gradient += score_slope_;
    gradient += ridge().cwiseProduct(v - origin_) + price_;
    B.diagonal() += ridge();
  }

  const Points& image() const { return image_; }
  const Points& force() const { return force_; }

 private:
  struct Part {
    Vector gradient;
    Matrix transport;  ///< rᵀ diag(stiffness) r, lower triangle
    Matrix entropy;    ///< β⁻¹ Σ w <H⁻¹ ∂_jH, H⁻¹ ∂_kH>, lower triangle
    Vector cross;      ///< rᵀ stiffness
    double stiffness;
    Matrix scaled, rows;
  };

  void accumulate(Part& part, const Points& upstream, const Vector& stiffness, Index first, Index count) {
    const auto r = r_.middleRows(first, count);
    const auto s = s_.middleRows(first, count);
    const auto w = problem_.weights.segment(first, count);
    const Matrix& g = features_.directions();
    part.gradient.setZero(d_ + units_);
    part.gradient.head(d_) = upstream.colwise().sum().transpose();
    part.gradient.tail(units_) = (r.transpose() * upstream).cwiseProduct(g).rowwise().sum();
    part.stiffness = stiffness.sum();
    part.cross = r.transpose() * stiffness;
    part.scaled = r.array().colwise() * stiffness.array().sqrt();
    part.transport.setZero(units_, units_);
    part.transport.selfadjointView<Eigen::Lower>().rankUpdate(part.scaled.transpose());

    // y_j = M g_j with H⁻¹ = MᵀM: then ∂_j log det H = s_j |y_j|², and the Hessian's entry is s_j s_k (y_jᵀ y_k)².
    const auto M = inverse_factor_.middleRows(first, count);
    // The gradient takes all nodes; the Hessian's entropy part, d(d+1)/2 rows a node, every stride-th one.
    const Index pairs = d_ * (d_ + 1) / 2, sampled = (count + stride_ - 1) / stride_;
    const auto sample = [this, sampled](const auto& array) {
      return Eigen::Map<const Eigen::ArrayXd, 0, Eigen::InnerStride<>>(array.data(), sampled,
                                                                       Eigen::InnerStride<>(stride_));
    };
    part.rows.resize(sampled * pairs, units_);
    const Eigen::ArrayXd root = (problem_.temperature * static_cast<double>(stride_) * w.array()).sqrt();
    Eigen::ArrayXd norm(count);
    Eigen::ArrayXXd Y(count, d_), products(sampled, pairs);
    const auto accumulate_fan = [&](Index unit, Index units) {
      norm.setZero();
      for (Index a = 0; a < d_; ++a) {
        Y.col(a).setZero();
        for (Index b = 0; b <= a; ++b) Y.col(a) += M.col(a * d_ + b) * g(unit, b);
        norm += Y.col(a).square();
      }
      norm *= w.array();
      part.gradient.segment(d_ + unit, units).noalias() -=
          problem_.temperature * (s.middleCols(unit, units).transpose() * norm.matrix());
      Index pair = 0;
      for (Index a = 0; a < d_; ++a) {
        for (Index b = 0; b <= a; ++b) {
          products.col(pair++) = (a == b ? 1.0 : std::sqrt(2.0)) * sample(root) * sample(Y.col(a)) * sample(Y.col(b));
        }
      }
      for (Index j = unit; j < unit + units; ++j) {
        for (Index p = 0; p < pairs; ++p) {
          part.rows.col(j).segment(p * sampled, sampled).array() = products.col(p) * sample(s.col(j));
        }
      }
    };
    for (Index j = 0; j < features_.first_hidden(); ++j) accumulate_fan(j, 1);
    for (const ConvexFeatures::Fan& fan : features_.fans()) accumulate_fan(fan.first, fan.count);
    part.entropy.setZero(units_, units_);
    part.entropy.selfadjointView<Eigen::Lower>().rankUpdate(part.rows.transpose());
  }

  /// T, ∇²ψ, its log det and the inverse M of its Cholesky factor at some nodes. False if one is not positive definite.
  bool evaluate_block(const Vector& shift, const Vector& u, const Matrix& Q, Index first, Index count) {
    auto image = image_.middleRows(first, count);
    auto hessian = hessian_.middleRows(first, count);
    const auto nodes = problem_.nodes.middleRows(first, count);
    image = ConvexFeatures::kFloor * nodes;
    image.noalias() += (nodes.rowwise() - features_.center().transpose()) * Q;
    image.rowwise() += shift.transpose();
    for (Index i = 0; i < d_; ++i) {
      for (Index j = 0; j <= i; ++j) {
        hessian.col(i * d_ + j).setConstant(Q(i, j) + (i == j ? ConvexFeatures::kFloor : 0.0));
      }
    }
    Vector slope(count), bend(count);  // along one direction
    for (const ConvexFeatures::Fan& fan : features_.fans()) {
      const auto own = u.segment(fan.first, fan.count);
      const auto g = features_.directions().row(fan.first);
      slope.noalias() = r_.block(first, fan.first, count, fan.count) * own;
      bend.noalias() = s_.block(first, fan.first, count, fan.count) * own;
      for (Index i = 0; i < d_; ++i) {
        image.col(i) += g(i) * slope;
        for (Index j = 0; j <= i; ++j) hessian.col(i * d_ + j).matrix() += (g(i) * g(j)) * bend;
      }
    }
    return invert_cholesky_factors(hessian, d_, inverse_factor_.middleRows(first, count),
                                   log_det_.segment(first, count).array()) > 0.0;
  }

  const JkoStepProblem& problem_;
  const ConvexFeatures& features_;
  Index d_, units_, slices_, stride_;
  double scale_;
  Matrix r_, s_;  ///< features at the nodes, (N, units)
  Matrix gram_;   ///< g_j · g_k
  Points image_, force_;
  Eigen::ArrayXXd hessian_, inverse_factor_;  ///< lower triangles, (N, D·D)
  Vector value_, log_det_, curvature_, origin_, price_, score_slope_;
  std::vector<Part> parts_;
};

/// Minimises gᵀδ + ½ δᵀ(B + damping·diag B)δ subject to v + δ >= 0 from entry `first_bounded` on, by block principal
/// pivoting (Júdice and Pires 1994): all entries that are on the wrong side of their condition change over at once, and
/// the last of them alone where that has not helped for a while. `active` says which entries lie on their bound: a
/// guess at first, the solution's then. False if B is singular.
bool bounded_newton_direction(const Matrix& B, const Vector& gradient, const Vector& v, Index first_bounded,
                              double damping, std::vector<bool>& active, Vector& direction) {
  constexpr int kMostPivots = 40, kPatience = 3;
  const Index size = v.size();
  const double scale = 1e-12 * v.tail(size - first_bounded).cwiseAbs().maxCoeff();
  std::vector<Index> free, wrong;
  Matrix reduced;
  Vector right;
  Index fewest_wrong = size + 1;
  for (int pivot = 0, patience = kPatience; pivot < kMostPivots; ++pivot) {
    free.clear();
    for (Index j = 0; j < size; ++j) {
      if (!active[j]) free.push_back(j);
      direction(j) = active[j] ? -v(j) : 0.0;
    }
    right = -(gradient + B * direction)(free);
    reduced = B(free, free);
    reduced.diagonal() *= 1.0 + damping;
    const Eigen::LLT<Eigen::Ref<Matrix>> llt(reduced);
    if (llt.info() != Eigen::Success) return false;
    llt.solveInPlace(right);
    direction(free) = right;
    const Vector slope = gradient + B * direction;
    wrong.clear();
    for (Index j = first_bounded; j < size; ++j) {
      const bool is_wrong =
          active[j] ? slope(j) < -1e-10 * (std::abs(gradient(j)) + 1e-10) : v(j) + direction(j) < -scale;
      if (is_wrong) wrong.push_back(j);
    }
    if (wrong.empty()) break;
    const auto count = static_cast<Index>(wrong.size());
    if (count < fewest_wrong) {
      fewest_wrong = count;
      patience = kPatience;
    } else if (--patience < 0) {
      wrong.erase(wrong.begin(), wrong.end() - 1);
    }
    for (const Index j : wrong) active[j] = !active[j];
  }
  return direction.allFinite();
}

}  // namespace

FeatureCoefficients identity_coefficients(const ConvexFeatures& features, PointsView nodes, const Vector& weights) {
  const Index d = features.dimension();
  FeatureCoefficients start{Vector::Zero(d), features.start()};
  // The axes' quadratic units take what the others leave of the identity, on average over the nodes.
  Matrix r, s;
  features.evaluate(nodes, r, s);
  const Vector curvature = (s.transpose() * weights).cwiseProduct(start.u);
  for (Index i = 0; i < d; ++i) {
    const Vector share = features.directions().col(i).cwiseAbs2();
    const double others = curvature.dot(share) - start.u(features.axis(i));
    start.u(features.axis(i)) = std::max(0.2, 1.0 - others);
  }
  const Points image = apply(features.map(start.shift, start.u), nodes).image;
  start.shift = (nodes - image).transpose() * weights;
  return start;
}

MinimizeSummary newton_step(const JkoStepProblem& problem, const ConvexFeatures& features,
                            const FeatureCoefficients& identity, FeatureCoefficients& coefficients,
                            const MinimizeOptions& options) {
  const Index d = features.dimension(), size = d + features.units();
  FeatureLoss loss(problem, features, identity);
  MinimizeSummary summary;
  Vector v = FeatureLoss::pack(coefficients);
  double value = loss.value(v);
  summary.evaluations = 1;
  // After a jump of the velocity field, or in the plane, the identity is often the better start.
  const Vector at_identity = FeatureLoss::pack(identity);
  if (v != at_identity) {
    const double identity_value = loss.value(at_identity);
    const bool keep = value < identity_value;
    if (!keep) v = at_identity;
    value = keep ? loss.value(v) : identity_value;
    summary.evaluations = keep ? 3 : 2;
  }
  summary.initial_value = value;
  summary.losses.reserve(static_cast<std::size_t>(std::clamp(options.iterations, 0, kMostReserved)) + 1);
  summary.losses.push_back(value);
  const auto finish = [&](MinimizeSummary::Reason reason) {
    summary.value = value;
    summary.reason = reason;
    coefficients = {v.head(d), v.tail(features.units())};
    return summary;
  };
  if (!std::isfinite(value)) return finish(MinimizeSummary::Reason::not_finite);

  Vector gradient, direction(size), trial(size);
  std::vector<bool> active(size, false);
  for (Index j = d; j < size; ++j) active[j] = v(j) <= 0.0;
  Matrix B;
  double damping = kDamping;
  while (summary.iterations < options.iterations) {
    loss.local_model(v, gradient, B);
    ++summary.iterations;
    if (!gradient.allFinite() || !B.allFinite()) return finish(MinimizeSummary::Reason::not_finite);
    bool moved = false;
    double expected = 0.0, decrease = 0.0;
    while (!moved) {
      if (bounded_newton_direction(B, gradient, v, d, damping, active, direction)) {
        expected = -gradient.dot(direction);
        for (double length = 1.0; expected > 0.0 && length > 0.04 && !moved; length *= 0.5) {
          trial = v + length * direction;
          trial.tail(size - d) = trial.tail(size - d).cwiseMax(0.0);
          const double trial_value = loss.value(trial);
          ++summary.evaluations;
          if (std::isfinite(trial_value) && trial_value <= value - 1e-4 * length * expected) {
            decrease = value - trial_value;
            v = trial;
            value = trial_value;
            moved = true;
          }
        }
      }
      if (moved) {
        damping = std::max(0.1 * damping, kDamping);
      } else if (expected <= options.value_tolerance || damping > 1e6) {
        return finish(MinimizeSummary::Reason::value_tolerance);
      } else {
        damping *= 30.0;
      }
    }
    summary.losses.push_back(value);
    if (decrease <= options.value_tolerance && expected <= 4.0 * options.value_tolerance) {
      return finish(MinimizeSummary::Reason::value_tolerance);
    }
    if (options.stop && options.stop()) return finish(MinimizeSummary::Reason::stopped);
  }
  return finish(MinimizeSummary::Reason::iterations);
}

}  // namespace jko
