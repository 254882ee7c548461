#include "src/explore/flow.hpp"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <stdexcept>
#include <utility>

#include "filter/belief.hpp"
#include "jko/divergence.hpp"
#include "src/device.hpp"
#include "src/stopwatch.hpp"
#include "src/view/illustrate.hpp"

namespace jko {
namespace {

constexpr Index kLineArrows = 40, kPlaneArrows = 14;  // in the plane, of the cells along each axis that have one
constexpr double kBulk = 0.98;                        // of the mass, where arrows start
constexpr Index kComparedPlane = 64;                  // samples along each axis of the other methods' pictures

JkoOptions jko_options(const Config& config, std::uint64_t seed) {
  JkoOptions options = config.filter.jko;
  options.seed = seed;
  options.engine = engine_in_use();
  return options;
}

FreeEnergy free_energy(const Model& model, const Nodes& nodes, double time) {
  Vector value(nodes.x.rows());
  Points gradient(nodes.x.rows(), nodes.x.cols());
  model.potential->evaluate(nodes.x, time, value, gradient);
  FreeEnergy energy;
  for (Index i = 0; i < value.size(); ++i) {
    const double w = nodes.weights(i);
    if (!(w > 0.0)) continue;  // 0 log 0
    energy.potential += w * value(i);
    energy.entropy += model.temperature() * w * nodes.log_density(i);
  }
  return energy;
}

}  // namespace

Flow::Flow(const ExploreSettings& settings)
    : config_(parse_config(config_text(settings), settings.name)),
      tau_(settings.tau),
      jko_(config_.model, jko_options(config_, settings.seed)) {
  constexpr double kReach = 6.0;  // standard deviations: beyond them KL counts next to nothing
  const Vector mean = jko_.mean(), deviation = jko_.covariance().diagonal().cwiseSqrt();
  for (Index k = 0; k < dimension(); ++k) {
    start_.push_back({mean(k) - kReach * deviation(k), mean(k) + kReach * deviation(k)});
  }
  stationary_ = stationary_at(jko_.time());
  for (Index k = 0; k < dimension(); ++k) {
    const auto side = static_cast<std::size_t>(k);
    Interval range{mean(k) - 4.0 * deviation(k), mean(k) + 4.0 * deviation(k)};
    if (stationary_.exists()) {
      range.low = std::min(range.low, stationary_.bulk[side].low);
      range.high = std::max(range.high, stationary_.bulk[side].high);
    }
    view_.push_back(range);
  }
  if (!stationary_.exists()) {
    messages_.emplace_back(
        "Φ does not confine the state: there is no stationary law to flow to, and no grid beside it");
  }
  if (settings.grid && stationary_.exists()) make_grid();
  if (settings.particles > 0) make_particles(settings);
}

StationaryLaw Flow::stationary_at(double time) const {
  return stationary_law(*config_.model.potential, config_.model.beta, time, start_);
}

/// The root mean square curvature of Φ over the initial law: one over the drift's time scale.
double Flow::rate() const {
  const Nodes& nodes = jko_.belief().nodes();
  const Index n = nodes.x.rows(), d = dimension();
  Points here(n, d), there(n, d);
  config_.model.potential->gradient(nodes.x, jko_.time(), here);
  double square = 0.0;
  for (Index k = 0; k < d; ++k) {
    const double nudge = 1e-3 * (start_[static_cast<std::size_t>(k)].high - start_[static_cast<std::size_t>(k)].low);
    Points moved = nodes.x;
    moved.col(k).array() += nudge;
    config_.model.potential->gradient(moved, jko_.time(), there);
    const double mean = nodes.weights.dot((there - here).rowwise().squaredNorm()) / (nudge * nudge);
    if (std::isfinite(mean)) square = std::max(square, mean);
  }
  return std::sqrt(square);
}

// Domain and steps are chosen here rather than by pilot paths, which would take a second; and so that no formula,
// however stiff, makes a step last for ever.
void Flow::make_grid() {
  GridOptions options = config_.filter.grid;
  std::vector<Interval> box = stationary_.box;
  if (changes_landscape()) {
    constexpr int kLooks = 20;
    for (int k = 1; k <= kLooks; ++k) {
      const StationaryLaw later = stationary_at(jko_.time() + 0.5 * k);
      for (std::size_t axis = 0; axis < box.size(); ++axis) {
        box[axis].low = std::min(box[axis].low, later.box[axis].low);
        box[axis].high = std::max(box[axis].high, later.box[axis].high);
      }
    }
  }
  if (options.domain.empty()) {
    for (const Interval& side : box) options.domain.emplace_back(side.low, side.high);
  }
  const double spread = jko_.covariance().diagonal().minCoeff();
  if (options.step == 0.0) {
    const double scale = 1.0 / (rate() + config_.model.temperature() / spread);
    options.step = std::clamp(0.1 * scale, tau_ / 200.0, tau_ / 20.0);
  }
  try {
    grid_ = std::make_unique<GridFilter>(config_.model, options);
  } catch (const std::invalid_argument& error) {
    messages_.push_back(fmt::format("no grid: {}", error.what()));
  }
}

void Flow::make_particles(const ExploreSettings& settings) {
  ParticleOptions options = config_.filter.bootstrap;
  options.seed = settings.seed;
  options.step = std::clamp(0.05 / std::max(rate(), 1e-12), tau_ / 200.0, tau_ / 10.0);
  particles_ = std::make_unique<ParticleFilter>(config_.model, options);
}

/// Why a law is not worth going on with; empty: it is.
std::string Flow::lost(const Filter& law) const {
  constexpr double kFar = 1e4;  // widths of what is drawn
  if (!law.mean().allFinite() || !law.covariance().allFinite()) return "it is no longer finite";
  for (Index k = 0; k < dimension(); ++k) {
    const Interval& side = view_[static_cast<std::size_t>(k)];
    const double far = kFar * (side.high - side.low);
    if (std::abs(law.mean()(k) - side.low) > far || std::sqrt(law.covariance()(k, k)) > far) {
      return "it has run away";
    }
  }
  return "";
}

void Flow::compare(FlowFrame& frame) {
  PictureOptions options;
  options.plane_points = kComparedPlane;
  const auto against = [&](auto& other, auto& picture, double& divergence, const char* name) {
    divergence = std::numeric_limits<double>::quiet_NaN();
    if (!other) return;
    try {
      const std::string reason = lost(*other);
      if (!reason.empty()) throw std::runtime_error(reason);
      picture = std::make_shared<const LawPicture>(illustrate(*other, options));
      divergence = symmetric_kl(jko_, *other);
    } catch (const std::exception& error) {
      messages_.push_back(fmt::format("t = {:.4g}: no {} any more: {}", jko_.time(), name, error.what()));
      other.reset();
    }
  };
  against(grid_, frame.grid, frame.kl_grid, "grid");
  against(particles_, frame.particles, frame.kl_particles, "particles");
}

std::shared_ptr<FlowFrame> Flow::draw() {
  const std::string reason = lost(jko_);
  if (!reason.empty())
    throw std::runtime_error(fmt::format("t = {:.4g}: the law cannot be shown: {}", jko_.time(), reason));
  auto frame = std::make_shared<FlowFrame>();
  frame->time = jko_.time();
  frame->law = std::make_shared<const LawPicture>(illustrate(jko_, {}));
  frame->nodes = cloud_of(jko_);
  frame->free_energy = free_energy(config_.model, jko_.belief().nodes(), jko_.time());
  if (changes_landscape()) stationary_ = stationary_at(jko_.time());
  // NaN where there is no stationary law.
  frame->to_stationary = config_.model.beta * frame->free_energy.total() + stationary_.log_normaliser;
  compare(*frame);
  return frame;
}

/// On a line evenly over the bulk; in the plane one node in each cell of a lattice over it.
Points Flow::arrow_points() const {
  if (dimension() == 1) {
    const Matrix ends = jko_.quantiles({0.5 - 0.5 * kBulk, 0.5 + 0.5 * kBulk});
    return Vector::LinSpaced(kLineArrows, ends(0, 0), ends(1, 0));
  }
  const Nodes& nodes = jko_.belief().nodes();
  std::vector<Index> bulk(static_cast<std::size_t>(nodes.x.rows()));
  std::iota(bulk.begin(), bulk.end(), 0);
  std::sort(bulk.begin(), bulk.end(), [&](Index i, Index j) { return nodes.log_density(i) > nodes.log_density(j); });
  double mass = 0.0;
  std::size_t count = 0;
  while (count < bulk.size() && mass < kBulk) mass += nodes.weights(bulk[count++]);
  bulk.resize(count);
  const Points x = nodes.x(bulk, Eigen::all);
  const Vector low = x.colwise().minCoeff(), high = x.colwise().maxCoeff();
  std::vector<Index> chosen(kPlaneArrows * kPlaneArrows, -1);
  std::vector<double> nearest(chosen.size(), 1.0);
  for (Index i = 0; i < x.rows(); ++i) {
    std::size_t cell = 0;
    double distance = 0.0;  // from the cell's centre
    for (Index k = 0; k < 2; ++k) {
      const double place = (x(i, k) - low(k)) / std::max(high(k) - low(k), 1e-300) * kPlaneArrows;
      const double at = std::min(std::floor(place), kPlaneArrows - 1.0);
      cell = cell * kPlaneArrows + static_cast<std::size_t>(at);
      distance += (place - at - 0.5) * (place - at - 0.5);
    }
    if (distance < nearest[cell]) {
      nearest[cell] = distance;
      chosen[cell] = i;
    }
  }
  chosen.erase(std::remove(chosen.begin(), chosen.end(), -1), chosen.end());
  return x(chosen, Eigen::all);
}

std::shared_ptr<const FlowFrame> Flow::step() {
  MapArrows arrows;
  arrows.from = arrows.to = arrow_points();
  arrows.log_det = Vector::Zero(arrows.from.rows());
  int iterations = 0;
  bool fallback = false;
  double ms = 0.0;
  const double end = jko_.time() + tau_;
  for (StepPlan plan = jko_.plan(end, 1); !plan.finished();) {
    const StepReport report = jko_.step(plan, {});
    iterations += report.iterations;
    fallback = fallback || report.fallback;
    ms += report.ms;
    if (const ConvexMap* map = jko_.belief().last_map()) {
      const MapValue moved = apply(*map, arrows.to);
      arrows.to = moved.image;
      arrows.log_det += moved.log_det;
    }
  }
  if (fallback) messages_.push_back(fmt::format("t = {:.4g}: no map was found; an affine one stood in for it", end));
  Stopwatch watch;
  const auto follow = [&](auto& other, const char* name) {
    watch.start();
    try {
      if (other) other->predict(jko_.time());
    } catch (const std::exception& error) {
      messages_.push_back(fmt::format("t = {:.4g}: no {} any more: {}", jko_.time(), name, error.what()));
      other.reset();
    }
    return watch.stop();
  };
  const double grid_ms = follow(grid_, "grid"), particles_ms = follow(particles_, "particles");

  auto made = draw();
  made->iterations = iterations;
  made->fallback = fallback;
  made->map = std::move(arrows);
  made->losses = jko_.last_step().losses;
  made->step_ms = ms;
  made->grid_ms = grid_ms;
  made->particles_ms = particles_ms;
  return made;
}

Landscape Flow::landscape(double time) const {
  const Potential& potential = *config_.model.potential;
  const StationaryLaw stationary = changes_landscape() ? stationary_at(time) : stationary_;
  Landscape landscape;
  landscape.free_energy = -config_.model.temperature() * stationary.log_normaliser;
  const auto density = [&](float value) {
    return static_cast<float>(std::exp(-config_.model.beta * value - stationary.log_normaliser));
  };
  if (dimension() == 1) {
    landscape.potential_curve = sample_potential(potential, time, view_[0].low, view_[0].high, 801);
    if (!stationary.exists()) return landscape;
    landscape.stationary_curve = landscape.potential_curve;
    for (float& value : landscape.stationary_curve.values) value = density(value);
  } else {
    landscape.potential_field =
        sample_potential(potential, time, view_[0].low, view_[0].high, view_[1].low, view_[1].high, 128);
    if (!stationary.exists()) return landscape;
    landscape.stationary_field = landscape.potential_field;
    for (float& value : landscape.stationary_field.values) value = density(value);
  }
  return landscape;
}

std::vector<std::string> Flow::take_messages() { return std::exchange(messages_, {}); }

}  // namespace jko
