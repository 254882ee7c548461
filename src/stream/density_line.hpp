#pragma once
/// `--density LO:HI:N --every S`: snapshots of the density in a live stream.

#include <nlohmann/json.hpp>

#include "jko/filter.hpp"
#include "src/density_file.hpp"

namespace jko {

/// {"type":"density","time":…,"low":…,"high":…,"pdf":[…]}: the density at grid.count points from low to high; in the
/// plane `pdf` has a row for each x. Throws std::invalid_argument in more than two dimensions.
nlohmann::ordered_json density_line(const Filter& filter, const DensityGrid& grid);

/// As many points as a line may have, on each axis: 10,000, in the plane 300.
Index most_density_points(Index dimension);

}  // namespace jko
