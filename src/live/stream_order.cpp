#include "src/live/stream_order.hpp"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>

#include "src/figures.hpp"

namespace jko {
namespace {

constexpr double kFarSpacings = 100.0;  // ahead, that a stamp is believed
constexpr double kClockSlack = 2.0;     // a stamp may run ahead of the arrivals' clock by this factor

bool same_value(const Vector& a, const Vector& b) {
  if (a.size() != b.size()) return false;
  for (Index i = 0; i < a.size(); ++i) {
    if (a(i) != b(i) && !(std::isnan(a(i)) && std::isnan(b(i)))) return false;
  }
  return true;
}

template <class T>
void keep_last(std::vector<T>& items, std::size_t most) {
  if (items.size() > most) items.erase(items.begin(), items.end() - static_cast<std::ptrdiff_t>(most));
}

}  // namespace

double StreamOrder::spacing() const { return spacing_known() ? median(state_.spacings) : options_.interval; }

double StreamOrder::expected() const {
  if (!state_.any) return std::max(options_.first, state_.latest);
  return std::max(state_.seen, state_.latest) + spacing();
}

double StreamOrder::time_of(const Arrival& arrival) {
  if (arrival.time) return *arrival.time + state_.shift;
  // Without a stamp the moment of arrival counts, from the first one on; a clock that went back stands still.
  if (!state_.anchored) {
    state_.anchored = true;
    state_.anchor_time = expected();
    state_.anchor_arrived = arrival.arrived;
  }
  const double time = state_.anchor_time + (arrival.arrived - state_.anchor_arrived) / options_.seconds_per_unit;
  return std::max(time, state_.latest);
}

bool StreamOrder::is_duplicate(double time, const Vector& value) const {
  const auto same = [&](const Seen& seen) { return seen.time == time && same_value(seen.value, value); };
  if (std::any_of(state_.recent.begin(), state_.recent.end(), same)) return true;
  const auto held = [&](const Timed& timed) { return timed.time == time && same_value(timed.arrival.value, value); };
  return std::any_of(early_.begin(), early_.end(), held) || std::any_of(old_.begin(), old_.end(), held);
}

double StreamOrder::reach() const {
  if (options_.future > 0.0) return options_.future;
  return spacing_known() ? kFarSpacings * spacing() : std::numeric_limits<double>::infinity();
}

bool StreamOrder::explained(double from, double from_arrived, double to, double to_arrived) const {
  const double elapsed = std::max(0.0, (to_arrived - from_arrived) / options_.seconds_per_unit);
  return to - from <= reach() + kClockSlack * elapsed;
}

StreamOrder::Ruling StreamOrder::judge(const Arrival& arrival, double earliest) {
  const double time = time_of(arrival);
  if (!std::isfinite(time)) return {Verdict::impossible, 0.0, {}, false, "the time is not finite"};
  if (arrival.time && is_duplicate(time, arrival.value)) return {Verdict::duplicate, time, {}, false, ""};
  if (time < state_.latest) return came_late(arrival, time, earliest);
  if (state_.any && !explained(state_.latest, state_.arrived, time, arrival.arrived)) return quarantine(arrival, time);
  early_.clear();
  old_.clear();
  return {Verdict::accepted, time, {{arrival, time}}, false, ""};
}

StreamOrder::Ruling StreamOrder::quarantine(const Arrival& arrival, double time) {
  if (!early_.empty()) {
    const Timed& before = early_.back();
    const bool goes_on = time >= before.time && explained(before.time, before.arrival.arrived, time, arrival.arrived);
    if (!goes_on) early_.clear();
  }
  early_.push_back({arrival, time});
  if (static_cast<int>(early_.size()) < options_.confirm) {
    return {Verdict::future,
            time,
            {},
            false,
            fmt::format("t = {:.9g} is {:.3g} ahead of the stream: held until others confirm it", time,
                        time - state_.latest)};
  }
  Ruling ruling{Verdict::accepted, time, std::move(early_), true, ""};
  ruling.message = fmt::format("the stream's clock has jumped ahead by {:.6g}, as {} observations agree",
                               ruling.filter.front().time - state_.latest, ruling.filter.size());
  early_.clear();
  old_.clear();
  return ruling;
}

StreamOrder::Ruling StreamOrder::came_late(const Arrival& arrival, double time, double earliest) {
  if (time >= state_.latest - options_.lag && time >= earliest) {
    early_.clear();
    old_.clear();
    return {Verdict::rewound, time, {{arrival, time}}, false, ""};
  }
  Ruling late{Verdict::late, time, {}, false, fmt::format("t = {:.9g} is {:.3g} late", time, state_.latest - time)};
  // A clock that was set back makes everything late for ever. It shows by stamps that go on at the pace of the
  // arrivals; old observations that somebody sends once more come faster than that.
  if (!state_.any || !arrival.time) return late;
  if (!old_.empty() && !(time > old_.back().time && arrival.source == old_.back().arrival.source)) old_.clear();
  old_.push_back({arrival, time});
  if (static_cast<int>(old_.size()) < std::max(2, options_.confirm)) return late;
  const Timed& first = old_.front();
  const double pace = (arrival.arrived - first.arrival.arrived) / options_.seconds_per_unit;
  if (pace < 0.5 * (time - first.time)) {
    old_.erase(old_.begin());
    return late;
  }
  const double begin =
      state_.latest + std::max(0.0, (first.arrival.arrived - state_.arrived) / options_.seconds_per_unit);
  const double shift = begin - first.time;
  state_.shift += shift;
  Ruling ruling{Verdict::accepted, time + shift, std::move(old_), true, ""};
  for (Timed& timed : ruling.filter) timed.time += shift;
  ruling.message = fmt::format("the stream's clock was set back: {:.6g} is added to its stamps from now on", shift);
  early_.clear();
  old_.clear();
  return ruling;
}

void StreamOrder::took(const Arrival& arrival, double time, bool believed) {
  const double before = state_.any ? std::max(state_.seen, state_.latest) : time;
  if (state_.any && time > before) state_.spacings.push_back(time - before);
  keep_last(state_.spacings, kSpacings);
  if (believed) state_.latest = std::max(state_.latest, time);
  state_.seen = std::max(before, time);
  state_.arrived = state_.any ? std::max(state_.arrived, arrival.arrived) : arrival.arrived;
  state_.any = true;
  if (arrival.time && time >= state_.latest) {
    state_.anchored = true;
    state_.anchor_time = time;
    state_.anchor_arrived = arrival.arrived;
  }
  state_.recent.push_back({time, arrival.value});
  keep_last(state_.recent, kRecent);
}

void StreamOrder::restore(State state) {
  bool good = state.spacings.size() <= kSpacings && state.recent.size() <= kRecent;
  for (const double number :
       {state.latest, state.seen, state.arrived, state.anchor_time, state.anchor_arrived, state.shift}) {
    good = good && std::isfinite(number);
  }
  for (const double spacing : state.spacings) good = good && std::isfinite(spacing) && spacing > 0.0;
  for (const Seen& seen : state.recent) good = good && std::isfinite(seen.time);
  if (!good) throw std::invalid_argument("the stream's state has the wrong form");
  state_ = std::move(state);
  early_.clear();
  old_.clear();
}

}  // namespace jko
