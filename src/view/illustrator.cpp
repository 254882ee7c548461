#include "src/view/illustrator.hpp"

#include <omp.h>
#include <sys/resource.h>
#include <unistd.h>

#include <Eigen/Geometry>
#include <algorithm>
#include <chrono>
#include <cmath>
#include <fstream>

#include "filter/belief.hpp"
#include "jko/divergence.hpp"
#include "src/observation_scale.hpp"

namespace jko {
namespace {

constexpr std::size_t kMostQueuedLaws = 192;  // that wait to be drawn
constexpr std::size_t kMostSteps = 24;        // waiting laws beyond which those between observations are left out
constexpr std::size_t kMostEvents = 65'536;
constexpr std::size_t kMostBehind = 2048;   // events, with a companion
constexpr std::size_t kMostLogLines = 300;  // of the log
constexpr std::size_t kMostReadings = 400;
constexpr std::size_t kMostGlides = 64;
constexpr Index kTracePoints = 128;
constexpr auto kLeastPause = std::chrono::milliseconds(12);  // between two snapshots: no display shows more

double resident_mib() {
  std::ifstream statm("/proc/self/statm");
  double pages = 0.0, resident = 0.0;
  statm >> pages >> resident;
  return resident * static_cast<double>(sysconf(_SC_PAGESIZE)) / (1024.0 * 1024.0);
}

SampledCurve thinned(const SampledCurve& curve, Index points) {
  if (curve.empty() || static_cast<Index>(curve.values.size()) <= points) return curve;
  SampledCurve thin;
  thin.low = curve.low;
  thin.high = curve.high;
  thin.values.resize(static_cast<std::size_t>(points));
  for (Index i = 0; i < points; ++i) {
    const double x = curve.low + (curve.high - curve.low) * static_cast<double>(i) / static_cast<double>(points - 1);
    thin.values[static_cast<std::size_t>(i)] = static_cast<float>(curve.at(x));
  }
  return thin;
}

/// g(y | x) over the places of a law, scaled to a largest value of 1.
std::vector<float> scaled_likelihood(const Model& model, const Points& x, const Vector& y, double t) {
  Vector log_likelihood(x.rows());
  model.observation->log_likelihood(x, y, t, log_likelihood);
  const double top = log_likelihood.maxCoeff();
  std::vector<float> values(static_cast<std::size_t>(x.rows()), 0.0f);
  if (!std::isfinite(top)) return values;
  for (Index i = 0; i < x.rows(); ++i) {
    values[static_cast<std::size_t>(i)] = static_cast<float>(std::exp(log_likelihood(i) - top));
  }
  return values;
}

}  // namespace

class Illustrator::Easel {
 public:
  explicit Easel(Index history) : history_(history) {}

  void take(const Begin& begin) {
    config_ = begin.config;
    view_.dimension = config_->model.dimension();
    potential_box_ = {};
    scale_.emplace(config_->model, view_.dimension);
    if (!begin.anew) return give_up("the model was changed");
    companion_.reset();
    const Index first = view_.first, second = view_.second, dimension = view_.dimension;
    view_ = {};
    view_.dimension = dimension;
    view_.first = std::min(first, dimension - 1);
    view_.second = std::min(second, dimension - 1);
    view_.observed = config_->columns;
    const Index values = config_->model.observation->observation_dimension();
    for (Index i = static_cast<Index>(view_.observed.size()); i < values; ++i) {
      view_.observed.push_back(values == 1 ? "y" : "y" + std::to_string(i));
    }
    view_.true_times = begin.known.times;
    view_.true_states = begin.known.states;
    history_.clear();
    observations_ = fallbacks_ = 0;
    last_filter_.reset();
  }

  void take(const Law& law) {
    if (!config_) return;
    auto picture = std::make_shared<const LawPicture>(illustrate(*law.filter, picture_options()));
    if (law.truth) {
      view_.truth = std::move(picture);
      return;
    }
    view_.now = picture;
    view_.between = law.stage != LawStage::updated;
    if (law.stage == LawStage::predicted) view_.predicted = picture;
    if (law.stage == LawStage::updated) {
      view_.updated = picture;
      view_.glides.clear();
    }
    last_filter_ = law.filter;
    view_.nodes = cloud_of(*law.filter);
    if (const auto* jko = dynamic_cast<const JkoFilter*>(law.filter.get())) read_steps(*jko, law.stage);
    show_potential(*picture);

    LawTrace trace;
    trace.time = picture->time;
    trace.marginals.reserve(picture->marginals.size());
    for (const SampledCurve& curve : picture->marginals) trace.marginals.push_back(thinned(curve, kTracePoints));
    history_.add(std::move(trace));
  }

