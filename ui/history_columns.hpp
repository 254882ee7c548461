#pragma once
/// A history as columns of numbers, as plots want it. Chunks never change: what was read of them before is kept.

#include <memory>
#include <vector>

#include "src/view/history.hpp"

namespace jko::ui {

class HistoryColumns {
 public:
  struct Columns {
    std::vector<double> time, mean, low, high, effective, log_evidence, increment, symmetric_kl, ms, latency,
        observation;
    void append(const HistoryChunk& chunk, Index coordinate, Index observed);
    void resize(std::size_t size);
  };

  /// All that the history has, for a coordinate of the state (means, 5 and 95 %) and one of the observed values. Valid
  /// until the next call.
  const Columns& read(const History& history, Index coordinate, Index observed);

 private:
  Index coordinate_ = -1, observed_ = -1;
  std::vector<std::shared_ptr<const HistoryChunk>> read_;
  std::vector<std::size_t> begins_;  ///< where the entries of each chunk begin
  Columns all_;
};

}  // namespace jko::ui
