#include "ui/plot.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>

#include "tests/test.hpp"
#include "tests/ui/null_backend.hpp"
#include "ui/colours.hpp"

using namespace jko;
using namespace jko::ui;

namespace {

constexpr ImU32 kInk = IM_COL32(255, 0, 0, 255);

/// A window over the whole display with one plot in it; what the plot said in the last frame.
struct Bench {
  NullBackend backend{800.0f, 600.0f};
  PlotView view;
  PlotOptions options;
  ImVec2 size{0, 0};
  PlotRange fit_x{-4.0, 4.0}, fit_y{0.0, 1.0};
  std::function<void(Plot&)> draw = [](Plot&) {};

  ImVec2 inner_min, inner_size;
  std::optional<std::pair<double, double>> mouse, clicked, painted;
  std::vector<std::pair<double, double>> clicks;

  void frame() {
    backend.frame([this] { window(); });
  }
  void window() {
    ImGui::SetNextWindowPos({0, 0});
    ImGui::SetNextWindowSize(ImGui::GetIO().DisplaySize);
    ImGui::Begin("window", nullptr, ImGuiWindowFlags_NoDecoration | ImGuiWindowFlags_NoMove);
    {
      Plot plot("plot", view, options, size);
      plot.fit_x(fit_x.low, fit_x.high);
      plot.fit_y(fit_y.low, fit_y.high);
      inner_min = plot.inner_min();
      inner_size = plot.inner_size();
      draw(plot);
      mouse = plot.mouse();
      clicked = plot.clicked();
      painted = plot.painted();
      if (clicked) clicks.push_back(*clicked);
    }
    ImGui::End();
  }
  /// A whole pixel, as ImGui's mouse is.
  ImVec2 at(double part_x, double part_y) const {
    return {std::floor(inner_min.x + float(part_x) * inner_size.x),
            std::floor(inner_min.y + float(part_y) * inner_size.y)};
  }
  double x_of(float pixel) const { return view.x.low + (pixel - inner_min.x) / inner_size.x * view.x.size(); }
  double y_of(float pixel) const { return view.y.high - (pixel - inner_min.y) / inner_size.y * view.y.size(); }
};

/// Corners of a colour (whatever its opacity) in the last frame.
int corners_of(const NullBackend& backend, ImU32 colour) {
  int count = 0;
  backend.for_each_corner([&](const ImDrawVert& v) { count += with_alpha(v.col, 1.0f) == with_alpha(colour, 1.0f); });
  return count;
}

Series series(const std::vector<double>& x, const std::vector<double>& y) {
  return {x.data(), y.data(), Index(std::min(x.size(), y.size())), 1};
}

std::vector<double> evenly(double low, double high, std::size_t count) {
  std::vector<double> x(count);
  for (std::size_t i = 0; i < count; ++i) x[i] = low + (high - low) * double(i) / double(count - 1);
  return x;
}

}  // namespace

TEST_CASE("A plot shows what fits, its axes outside the inner rectangle") {
  Bench bench;
  bench.frame();
  CHECK(bench.view.x.low == -4.0);
  CHECK(bench.view.y.high == 1.0);
  CHECK(bench.inner_min.x > 15.0f);
  CHECK(bench.inner_min.x + bench.inner_size.x < 800.0f);
  CHECK(bench.inner_min.y + bench.inner_size.y < 600.0f - ImGui::GetFontSize());
  bench.backend.frame();
  begin_landmarks();
  const Landmark* landmark = find_landmark("plot");
  REQUIRE(landmark);
  CHECK(landmark->low.x == bench.inner_min.x);
  CHECK(landmark->high.y == bench.inner_min.y + bench.inner_size.y);
}

