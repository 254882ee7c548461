#include "src/together.hpp"

#include <atomic>
#include <stdexcept>

#include "filter/device/device_engine.hpp"
#include "jko/jko_filter.hpp"
#include "src/device.hpp"
#include "tests/filter/filter_tester.hpp"
#include "tests/test.hpp"

using namespace jko;

TEST_CASE("each work is done once, and its error is its own") {
  for (const std::size_t at_once : {1U, 2U, 5U}) {
    std::vector<std::atomic<int>> done(7);
    std::vector<std::function<void()>> works;
    for (std::size_t i = 0; i < done.size(); ++i) {
      works.emplace_back([&, i] {
        ++done[i];
        if (i == 3) throw std::runtime_error("three");
      });
    }
    const auto errors = run_together(works, at_once);
    REQUIRE(errors.size() == 7);
    for (std::size_t i = 0; i < done.size(); ++i) {
      CHECK(done[i] == 1);
      CHECK((errors[i] != nullptr) == (i == 3));
    }
  }
}

TEST_CASE("on an engine that batches, filters that run together share their steps' solves") {
  const EngineInUse batching(tensor_engine({}));
  CHECK(together_at_most(5000) == 1024);
  std::vector<double> means(3);
  std::vector<std::function<void()>> works;
  for (std::size_t i = 0; i < means.size(); ++i) {
    works.emplace_back([&, i] {
      JkoOptions options;
      options.widths = {5, 4};
      options.nodes = 64;
      options.step = 0.25;
      options.engine = engine_in_use();
      JkoFilter filter(ou_model(2), options);
      filter.predict(0.5);
      means[i] = filter.mean()(0);
    });
  }
  for (const auto& error : run_together(works, 3)) CHECK(error == nullptr);
  works.front()();  // alone
  CHECK(means[0] == Approx(means[1]).epsilon(1e-7));
  CHECK(means[1] == means[2]);
}
