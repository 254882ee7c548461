#include "filter/state_stream.hpp"

#include <sstream>

#include "jko/jko.hpp"
#include "tests/test.hpp"

using namespace jko;

namespace {

Model wells_seen_in_noise(Index dimension) {
  const Matrix unit = Matrix::Identity(dimension, dimension);
  return {std::make_shared<SineWell>(dimension), 1.0, GaussianMixture::standard(dimension),
          std::make_shared<LinearGaussian>(unit, unit)};
}

JkoFilter filter_of(Index dimension, Solver solver = Solver::automatic) {
  JkoOptions options;
  options.nodes = 64;
  options.widths = {6};
  options.solver = solver;
  options.chain = 6;
  options.step = 0.25;
  return JkoFilter(wells_seen_in_noise(dimension), options);
}

void predict_and_update(JkoFilter& filter, double t, double y) {
  filter.predict(t);
  filter.update(Vector::Constant(filter.dimension(), y));
}

std::string bytes_of_filter(const JkoFilter& filter) {
  std::ostringstream out;
  filter.save(out);
  return out.str();
}

void load_bytes(JkoFilter& filter, const std::string& bytes) {
  std::istringstream in(bytes);
  filter.load(in);
}

}  // namespace

TEST_CASE("a filter that loads another one's state goes on as that one does, to the last bit") {
  for (const Index d : {1, 2, 3}) {
    for (const Solver solver : {Solver::newton, Solver::lbfgs, Solver::pooled}) {
      JkoFilter first = filter_of(d, solver);
      // After a prediction, after an observation, and behind an anchor of each kind.
      for (int k = 1; k <= 4; ++k) {
        first.predict(0.5 * k - 0.125);
        JkoFilter second = filter_of(d, solver);
        load_bytes(second, bytes_of_filter(first));
        CHECK(second.time() == first.time());
        CHECK(bytes_of_filter(second) == bytes_of_filter(first));
        for (JkoFilter* filter : {&first, &second}) predict_and_update(*filter, 0.5 * k, 0.3 * k);
        CHECK(bytes_of_filter(second) == bytes_of_filter(first));
        CHECK(second.mean() == first.mean());
      }
    }
  }
}

TEST_CASE("two states may follow each other in a stream") {
  JkoFilter a = filter_of(1), b = filter_of(1);
  predict_and_update(a, 0.5, 0.1);
  predict_and_update(b, 1.0, 0.7);
  std::stringstream stream;
  a.save(stream);
  b.save(stream);
  JkoFilter c = filter_of(1);
  c.load(stream);
  CHECK(c.mean() == a.mean());
  c.load(stream);
  CHECK(c.mean() == b.mean());
}

TEST_CASE("a state that was cut short or damaged anywhere is refused in one line, and changes nothing") {
  JkoFilter good = filter_of(2);
  predict_and_update(good, 0.5, 0.4);
  const std::string bytes = bytes_of_filter(good);
  JkoFilter filter = filter_of(2);
  predict_and_update(filter, 0.25, 0.1);
  const std::string before = bytes_of_filter(filter);
  const auto refuse = [&](const std::string& damaged) {
    try {
      load_bytes(filter, damaged);
      FAIL("a damaged state was loaded");
    } catch (const std::invalid_argument& error) {
      const std::string what = error.what();
      CHECK(what.find('\n') == std::string::npos);
      CHECK(what.find("this is not the state of a filter") == 0);
    }
    CHECK(bytes_of_filter(filter) == before);
  };
  for (std::size_t size = 0; size < bytes.size(); size += 1 + size / 3) refuse(bytes.substr(0, size));
  for (std::size_t at = 0; at < bytes.size(); at += 1 + at / 3) {
    std::string damaged = bytes;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x40);
    refuse(damaged);
  }
}

TEST_CASE("a state is refused by a filter of another dimension") {
  const std::string bytes = bytes_of_filter(filter_of(2));
  JkoFilter other = filter_of(3);
  CHECK_THROWS_AS(load_bytes(other, bytes), std::invalid_argument);
  CHECK(other.dimension() == 3);
}
