#include "filter/device/resident_arrays.hpp"

#include <ATen/ops/zeros.h>

#include <atomic>
#include <cmath>
#include <utility>
#include <vector>

#include "filter/belief.hpp"
#include "filter/device/tensors.hpp"
#include "jko/jko_filter.hpp"
#include "tests/filter/device/devices.hpp"
#include "tests/filter/filter_tester.hpp"
#include "tests/filter/random_map.hpp"
#include "tests/test.hpp"

using namespace jko;

namespace {

constexpr std::size_t kBytes = 3000 * 2 * sizeof(double);  // of an array of these tests

Points some_points(unsigned seed) { return random_points(3000, 2, seed); }

}  // namespace

TEST_CASE("Arrays that are on the device are not sent again", "[resident_arrays]") {
  for (const at::Device device : test_devices()) {
    CAPTURE(device.str());
    std::atomic<std::size_t> sent{0};
    ResidentArrays resident(at::TensorOptions(at::kDouble).device(device), &sent);
    const Points x = some_points(1);
    const at::Tensor there = resident.tensor(x);
    CHECK(to_matrix(there) == x);
    CHECK(sent == kBytes);

    // Whoever holds the numbers, and wherever they are.
    Points wider(4000, 3);
    wider.block(500, 1, 3000, 2) = x;
    CHECK(resident.tensor(wider.block(500, 1, 3000, 2)).data_ptr() == there.data_ptr());
    const at::Tensor copy = at::zeros({3000, 2}, there.options());
    resident.copy(x, copy);
    CHECK(to_matrix(copy) == x);
    CHECK(sent == kBytes);

    const at::Tensor moved = there * 2.0 + 1.0;
    const Points fetched = resident.fetch(moved);
    CHECK(fetched == to_matrix(moved));
    CHECK(resident.tensor(fetched).data_ptr() == moved.data_ptr());
    CHECK(sent == kBytes);
  }
}

TEST_CASE("A single number makes another array of it", "[resident_arrays]") {
  std::atomic<std::size_t> sent{0};
  ResidentArrays resident(at::kDouble, &sent);
  const Points x = some_points(1);
  resident.tensor(x);
  // Some of these are among the numbers that are looked at first, most are not.
  for (const Index row : {0, 1, 187, 188, 1499, 2998, 2999}) {
    CAPTURE(row);
    Points other = x;
    other(row, 1) += 1e-15;
    CHECK(to_matrix(resident.tensor(other)) == other);
  }
  CHECK(sent == 8 * kBytes);
  // 0 == -0, and yet they are not the same.
  Points zero = x, minus = x;
  zero(5, 0) = 0.0;
  minus(5, 0) = -0.0;
  resident.tensor(zero);
  CHECK(std::signbit(to_matrix(resident.tensor(minus))(5, 0)));
  // Nor are the same numbers in another shape.
  CHECK(resident.tensor(x.reshaped(2000, 3)).size(1) == 3);
}

TEST_CASE("What was not used for longest is forgotten first", "[resident_arrays]") {
  std::atomic<std::size_t> sent{0};
  ResidentArrays resident(at::kDouble, &sent, 4 * kBytes);  // two of them, there and here
  const Points a = some_points(1), b = some_points(2), c = some_points(3);
  resident.tensor(a);
  resident.tensor(b);
  resident.tensor(a);
  resident.tensor(c);
  CHECK(sent == 3 * kBytes);
  resident.tensor(a);
  CHECK(sent == 3 * kBytes);
  resident.tensor(b);
  CHECK(sent == 4 * kBytes);
}

TEST_CASE("Single precision is fetched and recognised without a loss", "[resident_arrays]") {
  for (const at::Device device : test_devices()) {
    std::atomic<std::size_t> sent{0};
    ResidentArrays resident(at::TensorOptions(at::kFloat).device(device), &sent);
    const at::Tensor x = resident.tensor(some_points(1));
    CHECK(sent == kBytes / 2);
    const at::Tensor moved = x * 0.3;
    CHECK(resident.tensor(resident.fetch(moved)).equal(moved));
    CHECK(sent == kBytes / 2);
  }
}

TEST_CASE("Rows are taken on the device", "[resident_arrays]") {
  for (const at::Device device : test_devices()) {
    std::atomic<std::size_t> sent{0};
    ResidentArrays resident(at::TensorOptions(at::kDouble).device(device), &sent);
    const Points x = some_points(1);
    for (const std::vector<Index>& rows : {std::vector<Index>{0, 7, 2999}, {0, 8, 2999}, {5}}) {
      CHECK(to_matrix(resident.rows(x, rows)) == x(rows, Eigen::all));
    }
    CHECK(sent == kBytes);
  }
}

TEST_CASE("Nodes stay on the device from step to step", "[resident_arrays]") {
  for (const Index d : {2, 3}) {
    for (const auto& [scheme, hold_out] : {std::pair(Scheme::jko, true), {Scheme::jko, false}, {Scheme::bdf2, true}}) {
      CAPTURE(d, static_cast<int>(scheme), hold_out);
      std::atomic<std::size_t> sent{0};
      TensorEngineOptions on_device;
      on_device.cuda = cuda_available();
      on_device.sent = &sent;
      JkoOptions options;
      options.scheme = scheme;
      options.step = 0.1;
      options.nodes = 4096;
      options.solver = Solver::lbfgs;
      options.widths = {8, 8};
      options.iterations = 5;
      options.hold_out = hold_out;
      options.chain = 20;  // a new anchor places nodes anew
      options.engine = tensor_engine(on_device);
      JkoFilter filter(ou_model(d), options);
      filter.predict(0.1);
      const std::size_t nodes = static_cast<std::size_t>(filter.belief().nodes().x.size()) * sizeof(double);
      const std::size_t first = sent;
      CHECK(first >= nodes);
      filter.predict(0.2);
      filter.predict(0.3);
      // BDF2 makes its targets, of the nodes now and before, on the processor.
      CHECK(sent - first == (scheme == Scheme::jko ? 0 : 2 * nodes));
    }
  }
}
