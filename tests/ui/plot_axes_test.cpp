#include "ui/plot_axes.hpp"

#include <cmath>

#include "tests/test.hpp"

using namespace jko;
using namespace jko::ui;

TEST_CASE("Ticks are multiples of 1, 2 or 5 times a power of ten, within the range, about as many as asked for") {
  for (const double size : {3e-200, 1e-9, 0.013, 0.7, 1.0, 3.3, 47.0, 1e6, 8e250}) {
    for (const double offset : {-2.6, -0.5, 0.0, 0.31, 40.0}) {
      for (const int count : {2, 5, 9}) {
        const double low = offset * size, high = low + size;
        const std::vector<double> ticks = nice_ticks(low, high, count);
        CAPTURE(size, offset, count);
        REQUIRE_FALSE(ticks.empty());
        CHECK(ticks.size() <= std::size_t(1.5 * count) + 1);
        CHECK(double(ticks.size()) >= std::floor(0.7 * count));
        CHECK(ticks.front() >= low);
        CHECK(ticks.back() <= high);
        if (ticks.size() < 2) continue;
        const double step = ticks[1] - ticks[0];
        const double mantissa = step / std::pow(10.0, std::floor(std::log10(step) + 1e-6));
        CHECK((std::abs(mantissa - 1) < 1e-6 || std::abs(mantissa - 2) < 1e-6 || std::abs(mantissa - 5) < 1e-6));
        for (const double tick : ticks) CHECK(std::abs(tick / step - std::round(tick / step)) < 1e-6);
        CHECK(ticks.front() - step < low);  // none is missing
        CHECK(ticks.back() + step > high);
      }
    }
  }
}

TEST_CASE("Ticks are the doubles that their texts read as") {
  CHECK(nice_ticks(0.0, 0.3, 3) == std::vector<double>{0.0, 0.1, 0.2, 0.3});
  CHECK(nice_ticks(-1.0, 1.0, 4) == std::vector<double>{-1.0, -0.5, 0.0, 0.5, 1.0});
}

TEST_CASE("Ranges that cannot be divided have no ticks") {
  CHECK(nice_ticks(1.0, 1.0, 5).empty());
  CHECK(nice_ticks(2.0, 1.0, 5).empty());
  CHECK(nice_ticks(kNaN, 1.0, 5).empty());
  CHECK(nice_ticks(0.0, kInfinity, 5).empty());
  CHECK(nice_ticks(-kInfinity, kInfinity, 5).empty());
  CHECK(nice_ticks(1.0, std::nextafter(1.0, 2.0), 5).empty());
  CHECK(nice_ticks(0.0, 5e-324, 5).size() <= 2);
  CHECK(nice_ticks(-1.7e308, 1.7e308, 5).size() <= 8);
  CHECK(nice_ticks(0.0, 1.0, 0).size() <= 3);
  CHECK(nice_ticks(0.0, 1.0, -4).size() <= 3);
  CHECK(nice_ticks(0.0, 1.0, 1'000'000).size() < 2000);
}

TEST_CASE("Tick texts have the digits that their step asks for, and no more") {
  CHECK(tick_text(0.25, 0.05) == "0.25");
  CHECK(tick_text(0.25, 0.25) == "0.25");
  CHECK(tick_text(0.5, 0.25) == "0.50");
  CHECK(tick_text(-3.0, 1.0) == "-3");
  CHECK(tick_text(1.2e6, 2e5) == "1.2e6");
  CHECK(tick_text(1e6, 2e5) == "1e6");
  CHECK(tick_text(20.0, 10.0) == "20");
  CHECK(tick_text(15000.0, 5000.0) == "15000");
  CHECK(tick_text(0.002, 0.001) == "0.002");
  CHECK(tick_text(2e-5, 1e-5) == "2e-5");
  CHECK(tick_text(-1.5e-7, 5e-8) == "-1.5e-7");
  CHECK(tick_text(1700000000.5, 0.5) == "1700000000.5");
  CHECK(tick_text(1e-17, 0.1) == "0");
  CHECK(tick_text(-0.0, 0.1) == "0");
  CHECK(tick_text(kNaN, 0.1).empty());
  CHECK(tick_text(kInfinity, 0.1).empty());
  CHECK(tick_text(3.0, 0.0) == "3");
  CHECK(tick_text(1e300, 1e299) == "1e300");
}

TEST_CASE("Texts of neighbouring ticks differ and read back as the tick") {
  for (const double size : {1e-12, 3e-5, 0.4, 9.0, 2e3, 6e5, 3e8, 1e20}) {
    for (const double offset : {0.0, -7.3, 123.4}) {
      Ticks ticks;
      choose_ticks(offset * size, (offset + 1.0) * size, 6, ticks);
      for (std::size_t i = 0; i < ticks.values.size(); ++i) {
        const std::string text = ticks.text(ticks.values[i]);
        CAPTURE(size, offset, text);
        CHECK(std::stod(text) == Approx(ticks.values[i]).margin(1e-3 * ticks.step).epsilon(1e-12));
        if (i > 0) CHECK(text != ticks.text(ticks.values[i - 1]));
      }
    }
  }
}

TEST_CASE("A logarithmic axis has its ticks at decades, and 1-2-5 if there is room") {
  Ticks ticks;
  choose_log_ticks(0.5, 2e3, 4, ticks);
  CHECK(ticks.values == std::vector<double>{1.0, 10.0, 100.0, 1000.0});
  choose_log_ticks(1e-20, 1e20, 5, ticks);
  CHECK(ticks.values.size() >= 4);
  CHECK(ticks.values.size() <= 6);
  choose_log_ticks(0.9, 110.0, 10, ticks);
  CHECK(ticks.values == std::vector<double>{1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0});
  choose_log_ticks(3.0, 4.0, 5, ticks);
  CHECK(ticks.values.size() >= 4);
  for (const double low : {0.0, -1.0, kNaN}) {
    choose_log_ticks(low, 1.0, 5, ticks);
    CHECK(ticks.values.empty());
  }
}

TEST_CASE("Every range becomes one that an axis can show") {
  for (const bool logarithmic : {false, true}) {
    for (const double low : {-kInfinity, -1e308, -5.0, 0.0, 1e-320, 3.0, 1e308, kInfinity, kNaN}) {
      for (const double high : {-kInfinity, -1e308, -5.0, 0.0, 1e-320, 3.0, 1e308, kInfinity, kNaN}) {
        const PlotRange range = usable_range({low, high}, logarithmic);
        CAPTURE(logarithmic, low, high, range.low, range.high);
        CHECK(std::isfinite(range.size()));
        CHECK(range.low + 0.4 * range.size() < range.high);
        CHECK((!logarithmic || range.low > 0.0));
        Axis axis;
        axis.logarithmic = logarithmic;
        axis.set(range, 0.0, 100.0);
        CHECK(axis.pixel(range.high) == Approx(100.0));
        CHECK(axis.pixel(range.low) == Approx(0.0).margin(1e-6));
      }
    }
  }
  const PlotRange kept = usable_range({-4.0, 4.0}, false);
  CHECK(kept.low == -4.0);
  CHECK(kept.high == 4.0);
}