TEST_CASE("The wheel zooms at the cursor, over an axis that axis alone, with Ctrl x alone") {
  Bench bench;
  bench.frame();
  const ImVec2 at = bench.at(0.3, 0.8);
  const double x = bench.x_of(at.x), y = bench.y_of(at.y);
  bench.backend.wheel(at.x, at.y, 3.0f);
  CHECK(bench.view.x.size() < 6.0);
  CHECK(bench.view.y.size() < 0.75);
  CHECK(bench.x_of(at.x) == Approx(x).margin(1e-4));
  CHECK(bench.y_of(at.y) == Approx(y).margin(1e-4));
  bench.backend.wheel(at.x, at.y, -3.0f);
  CHECK(bench.view.x.size() == Approx(8.0));

  PlotView before = bench.view;
  bench.backend.wheel(at.x, bench.at(0, 1).y + 6.0f, 1.0f);
  CHECK(bench.view.x.size() < 0.9 * before.x.size());
  CHECK(bench.view.y.size() == before.y.size());
  before = bench.view;
  bench.backend.wheel(bench.inner_min.x - 6.0f, at.y, 1.0f);
  CHECK(bench.view.x.size() == before.x.size());
  CHECK(bench.view.y.size() < 0.9 * before.y.size());
  before = bench.view;
  bench.backend.set_modifiers(true);
  bench.backend.wheel(at.x, at.y, 1.0f);
  CHECK(bench.view.x.size() < 0.9 * before.x.size());
  CHECK(bench.view.y.size() == before.y.size());
}

TEST_CASE("Zooming in and out for ever stays within what doubles can tell apart") {
  Bench bench;
  bench.fit_x = {1.7e9, 1.7e9 + 100.0};
  bench.frame();
  const ImVec2 at = bench.at(0.5, 0.5);
  for (int i = 0; i < 100; ++i) bench.backend.wheel(at.x, at.y, 10.0f);
  CHECK(bench.view.x.size() > 0.0);
  for (int i = 0; i < 1000; ++i) bench.backend.wheel(at.x, at.y, -20.0f);
  CHECK(std::isfinite(bench.view.x.size()));
  bench.backend.double_click(at.x, at.y);
  CHECK(bench.view.x.low == 1.7e9);
}

TEST_CASE("Dragging pans, also when the mouse has left the plot; a double click goes back") {
  Bench bench;
  bench.size = {400, 300};
  bench.frame();
  const double per_pixel = 8.0 / bench.inner_size.x;
  const ImVec2 from = bench.at(0.5, 0.5), to{from.x + 350.0f, from.y + 20.0f};  // right of the plot
  bench.backend.drag(from, to);
  CHECK(bench.view.x.low == Approx(-4.0 - 350.0 * per_pixel).epsilon(1e-4));
  CHECK(bench.view.x.size() == Approx(8.0));
  CHECK(bench.view.y.low == Approx(20.0 / bench.inner_size.y).epsilon(1e-4));
  CHECK(bench.clicks.empty());
  const ImVec2 at = bench.at(0.2, 0.6);
  bench.backend.double_click(at.x, at.y);
  CHECK(bench.view.x.low == -4.0);
  CHECK(bench.view.y.low == 0.0);
  CHECK(!bench.view.x_free);
}

TEST_CASE("A drag with the right button zooms to its box, a flat one in x alone") {
  Bench bench;
  bench.frame();
  bench.backend.drag(bench.at(0.75, 0.25), bench.at(0.25, 0.5), 1);
  CHECK(bench.view.x.low == Approx(-2.0).margin(0.02));
  CHECK(bench.view.x.high == Approx(2.0).margin(0.02));
  CHECK(bench.view.y.low == Approx(0.5).margin(0.005));
  CHECK(bench.view.y.high == Approx(0.75).margin(0.005));
  bench.backend.key_press(ImGuiKey_Escape);
  CHECK(bench.view.x.low == -4.0);
  bench.backend.drag(bench.at(0.25, 0.5), bench.at(0.5, 0.5), 1);
  CHECK(bench.view.x.high == Approx(0.0).margin(0.02));
  CHECK(bench.view.y.high == 1.0);
}

