#pragma once
/// The Ornstein-Uhlenbeck experiment of Mokrov et al. 2021, "Large-Scale Wasserstein Gradient Flows": the law of
///
///     dX = -A (X - b) dt + sqrt(2) dW,   X(0) ~ N(0, I),
///
/// at t = 0.1, 0.2, …, 1 in many dimensions, where it is known in closed form. The process of a repeat is drawn: b ~
/// N(0, I), A = Q diag(1 + u)⁻¹ Qᵀ with a random rotation Q and u ~ U[0, 1]^D, so that N(b, A⁻¹) is stationary.
///
/// A task is a method on a process. Its result has, for each time, SymKL, BW₂²-UVP and energy distance to the exact
/// law, and the seconds from the beginning to there.

#include "jko/jko_filter.hpp"
#include "src/experiments/study.hpp"

namespace jko {

/// The process that `seed` draws.
Model ornstein_uhlenbeck_process(Index dimension, std::uint64_t seed);

class OrnsteinUhlenbeckStudy final : public Study {
 public:
  /// Throws InputError.
  explicit OrnsteinUhlenbeckStudy(const StudyOptions& options);

  nlohmann::ordered_json settings() const override;
  std::vector<StudyTask> tasks() const override;
  StudyReport report(const std::vector<nlohmann::ordered_json>& results) const override;

 private:
  struct Entry {
    Index dimension, repeat;
    std::string method;
  };
  nlohmann::ordered_json run(const Entry& entry) const;

  std::uint64_t seed_;
  std::vector<Index> dimensions_;
  Index repeats_;
  std::vector<std::string> methods_;
  JkoOptions jko_;
  double euler_step_;  ///< of the particles
  Index draws_;        ///< of each law
};

}  // namespace jko
