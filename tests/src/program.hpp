#pragma once
/// Runs the program as a user does, with its streams captured.

#include <algorithm>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "src/program.hpp"

namespace jko::test {

struct Outcome {
  int code;
  std::string out, err;
};

inline Outcome run(const std::vector<std::string>& arguments) {
  std::ostringstream out, err;
  const int code = run_program(arguments, out, err);
  return {code, out.str(), err.str()};
}

inline bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

inline bool one_line(const std::string& text) { return !text.empty() && text.find('\n') == text.size() - 1; }

inline int lines_in(const std::string& text) { return static_cast<int>(std::count(text.begin(), text.end(), '\n')); }

/// The lines of a JSON Lines text, each of which must be complete.
inline std::vector<nlohmann::json> json_lines(const std::string& text) {
  std::vector<nlohmann::json> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(nlohmann::json::parse(line));
  return lines;
}

/// Lines of results without what depends on the clock.
inline std::string timeless_lines(std::vector<nlohmann::json> lines) {
  std::string text;
  for (nlohmann::json& line : lines) {
    for (const char* timing : {"predict_ms", "update_ms", "wall_seconds", "real_time_factor"}) line.erase(timing);
    text += line.dump() + "\n";
  }
  return text;
}

/// One dimension, linear and Gaussian: every method can filter it, the Kalman filter in no time.
inline const char* const kOrnsteinUhlenbeck = R"({
  "state": {"dimension": 1},
  "potential": {"type": "quadratic", "A": 1},
  "beta": 1,
  "initial": {"type": "gaussian", "mean": 0, "covariance": 1},
  "observation": {"type": "linear", "R": 0.25},
  "schedule": {"interval": 0.5, "count": 6, "end": 8},
  "filter": {"method": "kalman", "grid": {"cells": 400}, "bootstrap": {"particles": 2000}}
})";

/// The smallest config: all else has a default.
inline const char* const kFiveLines = R"json({ "state": {"dimension": 1},
  "potential": {"type": "expression", "formula": "x0**4/4 - x0**2/2 + x0/5"},
  "beta": 2.5,
  "initial": {"type": "gaussian", "mean": [0.0], "covariance": [[0.25]]},
  "observation": {"type": "expression", "log_likelihood": "-2.5*log1p((y0 - x0)**2 / 0.64)", "columns": ["y"]} }
)json";

}  // namespace jko::test
