#include "filter/step_rendezvous.hpp"

#include <cmath>
#include <functional>
#include <thread>

#include "filter/device/device_engine.hpp"
#include "jko/jko_filter.hpp"
#include "tests/filter/filter_tester.hpp"
#include "tests/filter/watched_engine.hpp"
#include "tests/test.hpp"

using namespace jko;

namespace {

JkoOptions small_steps(std::shared_ptr<StepEngine> engine) {
  JkoOptions options;
  options.step = 0.25;
  options.nodes = 128;
  options.widths = {6, 5};
  options.iterations = 15;
  options.engine = std::move(engine);
  return options;
}

/// Its mean after a few observations. Filters differ in what they see, and in how often.
double mean_of(std::shared_ptr<StepEngine> engine, int which) {
  JkoFilter filter(ou_model(2), small_steps(std::move(engine)));
  for (int k = 1; k <= 1 + which % 3; ++k) {
    filter.predict(0.25 * k);
    filter.update(Vector::Constant(2, std::sin(which + k)));
  }
  return filter.mean().sum();
}

/// work(0) … work(count - 1), each in a thread of its own and as a member.
void meet(StepRendezvous& meeting, std::size_t count, const std::function<void(std::size_t)>& work) {
  std::vector<std::unique_ptr<StepRendezvous::Member>> members(count);
  for (auto& member : members) member = std::make_unique<StepRendezvous::Member>(meeting);
  std::vector<std::thread> threads(count);
  for (std::size_t i = 0; i < count; ++i) {
    threads[i] = std::thread([&, i] {
      work(i);
      members[i].reset();  // some end before others, who must not wait for them
    });
  }
  for (std::thread& thread : threads) thread.join();
}

}  // namespace

TEST_CASE("Filters that meet get what each gets alone, in batches", "[step_rendezvous]") {
  std::vector<double> alone(6), together(6);
  for (std::size_t i = 0; i < alone.size(); ++i) alone[i] = mean_of(tensor_engine({}), static_cast<int>(i));
  const auto meeting = std::make_shared<StepRendezvous>(tensor_engine({}));
  meet(*meeting, together.size(), [&](std::size_t i) { together[i] = mean_of(meeting, static_cast<int>(i)); });
  CHECK(meeting->largest_batch() == together.size());
  for (std::size_t i = 0; i < alone.size(); ++i) {
    CAPTURE(i);
    CHECK(together[i] == Approx(alone[i]).epsilon(1e-7));
  }
}

TEST_CASE("Steps of different shapes meet in batches of their own", "[step_rendezvous]") {
  const auto meeting = std::make_shared<StepRendezvous>(tensor_engine({}));
  std::vector<double> means(4);
  meet(*meeting, means.size(), [&](std::size_t i) {
    JkoOptions options = small_steps(meeting);
    if (i % 2) options.widths = {4};
    options.solver = Solver::lbfgs;
    JkoFilter filter(ou_model(2), options);
    filter.predict(0.5);
    means[i] = filter.mean()(0);
  });
  CHECK(meeting->largest_batch() == 2);
  CHECK(means[0] == means[2]);
  CHECK(means[1] == means[3]);
}

TEST_CASE("Steps of pooled maps meet as well", "[step_rendezvous]") {
  const auto meeting = std::make_shared<StepRendezvous>(tensor_engine({}));
  const auto mean = [](const std::shared_ptr<StepEngine>& engine, std::size_t i) {
    JkoOptions options = small_steps(engine);
    options.widths = {6};
    options.solver = Solver::pooled;
    options.seed = i;
    JkoFilter filter(ou_model(3), options);
    filter.predict(0.5);
    return filter.mean()(0);
  };
  std::vector<double> together(3);
  meet(*meeting, together.size(), [&](std::size_t i) { together[i] = mean(meeting, i); });
  CHECK(meeting->largest_batch() == together.size());
  for (std::size_t i = 0; i < together.size(); ++i) {
    CHECK(together[i] == Approx(mean(tensor_engine({}), i)).epsilon(1e-6).margin(1e-7));
  }
}

TEST_CASE("An error of a batch reaches each of its members", "[step_rendezvous]") {
  const auto broken = std::make_shared<WatchedEngine>("broken", [](const std::vector<StepTask>& tasks) {
    if (!tasks.empty()) throw DeviceError("broken");
  });
  const auto meeting = std::make_shared<StepRendezvous>(broken);
  std::vector<std::string> said(2);
  meet(*meeting, said.size(), [&](std::size_t i) {
    try {
      mean_of(meeting, static_cast<int>(i));
    } catch (const DeviceError& error) {
      said[i] = error.what();
    }
  });
  CHECK(said == std::vector<std::string>{"broken", "broken"});
}
