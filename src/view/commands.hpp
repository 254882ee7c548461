#pragma once
/// What a window asks of a run. A run answers by its next snapshot, never by a wait.

#include <string>
#include <variant>
#include <vector>

#include "jko/types.hpp"

namespace jko {

struct Play {};
struct Pause {};
struct StepOnce {};  ///< a prediction, or an update: whichever comes next; explore: a JKO step
struct Reset {};     ///< from the beginning
struct SetSpeed {
  double speed;  ///< units of the model's time a second; infinity: as fast as it goes
};
struct SetField {
  std::string key, text;  ///< see Field
};
struct OpenStudy {
  std::string config, data;  ///< files; an empty one stays as it is
};
struct SaveConfig {
  std::string file;
};
struct Record {
  std::string file;  ///< empty: stop
};
struct ShowCoordinates {
  Index first, second;
};
struct KeepHistory {
  Index entries;
};
struct ScrubTo {
  Index frame;  ///< explore
};
/// explore: the initial law, drawn with the mouse. Heaps of mass at points.
struct DrawLaw {
  Points at;     ///< (K, D)
  Vector mass;   ///< (K), >= 0
  double width;  ///< standard deviation of each heap
};

using ViewCommand = std::variant<Play, Pause, StepOnce, Reset, SetSpeed, SetField, OpenStudy, SaveConfig, Record,
                                 ShowCoordinates, KeepHistory, ScrubTo, DrawLaw>;

}  // namespace jko
