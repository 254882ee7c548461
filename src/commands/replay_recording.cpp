#include <omp.h>
#include <spdlog/fmt/fmt.h>

#include <memory>
#include <optional>
#include <ostream>

#include "filter/divergence.hpp"
#include "src/commands/commands.hpp"
#include "src/error.hpp"
#include "src/live/live_engine.hpp"
#include "src/methods.hpp"
#include "src/pace.hpp"
#include "src/progress.hpp"
#include "src/report.hpp"
#include "src/run_files.hpp"
#include "src/stopwatch.hpp"

namespace jko {
namespace {

/// A second method beside the live one. It takes the observations in their order, so that the stream must have had one.
class Companion {
 public:
  Companion(const Config& config, const std::string& method, std::uint64_t seed)
      : method_(method), filter_(make_filter(config, method, seed)) {}

  /// `line`: of the recording, for messages.
  void follow(LiveResult& result, const Filter& live, const std::string& file, int line) {
    for (FilteredObservation& seen : result.publish) {
      if (seen.live->revised)
        throw InputError(file, line, "", "an observation came late: --compare needs a stream in order");
      filter_->predict(seen.time);
      if (!seen.live->gated) log_evidence_ += filter_->update(seen.observation).log_evidence_increment;
    }
    // Of several at once the live filter holds the last one only.
    if (!result.publish.empty()) result.publish.back().symmetric_kl = symmetric_kl(live, *filter_);
  }

  [[noreturn]] void refuse_reload(const std::string& file, int line) const {
    throw InputError(file, line, "", "the config was read again here: " + method_ + " cannot follow");
  }

  void report(RunReport& report, const FilteredObservation& seen) const {
    if (seen.symmetric_kl) report.add_compared(seen, filter_->mean(), log_evidence_);
  }

 private:
  std::string method_;
  std::unique_ptr<Filter> filter_;
  double log_evidence_ = 0.0;
};

}  // namespace

void replay_recording(const ReplayOptions& options, std::ostream& out, std::ostream& err) {
  RecordingLines lines(options.recording);
  const RecordingHeader& header = lines.header();
  const Config config = parse_config(header.config, options.recording);
  omp_set_num_threads(options.threads > 0 ? options.threads : header.threads);
  LiveEngine engine(header, options.recording);

  const std::filesystem::path folder = prepare_folder(config, options.output, {"posterior.jsonl", "summary.json"});
  LineFile posteriors(folder / "posterior.jsonl");
  RunReport report({config.name, options.recording, folder.string(), header.method, options.compare, config.time.name,
                    header.seed, omp_get_max_threads()});
  Progress progress(err, options.quiet);
  Pace pace(options.speed);
  std::optional<Companion> companion;
  if (!options.compare.empty()) companion.emplace(config, options.compare, header.seed);
  Stopwatch wall;
  while (const auto entry = lines.next()) {
    if (entry->observation) {
      pace.wait_for(entry->observation->arrived);
    } else if (companion) {
      companion->refuse_reload(options.recording, lines.line());
    }
    wall.start();
    LiveResult result = engine.redo(*entry, options.recording, lines.line());
    wall.stop();
    if (companion) companion->follow(result, engine.filter(), options.recording, lines.line());
    wall.start();
    for (const FilteredObservation& seen : result.publish) {
      posteriors.write(seen.to_json());
      if (seen.live->revised) continue;
      report.add(seen);
      if (companion) companion->report(report, seen);
    }
    wall.stop();
    if (result.publish.empty() || !progress.due()) continue;
    progress.show(lines.progress(), fmt::format("observation {}  t = {:.6g}  log evidence {:.3f}",
                                                engine.observations(), result.time, engine.log_evidence()));
  }
  if (lines.torn())
    err << fmt::format("jkofilter: {}:{}: the last line is torn and was left out\n", options.recording, lines.line());

  const double span = engine.filter().time() - config.model.start_time;
  report.finish(wall.total_seconds(), span, span * config.time.seconds);
  nlohmann::ordered_json summary = report.summary();
  const LiveCounts& counts = engine.counts();
  summary["log_evidence"] = engine.log_evidence();  // rewinds revise it
  summary["published"] = counts.published;
  summary["revised"] = counts.revised;
  summary["gated"] = counts.of(Verdict::gated);
  for (int rung = 0; rung < kRungs; ++rung) {
    const Rung which = static_cast<Rung>(rung);
    summary["rungs"][std::string(name_of(which))] = counts.of(which);
  }
  LineFile(folder / "summary.json").write(summary, 2);
  if (!options.quiet) report.print_table(out);
}

}  // namespace jko
