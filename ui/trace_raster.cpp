#include "ui/trace_raster.hpp"

#include <algorithm>
#include <cmath>

namespace jko::ui {
namespace {

/// One law's values at the centres of the rows, added to `column` with a weight.
void add_column(const SampledCurve& curve, double weight, double low, double high, std::vector<float>& column) {
  if (curve.empty() || weight <= 0.0) return;
  const auto rows = static_cast<double>(column.size());
  const double step = curve.step(), per_row = (high - low) / rows / step;
  const auto last = static_cast<double>(curve.values.size() - 1);
  // The rows that the curve reaches, so that the inner loop need not ask.
  const double first_position = (low - curve.low) / step + 0.5 * per_row;
  const auto from = static_cast<std::size_t>(std::clamp(std::ceil(-first_position / per_row), 0.0, rows));
  const auto to = static_cast<std::size_t>(std::clamp(std::ceil((last - first_position) / per_row), 0.0, rows));
  const auto share = static_cast<float>(weight);
  for (std::size_t row = from; row < to; ++row) {
    const double position = first_position + per_row * static_cast<double>(row);
    const auto left = std::min(static_cast<std::size_t>(position), curve.values.size() - 2);
    const auto beyond = static_cast<float>(position - static_cast<double>(left));
    column[row] += share * (curve.values[left] + beyond * (curve.values[left + 1] - curve.values[left]));
  }
}

/// Goes forwards through the traces of all chunks, in the order of their times.
class TraceCursor {
 public:
  explicit TraceCursor(const std::vector<const HistoryChunk*>& chunks) : chunks_(chunks) {}

  /// To the traces on both sides of `time`; false if it is before the first or after the last one.
  bool move_to(double time) {
    while (chunk_ + 1 < chunks_.size() && chunks_[chunk_ + 1]->traces.front().time <= time) ++chunk_;
    const std::vector<LawTrace>& traces = chunks_[chunk_]->traces;
    const auto later = std::upper_bound(traces.begin(), traces.end(), time,
                                        [](double t, const LawTrace& trace) { return t < trace.time; });
    if (later == traces.begin()) return false;
    before_ = &*std::prev(later);
    if (later != traces.end()) {
      after_ = &*later;
    } else if (chunk_ + 1 < chunks_.size()) {
      after_ = &chunks_[chunk_ + 1]->traces.front();
    } else {
      after_ = before_;
      return before_->time == time;
    }
    return true;
  }
  const LawTrace& before() const { return *before_; }
  const LawTrace& after() const { return *after_; }

 private:
  const std::vector<const HistoryChunk*>& chunks_;
  std::size_t chunk_ = 0;
  const LawTrace *before_ = nullptr, *after_ = nullptr;
};

/// One over the value that gets the last colour: as bright as all but the narrowest laws need it, for a few peaks must
/// not darken the rest. From a sample of the visible traces.
float scale_of(const std::vector<const HistoryChunk*>& chunks, std::size_t number, double begin, double end) {
  std::size_t visible = 0;
  for (const HistoryChunk* chunk : chunks) visible += chunk->traces.size();
  const std::size_t stride = std::max<std::size_t>(1, visible / 512);
  std::vector<float> peaks;
  std::size_t count = 0;
  for (const HistoryChunk* chunk : chunks) {
    if (chunk->traces.back().time < begin || chunk->traces.front().time > end) continue;
    for (const LawTrace& trace : chunk->traces) {
      if (count++ % stride != 0 || trace.marginals[number].empty()) continue;
      const auto& values = trace.marginals[number].values;
      peaks.push_back(*std::max_element(values.begin(), values.end()));
    }
  }
  if (peaks.empty()) return 0.0f;
  const auto upper = peaks.begin() + static_cast<std::ptrdiff_t>(9 * (peaks.size() - 1) / 10);
  std::nth_element(peaks.begin(), upper, peaks.end());
  return *upper > 0.0f ? 1.0f / *upper : 0.0f;
}

}  // namespace

void raster_traces(const History& history, Index coordinate, double begin, double end, double low, double high,
                   const std::array<ImU32, 256>& map, Pixels& pixels) {
  const auto width = static_cast<std::size_t>(pixels.width), height = static_cast<std::size_t>(pixels.height);
  pixels.rgba.assign(width * height, 0u);
  if (width == 0 || height == 0 || !(end > begin) || !(high > low)) return;
  const auto number = static_cast<std::size_t>(coordinate);
  std::vector<const HistoryChunk*> chunks;
  for (const auto& chunk : history.chunks()) {
    const auto& traces = chunk->traces;
    if (!traces.empty() && number < traces.front().marginals.size()) chunks.push_back(chunk.get());
  }
  if (chunks.empty()) return;
  const float scale = scale_of(chunks, number, begin, end);
  TraceCursor cursor(chunks);

  std::vector<float> column(height);
  for (std::size_t x = 0; x < width; ++x) {
    const double time = begin + (end - begin) * (static_cast<double>(x) + 0.5) / static_cast<double>(width);
    if (!cursor.move_to(time)) continue;
    const LawTrace& before = cursor.before();
    const LawTrace& after = cursor.after();
    const double gap = after.time - before.time;
    const double share = gap > 0.0 ? (time - before.time) / gap : 0.0;
    std::fill(column.begin(), column.end(), 0.0f);
    add_column(before.marginals[number], 1.0 - share, low, high, column);
    add_column(after.marginals[number], share, low, high, column);
    for (std::size_t row = 0; row < height; ++row) {
      const float value = std::sqrt(std::min(1.0f, column[row] * scale));
      pixels.rgba[(height - 1 - row) * width + x] = map[static_cast<std::size_t>(255.0f * value)];
    }
  }
}

}  // namespace jko::ui
