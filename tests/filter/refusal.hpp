#pragma once
/// What the library says of an argument that it refuses.

#include <stdexcept>
#include <string>

namespace jko {

/// The message of the std::invalid_argument that `make` throws; "" if it throws none.
template <typename Make>
std::string refusal(const Make& make) {
  try {
    make();
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return "";
}

}  // namespace jko
