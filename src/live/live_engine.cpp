#include "src/live/live_engine.hpp"

#include <omp.h>
#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <iterator>
#include <stdexcept>

#include "filter/jko_state.hpp"
#include "src/clock.hpp"
#include "src/error.hpp"
#include "src/json_document.hpp"
#include "src/live/belief_window.hpp"
#include "src/live/checkpoint.hpp"
#include "src/live/journal.hpp"
#include "src/live/resume.hpp"
#include "src/methods.hpp"
#include "src/stopwatch.hpp"
#include "src/version.hpp"

namespace jko {
namespace {

StreamOrderOptions order_options(const Config& config, const LiveOptions& options) {
  StreamOrderOptions order;
  order.start_time = config.model.start_time;
  order.first = config.schedule.start;
  order.interval = config.schedule.interval;
  order.seconds_per_unit = config.time.seconds;
  order.lag = options.lag;
  order.future = options.future;
  order.confirm = options.confirm;
  return order;
}

LiveOptions completed(LiveOptions options, const Config& config) {
  if (!options.clock) options.clock = steady_seconds;
  if (options.method.empty()) options.method = config.filter.method;
  const auto require = [&](bool good, const char* what) {
    if (!good) throw std::invalid_argument(what);
  };
  require(options.lag >= 0.0 && std::isfinite(options.lag), "the lag must not be negative");
  require(options.kept >= 1 && options.kept <= 1024, "1 to 1024 beliefs can be kept");
  require(options.future >= 0.0, "the reach into the future must not be negative");
  require(options.confirm >= 1, "at least one observation must confirm a clock jump");
  require(options.gate_patience >= 0, "the gate's patience must not be negative");
  require(options.settings.budget_ms >= 0.0, "the budget must not be negative");
  require(!options.settings.gate || *options.settings.gate >= 0.0, "the gate's threshold must not be negative");
  return options;
}

LiveOptions replay_options(const RecordingHeader& header) {
  LiveOptions options;
  options.method = header.method;
  options.seed = header.seed;
  options.lag = header.lag;
  options.kept = header.kept;
  options.settings = header.settings;
  return options;
}

/// How one observation gets from the belief before it to the law at its time.
using Predictor = std::function<Prediction(std::size_t number, const Filter& before, double time)>;

}  // namespace

class LiveEngine::Implementation {
 public:
  Implementation(const Config& config, const LiveOptions& options)
      : config_(config),
        options_(completed(options, config)),
        window_(make_filter(config_, options_.method, options_.seed), options_.lag, options_.kept),
        order_(order_options(config_, options_)),
        gate_(options_.gate_patience),
        pilot_(options_.clock, options_.ladder),
        journal_(options_) {
    if (!(options_.checkpoint.empty() && options_.resume.empty()) && !is_jko()) {
      throw InputError(config_.file, 0, "filter.method",
                       "checkpoints are those of the method jko, not of " + options_.method);
    }
    start();
  }

  /// Replays: nothing is written, and no clock is looked at.
  Implementation(const RecordingHeader& header, const std::string& file, bool keep_predicted)
      : Implementation(parse_config(header.config, file), replay_options(header)) {
    options_.keep_predicted = keep_predicted;
    if (!header.state.empty()) restore(embedded_state(header, file), file);
  }

  LiveResult accept(const Arrival& arrival, Index waiting) {
    // Not after it: a checkpoint must not know posteriors that the caller has not got, for what resumes from it would
    // never publish them.
    if (journal_.checkpoint_due(2.0)) journal_.try_checkpoint([this] { return state(); });
    LiveResult result;
    if (arrival.value.size() != config_.model.observation->observation_dimension() ||
        arrival.value.array().isInf().any()) {
      result.verdict = Verdict::impossible;
      result.message = "is no observation of this model";
      count(result.verdict);
      return result;
    }
    StreamOrder::Ruling ruling = order_.judge(arrival, window_.earliest());
    result.verdict = ruling.verdict;
    result.time = ruling.time;
    result.message = std::move(ruling.message);
    if (ruling.clock_jump) ++counts_.clock_jumps;
    if (ruling.filter.empty()) count(result.verdict);
    for (const StreamOrder::Timed& timed : ruling.filter) {
      result.verdict = filter_live(timed, ruling.verdict, waiting, result);
      count(result.verdict);
    }
    pilot_.begin(0, budget());
    return result;
  }

