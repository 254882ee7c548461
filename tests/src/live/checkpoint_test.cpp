#include "src/live/checkpoint.hpp"

#include <boost/crc.hpp>

#include "src/error.hpp"
#include "src/state_codec.hpp"
#include "tests/src/input_error.hpp"
#include "tests/src/live/live_tester.hpp"
#include "tests/src/temporary_folder.hpp"
#include "tests/test.hpp"

using namespace jko;
using namespace jko::test;

namespace {

std::string study_of(Index dimension) {
  if (dimension == 1) return kLiveStudy;
  const std::string d = std::to_string(dimension);
  return R"({"state": {"dimension": )" + d + R"(},
    "potential": {"type": "quadratic", "A": )" +
         (dimension == 2 ? "[[1, 0.3], [0.3, 2]]" : "[[1, 0.3, 0], [0.3, 2, 0], [0, 0, 1]]") + R"(},
    "beta": 1, "initial": {"type": "gaussian", "mean": )" +
         (dimension == 2 ? "[0, 0]" : "[0, 0, 0]") + R"(, "covariance": )" +
         (dimension == 2 ? "[[1, 0], [0, 1]]" : "[[1, 0, 0], [0, 1, 0], [0, 0, 1]]") + R"(},
    "observation": {"type": "linear", "H": )" +
         (dimension == 2 ? "[[1, 0]]" : "[[1, 0, 0]]") + R"(, "R": 0.5},
    "schedule": {"start": 0.5, "interval": 0.5},
    "filter": {"tau": 0.25, "nodes": 200, "widths": [12], "chain": 9}})";
}

std::vector<Arrival> stream(int count) {
  std::vector<Arrival> arrivals = irregular_stream(count);
  std::swap(arrivals[5], arrivals[6]);
  return arrivals;
}

LiveOptions options_with_lag() {
  LiveOptions options = unhurried();
  options.lag = 1.2;
  options.settings.gate = 12.0;
  return options;
}

void put(LiveEngine& engine, const std::vector<Arrival>& arrivals, std::size_t from, std::size_t to,
         std::vector<std::string>& lines) {
  for (std::size_t k = from; k < to; ++k) {
    append(lines, engine.accept(arrivals[k], 0).publish);
    for (std::size_t step = 0; step < k % 4; ++step) engine.work_ahead();
  }
}

std::string with_checksum(const std::string& payload) {
  boost::crc_32_type crc;
  crc.process_bytes(payload.data(), payload.size());
  char head[80];
  std::snprintf(head, sizeof head, "jkofilter checkpoint 1 %zu %08x\n", payload.size(), crc.checksum());
  return head + payload;
}

}  // namespace

TEST_CASE("Resumed at any observation the run goes on bit for bit", "[live][checkpoint]") {
  const TemporaryFolder folder;
  for (const Index d : {1, 2, 3}) {
    CAPTURE(d);
    const Config config = live_study(study_of(d));
    const std::vector<Arrival> arrivals = stream(11);
    LiveEngine straight(config, options_with_lag());
    std::vector<std::string> expected;
    put(straight, arrivals, 0, arrivals.size(), expected);
    for (std::size_t stop = 0; stop <= arrivals.size(); ++stop) {
      CAPTURE(stop);
      std::vector<std::string> lines;
      LiveOptions options = options_with_lag();
      options.checkpoint = folder.path("run.ckpt");
      {
        LiveEngine first(config, options);
        put(first, arrivals, 0, stop, lines);
        first.write_checkpoint();
        CHECK(first.counts().checkpoints == 1);
      }
      options.resume = options.checkpoint;
      LiveEngine second(config, options);
      CHECK(second.resumed().empty());
      put(second, arrivals, stop, arrivals.size(), lines);
      CHECK(lines == expected);
      CHECK(second.log_evidence() == straight.log_evidence());
    }
  }
}

TEST_CASE("After a crash what was recorded since the checkpoint is filtered again", "[live][checkpoint][recording]") {
  const TemporaryFolder folder;
  const Config config = live_study();
  const std::vector<Arrival> arrivals = stream(12);
  LiveEngine straight(config, options_with_lag());
  std::vector<std::string> expected;
  put(straight, arrivals, 0, arrivals.size(), expected);
  for (const std::size_t checkpointed : {0, 3, 8}) {
    for (const bool torn : {false, true}) {
      CAPTURE(checkpointed, torn);
      const std::string name = std::to_string(checkpointed) + (torn ? "t" : "w");
      LiveOptions options = options_with_lag();
      options.checkpoint = folder.path(name + ".ckpt");
      options.record = folder.path(name + ".jsonl");
      std::vector<std::string> lines, since;
      {
        LiveEngine first(config, options);
        put(first, arrivals, 0, checkpointed, lines);
        if (checkpointed > 0) first.write_checkpoint();  // else the crash comes before the first one
        put(first, arrivals, checkpointed, 8, since);
      }
      if (torn) folder.file(name + ".jsonl", folder.read(name + ".jsonl") + "{\"type\":\"observ");
      options.resume = options.checkpoint;
      LiveEngine second(config, options);
      CHECK(second.take_warnings().size() == (torn ? 1 : 0));
      std::vector<std::string> again;
      append(again, second.resumed());
      CHECK(again == since);
      lines.insert(lines.end(), again.begin(), again.end());
      // What was computed ahead after the last line of the recording is not known: only this is done again here.
      if (checkpointed < 8) {
        for (std::size_t step = 0; step < 7 % 4; ++step) second.work_ahead();
      }
      put(second, arrivals, 8, arrivals.size(), lines);
      CHECK(lines == expected);
      // The recording is that of one run.
      RecordingLines recorded(options.record);
      Index count = 0;
      while (recorded.next()) ++count;
      CHECK_FALSE(recorded.torn());
      CHECK(count == second.observations());
    }
  }
}