  void take(const Seen& seen) {
    if (!config_) return;
    const FilteredObservation& observation = seen.observation;
    HistoryEntry entry;
    entry.index = observation.index;
    entry.time = observation.time;
    entry.observation = observation.observation;
    entry.mean = observation.posterior.mean;
    entry.log_evidence = observation.log_evidence;
    entry.log_evidence_increment = observation.update.log_evidence_increment;
    entry.effective_sample_size = observation.update.effective_sample_size;
    if (observation.symmetric_kl) entry.symmetric_kl = *observation.symmetric_kl;
    entry.predict_ms = observation.predict_ms;
    entry.update_ms = observation.update_ms;
    if (seen.latency) entry.latency_ms = 1e3 * *seen.latency;
    entry.steps = observation.predict.steps;
    entry.iterations = observation.predict.iterations;
    entry.fallback = observation.predict.fallback;
    if (observation.live) {
      entry.rung = static_cast<int>(observation.live->rung);
      entry.gated = observation.live->gated;
    }
    const auto of_then = [&](const std::shared_ptr<const LawPicture>& picture) {
      return picture && picture->time == entry.time ? picture : nullptr;
    };
    entry.predicted = of_then(view_.predicted);
    entry.updated = of_then(view_.updated);
    if (entry.updated) {
      entry.quantiles = entry.updated->quantiles;
    } else {  // what the report has of the levels: 5 %, 50 % and 95 %; the quartiles are those of a normal law between
      const Matrix& q = observation.posterior.quantiles;
      entry.quantiles.resize(5, q.cols());
      entry.quantiles << q.row(0), 0.59 * q.row(1) + 0.41 * q.row(0), q.row(1), 0.59 * q.row(1) + 0.41 * q.row(2),
          q.row(2);
    }
    if (companion_) follow(observation, entry);
    if (observation.live && observation.live->revised) {
      history_.revise(entry);
    } else {
      ++observations_;
      if (entry.fallback) ++fallbacks_;
      history_.add(entry);
    }
    view_.last = std::move(entry);
    show_likelihood();
  }

  bool begun() const { return config_ != nullptr; }

  void take(const Companion& companion) { companion_ = companion; }

  /// `waiting`: events that are still to be drawn.
  void look_at_queue(std::size_t waiting) {
    if (waiting > kMostBehind) give_up("it is too slow for this stream");
  }

  void take(const Coordinates& coordinates) {
    view_.first = std::clamp<Index>(coordinates.first, 0, view_.dimension - 1);
    view_.second = std::clamp<Index>(coordinates.second, 0, view_.dimension - 1);
    if (view_.dimension <= 2 || !last_filter_) return;
    auto picture = std::make_shared<const LawPicture>(illustrate(*last_filter_, picture_options()));
    view_.now = picture;
    if (!view_.between) view_.updated = picture;
  }

  void take(const Capacity& capacity) { history_.set_capacity(capacity.entries); }

  void take(const LogLine& line) {
    log_.push_back(line);
    log_.back().number = ++lines_;
    if (log_.size() > kMostLogLines) log_.pop_front();
  }

  std::shared_ptr<const Snapshot> snapshot(const RunStatus& status, const EngineView& engine, const StreamClock& clock,
                                           Index undrawn) {
    auto snapshot = std::make_shared<Snapshot>();
    snapshot->number = ++number_;
    snapshot->status = status;
    snapshot->log.assign(log_.begin(), log_.end());
    if (config_) {
      auto study = std::make_shared<StudyView>(view_);
      study->clock = clock;
      study->history = history_.view();
      EngineView reading = engine;
      reading.losses = view_.engine.losses;
      reading.steps = view_.engine.steps;
      reading.nodes = view_.engine.nodes;
      reading.chain = view_.engine.chain;
      reading.undrawn = undrawn;
      reading.observations = std::max(reading.observations, observations_);
      reading.fallbacks = std::max(reading.fallbacks, fallbacks_);
      reading.memory_mib = resident_mib();
      study->engine = std::move(reading);
      snapshot->study = std::move(study);
    }
    return snapshot;
  }

 private:
  PictureOptions picture_options() const {
    PictureOptions options;
    options.first = view_.first;
    options.second = view_.second;
    return options;
  }

  void give_up(const char* why) {
    if (!companion_) return;
    take(LogLine{0, LogLine::Level::warning, "the comparison with " + companion_->method() + " has ended: " + why});
    companion_.reset();
    view_.truth.reset();
  }

