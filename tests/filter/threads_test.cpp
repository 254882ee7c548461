// Results are the same to the last bit on any number of threads: at sizes at which every parallel loop forks.
#include <omp.h>

#include "filter/device/device_engine.hpp"
#include "filter/reference/proximal_recursion.hpp"
#include "jko/jko.hpp"
#include "tests/test.hpp"

using namespace jko;

namespace {

/// So many threads, as long as it lives.
class Threads {
 public:
  explicit Threads(int count) : before_(omp_get_max_threads()) { omp_set_num_threads(count); }
  ~Threads() { omp_set_num_threads(before_); }
  Threads(const Threads&) = delete;
  Threads& operator=(const Threads&) = delete;

 private:
  int before_;
};

/// Neither linear nor symmetric, in any dimension.
Model tilted_wells(Index dimension) {
  const Vector height = Vector::LinSpaced(dimension, 0.6, 1.2), width = Vector::LinSpaced(dimension, 1.3, 0.9);
  Matrix H = Matrix::Identity(dimension, dimension);
  H.row(0).setConstant(0.5);
  return {std::make_shared<DoubleWell>(height, width), 1.5,
          GaussianMixture::gaussian(Vector::Constant(dimension, 0.3), 0.5 * Matrix::Identity(dimension, dimension)),
          std::make_shared<LinearGaussian>(H, 0.5 * Matrix::Identity(dimension, dimension))};
}

/// All that a filter says after a prediction and an observation, in one row of numbers.
Vector all_of(Filter& filter, double t, Index points) {
  const Index d = filter.dimension();
  const PredictSummary predicted = filter.predict(t);
  const UpdateSummary seen = filter.update(Vector::Constant(d, 0.4));
  filter.predict(1.25 * t);
  const Points at = GaussianMixture::standard(d).sample(points, 7, 0), draws = filter.sample(points, 3);
  const Matrix quantiles = filter.quantiles({0.05, 0.5, 0.95});
  Vector all(4 + d + d * d + quantiles.size() + draws.size() + points);
  all << predicted.steps, predicted.iterations, seen.log_evidence_increment, seen.effective_sample_size, filter.mean(),
      filter.covariance().reshaped(), quantiles.reshaped(), draws.reshaped(), filter.log_density(at);
  return all;
}

template <class Make>
void check_threads(const Make& make, double t, Index points, const std::vector<int>& counts = {2, 3}) {
  const auto on = [&](int count) {
    const Threads threads(count);
    return all_of(*make(), t, points);
  };
  const Vector one = on(1);
  REQUIRE(!one.hasNaN());  // a kernel density may be 0 far out
  for (const int count : counts) {
    INFO(count << " threads");
    CHECK((on(count).array() == one.array()).all());
  }
}

JkoOptions options_of(Index nodes, Solver solver, std::vector<Index> widths, int iterations) {
  JkoOptions options;
  options.nodes = nodes;
  options.solver = solver;
  options.widths = std::move(widths);
  options.iterations = iterations;
  options.step = 0.1;
  return options;
}

}  // namespace

TEST_CASE("the filter's law does not depend on the number of threads, in one to four dimensions and twelve",
          "[optimised]") {
  struct Size {
    Index dimension, nodes;
    Solver solver;
    std::vector<Index> widths;
  };
  const std::vector<Size> sizes{{1, 8192, Solver::newton, {72}},      {1, 8192, Solver::lbfgs, {32, 32}},
                                {2, 10000, Solver::newton, {144}},    {3, 8192, Solver::newton, {64}},
                                {3, 8192, Solver::lbfgs, {32, 24}},   {4, 8192, Solver::newton, {48}},
                                {4, 8192, Solver::pooled, {32}},      {12, 16384, Solver::newton, {16}},
                                {12, 16384, Solver::lbfgs, {24, 16}}, {12, 16384, Solver::pooled, {48}}};
  for (const Size& size : sizes) {
    INFO("D = " << size.dimension << ", " << size.nodes << " nodes, solver " << static_cast<int>(size.solver));
    const Model model = tilted_wells(size.dimension);
    const JkoOptions options = options_of(size.nodes, size.solver, size.widths, 2);
    check_threads([&] { return std::make_unique<JkoFilter>(model, options); }, 0.1, 300);
  }
}

TEST_CASE("a step in few nodes does not depend on the number of threads") {
  for (const Index d : {1, 2, 3, 12}) {
    INFO("D = " << d);
    const Model model = tilted_wells(d);
    const JkoOptions options = options_of(600, Solver::automatic, {}, 2);
    check_threads([&] { return std::make_unique<JkoFilter>(model, options); }, 0.1, 100, {3});
  }
}

TEST_CASE("truths and opponents do not depend on the number of threads", "[optimised]") {
  for (const Index d : {1, 2, 3}) {
    INFO("D = " << d);
    const Model model = tilted_wells(d);
    GridOptions grid;
    if (d < 3) check_threads([&] { return grid_filter(model, grid); }, 0.1, 1000);
    ParticleOptions particles;
    particles.particles = 60000;
    check_threads([&] { return particle_filter(model, particles); }, 0.1, 1000);
    AuxiliaryParticleOptions auxiliary;
    auxiliary.particles = 60000;
    check_threads([&] { return auxiliary_particle_filter(model, auxiliary); }, 0.1, 1000);
    EnsembleKalmanOptions ensemble;
    ensemble.members = 60000;
    check_threads([&] { return ensemble_kalman_filter(model, ensemble); }, 0.1, 1000);
    check_threads([&] { return gaussian_sum_filter(model); }, 0.1, 1000);
    check_threads([&] { return unscented_kalman_filter(model); }, 0.1, 1000);
    check_threads([&] { return extended_kalman_filter(model); }, 0.1, 1000);
    ProximalOptions proximal;
    proximal.particles = 500;
    proximal.step = 0.02;
    check_threads([&] { return std::make_unique<ProximalRecursion>(model, proximal); }, 0.1, 500);
  }
}

TEST_CASE("distances of laws do not depend on the number of threads") {
  const Model model = tilted_wells(3);
  const auto on = [&](int count) {
    const Threads threads(count);
    const auto p = particle_filter(model), q = gaussian_sum_filter(model);
    p->predict(0.1);
    q->predict(0.1);
    const Points of_p = p->sample(5000, 1), of_q = q->sample(5000, 2);
    return std::vector<double>{symmetric_kl(*p, *q), symmetric_kl(*p, *q, of_q),
                               symmetric_kl(*p, *q, of_p, of_q).balanced, energy_distance(of_p, of_q)};
  };
  CHECK(on(1) == on(3));
}