TEST_CASE("A view that was zoomed stays while data stream in, until everything is fitted") {
  Bench bench;
  bench.frame();
  const ImVec2 at = bench.at(0.5, 0.5);
  bench.backend.wheel(at.x, at.y, 2.0f);
  const PlotView zoomed = bench.view;
  for (int i = 0; i < 10; ++i) {
    bench.fit_x = {-4.0 + i, 4.0 + i};
    bench.frame();
    CHECK(bench.view.x.low == zoomed.x.low);
    CHECK(bench.view.y.high == zoomed.y.high);
  }
  fit_all_plots();
  bench.backend.frames(2);
  CHECK(bench.view.x.high == 13.0);
  bench.fit_x = {0.0, 1.0};
  bench.frame();
  CHECK(bench.view.x.high == 1.0);
}

TEST_CASE("Clicks and the mouse are given in the plot's units") {
  Bench bench;
  bench.frame();
  const ImVec2 at = bench.at(0.25, 0.75);
  bench.backend.click(at);
  REQUIRE(bench.clicks.size() == 1);
  CHECK(bench.clicks[0].first == Approx(-2.0).margin(0.02));
  CHECK(bench.clicks[0].second == Approx(0.25).margin(0.005));
  CHECK(!bench.view.x_free);
  REQUIRE(bench.mouse);
  CHECK(bench.mouse->first == Approx(-2.0).margin(0.02));
  bench.backend.mouse_move(bench.inner_min.x - 5.0f, at.y);
  CHECK(!bench.mouse);
  CHECK(!bench.painted);
  bench.backend.click(bench.inner_min.x - 5.0f, at.y);
  CHECK(bench.clicks.size() == 1);
}

TEST_CASE("A plot that is not interactive is painted on, and keeps its ranges") {
  Bench bench;
  bench.options.interactive = false;
  bench.frame();
  const ImVec2 at = bench.at(0.5, 0.5);
  bench.backend.mouse_move(at.x, at.y);
  CHECK(!bench.painted);
  bench.backend.press();
  REQUIRE(bench.painted);
  CHECK(bench.painted->first == Approx(0.0).margin(0.02));
  const ImVec2 next = bench.at(0.75, 0.25);
  bench.backend.mouse_move(next.x, next.y);
  REQUIRE(bench.painted);
  CHECK(bench.painted->first == Approx(2.0).margin(0.02));
  CHECK(bench.painted->second == Approx(0.75).margin(0.005));
  bench.backend.mouse_move(5000.0f, next.y);
  REQUIRE(bench.painted);
  CHECK(bench.painted->first == Approx(4.0));
  bench.backend.release();
  CHECK(!bench.painted);
  bench.backend.wheel(at.x, at.y, 5.0f);
  CHECK(bench.view.x.size() == 8.0);
}

TEST_CASE("What is clicked away in the legend is not drawn, until it is clicked again") {
  Bench bench;
  const std::vector<double> x = evenly(-4, 4, 100), y(100, 0.5);
  bench.draw = [&](Plot& plot) {
    plot.line("prediction", series(x, y), kInk);
    plot.area("posterior", series(x, y), colours().posterior);
  };
  bench.frame();
  CHECK(corners_of(bench.backend, kInk) > 300);
  REQUIRE(bench.backend.click_landmark("plot/prediction"));
  bench.backend.mouse_move(-100, -100);
  CHECK(bench.view.hidden == std::vector<std::string>{"prediction"});
  CHECK(corners_of(bench.backend, kInk) < 50);  // the legend's swatch
  CHECK(bench.clicks.empty());
  REQUIRE(bench.backend.click_landmark("plot/prediction"));
  CHECK(bench.view.hidden.empty());
}

