#include "tests/fuzz/targets.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <boost/crc.hpp>
#include <cmath>
#include <cstdint>
#include <sstream>
#include <stdexcept>

#include "jko/jko_filter.hpp"
#include "jko/linear_gaussian.hpp"
#include "jko/sine_well.hpp"
#include "src/datasets/dataset_file.hpp"
#include "src/error.hpp"
#include "src/flow_file.hpp"
#include "src/live/checkpoint.hpp"
#include "src/live/live_engine.hpp"
#include "src/recording.hpp"
#include "src/sealed_file.hpp"
#include "src/stream/line_splitter.hpp"
#include "src/stream/message_parser.hpp"

namespace jko::test {
namespace {

/// A file without a disk.
class MemoryFile {
 public:
  explicit MemoryFile(std::string_view bytes) : descriptor_(memfd_create("fuzz", MFD_CLOEXEC)) {
    while (!bytes.empty()) {
      const ssize_t written = ::write(descriptor_, bytes.data(), bytes.size());
      if (written <= 0) throw std::runtime_error("cannot write to memory");
      bytes.remove_prefix(static_cast<std::size_t>(written));
    }
  }
  ~MemoryFile() { ::close(descriptor_); }
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;
  std::string path() const { return "/proc/self/fd/" + std::to_string(descriptor_); }

 private:
  int descriptor_;
};

void require(bool promise, const char* what) {
  if (!promise) throw std::logic_error(what);
}

RecordingFormat two_values() {
  RecordingFormat format;
  format.dimension = 2;
  format.time_axis = TimeAxis(3600.0, parse_iso8601("2026-01-01"));
  return format;
}

void read_recording(std::string_view bytes) {
  const MemoryFile file(bytes);
  try {
    RecordingReader reader(file.path(), two_values());
    double latest = -std::numeric_limits<double>::infinity();
    while (const auto observation = reader.next()) {
      require(std::isfinite(observation->time) && observation->time >= latest, "times are finite and never go back");
      require(observation->value.size() == 2 && !observation->value.array().isInf().any(), "two values, none infinite");
      latest = observation->time;
    }
  } catch (const InputError&) {
  }
}

void read_stream(std::string_view bytes, MessageParser& parser) {
  LineSplitter splitter;
  splitter.take(bytes);
  splitter.take("\n");
  while (const auto line = splitter.next()) {
    const ParsedMessage message = parser.parse(*line);
    if (!message.arrival) continue;
    require(message.rejected.empty(), "accepted or rejected, not both");
    require(!message.arrival->time || std::isfinite(*message.arrival->time), "a time is finite");
    require(message.arrival->value.size() == 2 && !message.arrival->value.array().isInf().any(),
            "two values, none infinite");
  }
}

constexpr const char* kStudy = R"({
  "state": {"dimension": 1},
  "potential": {"type": "sine_well"},
  "beta": 1,
  "initial": {"type": "gaussian", "mean": 0, "covariance": 1},
  "observation": {"type": "linear", "R": 0.5},
  "filter": {"tau": 0.25, "nodes": 32, "widths": [4], "chain": 9}
})";

void require_usable(const Filter& filter) {
  const Points x = Vector::LinSpaced(9, -4.0, 4.0);
  require(!filter.log_density(x).array().isNaN().any() && filter.mean().allFinite(), "no NaN is published");
}

}  // namespace

void fuzz_csv(std::string_view bytes) {
  // Of what begins with a brace the program would make JSON Lines.
  read_recording(bytes);
  read_stream(bytes, *observation_parser(two_values(), "fuzz"));
}

void fuzz_json_lines(std::string_view bytes) { fuzz_csv(bytes); }

void fuzz_config(std::string_view bytes) {
  try {
    const Config config = parse_config(std::string(bytes), "fuzz.json");
    const Index d = config.model.dimension();
    require(d >= 1 && config.model.initial.dimension() == d, "the initial law is one of the state");
    require(config.columns.empty() ||
                static_cast<Index>(config.columns.size()) == config.model.observation->observation_dimension(),
            "a column for each value");
    // The text that is kept makes the same of it.
    require(parse_config(config.text, "fuzz.json").text == config.text, "the text kept is the config");
  } catch (const InputError&) {
  }
}

void fuzz_gpsd(std::string_view bytes) { read_stream(bytes, *gpsd_parser(two_values(), {"lat", "lon"}, "fuzz")); }