  LiveResult redo(const RecordedEntry& entry, const std::string& file, int line) {
    try {
      return entry.reload ? redo_reload(*entry.reload, file) : redo_observation(*entry.observation);
    } catch (const std::invalid_argument& error) {
      throw InputError(file, line, "", std::string("does not fit what is recorded before it: ") + error.what());
    }
  }

  bool work_ahead() {
    if (journal_.checkpoint_due(1.0)) {
      journal_.try_checkpoint([this] { return state(); });
      return true;
    }
    if (!is_jko() || !window_.step_ahead(order_.expected(), pilot_, order_.tolerance())) return false;
    ++counts_.steps_ahead;
    return true;
  }

  void reload(const Config& config, const LiveSettings& settings) {
    require_reloadable(config_, config, is_jko());
    take(config, settings);
    journal_.record(to_json(RecordedReload{sequence_, config.text, settings}));
    ++sequence_;
  }

  void write_checkpoint() {
    journal_.write_checkpoint([this] { return state(); });
  }

  LiveState state() const {
    const auto* filter = dynamic_cast<const JkoFilter*>(window_.kept().front().filter.get());
    if (!filter) throw std::logic_error("checkpoints are those of the method jko");
    LiveState state;
    state.config = config_.text;
    state.method = options_.method;
    state.seed = options_.seed;
    state.sequence = sequence_;
    state.next_index = next_index_;
    state.filter = filter->state();
    for (const KeptBelief& kept : window_.kept()) state.kept.push_back(kept_state(kept));
    state.ahead = to_json(window_.ahead()).dump();
    state.order = order_.state();
    state.gate = gate_.state();
    return state;
  }

  void start_recording(const std::string& file) {
    if (!is_jko()) throw std::logic_error("only runs of the method jko can be recorded from the middle on");
    journal_.begin_recording(file, header(embedded(state())));
  }

  void stop_recording() { journal_.end_recording(); }

  std::shared_ptr<const Filter> shared_filter() const { return window_.last().filter; }
  std::unique_ptr<Filter> ahead() const { return window_.furthest_ahead(); }
  const Filter& filter() const { return *window_.last().filter; }
  LiveCounts counts() const {
    LiveCounts counts = counts_;
    counts.checkpoints = journal_.checkpoints();
    counts.write_failures = journal_.failures();
    return counts;
  }
  Index observations() const { return next_index_; }
  double log_evidence() const { return window_.last().log_evidence; }
  const std::vector<FilteredObservation>& resumed() const { return resumed_; }
  const LiveSettings& settings() const { return options_.settings; }
  std::vector<std::string> take_warnings() { return journal_.take_warnings(); }

  double budget() const {
    if (options_.settings.budget_ms > 0.0) return 1e-3 * options_.settings.budget_ms;
    return order_.spacing_known() ? order_.spacing() * config_.time.seconds : 0.0;
  }

 private:
  /// What came of an observation, and of those that it revised.
  struct Outcome {
    Verdict verdict = Verdict::accepted;
    std::vector<RecordedPosterior> posteriors;
    std::vector<FilteredObservation> published;
    std::shared_ptr<const Filter> predicted;  ///< before the last of them; null if nobody wants it
  };

  bool is_jko() const { return options_.method == "jko"; }

  void count(Verdict verdict) { ++counts_.verdicts[static_cast<std::size_t>(verdict)]; }

  void count(const Outcome& outcome) {
    for (const FilteredObservation& seen : outcome.published) {
      ++counts_.published;
      ++counts_.rungs[static_cast<std::size_t>(seen.live->rung)];
      if (seen.live->revised) ++counts_.revised;
      if (seen.predict.fallback) ++counts_.fallbacks;
    }
  }

  Verdict filter_live(const StreamOrder::Timed& timed, Verdict ruling, Index waiting, LiveResult& result) {
    const bool in_order = ruling == Verdict::accepted;
    const Predictor predictor = [&](std::size_t, const Filter& before, double time) {
      pilot_.begin(waiting, budget());
      if (in_order) return window_.predict(time, pilot_, order_.tolerance());
      Prediction prediction(before.clone());
      prediction.advance(time, pilot_, order_.tolerance());
      return prediction;
    };
    const std::size_t place = in_order ? window_.kept().size() - 1 : window_.place(timed.time);
    Outcome outcome = filter_at(place, timed, ruling, predictor, std::nullopt);
    if (outcome.verdict == Verdict::impossible) {
      result.message = "impossible observation: its likelihood is zero wherever the predicted law has mass";
      return outcome.verdict;
    }
    if (outcome.verdict == Verdict::gated) result.message = "held back by the gate";
    const Index index = outcome.published.front().index;
    if (journal_.recording()) {
      journal_.record(to_json(RecordedObservation{sequence_, outcome.verdict, index, timed.time, timed.arrival.value,
                                                  timed.arrival.arrived, timed.arrival.source, waiting,
                                                  std::move(outcome.posteriors)}));
    }
    ++sequence_;
    std::move(outcome.published.begin(), outcome.published.end(), std::back_inserter(result.publish));
    result.predicted = std::move(outcome.predicted);
    return outcome.verdict;
  }