TEST_CASE("A dense line reaches its extremes in the columns where they are") {
  Bench bench;
  const std::size_t count = 100'000;
  const std::vector<double> x = evenly(-4, 4, count);
  std::vector<double> y(count);
  for (std::size_t i = 0; i < count; ++i) y[i] = 0.5 + 0.1 * std::sin(0.7 * static_cast<double>(i));
  y[count / 4] = 0.95;      // a single point, at x = -2
  y[3 * count / 4] = 0.05;  // and at x = 2
  bench.draw = [&](Plot& p) { p.line("##a", series(x, y), kInk); };
  bench.frame();
  bool top = false, bottom = false;
  const ImVec2 high = bench.at(0.25, 0.05), low = bench.at(0.75, 0.95);
  bench.backend.for_each_corner([&](const ImDrawVert& vertex) {
    if (vertex.col != kInk) return;
    top = top || (std::abs(vertex.pos.x - high.x) < 2.0f && std::abs(vertex.pos.y - high.y) < 2.5f);
    bottom = bottom || (std::abs(vertex.pos.x - low.x) < 2.0f && std::abs(vertex.pos.y - low.y) < 2.5f);
  });
  CHECK(top);
  CHECK(bottom);
}

TEST_CASE("A million points make a small mesh, and all of it is inside the plot") {
  Bench bench;
  const std::size_t count = 1'000'000;
  const std::vector<double> x = evenly(-4, 4, count);
  std::vector<double> y(count), y2(count);
  std::mt19937 random(1);
  std::normal_distribution<double> normal;
  for (std::size_t i = 0; i < count; ++i) y[i] = 0.5 + 0.3 * normal(random), y2[i] = y[i] + 0.1;
  int before = 0;
  const auto cost = [&](std::function<void(Plot&)> draw) {
    bench.draw = [](Plot&) {};
    bench.frame();
    before = bench.backend.vertices();
    bench.draw = std::move(draw);
    bench.frame();
    return bench.backend.vertices() - before;
  };
  CHECK(cost([&](Plot& p) { p.line("##a", series(x, y), kInk); }) <= 4 * 8000);
  CHECK(cost([&](Plot& p) { p.area("##a", series(x, y), kInk); }) <= 2 * 4 * 8000);
  CHECK(cost([&](Plot& p) { p.band("##a", series(x, y), series(x, y2), kInk); }) <= 4 * 8000);
  CHECK(cost([&](Plot& p) { p.points("##a", series(x, y), kInk); }) <= 8 * 8000);
  CHECK(cost([&](Plot& p) { p.stems("##a", series(x, y), kInk); }) <= 4 * 8000);
  CHECK(cost([&](Plot& p) { p.rug("##a", x.data(), Index(count), kInk); }) <= 4 * 8000);
  CHECK(cost([&](Plot& p) { p.segments("##a", series(x, y), kInk); }) <= 4 * 8000);
  CHECK(cost([&](Plot& p) { p.arrows("##a", series(x, y), series(x, y2), kInk); }) <= 4 * 4000 + 9 * 4000);

  // More than 16 bits count in one frame.
  const int all = cost([&](Plot& p) {
    for (int i = 0; i < 12; ++i) p.segments("##a", series(x, y), kInk);
  });
  CHECK(all > 65536);
  int outside = 0;
  bench.backend.for_each_corner([&](const ImDrawVert& v) {
    if (v.col != kInk) return;
    outside += v.pos.x < bench.inner_min.x - 8.0f || v.pos.x > bench.inner_min.x + bench.inner_size.x + 8.0f ||
               v.pos.y < bench.inner_min.y - 8.0f || v.pos.y > bench.inner_min.y + bench.inner_size.y + 8.0f;
  });
  CHECK(outside == 0);
}

TEST_CASE("A line is where its values are, also in a view zoomed far in") {
  Bench bench;
  const std::vector<double> x{-4.0, 4.0}, y{0.0, 1.0};
  bench.draw = [&](Plot& plot) { plot.line("##line", series(x, y), kInk); };
  for (const double size : {8.0, 1e-3, 1e-7}) {
    bench.view.x = {1.0 - 0.5 * size, 1.0 + 0.5 * size};
    bench.view.y = {0.625 - 0.0625 * size, 0.625 + 0.0625 * size};  // the line goes from corner to corner
    bench.view.x_free = bench.view.y_free = true;
    bench.frame();
    double farthest = 0.0, left = 1e9, right = -1e9;
    bench.backend.for_each_corner([&](const ImDrawVert& v) {
      if (v.col != kInk) return;
      const double along = (v.pos.x - bench.inner_min.x) / bench.inner_size.x;
      farthest = std::max(farthest, std::abs(v.pos.y - (bench.inner_min.y + (1.0 - along) * bench.inner_size.y)));
      left = std::min(left, double(v.pos.x)), right = std::max(right, double(v.pos.x));
    });
    CHECK(farthest < 4.0);
    if (size < 8.0) {
      CHECK(left < bench.inner_min.x + 2.0f);
      CHECK(right > bench.inner_min.x + bench.inner_size.x - 2.0f);
    }
  }
}

