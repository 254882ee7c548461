// Filters a recording: a particle in a parabola with many wells, dX = -∇Φ(X) dt + sqrt(2) dW with
// Φ(x) = sin(2πx)/π + x²/4, is seen every half a second through unit noise.
//
//     filter_recording data/sine_well.csv
//
// Prints, after each observation, what is known of where the particle is.
#include <cmath>
#include <cstdio>
#include <fstream>
#include <jko/jko.hpp>
#include <memory>

int main(int argc, char** argv) {
  if (argc != 2) return std::fprintf(stderr, "usage: filter_recording FILE\n"), 2;

  // The model: potential, inverse temperature β, initial law, likelihood.
  const jko::Matrix one = jko::Matrix::Identity(1, 1);
  const jko::Model model{std::make_shared<jko::SineWell>(1), 1.0, jko::GaussianMixture::standard(1),
                         std::make_shared<jko::LinearGaussian>(one, one)};
  // The filter.
  jko::JkoFilter filter(model, jko::JkoOptions{});

  // The recording: a header, then a time and a value a line.
  std::ifstream file(argv[1]);
  std::string header;
  std::getline(file, header);
  double t, y, log_evidence = 0.0;
  char comma;
  std::puts("     t       y     mean      sd    [90 % of the law]");
  while (file >> t >> comma >> y) {
    filter.predict(t);                                                           // the law of X(t) before …
    const jko::UpdateSummary seen = filter.update(jko::Vector::Constant(1, y));  // … and after y was seen
    log_evidence += seen.log_evidence_increment;
    const jko::Matrix band = filter.quantiles({0.05, 0.95});
    std::printf("%6.2f  %6.2f  %7.4f  %6.4f  [%.3f, %.3f]\n", t, y, filter.mean()(0),
                std::sqrt(filter.covariance()(0, 0)), band(0, 0), band(1, 0));
  }
  std::printf("log evidence %.4f\n", log_evidence);
}
