#include "src/explore/explorer.hpp"

#include <algorithm>
#include <exception>

#include "src/error.hpp"

namespace jko {

Explorer::Explorer(const ExploreSettings& settings) : settings_(settings) {
  auto flow = std::make_unique<Flow>(settings);
  auto first = flow->frame();
  begin(std::move(flow), std::move(first));
}

void Explorer::begin(std::unique_ptr<Flow> flow, std::shared_ptr<const FlowFrame> first) {
  flow_ = std::move(flow);
  frames_ = {std::move(first)};
  shown_ = 0;
  forgot_ = stuck_ = false;
  landscape_time_ = frames_[0]->time;
  landscape_ = flow_->landscape(landscape_time_);
  collect_messages();
}

std::string Explorer::change(const ExploreSettings& settings) {
  try {
    auto flow = std::make_unique<Flow>(settings);
    auto first = flow->frame();
    begin(std::move(flow), std::move(first));
    settings_ = settings;
    return "";
  } catch (const InputError& error) {
    return bare_complaint(error.what());
  } catch (const std::exception& error) {
    return error.what();
  }
}

std::vector<Field> Explorer::fields() const {
  std::vector<Field> fields = explore_fields(settings_);
  for (Field& field : fields) {
    const auto error = errors_.find(field.key);
    if (error != errors_.end()) field.error = error->second;
  }
  return fields;
}

std::string Explorer::set(const std::string& key, const std::string& text) {
  std::string error;
  try {
    error = change(with_setting(settings_, key, text));
  } catch (const std::invalid_argument& complaint) {
    error = complaint.what();
  }
  if (error.empty()) {
    errors_.clear();
  } else {
    errors_[key] = error;
  }
  return error;
}

std::string Explorer::draw(const DrawLaw& law) {
  try {
    return change(with_drawn_law(settings_, law));
  } catch (const std::invalid_argument& complaint) {
    return complaint.what();
  }
}

std::string Explorer::open(const std::string& config_file) {
  try {
    return change(with_study(settings_, load_config(config_file)));
  } catch (const std::exception& complaint) {
    return complaint.what();
  }
}

void Explorer::restart() {
  const std::string error = change(settings_);
  if (!error.empty()) messages_.push_back(error);
}

void Explorer::step() {
  if (stuck_) return;
  try {
    frames_.push_back(flow_->step());
  } catch (const std::exception& error) {
    stuck_ = true;
    messages_.emplace_back(error.what());
  }
  thin();
  shown_ = frames_.size() - 1;
  collect_messages();
}

void Explorer::collect_messages() {
  for (std::string& message : flow_->take_messages()) messages_.push_back(std::move(message));
}

void Explorer::scrub(Index frame) {
  shown_ = static_cast<std::size_t>(std::clamp<Index>(frame, 0, static_cast<Index>(frames_.size()) - 1));
}

void Explorer::keep(Index frames) {
  settings_.frames = std::max<Index>(frames, 16);
  thin();
}

/// A frame of the plane is ten times as large as one of a line.
std::size_t Explorer::capacity() const {
  return static_cast<std::size_t>(
      std::max<Index>(settings_.dimension == 1 ? settings_.frames : settings_.frames / 4, 8));
}

void Explorer::thin() {
  const auto shown = frames_[shown_];
  while (frames_.size() > capacity()) {
    // The first stays, and the last.
    std::vector<std::shared_ptr<const FlowFrame>> kept;
    for (std::size_t k = 0; k + 1 < frames_.size(); k += 2) kept.push_back(frames_[k]);
    kept.push_back(frames_.back());
    frames_ = std::move(kept);
    forgot_ = true;
  }
  const auto later = std::lower_bound(frames_.begin(), frames_.end(), shown->time,
                                      [](const auto& frame, double time) { return frame->time < time; });
  shown_ = std::min(static_cast<std::size_t>(later - frames_.begin()), frames_.size() - 1);
}

ExploreView Explorer::view() {
  if (flow_->changes_landscape() && landscape_time_ != frames_[shown_]->time) {
    landscape_time_ = frames_[shown_]->time;
    landscape_ = flow_->landscape(landscape_time_);
  }
  ExploreView view;
  view.dimension = settings_.dimension;
  view.frames = frames_;
  view.shown = static_cast<Index>(shown_);
  view.beta = settings_.beta;
  view.tau = settings_.tau;
  view.potential_curve = landscape_.potential_curve;
  view.potential_field = landscape_.potential_field;
  view.stationary_curve = landscape_.stationary_curve;
  view.stationary_field = landscape_.stationary_field;
  view.stationary_free_energy = landscape_.free_energy;
  view.forgot = forgot_;
  return view;
}

std::string Explorer::take_message() {
  if (messages_.empty()) return "";
  std::string message = std::move(messages_.front());
  messages_.pop_front();
  return message;
}

}  // namespace jko
