#pragma once
/// One method of a comparison: its filter, its times, and how far it is from the truth.
///
///     Contestant truth("grid", try_make_filter(…)), jko("jko", try_make_filter(…));
///     for (const Observation& y : recording) {
///       truth.filter_one(y);
///       jko.filter_one(y);
///       jko.compare_with(truth, true);
///     }
///     print_table({truth.figures(…), jko.figures(…)}, std::cout);

#include <iosfwd>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "src/methods.hpp"
#include "src/recording.hpp"
#include "src/stopwatch.hpp"

namespace jko {

/// What a method's run came to.
struct MethodFigures {
  std::string method;
  std::string refusal;  ///< why there are no figures; empty: there are
  bool is_truth = false;
  double log_evidence = 0.0;
  double seconds = 0.0;  ///< of predictions and updates
  double real_time_factor = 0.0;
  double median_ms = 0.0, slow_ms = 0.0;  ///< an observation; a hundredth of them takes longer than the latter
  Index fallbacks = 0;                    ///< predictions in which a step could not be solved

  struct Error {
    double log_evidence;           ///< its difference to the truth's
    double mean_in_sd;             ///< root mean square error of the mean, in standard deviations of the truth
    double median_kl, largest_kl;  ///< KL(p|q) + KL(q|p)
  };
  std::optional<Error> error;  ///< if there is a truth, and this is not it

  struct Point {
    double time, log_evidence, symmetric_kl;  ///< the latter NaN without a truth
  };
  std::vector<Point> track;

  nlohmann::ordered_json to_json() const;
};

class Contestant {
 public:
  Contestant(std::string method, MadeFilter made);

  /// Filters an observation, unless this method was refused or has failed before. One that is impossible under the
  /// method's prediction is a failure.
  void filter_one(const Observation& observation);
  void predict_to(double until);

  /// Adds the error at the current time. A divergence is dearer than most updates; `with_divergence` asks for it, and
  /// for a point of the track.
  void compare_with(const Contestant& truth, bool with_divergence);
  /// A point of the track where there is no truth.
  void mark();

  bool running() const { return filter_ && refusal_.empty(); }

  /// `stream_seconds`: how long the recording lasts; `truth` may be null.
  MethodFigures figures(double stream_seconds, const Contestant* truth) const;

 private:
  std::string method_, refusal_;
  std::unique_ptr<Filter> filter_;
  Stopwatch watch_;
  std::vector<double> ms_;
  double log_evidence_ = 0.0;
  Index fallbacks_ = 0, compared_ = 0;
  double squared_error_ = 0.0;
  std::vector<double> symmetric_kl_;
  std::vector<MethodFigures::Point> track_;
};

/// One row a method; where there is no figure, "-".
void print_table(const std::vector<MethodFigures>& methods, std::ostream& out);

}  // namespace jko
