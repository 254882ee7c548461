#pragma once
/// An observation as it came in: what a source puts into the queue and LiveEngine takes out of it.

#include <optional>
#include <string>

#include "jko/types.hpp"

namespace jko {

struct Arrival {
  std::optional<double> time;  ///< stamp, in the model's time; none: the moment of arrival counts
  Vector value;                ///< NaN where missing
  double arrived = 0.0;        ///< Unix seconds
  std::string source;          ///< for people: "tcp 127.0.0.1:4711"
};

}  // namespace jko
