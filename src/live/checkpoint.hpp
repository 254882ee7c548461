#pragma once
/// Checkpoint files: a line that says what it is, length and CRC-32 of what follows, and a LiveState in CBOR. Written
/// so that at any moment, whatever happens, a whole one is there: to a temporary file beside it, fsync, rename, fsync
/// of the folder.
///
///     write_checkpoint_file("run.ckpt", state);
///     LiveState state = read_checkpoint_file("run.ckpt");   // throws InputError

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "src/live/live_state.hpp"

namespace jko {

/// Throws std::runtime_error if the file cannot be written; the former one is still there then.
void write_checkpoint_file(const std::string& file, const LiveState& state);

/// Throws InputError if there is no checkpoint or not a whole one.
LiveState read_checkpoint_file(const std::string& file);

/// The same of a file's content, which errors call `name`.
std::string encode_checkpoint(const LiveState& state);
LiveState decode_checkpoint(std::string_view content, const std::string& name);

}  // namespace jko
