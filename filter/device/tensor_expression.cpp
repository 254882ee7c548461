#include "filter/device/tensor_expression.hpp"

#include <ATen/core/Tensor.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/ones_like.h>
#include <ATen/ops/scalar_tensor.h>
#include <ATen/ops/zeros_like.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/jit/api/compilation_unit.h>
#include <torch/csrc/jit/api/function_impl.h>
#include <torch/csrc/jit/ir/constants.h>
#include <torch/csrc/jit/ir/ir.h>
#include <torch/csrc/jit/passes/constant_propagation.h>
#include <torch/csrc/jit/passes/dead_code_elimination.h>
#include <torch/csrc/jit/passes/inliner.h>
#include <torch/csrc/jit/runtime/interpreter.h>
#include <torch/jit.h>

#include <algorithm>
#include <exception>
#include <map>
#include <mutex>
#include <sstream>
#include <stdexcept>

#include "filter/model/formula.hpp"
#include "filter/torch_module.hpp"

namespace jko {
namespace {

namespace jit = torch::jit;

/// Points are evaluated so many at a time: temporaries stay in cache, and each chunk runs on one thread.
constexpr Index kChunk = 8192;

/// x**2 with the exponent as a number has kernels of its own, several times faster than those of x**y.
void make_constant_exponents_numbers(jit::Graph& graph) {
  for (jit::Node* node : graph.nodes()) {
    if (node->kind() != c10::aten::pow) continue;
    const auto exponent = jit::toIValue(node->input(1));
    if (!exponent || !exponent->isTensor()) continue;
    const jit::WithInsertPoint before(node);
    node->replaceInput(1, graph.insertConstant(exponent->toTensor().item<double>()));
  }
}

/// A comparison is 1 or 0. As the truth value that it is in TorchScript, true + true would be true.
void make_comparisons_numbers(jit::Graph& graph) {
  for (jit::Node* node : graph.nodes()) {
    switch (node->kind()) {
      case c10::aten::lt:
      case c10::aten::le:
      case c10::aten::gt:
      case c10::aten::ge:
      case c10::aten::eq:
      case c10::aten::ne: {
        const jit::WithInsertPoint after(node->next());
        jit::Value* number = graph.insert(c10::aten::to, {node->output(), static_cast<int>(at::kDouble)});
        node->output()->replaceAllUsesAfterNodeWith(number->node(), number);
        break;
      }
      default:
        break;
    }
  }
}

std::shared_ptr<jit::Graph> optimised_graph(jit::CompilationUnit& unit) {
  auto graph = jit::toGraphFunction(unit.get_function("formula")).graph()->copy();
  jit::Inline(*graph);
  make_comparisons_numbers(*graph);
  jit::ConstantPropagation(graph);
  make_constant_exponents_numbers(*graph);
  jit::EliminateDeadCode(graph);
  return graph;
}

/// The compiler's message on one line: what it says before it quotes the source, and the column that it marks there.
std::string one_line(const std::string& message, const std::vector<std::size_t>& columns) {
  std::istringstream words(message.substr(0, message.find("File \"<string>\"")));
  std::string said, word;
  while (words >> word) said += (said.empty() ? "" : " ") + word;
  said.erase(said.find_last_not_of(" :") + 1);

  std::string line, before;
  for (std::istringstream lines(message); std::getline(lines, line); before = line) {
    const std::size_t mark = line.find('~');
    if (line.find("<--- HERE") == std::string::npos || mark >= columns.size()) continue;
    if (before.rfind("  return ", 0) == 0) return said + " (at column " + std::to_string(columns[mark]) + ")";
  }
  return said;
}

/// The graph with its constants on the device: not every operation takes a number of the processor beside a tensor that
/// is elsewhere.
std::shared_ptr<jit::Graph> moved_to(const at::Device& device, const jit::Graph& original) {
  std::shared_ptr<jit::Graph> graph = const_cast<jit::Graph&>(original).copy();
  for (jit::Node* node : graph->nodes()) {
    if (node->kind() != c10::prim::Constant) continue;
    const auto value = jit::toIValue(node->output());
    if (!value || !value->isTensor()) continue;
    const jit::WithInsertPoint before(node);
    node->output()->replaceAllUsesWith(graph->insertConstant(value->toTensor().to(device)));
  }
  jit::EliminateDeadCode(graph);
  return graph;
}

at::Tensor view(const double* data, Index size) {
  return at::from_blob(const_cast<double*>(data), {size}, at::TensorOptions(at::kDouble));
}

void copy(const at::Tensor& from, Index size, double* to) {
  if (from.dim() == 0) {
    std::fill_n(to, size, from.item<double>());
  } else {
    const at::Tensor tensor = from.contiguous();
    std::copy_n(tensor.data_ptr<double>(), size, to);
  }
}

class TensorProgram final : public FormulaProgram {
 public:
  std::vector<Index> columns;                  ///< which coordinates of x are inputs, in the order of the graph's
  std::vector<Index> scalars;                  ///< which scalars are inputs
  std::shared_ptr<jit::CompilationUnit> unit;  ///< owns the source, to which the code points when it reports an error
  jit::Code code;
  std::shared_ptr<jit::Graph> graph;
  mutable std::mutex mutex;
  mutable std::map<std::string, jit::Code> elsewhere;  ///< by device

