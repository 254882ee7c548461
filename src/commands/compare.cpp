#include <omp.h>
#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <ostream>

#include "src/commands/commands.hpp"
#include "src/comparison.hpp"
#include "src/comparison_picture.hpp"
#include "src/error.hpp"
#include "src/figures.hpp"
#include "src/progress.hpp"
#include "src/run_files.hpp"
#include "src/version.hpp"

namespace jko {
namespace {

constexpr std::size_t kMostDivergences = 200;  // of a method: a divergence is dearer than most updates

std::vector<Observation> read_all(const Config& config, const CompareOptions& options) {
  RecordingReader reader(options.observations, recording_format(config));
  std::vector<Observation> recording;
  while (auto observation = reader.next()) {
    if (options.until && observation->time > *options.until) break;
    recording.push_back(std::move(*observation));
  }
  if (recording.empty()) throw InputError(reader.file(), 0, "", "holds no observations");
  return recording;
}

/// The best truth that there is for the model: Kalman's filter, else a grid; "" if neither can filter it.
std::string best_truth(const Config& config) {
  for (const char* method : {"kalman", "grid"}) {
    if (try_make_filter(config, method, 0).filter) return method;
  }
  return "";
}

/// All methods over one recording, observation by observation.
class Comparison {
 public:
  Comparison(const CompareOptions& options, const Config& config)
      : options_(options), config_(config), recording_(read_all(config, options)) {
    require_until(config, options.until);
    const std::string truth = options.truth.empty() ? best_truth(config) : options.truth;
    if (!options.truth.empty()) make_filter(config, truth, options.seed);  // a truth that was asked for must work
    const bool all = options.methods.empty();
    std::vector<std::string> methods = all ? method_names() : options.methods;
    if (!truth.empty()) methods.insert(methods.begin(), truth);
    std::vector<std::string> seen;
    for (const std::string& method : methods) {
      if (std::find(seen.begin(), seen.end(), method) != seen.end()) continue;
      seen.push_back(method);
      MadeFilter made = try_make_filter(config, method, options.seed);
      if (made.filter || !all) contestants_.emplace_back(method, std::move(made));
    }
    truth_ = truth.empty() ? nullptr : &contestants_.front();
  }

  void run(std::ostream& err) {
    Progress progress(err, options_.quiet);
    const std::size_t stride = (recording_.size() + kMostDivergences - 1) / kMostDivergences;
    for (std::size_t k = 0; k < recording_.size(); ++k) {
      const bool last = k + 1 == recording_.size();
      for (Contestant& contestant : contestants_) {
        contestant.filter_one(recording_[k]);
        judge(contestant, last || k % stride == 0);
      }
      progress.show(static_cast<double>(k + 1) / static_cast<double>(recording_.size()),
                    fmt::format("observation {}  t = {:.6g}", k + 1, recording_[k].time));
    }
    if (end() == recording_.back().time) return;
    for (Contestant& contestant : contestants_) {
      contestant.predict_to(*options_.until);
      judge(contestant, true);
    }
  }

  std::vector<MethodFigures> figures() const {
    const double seconds = (end() - config_.model.start_time) * config_.time.seconds;
    std::vector<MethodFigures> figures;
    for (const Contestant& contestant : contestants_) figures.push_back(contestant.figures(seconds, truth_));
    return figures;
  }

  double end() const { return options_.until.value_or(recording_.back().time); }
  Index observations() const { return static_cast<Index>(recording_.size()); }

 private:
  void judge(Contestant& contestant, bool with_divergence) {
    if (truth_ && &contestant != truth_) {
      contestant.compare_with(*truth_, with_divergence);
    } else if (with_divergence) {
      contestant.mark();
    }
  }

  const CompareOptions& options_;
  const Config& config_;
  std::vector<Observation> recording_;
  std::vector<Contestant> contestants_;  ///< the truth first
  const Contestant* truth_;              ///< null if there is none
};

}  // namespace

void compare(const CompareOptions& options, std::ostream& out, std::ostream& err) {
  if (options.threads > 0) omp_set_num_threads(options.threads);
  const Config config = load_config(options.config);
  Comparison comparison(options, config);
  const auto folder = prepare_folder(config, options.output, {"compare.json", "compare.png"});
  comparison.run(err);
  const std::vector<MethodFigures> figures = comparison.figures();

  nlohmann::ordered_json json;
  json["model"] = config.name;
  json["recording"] = options.observations;
  json["observations"] = comparison.observations();
  json["end"] = comparison.end();
  json["seed"] = options.seed;
  json["threads"] = omp_get_max_threads();
  json["version"] = version();
  json["methods"] = nlohmann::ordered_json::array();
  for (const MethodFigures& method : figures) json["methods"].push_back(method.to_json());
  LineFile(folder / "compare.json").write(json, 2);

  const std::string title = fmt::format("{}: {} observations", config.name, with_commas(comparison.observations()));
  if (!write_comparison_picture((folder / "compare.png").string(), title, config.time.name, figures)) {
    err << "jkofilter: no picture, because no method ran, or gnuplot is missing or failed (Debian package "
           "gnuplot-nox)\n";
  }
  if (options.quiet) return;
  out << fmt::format("\n{}: {}, {} observations to t = {:.6g}\n\n", config.name, options.observations,
                     with_commas(comparison.observations()), comparison.end());
  print_table(figures, out);
  out << fmt::format("  written to {}\n", folder.string());
}

}  // namespace jko
