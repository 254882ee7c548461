#include "src/flow_file.hpp"

#include <boost/crc.hpp>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <stdexcept>

#include "filter/belief.hpp"
#include "filter/jko_state.hpp"
#include "jko/double_well.hpp"
#include "jko/mixture_potential.hpp"
#include "src/state_codec.hpp"
#include "tests/filter/filter_tester.hpp"
#include "tests/src/input_error.hpp"
#include "tests/src/temporary_folder.hpp"
#include "tests/test.hpp"

using namespace jko;
using namespace jko::test;

namespace {

/// A law of several humps that flows into a double well, in each coordinate.
Model humps_in_wells(Index d) {
  std::vector<GaussianMixture::Component> components;
  // Weights whose normalised ones do not add up to one exactly.
  for (const double weight : {0.1, 0.3, 0.7}) {
    components.push_back({weight, Vector::Constant(d, 4.0 * weight - 1.5), (0.2 + weight) * Matrix::Identity(d, d)});
  }
  return {std::make_shared<DoubleWell>(Vector::Constant(d, 1.0), Vector::Constant(d, 1.2)), 1.5,
          GaussianMixture(components),
          std::make_shared<LinearGaussian>(Matrix::Identity(d, d), 0.25 * Matrix::Identity(d, d)), 0.5};
}

JkoOptions small(Index d) {
  JkoOptions options;
  options.step = 0.1;
  options.nodes = d == 1 ? 128 : d == 2 ? 400 : 256;
  options.widths = {8};
  options.seed = 3;
  return options;
}

JkoFilter flow_at(const Model& model, double t) {
  JkoFilter filter(model, small(model.dimension()));
  filter.predict(t);
  return filter;
}

/// A flow's payload with a line in front that fits it, by hand: files of today must be readable for ever.
std::string with_line(const std::string& payload) {
  boost::crc_32_type crc;
  crc.process_bytes(payload.data(), payload.size());
  char head[80];
  std::snprintf(head, sizeof head, "jkofilter flow 1 %zu %08x\n", payload.size(), crc.checksum());
  return head + payload;
}

std::string payload_of(const std::string& content) { return content.substr(content.find('\n') + 1); }

}  // namespace

TEST_CASE("A flow that was saved and loaded says and draws what the filter does, bit for bit", "[flow_file]") {
  const TemporaryFolder folder;
  for (const Index d : {1, 2, 3}) {
    // At the start, after some maps, and after the anchor was renewed.
    for (const double t : {0.5, 0.7, 1.3}) {
      CAPTURE(d, t);
      const Model model = humps_in_wells(d);
      const JkoFilter filter = flow_at(model, t);
      const std::string file = folder.path("law.flow");
      save_flow(file, filter, model);
      CHECK_FALSE(folder.has("law.flow.tmp"));
      const TrainedFlow flow = load_flow(file);
      CHECK(flow.dimension() == d);
      CHECK(flow.time() == t);
      CHECK(flow.beta() == 1.5);
      CHECK(flow.potential() == model.potential->formula());
      CHECK(flow.maps() == filter.belief().maps());
      const Points x = 2.0 * random_points(50, d, 1);
      CHECK(flow.log_density(x) == filter.log_density(x));
      CHECK(flow.sample(40, 7) == filter.sample(40, 7));
      CHECK(flow.sample(40, 7) != flow.sample(40, 8));
      CHECK(flow.initial().log_density(x) == model.initial.log_density(x));
    }
  }
}

TEST_CASE("The density of a saved flow integrates to one", "[flow_file]") {
  const Model model = humps_in_wells(1);
  const TrainedFlow flow = decode_flow(encode_flow(flow_at(model, 1.0), model), "memory");
  const Index n = 4001;
  const Points x = Vector::LinSpaced(n, -8.0, 8.0);
  CHECK(flow.log_density(x).array().exp().sum() * 16.0 / (n - 1) == Approx(1.0).margin(1e-3));
}

TEST_CASE("A saved flow of an Ornstein-Uhlenbeck process in 3-D has the exact density, mean and covariance",
          "[flow_file]") {
  const Model model = ou_model(3);
  JkoOptions options;
  options.step = 0.1;
  options.nodes = 512;
  JkoFilter filter(model, options);
  filter.predict(0.4);
  const TrainedFlow flow = decode_flow(encode_flow(filter, model), "memory");
  KalmanFilter exact(model);
  exact.predict(0.4);
  const Points x = exact.sample(500, 1);
  const Vector error = flow.log_density(x) - exact.log_density(x);
  CHECK(error.cwiseAbs().mean() < 0.02);
  const Points draws = flow.sample(20000, 2);
  const Vector mean = draws.colwise().mean();
  CHECK((mean - exact.mean()).cwiseAbs().maxCoeff() < 0.05);
  const Points centred = draws.rowwise() - mean.transpose();
  CHECK((centred.transpose() * centred / 20000.0 - exact.covariance()).cwiseAbs().maxCoeff() < 0.06);
}

TEST_CASE("A filter that has seen something is no flow until its anchor is renewed", "[flow_file]") {
  const TemporaryFolder folder;
  const Model model = humps_in_wells(3);
  JkoFilter filter = flow_at(model, 0.7);
  filter.update(Vector::Constant(3, 0.5));
  CHECK_THROWS_AS(save_flow(folder.path("law.flow"), filter, model), std::invalid_argument);
  CHECK_FALSE(folder.has("law.flow"));
}

