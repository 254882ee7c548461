#include "filter/newton_step.hpp"

#include <Eigen/Cholesky>
#include <Eigen/QR>
#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

namespace jko {
namespace {

constexpr double kDamping = 1e-10;  // smallest, relative to the diagonal
constexpr Index kSlices = 8;  // of the sums over nodes: fixed, so that results do not depend on the number of threads
constexpr Index kParallelWork = 4'000'000;
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
    origin_ = pack(identity);
    price_ = d_ > kDenseDimensions ? price() : Vector::Zero(d_ + units_);
    gram_ = features.directions() * features.directions().transpose();
    stride_ = std::max<Index>(1, n * d_ * (d_ + 1) / 2 / (kRowsPerUnit * units_));
    slices_ = std::min<Index>(kSlices, std::max<Index>(1, n / 32));
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

  double value(const Vector& v) {
    const auto shift = v.head(d_);
    const auto u = v.tail(units_);
    image_.noalias() = r_ * (u.asDiagonal() * features_.directions());
    image_ += ConvexFeatures::kFloor * problem_.nodes;
    image_.rowwise() += shift.transpose();
    for (Index i = 0; i < d_; ++i) {
      for (Index j = 0; j <= i; ++j) {
        const Vector weight = u.cwiseProduct(features_.directions().col(i)).cwiseProduct(features_.directions().col(j));
        hessian_.col(i * d_ + j).noalias() = s_ * weight;
        if (i == j) hessian_.col(i * d_ + j).array() += ConvexFeatures::kFloor;
      }
    }
    if (!factorise()) return std::numeric_limits<double>::infinity();
    problem_.potential->evaluate(image_, problem_.time, value_, force_);
    const double loss =
        problem_.weights.dot((image_ - problem_.target).rowwise().squaredNorm() / (2.0 * problem_.tau_hat) + value_ -
                             problem_.temperature * log_det_);
    return loss + 0.5 * (v - origin_).cwiseAbs2().dot(ridge()) + v.dot(price_);
  }

  /// The curvature of Φ along the last move, which is free to measure: it makes Newton's matrix that of the whole loss.
  void measure_curvature(const Points& old_image, const Points& old_force, double scale) {
    const Points moved = image_ - old_image;
    for (Index i = 0; i < moved.rows(); ++i) {
      const double square = moved.row(i).squaredNorm();
      if (square > 1e-12 * scale * scale) {
        const double c = moved.row(i).dot(force_.row(i) - old_force.row(i)) / square;
        if (std::isfinite(c)) curvature_(i) = c;
      }
    }
  }

  /// At the point of the last value().
  void local_model(const Vector& v, Vector& gradient, Matrix& B) {
    const Index size = d_ + units_;
    const Points upstream =
        ((image_ - problem_.target) / problem_.tau_hat + force_).array().colwise() * problem_.weights.array();
    const Vector stiffness =
        problem_.weights.array() * (1.0 / problem_.tau_hat + curvature_.array()).max(0.05 / problem_.tau_hat);
    // A small model is done before a second thread has woken up.
    const bool worthwhile = r_.rows() * units_ * units_ > kParallelWork;
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
    Eigen::ArrayXd norm(count), root = (problem_.temperature * static_cast<double>(stride_) * w.array()).sqrt(), scaled;
    std::vector<Eigen::ArrayXd> Y(d_, Eigen::ArrayXd(count));
    for (Index j = 0; j < units_; ++j) {
      norm.setZero();
      for (Index a = 0; a < d_; ++a) {
        Y[a].setZero();
        for (Index b = 0; b <= a; ++b) Y[a] += M.col(a * d_ + b).array() * g(j, b);
        norm += Y[a].square();
      }
      part.gradient(d_ + j) -= problem_.temperature * (w.array() * s.col(j).array() * norm).sum();
      Index row = 0;
      scaled = root * s.col(j).array();
      for (Index a = 0; a < d_; ++a) {
        for (Index b = 0; b <= a; ++b, ++row) {
          part.rows.col(j).segment(row * sampled, sampled).array() =
              sample(scaled) * sample(Y[a]) * sample(Y[b]) * (a == b ? 1.0 : std::sqrt(2.0));
        }
      }
    }
    part.entropy.setZero(units_, units_);
    part.entropy.selfadjointView<Eigen::Lower>().rankUpdate(part.rows.transpose());
  }

