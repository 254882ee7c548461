#include "jko/sine_well.hpp"

#include <stdexcept>

#include "filter/sin_cos.hpp"

namespace jko {
namespace {

template <typename PointsT>
void slope(Eigen::Ref<const PointsT> x, Eigen::Ref<PointsT> gradient) {
  using Scalar = typename PointsT::Scalar;
  constexpr int kWide = kLanes<Scalar>;
  for (Index d = 0; d < x.cols(); ++d) {
    const Scalar* at = x.col(d).data();
    Scalar* to = gradient.col(d).data();
#pragma omp simd simdlen(kWide)
    for (Index i = 0; i < x.rows(); ++i) {
      Scalar sine, cosine;
      sin_cos_turns(at[i], sine, cosine);
      to[i] = 2 * cosine + Scalar(0.5) * at[i];
    }
  }
}

}  // namespace

SineWell::SineWell(Index dimension) : dimension_(dimension) {
  if (dimension < 1) throw std::invalid_argument("sine well: the dimension is not positive");
}

void SineWell::evaluate(PointsView x, double, Eigen::Ref<Vector> value, Eigen::Ref<Points> gradient) const {
  const double inverse_pi = 0.31830988618379067;
  value.setZero();
  double* phi = value.data();
  for (Index d = 0; d < dimension_; ++d) {
    const double* at = x.col(d).data();
    double* slope = gradient.col(d).data();
#pragma omp simd
    for (Index i = 0; i < x.rows(); ++i) {
      double sine, cosine;
      sin_cos_turns(at[i], sine, cosine);
      phi[i] += inverse_pi * sine + 0.25 * at[i] * at[i];
      slope[i] = 2.0 * cosine + 0.5 * at[i];
    }
  }
}

void SineWell::gradient(PointsView x, double, Eigen::Ref<Points> gradient) const { slope<Points>(x, gradient); }

void SineWell::gradient_single(SinglePointsView x, double, Eigen::Ref<SinglePoints> gradient) const {
  slope<SinglePoints>(x, gradient);
}

std::string SineWell::formula() const {
  return dimension_ == 1 ? "sin(2 pi x0)/pi + x0^2/4"
                         : "sum of sin(2 pi x)/pi + x^2/4 over x0 ... x" + std::to_string(dimension_ - 1);
}

}  // namespace jko
