#include "ui/settings.hpp"

#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <type_traits>

namespace jko::ui {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr std::uintmax_t kLargestFile = 1 << 20;
constexpr std::size_t kMostLayout = 1000, kLongestName = 200;
constexpr float kLargestLayout = 1e4f;

// What the window can work with, however the values came about.
void clamp(Settings& settings) {
  if (!std::isfinite(settings.scale) || settings.scale <= 0.0f) settings.scale = 0.0f;
  if (settings.scale > 0.0f) settings.scale = std::clamp(settings.scale, 0.5f, 4.0f);
  settings.history = std::clamp<Index>(settings.history, 100, 1'000'000);
  settings.width = std::clamp(settings.width, 200, 16'384);
  settings.height = std::clamp(settings.height, 150, 16'384);
  for (auto entry = settings.layout.begin(); entry != settings.layout.end();) {
    const bool good = std::isfinite(entry->second) && entry->first.size() <= kLongestName;
    if (good) entry->second = std::clamp(entry->second, -kLargestLayout, kLargestLayout);
    entry = good ? std::next(entry) : settings.layout.erase(entry);
  }
  while (settings.layout.size() > kMostLayout) settings.layout.erase(std::prev(settings.layout.end()));
}

// Reads one value; says the first that is of another type than it should be.
template <typename T>
void read(const json& object, const char* key, T& value, std::string& problem) {
  const auto found = object.find(key);
  if (found == object.end()) return;
  if constexpr (std::is_same_v<T, bool>) {
    if (found->is_boolean()) {
      value = found->template get<bool>();
      return;
    }
  } else if (found->is_number()) {
    // By way of a double: a number that does not fit is clamped, not wrapped.
    const double number = found->template get<double>();
    constexpr double kMost = 1e9;
    value = static_cast<T>(std::clamp(std::isnan(number) ? 0.0 : number, -kMost, kMost));
    return;
  }
  if (problem.empty()) {
    problem = std::string("\"") + key + "\" is not " + (std::is_same_v<T, bool> ? "true or false" : "a number");
  }
}

std::string read_object(const json& object, Settings& settings) {
  if (!object.is_object()) return "not a JSON object";
  std::string problem;
  read(object, "light", settings.light, problem);
  read(object, "scale", settings.scale, problem);
  read(object, "history", settings.history, problem);
  read(object, "width", settings.width, problem);
  read(object, "height", settings.height, problem);
  const auto layout = object.find("layout");
  if (layout == object.end()) return problem;
  if (!layout->is_object()) return problem.empty() ? "\"layout\" is not an object" : problem;
  for (const auto& [name, value] : layout->items()) {
    if (value.is_number()) {
      settings.layout[name] = static_cast<float>(std::clamp(value.get<double>(), -1e9, 1e9));
    } else if (problem.empty()) {
      problem = "\"layout\" holds what is not a number";
    }
  }
  return problem;
}

std::string load_into(Settings& settings, const std::string& file) {
  std::error_code error;
  const fs::file_status status = fs::status(file, error);
  if (!fs::exists(status)) return "";  // the first run
  if (!fs::is_regular_file(status)) return "not a file";
  const std::uintmax_t size = fs::file_size(file, error);
  if (error) return error.message();
  if (size > kLargestFile) return "larger than a megabyte";
  std::ifstream stream(file, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(stream), {}};
  if (!stream.is_open() || stream.bad()) return "cannot be read";
  const json object = json::parse(text, nullptr, /*allow_exceptions=*/false, /*ignore_comments=*/true);
  if (object.is_discarded()) return "not JSON";
  return read_object(object, settings);
}

}  // namespace

Settings Settings::load(const std::string& file, std::string* problem) {
  Settings settings;
  const std::string what = file.empty() ? "" : load_into(settings, file);
  clamp(settings);
  if (problem) *problem = what.empty() ? "" : file + ": " + what;
  return settings;
}

std::string Settings::save(const std::string& file) const {
  Settings sane = *this;
  clamp(sane);
  json object;
  object["light"] = sane.light;
  object["scale"] = sane.scale;
  object["history"] = sane.history;
  object["width"] = sane.width;
  object["height"] = sane.height;
  object["layout"] = sane.layout;
  // Names that are no UTF-8 are mended rather than thrown over.
  const std::string text = object.dump(2, ' ', false, json::error_handler_t::replace) + "\n";

  std::error_code error;
  // Through a link, as people keep their configuration elsewhere.
  fs::path target = fs::weakly_canonical(file, error);
  if (error) target = file;
  if (target.has_parent_path()) fs::create_directories(target.parent_path(), error);
  if (error) return target.parent_path().string() + ": " + error.message();
  // Another program that saves at the same time must not write into the same file.
  const fs::path temporary = target.string() + "." + std::to_string(getpid()) + ".tmp";
  {
    std::ofstream stream(temporary, std::ios::binary | std::ios::trunc);
    stream << text;
    stream.close();
    if (!stream) {
      fs::remove(temporary, error);
      return file + ": cannot be written";
    }
  }
  fs::rename(temporary, target, error);
  if (!error) return "";
  const std::string what = error.message();
  fs::remove(temporary, error);
  return file + ": " + what;
}

std::string Settings::default_file() {
  // By the XDG base directory specification a relative path is to be ignored.
  const char* configuration = std::getenv("XDG_CONFIG_HOME");
  if (configuration && configuration[0] == '/') return std::string(configuration) + "/jkofilter/window.json";
  const char* home = std::getenv("HOME");
  return home && home[0] == '/' ? std::string(home) + "/.config/jkofilter/window.json" : "";
}

}  // namespace jko::ui
