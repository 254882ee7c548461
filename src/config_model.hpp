#pragma once
/// The parts of a model by their names in a config. To add a potential or an observation model, write its class in
/// filter/model/ and one entry in the table of config_model.cpp.

#include <memory>
#include <string>
#include <vector>

#include "jko/model.hpp"
#include "src/config_reader.hpp"

namespace jko {

constexpr Index kLargestDimension = 64;

/// Φ of the section `potential`.
std::shared_ptr<const Potential> read_potential(const ConfigReader& section, Index dimension);

/// ρ0 of the section `initial`.
GaussianMixture read_initial(const ConfigReader& section, Index dimension);

/// g of the section `observation`; `columns` are the names of its values, empty if the config does not say.
std::shared_ptr<const ObservationModel> read_observation(const ConfigReader& section, Index dimension,
                                                         const std::vector<std::string>& columns);

}  // namespace jko
