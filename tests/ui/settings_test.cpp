#include "ui/settings.hpp"

#include <cstdlib>
#include <filesystem>
#include <limits>
#include <string>

#include "tests/src/temporary_folder.hpp"
#include "tests/test.hpp"

using jko::test::TemporaryFolder;
using jko::ui::Settings;

namespace {

// Sets a variable of the environment for as long as it lives; null unsets it.
class Environment {
 public:
  Environment(const char* name, const char* value) : name_(name) {
    const char* before = std::getenv(name);
    had_ = before != nullptr;
    if (had_) before_ = before;
    value ? setenv(name, value, 1) : unsetenv(name);
  }
  ~Environment() { had_ ? setenv(name_, before_.c_str(), 1) : unsetenv(name_); }

 private:
  const char* name_;
  bool had_;
  std::string before_;
};

void check_sane(const Settings& settings) {
  CHECK((settings.scale == 0.0f || (settings.scale >= 0.5f && settings.scale <= 4.0f)));
  CHECK(settings.history >= 100);
  CHECK(settings.history <= 1'000'000);
  CHECK(settings.width >= 200);
  CHECK(settings.width <= 16'384);
  CHECK(settings.height >= 150);
  CHECK(settings.height <= 16'384);
}

}  // namespace

TEST_CASE("Settings are the same after they were saved and loaded") {
  const TemporaryFolder folder;
  Settings settings;
  settings.light = true;
  settings.scale = 1.5f;
  settings.history = 5000;
  settings.width = 1920;
  settings.height = 1080;
  settings.layout = {{"split", 0.25f}, {"log closed", 1.0f}};
  const std::string file = folder.path("new/folders/window.json");
  REQUIRE(settings.save(file).empty());
  std::string problem = "unchanged";
  const Settings back = Settings::load(file, &problem);
  CHECK(problem.empty());
  CHECK(back.light);
  CHECK(back.scale == 1.5f);
  CHECK(back.history == 5000);
  CHECK(back.width == 1920);
  CHECK(back.height == 1080);
  CHECK(back.layout == settings.layout);
}

TEST_CASE("Settings without a file are the defaults, and that is no problem") {
  const TemporaryFolder folder;
  std::string problem;
  for (const std::string& file : {std::string(), folder.path("none.json")}) {
    const Settings settings = Settings::load(file, &problem);
    CHECK(problem.empty());
    CHECK(settings.width == Settings().width);
  }
}

TEST_CASE("Settings are sane whatever their file holds, and what was wrong with it is said in one line") {
  const TemporaryFolder folder;
  const std::string text =
      GENERATE(as<std::string>{}, "", "{", "null", "[1, 2]", "\"text\"", "{\"light\": 3}", "{\"scale\": \"big\"}",
               "{\"width\": null}", "{\"width\": [[[]]]}", "{\"layout\": 1}", "{\"layout\": {\"a\": \"b\"}}",
               "\xff\xfe{}", std::string(100'000, '['), std::string(2'000'000, ' '));
  std::string problem;
  check_sane(Settings::load(folder.file("window.json", text), &problem));
  CHECK(!problem.empty());
  CHECK(problem.find('\n') == std::string::npos);
  CHECK(problem.find("window.json") != std::string::npos);
}

TEST_CASE("Settings out of range are brought into it") {
  const TemporaryFolder folder;
  const std::string text =
      GENERATE(as<std::string>{}, "{\"scale\": 1e300, \"width\": 1e300, \"height\": -1e300, \"history\": 1e300}",
               "{\"scale\": -1, \"width\": 0, \"height\": 0, \"history\": -5}",
               "{\"scale\": 0.01, \"width\": 99999999999999999999, \"height\": 18446744073709551615, \"history\": 0}",
               "{\"layout\": {\"a\": 1e300, \"b\": -1e300}}", "{\"unknown\": {\"key\": 1}} // a comment");
  std::string problem;
  const Settings settings = Settings::load(folder.file("window.json", text), &problem);
  CHECK(problem.empty());
  check_sane(settings);
  for (const auto& [name, value] : settings.layout) CHECK(std::abs(value) <= 1e4f);
}

TEST_CASE("One wrong setting does not cost the others") {
  const TemporaryFolder folder;
  const Settings settings = Settings::load(
      folder.file("window.json", R"({"light": true, "scale": "large", "width": 800, "layout": {"a": 0.5, "b": []}})"));
  CHECK(settings.light);
  CHECK(settings.scale == 0.0f);
  CHECK(settings.width == 800);
  CHECK(settings.layout == std::map<std::string, float>{{"a", 0.5f}});
}

TEST_CASE("Settings that are no numbers or names that are no UTF-8 can be saved") {
  const TemporaryFolder folder;
  Settings settings;
  settings.scale = std::numeric_limits<float>::quiet_NaN();
  settings.layout = {{"a", std::numeric_limits<float>::infinity()}, {"b\xff", 0.5f}};
  REQUIRE(settings.save(folder.path("window.json")).empty());
  std::string problem;
  const Settings back = Settings::load(folder.path("window.json"), &problem);
  CHECK(problem.empty());
  CHECK(back.scale == 0.0f);
  CHECK(back.layout.size() == 1);
}

TEST_CASE("Settings that cannot be saved say so and leave nothing behind") {
  const TemporaryFolder folder;
  folder.file("in the way", "");
  CHECK(!Settings().save(folder.path("in the way/window.json")).empty());
  std::filesystem::create_directory(folder.path("window.json"));
  CHECK(!Settings().save(folder.path("window.json")).empty());
  std::string problem;
  check_sane(Settings::load(folder.path("window.json"), &problem));
  CHECK(!problem.empty());
  int files = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(folder.path(""))) ++files;
  CHECK(files == 2);
}

TEST_CASE("Settings are saved through a link") {
  const TemporaryFolder folder;
  folder.file("elsewhere.json", "{}");
  std::filesystem::create_symlink(folder.path("elsewhere.json"), folder.path("window.json"));
  REQUIRE(Settings().save(folder.path("window.json")).empty());
  CHECK(std::filesystem::is_symlink(folder.path("window.json")));
  CHECK(folder.read("elsewhere.json").find("history") != std::string::npos);
}

TEST_CASE("Settings are kept where the desktop's standard says") {
  const Environment home("HOME", "/home/somebody");
  {
    const Environment own("XDG_CONFIG_HOME", "/elsewhere");
    CHECK(Settings::default_file() == "/elsewhere/jkofilter/window.json");
  }
  {
    const Environment relative("XDG_CONFIG_HOME", "relative");
    CHECK(Settings::default_file() == "/home/somebody/.config/jkofilter/window.json");
  }
  const Environment none("XDG_CONFIG_HOME", nullptr);
  const Environment homeless("HOME", nullptr);
  CHECK(Settings::default_file().empty());
}
