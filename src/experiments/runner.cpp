#include "src/experiments/runner.hpp"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <boost/algorithm/string/predicate.hpp>
#include <chrono>
#include <fstream>
#include <functional>
#include <iterator>
#include <mutex>
#include <numeric>
#include <optional>
#include <ostream>

#include "filter/step_engine.hpp"
#include "src/atomic_file.hpp"
#include "src/device.hpp"
#include "src/error.hpp"
#include "src/experiments/table_text.hpp"
#include "src/gnuplot.hpp"
#include "src/progress.hpp"
#include "src/together.hpp"

namespace jko {
namespace {

namespace fs = std::filesystem;
using nlohmann::ordered_json;

constexpr const char* kFailed = "failed";

std::string text_of(const ordered_json& json) {
  return json.dump(1, ' ', false, ordered_json::error_handler_t::replace) + "\n";
}

/// The file's value; nothing if there is no such file or it is not JSON.
std::optional<ordered_json> read_json(const fs::path& file) {
  std::ifstream stream(file, std::ios::binary);
  const std::string text(std::istreambuf_iterator<char>(stream), {});
  ordered_json json = ordered_json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!stream || json.is_discarded()) return std::nullopt;
  return json;
}

/// A task's result; nothing if it has to be done.
std::optional<ordered_json> read_result(const fs::path& file) {
  auto result = read_json(file);
  if (result && (!result->is_object() || result->contains(kFailed))) result.reset();
  return result;
}

/// Removes what an earlier run has left, and nothing else.
void remove_earlier(const fs::path& folder) {
  if (const auto report = read_json(folder / "report.json"); report && report->is_array()) {
    for (const auto& name : *report) {
      const fs::path file = name.is_string() ? fs::path(name.get<std::string>()) : fs::path();
      if (!file.empty() && file.filename() == file) fs::remove(folder / file);
    }
  }
  fs::remove(folder / "report.json");
  fs::remove(folder / "study.json");
  if (!fs::is_directory(folder / "results")) return;
  std::vector<fs::path> results;
  for (const auto& entry : fs::directory_iterator(folder / "results")) {
    const std::string name = entry.path().filename().string();
    const bool ours = boost::ends_with(name, ".json") || boost::ends_with(name, ".json.tmp");
    if (ours && entry.is_regular_file()) results.push_back(entry.path());
  }
  for (const fs::path& file : results) fs::remove(file);
}

/// A difference between settings as a key's path: "/filter/step" is "filter.step".
std::string key_of(std::string pointer) {
  if (!pointer.empty()) pointer.erase(0, 1);
  std::replace(pointer.begin(), pointer.end(), '/', '.');
  return pointer;
}

/// Throws InputError if the folder's results were made under other settings than `now`.
void require_same(const fs::path& file, const ordered_json& now) {
  const auto earlier = read_json(file);
  if (!earlier) throw InputError(file.string(), 0, "", "is not JSON; without --resume, the study begins anew");
  // Through text, as what was read has been; and without an order of the keys.
  const auto before = nlohmann::json::parse(earlier->dump()), after = nlohmann::json::parse(text_of(now));
  const nlohmann::json difference = nlohmann::json::diff(before, after);
  if (difference.empty()) return;
  nlohmann::json::json_pointer at(difference.front()["path"].get<std::string>());
  const auto in_array = [&](const nlohmann::json& settings) {
    return settings.contains(at.parent_pointer()) && settings[at.parent_pointer()].is_array();
  };
  while (!at.empty() && (in_array(before) || in_array(after))) at.pop_back();
  const auto value = [&](const nlohmann::json& settings) {
    return settings.contains(at) ? settings[at].dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) : "none";
  };
  throw InputError(file.string(), 0, key_of(at.to_string()),
                   fmt::format("the results were made with {}, now it is {}; without --resume, the study begins anew",
                               value(before), value(after)));
}

/// "about 3 min"
std::string about(double seconds) {
  if (seconds < 90.0) return fmt::format("about {:.0f} s", std::max(1.0, seconds));
  if (seconds < 5400.0) return fmt::format("about {:.0f} min", seconds / 60.0);
  return fmt::format("about {:.1f} h", seconds / 3600.0);
}

/// Works off the tasks that have no result yet.
class Run {
 public:
  Run(const std::vector<StudyTask>& tasks, const fs::path& results, bool quiet, std::ostream& err)
      : tasks_(tasks), results_(results), err_(err), progress_(err, quiet) {
    for (const StudyTask& task : tasks_) {
      total_cost_ += task.cost;
      if (!read_result(file_of(task))) to_do_.push_back(&task);
    }
    left_ = std::accumulate(to_do_.begin(), to_do_.end(), 0.0,
                            [](double sum, const StudyTask* task) { return sum + task->cost; });
  }