TEST_CASE("A recording that begins at a checkpoint holds it", "[live][checkpoint][recording]") {
  const TemporaryFolder folder;
  const Config config = live_study();
  const std::vector<Arrival> arrivals = stream(9);
  LiveOptions options = options_with_lag();
  options.checkpoint = folder.path("run.ckpt");
  std::vector<std::string> before, lines, again;
  {
    LiveEngine first(config, options);
    put(first, arrivals, 0, 5, before);
    first.write_checkpoint();
  }
  options.resume = options.checkpoint;
  options.record = folder.path("run.jsonl");
  {
    LiveEngine second(config, options);
    put(second, arrivals, 5, 9, lines);
  }
  RecordingLines recorded(options.record);
  LiveEngine replayed(recorded.header(), options.record);
  while (const auto entry = recorded.next())
    append(again, replayed.redo(*entry, options.record, recorded.line()).publish);
  CHECK(again == lines);
}

TEST_CASE("A checkpoint that is not whole is refused: every byte is guarded", "[live][checkpoint]") {
  const TemporaryFolder folder;
  const Config config = live_study();
  LiveEngine engine(config, options_with_lag());
  std::vector<std::string> ignored;
  put(engine, stream(8), 0, 6, ignored);
  const std::string good = encode_checkpoint(engine.state());
  CHECK(decode_checkpoint(good, "good").next_index == 6);
  const auto refused = [&](const std::string& content) {
    try {
      decode_checkpoint(content, "bad");
      return false;
    } catch (const InputError& error) {
      return std::string(error.what()).rfind("bad: ", 0) == 0;
    }
  };
  Index missed = 0;
  const auto flip = [&](std::size_t byte, std::size_t bit) {
    std::string bad = good;
    bad[byte] = static_cast<char>(bad[byte] ^ (1 << bit));
    missed += refused(bad) ? 0 : 1;
  };
  const std::size_t head = good.find('\n') + 1;
  for (std::size_t byte = 0; byte < head; ++byte) {
    for (std::size_t bit = 0; bit < 8; ++bit) flip(byte, bit);  // all: 'a' and 'A' are the same hexadecimal digit
  }
  for (std::size_t byte = head; byte < good.size(); byte += 37) flip(byte, byte % 8);
  CHECK(missed == 0);
  for (std::size_t size = 0; size < good.size(); size += size < 200 ? 1 : 1009)
    missed += refused(good.substr(0, size)) ? 0 : 1;
  CHECK(missed == 0);
  CHECK(refused(good + "x"));
  CHECK(refused(std::string(5000, '\x9f')));
}

TEST_CASE("A forged checkpoint is refused or usable, but never crashes", "[live][checkpoint]") {
  const TemporaryFolder folder;
  for (const Index d : {1, 2, 3}) {
    const Config config = live_study(study_of(d));
    LiveEngine engine(config, options_with_lag());
    std::vector<std::string> ignored;
    const std::vector<Arrival> arrivals = stream(7);
    put(engine, arrivals, 0, 6, ignored);
    const std::string good = encode_checkpoint(engine.state());
    const std::string payload = good.substr(good.find('\n') + 1);
    Index refused = 0, used = 0;
    for (std::size_t k = 0; k < (d == 1 ? 300U : 30U); ++k) {
      std::string bad = payload;
      const std::size_t place = (k * 2654435761ULL) % bad.size();
      bad[place] = static_cast<char>(bad[place] ^ (1 << (k % 8)));
      if (k % 10 == 9) bad.resize(place);
      LiveOptions options = options_with_lag();
      options.resume = folder.file("forged.ckpt", with_checksum(bad));
      try {
        LiveEngine forged(config, options);
        forged.accept(arrivals[6], 0);
        ++used;
      } catch (const InputError&) {
        ++refused;
      }
    }
    CHECK(refused > 3);
    CHECK(used > 3);
  }
  // Nesting without end, and sizes that no file holds.
  CHECK_THROWS_AS(tree_from_cbor(std::vector<std::uint8_t>(1'000'000, 0x81)), std::invalid_argument);
  CHECK_THROWS_AS(tree_from_cbor({0x5b, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}), std::invalid_argument);
}

