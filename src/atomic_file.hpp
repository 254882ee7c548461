#pragma once
/// A file that is either the old one or the new one, whatever happens while it is written.

#include <string>
#include <string_view>

namespace jko {

/// Writes `<file>.tmp` beside it, waits until the disk has it, and renames it. Throws std::runtime_error with the
/// system's reason if that fails; then the old file, if there was one, is still there.
void write_atomically(const std::string& file, std::string_view content);

}  // namespace jko
