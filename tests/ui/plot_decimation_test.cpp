#include "ui/plot_decimation.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>

#include "tests/test.hpp"

using namespace jko;
using namespace jko::ui;

namespace {

struct NoisySeries {
  std::vector<double> x, y;
  explicit NoisySeries(Index count) : x(std::size_t(count)), y(std::size_t(count)) {
    std::mt19937 random(7);
    std::normal_distribution<double> normal;
    for (std::size_t i = 0; i < x.size(); ++i) x[i] = double(i) / double(count), y[i] = normal(random);
  }
  Series series() const { return {x.data(), y.data(), Index(x.size()), 1}; }
};

bool has(const std::vector<PlotPoint>& points, double x, double y) {
  return std::any_of(points.begin(), points.end(), [&](const PlotPoint& p) { return p.x == x && p.y == y; });
}

}  // namespace

TEST_CASE("Thinning keeps the extremes of every column and no more than the limit") {
  const NoisySeries noise(1'000'000);
  std::vector<PlotPoint> out;
  for (const int columns : {1, 37, 800, 5000}) {
    thin_line(noise.series(), 0.0, 1.0, columns, false, out);
    const int used = std::min(columns, kMostColumns);
    CHECK(Index(out.size()) <= kMostPoints);
    CHECK(out.size() >= std::size_t(2 * used));
    CHECK(std::is_sorted(out.begin(), out.end(), [](const PlotPoint& a, const PlotPoint& b) { return a.x < b.x; }));
    std::vector<double> low(std::size_t(used), 1e9), high(std::size_t(used), -1e9);
    std::vector<double> kept_low = low, kept_high = high;
    // At the columns' borders rounding decides: what is well inside must be there.
    const auto column = [&](double x) {
      const double at = x * used, part = at - std::floor(at);
      return part > 1e-6 && part < 1.0 - 1e-6 ? std::min(used - 1, int(at)) : -1;
    };
    for (std::size_t i = 0; i < noise.x.size(); ++i) {
      const int c = column(noise.x[i]);
      if (c < 0) continue;
      low[std::size_t(c)] = std::min(low[std::size_t(c)], noise.y[i]);
      high[std::size_t(c)] = std::max(high[std::size_t(c)], noise.y[i]);
    }
    for (const PlotPoint& p : out) {
      const std::size_t c = std::size_t(std::min(used - 1, int(p.x * used + 1e-9)));
      kept_low[c] = std::min(kept_low[c], p.y);
      kept_high[c] = std::max(kept_high[c], p.y);
    }
    int lost = 0;
    for (std::size_t c = 0; c < low.size(); ++c) lost += kept_low[c] > low[c] || kept_high[c] < high[c];
    CHECK(lost == 0);
    CHECK(has(out, noise.x.front(), noise.y.front()));
    CHECK(has(out, noise.x.back(), noise.y.back()));
  }
}

