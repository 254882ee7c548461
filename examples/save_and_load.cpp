// Saves a filter's state, loads it into another one, and goes on: to the last bit as if nothing had happened.
#include <cstdio>
#include <fstream>
#include <jko/jko.hpp>
#include <memory>

int main() {
  const jko::Matrix one = jko::Matrix::Identity(1, 1);
  const jko::Model model{std::make_shared<jko::SineWell>(1), 1.0, jko::GaussianMixture::standard(1),
                         std::make_shared<jko::LinearGaussian>(one, one)};
  const auto observe = [](jko::JkoFilter& filter, double t, double y) {
    filter.predict(t);
    filter.update(jko::Vector::Constant(1, y));
  };

  jko::JkoFilter filter(model, jko::JkoOptions{});
  observe(filter, 0.5, 0.6);
  observe(filter, 1.0, 1.1);
  {
    std::ofstream file("filter.state", std::ios::binary);
    filter.save(file);
  }

  // Elsewhere, or later: the same model and options, and what was saved.
  jko::JkoFilter again(model, jko::JkoOptions{});
  std::ifstream file("filter.state", std::ios::binary);
  again.load(file);
  std::printf("loaded at t = %.1f, mean %.6f\n", again.time(), again.mean()(0));

  observe(filter, 1.5, 0.9);
  observe(again, 1.5, 0.9);
  const bool same = filter.mean() == again.mean() && filter.covariance() == again.covariance();
  std::printf("at t = %.1f both have mean %.6f; to the last bit the same: %s\n", again.time(), again.mean()(0),
              same ? "yes" : "no");
  return same ? 0 : 1;
}