  LiveResult redo_observation(const RecordedObservation& seen) {
    const auto require = [](bool good, const char* what) {
      if (!good) throw std::invalid_argument(what);
    };
    require(seen.sequence == sequence_ && seen.index == next_index_, "its number is not the next one");
    require(seen.value.size() == config_.model.observation->observation_dimension(), "the number of its values");
    require(std::isfinite(seen.time) && seen.time >= window_.earliest(), "its time");
    StreamOrder::Timed timed{{seen.time, seen.value, seen.arrived, seen.source}, seen.time};
    const std::size_t place = window_.place(seen.time);
    const std::size_t after = window_.kept().size() - place - 1;
    const bool gated = seen.verdict == Verdict::gated;
    require(seen.verdict == Verdict::accepted || seen.verdict == Verdict::rewound || gated, "its verdict");
    require(seen.filtered.size() == 1 + (gated ? 0 : after), "the number of its posteriors");
    require(gated || (seen.verdict == Verdict::accepted) == (after == 0), "its verdict");
    const Predictor predictor = [&](std::size_t number, const Filter& before, double time) {
      Prediction prediction(before.clone());
      prediction.repeat(seen.filtered.at(number).moves);
      require(prediction.filter().time() == time, "its steps, which lead to another time");
      return prediction;
    };
    Outcome outcome = filter_at(place, timed, after == 0 ? Verdict::accepted : Verdict::rewound, predictor, seen);
    require(outcome.verdict == seen.verdict, "its verdict");
    ++sequence_;
    count(outcome.verdict);
    LiveResult result;
    result.verdict = outcome.verdict;
    result.time = seen.time;
    result.publish = std::move(outcome.published);
    result.predicted = std::move(outcome.predicted);
    return result;
  }

  /// Filters an observation after the kept belief number `place`, and those after it once more. `recorded`: what a
  /// recording says of it, which then decides. Changes nothing if the observation is impossible.
  Outcome filter_at(std::size_t place, const StreamOrder::Timed& timed, Verdict ruling, const Predictor& predictor,
                    const std::optional<RecordedObservation>& recorded) {
    Outcome outcome;
    outcome.verdict = ruling;
    std::vector<KeptBelief> beliefs;
    const std::deque<KeptBelief>& kept = window_.kept();
    beliefs.reserve(kept.size() - place);
    KeptBelief fresh;
    fresh.index = next_index_;
    fresh.time = timed.time;
    fresh.value = timed.arrival.value;
    fresh.arrived = timed.arrival.arrived;
    fresh.source = timed.arrival.source;
    const KeptBelief* before = &kept[place];
    for (std::size_t k = 0; place + k < kept.size(); ++k) {
      KeptBelief belief = k == 0 ? fresh : kept[place + k];
      Stopwatch lap;
      lap.start();
      Prediction prediction = predictor(k, *before->filter, belief.time);
      const double predict_ms = lap.stop();
      lap.start();
      const bool guarded = k == 0 && (options_.settings.gate || recorded);
      const std::shared_ptr<const Filter> predicted =
          guarded || options_.keep_predicted ? prediction.filter().clone() : nullptr;
      outcome.predicted = predicted;
      const UpdateSummary update = prediction.filter().update(belief.value);
      if (!update.possible()) {
        outcome.verdict = Verdict::impossible;
        return outcome;
      }
      belief.moves = prediction.moves();
      belief.rung = recorded ? recorded->filtered[k].rung : prediction.rung();
      if (guarded && holds_back(*predicted, update, belief.value, recorded)) {
        outcome.verdict = Verdict::gated;
        belief.log_evidence = window_.last().log_evidence;
        outcome.posteriors.push_back({belief.rung, belief.moves});
        outcome.published.push_back(
            report(belief, *predicted, prediction.summary(), update, predict_ms, lap.stop(), outcome.verdict, false));
        break;
      }
      belief.log_evidence = before->log_evidence + update.log_evidence_increment;
      belief.filter = prediction.release();
      outcome.posteriors.push_back({belief.rung, belief.moves});
      outcome.published.push_back(
          report(belief, *belief.filter, prediction.summary(), update, predict_ms, lap.stop(), outcome.verdict, k > 0));
      if (k == 0 && ruling == Verdict::accepted) gate_.passed(belief.value, update.log_evidence_increment);
      beliefs.push_back(std::move(belief));
      before = &beliefs.back();
    }
    const bool believed = outcome.verdict != Verdict::gated;
    if (believed) window_.replace_after(place, std::move(beliefs));
    order_.took(timed.arrival, timed.time, believed);
    ++next_index_;
    count(outcome);
    return outcome;
  }

