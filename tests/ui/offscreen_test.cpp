#include "ui/offscreen.hpp"

#include <imgui.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "tests/src/temporary_folder.hpp"
#include "tests/test.hpp"
#include "ui/fonts.hpp"
#include "ui/gl.hpp"
#include "ui/gl_textures.hpp"
#include "ui/png.hpp"

using namespace jko;
using namespace jko::ui;
using jko::test::TemporaryFolder;

namespace {

constexpr std::uint32_t kRed = IM_COL32(255, 0, 0, 255), kGreen = IM_COL32(0, 255, 0, 255),
                        kBlue = IM_COL32(0, 0, 255, 255), kWhite = IM_COL32(255, 255, 255, 255),
                        kBlack = IM_COL32(0, 0, 0, 255);

std::unique_ptr<Offscreen> screen(int width, int height) {
  std::string problem;
  std::unique_ptr<Offscreen> made = Offscreen::make(width, height, &problem);
  INFO(problem);
  REQUIRE(made);
  ImGui::GetStyle().Colors[ImGuiCol_WindowBg] = {0.0f, 0.0f, 0.0f, 1.0f};  // what a frame begins with
  return made;
}

std::uint32_t pixel_at(const Pixels& pixels, int x, int y) {
  return pixels
      .rgba[static_cast<std::size_t>(y) * static_cast<std::size_t>(pixels.width) + static_cast<std::size_t>(x)];
}

}  // namespace

TEST_CASE("What is drawn off-screen lies where it was drawn, the first row on top") {
  const auto [width, height] = GENERATE(std::pair{64, 48}, std::pair{1280, 720}, std::pair{3840, 2160});
  const std::unique_ptr<Offscreen> off = screen(width, height);
  const auto w = static_cast<float>(width), h = static_cast<float>(height);
  off->draw([&] {
    ImDrawList* list = ImGui::GetBackgroundDrawList();
    list->AddRectFilled({0, 0}, {w / 2, h / 2}, kRed);
    list->AddTriangleFilled({w, h}, {w / 2, h}, {w, h / 2}, kGreen);
  });
  const Pixels pixels = off->read();
  REQUIRE(pixels.width == width);
  REQUIRE(pixels.height == height);
  CHECK(pixel_at(pixels, 0, 0) == kRed);
  CHECK(pixel_at(pixels, width / 2 - 2, height / 2 - 2) == kRed);
  CHECK(pixel_at(pixels, width / 2 + 2, height / 2 - 2) == kBlack);
  CHECK(pixel_at(pixels, width - 3, height - 3) == kGreen);
  CHECK(pixel_at(pixels, width / 2 + 4, height / 2 + 4) == kBlack);  // beyond the triangle's long side
  CHECK(pixel_at(pixels, 2, height - 2) == kBlack);
  CHECK(GlErrors().take().empty());
}

TEST_CASE("A picture of one pixel can be drawn") {
  const std::unique_ptr<Offscreen> off = screen(1, 1);
  for (int i = 0; i < 3; ++i) {
    off->draw([] {
      ImGui::GetBackgroundDrawList()->AddRectFilled({0, 0}, {1, 1}, kBlue);
      ImGui::Begin("a window that has no room");
      ImGui::Text("x");
      ImGui::End();
    });
  }
  CHECK(off->read().rgba.size() == 1);
  CHECK(GlErrors().take().empty());
}

TEST_CASE("A picture of an impossible size is refused with its reason") {
  std::string problem;
  CHECK(!Offscreen::make(0, 10, &problem));
  CHECK(!problem.empty());
  CHECK(!Offscreen::make(10'000'000, 10, &problem));
  CHECK(problem.find("10000000") != std::string::npos);
  CHECK(screen(8, 8));  // the failures left nothing behind
}