TEST_CASE("The filled area is the integral, across the base, across gaps and when cut off by the view") {
  Bench bench;
  bench.options.y_ticks = bench.options.x_ticks = bench.options.legend = bench.options.cursor = false;
  bench.fit_y = {-1.0, 1.0};
  std::vector<double> x = evenly(-4, 4, 4001), y(4001);
  for (std::size_t i = 0; i < x.size(); ++i) y[i] = 0.8 * std::sin(M_PI * x[i] / 2.0);
  bench.draw = [&](Plot& plot) { plot.area("##area", series(x, y), kInk); };
  const ImU32 fill = with_alpha(kInk, 0.25f);
  const auto filled = [&] {  // in units of the plot
    double sum = 0.0;
    ImVec2 corner[3];
    int n = 0;
    bench.backend.for_each_corner([&](const ImDrawVert& v) {
      if (v.col != fill) return;
      corner[n++] = v.pos;
      if (n < 3) return;
      n = 0;
      const double ax = double(corner[1].x) - corner[0].x, ay = double(corner[1].y) - corner[0].y;
      const double bx = double(corner[2].x) - corner[0].x, by = double(corner[2].y) - corner[0].y;
      sum += 0.5 * std::abs(ax * by - ay * bx);
    });
    return sum / bench.inner_size.x / bench.inner_size.y * bench.view.x.size() * bench.view.y.size();
  };
  bench.frame();
  CHECK(filled() == Approx(4.0 * 0.8 * 4.0 / M_PI).epsilon(2e-3));  // four half waves
  for (std::size_t i = 0; i < x.size(); ++i) {
    if (x[i] > 0.0 && x[i] < 2.0) y[i] = kNaN;
  }
  bench.frame();
  CHECK(filled() == Approx(3.0 * 0.8 * 4.0 / M_PI).epsilon(2e-3));
  // Two samples far out of the view on both sides: min(max(y, -1), 1) of y = 10 x.
  x = {-40.0, 40.0}, y = {-400.0, 400.0};
  bench.frame();
  CHECK(filled() == Approx(2.0 * (0.05 + 3.9)).epsilon(2e-3));
}

TEST_CASE("A gap is not bridged") {
  Bench bench;
  const std::vector<double> x = evenly(-4, 4, 9), y{0.5, 0.5, 0.5, kNaN, kNaN, kNaN, 0.5, 0.5, 0.5};
  bench.draw = [&](Plot& plot) { plot.line("##line", series(x, y), kInk); };
  bench.frame();
  int in_gap = 0, drawn = 0;
  bench.backend.for_each_corner([&](const ImDrawVert& v) {
    if (v.col != kInk) return;
    ++drawn;
    in_gap += bench.x_of(v.pos.x) > -1.9 && bench.x_of(v.pos.x) < 1.9;
  });
  CHECK(drawn == 4 * 6);
  CHECK(in_gap == 0);
}