  bool holds_back(const Filter& predicted, const UpdateSummary& update, const Vector& y,
                  const std::optional<RecordedObservation>& recorded) {
    bool held = false;
    if (options_.settings.gate) {
      std::optional<double> expected = expected_log_evidence(predicted, *config_.model.observation, y,
                                                             options_.seed + static_cast<std::uint64_t>(next_index_));
      if (!expected) expected = gate_.usual();
      if (expected) {
        held = gate_.holds_back(*expected - update.log_evidence_increment, *options_.settings.gate, y);
        if (gate_.gave_way()) ++counts_.gate_openings;
      }
    }
    return recorded ? recorded->verdict == Verdict::gated : held;
  }

  static FilteredObservation report(const KeptBelief& belief, const Filter& law, const PredictSummary& predict,
                                    const UpdateSummary& update, double predict_ms, double update_ms, Verdict verdict,
                                    bool revised) {
    FilteredObservation seen{belief.index, belief.time, belief.value, belief.log_evidence, LawSummary(law), predict,
                             update,       predict_ms,  update_ms,    std::nullopt,        std::nullopt};
    seen.live = LiveMark{belief.rung, revised, verdict == Verdict::gated, belief.arrived, belief.source};
    return seen;
  }

  LiveResult redo_reload(const RecordedReload& reload, const std::string& file) {
    if (reload.sequence != sequence_) throw std::invalid_argument("its number is not the next one");
    const Config config = parse_config(reload.config, file);
    require_reloadable(config_, config, is_jko());
    take(config, reload.settings);
    ++sequence_;
    return {};
  }

  void take(const Config& config, const LiveSettings& settings) {
    const bool new_model = changes_model(config_, config), new_steps = changes_steps(config_, config) && is_jko();
    if (new_model || new_steps) {
      std::unique_ptr<Filter> filter = window_.last().filter->clone();
      auto& jko = dynamic_cast<JkoFilter&>(*filter);
      if (new_model) jko.replace_model(config.model);
      if (new_steps) jko.replace_resolution(config.filter.jko.step, config.filter.jko.nodes);
      window_.start_from_last(std::move(filter));
    } else {
      window_.start_from_last(window_.last().filter);
    }
    config_ = config;
    options_.settings = settings;
  }

  /// From the initial law, a checkpoint, a recording, or a checkpoint and the recording that goes on after it.
  void start() {
    namespace fs = std::filesystem;
    // Killed before it had written the header.
    if (!options_.resume.empty() && holds_torn_header(options_.record)) fs::remove(options_.record);
    const bool recorded = !options_.record.empty() && fs::exists(options_.record);
    // A service that goes on from its own checkpoints has none at first.
    const bool first = options_.resume == options_.checkpoint && !recorded;
    if (options_.resume.empty() || (!fs::exists(options_.resume) && (recorded || first))) {
      if (recorded && !options_.resume.empty()) return go_on_with_recording();
      if (!options_.record.empty()) record_from("");
      return;
    }
    const LiveState state = read_checkpoint_file(options_.resume);
    restore(state, options_.resume);
    if (recorded) return go_on_with_recording();
    if (!options_.record.empty()) record_from(embedded(state));
  }

  void record_from(const std::string& state) {
    journal_.record_to(options_.record, std::make_unique<RecordingWriter>(options_.record, header(state)));
  }

  RecordingHeader header(const std::string& state) const {
    return {version(),         config_.file,
            config_.text,      options_.method,
            options_.seed,     omp_get_max_threads(),
            options_.lag,      options_.kept,
            options_.settings, state};
  }

