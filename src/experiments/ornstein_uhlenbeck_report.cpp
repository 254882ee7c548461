#include "src/experiments/ornstein_uhlenbeck_report.hpp"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

#include "src/experiments/ornstein_uhlenbeck_methods.hpp"
#include "src/experiments/published.hpp"
#include "src/experiments/spread.hpp"
#include "src/gnuplot.hpp"

namespace jko {
namespace {

using nlohmann::ordered_json;

constexpr int kLastTable = 9;  // t = 0.9, where the literature compares

/// Of a method, in a dimension, at a time: what was published, and the repeats' spread.
class Figures {
 public:
  explicit Figures(const std::vector<ordered_json>& results) {
    for (const ordered_json& result : results) {
      if (!result.is_null()) by_[{result.at("method"), result.at("dimension")}].push_back(&result);
    }
  }

  /// `k`: the time is k/10.
  Spread spread(const std::string& method, Index dimension, const char* key, int k) const {
    std::vector<double> values;
    const auto found = by_.find({method, dimension});
    if (found != by_.end()) {
      for (const ordered_json* result : found->second) {
        const double value = number_of(*result, key, static_cast<std::size_t>(k - 1));
        if (std::isfinite(value)) values.push_back(value);
      }
    }
    return spread_of(values);
  }

 private:
  std::map<std::pair<std::string, Index>, std::vector<const ordered_json*>> by_;
};

std::optional<double> published(const std::string& method, Index dimension, int k) {
  return published_figure(
      "ornstein_uhlenbeck", "sym_kl",
      {{"method", method}, {"dimension", std::to_string(dimension)}, {"t", fmt::format("{:.1f}", 0.1 * k)}});
}

class OrnsteinUhlenbeckTables {
 public:
  OrnsteinUhlenbeckTables(const std::vector<Index>& dimensions, const std::vector<std::string>& methods, Index repeats,
                          const std::vector<ordered_json>& results)
      : dimensions_(dimensions), methods_(methods), repeats_(repeats), figures_(results) {}

  StudyTable divergence_table(int k) const {
    StudyTable table = begin(fmt::format("ornstein_uhlenbeck_sym_kl_{:02}", k),
                             fmt::format("SymKL = KL(p|q) + KL(q|p) to the exact law at t = {:.1f}: median and "
                                         "quartiles of {} processes; beside it the published median of the method's "
                                         "counterpart, and ours in units of it.",
                                         0.1 * k, repeats_));
    for (const std::string& method : methods_) {
      const std::string counterpart = evolving_method(method).published;
      table.columns.insert(table.columns.end(), {method, counterpart, "ratio"});
    }
    for (const char* other : {"EM_ProxRec_10000", "dual_jko"}) table.columns.emplace_back(other);
    for (const Index d : dimensions_) {
      std::vector<std::string> row = {std::to_string(d)};
      for (const std::string& method : methods_) {
        const Spread spread = figures_.spread(method, d, "sym_kl", k);
        const auto theirs = published(evolving_method(method).published, d, k);
        row.insert(row.end(), {with_quartiles(spread), figure(theirs), ratio(spread.median, theirs)});
      }
      for (const char* other : {"EM_ProxRec_10000", "dual_jko"}) row.push_back(figure(published(other, d, k)));
      table.rows.push_back(row);
    }
    return table;
  }

  /// A column for each method; `floor` is a key whose median over all methods gets a last column, if not null.
  StudyTable table_of(const char* name, const std::string& caption, const char* key, int k,
                      const char* floor = nullptr) const {
    StudyTable table = begin(name, caption);
    table.columns.insert(table.columns.end(), methods_.begin(), methods_.end());
    if (floor) table.columns.emplace_back("exact");
    for (const Index d : dimensions_) {
      std::vector<std::string> row = {std::to_string(d)};
      for (const std::string& method : methods_) row.push_back(with_quartiles(figures_.spread(method, d, key, k)));
      if (floor) row.push_back(figure(figures_.spread(methods_.front(), d, floor, k).median));
      table.rows.push_back(row);
    }
    return table;
  }

  StudyPicture over_dimensions(int k) const {
    std::vector<double> at(dimensions_.begin(), dimensions_.end());
    const auto script = curves(
        at,
        [&](const std::string& method, std::size_t i) { return figures_.spread(method, dimensions_[i], "sym_kl", k); },
        [&](const std::string& method, std::size_t i) { return published(method, dimensions_[i], k); });
    return {"ornstein_uhlenbeck_dimensions",
            fmt::format("{}set key outside right center vertical maxrows 20\nset xlabel 'dimension'\nset ylabel 'SymKL "
                        "to the exact law at t = {:.1f}'\n{}",
                        kAxes, 0.1 * k, script),
            1100, 560};
  }

