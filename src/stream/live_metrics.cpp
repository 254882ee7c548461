#include "src/stream/live_metrics.hpp"

#include <spdlog/fmt/fmt.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <fstream>

#include "src/clock.hpp"
#include "src/version.hpp"

namespace jko {
namespace {

/// A number as Prometheus writes it.
std::string figure(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0.0 ? "+Inf" : "-Inf";
  return fmt::format("{}", value);
}

/// Builds the text, metric by metric.
class Exposition {
 public:
  void metric(const std::string& name, const char* type, const char* help) {
    name_ = "jkofilter_" + name;
    text_ += fmt::format("# HELP {} {}\n# TYPE {} {}\n", name_, help, name_, type);
  }
  void sample(double value, const std::string& labels = "") { line(name_, labels, figure(value)); }

  void counter(const std::string& name, const char* help, std::uint64_t value) {
    metric(name, "counter", help);
    sample(static_cast<double>(value));
  }
  void gauge(const std::string& name, const char* help, double value) {
    metric(name, "gauge", help);
    sample(value);
  }
  void histogram(const std::string& name, const char* help, const Histogram& histogram) {
    metric(name, "histogram", help);
    std::uint64_t below = 0;
    for (std::size_t k = 0; k < histogram.bounds().size(); ++k) {
      below += histogram.counts()[k];
      line(name_ + "_bucket", fmt::format("le=\"{}\"", histogram.bounds()[k]), fmt::format("{}", below));
    }
    line(name_ + "_bucket", "le=\"+Inf\"", fmt::format("{}", histogram.count()));
    line(name_ + "_sum", "", figure(histogram.sum()));
    line(name_ + "_count", "", fmt::format("{}", histogram.count()));
  }

  std::string take() { return std::move(text_); }

 private:
  void line(const std::string& name, const std::string& labels, const std::string& value) {
    text_ += labels.empty() ? fmt::format("{} {}\n", name, value) : fmt::format("{}{{{}}} {}\n", name, labels, value);
  }