void fuzz_checkpoint(std::string_view bytes) {
  static const Config kConfig = parse_config(kStudy, "study.json");
  const MemoryFile file(sealed({"checkpoint", 1}, bytes));
  LiveOptions options;
  options.settings.budget_ms = LiveOptions::kUnlimited;
  options.resume = file.path();
  try {
    LiveEngine engine(kConfig, options);
    const double next = engine.filter().time() + 0.25;
    engine.accept({next, Vector::Constant(1, 0.5), next, "fuzz"}, 0);
    require_usable(engine.filter());
  } catch (const InputError&) {
  }
}

void fuzz_recording(std::string_view bytes) {
  const MemoryFile file(bytes);
  try {
    RecordingLines lines(file.path());
    // Only of the study that is small: any other may take as long as it likes.
    const Config config = parse_config(lines.header().config, "fuzz.json");
    static const Config kConfig = parse_config(kStudy, "study.json");
    const bool small = config.text == kConfig.text && lines.header().method == "jko" && lines.header().kept <= 256;
    std::optional<LiveEngine> engine;
    if (small) engine.emplace(lines.header(), file.path());
    while (const auto entry = lines.next()) {
      if (!engine || entry->reload) continue;
      Index steps = 0;
      for (const RecordedPosterior& posterior : entry->observation->filtered)
        for (const Move& move : posterior.moves) steps += move.count;
      if (steps > 100) break;  // no reader of a file can tell how long it should take
      engine->redo(*entry, file.path(), lines.line());
      require_usable(engine->filter());
    }
  } catch (const InputError&) {
  }
}

void fuzz_dataset(std::string_view bytes) {
  const auto end = bytes.find('\n');
  const std::string format(bytes.substr(0, end));
  const MemoryFile file(end == std::string_view::npos ? "" : bytes.substr(end + 1));
  try {
    const Dataset data = read_dataset(file.path(), "fuzz." + format);
    require(data.rows() == data.y.size() && data.features() >= 1, "a label for each row, and features");
    require(data.x.allFinite() && (data.y.array().abs() == 1.0).all(), "finite features and labels -1 and 1");
    require(data.y.minCoeff() == -1.0 && data.y.maxCoeff() == 1.0, "both labels");
  } catch (const InputError&) {
  }
}

void fuzz_flow(std::string_view bytes) {
  try {
    const TrainedFlow flow = decode_flow(sealed({"flow", 1}, bytes), "fuzz");
    Points x = Points::Zero(3, flow.dimension());
    x.row(1).setConstant(0.7);
    x.row(2).setConstant(-1e9);
    require(!flow.log_density(x).array().isNaN().any(), "no density is NaN");
    require(flow.sample(5, 1).allFinite(), "draws are finite");
  } catch (const InputError&) {
  }
}

void fuzz_state(std::string_view bytes) {
  if (bytes.empty()) return;
  const Index d = 1 + static_cast<unsigned char>(bytes.front()) % 3;
  bytes.remove_prefix(1);
  JkoOptions options;
  options.nodes = 32;
  options.widths = {4};
  options.chain = 3;
  options.step = 0.25;
  options.iterations = 5;
  const Matrix unit = Matrix::Identity(d, d);
  JkoFilter filter(
      {std::make_shared<SineWell>(d), 1.0, GaussianMixture::standard(d), std::make_shared<LinearGaussian>(unit, unit)},
      options);
  // What save() puts before.
  const std::uint32_t form = 1;
  const std::uint64_t size = bytes.size();
  boost::crc_32_type crc;
  crc.process_bytes(bytes.data(), bytes.size());
  const std::uint32_t checksum = crc.checksum();
  std::stringstream stream;
  stream << "JKOSTATE";
  stream.write(reinterpret_cast<const char*>(&form), sizeof form);
  stream.write(reinterpret_cast<const char*>(&size), sizeof size);
  stream.write(reinterpret_cast<const char*>(&checksum), sizeof checksum);
  stream.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  try {
    filter.load(stream);
  } catch (const std::invalid_argument&) {
    return;
  }
  Points x = Points::Zero(2, d);
  x.row(1).setConstant(0.7);
  require(!filter.log_density(x).array().isNaN().any() && filter.mean().allFinite(), "no NaN is published");
  require(filter.sample(5, 1).allFinite(), "draws are finite");
}

const std::vector<FuzzTarget>& targets() {
  static const std::vector<FuzzTarget> kTargets{{"csv", fuzz_csv},
                                                {"json_lines", fuzz_json_lines},
                                                {"config", fuzz_config},
                                                {"gpsd", fuzz_gpsd},
                                                {"checkpoint", fuzz_checkpoint},
                                                {"recording", fuzz_recording},
                                                {"dataset", fuzz_dataset},
                                                {"flow", fuzz_flow},
                                                {"state", fuzz_state}};
  return kTargets;
}

}  // namespace jko::test
