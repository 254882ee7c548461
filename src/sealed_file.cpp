#include "src/sealed_file.hpp"

#include <spdlog/fmt/fmt.h>

#include <boost/crc.hpp>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "src/error.hpp"

namespace jko {
namespace {

constexpr std::size_t kLargestSealedFile = std::size_t{1} << 30;
constexpr std::size_t kLongestHead = 100;

std::uint32_t crc_of(std::string_view bytes) {
  boost::crc_32_type crc;
  crc.process_bytes(bytes.data(), bytes.size());
  return crc.checksum();
}

std::string magic_of(const SealedKind& kind) { return fmt::format("jkofilter {} ", kind.name); }

std::string head_of(const SealedKind& kind, unsigned long long size, std::uint32_t crc) {
  return fmt::format("{}{} {} {:08x}", magic_of(kind), kind.form, size, crc);
}

}  // namespace

std::string sealed(const SealedKind& kind, std::string_view payload) {
  return head_of(kind, payload.size(), crc_of(payload)).append(1, '\n').append(payload);
}

std::string_view unsealed(const SealedKind& kind, std::string_view content, const std::string& name) {
  const auto fail = [&](const std::string& what) { throw InputError(name, 0, "", what); };
  const std::size_t end = content.substr(0, kLongestHead).find('\n');
  const std::string head(content.substr(0, end == std::string_view::npos ? 0 : end)), magic = magic_of(kind);
  int form = 0;
  unsigned long long size = 0;
  unsigned crc = 0;
  if (head.compare(0, magic.size(), magic) != 0 ||
      std::sscanf(head.c_str() + magic.size(), "%9d %19llu %8x", &form, &size, &crc) != 3) {
    fail(fmt::format("is no {} of jkofilter", kind.name));
  }
  if (form != kind.form) {
    fail(fmt::format("is a {} of form {}, expected {}: of another version", kind.name, form, kind.form));
  }
  const std::string_view payload = content.substr(end + 1);
  if (payload.size() != size) fail(fmt::format("is torn: {} bytes, expected {}", payload.size(), size));
  // A head that reads the same but is not the one that was written (capitals in the checksum) has been changed too.
  if (crc_of(payload) != crc || head != head_of(kind, size, crc)) fail("is corrupt: its checksum is wrong");
  return payload;
}

std::string read_sealed_file(const SealedKind& kind, const std::string& file) {
  std::error_code error;
  if (std::filesystem::is_directory(file, error)) {
    throw InputError(file, 0, "", fmt::format("is a directory, expected a {}", kind.name));
  }
  std::ifstream stream(file, std::ios::binary | std::ios::ate);
  if (!stream) throw InputError(file, 0, "", std::string("cannot be read: ") + std::strerror(errno));
  const auto size = static_cast<std::streamoff>(stream.tellg());
  if (size < 0 || static_cast<std::size_t>(size) > kLargestSealedFile) {
    throw InputError(file, 0, "", fmt::format("is no {}: too large", kind.name));
  }
  std::string content(static_cast<std::size_t>(size), '\0');
  stream.seekg(0);
  stream.read(content.data(), size);
  content.resize(static_cast<std::size_t>(stream.gcount()));
  return content;
}

}  // namespace jko
