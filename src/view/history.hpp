#pragma once
/// What a run has been through, bounded: entries for observations and traces of laws, in the order of their times. A
/// view of it is cheap to copy and never changes.
///
///     HistoryLog log(20'000);
///     log.add(entry);                   // the illustrator's thread
///     History history = log.view();     // into a snapshot; any thread may read it

#include <functional>
#include <limits>
#include <memory>
#include <vector>

#include "src/view/law_picture.hpp"

namespace jko {

/// One observation, filtered.
struct HistoryEntry {
  Index index = 0;
  double time = 0.0;
  Vector observation;  ///< (M), NaN where missing
  Vector mean;         ///< (D)
  Matrix quantiles;    ///< at kPictureLevels, (levels, D)
  double log_evidence = 0.0, log_evidence_increment = 0.0;
  double effective_sample_size = 0.0;
  double symmetric_kl = std::numeric_limits<double>::quiet_NaN();  ///< to the compared method; NaN: none
  double predict_ms = 0.0, update_ms = 0.0;
  double latency_ms = std::numeric_limits<double>::quiet_NaN();  ///< from arrival to published; NaN: not live
  int steps = 0, iterations = 0;
  int rung = 0;  ///< of the overload ladder
  bool fallback = false, gated = false;
  std::shared_ptr<const LawPicture> predicted, updated;  ///< null where drawing could not keep up
};

/// A piece of the history, never changed once it is in a view.
struct HistoryChunk {
  std::vector<HistoryEntry> entries;
  std::vector<LawTrace> traces;
};

class History {
 public:
  Index size() const { return size_; }  ///< entries
  bool empty() const { return size_ == 0; }
  Index forgotten() const { return forgotten_; }  ///< entries that are no longer there
  Index capacity() const { return capacity_; }
  const std::vector<std::shared_ptr<const HistoryChunk>>& chunks() const { return chunks_; }

  /// Calls `visit` for each entry with begin <= time <= end, and for the neighbours just outside.
  void for_each(double begin, double end, const std::function<void(const HistoryEntry&)>& visit) const;
  void for_each_trace(double begin, double end, const std::function<void(const LawTrace&)>& visit) const;
  /// The last entry at or before `time`, or the first one; null if there is none.
  const HistoryEntry* at(double time) const;
  const HistoryEntry* first() const;
  const HistoryEntry* last() const;

 private:
  friend class HistoryLog;
  std::vector<std::shared_ptr<const HistoryChunk>> chunks_;
  Index size_ = 0, forgotten_ = 0, capacity_ = 0;
};

class HistoryLog {
 public:
  /// Keeps the last `capacity` entries, give or take a chunk.
  explicit HistoryLog(Index capacity);

  void set_capacity(Index capacity);
  /// One of a time before the last one's (a late observation) is put in its place.
  void add(HistoryEntry entry);
  /// Replaces the entry of the same index, if it is still there: one that was revised.
  void revise(HistoryEntry entry);
  void add(LawTrace trace);
  void clear();

  const History& view();

 private:
  HistoryChunk& open_chunk();
  /// Chunk number `number`, to be changed: a copy of it if it is in the view.
  HistoryChunk& own(std::size_t number);
  void forget();
  void economise();

  std::vector<std::shared_ptr<HistoryChunk>> chunks_;
  std::size_t economised_ = 0;  ///< number of chunks when economise() was called last
  History view_;
};

}  // namespace jko
