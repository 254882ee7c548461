#include "src/experiments/ornstein_uhlenbeck_methods.hpp"

#include <algorithm>
#include <stdexcept>

#include "filter/reference/particle_filter.hpp"
#include "filter/reference/proximal_recursion.hpp"
#include "src/device.hpp"

namespace jko {
namespace {

/// A filter whose draws are those of its density.
template <class F>
class FilterLaw final : public EvolvingLaw {
 public:
  explicit FilterLaw(F filter) : filter_(std::move(filter)) {}
  Filter& filter() override { return filter_; }
  Points density_draws(const Points& draws, std::uint64_t) const override { return draws; }

 private:
  F filter_;
};

/// Particles, whose density is one of kernels.
class ParticleLaw final : public EvolvingLaw {
 public:
  explicit ParticleLaw(ParticleFilter filter) : filter_(std::move(filter)) {}
  Filter& filter() override { return filter_; }
  Points density_draws(const Points& draws, std::uint64_t seed) const override {
    return filter_.sample_density(draws.rows(), seed);
  }

 private:
  ParticleFilter filter_;
};

/// Particles with values, whose density is one of weighted kernels.
class ProximalLaw final : public EvolvingLaw {
 public:
  explicit ProximalLaw(ProximalRecursion filter) : filter_(std::move(filter)) {}
  Filter& filter() override { return filter_; }
  Points density_draws(const Points& draws, std::uint64_t seed) const override {
    return filter_.law().sample_density(draws.rows(), seed);
  }

 private:
  ProximalRecursion filter_;
};

std::unique_ptr<EvolvingLaw> make_jko(const Model& model, const JkoOptions& jko, double, std::uint64_t seed) {
  JkoOptions options = jko;
  options.seed = seed;
  options.engine = engine_in_use();
  return std::make_unique<FilterLaw<JkoFilter>>(JkoFilter(model, options));
}

template <Index kParticles>
std::unique_ptr<EvolvingLaw> make_particles(const Model& model, const JkoOptions&, double euler_step,
                                            std::uint64_t seed) {
  ParticleOptions options;
  options.particles = kParticles;
  options.step = euler_step;
  options.integrator = Integrator::euler_maruyama;
  options.seed = seed;
  return std::make_unique<ParticleLaw>(ParticleFilter(model, options));
}

std::unique_ptr<EvolvingLaw> make_proximal(const Model& model, const JkoOptions&, double euler_step,
                                           std::uint64_t seed) {
  ProximalOptions options;
  options.particles = 1000;
  options.step = euler_step;
  options.seed = seed;
  return std::make_unique<ProximalLaw>(ProximalRecursion(model, options));
}

// Measured on one core. In the plane and below, kernels are summed on a grid.
double jko_cost(Index d) { return 1.0 + 0.0045 * static_cast<double>(d * d * d); }
template <Index kParticles>
double particle_cost(Index d) {
  return d <= 2 ? 2.0 : 0.6 + 1e-5 * static_cast<double>(d * kParticles);
}

double proximal_cost(Index) { return 20.0; }

}  // namespace

const std::vector<EvolvingMethod>& evolving_methods() {
  static const std::vector<EvolvingMethod> kMethods = {
      {"jko", "ICNN_jko", "#e8590c", jko_cost, make_jko},
      {"particles_1000", "EM_sim_1000", "#0c8599", particle_cost<1000>, make_particles<1000>},
      {"particles_10000", "EM_sim_10000", "#1971c2", particle_cost<10000>, make_particles<10000>},
      {"particles_50000", "EM_sim_50000", "#2f9e44", particle_cost<50000>, make_particles<50000>},
      {"prox_1000", "EM_ProxRec_1000", "#c92a2a", proximal_cost, make_proximal},
  };
  return kMethods;
}

const EvolvingMethod& evolving_method(const std::string& name) {
  const auto& methods = evolving_methods();
  const auto found =
      std::find_if(methods.begin(), methods.end(), [&](const EvolvingMethod& method) { return method.name == name; });
  if (found == methods.end()) throw std::out_of_range("no method " + name);
  return *found;
}

}  // namespace jko
