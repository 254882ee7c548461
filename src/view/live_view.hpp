#pragma once
/// The window's side of a live run: hands what has happened to the illustrator, and does to the engine what the window
/// asks for. On the filter's thread; it never waits for the window.

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "src/live/live_engine.hpp"
#include "src/stream/live_streams.hpp"
#include "src/view/fields.hpp"
#include "src/view/illustrator.hpp"
#include "src/view/view_port.hpp"

namespace jko {

struct LiveStudy {
  Config config;
  std::string method, compared;  ///< `compared` empty: none
  std::uint64_t seed = 0;
  std::string output;
  std::string record;  ///< file of the recording; empty: none
};

class LiveView {
 public:
  LiveView(ViewPort& port, const LiveStudy& study, LiveStreams& streams, LiveEngine& engine);
  ~LiveView();
  LiveView(const LiveView&) = delete;
  LiveView& operator=(const LiveView&) = delete;

  /// The user has closed the window. A display that was lost is no reason to end a run.
  bool closed() const { return port_.closed() && !port_.lost(); }
  bool lost() const { return port_.lost(); }

  void add(const FilteredObservation& seen, std::optional<double> latency_seconds);
  /// The laws of what was added since the last call.
  void show(const LiveResult& result);
  /// How far the prediction has come.
  void show_ahead();
  void look_around(double lateness);
  void say(const std::string& text);
  void reloaded(const Config& config);
  void end(const std::string& text);

  /// Does what the window has asked for, after a wait of `seconds` at most; returns what there is to say about it.
  std::vector<std::string> obey(double seconds);

 private:
  void take(const SetField& command);
  void take(const SaveConfig& command);
  void take(const Record& command);
  void take(const ShowCoordinates& command) { illustrator_.show_coordinates(command.first, command.second); }
  void take(const KeepHistory& command) { illustrator_.keep_history(command.entries); }
  template <class Other>
  void take(const Other&) {}  // a stream goes on: there is nothing to play or to step

  void tell();

  ViewPort& port_;
  Choice choice_;
  std::string output_, record_;
  LiveStreams& streams_;
  LiveEngine& engine_;
  Illustrator illustrator_;
  std::map<std::string, std::string> errors_;
  std::vector<std::string> messages_;
  std::vector<std::pair<FilteredObservation, std::optional<double>>> pending_;  ///< until their laws are shown
  StreamClock clock_;
  std::vector<double> figures_;  ///< that look_around() has shown
  bool ended_ = false;
};

}  // namespace jko
