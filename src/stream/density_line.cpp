#include "src/stream/density_line.hpp"

#include <stdexcept>

#include "src/report.hpp"

namespace jko {

nlohmann::ordered_json density_line(const Filter& filter, const DensityGrid& grid) {
  const Vector axis = Vector::LinSpaced(grid.count, grid.low, grid.high);
  nlohmann::ordered_json json{
      {"type", "density"}, {"time", filter.time()}, {"low", grid.low}, {"high", grid.high}, {"pdf", nullptr}};
  if (filter.dimension() == 1) {
    json["pdf"] = to_json(Vector(filter.log_density(axis).array().exp()));
  } else if (filter.dimension() == 2) {
    Matrix pdf(grid.count, grid.count);
    Points points(grid.count, 2);
    points.col(1) = axis;
    for (Index i = 0; i < grid.count; ++i) {
      points.col(0).setConstant(axis[i]);
      pdf.row(i) = filter.log_density(points).array().exp().transpose();
    }
    json["pdf"] = to_json(pdf);
  } else {
    throw std::invalid_argument("density snapshots need a state of 1 or 2 dimensions");
  }
  return json;
}

Index most_density_points(Index dimension) { return dimension == 1 ? 10'000 : 300; }

}  // namespace jko
