#include "src/density_file.hpp"

#include <spdlog/fmt/fmt.h>

#include <boost/algorithm/string/classification.hpp>
#include <boost/algorithm/string/split.hpp>
#include <cmath>
#include <fstream>
#include <stdexcept>

#include "src/timestamp.hpp"

namespace jko {

DensityGrid DensityGrid::parse(const std::string& text) {
  constexpr double kMostPoints = 100'000;
  std::vector<std::string> parts;
  boost::split(parts, text, boost::is_any_of(":"));
  std::vector<double> numbers;
  for (const std::string& part : parts) numbers.push_back(parse_number(part).value_or(std::nan("")));
  const bool good = numbers.size() == 3 && numbers[0] < numbers[1] && numbers[2] >= 2 && numbers[2] <= kMostPoints &&
                    numbers[2] == std::floor(numbers[2]);
  if (!good) {
    throw std::invalid_argument("expected LO:HI:N with LO < HI and N from 2 to 100000, found '" + text + "'");
  }
  return {numbers[0], numbers[1], static_cast<Index>(numbers[2])};
}

void write_density(const std::string& file, const Filter& filter, const DensityGrid& grid) {
  std::ofstream out(file);
  const Vector axis = Vector::LinSpaced(grid.count, grid.low, grid.high);
  const double time = filter.time();
  if (filter.dimension() == 1) {
    const Vector log_density = filter.log_density(axis);
    out << "time,x,pdf\n";
    for (Index i = 0; i < grid.count; ++i) out << fmt::format("{},{},{}\n", time, axis[i], std::exp(log_density[i]));
  } else if (filter.dimension() == 2) {
    out << "time,x,y,pdf\n";
    Points points(grid.count, 2);
    for (Index i = 0; i < grid.count; ++i) {  // a line of the grid at a time, in bounded memory
      points.col(0).setConstant(axis[i]);
      points.col(1) = axis;
      const Vector log_density = filter.log_density(points);
      for (Index j = 0; j < grid.count; ++j) {
        out << fmt::format("{},{},{},{}\n", time, axis[i], axis[j], std::exp(log_density[j]));
      }
    }
  } else {
    throw std::invalid_argument("a density is written in 1 or 2 dimensions only");
  }
  out.close();
  if (!out) throw std::runtime_error("cannot write " + file);
}

}  // namespace jko
