#include "src/live/checkpoint.hpp"

#include <stdexcept>

#include "src/atomic_file.hpp"
#include "src/error.hpp"
#include "src/sealed_file.hpp"
#include "src/state_codec.hpp"

namespace jko {
namespace {

constexpr SealedKind kCheckpoint{"checkpoint", 1};

}  // namespace

std::string encode_checkpoint(const LiveState& state) { return sealed(kCheckpoint, cbor_of(encode_state(state))); }

LiveState decode_checkpoint(std::string_view content, const std::string& name) {
  const std::string_view payload = unsealed(kCheckpoint, content, name);
  LiveState state;
  try {
    decode_state(tree_from_cbor({payload.begin(), payload.end()}), state);
  } catch (const std::exception& error) {
    throw InputError(name, 0, "", std::string("cannot be used: ") + error.what());
  }
  return state;
}

void write_checkpoint_file(const std::string& file, const LiveState& state) {
  write_atomically(file, encode_checkpoint(state));
}

LiveState read_checkpoint_file(const std::string& file) {
  return decode_checkpoint(read_sealed_file(kCheckpoint, file), file);
}

}  // namespace jko
