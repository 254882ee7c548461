#include "ui/png.hpp"

#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-function"
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"
#pragma GCC diagnostic ignored "-Wsign-compare"
#define STB_IMAGE_STATIC
#define STB_IMAGE_IMPLEMENTATION
#define STBI_ONLY_PNG
#include <stb/stb_image.h>
#define STB_IMAGE_WRITE_STATIC
#define STB_IMAGE_WRITE_IMPLEMENTATION
#include <stb/stb_image_write.h>
#pragma GCC diagnostic pop

namespace jko::ui {
namespace {

void append(void* to, void* data, int size) {
  static_cast<std::string*>(to)->append(static_cast<const char*>(data), static_cast<std::size_t>(size));
}

}  // namespace

std::string write_png(const std::string& file, const Pixels& pixels) {
  const std::size_t count = static_cast<std::size_t>(pixels.width) * static_cast<std::size_t>(pixels.height);
  if (pixels.width < 1 || pixels.height < 1 || pixels.rgba.size() != count) return file + ": a picture without pixels";
  std::string bytes;
  if (!stbi_write_png_to_func(append, &bytes, pixels.width, pixels.height, 4, pixels.rgba.data(), 4 * pixels.width)) {
    return file + ": the picture cannot be compressed";
  }
  const std::string temporary = file + ".tmp";
  std::ofstream stream(temporary, std::ios::binary | std::ios::trunc);
  stream.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  stream.close();
  std::error_code error;
  if (!stream) {
    std::filesystem::remove(temporary, error);
    return file + ": cannot be written";
  }
  std::filesystem::rename(temporary, file, error);
  if (!error) return "";
  const std::string what = error.message();
  std::filesystem::remove(temporary, error);
  return file + ": " + what;
}

Pixels read_png(const std::string& file, std::string* problem) {
  if (problem) problem->clear();
  std::ifstream stream(file, std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(stream), {}};
  Pixels pixels;
  int channels = 0;
  const std::unique_ptr<stbi_uc, void (*)(void*)> data(
      stbi_load_from_memory(reinterpret_cast<const stbi_uc*>(bytes.data()), static_cast<int>(bytes.size()),
                            &pixels.width, &pixels.height, &channels, 4),
      stbi_image_free);
  if (!data) {
    if (problem) *problem = file + ": " + (stream.is_open() ? stbi_failure_reason() : "cannot be read");
    return {};
  }
  pixels.rgba.resize(static_cast<std::size_t>(pixels.width) * static_cast<std::size_t>(pixels.height));
  std::memcpy(pixels.rgba.data(), data.get(), 4 * pixels.rgba.size());
  return pixels;
}

}  // namespace jko::ui
