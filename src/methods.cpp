#include "src/methods.hpp"

#include <functional>
#include <map>

#include "filter/reference/auxiliary_particle_filter.hpp"
#include "filter/reference/ensemble_kalman_filter.hpp"
#include "filter/reference/extended_kalman_filter.hpp"
#include "filter/reference/gaussian_sum_filter.hpp"
#include "filter/reference/grid_filter.hpp"
#include "filter/reference/kalman_filter.hpp"
#include "filter/reference/particle_filter.hpp"
#include "filter/reference/unscented_kalman_filter.hpp"
#include "jko/jko_filter.hpp"
#include "src/device.hpp"
#include "src/error.hpp"

namespace jko {
namespace {

using FilterMaker = std::function<std::unique_ptr<Filter>(const Config&, std::uint64_t seed)>;

/// One of a class whose options have a seed.
template <class F, class Options>
std::unique_ptr<Filter> seeded(const Config& config, Options options, std::uint64_t seed) {
  options.seed = seed;
  return std::make_unique<F>(config.model, std::move(options));
}

const std::map<std::string, FilterMaker>& filter_makers() {
  static const std::map<std::string, FilterMaker> kMakers = {
      {"jko",
       [](const Config& c, std::uint64_t seed) {
         JkoOptions options = c.filter.jko;
         options.engine = engine_in_use();
         return seeded<JkoFilter>(c, std::move(options), seed);
       }},
      // The truth does not depend on the seed of what is compared with it.
      {"grid", [](const Config& c, std::uint64_t) { return std::make_unique<GridFilter>(c.model, c.filter.grid); }},
      {"kalman", [](const Config& c, std::uint64_t) { return std::make_unique<KalmanFilter>(c.model); }},
      {"ekf", [](const Config& c, std::uint64_t) { return std::make_unique<ExtendedKalmanFilter>(c.model); }},
      {"ukf", [](const Config& c, std::uint64_t) { return std::make_unique<UnscentedKalmanFilter>(c.model); }},
      {"gaussian_sum",
       [](const Config& c, std::uint64_t seed) { return seeded<GaussianSumFilter>(c, c.filter.gaussian_sum, seed); }},
      {"enkf",
       [](const Config& c, std::uint64_t seed) { return seeded<EnsembleKalmanFilter>(c, c.filter.enkf, seed); }},
      {"bootstrap",
       [](const Config& c, std::uint64_t seed) { return seeded<ParticleFilter>(c, c.filter.bootstrap, seed); }},
      {"apf",
       [](const Config& c, std::uint64_t seed) { return seeded<AuxiliaryParticleFilter>(c, c.filter.apf, seed); }},
  };
  return kMakers;
}

}  // namespace

const std::vector<std::string>& method_names() {
  static const std::vector<std::string> kNames = [] {
    std::vector<std::string> names;
    for (const auto& entry : filter_makers()) names.push_back(entry.first);
    return names;
  }();
  return kNames;
}

MadeFilter try_make_filter(const Config& config, const std::string& method, std::uint64_t seed) {
  try {
    return {filter_makers().at(method)(config, seed), ""};
  } catch (const std::invalid_argument& error) {
    return {nullptr, error.what()};
  }
}

std::unique_ptr<Filter> make_filter(const Config& config, const std::string& method, std::uint64_t seed) {
  MadeFilter made = try_make_filter(config, method, seed);
  if (!made.filter) throw InputError(config.file, 0, "filter." + method, made.refusal);
  return std::move(made.filter);
}

}  // namespace jko
