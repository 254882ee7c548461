#include "src/datasets/generators.hpp"

#include <algorithm>
#include <cmath>

#include "filter/random.hpp"

namespace jko {
namespace {

/// Streams of random numbers, by what they are for.
enum Stream : std::uint64_t { kNoise = 0x6461'7461'0000, kChoices };

/// Uniform numbers on (0, 1), shape (rows, columns).
Matrix random_choices(Index rows, Index columns, std::uint64_t seed) {
  Matrix numbers(rows, columns);
  fill_uniform(seed, Stream::kChoices, numbers);
  return numbers;
}

Points standard_normal(Index rows, Index columns, std::uint64_t seed) {
  Points x(rows, columns);
  fill_standard_normal(seed, Stream::kNoise, x);
  return x;
}

Vector fair_labels(Index rows, std::uint64_t seed) {
  return (random_choices(rows, 1, seed).array() < 0.5).select(Vector::Constant(rows, -1.0), Vector::Ones(rows));
}

constexpr Index kNormFeatures = 20;
const double kNormMean = 2.0 / std::sqrt(20.0);

double triangle(double i, double centre) { return std::max(6.0 - std::abs(i - centre), 0.0); }

}  // namespace

Dataset make_twonorm(Index rows, std::uint64_t seed) {
  Dataset data{"twonorm", standard_normal(rows, kNormFeatures, seed), fair_labels(rows, seed)};
  data.x.colwise() += kNormMean * data.y;
  return data;
}

Dataset make_ringnorm(Index rows, std::uint64_t seed) {
  Dataset data{"ringnorm", standard_normal(rows, kNormFeatures, seed), fair_labels(rows, seed)};
  for (Index i = 0; i < rows; ++i) {
    if (data.y[i] > 0.0) {
      data.x.row(i) *= 2.0;
    } else {
      data.x.row(i).array() += kNormMean;
    }
  }
  return data;
}

Dataset make_waveform(Index rows, std::uint64_t seed) {
  constexpr double kCentres[3][2] = {{7, 15}, {7, 11}, {15, 11}};
  Dataset data{"waveform", standard_normal(rows, 21, seed), Vector(rows)};
  const Matrix uniform = random_choices(rows, 2, seed);
  for (Index k = 0; k < rows; ++k) {
    const auto c = std::min(static_cast<int>(3.0 * uniform(k, 0)), 2);
    const double u = uniform(k, 1);
    for (Index i = 0; i < data.x.cols(); ++i) {
      const auto place = static_cast<double>(i + 1);
      data.x(k, i) += u * triangle(place, kCentres[c][0]) + (1.0 - u) * triangle(place, kCentres[c][1]);
    }
    data.y[k] = c == 1 ? 1.0 : -1.0;
  }
  data.x.rowwise() -= data.x.colwise().mean().eval();
  const Eigen::RowVectorXd variance = data.x.colwise().squaredNorm() / static_cast<double>(rows);
  data.x.array().rowwise() /= variance.array().sqrt();
  return data;
}

Dataset make_covtype_stand_in(Index rows, std::uint64_t seed) {
  constexpr Index kMeasured = 10, kAreas = 4, kSoils = 40;
  Dataset data{"covtype", Points::Zero(rows, kMeasured + kAreas + kSoils), Vector(rows)};
  data.x.leftCols(kMeasured) = standard_normal(rows, kMeasured, seed);
  const Matrix uniform = random_choices(rows, 3, seed);
  const auto one_of = [](double u, Index count) {
    return std::min(static_cast<Index>(u * static_cast<double>(count)), count - 1);
  };
  const Vector slope = Vector::LinSpaced(kMeasured, -0.8, 0.8);
  for (Index k = 0; k < rows; ++k) {
    const Index soil = one_of(uniform(k, 1), kSoils);
    data.x(k, kMeasured + one_of(uniform(k, 0), kAreas)) = 1.0;
    data.x(k, kMeasured + kAreas + soil) = 1.0;
    const double margin = data.x.row(k).head(kMeasured).dot(slope) + (soil % 2 == 0 ? 0.5 : -0.5);
    data.y[k] = uniform(k, 2) < 1.0 / (1.0 + std::exp(-margin)) ? 1.0 : -1.0;
  }
  return data;
}

bool can_generate(const std::string& name) {
  return name == "twonorm" || name == "ringnorm" || name == "waveform" || name == "covtype";
}

std::optional<Dataset> generate_dataset(const std::string& name, std::uint64_t seed) {
  if (name == "twonorm") return make_twonorm(7'400, seed);
  if (name == "ringnorm") return make_ringnorm(7'400, seed);
  if (name == "waveform") return make_waveform(5'000, seed);
  if (name == "covtype") return make_covtype_stand_in(581'012, seed);
  return std::nullopt;
}

}  // namespace jko