  /// The same observation for the companion.
  void follow(const FilteredObservation& observation, HistoryEntry& entry) {
    if (observation.time < companion_->time() || (observation.live && observation.live->revised)) {
      return give_up("an observation came late");
    }
    companion_->predict(observation.time);
    if (!entry.gated && !companion_->update(observation.observation).possible()) {
      return give_up("an observation is impossible for it");
    }
    if (!last_filter_ || view_.between || last_filter_->time() != observation.time) return;
    entry.symmetric_kl = symmetric_kl(*last_filter_, *companion_);
    view_.truth = std::make_shared<const LawPicture>(illustrate(*companion_, picture_options()));
  }

  void read_steps(const JkoFilter& filter, LawStage stage) {
    view_.engine.nodes = filter.belief().nodes().x.rows();
    view_.engine.chain = static_cast<Index>(filter.belief().chain_length());
    if (stage == LawStage::updated) return;
    const StepReport& step = filter.last_step();
    if (step.length <= 0.0) return;
    view_.engine.losses = step.losses;
    std::vector<StepReading>& steps = view_.engine.steps;
    steps.push_back({filter.time(), step.ms, step.iterations, step.stopped, step.fallback});
    if (steps.size() > kMostReadings) steps.erase(steps.begin());
    if (view_.dimension > 1 || view_.glides.size() >= kMostGlides) return;
    Glide glide = glide_of(filter);
    if (!glide.empty()) view_.glides.push_back(std::move(glide));
  }

  /// Φ where the law is; made anew only when the law has left the place.
  void show_potential(const LawPicture& picture) {
    const Index d = view_.dimension;
    if (d > 2) return;
    Eigen::AlignedBox2d box;
    for (Index k = 0; k < 2; ++k) {
      const SampledCurve& curve = picture.marginals[static_cast<std::size_t>(std::min(k, d - 1))];
      box.min()(k) = curve.low;
      box.max()(k) = curve.high;
    }
    const bool roomy = !potential_box_.isEmpty() && potential_box_.volume() > 16.0 * box.volume();
    const bool moving = config_->model.potential->time_dependent();
    if (!potential_box_.isEmpty() && potential_box_.contains(box) && !roomy && !moving) return;
    const Eigen::Vector2d margin = 0.3 * box.sizes();
    potential_box_ = {box.min() - margin, box.max() + margin};
    const Potential& potential = *config_->model.potential;
    const Eigen::Vector2d low = potential_box_.min(), high = potential_box_.max();
    if (d == 1) {
      view_.potential_curve = sample_potential(potential, picture.time, low(0), high(0), 400);
    } else {
      view_.potential_field = sample_potential(potential, picture.time, low(0), high(0), low(1), high(1), 96);
    }
  }

  void show_likelihood() {
    const Index d = view_.dimension;
    const HistoryEntry& last = *view_.last;
    const std::shared_ptr<const LawPicture>& place = last.predicted ? last.predicted : view_.updated;
    if (!place || d > 2) return;
    if (d == 1) {
      if (last_filter_ && !view_.between) scale_->judge(*last_filter_, last.observation);
      view_.observed_in_place = scale_->shared(0, 0);
      // Wide enough for the observation's own place too.
      SampledCurve curve = place->marginals.front();
      if (view_.observed_in_place && std::isfinite(last.observation(0))) {
        const double margin = 0.25 * (curve.high - curve.low);
        curve.low = std::min(curve.low, last.observation(0) - margin);
        curve.high = std::max(curve.high, last.observation(0) + margin);
      }
      const Points x = Vector::LinSpaced(400, curve.low, curve.high);
      curve.values = scaled_likelihood(config_->model, x, last.observation, last.time);
      view_.likelihood_curve = std::move(curve);
    } else if (const SampledField* pair = place->pair(0, 1)) {
      SampledField field = *pair;
      Points x(field.columns * field.rows, 2);
      for (Index row = 0; row < field.rows; ++row) {
        x.col(0).segment(row * field.columns, field.columns) =
            Vector::LinSpaced(field.columns, field.x_low, field.x_high);
        x.col(1)
            .segment(row * field.columns, field.columns)
            .setConstant(field.y_low +
                         (field.y_high - field.y_low) * static_cast<double>(row) / static_cast<double>(field.rows - 1));
      }
      field.values = scaled_likelihood(config_->model, x, last.observation, last.time);
      view_.likelihood_field = std::move(field);
    }
  }