  /// log det ∇²ψ and the inverse M of its Cholesky factor at every node. False if one is not positive definite.
  bool factorise() {
    const Index n = hessian_.rows();
    for (Index i = 0; i < n; ++i) {
      if (d_ == 1) {
        const double h = hessian_(i, 0);
        if (!(h > 0.0)) return false;
        log_det_(i) = std::log(h);
        inverse_factor_(i, 0) = 1.0 / std::sqrt(h);
        continue;
      }
      Matrix H(d_, d_);
      for (Index a = 0; a < d_; ++a) {
        for (Index b = 0; b <= a; ++b) H(a, b) = hessian_(i, a * d_ + b);
      }
      const Eigen::LLT<Matrix> llt(H);
      if (llt.info() != Eigen::Success) return false;
      const Matrix M = llt.matrixL().solve(Matrix::Identity(d_, d_));
      log_det_(i) = -2.0 * M.diagonal().array().log().sum();
      for (Index a = 0; a < d_; ++a) {
        for (Index b = 0; b <= a; ++b) inverse_factor_(i, a * d_ + b) = M(a, b);
      }
    }
    return true;
  }

  const JkoStepProblem& problem_;
  const ConvexFeatures& features_;
  Index d_, units_, slices_, stride_;
  Matrix r_, s_;  ///< features at the nodes, (N, units)
  Matrix gram_;   ///< g_j · g_k
  Points image_, force_;
  Matrix hessian_, inverse_factor_;
  Vector value_, log_det_, curvature_, origin_, price_;
  std::vector<Part> parts_;
};

/// Minimises gᵀδ + ½ δᵀ(B + damping·diag B)δ subject to v + δ >= 0 from entry `first_bounded` on: entries that would
/// cross their bound are put on it, one group after another, and the rest is solved again. False if B is singular.
bool bounded_newton_direction(const Matrix& B, const Vector& gradient, const Vector& v, Index first_bounded,
                              double damping, Vector& direction) {
  const Index size = v.size();
  std::vector<bool> fixed(size, false);
  for (Index j = first_bounded; j < size; ++j) fixed[j] = v(j) <= 0.0 && gradient(j) >= 0.0;
  direction.setZero(size);
  for (bool crossed = true; crossed;) {
    std::vector<Index> free;
    for (Index j = 0; j < size; ++j) {
      if (!fixed[j])
        free.push_back(j);
      else
        direction(j) = j < first_bounded ? 0.0 : -v(j);
    }
    for (const Index j : free) direction(j) = 0.0;
    const Vector pulled = gradient + B * direction;
    const Index m = static_cast<Index>(free.size());
    Matrix reduced(m, m);
    Vector right(m);
    for (Index a = 0; a < m; ++a) {
      right(a) = -pulled(free[a]);
      for (Index b = 0; b < m; ++b) reduced(a, b) = B(free[a], free[b]);
    }
    reduced.diagonal() *= 1.0 + damping;
    const Eigen::LLT<Eigen::Ref<Matrix>> llt(reduced);
    if (llt.info() != Eigen::Success) return false;
    llt.solveInPlace(right);
    crossed = false;
    for (Index a = 0; a < m; ++a) {
      direction(free[a]) = right(a);
      if (free[a] >= first_bounded && v(free[a]) + right(a) < 0.0) fixed[free[a]] = crossed = true;
    }
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
  summary.initial_value = value;
  summary.evaluations = 1;
  const auto finish = [&](MinimizeSummary::Reason reason) {
    summary.value = value;
    summary.reason = reason;
    coefficients = {v.head(d), v.tail(features.units())};
    return summary;
  };
  if (!std::isfinite(value)) return finish(MinimizeSummary::Reason::not_finite);

  const double scale = std::sqrt((problem.nodes.rowwise() - problem.nodes.colwise().mean()).squaredNorm() /
                                 static_cast<double>(problem.nodes.rows()));
  Vector gradient, direction(size), trial(size);
  Matrix B;
  double damping = kDamping;
  while (summary.iterations < options.iterations) {
    loss.local_model(v, gradient, B);
    ++summary.iterations;
    if (!gradient.allFinite() || !B.allFinite()) return finish(MinimizeSummary::Reason::not_finite);
    const Points old_image = loss.image(), old_force = loss.force();
    bool moved = false;
    double expected = 0.0, decrease = 0.0;
    while (!moved) {
      if (bounded_newton_direction(B, gradient, v, d, damping, direction)) {
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
    loss.measure_curvature(old_image, old_force, scale);
    if (decrease <= options.value_tolerance && expected <= 4.0 * options.value_tolerance) {
      return finish(MinimizeSummary::Reason::value_tolerance);
    }
    if (options.stop && options.stop()) return finish(MinimizeSummary::Reason::stopped);
  }
  return finish(MinimizeSummary::Reason::iterations);
}

}  // namespace jko