TEST_CASE("A texture has its first row on top and follows its version") {
  const std::unique_ptr<Offscreen> off = screen(40, 40);
  GlTextures textures;
  const auto show = [&](std::uint64_t version, const Pixels& pixels) {
    off->draw([&] {
      const ImTextureID id = textures.texture("field", version, pixels, false);
      REQUIRE(id != ImTextureID{});
      ImGui::GetBackgroundDrawList()->AddImage(id, {0, 0}, {40, 40});
    });
    textures.end_frame();
    return off->read();
  };

  Pixels picture{2, 2, {kRed, kGreen, kBlue, kWhite}};
  CHECK(!textures.has("field", 1));
  Pixels shown = show(1, picture);
  CHECK(pixel_at(shown, 5, 5) == kRed);
  CHECK(pixel_at(shown, 35, 5) == kGreen);
  CHECK(pixel_at(shown, 5, 35) == kBlue);
  CHECK(pixel_at(shown, 35, 35) == kWhite);
  CHECK(textures.has("field", 1));

  picture.rgba[0] = kBlue;
  CHECK(pixel_at(show(1, picture), 5, 5) == kRed);  // the same version: not looked at
  CHECK(pixel_at(show(2, picture), 5, 5) == kBlue);
  CHECK(!textures.has("field", 1));
  CHECK(pixel_at(show(3, {1, 3, {kGreen, kRed, kWhite}}), 20, 20) == kRed);  // another size
  CHECK(pixel_at(show(3, {}), 20, 35) == kWhite);                            // no pixels are needed for what is there
  CHECK(GlErrors().take().empty());
}

TEST_CASE("A texture that nobody asks for is freed, one in use is not") {
  const std::unique_ptr<Offscreen> off = screen(4, 4);
  GlTextures textures;
  const Pixels pixel{1, 1, {kRed}};
  textures.texture("left", 1, pixel, true);
  for (int frame = 0; frame <= GlTextures::kFramesKept; ++frame) {
    textures.texture("used", 1, pixel, true);
    textures.end_frame();
  }
  CHECK(!textures.has("left", 1));
  CHECK(textures.has("used", 1));
  CHECK(textures.size() == 1);
  CHECK(textures.texture("none", 1, {}, true) == ImTextureID{});
  CHECK(textures.texture("wrong", 1, {2, 2, {kRed}}, true) == ImTextureID{});
}

TEST_CASE("Text is drawn in fonts of any scale, and the fonts may change between frames") {
  const std::unique_ptr<Offscreen> off = screen(320, 120);
  float last = 0.0f;
  for (const float scale : {1.0f, 2.0f, 4.0f}) {
    load_fonts(scale);
    off->fonts_changed();
    off->draw([&] {
      ImGui::GetBackgroundDrawList()->AddText({0, 0}, kWhite, "∇Φ ≤ ½ β⁻¹");
      const float height = ImGui::GetTextLineHeight();
      CHECK(height > last);
      last = height;
      CHECK(mono_font() != nullptr);
    });
    const Pixels pixels = off->read();
    CHECK(std::count(pixels.rgba.begin(), pixels.rgba.end(), kBlack) < 320 * 120);
  }
  CHECK(GlErrors().take().empty());
}

TEST_CASE("A picture is the same after it was written to a PNG file and read back") {
  const TemporaryFolder folder;
  Pixels picture{3, 2, {kRed, kGreen, kBlue, kWhite, kBlack, IM_COL32(1, 2, 3, 4)}};
  REQUIRE(write_png(folder.path("picture.png"), picture).empty());
  std::string problem;
  const Pixels back = read_png(folder.path("picture.png"), &problem);
  CHECK(problem.empty());
  CHECK(back.width == 3);
  CHECK(back.height == 2);
  CHECK(back.rgba == picture.rgba);
}

TEST_CASE("A PNG file that cannot be written or read is said") {
  const TemporaryFolder folder;
  CHECK(write_png(folder.path("missing/picture.png"), {1, 1, {kRed}}).find("missing/picture.png") != std::string::npos);
  CHECK(!write_png(folder.path("empty.png"), {}).empty());
  CHECK(!folder.has("empty.png"));
  std::string problem;
  CHECK(read_png(folder.path("none.png"), &problem).rgba.empty());
  CHECK(!problem.empty());
  CHECK(read_png(folder.file("text.png", "not a picture"), &problem).rgba.empty());
  CHECK(!problem.empty());
}