TEST_CASE("A flow's density is -infinity, and never NaN, where no map can be undone", "[flow_file]") {
  const Model model = humps_in_wells(3);
  const TrainedFlow flow = decode_flow(encode_flow(flow_at(model, 1.0), model), "memory");
  Points x(3, 3);
  x << 1e200, 0, 0, -1e300, 1e300, 1, 1e12, 0, -1e12;
  const Vector log_p = flow.log_density(x);
  CHECK_FALSE(log_p.array().isNaN().any());
  CHECK(log_p.maxCoeff() < -1e20);
}

TEST_CASE("A flow that is not whole is refused: every byte is guarded", "[flow_file]") {
  const Model model = humps_in_wells(1);
  const std::string good = encode_flow(flow_at(model, 0.8), model);
  CHECK(with_line(payload_of(good)) == good);
  const auto refused = [](const std::string& content) {
    return input_error_of([&] { decode_flow(content, "bad.flow"); }).rfind("bad.flow: ", 0) == 0;
  };
  Index missed = 0;
  const std::size_t head = good.find('\n') + 1;
  for (std::size_t byte = 0; byte < good.size(); byte += byte < head ? 1 : 101) {
    std::string bad = good;
    bad[byte] = static_cast<char>(bad[byte] ^ (1 << byte % 8));
    missed += refused(bad) ? 0 : 1;
  }
  for (std::size_t size = 0; size < good.size(); size += size < head ? 1 : 997) {
    missed += refused(good.substr(0, size)) ? 0 : 1;
  }
  CHECK(missed == 0);
  CHECK(refused(good + "x"));
  CHECK(refused(std::string(5000, '\x9f')));
}

TEST_CASE("A forged flow is refused or usable, but never crashes or says NaN", "[flow_file]") {
  for (const Index d : {1, 2, 3}) {
    const Model model = humps_in_wells(d);
    const std::string payload = payload_of(encode_flow(flow_at(model, 0.8), model));
    const Points x = 2.0 * random_points(5, d, 1);
    Index refused = 0, used = 0;
    for (std::size_t k = 0; k < 300; ++k) {
      std::string bad = payload;
      const std::size_t place = (k * 2654435761ULL) % bad.size();
      bad[place] = static_cast<char>(bad[place] ^ (1 << (k % 8)));
      if (k % 10 == 9) bad.resize(place);
      try {
        const TrainedFlow flow = decode_flow(with_line(bad), "forged");
        REQUIRE_FALSE(flow.log_density(x).array().isNaN().any());
        REQUIRE(flow.sample(20, k).allFinite());
        ++used;
      } catch (const InputError&) {
        ++refused;
      }
    }
    CHECK(refused > 20);
    CHECK(used > 20);
  }
}

TEST_CASE("A forged field of a flow is refused by name", "[flow_file]") {
  const Model model = humps_in_wells(3);
  const std::string payload = payload_of(encode_flow(flow_at(model, 0.8), model));
  using Json = nlohmann::json;
  const Json good = tree_from_cbor({payload.begin(), payload.end()});
  const auto message = [&](void (*change)(Json&)) {
    Json bad = good;
    change(bad);
    return input_error_of([&] { decode_flow(with_line(cbor_of(bad)), "forged"); });
  };
  const auto says = [&](const std::string& expected, void (*change)(Json&)) {
    CAPTURE(expected);
    CHECK(message(change).find(expected) != std::string::npos);
  };
  CHECK(message([](Json&) {}).empty());
  says("time", [](Json& j) { j["time"] = Json::binary(std::vector<std::uint8_t>(8, 0xff)); });
  says("beta", [](Json& j) { j["beta"] = Json::binary(std::vector<std::uint8_t>(8, 0)); });
  says("beta is missing", [](Json& j) { j.erase("beta"); });
  says("dimension", [](Json& j) { j["dimension"] = 4; });
  says("dimension", [](Json& j) { j["dimension"] = -1; });
  says("component", [](Json& j) { j["initial"] = Json::array(); });
  says("sum of the weights", [](Json& j) { j["initial"].erase(0); });
  says("number of nodes", [](Json& j) {
    j["belief"]["nodes"]["x"][0] = 0;
    j["belief"]["nodes"]["x"][2] = Json::binary({});
  });
  // No bytes at all, and still a thousand million rows.
  says("number of nodes", [](Json& j) { j["belief"]["nodes"]["x"] = Json::array({1 << 30, 0, Json::binary({})}); });
  says("observation in the chain", [](Json& j) {
    j["belief"]["chain"][0] = {{"is_map", false},
                               {"y", Json::binary(std::vector<std::uint8_t>(24, 0))},
                               {"time", Json::binary(std::vector<std::uint8_t>(8, 0))},
                               {"log_evidence", Json::binary(std::vector<std::uint8_t>(8, 0))}};
  });
  says("do not belong together", [](Json& j) { j["belief"]["chain"].erase(j["belief"]["chain"].size() - 1); });
  says("Q", [](Json& j) { j["belief"]["chain"][0]["map"]["Q"][0] = 2; });
}

TEST_CASE("A file that is no flow is refused by name", "[flow_file]") {
  const TemporaryFolder folder;
  const auto message = [&](const std::string& file) { return input_error_of([&] { load_flow(file); }); };
  CHECK(message(folder.path("none")) == folder.path("none") + ": cannot be read: No such file or directory");
  CHECK(message(folder.path("")).find("is a directory, expected a flow") != std::string::npos);
  const std::string checkpoint = folder.file("c", "jkofilter checkpoint 1 0 00000000\n");
  CHECK(message(checkpoint) == checkpoint + ": is no flow of jkofilter");
  const std::string later = folder.file("l", "jkofilter flow 2 0 00000000\n");
  CHECK(message(later) == later + ": is a flow of form 2, expected 1: of another version");
}