  jit::Code code_on(const at::Device& device) const {
    if (device.is_cpu()) return code;
    const std::lock_guard lock(mutex);
    const auto [entry, absent] = elsewhere.try_emplace(device.str());
    if (absent) entry->second = jit::Code(moved_to(device, *graph), "formula");
    return entry->second;
  }

  /// A batch on any device.
  std::pair<at::Tensor, at::Tensor> run(const at::Tensor& x, const std::vector<at::Tensor>& given) const {
    const c10::AutoGradMode mode(true);
    std::vector<at::Tensor> inputs;
    for (const Index d : columns) inputs.push_back(x.select(-1, d).detach().set_requires_grad(true));
    jit::Stack stack(inputs.begin(), inputs.end());
    for (const Index i : scalars) stack.emplace_back(given[static_cast<std::size_t>(i)].unsqueeze(-1));
    jit::InterpreterState(code_on(x.device())).run(stack);
    const at::Tensor result = stack.front().toTensor().to(x.options());
    const at::Tensor value = result.detach().expand({x.size(0), x.size(1)}), gradient = at::zeros_like(x);
    if (!result.requires_grad()) return {value, gradient};
    const auto gradients = torch::autograd::grad({result}, inputs, {at::ones_like(result)}, /*retain_graph=*/false,
                                                 /*create_graph=*/false, /*allow_unused=*/true);
    for (std::size_t i = 0; i < columns.size(); ++i) {
      if (gradients[i].defined()) gradient.select(-1, columns[i]).copy_(gradients[i]);
    }
    return {value, gradient};
  }

  /// Rows [first, first + count) of x.
  void run_rows(const PointsView& x, const Vector& given, Index first, Index count, double* value, double* gradient,
                Index stride) const {
    const c10::AutoGradMode mode(gradient != nullptr);
    std::vector<at::Tensor> inputs;
    for (const Index d : columns)
      inputs.push_back(view(x.col(d).data() + first, count).set_requires_grad(gradient != nullptr));
    jit::Stack stack(inputs.begin(), inputs.end());
    for (const Index i : scalars) stack.emplace_back(at::scalar_tensor(given[i], at::kDouble));
    jit::InterpreterState(code).run(stack);
    const at::Tensor result = stack.front().toTensor();
    copy(result.detach(), count, value);
    if (!gradient) return;

    for (Index d = 0; d < x.cols(); ++d) std::fill_n(gradient + d * stride, count, 0.0);
    if (!result.requires_grad()) return;
    const auto gradients = torch::autograd::grad({result}, inputs, {at::ones_like(result)}, /*retain_graph=*/false,
                                                 /*create_graph=*/false, /*allow_unused=*/true);
    for (std::size_t i = 0; i < columns.size(); ++i) {
      if (gradients[i].defined()) copy(gradients[i], count, gradient + columns[i] * stride);
    }
  }

  void run(const PointsView& x, const Vector& given, double* value, double* gradient, Index stride) const override {
    std::exception_ptr error;
    const Index chunks = (x.rows() + kChunk - 1) / kChunk;
#pragma omp parallel for schedule(static) if (chunks > 1)
    for (Index chunk = 0; chunk < chunks; ++chunk) {
      const Index first = chunk * kChunk;
      try {
        run_rows(x, given, first, std::min(kChunk, x.rows() - first), value + first,
                 gradient ? gradient + first : nullptr, stride);
      } catch (...) {
#pragma omp critical
        error = std::current_exception();
      }
    }
    if (error) std::rethrow_exception(error);
  }
};

}  // namespace

std::unique_ptr<const FormulaProgram> compile_formula(const FormulaScript& script, Index dimension,
                                                      std::vector<Index> columns, std::vector<Index> scalars) {
  auto program = std::make_unique<TensorProgram>();
  program->columns = std::move(columns);
  program->scalars = std::move(scalars);
  try {
    program->unit = jit::compile(script.source);
    program->graph = optimised_graph(*program->unit);
    program->code = jit::Code(program->graph, "formula");
    // The first run loads kernels, which takes milliseconds: now, not when the filter is waited for.
    Points x = Points::Constant(2, dimension, 0.5), gradient(2, dimension);
    Vector value(2);
    const Index count =
        program->scalars.empty() ? 0 : 1 + *std::max_element(program->scalars.begin(), program->scalars.end());
    program->run(x, Vector::Constant(count, 0.5), value.data(), gradient.data(), 2);
  } catch (const c10::Error& error) {
    throw std::invalid_argument(one_line(error.what_without_backtrace(), script.columns));
  } catch (const std::exception& error) {
    throw std::invalid_argument(one_line(error.what(), script.columns));
  }
  return program;
}

std::pair<at::Tensor, at::Tensor> evaluate(const Expression& expression, const at::Tensor& x,
                                           const std::vector<at::Tensor>& scalars) {
  return static_cast<const TensorProgram&>(expression.program()).run(x, scalars);
}

}  // namespace jko
