#include "filter/parametrisation.hpp"

#include <Eigen/Cholesky>
#include <Eigen/Eigenvalues>
#include <boost/random/normal_distribution.hpp>
#include <boost/random/uniform_real_distribution.hpp>
#include <cmath>

#include "filter/random.hpp"

namespace jko {
namespace {

constexpr double kSmallestStart = 0.2;  // smallest eigenvalue of Q in the first guess
constexpr double kStartWeight = 0.02;   // softplus(v) of the output weights there
constexpr double kStartMixing = 0.2;    // Σ_j W_hj between hidden layers there

double softplus(double v) { return std::max(v, 0.0) + std::log1p(std::exp(-std::abs(v))); }
double inverse_softplus(double w) { return std::log(std::expm1(w)); }
double logistic(double v) { return 1.0 / (1.0 + std::exp(-v)); }
Matrix softplus(const Matrix& v) {
  return v.unaryExpr([](double x) { return softplus(x); });
}

/// Reads or writes consecutive pieces of θ as matrices.
template <typename Theta>
class Cursor {
 public:
  explicit Cursor(Theta& theta) : theta_(theta) {}
  auto block(Index rows, Index cols) {
    auto piece = theta_.segment(at_, rows * cols).reshaped(rows, cols);
    at_ += rows * cols;
    return piece;
  }

