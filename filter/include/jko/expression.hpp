#pragma once
/// A formula of a config as a function of the state, with its gradient, compiled with TorchScript.
///
///     Expression square_well("x0**4/4 - x0**2/2 + sin(t)", 1, {"t"});
///     square_well.evaluate(points, scalars, value, gradient);  // scalars holds t
///
/// Variables are x0 … x{D-1}, one number a point, and named scalars, one number a call. filter/model/formula.hpp tells
/// what a formula may say. The compiled graph runs in TorchScript's interpreter as it is: no profiling, no fuser, so
/// the first call computes what all later ones do.

#include <memory>
#include <string>
#include <vector>

#include "jko/types.hpp"

namespace jko {

class FormulaProgram;

class JKO_API Expression {
 public:
  /// Throws std::invalid_argument, in one line with the column, if the formula is not one, holding the TorchScript
  /// compiler's own message where it was the compiler that refused. Throws TorchMissing (filter/torch_module.hpp) if
  /// there is no LibTorch to compile it.
  Expression(const std::string& formula, Index dimension, std::vector<std::string> scalars);
  ~Expression();
  Expression(Expression&&) noexcept;
  Expression& operator=(Expression&&) noexcept;

  /// The formula at each row of `x` (N, D). Not finite where the formula is undefined.
  void evaluate(PointsView x, const Vector& scalars, Eigen::Ref<Vector> value) const;

  /// The same, and its gradient with respect to x, shape (N, D).
  void evaluate(PointsView x, const Vector& scalars, Eigen::Ref<Vector> value, Eigen::Ref<Points> gradient) const;

  /// Whether the variable occurs in the formula.
  bool uses(const std::string& variable) const;

  const std::string& formula() const { return formula_; }

  /// The compiled formula: filter/device/tensor_expression.hpp runs it on tensors.
  const FormulaProgram& program() const { return *program_; }

 private:
  std::string formula_;
  std::vector<std::string> variables_;  ///< those that occur in it
  std::unique_ptr<const FormulaProgram> program_;
};

}  // namespace jko
