#include <omp.h>
#include <spdlog/fmt/fmt.h>

#include <chrono>
#include <cmath>
#include <ostream>
#include <thread>

#include "src/commands/commands.hpp"
#include "src/error.hpp"
#include "src/live/live_engine.hpp"
#include "src/progress.hpp"
#include "src/report.hpp"
#include "src/run_files.hpp"
#include "src/stopwatch.hpp"

namespace jko {
namespace {

/// Waits until as much time has passed as between arrivals when they were recorded.
class Pace {
 public:
  explicit Pace(const std::optional<double>& speed) : speed_(speed) {}

  void wait_for(double arrived) {
    if (!speed_) return;
    if (!first_) first_ = arrived;
    const std::chrono::duration<double> due((arrived - *first_) / *speed_);
    if (std::isfinite(due.count())) std::this_thread::sleep_until(begin_ + due);
  }

 private:
  std::optional<double> speed_, first_;
  std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
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
  RunReport report({config.name, options.recording, folder.string(), header.method, "", config.time.name, header.seed,
                    omp_get_max_threads()});
  Progress progress(err, options.quiet);
  Pace pace(options.speed);
  Stopwatch wall;
  while (const auto entry = lines.next()) {
    if (entry->observation) pace.wait_for(entry->observation->arrived);
    wall.start();
    const LiveResult result = engine.redo(*entry, options.recording, lines.line());
    for (const FilteredObservation& seen : result.publish) {
      posteriors.write(seen.to_json());
      if (!seen.live->revised) report.add(seen);
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
