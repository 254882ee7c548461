#pragma once
/// A filter's state (jko_state.hpp) as bytes: JkoFilter::save() and load().
///
///     "JKOSTATE", form (4 bytes), length of what follows the checksum (8), CRC-32 of it (4), then each entry of the
///     state in the order of its visit(): length of the name (1), name, value
///
/// Numbers are those of a little-endian processor. An array is its rows (8), its columns (8), and its numbers, column
/// by column; a list is its length (8) and its elements.

#include <iosfwd>

#include "filter/jko_state.hpp"

namespace jko {

/// Throws std::runtime_error if the stream takes no more.
void write_state(std::ostream& out, JkoState state);

/// Throws std::invalid_argument, in one line, if that is not what follows in the stream. What is claimed to be large is
/// believed only as far as there are bytes.
JkoState read_state(std::istream& in);

}  // namespace jko
