#include "src/flow_file.hpp"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <vector>

#include "filter/belief.hpp"
#include "filter/state_checks.hpp"
#include "src/atomic_file.hpp"
#include "src/error.hpp"
#include "src/sealed_file.hpp"
#include "src/state_codec.hpp"

namespace jko {
namespace {

constexpr SealedKind kFlow{"flow", 1};
constexpr Index kMostDimensions = 1000, kMostNodes = 10'000'000;
constexpr std::size_t kMostComponents = 10'000, kMostLinks = 100'000, kLongestFormula = std::size_t{1} << 24;

struct ComponentState {
  double weight = 0.0;
  Vector mean;
  Matrix covariance;
};

struct FlowState {
  Index dimension = 0;
  double time = 0.0, beta = 0.0;
  std::string potential;
  std::vector<ComponentState> initial;
  BeliefState belief;
};

template <class Archive>
void visit(Archive& archive, ComponentState& component) {
  archive("weight", component.weight);
  archive("mean", component.mean);
  archive("covariance", component.covariance);
}

template <class Archive>
void visit(Archive& archive, FlowState& flow) {
  archive("dimension", flow.dimension);
  archive("time", flow.time);
  archive("beta", flow.beta);
  archive("potential", flow.potential);
  archive("initial", flow.initial);
  archive("belief", flow.belief);
}

/// What Belief::restore() takes for granted, or leaves to the model that a flow has not.
void require_plausible(const FlowState& state) {
  const Index d = state.dimension, n = state.belief.nodes.x.rows();
  require_state(d >= 1 && d <= kMostDimensions, "the dimension");
  require_state(std::isfinite(state.time), "the time");
  require_state(std::isfinite(state.beta) && state.beta > 0.0, "beta");
  require_state(state.potential.size() <= kLongestFormula, "the length of the potential's formula");
  require_state(state.initial.size() <= kMostComponents, "the number of the initial law's components");
  for (const ComponentState& component : state.initial) {
    require_state(component.mean.size() == d, "the dimension of the initial law");
  }
  require_state(state.belief.nodes.x.cols() == d && n >= 2 && n <= kMostNodes, "the number of nodes");
  require_state(state.belief.chain.size() <= kMostLinks, "the length of the chain");
  for (const LinkState& link : state.belief.chain) require_state(link.is_map, "an observation in the chain");
}

GaussianMixture initial_law(const FlowState& state) {
  std::vector<GaussianMixture::Component> components;
  for (const ComponentState& c : state.initial) components.push_back({c.weight, c.mean, c.covariance});
  return GaussianMixture::restored(std::move(components));
}

Belief restored_belief(const FlowState& state, const std::shared_ptr<const Model>& model) {
  BeliefOptions options;  // what a belief is allowed to have follows from them: these allow what there is
  options.nodes = state.belief.nodes.x.rows();
  options.chain = static_cast<int>(state.belief.chain.size()) + 1;
  return Belief(model, options, state.belief);
}

}  // namespace

TrainedFlow::TrainedFlow(std::string name, std::string potential, double time, std::shared_ptr<const Model> model,
                         Belief belief)
    : name_(std::move(name)),
      potential_(std::move(potential)),
      time_(time),
      model_(std::move(model)),
      belief_(std::move(belief)) {}

Vector TrainedFlow::log_density(PointsView points) const {
  return belief_.log_density(points).unaryExpr(
      [](double v) { return std::isnan(v) ? -std::numeric_limits<double>::infinity() : v; });
}

Points TrainedFlow::sample(Index count, std::uint64_t seed) const {
  try {
    Points draws = belief_.sample(count, seed);
    require_state(draws.allFinite(), "the draws are not finite");
    return draws;
  } catch (const std::invalid_argument& error) {
    throw InputError(name_, 0, "", std::string("cannot be drawn from: ") + error.what());
  }
}

// Fields may be in range each and make nonsense together. A node knows its density, by another way than the one through
// the chain: both must agree.
void TrainedFlow::require_usable() const {
  constexpr double kClose = 0.1;  // what placing nodes on a lattice adds up to is the integral but for its own error
  const Nodes& nodes = belief_.nodes();
  Index heaviest = 0;
  nodes.weights.maxCoeff(&heaviest);
  const double apart = log_density(nodes.x.row(heaviest))(0) - nodes.log_density(heaviest);
  require_state(std::abs(apart) < kClose, "maps and nodes, which do not belong together");
  sample(8, 0);
}

std::string encode_flow(const JkoFilter& filter, const Model& model) {
  FlowState state;
  state.dimension = filter.dimension();
  state.time = filter.time();
  state.beta = model.beta;
  state.potential = model.potential->formula();
  for (const auto& c : model.initial.components()) state.initial.push_back({c.weight, c.mean, c.covariance});
  state.belief = filter.belief().state();
  for (const LinkState& link : state.belief.chain) {
    if (!link.is_map) {
      throw std::invalid_argument(
          fmt::format("a flow has no observations, but that at t = {} is part of what the filter knows", link.time));
    }
  }
  return sealed(kFlow, cbor_of(encode_state(std::move(state))));
}

TrainedFlow decode_flow(std::string_view content, const std::string& name) {
  const std::string_view payload = unsealed(kFlow, content, name);
  try {
    FlowState state;
    decode_state(tree_from_cbor({payload.begin(), payload.end()}), state);
    require_plausible(state);
    auto model = std::make_shared<const Model>(Model{nullptr, state.beta, initial_law(state), nullptr, state.time});
    TrainedFlow flow(name, state.potential, state.time, model, restored_belief(state, model));
    flow.require_usable();
    return flow;
  } catch (const InputError&) {
    throw;
  } catch (const std::exception& error) {
    throw InputError(name, 0, "", std::string("cannot be used: ") + error.what());
  }
}

void save_flow(const std::string& file, const JkoFilter& filter, const Model& model) {
  write_atomically(file, encode_flow(filter, model));
}

TrainedFlow load_flow(const std::string& file) { return decode_flow(read_sealed_file(kFlow, file), file); }

}  // namespace jko