  /// A panel for each of up to three dimensions, the least and the largest among them, and one key for all.
  StudyPicture over_time() const {
    std::vector<Index> shown = dimensions_;
    std::sort(shown.begin(), shown.end());
    if (shown.size() > 3) shown = {shown.front(), shown[shown.size() / 2], shown.back()};
    std::vector<double> times;
    for (int k = 1; k <= kOrnsteinUhlenbeckTimes; ++k) times.push_back(0.1 * k);
    constexpr int kPanel = 400, kKey = 280;  // pixels
    const int panels = kPanel * static_cast<int>(shown.size());
    std::string script = fmt::format(
        "{}set multiplot layout 1,{} margins screen 0.07,{:.3f},0.17,0.88 spacing 0.06\nset xlabel 't'\n"
        "set xrange [0:1]\nset key at screen 0.995,0.75 right top vertical maxrows 20\n"
        "set ylabel 'SymKL to the exact law'\n",
        kAxes, shown.size(), static_cast<double>(panels) / (panels + kKey));
    for (const Index d : shown) {
      const auto step = [](std::size_t i) { return static_cast<int>(i) + 1; };
      script += fmt::format("set title 'D = {}' offset 0,-0.5\n", d);
      script += curves(
          times,
          [&](const std::string& method, std::size_t i) { return figures_.spread(method, d, "sym_kl", step(i)); },
          [&](const std::string& method, std::size_t i) { return published(method, d, step(i)); });
      script += "unset key\nunset ylabel\n";
    }
    return {"ornstein_uhlenbeck_times", script + "unset multiplot", panels + kKey, 480};
  }

 private:
  static constexpr const char* kAxes =
      "set logscale y\nset format y '10^{%T}'\nset grid y lc rgb '#dee2e6'\n"
      "set style fill transparent solid 0.2 noborder\nset key noenhanced\n";

  /// Data and plot command of a panel: our medians `at` some places with a band between the quartiles, and dashed the
  /// published ones. Nothing where there is nothing to plot.
  template <class OurSpread, class Published>
  std::string curves(const std::vector<double>& at, const OurSpread& our_spread, const Published& published_at) const {
    std::string blocks, clauses;
    const auto add = [&](const std::vector<std::vector<double>>& rows, const std::string& clause) {
      if (rows.empty()) return;
      const std::string name = fmt::format("curve{}", std::count(blocks.begin(), blocks.end(), '$'));
      blocks += gnuplot_block(name, rows);
      clauses += (clauses.empty() ? "" : ", ") + fmt::format(fmt::runtime(clause), fmt::arg("data", "$" + name));
    };
    const auto add_published = [&](const std::string& method, const std::string& colour) {
      std::vector<std::vector<double>> rows;
      for (std::size_t i = 0; i < at.size(); ++i) {
        if (const auto value = published_at(method, i)) rows.push_back({at[i], *value});
      }
      add(rows,
          fmt::format("{{data}} using 1:2 with linespoints pt 6 ps 0.6 lw 1.5 dt 2 lc rgb '{}' title '{}, published'",
                      colour, method));
    };
    for (const std::string& method : methods_) {
      std::vector<std::vector<double>> rows;
      for (std::size_t i = 0; i < at.size(); ++i) {
        const Spread spread = our_spread(method, i);
        if (!std::isfinite(spread.median)) continue;
        rows.push_back({at[i], std::max(spread.median, kLeastShown), std::max(spread.lower_quartile, kLeastShown),
                        std::max(spread.upper_quartile, kLeastShown)});
      }
      add(rows, fmt::format("{{data}} using 1:3:4 with filledcurves lc rgb '{0}' notitle, {{data}} using 1:2 with "
                            "linespoints pt 7 ps 0.6 lw 2 lc rgb '{0}' title '{1}'",
                            evolving_method(method).colour, method));
      add_published(evolving_method(method).published, evolving_method(method).colour);
    }
    add_published("dual_jko", "#9c36b5");
    return clauses.empty() ? "" : blocks + "plot " + clauses + "\n";
  }

  static StudyTable begin(const std::string& name, const std::string& caption) { return {name, caption, {"D"}, {}}; }

  const std::vector<Index>& dimensions_;
  const std::vector<std::string>& methods_;
  Index repeats_;
  Figures figures_;
};

}  // namespace

StudyReport ornstein_uhlenbeck_report(const std::vector<Index>& dimensions, const std::vector<std::string>& methods,
                                      Index repeats, const std::vector<ordered_json>& results) {
  const OrnsteinUhlenbeckTables report(dimensions, methods, repeats, results);
  return {
      {report.divergence_table(5), report.divergence_table(kLastTable),
       report.table_of("ornstein_uhlenbeck_bw_uvp",
                       "BW₂²-UVP in percent of half the exact law's variance, at t = 0.9: median and quartiles; the "
                       "last column is that of as many draws of the exact law itself.",
                       "bw_uvp", kLastTable, "bw_uvp_of_draws"),
       report.table_of(
           "ornstein_uhlenbeck_energy_distance",
           "Energy distance to the exact law at t = 0.9, from draws: median and quartiles; the last column as above.",
           "energy_distance", kLastTable, "energy_distance_of_draws"),
       report.table_of("ornstein_uhlenbeck_seconds", "Seconds from t = 0 to t = 1: median and quartiles.", "seconds",
                       kOrnsteinUhlenbeckTimes)},
      {report.over_dimensions(kLastTable), report.over_time()}};
}

}  // namespace jko