TEST_CASE("A checkpoint of another study, or none at all, is refused by name", "[live][checkpoint]") {
  const TemporaryFolder folder;
  LiveOptions options = unhurried();
  options.checkpoint = folder.path("run.ckpt");
  LiveEngine(live_study(), options).write_checkpoint();
  LiveOptions resuming = unhurried();
  const auto message = [&](const std::string& text) -> std::string {
    try {
      LiveEngine engine(live_study(text), resuming);
    } catch (const InputError& error) {
      return error.what();
    }
    return "";
  };
  resuming.resume = options.checkpoint;
  CHECK(message(kLiveStudy).empty());
  std::string other = kLiveStudy;
  other.replace(other.find("\"beta\": 1"), 9, "\"beta\": 2");
  CHECK(message(other) == folder.path("run.ckpt") + ": cannot be used: beta is not what study.json says");
  resuming.method = "grid";
  CHECK(message(kLiveStudy).find("checkpoints are those of the method jko, not of grid") != std::string::npos);
  resuming.method = "";
  resuming.resume = folder.path("none.ckpt");
  CHECK(message(kLiveStudy) == folder.path("none.ckpt") + ": cannot be read: No such file or directory");
  resuming.resume = folder.path("");
  CHECK_FALSE(message(kLiveStudy).empty());
}

TEST_CASE("Checkpoints come when they are due, and a failed one leaves the former one", "[live][checkpoint]") {
  const TemporaryFolder folder;
  double now = 0.0;
  LiveOptions options = unhurried();
  options.clock = [&] { return now; };
  options.checkpoint = folder.path("run.ckpt");
  options.checkpoint_every = 10.0;
  LiveEngine engine(live_study(), options);
  while (engine.work_ahead()) {
  }
  CHECK(engine.counts().checkpoints == 0);
  now = 11.0;
  CHECK(engine.work_ahead());
  CHECK(engine.counts().checkpoints == 1);
  CHECK_FALSE(engine.work_ahead());
  const std::string former = folder.read("run.ckpt");
  CHECK_FALSE(folder.has("run.ckpt.tmp"));
  std::filesystem::create_directory(folder.path("run.ckpt.tmp"));  // so that it cannot be written
  now = 25.0;
  engine.work_ahead();
  CHECK(engine.counts().checkpoints == 1);
  CHECK(engine.take_warnings().size() == 1);
  CHECK_THROWS_AS(engine.write_checkpoint(), std::runtime_error);
  CHECK(folder.read("run.ckpt") == former);
}

TEST_CASE("A run that goes on from its own checkpoints begins where there is none, others do not",
          "[live][checkpoint]") {
  const TemporaryFolder folder;
  LiveOptions options = unhurried();
  options.checkpoint = options.resume = folder.path("run.ckpt");
  for (Index begun = 0; begun < 3; ++begun) {
    LiveEngine engine(live_study(), options);
    CHECK(engine.observations() == begun);
    engine.accept(arrival(0.5 * static_cast<double>(begun + 1), 0.1), 0);
    engine.write_checkpoint();
  }
  // Killed before it had written the header of its recording.
  options.record = folder.file("run.jsonl", "{\"type\":\"recor");
  CHECK(LiveEngine(live_study(), options).observations() == 3);
  CHECK(LiveEngine(live_study(), options).observations() == 3);
  // A file of somebody else is not touched.
  options.record = folder.file("notes.txt", "do not lose me");
  CHECK_FALSE(input_error_of([&] { LiveEngine engine(live_study(), options); }).empty());
  CHECK(folder.read("notes.txt") == "do not lose me");
  options.record.clear();
  options.resume = folder.path("mistyped.ckpt");
  CHECK(input_error_of([&] { LiveEngine engine(live_study(), options); }).find("mistyped.ckpt") != std::string::npos);
}

TEST_CASE("A checkpoint never knows a posterior that was not handed out yet", "[live][checkpoint]") {
  const TemporaryFolder folder;
  OddClock clock;
  LiveOptions options = unhurried();
  options.clock = clock.function();
  options.checkpoint = folder.path("run.ckpt");
  options.checkpoint_every = 1e-9;  // always due
  LiveEngine engine(live_study(), options);
  Index handed_out = 0;
  for (const Arrival& next : steady_stream(6)) {
    engine.accept(next, 0);
    CHECK(read_checkpoint_file(options.checkpoint).next_index == handed_out);
    ++handed_out;
    engine.work_ahead();
    CHECK(read_checkpoint_file(options.checkpoint).next_index == handed_out);
  }
}
