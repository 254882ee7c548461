#include <omp.h>
#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <filesystem>
#include <mutex>
#include <numeric>
#include <ostream>
#include <set>

#include "src/commands/commands.hpp"
#include "src/error.hpp"
#include "src/figures.hpp"
#include "src/progress.hpp"
#include "src/replay_run.hpp"
#include "src/run_files.hpp"
#include "src/together.hpp"

namespace jko {
namespace {

namespace fs = std::filesystem;

/// The options of each recording alone: results go to a folder of its name. Throws InputError if two have the same.
std::vector<ReplayOptions> options_of_each(const ReplayOptions& options, const std::vector<std::string>& recordings,
                                           const fs::path& folder) {
  std::vector<ReplayOptions> each;
  std::set<std::string> names;
  for (const std::string& recording : recordings) {
    const std::string name = fs::path(recording).stem().string();
    if (!names.insert(name).second) {
      throw InputError(recording, 0, "", "another recording has the name '" + name + "', and so the same folder");
    }
    each.push_back(options);
    each.back().observations = recording;
    each.back().output = (folder / name).string();
  }
  return each;
}

/// What is known of all runs so far.
class Overview {
 public:
  Overview(std::size_t runs, std::ostream& err, bool quiet) : progress_(err, quiet), of_each_(runs) {}

  void show(std::size_t run, double progress) {
    const std::lock_guard lock(mutex_);
    of_each_[run] = progress;
    if (!progress_.due()) return;
    const double sum = std::accumulate(of_each_.begin(), of_each_.end(), 0.0);
    const auto done = std::count(of_each_.begin(), of_each_.end(), 1.0);
    progress_.show(sum / static_cast<double>(of_each_.size()),
                   fmt::format("{} of {} recordings done", done, of_each_.size()));
  }

 private:
  std::mutex mutex_;
  Progress progress_;
  std::vector<double> of_each_;
};

}  // namespace

void replay_all(const ReplayOptions& options, const std::vector<std::string>& recordings, std::ostream& out,
                std::ostream& err) {
  if (options.threads > 0) omp_set_num_threads(options.threads);
  const Config config = load_config(options.config);
  const fs::path folder = options.output.empty() ? fs::path("out") / config.name : fs::path(options.output);
  const std::vector<ReplayOptions> each = options_of_each(options, recordings, folder);

  struct Line {
    Index observations = 0;
    double log_evidence = 0.0, real_time_factor = 0.0;
  };
  std::vector<Line> lines(each.size());
  std::vector<std::function<void()>> works;
  std::vector<std::exception_ptr> errors;
  {
    Overview overview(each.size(), err, options.quiet);
    for (std::size_t i = 0; i < each.size(); ++i) {
      works.emplace_back([&, i] {
        ReplayRun run(each[i], config, err);
        try {
          while (run.read()) {
            while (run.predict_step()) {
            }
            run.update();
            overview.show(i, run.progress());
          }
        } catch (const std::exception& error) {
          run.finish(error.what());
          throw;
        }
        run.require_observations();
        run.finish();
        overview.show(i, 1.0);
        lines[i] = {run.observations(), run.report().log_evidence(), run.report().real_time_factor()};
      });
    }
    errors = run_together(works, together_at_most(works.size()));
  }

  std::size_t width = 9;
  for (const ReplayOptions& one : each) width = std::max(width, one.observations.size());
  if (!options.quiet) {
    out << fmt::format("{:<{}}  observations  log evidence  real-time factor\n", "recording", width);
  }
  std::exception_ptr first;
  for (std::size_t i = 0; i < each.size(); ++i) {
    if (!errors[i] && !options.quiet) {
      out << fmt::format("{:<{}}  {:>12}  {:>12.4f}  {:>16.1f}\n", each[i].observations, width, lines[i].observations,
                         lines[i].log_evidence, lines[i].real_time_factor);
    }
    if (!errors[i]) continue;
    if (!first) {
      first = errors[i];  // said by whoever catches it
      continue;
    }
    try {
      std::rethrow_exception(errors[i]);
    } catch (const std::exception& error) {
      err << error.what() << '\n';
    }
  }
  if (!options.quiet) out << "\nwritten to " << folder.string() << ", a folder for each recording\n";
  if (first) std::rethrow_exception(first);
}

}  // namespace jko
