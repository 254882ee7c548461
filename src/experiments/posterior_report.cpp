#include "src/experiments/posterior_report.hpp"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <map>
#include <optional>
#include <utility>

#include "src/experiments/published.hpp"
#include "src/experiments/spread.hpp"
#include "src/gnuplot.hpp"

namespace jko {
namespace {

using nlohmann::ordered_json;

constexpr const char* kTable = "bayesian_logistic_regression";
constexpr const char* kIcnnJko = "ICNN-JKO (paper table)";
constexpr const char* kSvgd = "SVGD (paper table)";

/// How far the posterior that a method found is from that of NUTS, on the same split.
struct Distance {
  double largest, rms;             ///< of the coordinates' means apart, in NUTS's standard deviations
  double least_ratio, most_ratio;  ///< of the coordinates' standard deviations to NUTS's
};

class PosteriorTables {
 public:
  PosteriorTables(const std::vector<PosteriorSet>& sets, const std::vector<std::string>& methods, Index repeats,
                  const std::vector<ordered_json>& results)
      : sets_(sets), methods_(methods), repeats_(repeats) {
    for (const ordered_json& result : results) {
      if (result.is_null() || !result.contains("accuracy")) continue;
      by_[{result.at("set"), result.at("method")}][result.at("repeat").get<Index>()] = &result;
    }
  }

  /// A row for each set: ours, then what was published.
  StudyTable table(const std::string& name, const std::string& caption, const char* key) const {
    StudyTable table{"posterior_" + name, caption, {"set"}, {}};
    table.columns.insert(table.columns.end(), methods_.begin(), methods_.end());
    for (const char* column : {"ICNN-JKO, published", "SVGD, published", "best published"}) {
      table.columns.emplace_back(column);
    }
    for (const PosteriorSet& set : sets_) {
      std::vector<std::string> row = {title(set)};
      for (const std::string& method : methods_) row.push_back(with_quartiles(spread(set.name, method, key)));
      row.push_back(figure(published(set, kIcnnJko, key)));
      row.push_back(figure(published(set, kSvgd, key)));
      row.push_back(figure(best_published(set, key)));
      table.rows.push_back(row);
    }
    return table;
  }

  StudyTable moments_table() const {
    StudyTable table{"posterior_moments",
                     "The posterior of each method beside that of NUTS on the same split (medians over splits): means "
                     "apart in NUTS's standard deviations, over the coordinates of (w, log alpha), and standard "
                     "deviations to NUTS's. NUTS itself errs by about the last column, 1/sqrt(effective draws); its "
                     "chains agree where R-hat is below 1.01 or so.",
                     {"set"},
                     {}};
    for (const std::string& method : methods_) {
      if (method == "nuts") continue;
      for (const char* what : {"largest", "rms", "least sd ratio", "largest sd ratio"}) {
        table.columns.push_back(fmt::format("{}: {}", method, what));
      }
    }
    for (const char* column : {"NUTS: R-hat", "NUTS: divergences", "NUTS: error"}) table.columns.emplace_back(column);
    for (const PosteriorSet& set : sets_) {
      std::vector<std::string> row = {title(set)};
      for (const std::string& method : methods_) {
        if (method == "nuts") continue;
        const std::vector<Distance> all = distances(set.name, method);
        for (double Distance::*member :
             {&Distance::largest, &Distance::rms, &Distance::least_ratio, &Distance::most_ratio}) {
          std::vector<double> values(all.size());
          std::transform(all.begin(), all.end(), values.begin(), [member](const Distance& one) { return one.*member; });
          row.push_back(figure(spread_of(values).median));
        }
      }
      row.push_back(figure_of(spread(set.name, "nuts", "r_hat").maximum, 4));
      row.push_back(figure(spread(set.name, "nuts", "divergences").maximum));
      row.push_back(figure(1.0 / std::sqrt(spread(set.name, "nuts", "bulk_ess").minimum)));
      table.rows.push_back(row);
    }
    return table;
  }

  /// Medians with bars from quartile to quartile, and published figures as hollow marks.
  StudyPicture dots(const std::string& name, const std::string& axis, const char* key) const {
    static constexpr const char* kColours[] = {"#e8590c", "#1971c2", "#2f9e44"};
    std::string blocks, plot, ticks;
    const auto add = [&](const std::vector<std::vector<double>>& rows, const std::string& style) {
      if (rows.empty()) return;
      const std::string block = fmt::format("dots{}", std::count(blocks.begin(), blocks.end(), '$'));
      blocks += gnuplot_block(block, rows);
      plot += fmt::format("{}${} using {}", plot.empty() ? "plot " : ", ", block, style);
    };
    for (std::size_t i = 0; i < sets_.size(); ++i) {
      ticks += fmt::format("{}{} {}", i ? ", " : "", gnuplot_quoted(title(sets_[i])), i);
    }
    for (std::size_t m = 0; m < methods_.size(); ++m) {
      std::vector<std::vector<double>> rows;
      for (std::size_t i = 0; i < sets_.size(); ++i) {
        const Spread s = spread(sets_[i].name, methods_[m], key);
        if (std::isfinite(s.median)) {
          rows.push_back({place(i, m, methods_.size()), s.median, s.lower_quartile, s.upper_quartile});
        }
      }
      add(rows, fmt::format("1:2:3:4 with yerrorbars pt 7 ps 0.9 lw 2 lc rgb '{}' title '{}' noenhanced",
                            kColours[m % std::size(kColours)], methods_[m]));
    }
    const std::pair<const char*, const char*> others[] = {{kIcnnJko, "pt 6 ps 1.2 lw 1.5 lc rgb '#e8590c'"},
                                                          {kSvgd, "pt 4 ps 1.2 lw 1.5 lc rgb '#1971c2'"}};
    for (std::size_t m = 0; m < std::size(others); ++m) {
      std::vector<std::vector<double>> rows;
      for (std::size_t i = 0; i < sets_.size(); ++i) {
        if (const auto value = published(sets_[i], others[m].first, key)) {
          rows.push_back({place(i, m, methods_.size()) + 0.04, *value});
        }
      }
      add(rows, fmt::format("1:2 with points {} title '{}'", others[m].second, others[m].first));
    }
    return {"posterior_" + name,
            blocks +
                fmt::format("set xrange [-0.6:{:.1f}]\nset xtics noenhanced ({})\nset ylabel '{}'\nset grid y lc rgb "
                            "'#dee2e6'\nset key outside top center horizontal\n",
                            static_cast<double>(sets_.size()) - 0.4, ticks, axis) +
                plot,
            1000, 480};
  }

