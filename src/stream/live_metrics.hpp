#pragma once
/// The figures of a live run for Prometheus, text format 0.0.4. Written by the filter's thread, read by the server.

#include <array>
#include <atomic>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "src/live/live_engine.hpp"
#include "src/stream/publisher.hpp"
#include "src/stream/source_counts.hpp"

namespace jko {

/// Counts of values at most as large as each bound.
class Histogram {
 public:
  explicit Histogram(std::vector<double> bounds) : bounds_(std::move(bounds)), counts_(bounds_.size() + 1) {}
  void add(double value);

  const std::vector<double>& bounds() const { return bounds_; }
  const std::vector<std::uint64_t>& counts() const { return counts_; }  ///< one more: above the last bound
  std::uint64_t count() const { return count_; }
  double sum() const { return sum_; }
  double largest() const { return largest_; }
  /// An upper bound of the quantile: that of its bucket. 0 of nothing.
  double quantile(double level) const;

 private:
  std::vector<double> bounds_;
  std::vector<std::uint64_t> counts_;
  std::uint64_t count_ = 0;
  double sum_ = 0.0, largest_ = 0.0;
};

class LiveMetrics {
 public:
  LiveMetrics(const SourceCounts& sources, const PublisherCounts& publishers)
      : sources_(sources), publishers_(publishers) {}

  /// A posterior that was published `latency` seconds after its observation came; none of one that was revised or that
  /// a resumed run made again.
  void add(const FilteredObservation& seen, std::optional<double> latency);
  /// The rest, as it is now. `waiting`: observations in the queue; `lag`: seconds that the oldest of them has waited.
  void set(const LiveCounts& counts, std::size_t waiting, double lag, std::uint64_t warnings);

  /// For /metrics.
  std::string text() const;

  /// Whether the filter's thread has shown itself (set()) within `seconds`.
  bool alive(double seconds) const;
  std::uint64_t observations() const;

 private:
  const SourceCounts& sources_;
  const PublisherCounts& publishers_;
  mutable std::mutex mutex_;
  LiveCounts counts_;
  std::size_t waiting_ = 0;
  double lag_ = 0.0, ess_ = 0.0, log_evidence_ = 0.0, last_seen_ = 0.0;
  std::uint64_t warnings_ = 0, iterations_ = 0;
  // From 50 µs, which an update on a line takes, to half a minute.
  Histogram solve_{{5e-5, 1e-4, 2e-4, 5e-4, 1e-3, 2e-3, 5e-3, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30}};
  Histogram latency_ = solve_;
  std::atomic<double> shown_{0.0};
};

}  // namespace jko