  /// Returns how many tasks failed. Tasks run one after another; on a device that batches, many at once.
  int run() {
    std::vector<std::function<void()>> works;
    for (const StudyTask* task : to_do_) {
      works.emplace_back([this, task] {
        if (!begin(*task)) return;
        try {
          finish(*task, result_of(*task));
        } catch (...) {
          give_up();
          throw;
        }
      });
    }
    const std::size_t at_once = engine_in_use()->batches() ? together_at_most(works.size()) : 1;
    for (const std::exception_ptr& error : run_together(works, at_once)) {
      if (error) std::rethrow_exception(error);
    }
    return failures_;
  }

  /// What the files say.
  std::vector<ordered_json> results() const {
    std::vector<ordered_json> results;
    for (const StudyTask& task : tasks_) results.push_back(read_result(file_of(task)).value_or(nullptr));
    return results;
  }

 private:
  fs::path file_of(const StudyTask& task) const { return results_ / (task.key + ".json"); }

  // Each of these may be called from several threads.

  /// False if nothing more is to be begun.
  bool begin(const StudyTask& task) {
    const std::lock_guard lock(mutex_);
    if (given_up_) return false;
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
    progress_.clear();  // else the line of a short task could stay over a long one
    progress_.show(1.0 - left_ / total_cost_,
                   task.label + (done_ > 0.0 ? ", time left " + about(seconds * left_ / done_) : ""));
    return true;
  }

  ordered_json result_of(const StudyTask& task) {
    try {
      return task.run();
    } catch (const std::exception& error) {
      const std::lock_guard lock(mutex_);
      ++failures_;
      progress_.clear();
      err_ << fmt::format("jkofilter: {} failed: {}\n", task.label, error.what());
      return {{kFailed, error.what()}};
    }
  }

  void finish(const StudyTask& task, const ordered_json& result) {
    const std::lock_guard lock(mutex_);
    write_atomically(file_of(task).string(), text_of(result));
    done_ += task.cost;
    left_ -= task.cost;
  }

  /// A file could not be written, say.
  void give_up() {
    const std::lock_guard lock(mutex_);
    given_up_ = true;
  }

  const std::vector<StudyTask>& tasks_;
  fs::path results_;
  std::ostream& err_;
  Progress progress_;
  std::vector<const StudyTask*> to_do_;
  std::mutex mutex_;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  double total_cost_ = 0.0, left_ = 0.0, done_ = 0.0;
  int failures_ = 0;
  bool given_up_ = false;
};

void write_report(const StudyReport& report, const fs::path& folder, std::ostream& err) {
  ordered_json files = ordered_json::array();
  for (const StudyTable& table : report.tables) files.insert(files.end(), {table.name + ".md", table.name + ".csv"});
  for (const StudyPicture& picture : report.pictures) files.push_back(picture.name + ".svg");
  write_atomically((folder / "report.json").string(), text_of(files));
  for (const StudyTable& table : report.tables) {
    write_atomically((folder / (table.name + ".md")).string(), markdown(table));
    write_atomically((folder / (table.name + ".csv")).string(), csv(table));
  }
  for (const StudyPicture& picture : report.pictures) {
    const std::string file = (folder / (picture.name + ".svg")).string();
    if (!run_gnuplot(gnuplot_svg_page(file, picture.width, picture.height) + picture.script + "\nunset output\n")) {
      err << fmt::format(
          "jkofilter: no picture {}.svg, because gnuplot is missing or failed (Debian package "
          "gnuplot-nox)\n",
          picture.name);
    }
  }
}

}  // namespace

void run_study(const Study& study, const fs::path& folder, const RunnerOptions& options, std::ostream& out,
               std::ostream& err) {
  const std::vector<StudyTask> tasks = study.tasks();
  const fs::path settings = folder / "study.json", results = folder / "results";
  const bool goes_on = options.resume && fs::exists(settings);
  if (goes_on) {
    require_same(settings, study.settings());
  } else {
    remove_earlier(folder);
  }
  fs::create_directories(results);
  if (!goes_on) write_atomically(settings.string(), text_of(study.settings()));

  Run run(tasks, results, options.quiet, err);
  const int failures = run.run();
  const StudyReport report = study.report(run.results());
  write_report(report, folder, err);
  if (failures > 0) err << fmt::format("jkofilter: {} of {} tasks failed\n", failures, tasks.size());
  if (options.quiet) return;
  for (const StudyTable& table : report.tables) out << "\n" << markdown(table);
  out << fmt::format("\nwritten to {}\n", folder.string());
}

}  // namespace jko
