#include "src/marginal_track.hpp"

#include <algorithm>
#include <cmath>

namespace jko {
namespace {

constexpr int kLevels = 256;
constexpr std::size_t kMostLaws = 400;

/// The levels at which laws are kept, (1 - cos πu) / 2 for u evenly in (0, 1): fine in the middle, finer in the tails.
double quantile_level(Index i) { return 0.5 - 0.5 * std::cos(M_PI * (static_cast<double>(i) + 0.5) / kLevels); }

/// The density of a coordinate on a grid, as wide as the law needs.
struct Profile {
  Vector x, density;
};

Profile exact_profile(const Filter& filter) {
  const Matrix ends = filter.quantiles({0.001, 0.999});
  const double margin = 0.2 * (ends(1, 0) - ends(0, 0)) + 1e-9;
  Profile profile;
  profile.x = Vector::LinSpaced(113, ends(0, 0) - margin, ends(1, 0) + margin);
  profile.density = filter.log_density(profile.x).array().exp();
  return profile;
}

/// The marginal of a law in more dimensions: a Gaussian kernel estimate from evenly spaced quantiles, which are far
/// less noisy than draws, with Silverman's width.
Profile smoothed_profile(const Filter& filter, Index coordinate) {
  std::vector<double> levels(kLevels);
  for (Index i = 0; i < kLevels; ++i) levels[static_cast<std::size_t>(i)] = (static_cast<double>(i) + 0.5) / kLevels;
  const Vector centres = filter.quantiles(levels).col(coordinate);
  const double deviation = std::sqrt((centres.array() - centres.mean()).square().mean());
  const double quartiles = centres[kLevels * 3 / 4] - centres[kLevels / 4];
  const double width = 0.9 * std::min(deviation, quartiles / 1.34) * std::pow(kLevels, -0.2) + 1e-9;
  Profile profile;
  profile.x = Vector::LinSpaced(193, centres.minCoeff() - 3 * width, centres.maxCoeff() + 3 * width);
  profile.density = Vector::Zero(profile.x.size());
  for (const double centre : centres) {
    profile.density.array() += (-0.5 * ((profile.x.array() - centre) / width).square()).exp();
  }
  return profile;
}

Vector quantile_function(const Profile& profile) {
  const Index size = profile.x.size();
  Vector mass = Vector::Zero(size);
  for (Index i = 1; i < size; ++i) mass[i] = mass[i - 1] + 0.5 * (profile.density[i - 1] + profile.density[i]);
  Vector quantile(kLevels);
  Index right = 1;
  for (Index i = 0; i < kLevels; ++i) {
    const double level = quantile_level(i) * mass[size - 1];
    while (right < size - 1 && mass[right] < level) ++right;
    const double step = mass[right] - mass[right - 1];
    const double share = step > 0.0 ? (level - mass[right - 1]) / step : 0.5;
    quantile[i] = profile.x[right - 1] + share * (profile.x[right] - profile.x[right - 1]);
  }
  return quantile;
}

/// Adds the density whose quantile function is `quantile` to a column of the raster.
void deposit(const Vector& quantile, double low, double cell, Eigen::Ref<Vector> column) {
  for (Index i = 0; i + 1 < quantile.size(); ++i) {
    const double from = (quantile[i] - low) / cell, to = std::max((quantile[i + 1] - low) / cell, from + 1e-6);
    const double mass = (quantile_level(i + 1) - quantile_level(i)) / cell;
    const auto first = static_cast<Index>(std::floor(std::clamp(from, 0.0, static_cast<double>(column.size()))));
    const auto last = static_cast<Index>(std::ceil(std::clamp(to, 0.0, static_cast<double>(column.size()))));
    for (Index row = first; row < last; ++row) {
      const double overlap = std::min(to, row + 1.0) - std::max(from, static_cast<double>(row));
      column[row] += mass * std::max(overlap, 0.0) / (to - from);
    }
  }
}

}  // namespace

void MarginalTrack::add(const Filter& filter, Index stage, bool predicted) {
  if (stage % stride_ != 0 || (predicted && stride_ > 1)) return;
  if (laws_.size() == kMostLaws) thin();
  add_always(filter, stage, predicted);
}

void MarginalTrack::add_always(const Filter& filter, Index stage, bool predicted) {
  const Vector quantile =
      quantile_function(filter.dimension() == 1 ? exact_profile(filter) : smoothed_profile(filter, coordinate_));
  const Matrix band = filter.quantiles({0.05, 0.95});
  laws_.push_back({filter.time(), predicted, stage, filter.mean()[coordinate_], band(0, coordinate_),
                   band(1, coordinate_), quantile});
}

void MarginalTrack::thin() {
  stride_ *= 2;
  const auto dropped = [this](const Law& law) { return law.predicted || law.stage % stride_ != 0; };
  laws_.erase(std::remove_if(laws_.begin(), laws_.end(), dropped), laws_.end());
}

std::pair<double, double> MarginalTrack::range() const {
  constexpr Index kTail = 11;  // quantile_level(11) is 0.005
  std::vector<double> lows, highs;
  for (const Law& law : laws_) {
    lows.push_back(law.quantile[kTail]);
    highs.push_back(law.quantile[kLevels - 1 - kTail]);
  }
  std::sort(lows.begin(), lows.end());
  std::sort(highs.begin(), highs.end());
  const std::size_t few = laws_.size() / 200;
  const double low = lows[few], high = highs[highs.size() - 1 - few];
  const double margin = 0.04 * (high - low) + 1e-9;
  return {low - margin, high + margin};
}

Matrix MarginalTrack::raster(double begin, double end, Index columns, double low, double high, Index rows) const {
  Matrix raster = Matrix::Zero(rows, columns);
  const double cell = (high - low) / static_cast<double>(rows);
  std::size_t next = 0;  // the first law after the column's time
  for (Index j = 0; j < columns; ++j) {
    const double time = begin + (end - begin) * (static_cast<double>(j) + 0.5) / static_cast<double>(columns);
    while (next < laws_.size() && laws_[next].time <= time) ++next;
    if (next == 0 || next == laws_.size()) {
      deposit(laws_[next == 0 ? 0 : next - 1].quantile, low, cell, raster.col(j));
      continue;
    }
    const Law &before = laws_[next - 1], &after = laws_[next];
    const double share = (time - before.time) / (after.time - before.time);
    deposit((1.0 - share) * before.quantile + share * after.quantile, low, cell, raster.col(j));
  }
  return raster;
}

}  // namespace jko
