#include "ui/history_columns.hpp"

#include <algorithm>
#include <limits>

namespace jko::ui {
namespace {

constexpr double kNothing = std::numeric_limits<double>::quiet_NaN();

}  // namespace

void HistoryColumns::Columns::append(const HistoryChunk& chunk, Index coordinate, Index observed) {
  for (const HistoryEntry& entry : chunk.entries) {
    time.push_back(entry.time);
    mean.push_back(coordinate < entry.mean.size() ? entry.mean(coordinate) : kNothing);
    const bool banded = coordinate < entry.quantiles.cols() && entry.quantiles.rows() > 0;
    low.push_back(banded ? entry.quantiles(0, coordinate) : kNothing);
    high.push_back(banded ? entry.quantiles(entry.quantiles.rows() - 1, coordinate) : kNothing);
    effective.push_back(entry.effective_sample_size);
    log_evidence.push_back(entry.log_evidence);
    symmetric_kl.push_back(entry.symmetric_kl);
    observation.push_back(observed < entry.observation.size() ? entry.observation(observed) : kNothing);
  }
}

void HistoryColumns::Columns::resize(std::size_t size) {
  for (auto* column : {&time, &mean, &low, &high, &effective, &log_evidence, &symmetric_kl, &observation}) {
    column->resize(size);
  }
}

const HistoryColumns::Columns& HistoryColumns::read(const History& history, Index coordinate, Index observed) {
  const auto& chunks = history.chunks();
  std::size_t same = 0;
  if (coordinate == coordinate_ && observed == observed_) {
    const std::size_t most = std::min(chunks.size(), read_.size());
    while (same < most && chunks[same] == read_[same]) ++same;
    if (same == chunks.size() && same == read_.size()) return all_;
  }
  coordinate_ = coordinate;
  observed_ = observed;
  all_.resize(same < begins_.size() ? begins_[same] : all_.time.size() * (same > 0 ? 1 : 0));
  begins_.resize(same);
  for (std::size_t k = same; k < chunks.size(); ++k) {
    begins_.push_back(all_.time.size());
    all_.append(*chunks[k], coordinate, observed);
  }
  read_ = chunks;
  return all_;
}

}  // namespace jko::ui