TEST_CASE("A logarithmic axis puts decades at equal distances and leaves out what is not positive") {
  Bench bench;
  bench.options.log_y = true;
  bench.fit_y = {1e-3, 1e3};
  ImVec2 a, b, c;
  const std::vector<double> x{-4.0, -2.0, 0.0, 2.0, 4.0}, y{0.0, 1.0, 10.0, 100.0, -1.0};
  bench.draw = [&](Plot& plot) {
    a = plot.to_pixels(0, 0.1), b = plot.to_pixels(0, 1.0), c = plot.to_pixels(0, 10.0);
    plot.line("##line", series(x, y), kInk);
    plot.area("##area", series(x, y), kInk);
    plot.points("##points", series(x, y), kInk);
    plot.stems("##stems", series(x, y), kInk);
    plot.horizontal("##none", -1.0, kInk);
    plot.marker("##none", 0.0, 0.0, kInk);
  };
  bench.frame();
  CHECK(a.y - b.y == Approx(b.y - c.y).margin(0.01));
  CHECK(a.y - b.y == Approx(bench.inner_size.y / 6.0f).margin(0.01));
  bool good = true;
  bench.backend.for_each_corner([&](const ImDrawVert& v) { good &= std::isfinite(v.pos.x) && std::isfinite(v.pos.y); });
  CHECK(good);
  const ImVec2 at = bench.at(0.5, 0.5);
  bench.backend.wheel(at.x, at.y, 1.0f);
  CHECK(bench.view.y.low > 1e-3);
  CHECK(std::log10(bench.view.y.high) + std::log10(bench.view.y.low) == Approx(0.0).margin(0.02));
  bench.backend.drag(bench.at(0.5, 0.5), bench.at(0.5, 0.6));
  CHECK(bench.view.y.low > 0.0);
}

TEST_CASE("With equal axes a unit is as long in x as in y, fitted, zoomed and panned") {
  Bench bench;
  bench.options.equal = true;
  bench.fit_x = bench.fit_y = {-1.0, 1.0};
  const auto ratio = [&] {
    return bench.view.x.size() / bench.inner_size.x / (bench.view.y.size() / bench.inner_size.y);
  };
  bench.frame();
  CHECK(ratio() == Approx(1.0));
  CHECK(bench.view.x.low <= -1.0);
  CHECK(bench.view.y.low <= -1.0);
  const ImVec2 at = bench.at(0.7, 0.4);
  const double x = bench.x_of(at.x), y = bench.y_of(at.y);
  bench.backend.wheel(at.x, at.y, 2.0f);
  CHECK(ratio() == Approx(1.0));
  CHECK(bench.x_of(at.x) == Approx(x).margin(1e-3));
  CHECK(bench.y_of(at.y) == Approx(y).margin(1e-3));
  bench.backend.drag(bench.at(0.4, 0.4), bench.at(0.6, 0.5), 1);
  CHECK(ratio() == Approx(1.0));
  bench.backend.resize(500, 600);
  CHECK(ratio() == Approx(1.0));
}

TEST_CASE("Nothing breaks for plots without room, ranges without size and data without sense") {
  Bench bench;
  const std::vector<double> x{0.0, kNaN, 1e308, -1e308, 2.0, 2.0, 2.0},
      y{kNaN, 1.0, 1e308, -1e308, 0.5, 1e-320, -1e300};
  const std::vector<float> opacity{0.5f, NAN, 2.0f, -1.0f, 1.0f, 0.0f, 1.0f};
  bench.draw = [&](Plot& plot) {
    for (const Series& s : {series(x, y), Series{}, Series{x.data(), y.data(), 1, 1}}) {
      plot.line("a", s, kInk);
      plot.area("b", s, kInk);
      plot.band("c", s, s, kInk);
      plot.points("d", s, kInk);
      plot.points("e", s, opacity.data(), kInk);
      plot.stems("f", s, kInk);
      plot.rug("g", s.x, s.count, kInk);
      plot.arrows("h", s, s, kInk);
      plot.segments("i", s, kInk);
    }
    for (const double v : {0.0, kNaN, 1e308, -std::numeric_limits<double>::infinity()}) {
      plot.vertical("j", v, kInk);
      plot.horizontal("k", v, kInk);
      plot.vertical_band("l", v, 1.0, kInk);
      plot.marker("m", v, v, kInk);
      plot.text(v, v, "text", kInk);
      plot.image(nullptr, v, 1.0, 0.0, v);
    }
    plot.hint("nothing to show");
    plot.cursor_note("note");
  };
  for (const bool log_y : {false, true}) {
    bench.options.log_y = log_y;
    for (const bool equal : {false, true}) {
      bench.options.equal = equal;
      for (const ImVec2 size : {ImVec2{1, 1}, {0.3f, 0.3f}, {3, 200}, {200, 3}, {30, 30}, {-5000, -5000}, {0, 0}}) {
        bench.size = size;
        for (const PlotRange& range :
             {PlotRange{0, 1}, {0, 0}, {1, -1}, {kNaN, 1}, {-1e308, 1e308}, {5e-324, 1e-323}, {1e17, 1e17 + 16}}) {
          bench.fit_x = bench.fit_y = range;
          bench.view = {};
          bench.view.x = range, bench.view.y = range;
          bench.frame();
          bench.backend.mouse_move(bench.inner_min.x + 0.5f, bench.inner_min.y + 0.5f);
          CHECK(bench.inner_size.x >= 1.0f);
          bool good = true;
          bench.backend.for_each_corner(
              [&](const ImDrawVert& v) { good &= std::isfinite(v.pos.x) && std::isfinite(v.pos.y); });
          CHECK(good);
        }
        const ImVec2 at = bench.at(0.5, 0.5);
        bench.backend.wheel(at.x, at.y, 2.0f);
        bench.backend.drag(at, {at.x + 50, at.y + 50}, 1);
      }
    }
  }
}

