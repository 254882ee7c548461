#include "ui/contours.hpp"

#include <cmath>
#include <limits>

#include "tests/test.hpp"

using namespace jko;
using namespace jko::ui;

namespace {

template <typename F>
SampledField sample(F f, Index columns, Index rows, double low, double high) {
  SampledField field;
  field.x_low = field.y_low = low;
  field.x_high = field.y_high = high;
  field.columns = columns, field.rows = rows;
  for (Index row = 0; row < rows; ++row) {
    for (Index column = 0; column < columns; ++column) {
      const double x = low + (high - low) * double(column) / double(columns - 1);
      const double y = low + (high - low) * double(row) / double(rows - 1);
      field.values.push_back(float(f(x, y)));
    }
  }
  return field;
}

double length(const ContourLines& lines) {
  double sum = 0.0;
  for (std::size_t i = 0; i + 1 < lines.x.size(); i += 2) {
    sum += std::hypot(lines.x[i + 1] - lines.x[i], lines.y[i + 1] - lines.y[i]);
  }
  return sum;
}

}  // namespace

TEST_CASE("The contour of a paraboloid is a circle of the right length") {
  const SampledField field = sample([](double x, double y) { return x * x + y * y; }, 161, 121, -1.5, 1.5);
  ContourLines lines;
  add_contour(field, 0.81f, lines);
  REQUIRE(lines.x.size() == lines.y.size());
  REQUIRE(lines.x.size() > 100);
  double farthest = 0.0;
  for (std::size_t i = 0; i < lines.x.size(); ++i) {
    farthest = std::max(farthest, std::abs(std::hypot(lines.x[i], lines.y[i]) - 0.9));
  }
  // Linear interpolation is wrong by at most h²/8 times the second derivative, over the slope.
  CHECK(farthest < 1.1 * 0.025 * 0.025 / 8.0 * 2.0 / 1.2);
  CHECK(length(lines) == Approx(2.0 * M_PI * 0.9).epsilon(1e-3));
}

TEST_CASE("The contour of a plane is exact, and not square fields keep x and y apart") {
  SampledField field;
  field.x_low = 2.0, field.x_high = 6.0, field.y_low = -1.0, field.y_high = 1.0;
  field.columns = 5, field.rows = 3;
  for (Index row = 0; row < 3; ++row) {
    for (Index column = 0; column < 5; ++column) field.values.push_back(float(2 + column));  // x
  }
  ContourLines lines;
  add_contour(field, 3.25f, lines);
  REQUIRE(lines.x.size() == 4);
  for (const double x : lines.x) CHECK(x == Approx(3.25));
  CHECK(length(lines) == Approx(2.0));
}

TEST_CASE("Segments of a closed contour join: every end is there twice") {
  const SampledField field =
      sample([](double x, double y) { return std::sin(3.0 * x) * std::cos(2.0 * y) + 0.1 * x; }, 64, 64, -1.0, 1.0);
  ContourLines lines;
  add_contour(field, 0.2f, lines);
  REQUIRE(lines.x.size() > 20);
  int loose = 0;
  for (std::size_t i = 0; i < lines.x.size(); ++i) {
    int same = 0;
    for (std::size_t j = 0; j < lines.x.size(); ++j) {
      same += std::hypot(lines.x[i] - lines.x[j], lines.y[i] - lines.y[j]) < 1e-9;
    }
    const bool border = std::max(std::abs(lines.x[i]), std::abs(lines.y[i])) > 1.0 - 1e-9;
    loose += same != 2 && !border;
  }
  CHECK(loose == 0);
}

TEST_CASE("A saddle's corners are joined if the middle of the cell is inside") {
  SampledField field;
  field.x_high = field.y_high = 1.0;
  field.columns = field.rows = 2;
  const auto side_of_middle = [&](std::vector<float> values) {
    field.values = std::move(values);
    ContourLines lines;
    add_contour(field, 0.5f, lines);
    REQUIRE(lines.x.size() == 4);
    // Joined, the segments cut off the corners that are outside: (1, 0) and (0, 1). Else (0, 0) and (1, 1).
    const double mx = 0.5 * (lines.x[0] + lines.x[1]), my = 0.5 * (lines.y[0] + lines.y[1]);
    return (mx - 0.5) * (my - 0.5);
  };
  CHECK(side_of_middle({1.0f, 0.2f, 0.2f, 1.0f}) < 0.0);
  CHECK(side_of_middle({0.8f, 0.0f, 0.0f, 0.8f}) > 0.0);
  CHECK(side_of_middle({0.2f, 1.0f, 1.0f, 0.2f}) > 0.0);
  CHECK(side_of_middle({0.0f, 0.8f, 0.8f, 0.0f}) < 0.0);
}

TEST_CASE("Contours leave out what is not a number and fields without cells") {
  ContourLines lines;
  add_contour(SampledField{}, 0.5f, lines);
  CHECK(lines.x.empty());
  SampledField field = sample([](double x, double) { return x; }, 3, 3, 0.0, 1.0);
  field.values[4] = std::numeric_limits<float>::quiet_NaN();  // the middle: of every cell
  add_contour(field, 0.3f, lines);
  CHECK(lines.x.empty());
}
