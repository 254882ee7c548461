#include "src/view/history.hpp"

#include <algorithm>

namespace jko {
namespace {

constexpr std::size_t kChunk = 128;                           // entries
constexpr std::size_t kMostTraces = 2048;                     // of a chunk
constexpr std::size_t kPictureBytes = std::size_t{64} << 20;  // densities of pairs, all chunks
constexpr std::size_t kTraceBytes = std::size_t{96} << 20;

std::size_t bytes(const LawPicture& picture) {
  std::size_t sum = 0;
  for (const SampledField& pair : picture.pairs) sum += pair.values.size() * sizeof(float);
  return sum;
}

std::size_t picture_bytes(const HistoryChunk& chunk) {
  std::size_t sum = 0;
  for (const HistoryEntry& entry : chunk.entries) {
    if (entry.predicted) sum += bytes(*entry.predicted);
    if (entry.updated) sum += bytes(*entry.updated);
  }
  return sum;
}

std::size_t bytes(const LawTrace& trace) {
  std::size_t sum = sizeof(LawTrace);
  for (const SampledCurve& curve : trace.marginals) sum += sizeof(SampledCurve) + curve.values.size() * sizeof(float);
  return sum;
}

std::size_t trace_bytes(const HistoryChunk& chunk) {
  std::size_t sum = 0;
  for (const LawTrace& trace : chunk.traces) sum += bytes(trace);
  return sum;
}

std::shared_ptr<const LawPicture> without_pairs(const std::shared_ptr<const LawPicture>& picture) {
  if (!picture || picture->pairs.empty()) return picture;
  auto thin = std::make_shared<LawPicture>(*picture);
  thin->pairs.clear();
  thin->half_levels.clear();
  thin->ninety_levels.clear();
  return thin;
}

/// Calls `visit` for the items of all chunks between two times, and the neighbours just outside.
template <class Items, class Visit>
void visit_between(const std::vector<std::shared_ptr<const HistoryChunk>>& chunks, const Items& items, double begin,
                   double end, const Visit& visit) {
  using Item = typename std::decay_t<decltype(items(*chunks.front()))>::value_type;
  const Item* before = nullptr;
  for (const auto& chunk : chunks) {
    const auto& list = items(*chunk);
    if (list.empty()) continue;
    if (list.back().time < begin) {
      before = &list.back();
      continue;
    }
    auto from = std::lower_bound(list.begin(), list.end(), begin,
                                 [](const Item& item, double time) { return item.time < time; });
    if (from != list.begin()) before = &*std::prev(from);
    if (before) visit(*before);
    before = nullptr;
    for (; from != list.end(); ++from) {
      visit(*from);
      if (from->time > end) return;
    }
  }
  if (before) visit(*before);
}

}  // namespace

void History::for_each(double begin, double end, const std::function<void(const HistoryEntry&)>& visit) const {
  if (chunks_.empty()) return;
  visit_between(
      chunks_, [](const HistoryChunk& c) -> const std::vector<HistoryEntry>& { return c.entries; }, begin, end, visit);
}

void History::for_each_trace(double begin, double end, const std::function<void(const LawTrace&)>& visit) const {
  if (chunks_.empty()) return;
  visit_between(
      chunks_, [](const HistoryChunk& c) -> const std::vector<LawTrace>& { return c.traces; }, begin, end, visit);
}

const HistoryEntry* History::at(double time) const {
  for (auto chunk = chunks_.rbegin(); chunk != chunks_.rend(); ++chunk) {
    const auto& entries = (*chunk)->entries;
    const auto after = std::upper_bound(entries.begin(), entries.end(), time,
                                        [](double t, const HistoryEntry& entry) { return t < entry.time; });
    if (after != entries.begin()) return &*std::prev(after);
  }
  return first();
}

const HistoryEntry* History::first() const {
  for (const auto& chunk : chunks_) {
    if (!chunk->entries.empty()) return &chunk->entries.front();
  }
  return nullptr;
}

const HistoryEntry* History::last() const {
  for (auto chunk = chunks_.rbegin(); chunk != chunks_.rend(); ++chunk) {
    if (!(*chunk)->entries.empty()) return &(*chunk)->entries.back();
  }
  return nullptr;
}

HistoryLog::HistoryLog(Index capacity) { view_.capacity_ = std::max<Index>(1, capacity); }

void HistoryLog::set_capacity(Index capacity) {
  view_.capacity_ = std::max<Index>(1, capacity);
  forget();
}

HistoryChunk& HistoryLog::open_chunk() {
  if (chunks_.empty() || chunks_.back()->entries.size() >= kChunk || chunks_.back()->traces.size() >= kMostTraces) {
    chunks_.push_back(std::make_shared<HistoryChunk>());
    return *chunks_.back();
  }
  return own(chunks_.size() - 1);
}

HistoryChunk& HistoryLog::own(std::size_t number) {
  std::shared_ptr<HistoryChunk>& chunk = chunks_[number];
  const auto& seen = view_.chunks_;
  if (number < seen.size() && seen[number] == chunk) chunk = std::make_shared<HistoryChunk>(*chunk);
  return *chunk;
}

void HistoryLog::add(HistoryEntry entry) {
  const auto later = [&](const std::shared_ptr<HistoryChunk>& chunk) {
    return chunk->entries.empty() || chunk->entries.front().time > entry.time;
  };
  const auto newest = std::find_if(chunks_.rbegin(), chunks_.rend(), [](const auto& c) { return !c->entries.empty(); });
  if (newest == chunks_.rend() || (*newest)->entries.back().time <= entry.time) {
    open_chunk().entries.push_back(std::move(entry));
  } else {  // a late one is put where it belongs
    const auto place = std::find_if_not(newest, chunks_.rend(), later);
    const auto number = place == chunks_.rend() ? 0 : std::distance(place, chunks_.rend()) - 1;
    std::vector<HistoryEntry>& entries = own(static_cast<std::size_t>(number)).entries;
    const auto after = std::upper_bound(entries.begin(), entries.end(), entry.time,
                                        [](double time, const HistoryEntry& other) { return time < other.time; });
    entries.insert(after, std::move(entry));
  }
  ++view_.size_;
  forget();
}

void HistoryLog::revise(HistoryEntry entry) {
  for (std::size_t number = chunks_.size(); number-- > 0;) {
    const auto& entries = chunks_[number]->entries;
    const auto found = std::find_if(entries.rbegin(), entries.rend(),
                                    [&](const HistoryEntry& old) { return old.index == entry.index; });
    if (found == entries.rend()) continue;
    const auto place = static_cast<std::size_t>(std::distance(found, entries.rend()) - 1);
    own(number).entries[place] = std::move(entry);
    return;
  }
}

void HistoryLog::add(LawTrace trace) {
  HistoryChunk& chunk = open_chunk();
  // Laws of a late observation are of a time that has been drawn already.
  if (!chunk.traces.empty() && trace.time < chunk.traces.back().time) return;
  chunk.traces.push_back(std::move(trace));
  forget();
}

void HistoryLog::clear() {
  chunks_.clear();
  view_.chunks_.clear();
  view_.size_ = view_.forgotten_ = 0;
}

void HistoryLog::forget() {
  while (chunks_.size() > 1 && view_.size_ - static_cast<Index>(chunks_.front()->entries.size()) >= view_.capacity_) {
    const auto gone = static_cast<Index>(chunks_.front()->entries.size());
    view_.size_ -= gone;
    view_.forgotten_ += gone;
    chunks_.erase(chunks_.begin());
    if (!view_.chunks_.empty()) view_.chunks_.erase(view_.chunks_.begin());
  }
}

// Once in a view: what is old is kept in less detail rather than forgotten.
void HistoryLog::economise() {
  std::size_t pictures = 0, traces = 0, fullest = 0, most = 0;
  for (std::size_t k = 0; k < chunks_.size(); ++k) {
    pictures += picture_bytes(*chunks_[k]);
    const std::size_t here = trace_bytes(*chunks_[k]);
    traces += here;
    if (here > most) {
      most = here;
      fullest = k;
    }
  }
  for (std::size_t k = 0; k + 1 < chunks_.size() && pictures > kPictureBytes; ++k) {
    const std::size_t here = picture_bytes(*chunks_[k]);
    if (here == 0) continue;
    for (HistoryEntry& entry : own(k).entries) {
      entry.predicted = without_pairs(entry.predicted);
      entry.updated = without_pairs(entry.updated);
    }
    pictures -= here;
  }
  if (traces > kTraceBytes) {
    std::vector<LawTrace>& list = own(fullest).traces;
    std::size_t kept = 0;
    for (std::size_t i = 0; i < list.size(); i += 2) list[kept++] = std::move(list[i]);
    list.resize(kept);
  }
}

const History& HistoryLog::view() {
  if (chunks_.size() != economised_) {
    economise();
    economised_ = chunks_.size();
  }
  view_.chunks_.assign(chunks_.begin(), chunks_.end());
  return view_;
}

}  // namespace jko