  std::shared_ptr<const Config> config_;
  StudyView view_;
  HistoryLog history_;
  std::deque<LogLine> log_;
  std::uint64_t lines_ = 0, number_ = 0;
  Index observations_ = 0, fallbacks_ = 0;
  std::shared_ptr<Filter> companion_;
  std::shared_ptr<const Filter> last_filter_;
  std::optional<ObservationScale> scale_;
  Eigen::AlignedBox2d potential_box_;
};

Illustrator::Illustrator(ViewPort& port, Index history) : port_(port), history_(history), thread_([this] { work(); }) {}

Illustrator::~Illustrator() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void Illustrator::begin(const Config& config, KnownStates known) {
  push(Begin{std::make_shared<const Config>(config), std::move(known), true});
}

void Illustrator::replace_model(const Config& config) {
  push(Begin{std::make_shared<const Config>(config), {}, false});
}

bool Illustrator::has_room(LawStage stage) {
  const std::lock_guard lock(mutex_);
  if (laws_ < (stage == LawStage::step ? kMostSteps : kMostQueuedLaws)) return true;
  ++undrawn_;
  return false;
}

void Illustrator::show(const Filter& law, LawStage stage) {
  if (has_room(stage)) push(Law{law.clone(), stage, false});
}

void Illustrator::show(std::shared_ptr<const Filter> law, LawStage stage) {
  if (has_room(stage)) push(Law{std::move(law), stage, false});
}

void Illustrator::show_truth(const Filter& law) {
  if (has_room(LawStage::step)) push(Law{law.clone(), LawStage::updated, true});
}

void Illustrator::add(const FilteredObservation& seen, std::optional<double> latency_seconds) {
  push(Seen{seen, latency_seconds});
}

template <class Change>
void Illustrator::change(Change change) {
  {
    const std::lock_guard lock(mutex_);
    change();
    dirty_ = true;
  }
  changed_.notify_all();
}

void Illustrator::set(RunStatus status) {
  change([&] { status_ = std::move(status); });
}
void Illustrator::set(const EngineView& engine) {
  change([&] { engine_ = engine; });
}
void Illustrator::set(const StreamClock& clock) {
  change([&] { clock_ = clock; });
}

void Illustrator::say(LogLine::Level level, std::string text) { push(LogLine{0, level, std::move(text)}); }
void Illustrator::compare_with(std::unique_ptr<Filter> companion) { push(Companion(std::move(companion))); }
void Illustrator::show_coordinates(Index first, Index second) { push(Coordinates{first, second}); }
void Illustrator::keep_history(Index entries) { push(Capacity{entries}); }

void Illustrator::push(Event event) {
  change([&] {
    if (std::holds_alternative<Law>(event)) ++laws_;
    events_.push_back(std::move(event));
    if (events_.size() > kMostEvents) {
      if (std::holds_alternative<Law>(events_.front())) --laws_;
      events_.pop_front();
      ++undrawn_;
    }
  });
}

void Illustrator::finish_drawing() {
  std::unique_lock lock(mutex_);
  drawn_.wait(lock, [&] { return events_.empty() && !dirty_ && !drawing_; });
}

void Illustrator::work() {
  // The filter comes first: on Linux a thread has a niceness of its own, and this one's few sums need no other core.
  omp_set_num_threads(1);
  setpriority(PRIO_PROCESS, static_cast<id_t>(gettid()), 5);
  Easel easel(history_);
  RunStatus shown_status;
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [&] { return dirty_ || ending_; });
    if (!dirty_) return;
    // As much as a snapshot may have: more is drawn after it.
    std::deque<Event> events;
    for (std::size_t laws = 0; !events_.empty() && laws < 16; events_.pop_front()) {
      if (std::holds_alternative<Law>(events_.front())) {
        ++laws;
        --laws_;
      }
      events.push_back(std::move(events_.front()));
    }
    dirty_ = !events_.empty();
    drawing_ = true;
    // A run has ended once all that happened in it is drawn.
    if (!dirty_ || !status_.ended) shown_status = status_;
    const StreamClock clock = clock_;
    const EngineView engine = engine_;
    const Index undrawn = undrawn_;
    const std::size_t waiting = events_.size();
    lock.unlock();
    easel.look_at_queue(waiting);
    for (const Event& event : events) {
      std::visit([&](const auto& what) { easel.take(what); }, event);
    }
    if (easel.begun()) port_.publish(easel.snapshot(shown_status, engine, clock, undrawn));
    lock.lock();
    drawing_ = false;
    drawn_.notify_all();
    if (!ending_) changed_.wait_for(lock, kLeastPause, [&] { return ending_; });
  }
}

}  // namespace jko
