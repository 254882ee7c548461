#include "src/methods.hpp"

#include <functional>
#include <map>

#include "filter/jko_filter.hpp"
#include "filter/reference/grid_filter.hpp"
#include "filter/reference/kalman_filter.hpp"
#include "filter/reference/particle_filter.hpp"
#include "src/error.hpp"

namespace jko {
namespace {

using Maker = std::function<std::unique_ptr<Filter>(const Config&, std::uint64_t seed)>;

const std::map<std::string, Maker>& makers() {
  static const std::map<std::string, Maker> kMakers = {
      {"jko",
       [](const Config& config, std::uint64_t seed) {
         JkoOptions options = config.filter.jko;
         options.seed = seed;
         return std::make_unique<JkoFilter>(config.model, options);
       }},
      {"grid",  // the truth, which does not depend on the seed of what is compared with it
       [](const Config& config, std::uint64_t) {
         return std::make_unique<GridFilter>(config.model, config.filter.grid);
       }},
      {"kalman", [](const Config& config, std::uint64_t) { return std::make_unique<KalmanFilter>(config.model); }},
      {"bootstrap",
       [](const Config& config, std::uint64_t seed) {
         ParticleOptions options = config.filter.bootstrap;
         options.seed = seed;
         return std::make_unique<ParticleFilter>(config.model, options);
       }},
  };
  return kMakers;
}

}  // namespace

const std::vector<std::string>& method_names() {
  static const std::vector<std::string> kNames = [] {
    std::vector<std::string> names;
    for (const auto& entry : makers()) names.push_back(entry.first);
    return names;
  }();
  return kNames;
}

std::unique_ptr<Filter> make_filter(const Config& config, const std::string& method, std::uint64_t seed) {
  try {
    return makers().at(method)(config, seed);
  } catch (const std::invalid_argument& error) {
    throw InputError(config.file, 0, "filter." + method, error.what());
  }
}

}  // namespace jko
