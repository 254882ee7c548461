#include "jko/expression.hpp"

#include <algorithm>

#include "filter/model/formula.hpp"
#include "filter/torch_module.hpp"

namespace jko {

Expression::Expression(const std::string& formula, Index dimension, std::vector<std::string> scalars)
    : formula_(formula) {
  auto names = numbered_names("x", static_cast<std::size_t>(dimension));
  names.insert(names.end(), scalars.begin(), scalars.end());
  const FormulaScript script = check_formula(formula, names);
  std::vector<Index> columns, used_scalars;
  for (const std::string& used : script.variables) {
    const Index i = std::find(names.begin(), names.end(), used) - names.begin();
    i < dimension ? columns.push_back(i) : used_scalars.push_back(i - dimension);
  }
  variables_ = script.variables;
  program_ = torch_module().compile(script, dimension, std::move(columns), std::move(used_scalars));
}

Expression::~Expression() = default;
Expression::Expression(Expression&&) noexcept = default;
Expression& Expression::operator=(Expression&&) noexcept = default;

void Expression::evaluate(PointsView x, const Vector& scalars, Eigen::Ref<Vector> value) const {
  program_->run(x, scalars, value.data(), nullptr, 0);
}

void Expression::evaluate(PointsView x, const Vector& scalars, Eigen::Ref<Vector> value,
                          Eigen::Ref<Points> gradient) const {
  program_->run(x, scalars, value.data(), gradient.data(), gradient.outerStride());
}

bool Expression::uses(const std::string& variable) const {
  return std::count(variables_.begin(), variables_.end(), variable) > 0;
}

}  // namespace jko
