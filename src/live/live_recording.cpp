#include "src/live/live_recording.hpp"

#include <spdlog/fmt/fmt.h>

#include <cerrno>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <stdexcept>

#include "src/error.hpp"
#include "src/json_document.hpp"
#include "src/report.hpp"

namespace jko {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;

constexpr int kForm = 1;
constexpr std::size_t kLongestEntry = std::size_t{256} << 20;  // a header may hold a whole checkpoint
constexpr double kMostCount = 1e9;

/// The values of one line by their names, and complaints that name them.
class Fields {
 public:
  Fields(const json& object, const std::string& file, int line) : object_(object), file_(file), line_(line) {
    if (!object_.is_object()) fail("", "expected an object");
  }

  [[noreturn]] void fail(const std::string& key, const std::string& message) const {
    throw InputError(file_, line_, key, message);
  }
  const json& at(const char* key) const {
    const auto found = object_.find(key);
    if (found == object_.end()) fail(key, "this key is missing");
    return *found;
  }
  double number(const char* key) const {
    const json& value = at(key);
    if (!value.is_number()) fail(key, "expected a number");
    return value.get<double>();
  }
  std::optional<double> number_or_null(const char* key) const {
    return at(key).is_null() ? std::nullopt : std::optional<double>(number(key));
  }
  std::int64_t integer(const char* key, double low, double high) const {
    const json& value = at(key);
    const bool good = value.is_number_integer() && value.get<double>() >= low && value.get<double>() <= high;
    if (!good) fail(key, fmt::format("expected an integer from {} to {}", low, high));
    return value.get<std::int64_t>();
  }
  std::string text(const char* key) const {
    const json& value = at(key);
    if (!value.is_string()) fail(key, "expected a text");
    return value.get<std::string>();
  }
  const json& array(const char* key) const {
    const json& value = at(key);
    if (!value.is_array()) fail(key, "expected an array");
    return value;
  }
  template <class Name>
  Name name(const char* key, int count) const {
    const std::string text = this->text(key);
    for (int k = 0; k < count; ++k) {
      if (name_of(static_cast<Name>(k)) == text) return static_cast<Name>(k);
    }
    fail(key, "unknown name '" + text + "'");
  }

 private:
  const json& object_;
  const std::string& file_;
  int line_;
};

/// null: no budget at all, which JSON has no number for.
ordered_json settings_json(const LiveSettings& settings) {
  ordered_json json{{"budget_ms", nullptr}, {"gate", nullptr}};
  if (std::isfinite(settings.budget_ms)) json["budget_ms"] = settings.budget_ms;
  if (settings.gate) json["gate"] = *settings.gate;
  return json;
}

LiveSettings settings_from(const json& object, const std::string& file, int line) {
  const Fields fields(object, file, line);
  LiveSettings settings;
  settings.budget_ms = fields.number_or_null("budget_ms").value_or(LiveOptions::kUnlimited);
  settings.gate = fields.number_or_null("gate");
  return settings;
}

Vector values_from(const Fields& fields, const char* key) {
  const json& array = fields.array(key);
  Vector values(static_cast<Index>(array.size()));
  for (std::size_t i = 0; i < array.size(); ++i) {
    if (!array[i].is_number() && !array[i].is_null()) fields.fail(key, "expected numbers or null");
    values(static_cast<Index>(i)) =
        array[i].is_null() ? std::numeric_limits<double>::quiet_NaN() : array[i].get<double>();
  }
  return values;
}

/// Cuts off what comes after the first `good_bytes`.
const std::string& cut_to(const std::string& file, std::uintmax_t good_bytes) {
  std::filesystem::resize_file(file, good_bytes);
  return file;
}

}  // namespace

ordered_json to_json(const Moves& moves) {
  ordered_json array = ordered_json::array();
  for (const Move& move : moves) {
    ordered_json steps = ordered_json::array();
    for (const SolveRecord& record : move.steps) {
      ordered_json attempts = ordered_json::array();
      for (int k = 0; k < record.attempts; ++k) attempts.push_back(record.iterations[static_cast<std::size_t>(k)]);
      steps.push_back(std::move(attempts));
    }
    array.push_back({{"to", move.to}, {"count", move.count}, {"steps", std::move(steps)}});
  }
  return array;
}

