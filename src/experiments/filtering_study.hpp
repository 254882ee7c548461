#pragma once
/// The nonlinear filtering task of Mokrov et al. 2021, "Large-Scale Wasserstein Gradient Flows": the law of X(5)
/// given nine noisy observations, of
///
///     dX = -Φ'(X) dt + sqrt(2) dW,   Φ(x) = sin(2πx)/π + x²/4,   X(0) ~ N(0, 1),   y_k = X(k/2) + N(0, 1), k = 1 … 9.
///
/// The JKO filter and bootstrap filters of several sizes, against a fine grid. Recordings are simulated, one a repeat.

#include "filter/reference/grid_filter.hpp"
#include "jko/jko_filter.hpp"
#include "src/experiments/study.hpp"

namespace jko {

/// The task, and one recording of it.
Model filtering_task();
std::vector<Vector> simulate_filtering_task(std::uint64_t seed);

class FilteringStudy final : public Study {
 public:
  /// Throws InputError.
  explicit FilteringStudy(const StudyOptions& options);

  nlohmann::ordered_json settings() const override;
  std::vector<StudyTask> tasks() const override;
  StudyReport report(const std::vector<nlohmann::ordered_json>& results) const override;

 private:
  struct Entry {
    Index repeat;
    std::string method;
  };
  std::vector<Entry> entries() const;  ///< of the tasks, in their order
  std::unique_ptr<Filter> make_filter(const std::string& method, Index repeat) const;
  nlohmann::ordered_json run(const Entry& entry) const;

  std::uint64_t seed_;
  Index repeats_;
  std::vector<std::string> methods_;
  JkoOptions jko_;
  GridOptions grid_;
  double euler_step_;  ///< of the bootstrap filters
};

}  // namespace jko
