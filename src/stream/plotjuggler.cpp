#include <spdlog/fmt/fmt.h>

#include <cmath>

#include "src/stream/publisher.hpp"

namespace jko {
namespace {

/// A flat JSON object of numbers that never outgrows a datagram.
class Document {
 public:
  void add(const std::string& key, double value) {
    if (!std::isfinite(value)) return;
    const std::string entry = fmt::format("{}\"{}\":{}", text_.empty() ? "" : ",", key, value);
    if (text_.size() + entry.size() + 2 <= kLargestDatagram) text_ += entry;
  }
  std::string finish() const { return "{" + text_ + "}"; }

 private:
  std::string text_;
};

}  // namespace

std::string plotjuggler_document(const FilteredObservation& seen, const TimeUnit& time) {
  const LawSummary& law = seen.posterior;
  Document document;
  document.add("timestamp", 1e-6 * static_cast<double>(time.origin.value_or(0)) + time.seconds * seen.time);
  document.add("log_evidence_increment", seen.update.log_evidence_increment);
  document.add("log_evidence", seen.log_evidence);
  document.add("ess", seen.update.effective_sample_size);
  if (seen.live) {
    document.add("rung", static_cast<double>(seen.live->rung));
    document.add("gated", seen.live->gated ? 1.0 : 0.0);
  }
  document.add("predict_ms", seen.predict_ms);
  document.add("update_ms", seen.update_ms);
  for (Index i = 0; i < law.mean.size(); ++i) {
    document.add(fmt::format("mean/{}", i), law.mean[i]);
    document.add(fmt::format("sd/{}", i), std::sqrt(law.covariance(i, i)));
  }
  for (Index i = 0; i < seen.observation.size(); ++i) document.add(fmt::format("y/{}", i), seen.observation[i]);
  for (Index i = 0; i < law.mean.size() && law.quantiles.rows() == 3; ++i) {
    document.add(fmt::format("q05/{}", i), law.quantiles(0, i));
    document.add(fmt::format("median/{}", i), law.quantiles(1, i));
    document.add(fmt::format("q95/{}", i), law.quantiles(2, i));
  }
  return document.finish();
}

}  // namespace jko
