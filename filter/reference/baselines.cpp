#include "jko/baselines.hpp"

#include <cmath>
#include <functional>

#include "filter/reference/auxiliary_particle_filter.hpp"
#include "filter/reference/ensemble_kalman_filter.hpp"
#include "filter/reference/extended_kalman_filter.hpp"
#include "filter/reference/gaussian_sum_filter.hpp"
#include "filter/reference/grid_filter.hpp"
#include "filter/reference/kalman_filter.hpp"
#include "filter/reference/particle_filter.hpp"
#include "filter/reference/unscented_kalman_filter.hpp"

namespace jko {
namespace {

struct Requirement {
  bool met;
  const char* what;
};

/// The first that is not met goes to `why`.
bool all_met(std::initializer_list<Requirement> requirements, std::string* why) {
  for (const Requirement& requirement : requirements) {
    if (requirement.met) continue;
    if (why) *why = requirement.what;
    return false;
  }
  if (why) why->clear();
  return true;
}

constexpr const char* kStep = "the step of time must not be negative";

}  // namespace

bool GridOptions::validate(std::string* why) const {
  bool increasing = true;
  for (const auto& [from, to] : domain) increasing = increasing && from < to && std::isfinite(to - from);
  return all_met({{cells == 0 || cells >= 16, "the grid filter needs at least 16 cells along an axis"},
                  {step >= 0.0, "the grid filter's step must not be negative"},
                  {increasing, "the grid's bounds must increase"}},
                 why);
}

bool ParticleOptions::validate(std::string* why) const {
  return all_met({{particles >= 2, "the bootstrap filter needs at least 2 particles"},
                  {step >= 0.0, kStep},
                  {resample_below >= 0.0 && resample_below <= 1.0, "resample_below must lie in [0, 1]"}},
                 why);
}

bool AuxiliaryParticleOptions::validate(std::string* why) const {
  return all_met({{particles >= 2, "the auxiliary particle filter needs at least 2 particles"}, {step >= 0.0, kStep}},
                 why);
}

bool EnsembleKalmanOptions::validate(std::string* why) const {
  return all_met({{members >= 3, "the ensemble Kalman filter needs at least 3 members"}, {step >= 0.0, kStep}}, why);
}

bool GaussianSumOptions::validate(std::string* why) const {
  return all_met({{components >= 1, "a Gaussian sum needs at least one component"}}, why);
}

std::unique_ptr<Filter> kalman_filter(Model model) { return std::make_unique<KalmanFilter>(std::move(model)); }
std::unique_ptr<Filter> grid_filter(Model model, GridOptions options) {
  return std::make_unique<GridFilter>(std::move(model), std::move(options));
}
std::unique_ptr<Filter> particle_filter(Model model, ParticleOptions options) {
  return std::make_unique<ParticleFilter>(std::move(model), options);
}
std::unique_ptr<Filter> auxiliary_particle_filter(Model model, AuxiliaryParticleOptions options) {
  return std::make_unique<AuxiliaryParticleFilter>(std::move(model), options);
}
std::unique_ptr<Filter> ensemble_kalman_filter(Model model, EnsembleKalmanOptions options) {
  return std::make_unique<EnsembleKalmanFilter>(std::move(model), options);
}
std::unique_ptr<Filter> gaussian_sum_filter(Model model, GaussianSumOptions options) {
  return std::make_unique<GaussianSumFilter>(std::move(model), options);
}
std::unique_ptr<Filter> extended_kalman_filter(Model model) {
  return std::make_unique<ExtendedKalmanFilter>(std::move(model));
}
std::unique_ptr<Filter> unscented_kalman_filter(Model model) {
  return std::make_unique<UnscentedKalmanFilter>(std::move(model));
}

}  // namespace jko