  std::string name_, text_;
};

double resident_bytes() {
  long total = 0, resident = 0;
  std::ifstream("/proc/self/statm") >> total >> resident;
  return static_cast<double>(resident) * static_cast<double>(sysconf(_SC_PAGESIZE));
}

}  // namespace

void Histogram::add(double value) {
  const auto bucket = std::lower_bound(bounds_.begin(), bounds_.end(), value) - bounds_.begin();
  ++counts_[static_cast<std::size_t>(bucket)];
  ++count_;
  sum_ += value;
  largest_ = std::max(largest_, value);
}

double Histogram::quantile(double level) const {
  std::uint64_t below = 0;
  for (std::size_t k = 0; k < bounds_.size(); ++k) {
    below += counts_[k];
    if (below > 0 && static_cast<double>(below) >= level * static_cast<double>(count_))
      return std::min(bounds_[k], largest_);
  }
  return largest_;
}

void LiveMetrics::add(const FilteredObservation& seen, std::optional<double> latency) {
  const std::lock_guard lock(mutex_);
  solve_.add(1e-3 * (seen.predict_ms + seen.update_ms));
  if (latency) latency_.add(*latency);
  ess_ = seen.update.effective_sample_size;
  log_evidence_ = seen.log_evidence;
  last_seen_ = seen.time;
  iterations_ += static_cast<std::uint64_t>(seen.predict.iterations);
}

void LiveMetrics::set(const LiveCounts& counts, std::size_t waiting, double lag, std::uint64_t warnings) {
  const std::lock_guard lock(mutex_);
  counts_ = counts;
  waiting_ = waiting;
  lag_ = lag;
  warnings_ = warnings;
  shown_ = steady_seconds();
}

bool LiveMetrics::alive(double seconds) const { return steady_seconds() - shown_ <= seconds; }

std::uint64_t LiveMetrics::observations() const {
  const std::lock_guard lock(mutex_);
  return static_cast<std::uint64_t>(counts_.of(Verdict::accepted) + counts_.of(Verdict::rewound));
}

std::string LiveMetrics::text() const {
  Exposition out;
  const std::lock_guard lock(mutex_);
  out.metric("build_info", "gauge", "Always 1; the version is its label.");
  out.sample(1.0, fmt::format("version=\"{}\"", version()));

  out.metric("observations_total", "counter", "Arrivals by what became of them (docs/live.md).");
  for (int k = 0; k < kVerdicts; ++k) {
    const auto verdict = static_cast<Verdict>(k);
    out.sample(static_cast<double>(counts_.of(verdict)), fmt::format("verdict=\"{}\"", name_of(verdict)));
  }
  out.metric("rejected_total", "counter", "Messages that did not become observations, by reason.");
  for (int k = 0; k < kRejections; ++k) {
    const auto reason = static_cast<Rejection>(k);
    out.sample(static_cast<double>(sources_.rejected(reason)), fmt::format("reason=\"{}\"", name_of(reason)));
  }
  out.counter("messages_total", "Messages that became observations.", sources_.messages);
  out.counter("ignored_messages_total", "Messages that need not be observations: headers, reports without a fix.",
              sources_.ignored);
  out.counter("received_bytes_total", "Bytes from all sources.", sources_.bytes);
  out.counter("connections_total", "Connections opened by sources.", sources_.connections);
  out.counter("refused_connections_total", "Connections beyond the largest number.", sources_.refused);
  out.counter("reconnects_total", "Attempts to connect again.", sources_.reconnects);

  out.metric("posteriors_total", "counter", "Published posteriors by rung of the overload ladder (docs/live.md).");
  for (int k = 0; k < kRungs; ++k) {
    const auto rung = static_cast<Rung>(k);
    out.sample(static_cast<double>(counts_.of(rung)), fmt::format("rung=\"{}\"", name_of(rung)));
  }
  const auto count = [](Index value) { return static_cast<std::uint64_t>(value); };
  out.counter("revised_total", "Posteriors published once more after a late observation.", count(counts_.revised));
  out.counter("fallbacks_total", "Posteriors in which a plain step stood in for one that failed.",
              count(counts_.fallbacks));
  out.counter("clock_jumps_total", "Jumps of the stream's clock that were believed.", count(counts_.clock_jumps));
  out.counter("gate_openings_total", "Times that the gate gave way.", count(counts_.gate_openings));
  out.counter("steps_ahead_total", "JKO steps made ahead of an arrival.", count(counts_.steps_ahead));
  out.counter("iterations_total", "Iterations of the solver.", iterations_);
  out.counter("checkpoints_total", "Checkpoints written.", count(counts_.checkpoints));
  out.counter("write_failures_total", "Lines and checkpoints that could not be written at once.", warnings_);

  out.gauge("queue_depth", "Observations that wait.", static_cast<double>(waiting_));
  out.gauge("lag_seconds", "How long the observation filtered last had waited.", lag_);
  out.gauge("effective_sample_size", "Of the last posterior.", ess_);
  out.gauge("log_evidence", "Of all observations.", log_evidence_);
  out.gauge("model_time", "Of the last posterior, in the model's unit.", last_seen_);
  out.gauge("publish_clients", "Clients that are connected.", static_cast<double>(publishers_.clients));
  out.counter("dropped_clients_total", "Clients dropped because they were too slow.", publishers_.dropped_clients);
  out.counter("refused_clients_total", "Clients beyond the largest number.", publishers_.refused_clients);
  out.counter("sent_total", "Lines sent to a client, and datagrams.", publishers_.sent);
  out.counter("failed_datagrams_total", "Datagrams that the system did not take.", publishers_.failed);
  out.gauge("resident_memory_bytes", "Resident memory of the process.", resident_bytes());

  out.histogram("solve_seconds", "Time of prediction and update for a posterior.", solve_);
  out.histogram("latency_seconds", "From the arrival of an observation to its published posterior.", latency_);
  return out.take();
}

}  // namespace jko
