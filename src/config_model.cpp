#include "src/config_model.hpp"

#include <spdlog/fmt/fmt.h>

#include <functional>
#include <map>
#include <regex>

#include "jko/bernoulli.hpp"
#include "jko/double_well.hpp"
#include "jko/expression_likelihood.hpp"
#include "jko/expression_potential.hpp"
#include "jko/linear_gaussian.hpp"
#include "jko/mixture_potential.hpp"
#include "jko/nonlinear.hpp"
#include "jko/poisson.hpp"
#include "jko/quadratic.hpp"
#include "jko/sine_well.hpp"
#include "jko/stochastic_volatility.hpp"

namespace jko {
namespace {

using PotentialPtr = std::shared_ptr<const Potential>;
using ObservationPtr = std::shared_ptr<const ObservationModel>;
constexpr std::size_t kMostMixtureComponents = 1000;

/// What the readers of a part of the model may want to know of the rest.
struct Context {
  Index dimension;
  const std::vector<std::string>& columns;
};

template <class Part>
using Registry = std::map<std::string, std::function<Part(const ConfigReader&, const Context&)>>;

/// Reads the part whose name is under `type`.
template <class Part>
Part read_registered(const Registry<Part>& registry, const ConfigReader& section, const Context& context) {
  std::vector<std::string> names;
  for (const auto& entry : registry) names.push_back(entry.first);
  return registry.at(section.choice("type", names))(section, context);
}

GaussianMixture read_gaussian(const ConfigReader& section, const Context& context) {
  Vector mean = section.vector("mean", context.dimension);
  Matrix covariance = section.matrix("covariance", context.dimension, context.dimension);
  return section.build("covariance", [&] { return GaussianMixture::gaussian(mean, covariance); });
}

GaussianMixture read_mixture(const ConfigReader& section, const Context& context) {
  std::vector<GaussianMixture::Component> components;
  for (const ConfigReader& component : section.sections("components", kMostMixtureComponents)) {
    components.push_back({component.number("weight", Range::positive(), 1.0),
                          component.vector("mean", context.dimension),
                          component.matrix("covariance", context.dimension, context.dimension)});
    component.finish();
  }
  return section.build("components", [&] { return GaussianMixture(std::move(components)); });
}

PotentialPtr read_quadratic(const ConfigReader& section, const Context& context) {
  const Matrix A = section.matrix("A", context.dimension, context.dimension);
  const Vector b = section.has("b") ? section.vector("b", context.dimension) : Vector::Zero(context.dimension).eval();
  return section.build("A", [&] { return std::make_shared<Quadratic>(A, b); });
}

PotentialPtr read_double_well(const ConfigReader& section, const Context& context) {
  const Vector height = section.each("height", context.dimension, Range::positive(), 1.0);
  const Vector width = section.each("width", context.dimension, Range::positive(), 1.0);
  return std::make_shared<DoubleWell>(height, width);
}

PotentialPtr read_expression_potential(const ConfigReader& section, const Context& context) {
  const std::string formula = section.text("formula");
  return section.build("formula", [&] { return std::make_shared<ExpressionPotential>(formula, context.dimension); });
}

ObservationPtr read_linear(const ConfigReader& section, const Context& context) {
  const Index dimension = context.dimension;
  const Matrix H =
      section.has("H") ? section.matrix("H", std::nullopt, dimension) : Matrix::Identity(dimension, dimension).eval();
  const Matrix R = section.matrix("R", H.rows(), H.rows());
  return section.build("R", [&] { return std::make_shared<LinearGaussian>(H, R); });
}

Noise read_noise(const ConfigReader& section, Index size) {
  const bool gaussian = section.choice("type", {"gaussian", "student_t"}, "gaussian") == "gaussian";
  Noise noise = gaussian ? Noise::gaussian(section.each("standard_deviation", size, Range::positive()))
                         : Noise::student_t(section.each("scale", size, Range::positive()),
                                            section.number("degrees_of_freedom", Range::positive(), 4.0));
  section.finish();
  return noise;
}

ObservationPtr read_nonlinear(const ConfigReader& section, const Context& context) {
  const std::vector<std::string> formulas = section.texts("formulas", kLargestDimension);
  const Noise noise = read_noise(section.section("noise"), static_cast<Index>(formulas.size()));
  return section.build("formulas",
                       [&] { return std::make_shared<NonlinearObservation>(formulas, context.dimension, noise); });
}

/// A likelihood with one parameter an entry, whose formulas are under `key`.
template <class Observation>
auto formulas_under(const std::string& key) {
  return [key](const ConfigReader& section, const Context& context) -> ObservationPtr {
    const std::vector<std::string> formulas = section.texts(key, kLargestDimension);
    return section.build(key, [&] { return std::make_shared<Observation>(formulas, context.dimension); });
  };
}

/// As many values as there are columns; without columns, y0 to the last y that the formula mentions.
Index count_observed(const std::string& formula, const std::vector<std::string>& columns) {
  if (!columns.empty()) return static_cast<Index>(columns.size());
  static const std::regex kObserved("\\by(\\d{1,2})\\b");
  Index count = 1;
  for (std::sregex_iterator match(formula.begin(), formula.end(), kObserved), end; match != end; ++match) {
    count = std::max<Index>(count, std::stoi((*match)[1]) + 1);
  }
  return std::min(count, kLargestDimension);
}

ObservationPtr read_expression_likelihood(const ConfigReader& section, const Context& context) {
  const std::string formula = section.text("log_likelihood");
  const Index observed = count_observed(formula.substr(0, 4096), context.columns);
  return section.build("log_likelihood",
                       [&] { return std::make_shared<ExpressionLikelihood>(formula, context.dimension, observed); });
}

const Registry<PotentialPtr> kPotentials = {
    {"quadratic", read_quadratic},
    {"sine_well", [](const ConfigReader&, const Context& c) { return std::make_shared<SineWell>(c.dimension); }},
    {"double_well", read_double_well},
    {"mixture",
     [](const ConfigReader& s, const Context& c) { return std::make_shared<MixturePotential>(read_mixture(s, c)); }},
    {"expression", read_expression_potential},
};

const Registry<GaussianMixture> kInitialLaws = {
    {"gaussian", read_gaussian},
    {"mixture", read_mixture},
};

const Registry<ObservationPtr> kObservationModels = {
    {"linear", read_linear},
    {"nonlinear", read_nonlinear},
    {"poisson", formulas_under<PoissonObservation>("rates")},
    {"bernoulli", formulas_under<BernoulliObservation>("logits")},
    {"stochastic_volatility",
     [](const ConfigReader&, const Context& c) { return std::make_shared<StochasticVolatility>(c.dimension); }},
    {"expression", read_expression_likelihood},
};

}  // namespace

PotentialPtr read_potential(const ConfigReader& section, Index dimension) {
  PotentialPtr potential = read_registered(kPotentials, section, {dimension, {}});
  section.finish();
  return potential;
}

GaussianMixture read_initial(const ConfigReader& section, Index dimension) {
  GaussianMixture law = read_registered(kInitialLaws, section, {dimension, {}});
  section.finish();
  return law;
}

ObservationPtr read_observation(const ConfigReader& section, Index dimension, const std::vector<std::string>& columns) {
  ObservationPtr observation = read_registered(kObservationModels, section, {dimension, columns});
  const Index expected = observation->observation_dimension();
  if (section.has("columns") && static_cast<Index>(columns.size()) != expected) {
    section.fail("columns", fmt::format("expected {} name{}, one for each observed value, found {}", expected,
                                        expected == 1 ? "" : "s", columns.size()));
  }
  section.finish();
  return observation;
}

}  // namespace jko
