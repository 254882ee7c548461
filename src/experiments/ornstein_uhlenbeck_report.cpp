#include "src/experiments/ornstein_uhlenbeck_report.hpp"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <map>
#include <tuple>

#include "src/experiments/ornstein_uhlenbeck_methods.hpp"
#include "src/experiments/published.hpp"
#include "src/experiments/spread.hpp"
#include "src/gnuplot.hpp"

namespace jko {
namespace {

using nlohmann::ordered_json;

constexpr double kLeast = 1e-16;  // what a logarithmic axis can still show of none at all
constexpr int kLastTable = 9;     // t = 0.9, where the literature compares

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

class Report {
 public:
  Report(const std::vector<Index>& dimensions, const std::vector<std::string>& methods, Index repeats,
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
    Plot plot;
    for (const std::string& method : methods_) {
      std::vector<std::vector<double>> rows;
      for (const Index d : dimensions_) add_row(rows, static_cast<double>(d), figures_.spread(method, d, "sym_kl", k));
      plot.add_ours(method, rows);
    }
    for (const auto& [method, colour] : kOthers) {
      std::vector<std::vector<double>> rows;
      for (const Index d : dimensions_) {
        if (const auto value = published(method, d, k)) rows.push_back({static_cast<double>(d), *value});
      }
      plot.add_published(method, colour, rows);
    }
    return {"ornstein_uhlenbeck_dimensions",
            std::string(kAxes) +
                fmt::format("set xlabel 'dimension'\nset ylabel 'SymKL to the exact law at t = {:.1f}'\n", 0.1 * k) +
                plot.script(),
            1000, 560};
  }

  /// A panel for each of up to three dimensions, the least and the largest among them.
  StudyPicture over_time() const {
    std::vector<Index> shown = dimensions_;
    std::sort(shown.begin(), shown.end());
    if (shown.size() > 3) shown = {shown.front(), shown[shown.size() / 2], shown.back()};
    std::string script = std::string(kAxes) + fmt::format("set multiplot layout 1,{}\nset xlabel 't'\n", shown.size());
    script += "set xrange [0:1]\n";
    for (const Index d : shown) {
      Plot plot;
      for (const std::string& method : methods_) {
        std::vector<std::vector<double>> rows;
        for (int k = 1; k <= kOrnsteinUhlenbeckTimes; ++k) {
          add_row(rows, 0.1 * k, figures_.spread(method, d, "sym_kl", k));
        }
        plot.add_ours(method, rows);
      }
      for (const auto& [method, colour] : kOthers) {
        std::vector<std::vector<double>> rows;
        for (int k = 1; k <= kOrnsteinUhlenbeckTimes; ++k) {
          if (const auto value = published(method, d, k)) rows.push_back({0.1 * k, *value});
        }
        plot.add_published(method, colour, rows);
      }
      script +=
          fmt::format("set title 'D = {}'\nset ylabel '{}'\n", d, d == shown.front() ? "SymKL to the exact law" : "");
      script += plot.script();
      script += "unset key\n";
    }
    return {"ornstein_uhlenbeck_times", script + "unset multiplot", 420 * static_cast<int>(shown.size()) + 40, 480};
  }

 private:
  static constexpr const char* kAxes =
      "set logscale y\nset format y '10^{%T}'\nset grid y lc rgb '#dee2e6'\nset style fill transparent solid 0.2 "
      "noborder\n"
      "set key top left vertical maxrows 20 noenhanced\n";
  static constexpr std::pair<const char*, const char*> kOthers[] = {
      {"ICNN_jko", "#e8590c"}, {"EM_sim_10000", "#1971c2"}, {"EM_sim_50000", "#2f9e44"}, {"dual_jko", "#9c36b5"}};

  /// The curves of a panel.
  class Plot {
   public:
    void add_ours(const std::string& method, const std::vector<std::vector<double>>& rows) {
      static constexpr const char* kColours[] = {"#e8590c", "#0c8599", "#1971c2", "#2f9e44", "#5c940d"};
      const char* colour = kColours[ours_++ % std::size(kColours)];
      if (rows.empty()) return;
      const std::string name = add_block(rows);
      add(
          fmt::format("{0} using 1:3:4 with filledcurves lc rgb '{1}' notitle, {0} using 1:2 with linespoints pt 7 ps "
                      "0.6 lw 2 lc rgb '{1}' title '{2}'",
                      name, colour, method));
    }
    void add_published(const char* method, const char* colour, const std::vector<std::vector<double>>& rows) {
      if (rows.empty()) return;
      add(fmt::format("{} using 1:2 with linespoints pt 6 ps 0.6 lw 1.5 dt 2 lc rgb '{}' title '{}, published'",
                      add_block(rows), colour, method));
    }
    /// The data and the plot command; nothing where there is nothing to plot.
    std::string script() const { return clauses_.empty() ? "" : blocks_ + "plot " + clauses_ + "\n"; }

   private:
    std::string add_block(const std::vector<std::vector<double>>& rows) {
      const std::string name = fmt::format("curve{}", count_++);
      blocks_ += gnuplot_block(name, rows);
      return "$" + name;
    }
    void add(const std::string& clause) { clauses_ += (clauses_.empty() ? "" : ", ") + clause; }

    std::string blocks_, clauses_;
    std::size_t count_ = 0, ours_ = 0;
  };

  static void add_row(std::vector<std::vector<double>>& rows, double at, const Spread& spread) {
    if (!std::isfinite(spread.median)) return;
    rows.push_back({at, std::max(spread.median, kLeast), std::max(spread.lower_quartile, kLeast),
                    std::max(spread.upper_quartile, kLeast)});
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
  const Report report(dimensions, methods, repeats, results);
  return {
      {report.divergence_table(5), report.divergence_table(kLastTable),
       report.table_of("ornstein_uhlenbeck_bw_uvp",
                       "BW₂²-UVP in percent of half the exact law's variance, at t = 0.9: median and quartiles; the "
                       "last column is that of as many draws of the exact law itself.",
                       "bw_uvp", kLastTable, "bw_uvp_of_draws"),
       report.table_of("ornstein_uhlenbeck_energy_distance",
                       "Energy distance to the exact law at t = 0.9, from draws: median and quartiles.",
                       "energy_distance", kLastTable),
       report.table_of("ornstein_uhlenbeck_seconds", "Seconds from t = 0 to t = 1: median and quartiles.", "seconds",
                       kOrnsteinUhlenbeckTimes)},
      {report.over_dimensions(kLastTable), report.over_time()}};
}

}  // namespace jko
