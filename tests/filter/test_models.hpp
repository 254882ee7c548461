#pragma once
/// Potentials that break, for tests of what must not.

#include <cmath>
#include <limits>

#include "jko/potential.hpp"

namespace jko {

/// NaN everywhere: no step can be solved.
class BrokenPotential final : public Potential {
 public:
  explicit BrokenPotential(Index dimension) : dimension_(dimension) {}
  Index dimension() const override { return dimension_; }
  std::string formula() const override { return "nan"; }
  void evaluate(PointsView, double, Eigen::Ref<Vector> value, Eigen::Ref<Points> gradient) const override {
    value.setConstant(std::numeric_limits<double>::quiet_NaN());
    gradient.setConstant(std::numeric_limits<double>::quiet_NaN());
  }

 private:
  Index dimension_;
};

/// ½ a |x|².
class Bowl final : public Potential {
 public:
  Bowl(Index dimension, double a) : dimension_(dimension), a_(a) {}
  Index dimension() const override { return dimension_; }
  std::string formula() const override { return "a |x|^2 / 2"; }
  void evaluate(PointsView x, double, Eigen::Ref<Vector> value, Eigen::Ref<Points> gradient) const override {
    value = 0.5 * a_ * x.rowwise().squaredNorm();
    gradient = a_ * x;
  }

 private:
  Index dimension_;
  double a_;
};

/// cos(3 x) summed over the coordinates: not convex, so steps bend.
class Ripple final : public Potential {
 public:
  explicit Ripple(Index dimension) : dimension_(dimension) {}
  Index dimension() const override { return dimension_; }
  std::string formula() const override { return "cos(3 x)"; }
  void evaluate(PointsView x, double, Eigen::Ref<Vector> value, Eigen::Ref<Points> gradient) const override {
    value = (3.0 * x.array()).cos().rowwise().sum();
    gradient = -3.0 * (3.0 * x.array()).sin();
  }

 private:
  Index dimension_;
};

}  // namespace jko