TEST_CASE("A single spike among a million points is kept") {
  NoisySeries noise(1'000'000);
  for (double& y : noise.y) y = 0.0;
  noise.y[654'321] = 5.0;
  noise.y[654'322] = -5.0;
  std::vector<PlotPoint> out;
  thin_line(noise.series(), 0.0, 1.0, 600, false, out);
  CHECK(has(out, noise.x[654'321], 5.0));
  CHECK(has(out, noise.x[654'322], -5.0));
}

TEST_CASE("Few points are left as they are, in their order") {
  const double x[] = {0.0, 1.0, 1.0, 0.5, 3.0, 2.0}, y[] = {1.0, 2.0, -1.0, 0.0, 4.0, 5.0};
  std::vector<PlotPoint> out;
  thin_line({x, y, 6, 1}, 0.0, 3.0, 500, false, out);
  REQUIRE(out.size() == 6);
  for (std::size_t i = 0; i < 6; ++i) CHECK((out[i].x == x[i] && out[i].y == y[i]));
}

TEST_CASE("Gaps separate pieces, unless they are narrower than a column") {
  const double x[] = {0.0, 1.0, 2.0, 3.0, 4.0, 4.001, 4.002}, y[] = {kNaN, 1.0, 2.0, kNaN, 4.0, kNaN, 6.0};
  std::vector<PlotPoint> out;
  thin_line({x, y, 7, 1}, 0.0, 5.0, 100, false, out);
  REQUIRE(out.size() == 5);
  CHECK(out[1].y == 2.0);
  CHECK(std::isnan(out[2].y));
  CHECK(out[3].y == 4.0);
  CHECK(out[4].y == 6.0);
}

TEST_CASE("On a logarithmic axis what is not positive is a gap") {
  const double x[] = {0.0, 1.0, 2.0, 3.0}, y[] = {1.0, 0.0, -2.0, 3.0};
  std::vector<PlotPoint> out;
  thin_line({x, y, 4, 1}, 0.0, 3.0, 100, true, out);
  REQUIRE(out.size() == 3);
  CHECK(std::isnan(out[1].y));
}

TEST_CASE("Of what is out of sight the points remain that lines lead in and out by") {
  const NoisySeries noise(100'000);
  std::vector<PlotPoint> out;
  thin_line(noise.series(), 0.50001, 0.50004, 1000, false, out);
  const auto first_inside = std::upper_bound(noise.x.begin(), noise.x.end(), 0.50001) - noise.x.begin();
  CHECK(has(out, noise.x[std::size_t(first_inside - 1)], noise.y[std::size_t(first_inside - 1)]));
  CHECK(has(out, noise.x[std::size_t(first_inside)], noise.y[std::size_t(first_inside)]));
  CHECK(out.size() <= 10);
}

TEST_CASE("Thinning has its limit for gaps everywhere, paths to and fro, strides, and numbers that are none") {
  NoisySeries noise(300'000);
  std::vector<PlotPoint> out;
  for (std::size_t i = 0; i < noise.y.size(); i += 2) noise.y[i] = kNaN;
  thin_line(noise.series(), 0.0, 1.0, 5000, false, out);
  CHECK(Index(out.size()) <= kMostPoints);
  std::shuffle(noise.x.begin(), noise.x.end(), std::mt19937(3));
  thin_line(noise.series(), 0.0, 1.0, 5000, false, out);
  CHECK(Index(out.size()) <= kMostPoints);
  const double pairs[] = {0.0, 10.0, 1.0, 11.0, 2.0, 12.0};
  thin_line({pairs, pairs + 1, 3, 2}, 0.0, 2.0, 100, false, out);
  REQUIRE(out.size() == 3);
  CHECK((out[2].x == 2.0 && out[2].y == 12.0));
  const double bad_x[] = {kNaN, std::numeric_limits<double>::infinity()}, bad_y[] = {1.0, 1.0};
  thin_line({bad_x, bad_y, 2, 1}, 0.0, 1.0, 100, false, out);
  CHECK(out.empty());
  thin_line({}, 0.0, 1.0, 100, false, out);
  CHECK(out.empty());
}

TEST_CASE("The thinned band is the envelope of each column") {
  const NoisySeries noise(200'000);
  std::vector<double> high = noise.y;
  for (double& y : high) y = std::abs(y) + 1.0;
  std::vector<BandPoint> out;
  thin_band(noise.series(), {noise.x.data(), high.data(), Index(high.size()), 1}, 0.0, 1.0, 100, false, out);
  CHECK(out.size() <= 3 * 102);
  double low_kept = 1e9, high_kept = -1e9;
  for (const BandPoint& p : out) low_kept = std::min(low_kept, p.low), high_kept = std::max(high_kept, p.high);
  CHECK(low_kept == *std::min_element(noise.y.begin(), noise.y.end()));
  CHECK(high_kept == *std::max_element(high.begin(), high.end()));
}

TEST_CASE("A cell is taken once") {
  TakenCells cells;
  cells.reset(10.0, 5.0, 1.0);
  CHECK(cells.take(3.2, 4.7));
  CHECK(!cells.take(3.9, 4.1));
  CHECK(cells.take(4.1, 4.1));
  CHECK(!cells.take(-0.1, 0.0));
  CHECK(!cells.take(10.1, 0.0));
  CHECK(!cells.take(kNaN, 0.0));
}
