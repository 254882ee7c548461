#pragma once
/// What tests of live filtering share: a quick study, arrivals, a clock that they drive, and records without the times
/// that differ from run to run.

#include <cmath>
#include <string>
#include <vector>

#include "src/live/live_engine.hpp"

namespace jko::test {

/// Steps of a few milliseconds; anchors are renewed every few observations.
inline const char* const kLiveStudy = R"({
  "state": {"dimension": 1},
  "potential": {"type": "sine_well"},
  "beta": 1,
  "initial": {"type": "gaussian", "mean": 0, "covariance": 1},
  "observation": {"type": "linear", "R": 0.5},
  "schedule": {"start": 0.5, "interval": 0.5},
  "filter": {"tau": 0.25, "nodes": 96, "widths": [24], "chain": 9}
})";

inline Config live_study(const std::string& text = kLiveStudy) { return parse_config(text, "study.json"); }

/// Neither deadline nor ladder.
inline LiveOptions unhurried() {
  LiveOptions options;
  options.settings.budget_ms = LiveOptions::kUnlimited;
  return options;
}

inline Arrival arrival(double t, double y, double arrived) { return {t, Vector::Constant(1, y), arrived, "test"}; }
inline Arrival arrival(double t, double y) { return arrival(t, y, 1000.0 + t); }

/// Observations every half a unit of time, from t = 0.5.
inline std::vector<Arrival> steady_stream(int count) {
  std::vector<Arrival> arrivals;
  for (int k = 1; k <= count; ++k) arrivals.push_back(arrival(0.5 * k, std::sin(0.7 * k) + 0.3 * std::cos(3.1 * k)));
  return arrivals;
}

/// Spacings from 0.1 to 0.9, two equal stamps, and one value missing.
inline std::vector<Arrival> irregular_stream(int count) {
  std::vector<Arrival> arrivals;
  double t = 0.0;
  for (int k = 1; k <= count; ++k) {
    if (k % 5 != 3) t += 0.1 + 0.8 * std::abs(std::sin(1.7 * k));
    arrivals.push_back(arrival(t, k == 4 ? NAN : std::cos(0.9 * k)));
  }
  return arrivals;
}

/// The record as it is published, without the times that it took.
inline std::string untimed(const FilteredObservation& seen) {
  nlohmann::ordered_json json = seen.to_json();
  json.erase("predict_ms");
  json.erase("update_ms");
  return json.dump();
}

inline void append(std::vector<std::string>& lines, const std::vector<FilteredObservation>& published) {
  for (const FilteredObservation& seen : published) lines.push_back(untimed(seen));
}

/// A clock that goes on by odd amounts each time that it is looked at.
class OddClock {
 public:
  std::function<double()> function() {
    return [this] {
      state_ = state_ * 6364136223846793005ULL + 1442695040888963407ULL;
      return now_ += 1e-3 * static_cast<double>(state_ >> 60);
    };
  }
  void wait(double seconds) { now_ += seconds; }

 private:
  std::uint64_t state_ = 1;
  double now_ = 0.0;
};

}  // namespace jko::test
