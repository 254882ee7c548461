#pragma once
/// The study of a density's evolution: a flow, its frames, and the settings that it is made from. One thread.
///
///     Explorer explorer(settings);                       // throws InputError
///     std::string error = explorer.set("beta", "2");     // "": the flow starts again; else nothing changed
///     explorer.step();
///     ExploreView view = explorer.view();

#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "src/explore/explore_settings.hpp"
#include "src/explore/flow.hpp"
#include "src/view/explore_view.hpp"

namespace jko {

class Explorer {
 public:
  explicit Explorer(const ExploreSettings& settings);

  const ExploreSettings& settings() const { return settings_; }
  /// What `jkofilter check` and the other commands read.
  std::string config_text() const { return jko::config_text(settings_); }
  /// The potential as a formula, for people.
  std::string formula() const { return flow_->config().model.potential->formula(); }

  // Each of these starts the flow again and returns "", or says what is wrong and changes nothing.
  std::vector<Field> fields() const;
  std::string set(const std::string& key, const std::string& text);
  std::string draw(const DrawLaw& law);
  std::string open(const std::string& config_file);

  /// The flow from its beginning.
  void restart();
  /// Appends a frame, and shows it. Never throws: what has failed is a message, and stuck() from then on.
  void step();
  bool stuck() const { return stuck_; }
  /// Shows a frame that is there; the nearest, if it is not.
  void scrub(Index frame);
  /// Keeps at most so many frames: when there are more, every second one is dropped.
  void keep(Index frames);

  double time() const { return frames_.back()->time; }
  ExploreView view();

  /// What is to be said to the user, one message a call; empty: nothing.
  std::string take_message();

 private:
  std::string change(const ExploreSettings& settings);
  void begin(std::unique_ptr<Flow> flow, std::shared_ptr<const FlowFrame> first);
  void collect_messages();
  void thin();
  std::size_t capacity() const;

  ExploreSettings settings_;
  std::unique_ptr<Flow> flow_;
  std::vector<std::shared_ptr<const FlowFrame>> frames_;
  std::size_t shown_ = 0;
  bool forgot_ = false, stuck_ = false;
  Landscape landscape_;
  double landscape_time_ = 0.0;
  std::map<std::string, std::string> errors_;  ///< of fields
  std::deque<std::string> messages_;
};

}  // namespace jko