TEST_CASE("The cursor reads lines between their points") {
  Bench bench;
  std::vector<PlotData> none;
  const std::vector<double> x{-4.0, 4.0}, y{0.0, 1.0};
  bench.draw = [&](Plot& plot) { plot.line("line", series(x, y), kInk); };
  bench.frame();
  const int before = bench.backend.vertices();
  const ImVec2 at = bench.at(0.5, 0.25);
  bench.backend.mouse_move(at.x, at.y);
  CHECK(bench.backend.vertices() > before + 40);  // crosshair, box and its letters
  bench.options.cursor = false;
  bench.backend.frame();
  CHECK(bench.backend.vertices() <= before);
}

TEST_CASE("Numbers that come and go do not move the picture, and plots above each other align") {
  NullBackend backend(800, 600);
  PlotView a, b;
  ImVec2 inner_a, inner_b;
  double top = 0.9;
  const auto draw = [&] {
    ImGui::SetNextWindowPos({0, 0});
    ImGui::SetNextWindowSize({800, 600});
    ImGui::Begin("window", nullptr, ImGuiWindowFlags_NoDecoration);
    {
      Plot plot("a", a, {}, {0, 200});
      plot.fit_y(0.0, top);
      inner_a = plot.inner_min();
    }
    {
      Plot plot("b", b, {}, {0, 200});
      plot.fit_y(0.0, 123456.0);
      inner_b = plot.inner_min();
    }
    ImGui::End();
  };
  backend.frame(draw);
  backend.frames(2);
  CHECK(inner_a.x == inner_b.x);
  const float before = inner_a.x;
  for (int i = 0; i < 50; ++i) {
    top = 0.3 + 0.1 * (i % 17);
    backend.frame();
    CHECK(inner_a.x == before);
  }
}

TEST_CASE("The export has what was drawn and is in sight") {
  Bench bench;
  const std::vector<double> x{-5.0, -1.0, 0.0, 1.0}, y{1.0, 0.25, kNaN, 0.75};
  bench.view.hidden = {"away"};
  bench.draw = [&](Plot& plot) {
    plot.line("a, \"b\"", series(x, y), kInk);
    plot.points("away", series(x, y), kInk);
  };
  std::vector<PlotData> data;
  collect_plots(&data);
  bench.frame();
  collect_plots(nullptr);
  bench.frame();
  REQUIRE(data.size() == 1);
  CHECK(data[0].plot == "plot");
  REQUIRE(data[0].columns.size() == 1);
  CHECK(data[0].columns[0].x == std::vector<double>{-1.0, 1.0});
  CHECK(data[0].csv() == "series,x,y\n\"a, \"\"b\"\"\",-1,0.25\n\"a, \"\"b\"\"\",1,0.75\n");
}
