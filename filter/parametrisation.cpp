#include "filter/parametrisation.hpp"

#include <Eigen/Cholesky>
#include <Eigen/Eigenvalues>
#include <boost/random/normal_distribution.hpp>
#include <boost/random/uniform_real_distribution.hpp>
#include <cmath>

#include "filter/random.hpp"

namespace jko {
namespace {

constexpr double kFloor = 1e-3;         // ε: no step contracts by more than this factor
constexpr double kStartWeight = 0.02;   // of the hidden features in the first guess

double softplus(double v) { return std::max(v, 0.0) + std::log1p(std::exp(-std::abs(v))); }
double inverse_softplus(double w) {
  w = std::max(w, 1e-12);
  return w > 30.0 ? w : std::log(std::expm1(w));
}
Matrix softplus(const Matrix& v) { return v.unaryExpr([](double x) { return softplus(x); }); }
double logistic(double v) { return 1.0 / (1.0 + std::exp(-v)); }

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
  return frame;
}

Parametrisation::Parametrisation(std::vector<Index> widths, Frame frame)
    : widths_(std::move(widths)), frame_(std::move(frame)) {
  const Index d = frame_.center.size();
  size_ = d * d + d;
  Index before = 0;
  for (const Index width : widths_) {
    size_ += width * (d + before + 2);
    before = width;
  }
}

Vector Parametrisation::start(std::uint64_t seed) const {
  const Index d = frame_.center.size();
  return start_affine(Matrix::Identity(d, d), Vector::Zero(d), seed);
}

Vector Parametrisation::start_affine(const Matrix& Q, const Vector& c, std::uint64_t seed) const {
  const Index d = frame_.center.size();
  RandomEngine engine(seed);
  boost::random::normal_distribution<double> normal;
  boost::random::uniform_real_distribution<double> uniform;
  Vector theta(size_);
  Cursor<Vector> cursor(theta);
  const Matrix R = Eigen::LLT<Matrix>(Q - kFloor * Matrix::Identity(d, d)).matrixL();
  cursor.block(d, d) = R;
  cursor.block(d, 1) = (c - frame_.center + Q * frame_.center) / frame_.scale;
  Index before = 0;
  for (const Index width : widths_) {
    auto A = cursor.block(width, d);
    auto V = cursor.block(width, before);
    auto b = cursor.block(width, 1);
    auto v = cursor.block(width, 1);
    for (Index h = 0; h < width; ++h) {
      // A unit's kink lies somewhere within three standard deviations, its width between a third and one of them.
      Vector direction(d);
      for (Index k = 0; k < d; ++k) direction(k) = normal(engine);
      direction *= (1.0 + 2.0 * uniform(engine)) / direction.norm();
      A.row(h) = direction.transpose();
      const double spread = 3.0 * ((h + uniform(engine)) / width * 2.0 - 1.0);
      b(h, 0) = -direction.norm() * spread / std::sqrt(static_cast<double>(d));
      for (Index j = 0; j < before; ++j) V(h, j) = inverse_softplus(2.0 * uniform(engine) / before);
      v(h, 0) = inverse_softplus(kStartWeight * 2.0 * uniform(engine));
    }
    before = width;
  }
  return theta;
}

ConvexMap<double> Parametrisation::map(const Vector& theta) const {
  const Index d = frame_.center.size();
  ConvexMap<double> map;
  Cursor<const Vector> cursor(theta);
  const Matrix R = cursor.block(d, d).triangularView<Eigen::Lower>();
  map.Q = R * R.transpose();
  map.Q.diagonal().array() += kFloor;
  map.c = frame_.center - map.Q * frame_.center + frame_.scale * cursor.block(d, 1);
  Index before = 0;
  for (const Index width : widths_) {
    auto& layer = map.layers.emplace_back();
    layer.A = cursor.block(width, d) * frame_.whitening;
    layer.W = softplus(Matrix(cursor.block(width, before)));
    layer.b = cursor.block(width, 1) - layer.A * frame_.center;
    layer.w = frame_.scale * frame_.scale * softplus(Matrix(cursor.block(width, 1)));
    before = width;
  }
  return map;
}

Vector Parametrisation::pull_back(const Vector& theta, const ConvexMap<double>& d_map) const {
  const Index d = frame_.center.size();
  Vector gradient(size_);
  Cursor<const Vector> in(theta);
  Cursor<Vector> out(gradient);
  const Matrix R = in.block(d, d).triangularView<Eigen::Lower>();
  const Matrix d_Q = d_map.Q - d_map.c * frame_.center.transpose();
  out.block(d, d) = Matrix(((d_Q + d_Q.transpose()) * R).triangularView<Eigen::Lower>());
  out.block(d, 1) = frame_.scale * d_map.c;
  in.block(d, 1);
  Index before = 0;
  for (std::size_t l = 0; l < widths_.size(); ++l) {
    const Index width = widths_[l];
    const auto& layer = d_map.layers[l];
    in.block(width, d);
    out.block(width, d) = (layer.A - layer.b * frame_.center.transpose()) * frame_.whitening.transpose();
    const auto V = in.block(width, before);
    out.block(width, before) = layer.W.cwiseProduct(Matrix(V).unaryExpr(&logistic));
    in.block(width, 1);
    out.block(width, 1) = layer.b;
    const auto v = in.block(width, 1);
    out.block(width, 1) = frame_.scale * frame_.scale * layer.w.cwiseProduct(Matrix(v).unaryExpr(&logistic));
    before = width;
  }
  return gradient;
}

Vector Parametrisation::interpolate(const Vector& theta, double s) const {
  const Index d = frame_.center.size();
  Vector scaled = theta;
  Cursor<Vector> cursor(scaled);
  auto R = cursor.block(d, d);
  const Matrix lower = Matrix(R).triangularView<Eigen::Lower>();
  const Matrix identity = Matrix::Identity(d, d);
  const Matrix Q = (1.0 - s) * identity + s * (lower * lower.transpose() + kFloor * identity);
  Eigen::SelfAdjointEigenSolver<Matrix> eigen(Q);
  const Matrix positive = eigen.eigenvectors() * eigen.eigenvalues().cwiseMax(2.0 * kFloor).asDiagonal() *
                          eigen.eigenvectors().transpose();
  R = Matrix(Eigen::LLT<Matrix>(positive - kFloor * identity).matrixL());
  cursor.block(d, 1) *= s;
  Index before = 0;
  for (const Index width : widths_) {
    cursor.block(width, d);
    cursor.block(width, before);
    cursor.block(width, 1);
    auto v = cursor.block(width, 1);
    for (Index h = 0; h < width; ++h) v(h, 0) = inverse_softplus(s * softplus(v(h, 0)));
    before = width;
  }
  return scaled;
}

}  // namespace jko
