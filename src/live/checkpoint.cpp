#include "src/live/checkpoint.hpp"

#include <spdlog/fmt/fmt.h>

#include <boost/crc.hpp>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <stdexcept>

#include "src/atomic_file.hpp"
#include "src/error.hpp"
#include "src/live/state_codec.hpp"

namespace jko {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kMagic = "jkofilter checkpoint ";
constexpr int kForm = 1;
constexpr std::size_t kLargest = std::size_t{1} << 30;

std::uint32_t crc_of(std::string_view bytes) {
  boost::crc_32_type crc;
  crc.process_bytes(bytes.data(), bytes.size());
  return crc.checksum();
}

std::string head_of(int form, unsigned long long size, std::uint32_t crc) {
  return fmt::format("{}{} {} {:08x}", kMagic, form, size, crc);
}

}  // namespace

std::string encode_checkpoint(const LiveState& state) {
  const std::vector<std::uint8_t> cbor = nlohmann::json::to_cbor(encode_state(state));
  const std::string_view payload(reinterpret_cast<const char*>(cbor.data()), cbor.size());
  return head_of(kForm, payload.size(), crc_of(payload)).append(1, '\n').append(payload);
}

LiveState decode_checkpoint(std::string_view content, const std::string& name) {
  const std::size_t end = content.substr(0, 100).find('\n');
  const std::string head(content.substr(0, end == std::string_view::npos ? 0 : end));
  if (head.compare(0, kMagic.size(), kMagic) != 0) throw InputError(name, 0, "", "is no checkpoint of jkofilter");
  int form = 0;
  unsigned long long size = 0;
  unsigned crc = 0;
  if (std::sscanf(head.c_str() + kMagic.size(), "%9d %19llu %8x", &form, &size, &crc) != 3) {
    throw InputError(name, 0, "", "is no checkpoint of jkofilter");
  }
  if (form != kForm) {
    throw InputError(name, 0, "",
                     fmt::format("is a checkpoint of form {}, expected {}: of another version", form, kForm));
  }
  const std::string_view payload = content.substr(end + 1);
  if (payload.size() != size) {
    throw InputError(name, 0, "", fmt::format("is torn: {} bytes, expected {}", payload.size(), size));
  }
  // A head that reads the same but is not the one that was written (capitals in the checksum) has been changed too.
  if (crc_of(payload) != crc || head != head_of(form, size, crc))
    throw InputError(name, 0, "", "is corrupt: its checksum is wrong");
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
  std::error_code error;
  if (fs::is_directory(file, error)) throw InputError(file, 0, "", "is a directory, expected a checkpoint");
  std::ifstream stream(file, std::ios::binary | std::ios::ate);
  if (!stream) throw InputError(file, 0, "", std::string("cannot be read: ") + std::strerror(errno));
  const auto size = static_cast<std::streamoff>(stream.tellg());
  if (size < 0 || static_cast<std::size_t>(size) > kLargest)
    throw InputError(file, 0, "", "is no checkpoint: too large");
  std::string content(static_cast<std::size_t>(size), '\0');
  stream.seekg(0);
  stream.read(content.data(), size);
  content.resize(static_cast<std::size_t>(stream.gcount()));
  return decode_checkpoint(content, file);
}

}  // namespace jko
