#include "filter/belief.hpp"

#include <Eigen/Cholesky>
#include <Eigen/LU>
#include <algorithm>
#include <boost/random/discrete_distribution.hpp>
#include <boost/random/uniform_real_distribution.hpp>
#include <cmath>

#include "filter/density/flow_anchor.hpp"
#include "filter/density/grid_anchor.hpp"
#include "filter/density/spline_anchor.hpp"
#include "filter/state_checks.hpp"

namespace jko {
namespace {

constexpr int kGridAnchor = 96;  // lattice points along each axis of a plane's anchor

double log_sum_exp(const Vector& v) {
  const double top = v.maxCoeff();
  return top > -kInfinity ? top + std::log((v.array() - top).exp().sum()) : -kInfinity;
}

/// log density and score of `law` at the nodes.
void set_density(const GaussianMixture& law, Nodes& nodes) {
  nodes.log_density.resize(nodes.x.rows());
  nodes.score.resize(nodes.x.rows(), nodes.x.cols());
  law.log_density_and_gradient(nodes.x, nodes.log_density, nodes.score);
}

}  // namespace

Belief::Belief(std::shared_ptr<const Model> model, const BeliefOptions& options)
    : model_(std::move(model)), options_(options), anchor_(std::make_shared<MixtureAnchor>(model_->initial)) {
  if (options_.chain == 0) options_.chain = default_chain(model_->dimension());
  const LogDensity law = [this](PointsView x) { return anchor_->log_density(x); };
  if (on_lattice()) {
    const Points guess = model_->initial.quasi_sample(options_.nodes, options_.seed);
    replace_nodes(place_on_lattice(law, guess, law(guess), options_.nodes));
  } else {
    // The mixture itself is the best proposal for itself.
    nodes_.x = model_->initial.quasi_sample(options_.nodes, options_.seed);
    nodes_.weights = Vector::Constant(options_.nodes, 1.0 / static_cast<double>(options_.nodes));
    set_density(model_->initial, nodes_);
    nodes_.origin = nodes_.x;
    nodes_.cell = Matrix::Zero(model_->dimension(), model_->dimension());
  }
}

Belief::Belief(std::shared_ptr<const Model> model, const BeliefOptions& options, const BeliefState& state)
    : model_(std::move(model)), options_(options) {
  if (options_.chain == 0) options_.chain = default_chain(model_->dimension());
  restore(state);
}

int Belief::maps() const {
  return static_cast<int>(std::count_if(chain_.begin(), chain_.end(),
                                        [](const Link& link) { return std::holds_alternative<ConvexMap>(link); }));
}

void Belief::advance(const ConvexMap& map, Pushforward moved) {
  chain_.emplace_back(map);
  nodes_.x = std::move(moved.image);
  nodes_.log_density -= moved.log_det;
  nodes_.score = std::move(moved.score);
  if (!nodes_.score.allFinite()) nodes_.score.resize(0, 0);  // steps do without, rather than fail
}

Vector Belief::log_likelihood(PointsView x, const Vector& y, double t) const {
  Vector value(x.rows());
  model_->observation->log_likelihood(x, y, t, value);
  return value;
}

Vector Belief::log_density(PointsView points) const {
  Points x = points;
  Vector sum = Vector::Zero(points.rows());
  for (auto link = chain_.rbegin(); link != chain_.rend(); ++link) {
    if (const auto* map = std::get_if<ConvexMap>(&*link)) {
      MapInverse back = invert(*map, x);
      x = std::move(back.preimage);
      sum -= back.log_det;
    } else {
      const auto& seen = std::get<Likelihood>(*link);
      sum += log_likelihood(x, seen.y, seen.time);
      sum.array() -= seen.log_evidence;
    }
  }
  return sum + anchor_->log_density(x);
}

void Belief::fold() {
  const Index d = model_->dimension();
  const Matrix covariance = nodes_.covariance();
  if (d == 1) {
    // On a line the moved nodes are knots already: maps keep their order.
    anchor_ = std::make_shared<SplineAnchor>(nodes_.x.col(0), nodes_.log_density, 1.0 / covariance(0, 0));
  } else if (d == 2) {
    LatticeBox box;
    box.center = nodes_.mean();
    box.axes = Eigen::LLT<Matrix>(covariance).matrixL();
    const Points z = (nodes_.x.rowwise() - box.center.transpose()) * box.axes.inverse().transpose();
    const Vector low = z.colwise().minCoeff(), high = z.colwise().maxCoeff(), margin = 0.15 * (high - low);
    box.low = low - margin;
    box.high = high + margin;
    const Eigen::VectorXi counts = Eigen::VectorXi::Constant(2, kGridAnchor);
    anchor_ = std::make_shared<GridAnchor>(box, counts, log_density(box.points(counts)));
  } else {
    FlowOptions flow;
    flow.seed = options_.seed;
    anchor_ = FlowAnchor::fit(nodes_.x, nodes_.weights, nodes_.log_density, flow);
  }
  chain_.clear();
  placed_at_ = 0;
  nodes_.origin = nodes_.x;
  nodes_.score.resize(0, 0);
  // The anchor is the belief from here on: the nodes follow it.
  const Vector log_density = anchor_->log_density(nodes_.x);
  nodes_.weights.array() *= (log_density - nodes_.log_density).array().min(50.0).exp();
  nodes_.weights /= nodes_.weights.sum();
  nodes_.log_density = log_density;
}

void Belief::replace_nodes(Placement placement) {
  nodes_ = std::move(placement.nodes);
  placed_at_ = chain_.size();
  ++draws_;
}

std::optional<Points> Belief::renew() {
  std::optional<ConvexMap> last;
  if (!chain_.empty() && std::holds_alternative<ConvexMap>(chain_.back())) {
    last = std::get<ConvexMap>(chain_.back());
  }
  fold();
  const LogDensity law = [this](PointsView x) { return anchor_->log_density(x); };
  Placement placement = on_lattice()
                            ? place_on_lattice(law, nodes_.x, nodes_.log_density, options_.nodes)
                            : place_quasi_random(law, {nodes_.mean(), nodes_.covariance()}, options_.nodes, seed());
  if (placement.log_normaliser > -kInfinity) replace_nodes(std::move(placement));
  if (!last) return std::nullopt;
  return invert(*last, nodes_.x).preimage;
}

std::optional<Points> Belief::redraw(StepEngine& engine) {
  const bool from_start = dynamic_cast<const MixtureAnchor*>(anchor_.get()) != nullptr;
  if (on_lattice() || chain_.empty() || !from_start) return std::nullopt;
  std::vector<const ConvexMap*> maps;
  for (const Link& link : chain_) {
    maps.push_back(std::get_if<ConvexMap>(&link));
    if (!maps.back()) return std::nullopt;
  }
  Nodes nodes;
  nodes.x = model_->initial.quasi_sample(options_.nodes, ++draws_ + options_.seed * 1000);
  nodes.weights = Vector::Constant(options_.nodes, 1.0 / static_cast<double>(options_.nodes));
  set_density(model_->initial, nodes);
  Pushforward moved = engine.pushforward(maps, nodes.x, nodes.score);
  nodes.x = std::move(moved.image);
  nodes.log_density -= moved.log_det;
  nodes.score = std::move(moved.score);
  if (!nodes.score.allFinite()) nodes.score.resize(0, 0);
  nodes.origin = nodes.x;
  nodes.cell = nodes_.cell;
  nodes_ = std::move(nodes);
  placed_at_ = chain_.size();
  return std::move(moved.before);
}

UpdateSummary Belief::update(const Vector& y, double t) {
  // A lattice costs one evaluation of its anchor, so it is always placed anew and the chain folded before; elsewhere
  // both are done only when they must be.
  const int length = static_cast<int>(chain_.size());
  if (on_lattice() ? maps() > 0 || length >= options_.chain : chain_full() || length >= 4 * options_.chain) fold();

  const Vector at_nodes = log_likelihood(nodes_.x, y, t);
  const Vector log_weights = nodes_.weights.array().log() + at_nodes.array();
  double log_evidence = log_sum_exp(log_weights);
  UpdateSummary summary;
  Vector posterior = Vector::Zero(nodes_.weights.size());
  if (log_evidence > -kInfinity) {
    posterior = (log_weights.array() - log_evidence).exp();
    summary.effective_sample_size = 1.0 / posterior.squaredNorm();
  }

  const double enough = options_.resample_below * static_cast<double>(nodes_.x.rows());
  if (!on_lattice() && summary.effective_sample_size >= enough) {
    nodes_.weights = posterior / posterior.sum();
    nodes_.log_density.array() += at_nodes.array() - log_evidence;
    nodes_.score.resize(0, 0);  // likelihoods have no gradient
  } else {
    const LogDensity law = [&](PointsView x) { return Vector(log_density(x) + log_likelihood(x, y, t)); };
    Placement placement;
    if (on_lattice()) {
      placement = place_on_lattice(law, nodes_.x, nodes_.log_density + at_nodes, options_.nodes);
    } else {
      const Moments guess = tempered_moments(nodes_.x, nodes_.weights.array().log(), at_nodes);
      placement = place_quasi_random(law, guess, options_.nodes, seed());
    }
    log_evidence = placement.log_normaliser;
    if (log_evidence > -kInfinity && std::isfinite(log_evidence)) {
      chain_.emplace_back(Likelihood{y, t, log_evidence});
      replace_nodes(std::move(placement));
      summary.log_evidence_increment = log_evidence;
      return summary;
    }
    summary.log_evidence_increment = -kInfinity;
    return summary;
  }
  chain_.emplace_back(Likelihood{y, t, log_evidence});
  summary.log_evidence_increment = log_evidence;
  return summary;
}

BeliefState Belief::state() const {
  BeliefState state;
  state.anchor = anchor_->state();
  state.chain.reserve(chain_.size());
  for (const Link& link : chain_) {
    LinkState saved;
    if (const auto* map = std::get_if<ConvexMap>(&link)) {
      saved.is_map = true;
      saved.map = *map;
    } else {
      const auto& seen = std::get<Likelihood>(link);
      saved.y = seen.y;
      saved.time = seen.time;
      saved.log_evidence = seen.log_evidence;
    }
    state.chain.push_back(std::move(saved));
  }
  state.placed_at = static_cast<Index>(placed_at_);
  state.nodes = nodes_;
  state.draws = draws_;
  return state;
}

void Belief::restore(const BeliefState& state) {
  const Index d = model_->dimension(), n = state.nodes.x.rows();
  // A lattice has about as many nodes as it was asked for.
  require_state(n >= 2 && n <= 16 * options_.nodes + 4096, "the number of nodes");
  require_shape(state.nodes.x, n, d, "the nodes");
  require_vector(state.nodes.weights, n, "the nodes' weights");
  require_state(state.nodes.weights.minCoeff() >= 0.0 && std::abs(state.nodes.weights.sum() - 1.0) < 1e-6,
                "the nodes' weights, whose sum must be 1");
  require_state(state.nodes.log_density.size() == n && !state.nodes.log_density.array().isNaN().any(),
                "the nodes' log density");
  if (state.nodes.score.size() > 0) require_shape(state.nodes.score, n, d, "the nodes' score");
  require_state(state.nodes.score.allFinite(), "the nodes' score");
  require_shape(state.nodes.origin, n, d, "the nodes' origins");
  require_shape(state.nodes.cell, d, d, "the nodes' cell");
  require_state(state.chain.size() <= 4 * static_cast<std::size_t>(options_.chain) + 64, "the length of the chain");
  require_state(state.placed_at >= 0 && state.placed_at <= static_cast<Index>(state.chain.size()),
                "where in the chain the nodes were placed");
  std::vector<Link> chain;
  chain.reserve(state.chain.size());
  for (const LinkState& saved : state.chain) {
    if (saved.is_map) {
      require_map(saved.map, d);
      chain.emplace_back(saved.map);
    } else {
      require_state(saved.y.size() == model_->observation->observation_dimension() && !saved.y.array().isInf().any(),
                    "an observation of the chain");
      require_state(std::isfinite(saved.time) && std::isfinite(saved.log_evidence), "an observation of the chain");
      chain.emplace_back(Likelihood{saved.y, saved.time, saved.log_evidence});
    }
  }
  anchor_ = restored_anchor(state.anchor, model_->initial);
  chain_ = std::move(chain);
  placed_at_ = static_cast<std::size_t>(state.placed_at);
  nodes_ = state.nodes;
  draws_ = state.draws;
}

void Belief::replace_model(std::shared_ptr<const Model> model) {
  if (!chain_.empty()) fold();
  model_ = std::move(model);
}

void Belief::resize(Index nodes, StepEngine& engine) {
  options_.nodes = nodes;
  if (!redraw(engine)) renew();  // draws that were moved along are exact, and need no new anchor
}

Points Belief::sample(Index count, std::uint64_t seed) const {
  const Index d = model_->dimension();
  RandomEngine engine(seed);
  const auto is_map = [](const Link& link) { return std::holds_alternative<ConvexMap>(link); };
  if (!on_lattice() && std::all_of(chain_.begin(), chain_.end(), is_map)) {
    // The draws of the anchor go the way that its density has gone.
    if (std::optional<Points> x = anchor_->sample(count, seed)) {
      for (const Link& link : chain_) x = apply(std::get<ConvexMap>(link), *x).image;
      return *x;
    }
  }
  if (!on_lattice()) {
    // Sampling-importance-resampling from the nodes' neighbourhood, with exact densities.
    const Placement fresh = place_quasi_random([this](PointsView x) { return log_density(x); },
                                               {nodes_.mean(), nodes_.covariance()}, 4 * count, seed);
    // Where no mass was found at all, the nodes are what there is.
    const Nodes& from = fresh.log_normaliser > -kInfinity ? fresh.nodes : nodes_;
    boost::random::discrete_distribution<Index> pick(from.weights.begin(), from.weights.end());
    Points draws(count, d);
    for (Index i = 0; i < count; ++i) draws.row(i) = from.x.row(pick(engine));
    return draws;
  }
  // A node by its weight, a point of its cell, and the maps since.
  boost::random::discrete_distribution<Index> pick(nodes_.weights.begin(), nodes_.weights.end());
  boost::random::uniform_real_distribution<double> uniform(-0.5, 0.5);
  Points x(count, d);
  for (Index i = 0; i < count; ++i) {
    Vector within(d);
    for (Index k = 0; k < d; ++k) within(k) = uniform(engine);
    x.row(i) = nodes_.origin.row(pick(engine)) + (nodes_.cell * within).transpose();
  }
  for (std::size_t k = placed_at_; k < chain_.size(); ++k) {
    if (const auto* map = std::get_if<ConvexMap>(&chain_[k])) x = apply(*map, x).image;
  }
  return x;
}

}  // namespace jko
