#pragma once
/// The potential Φ of the hidden diffusion dX = -∇Φ(X, t) dt + sqrt(2/β) dW        (docs/method.md, equation 1).
///
/// Derive from it for one of your own (examples/own_potential.cpp); how to add one to the program: docs/development.md.

#include <cstdint>
#include <memory>
#include <string>

#include "jko/types.hpp"

namespace jko {

class JKO_API Potential {
 public:
  virtual ~Potential() = default;

  virtual Index dimension() const = 0;

  /// Whether Φ depends on t.
  virtual bool time_dependent() const { return false; }

  /// Φ and ∇Φ at each row of `x` (N, D) and at time t. `value` has shape (N), `gradient` (N, D). Like all functions of
  /// this class it may be called from several threads at once.
  virtual void evaluate(PointsView x, double t, Eigen::Ref<Vector> value, Eigen::Ref<Points> gradient) const = 0;

  /// ∇Φ alone, which is all that a particle method needs.
  virtual void gradient(PointsView x, double t, Eigen::Ref<Points> gradient) const {
    Vector value(x.rows());
    evaluate(x, t, value, gradient);
  }

  /// Whether gradient_single() works. Worth its while only where ∇Φ is cheap and vectorises.
  virtual bool single_precision() const { return false; }

  /// gradient() in single precision; precondition: single_precision().
  virtual void gradient_single(SinglePointsView, double, Eigen::Ref<SinglePoints>) const {}

  /// Differs between any two potentials that were not copied from one another.
  std::uint64_t identity() const { return identity_; }

  /// Φ as a formula, for people: "sin(2 pi x0)/pi + x0^2/4".
  virtual std::string formula() const = 0;

 private:
  static std::uint64_t next_identity();

  std::uint64_t identity_ = next_identity();
};

}  // namespace jko
