#include "filter/device/fused/fused_batch.hpp"

#include <Eigen/Cholesky>
#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "filter/device/fused/fused_parameters.hpp"
#include "filter/device/fused/fused_potential.hpp"
#include "jko/double_well.hpp"
#include "jko/mixture_potential.hpp"
#include "jko/quadratic.hpp"
#include "jko/sine_well.hpp"

namespace jko::fused {
namespace {

static_assert(kQuadraticFloor == kMapFloor, "the fused solver's maps are those of Parametrisation");

constexpr Index kMostNodes = 1 << 20;  // offsets are ints

void append(std::vector<double>& numbers, const Matrix& by_rows) {
  for (Index i = 0; i < by_rows.rows(); ++i) {
    for (Index j = 0; j < by_rows.cols(); ++j) numbers.push_back(by_rows(i, j));
  }
}

struct PackedPotential {
  PotentialKind kind;
  int components = 0;
  std::vector<double> numbers;
};

/// False if the kernel does not know the potential.
bool pack(const Potential& potential, PackedPotential& packed) {
  if (dynamic_cast<const SineWell*>(&potential)) {
    packed = {PotentialKind::sine_well, 0, {}};
    return true;
  }
  if (const auto* well = dynamic_cast<const DoubleWell*>(&potential)) {
    packed = {PotentialKind::double_well, 0, {}};
    append(packed.numbers, well->height());
    append(packed.numbers, well->width().array().square().inverse().matrix());
    return true;
  }
  if (const auto* quadratic = dynamic_cast<const Quadratic*>(&potential)) {
    packed = {PotentialKind::quadratic, 0, {}};
    append(packed.numbers, quadratic->A());
    append(packed.numbers, quadratic->b());
    return true;
  }
  if (const auto* mixture = dynamic_cast<const MixturePotential*>(&potential)) {
    packed = {PotentialKind::mixture, static_cast<int>(mixture->law().components().size()), {}};
    const Index d = mixture->dimension();
    for (const auto& [weight, mean, covariance] : mixture->law().components()) {
      const Eigen::LLT<Matrix> cholesky(covariance);
      const Matrix lower = cholesky.matrixL();
      const double log_two_pi = 1.8378770664093454836;
      packed.numbers.push_back(std::log(weight) - 0.5 * static_cast<double>(d) * log_two_pi -
                               lower.diagonal().array().log().sum());
      append(packed.numbers, mean);
      append(packed.numbers, cholesky.matrixL().solve(Matrix::Identity(d, d)));
    }
    return true;
  }
  return false;
}

int padded(Index width) { return static_cast<int>((width + 3) / 4 * 4); }

Shape shape_of(const JkoStepProblem& problem, const Parametrisation& parameters) {
  Shape shape;
  const int d = static_cast<int>(problem.nodes.cols());
  shape.dimension = d;
  shape.layers = static_cast<int>(parameters.widths().size());
  shape.nodes = static_cast<int>(problem.nodes.rows());
  shape.parameters = static_cast<int>(parameters.size());
  int theta = d * d + d, before = 0;
  for (int l = 0; l < shape.layers; ++l) {
    shape.width[l] = static_cast<int>(parameters.widths()[l]);
    shape.padded[l] = padded(shape.width[l]);
    shape.first_unit[l] = shape.units;
    shape.first_theta[l] = theta;
    shape.units += shape.padded[l];
    theta += shape.width[l] * (d + before + 2);
    before = shape.width[l];
  }
  // Rows of W begin at multiples of four numbers, for the loads of four.
  shape.at_c = d * d;
  shape.at_A = padded(d * d + d);
  shape.at_b = shape.at_A + shape.units * d;
  shape.at_w = shape.at_b + shape.units;
  shape.network = shape.at_w + shape.units;
  for (int l = 1; l < shape.layers; ++l) {
    shape.at_W[l] = shape.network;
    shape.network += shape.padded[l] * shape.padded[l - 1];
  }
  return shape;
}

Task task_of(const JkoStepProblem& problem, const Parametrisation& parameters, const PackedPotential& potential) {
  Task task{};
  const Frame& frame = parameters.frame();
  const Index d = frame.center.size();
  for (Index i = 0; i < d; ++i) {
    task.center[i] = frame.center(i);
    for (Index j = 0; j < d; ++j) task.whitening[i * d + j] = frame.whitening(i, j);
  }
  task.scale = frame.scale;
  for (std::size_t l = 0; l < parameters.widths().size(); ++l) {
    task.output_scale[l] = parameters.output_scale(parameters.widths()[l]);
  }
  task.tau_hat = problem.tau_hat;
  task.temperature = problem.temperature;
  task.potential = potential.kind;
  task.components = potential.components;
  return task;
}

void require(bool condition, const std::string& what) {
  if (!condition) throw std::invalid_argument("fused solver: " + what);
}

}  // namespace

std::string objection(const JkoStepProblem& problem, const Parametrisation& parameters) {
  const Index d = problem.nodes.cols(), n = problem.nodes.rows();
  const auto& widths = parameters.widths();
  if (d < 1 || d > kMaxDimension) return "the dimension is not 1 to " + std::to_string(kMaxDimension);
  if (n < 1 || n > kMostNodes) return "the number of nodes is not 1 to " + std::to_string(kMostNodes);
  if (widths.empty() || widths.size() > kMaxLayers)
    return "there are not 1 to " + std::to_string(kMaxLayers) + " layers";
  for (const Index width : widths) {
    if (width < 1 || width > kMaxWidth) return "a hidden width is not 1 to " + std::to_string(kMaxWidth);
  }
  if (problem.score.size() > 0) return "the nodes' score is known, whose term in the loss the kernel does not have";
  PackedPotential packed;
  if (!problem.potential || !pack(*problem.potential, packed)) {
    return "the potential is not a sine well, a double well, a quadratic or a mixture";
  }
  return {};
}

Batch make_batch(const std::vector<const JkoStepProblem*>& problems,
                 const std::vector<const Parametrisation*>& parameters, const std::vector<Vector>& thetas,
                 const MinimizeOptions& options) {
  require(!problems.empty(), "there is no problem");
  require(parameters.size() == problems.size() && thetas.size() == problems.size(),
          "problems, parameters and first guesses differ in number");
  require(options.memory >= 1 && options.memory <= kMaxPairs,
          "the memory is not 1 to " + std::to_string(kMaxPairs) + " pairs");
  require(options.patience <= kMaxPatience, "the patience is more than " + std::to_string(kMaxPatience));
  Batch batch;
  batch.limits = {options.iterations,         options.memory,    options.patience, options.value_tolerance,
                  options.gradient_tolerance, options.first_step};
  std::vector<PackedPotential> potentials(problems.size());
  std::size_t numbers = 0;
  for (std::size_t b = 0; b < problems.size(); ++b) {
    const std::string why = objection(*problems[b], *parameters[b]);
    require(why.empty(), why);
    pack(*problems[b]->potential, potentials[b]);
    numbers = std::max(numbers, potentials[b].numbers.size());
    require(potentials[b].kind == potentials[0].kind && problems[b]->nodes.cols() == problems[0]->nodes.cols() &&
                problems[b]->nodes.rows() == problems[0]->nodes.rows() &&
                parameters[b]->widths() == parameters[0]->widths(),
            "problems of a batch differ in dimension, nodes, widths or kind of potential");
    require(thetas[b].size() == parameters[b]->size(), "a first guess is not of its parametrisation's size");
  }
  batch.shape = shape_of(*problems[0], *parameters[0]);
  const std::size_t d = batch.shape.dimension, n = batch.shape.nodes, p = batch.shape.parameters;
  batch.data_stride = (2 * d + 1) * n + numbers;
  batch.data.assign(problems.size() * batch.data_stride, 0.0);
  batch.theta.resize(problems.size() * p);
  for (std::size_t b = 0; b < problems.size(); ++b) {
    batch.tasks.push_back(task_of(*problems[b], *parameters[b], potentials[b]));
    double* at = batch.data.data() + b * batch.data_stride;
    at = std::copy_n(problems[b]->nodes.data(), d * n, at);  // columns are coordinates
    at = std::copy_n(problems[b]->target.data(), d * n, at);
    at = std::copy_n(problems[b]->weights.data(), n, at);
    std::copy(potentials[b].numbers.begin(), potentials[b].numbers.end(), at);
    std::copy_n(thetas[b].data(), p, batch.theta.data() + b * p);
  }
  return batch;
}

}  // namespace jko::fused