  void go_on_with_recording() {
    const std::string& file = options_.record;
    RecordingLines lines(file);
    const RecordingHeader& header = lines.header();
    require_same_run(config_, options_.method, header, file);
    const bool anew = sequence_ == 0;
    if (anew && !header.state.empty()) restore(embedded_state(header, file), file);
    Index next_line = header.state.empty() ? 0 : embedded_state(header, file).sequence;
    while (const auto entry = lines.next()) {
      const Index sequence = entry->reload ? entry->reload->sequence : entry->observation->sequence;
      next_line = sequence + 1;
      if (sequence < sequence_) continue;
      LiveResult again = redo(*entry, file, lines.line());
      std::move(again.publish.begin(), again.publish.end(), std::back_inserter(resumed_));
    }
    if (next_line < sequence_) {
      throw InputError(file, 0, "",
                       fmt::format("ends at observation {}, but the checkpoint knows {}", next_line, sequence_));
    }
    if (lines.torn()) journal_.warn(fmt::format("{}: the last line was torn and is cut off", file));
    journal_.record_to(file, std::make_unique<RecordingWriter>(file, lines.good_bytes()));
    counts_ = {};
  }

  void restore(const LiveState& state, const std::string& file) {
    try {
      const std::string key = first_difference(config_.text, state.config);
      if (!key.empty()) throw std::invalid_argument(key + " is not what " + config_.file + " says");
      if (state.method != options_.method) throw std::invalid_argument("its method is " + state.method);
      options_.seed = state.seed;
      window_.start_from(restored_first(state, config_));
      for (std::size_t k = 1; k < state.kept.size(); ++k)
        window_.add(restored_next(window_.last(), state.kept[k], config_));
      window_.repeat_ahead(moves_from(JsonDocument::parse(state.ahead, "ahead").root(), "ahead", 0));
      order_.restore(state.order);
      gate_.restore(state.gate);
    } catch (const std::exception& error) {
      throw InputError(file, 0, "", std::string("cannot be used: ") + error.what());
    }
    sequence_ = state.sequence;
    next_index_ = state.next_index;
  }

  Config config_;
  LiveOptions options_;
  BeliefWindow window_;
  StreamOrder order_;
  OutlierGate gate_;
  Pilot pilot_;
  Journal journal_;
  Index sequence_ = 0;    ///< lines of the recording so far
  Index next_index_ = 0;  ///< of the next observation that is filtered or gated
  LiveCounts counts_;
  std::vector<FilteredObservation> resumed_;
};

LiveEngine::LiveEngine(const Config& config, const LiveOptions& options)
    : implementation_(std::make_unique<Implementation>(config, options)) {}
LiveEngine::LiveEngine(const RecordingHeader& header, const std::string& file, bool keep_predicted) try
    : implementation_(std::make_unique<Implementation>(header, file, keep_predicted)) {
} catch (const std::invalid_argument& error) {
  throw InputError(file, 1, "", error.what());
}
LiveEngine::~LiveEngine() = default;

LiveResult LiveEngine::accept(const Arrival& arrival, Index waiting) {
  return implementation_->accept(arrival, waiting);
}
LiveResult LiveEngine::redo(const RecordedEntry& entry, const std::string& file, int line) {
  return implementation_->redo(entry, file, line);
}
bool LiveEngine::work_ahead() { return implementation_->work_ahead(); }
const Filter& LiveEngine::filter() const { return implementation_->filter(); }
LiveCounts LiveEngine::counts() const { return implementation_->counts(); }
Index LiveEngine::observations() const { return implementation_->observations(); }
double LiveEngine::log_evidence() const { return implementation_->log_evidence(); }
const std::vector<FilteredObservation>& LiveEngine::resumed() const { return implementation_->resumed(); }
const LiveSettings& LiveEngine::settings() const { return implementation_->settings(); }
void LiveEngine::reload(const Config& config, const LiveSettings& settings) {
  implementation_->reload(config, settings);
}
double LiveEngine::budget_seconds() const { return implementation_->budget(); }
std::shared_ptr<const Filter> LiveEngine::shared_filter() const { return implementation_->shared_filter(); }
std::unique_ptr<Filter> LiveEngine::ahead() const { return implementation_->ahead(); }
void LiveEngine::start_recording(const std::string& file) { implementation_->start_recording(file); }
void LiveEngine::stop_recording() { implementation_->stop_recording(); }
void LiveEngine::write_checkpoint() { implementation_->write_checkpoint(); }
LiveState LiveEngine::state() const { return implementation_->state(); }
std::vector<std::string> LiveEngine::take_warnings() { return implementation_->take_warnings(); }

}  // namespace jko