 private:
  static std::string title(const PosteriorSet& set) { return set.name + (set.comparable ? "" : " (stand-in)"); }

  static double place(std::size_t set, std::size_t method, std::size_t methods) {
    return static_cast<double>(set) + 0.18 * (static_cast<double>(method) - 0.5 * static_cast<double>(methods - 1));
  }

  static std::string figure_of(double value, int digits) {
    return std::isfinite(value) ? fmt::format("{:.{}g}", value, digits) : "";
  }

  static std::optional<double> published(const PosteriorSet& set, const char* method, const char* key) {
    if (!set.comparable) return std::nullopt;
    return published_figure(kTable, key, {{"dataset", set.name}, {"method", method}});
  }

  /// The largest, or of seconds the least.
  static std::optional<double> best_published(const PosteriorSet& set, const char* key) {
    std::optional<double> best;
    if (!set.comparable) return best;
    const bool least = std::string(key) == "seconds";
    for (const PublishedTable::Row& row : published_table(kTable).rows()) {
      if (row.at("dataset") != set.name) continue;
      const auto value = published(set, row.at("method").c_str(), key);
      if (value && (!best || (least ? *value < *best : *value > *best))) best = value;
    }
    return best;
  }

  Spread spread(const std::string& set, const std::string& method, const char* key) const {
    std::vector<double> values;
    const auto found = by_.find({set, method});
    if (found != by_.end()) {
      for (const auto& [repeat, result] : found->second) {
        if (const double value = number_of(*result, key); std::isfinite(value)) values.push_back(value);
      }
    }
    return spread_of(values);
  }

  std::vector<Distance> distances(const std::string& set, const std::string& method) const {
    std::vector<Distance> all;
    const auto ours = by_.find({set, method}), truth = by_.find({set, "nuts"});
    if (ours == by_.end() || truth == by_.end()) return all;
    for (const auto& [repeat, result] : ours->second) {
      const auto other = truth->second.find(repeat);
      if (other == truth->second.end()) continue;
      const auto list = [](const ordered_json& of, const char* key) { return of.at(key).get<std::vector<double>>(); };
      const std::vector<double> mean = list(*result, "mean"), sd = list(*result, "sd");
      const std::vector<double> true_mean = list(*other->second, "mean"), true_sd = list(*other->second, "sd");
      Distance distance{0.0, 0.0, INFINITY, 0.0};
      for (std::size_t i = 0; i < mean.size(); ++i) {
        const double apart = std::abs(mean[i] - true_mean[i]) / true_sd[i], ratio = sd[i] / true_sd[i];
        distance = {std::max(distance.largest, apart), distance.rms + apart * apart,
                    std::min(distance.least_ratio, ratio), std::max(distance.most_ratio, ratio)};
      }
      distance.rms = std::sqrt(distance.rms / static_cast<double>(mean.size()));
      all.push_back(distance);
    }
    return all;
  }

  const std::vector<PosteriorSet>& sets_;
  const std::vector<std::string>& methods_;
  Index repeats_;
  std::map<std::pair<std::string, std::string>, std::map<Index, const ordered_json*>> by_;

 public:
  std::string over_splits() const { return fmt::format("median and quartiles over {} random splits", repeats_); }
};

}  // namespace

StudyReport posterior_report(const std::vector<PosteriorSet>& sets, const std::vector<std::string>& methods,
                             Index repeats, const std::vector<ordered_json>& results) {
  const PosteriorTables report(sets, methods, repeats, results);
  const std::string over = report.over_splits();
  return {
      {report.table("accuracy", "Accuracy on test data: " + over + "; beside it what was published.", "accuracy"),
       report.table("log_likelihood",
                    "Mean log likelihood of test data: " + over +
                        "; beside it what was published. NUTS has that of the posterior itself: more is a mistake "
                        "that happened to help.",
                    "log_likelihood"),
       report.table("seconds", "Seconds from the training data to draws: " + over + "; beside it what was published.",
                    "seconds"),
       report.moments_table()},
      {report.dots("accuracy", "accuracy on test data", "accuracy"),
       report.dots("log_likelihood", "mean log likelihood of test data", "log_likelihood")}};
}

}  // namespace jko