 private:
  Theta& theta_;
  Index at_ = 0;
};

}  // namespace

Frame Frame::of(PointsView nodes, const Vector& weights) {
  const Index d = nodes.cols();
  Frame frame;
  const Vector w = weights / weights.sum();
  frame.center = nodes.transpose() * w;
  const Points centred = nodes.rowwise() - frame.center.transpose();
  Matrix covariance = centred.transpose() * w.asDiagonal() * centred;
  // A law that has collapsed in some direction must not make the frame singular.
  covariance.diagonal().array() += 1e-12 * covariance.diagonal().maxCoeff() + 1e-300;
  const Eigen::LLT<Matrix> llt(covariance);
  frame.whitening = llt.matrixL().solve(Matrix::Identity(d, d));
  frame.scale = std::exp(Matrix(llt.matrixL()).diagonal().array().log().mean());
  frame.reach = std::sqrt((centred * frame.whitening.transpose()).rowwise().squaredNorm().maxCoeff());
  return frame;
}

Parametrisation::Parametrisation(std::vector<Index> widths, Frame frame, std::uint64_t seed)
    : widths_(std::move(widths)), frame_(std::move(frame)), seed_(seed) {
  const Index d = frame_.center.size();
  size_ = d * d + d;
  Index before = 0;
  for (const Index width : widths_) {
    size_ += width * (d + before + 2);
    before = width;
  }
}

// |a| in whitened coordinates. On a line the units share the nodes' range, and each one's bump overlaps a few
// neighbours'.
double Parametrisation::steepness(Index width) const {
  return frame_.center.size() == 1 ? std::max(1.0, 1.6 * width / (2.0 * frame_.reach)) : 1.5;
}

// Output weights are measured in units in which all hidden units together carry half of the identity's curvature.
double Parametrisation::output_scale(Index width) const {
  return frame_.scale * frame_.scale * frame_.reach * frame_.center.size() / (steepness(width) * width);
}

Vector Parametrisation::start(PointsView nodes, const Vector& weights) const {
  return start([&](const ConvexMap& map) { return average(map, nodes, weights); });
}

Vector Parametrisation::start(const AverageOf& average) const {
  const Index d = frame_.center.size();
  RandomEngine engine(seed_);
  boost::random::normal_distribution<double> normal;
  boost::random::uniform_real_distribution<double> uniform;
  Vector theta = Vector::Zero(size_);
  Cursor<Vector> cursor(theta);
  cursor.block(d, d).setIdentity();
  cursor.block(d, 1);
  Index before = 0;
  for (const Index width : widths_) {
    auto A = cursor.block(width, d);
    cursor.block(width, before).setConstant(inverse_softplus(kStartMixing / std::max<Index>(before, 1)));
    auto b = cursor.block(width, 1);
    for (Index h = 0; h < width; ++h) {
      for (Index k = 0; k < d; ++k) A(h, k) = normal(engine);
      A.row(h) *= steepness(width) * (d == 1 ? 1.0 : 0.5 + uniform(engine)) / A.row(h).norm();
      // Kinks lie evenly over the nodes, at distance -b/|a| from the centre along the unit's direction.
      b(h, 0) = A.row(h).norm() * frame_.reach * (2.0 * (h + 0.5) / width - 1.0);
    }
    cursor.block(width, 1).setConstant(inverse_softplus(kStartWeight));
    before = width;
  }
  // Q and c take what the hidden layers leave of the identity, on average over the nodes. That of T does not depend on
  // Q, which turns about their centre.
  const MapAverages guess = average(map(theta));
  const Matrix identity = Matrix::Identity(d, d);
  const Matrix rest = (2.0 + kMapFloor) * identity - guess.hessian;
  const Eigen::SelfAdjointEigenSolver<Matrix> eigen(rest);
  const Matrix Q = eigen.eigenvectors() * eigen.eigenvalues().cwiseMax(kSmallestStart).asDiagonal() *
                   eigen.eigenvectors().transpose();
  theta.head(d * d) = Matrix(Eigen::LLT<Matrix>(Q - kMapFloor * identity).matrixL()).reshaped();
  theta.segment(d * d, d) = (frame_.center - guess.image) / frame_.scale;
  return theta;
}

ConvexMap Parametrisation::map(const Vector& theta) const {
  const Index d = frame_.center.size();
  ConvexMap map;
  Cursor<const Vector> cursor(theta);
  const Matrix R = cursor.block(d, d).triangularView<Eigen::Lower>();
  map.Q = R * R.transpose();
  map.Q.diagonal().array() += kMapFloor;
  map.c = frame_.center - map.Q * frame_.center + frame_.scale * cursor.block(d, 1);
  Index before = 0;
  for (const Index width : widths_) {
    auto& layer = map.layers.emplace_back();
    layer.A = cursor.block(width, d) * frame_.whitening;
    layer.W = softplus(Matrix(cursor.block(width, before)));
    layer.b = cursor.block(width, 1) - layer.A * frame_.center;
    layer.w = output_scale(width) * softplus(Matrix(cursor.block(width, 1)));
    before = width;
  }
  return map;
}

Vector Parametrisation::pull_back(const Vector& theta, const ConvexMap& d_map) const {
  const Index d = frame_.center.size();
  const auto slope = [](const Matrix& v) { return v.unaryExpr(&logistic); };
  Vector gradient(size_);
  Cursor<const Vector> in(theta);
  Cursor<Vector> out(gradient);
  // Q = RRᵀ + ε, c = m - Qm + scale c̃
  const Matrix R = in.block(d, d).triangularView<Eigen::Lower>();
  const Matrix d_Q = d_map.Q - d_map.c * frame_.center.transpose();
  out.block(d, d) = Matrix(((d_Q + d_Q.transpose()) * R).triangularView<Eigen::Lower>());
  in.block(d, 1);
  out.block(d, 1) = frame_.scale * d_map.c;
  Index before = 0;
  for (std::size_t l = 0; l < widths_.size(); ++l) {
    const Index width = widths_[l];
    const auto& layer = d_map.layers[l];
    // A = Ã S, b = b̃ - A m
    in.block(width, d);
    out.block(width, d) = (layer.A - layer.b * frame_.center.transpose()) * frame_.whitening.transpose();
    out.block(width, before) = layer.W.cwiseProduct(slope(in.block(width, before)));
    in.block(width, 1);
    out.block(width, 1) = layer.b;
    out.block(width, 1) = output_scale(width) * layer.w.cwiseProduct(slope(in.block(width, 1)));
    before = width;
  }
  return gradient;
}

}  // namespace jko
