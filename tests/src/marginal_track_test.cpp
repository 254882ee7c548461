#include "src/marginal_track.hpp"

#include <cmath>

#include "tests/src/moving_gaussian.hpp"
#include "tests/test.hpp"

using namespace jko;
using jko::test::MovingGaussian;

namespace {

double normal_density(double x) { return std::exp(-0.5 * x * x) / std::sqrt(2.0 * M_PI); }

Vector point(Index dimension, double value) { return Vector::Constant(dimension, value); }

}  // namespace

TEST_CASE("the raster of a track is its density, in one dimension and in more") {
  for (const Index dimension : {1, 3}) {
    CAPTURE(dimension);
    MovingGaussian filter(point(dimension, 0.5));
    MarginalTrack track(dimension - 1);
    track.add(filter, 0, false);
    filter.predict(1.0);
    track.add(filter, 1, false);

    const Index rows = 120;
    const Matrix density = track.raster(0.0, 1.0, 3, -3.5, 4.5, rows);
    const double cell = 8.0 / rows;
    for (Index j = 0; j < 3; ++j) {
      CHECK(density.col(j).sum() * cell == Approx(1.0).margin(0.01));
      for (Index i = 0; i < rows; i += 7) {
        CHECK(density(i, j) == Approx(normal_density(-3.5 + (i + 0.5) * cell - 0.5)).margin(0.02));
      }
    }
  }
}

TEST_CASE("between two laws the mass moves: a Gaussian half way is that Gaussian, shifted half way") {
  MovingGaussian filter(point(1, -4.0));
  MarginalTrack track(0);
  track.add(filter, 0, false);
  filter.move_to(2.0, point(1, 4.0));
  track.add(filter, 1, false);
  const Matrix density = track.raster(0.0, 2.0, 1, -8.0, 8.0, 160);  // one column, its middle at t = 1
  for (Index i = 0; i < 160; i += 5)
    CHECK(density(i, 0) == Approx(normal_density(-8.0 + (i + 0.5) * 0.1)).margin(0.02));
}

TEST_CASE("a track of a long recording stays bounded and still covers it evenly") {
  MovingGaussian filter(point(1, 0.0));
  MarginalTrack track(0);
  for (Index stage = 0; stage < 5000; ++stage) {
    filter.predict(static_cast<double>(stage));
    track.add(filter, stage, false);
  }
  CHECK(track.laws().size() <= 400);
  CHECK(track.laws().size() > 200);
  double longest = 0.0;
  for (std::size_t i = 1; i < track.laws().size(); ++i) {
    longest = std::max(longest, track.laws()[i].time - track.laws()[i - 1].time);
  }
  CHECK(longest <= 32.0);
  CHECK(track.laws().front().time == 0.0);
  CHECK(track.laws().back().time >= 5000.0 - 32.0);
}