Moves moves_from(const json& json_moves, const std::string& file, int line) {
  const auto fail = [&](const char* message) { throw InputError(file, line, "moves", message); };
  if (!json_moves.is_array()) fail("expected an array");
  Moves moves;
  moves.reserve(json_moves.size());
  for (const json& item : json_moves) {
    const Fields fields(item, file, line);
    Move move;
    move.to = fields.number("to");
    move.count = static_cast<int>(fields.integer("count", 0, kMostCount));
    for (const json& attempts : fields.array("steps")) {
      SolveRecord record;
      if (!attempts.is_array() || attempts.size() > record.iterations.size()) fail("expected at most two attempts");
      record.attempts = static_cast<int>(attempts.size());
      for (std::size_t k = 0; k < attempts.size(); ++k) {
        const bool good = attempts[k].is_number_integer() && attempts[k].get<double>() >= 0.0 &&
                          attempts[k].get<double>() <= kMostCount;
        if (!good) fail("expected numbers of iterations");
        record.iterations[k] = attempts[k].get<int>();
      }
      move.steps.push_back(record);
    }
    moves.push_back(std::move(move));
  }
  return moves;
}

ordered_json to_json(const RecordingHeader& header) {
  ordered_json line;
  line["type"] = "recording";
  line["form"] = kForm;
  line["version"] = header.version;
  line["config_file"] = header.config_file;
  line["config"] = ordered_json::parse(header.config);
  line["method"] = header.method;
  line["seed"] = header.seed;
  line["threads"] = header.threads;
  line["lag"] = header.lag;
  line["kept"] = header.kept;
  line["settings"] = settings_json(header.settings);
  if (!header.state.empty()) line["state"] = header.state;
  return line;
}

RecordingHeader parse_header(std::string_view text, const std::string& file) {
  const JsonDocument document = JsonDocument::parse(text, file);
  const Fields fields(document.root(), file, 1);
  if (!document.root().contains("type") || fields.at("type") != "recording") {
    fields.fail("type", "is no recording of a live run");
  }
  if (fields.integer("form", 0, 1e6) != kForm)
    fields.fail("form", fmt::format("expected {}: of another version", kForm));
  RecordingHeader header;
  header.version = fields.text("version");
  header.config_file = fields.text("config_file");
  header.config = fields.at("config").dump();
  header.method = fields.text("method");
  header.seed = static_cast<std::uint64_t>(fields.integer("seed", 0.0, 9e18));
  header.threads = static_cast<int>(fields.integer("threads", 1, 1024));
  header.lag = fields.number("lag");
  header.kept = fields.integer("kept", 1, 1024);
  header.settings = settings_from(fields.at("settings"), file, 1);
  if (document.root().contains("state")) header.state = fields.text("state");
  return header;
}

ordered_json to_json(const RecordedObservation& observation) {
  ordered_json line;
  line["type"] = "observation";
  line["sequence"] = observation.sequence;
  line["verdict"] = name_of(observation.verdict);
  line["index"] = observation.index;
  line["t"] = observation.time;
  line["y"] = jko::to_json(observation.value);
  line["arrived"] = observation.arrived;
  line["source"] = observation.source;
  line["waiting"] = observation.waiting;
  line["filtered"] = ordered_json::array();
  for (const RecordedPosterior& posterior : observation.filtered) {
    line["filtered"].push_back({{"rung", name_of(posterior.rung)}, {"moves", to_json(posterior.moves)}});
  }
  return line;
}

ordered_json to_json(const RecordedReload& reload) {
  ordered_json line;
  line["type"] = "reload";
  line["sequence"] = reload.sequence;
  line["config"] = ordered_json::parse(reload.config);
  line["settings"] = settings_json(reload.settings);
  return line;
}

