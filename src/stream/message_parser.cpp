#include "src/stream/message_parser.hpp"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <cmath>
#include <exception>
#include <utility>

#include "src/error.hpp"
#include "src/json_document.hpp"
#include "src/recording_formats.hpp"

namespace jko {
namespace {

/// Line numbers mean nothing in a stream, so the messages of the recordings' parsers go without.
constexpr int kNoLine = 0;

class ObservationParser final : public MessageParser {
 public:
  ObservationParser(RecordingFormat format, std::string name) : format_(std::move(format)), name_(std::move(name)) {
    format_.timed = false;
    json_ = json_lines_parser(name_, format_);
  }

  ParsedMessage parse(std::string_view message) override {
    try {
      const std::size_t begin = message.find_first_not_of(" \t");
      if (begin == std::string_view::npos) return {};
      if (message[begin] == '{') return accepted(json_->parse(message, kNoLine));
      if (names_columns(message.substr(begin))) {
        csv_ = csv_parser(name_, kNoLine, message, format_);
        return {};
      }
      if (csv_) return accepted(csv_->parse(message, kNoLine));
      // Only an observation tells which cells there are: garbage must not decide it.
      auto parser = without_header(message);
      ParsedMessage first = accepted(parser->parse(message, kNoLine));
      csv_ = std::move(parser);
      return first;
    } catch (const std::exception& error) {
      return {std::nullopt, error.what()};
    }
  }

  void reset() override { csv_.reset(); }

 private:
  /// A header begins with the name of a column. What only looks like one, "nan", must not become it: the lines after it
  /// would be read by it.
  bool names_columns(std::string_view line) const {
    std::string first(line.substr(0, line.find_first_of(" \t,")));
    if (first.size() > 1 && first.front() == '"' && first.back() == '"') first = first.substr(1, first.size() - 2);
    return first == "t" || first == "time" || first == "y" || first == "y0" ||
           std::find(format_.columns.begin(), format_.columns.end(), first) != format_.columns.end();
  }

  std::unique_ptr<RecordParser> without_header(std::string_view line) const {
    const auto cells = static_cast<Index>(std::count(line.begin(), line.end(), ',')) + 1;
    if (cells != format_.dimension && cells != format_.dimension + 1) {
      throw InputError(name_, kNoLine, "",
                       fmt::format("expected {} values, or the time and {}, found {} cells", format_.dimension,
                                   format_.dimension, cells));
    }
    RecordingFormat all = format_;
    all.columns.clear();
    std::string header = cells > format_.dimension ? "t" : "";
    for (Index i = 0; i < format_.dimension; ++i) header += fmt::format("{}y{}", header.empty() ? "" : ",", i);
    return csv_parser(name_, kNoLine, header, all);
  }

  ParsedMessage accepted(RecordParser::Record record) {
    Arrival arrival;
    if (!record.time.empty()) {
      if (!format_.time_axis.has_origin() && !parse_number(record.time)) {
        throw InputError(name_, kNoLine, "t",
                         fmt::format("expected a finite number (or an ISO-8601 time, with time.origin in the config), "
                                     "found '{:.40}'",
                                     record.time));
      }
      arrival.time = format_.time_axis.read(record.time);
      if (!arrival.time) {
        throw InputError(name_, kNoLine, "t",
                         fmt::format("expected a finite number or an ISO-8601 time, found '{:.40}'", record.time));
      }
    }
    arrival.value = std::move(record.value);
    return {std::move(arrival), ""};
  }

  RecordingFormat format_;
  std::string name_;
  std::unique_ptr<RecordParser> json_, csv_;
};

class GpsdParser final : public MessageParser {
 public:
  GpsdParser(const RecordingFormat& format, std::vector<std::string> fields, std::string name)
      : format_(format), fields_(std::move(fields)), name_(std::move(name)) {}

  ParsedMessage parse(std::string_view message) override {
    try {
      const JsonDocument document = JsonDocument::parse(message, name_, kNoLine);
      const nlohmann::json& report = document.root();
      if (!report.is_object() || report.value("class", "") != "TPV" || !(report.value("mode", 0.0) >= 2.0)) return {};
      Arrival arrival;
      arrival.value = Vector(static_cast<Index>(fields_.size()));
      for (std::size_t i = 0; i < fields_.size(); ++i) {
        const auto found = report.find(fields_[i]);
        const bool there = found != report.end() && found->is_number();
        arrival.value[static_cast<Index>(i)] = there ? found->get<double>() : kMissing;
      }
      // All of them missing is the report of another kind of receiver: nothing is observed.
      if (arrival.value.array().isNaN().all()) return {};
      const auto time = report.find("time");
      if (format_.time_axis.has_origin() && time != report.end() && time->is_string())
        arrival.time = format_.time_axis.read(time->get<std::string>());
      return {std::move(arrival), ""};
    } catch (const std::exception& error) {
      return {std::nullopt, error.what()};
    }
  }

 private:
  RecordingFormat format_;
  std::vector<std::string> fields_;
  std::string name_;
};

}  // namespace

std::unique_ptr<MessageParser> observation_parser(const RecordingFormat& format, const std::string& name) {
  return std::make_unique<ObservationParser>(format, name);
}

std::unique_ptr<MessageParser> gpsd_parser(const RecordingFormat& format, const std::vector<std::string>& fields,
                                           const std::string& name) {
  return std::make_unique<GpsdParser>(format, fields, name);
}

}  // namespace jko