RecordedEntry parse_entry(std::string_view text, const std::string& file, int line) {
  constexpr double kMost = 9e15;
  const JsonDocument document = JsonDocument::parse(text, file, line);
  const Fields fields(document.root(), file, line);
  const std::string type = fields.text("type");
  RecordedEntry entry;
  if (type == "reload") {
    entry.reload = RecordedReload{fields.integer("sequence", 0, kMost), fields.at("config").dump(),
                                  settings_from(fields.at("settings"), file, line)};
    return entry;
  }
  if (type != "observation") fields.fail("type", "expected observation or reload, found '" + type + "'");
  RecordedObservation seen;
  seen.sequence = fields.integer("sequence", 0, kMost);
  seen.verdict = fields.name<Verdict>("verdict", kVerdicts);
  seen.index = fields.integer("index", 0, kMost);
  seen.time = fields.number("t");
  seen.value = values_from(fields, "y");
  seen.arrived = fields.number("arrived");
  seen.source = fields.text("source");
  seen.waiting = fields.integer("waiting", 0, kMost);
  for (const json& item : fields.array("filtered")) {
    const Fields posterior(item, file, line);
    seen.filtered.push_back({posterior.name<Rung>("rung", kRungs), moves_from(posterior.at("moves"), file, line)});
  }
  if (seen.filtered.empty()) fields.fail("filtered", "expected one posterior or more");
  entry.observation = std::move(seen);
  return entry;
}

RecordingWriter::RecordingWriter(const std::string& file, const RecordingHeader& header)
    : file_(file, PatientFile::Mode::fresh) {
  const std::string problem = write(to_json(header));
  if (!problem.empty()) throw std::runtime_error(problem);
}

RecordingWriter::RecordingWriter(const std::string& file, std::uintmax_t good_bytes)
    : file_(cut_to(file, good_bytes), PatientFile::Mode::append) {}

std::string RecordingWriter::write(const ordered_json& line) {
  return file_.write(line.dump(-1, ' ', false, ordered_json::error_handler_t::replace));
}

RecordingLines::RecordingLines(const std::string& file) : file_(file) {
  std::error_code error;
  if (std::filesystem::is_directory(file, error)) throw InputError(file, 0, "", "is a directory, expected a recording");
  stream_.open(file, std::ios::binary);
  if (!stream_) throw InputError(file, 0, "", std::string("cannot be read: ") + std::strerror(errno));
  const std::uintmax_t size = std::filesystem::file_size(file, error);
  if (!error) size_ = size;
  if (!read_line()) throw InputError(file, 0, "", "is empty, expected a recording of a live run");
  if (!whole_) throw InputError(file, 1, "", "the header is torn, so that nothing has been recorded");
  header_ = parse_header(text_, file_);
  good_bytes_ = text_.size() + 1;
}

bool RecordingLines::read_line() {
  text_.clear();
  whole_ = false;
  std::streambuf* buffer = stream_.rdbuf();
  for (int c = buffer->sbumpc(); c != std::char_traits<char>::eof(); c = buffer->sbumpc()) {
    if (c == '\n') {
      whole_ = true;
      break;
    }
    if (text_.size() == kLongestEntry) throw InputError(file_, line_ + 1, "", "the line is too long for a recording");
    text_ += static_cast<char>(c);
  }
  ++line_;
  return whole_ || !text_.empty();
}

std::optional<RecordedEntry> RecordingLines::next() {
  if (torn_ || !read_line()) return std::nullopt;
  if (!whole_) {
    torn_ = true;
    return std::nullopt;
  }
  try {
    RecordedEntry entry = parse_entry(text_, file_, line_);
    good_bytes_ += text_.size() + 1;
    return entry;
  } catch (const InputError&) {
    // A file system that lost power may have left anything at the end, and nowhere else.
    if (stream_.rdbuf()->sgetc() != std::char_traits<char>::eof()) throw;
    torn_ = true;
    return std::nullopt;
  }
}

}  // namespace jko
