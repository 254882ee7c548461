#include "src/datasets/dataset_formats.hpp"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <boost/algorithm/string/case_conv.hpp>
#include <boost/algorithm/string/predicate.hpp>
#include <charconv>
#include <optional>

#include "src/error.hpp"
#include "src/timestamp.hpp"

namespace jko {
namespace {

constexpr std::string_view kBlanks = " \t";

std::string_view trimmed(std::string_view text) {
  const auto begin = text.find_first_not_of(kBlanks);
  return begin == std::string_view::npos ? "" : text.substr(begin, text.find_last_not_of(kBlanks) - begin + 1);
}

/// Without blanks around it, and without quotes around the rest.
std::string_view bare(std::string_view text) {
  text = trimmed(text);
  const bool quoted = text.size() >= 2 && (text.front() == '"' || text.front() == '\'') && text.back() == text.front();
  return quoted ? text.substr(1, text.size() - 2) : text;
}

/// What is before the next `separator`, which both are taken off `rest`; all of it if there is none.
std::string_view take_until(std::string_view& rest, char separator) {
  const auto end = rest.find(separator);
  const std::string_view piece = rest.substr(0, end);
  rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
  return piece;
}

std::vector<std::string_view> split(std::string_view line, char separator) {
  std::vector<std::string_view> pieces;
  for (bool more = true; more;) {
    more = line.find(separator) != std::string_view::npos;
    pieces.push_back(bare(take_until(line, separator)));
  }
  return pieces;
}

/// What CSV and ARFF have in common: cells between commas, one of them the label.
class CellParser {
 public:
  explicit CellParser(std::string file) : file_(std::move(file)) {}

  void set_columns(std::vector<std::string> names, std::size_t label, int line) {
    if (names.size() < 2) throw InputError(file_, line, "", "there is no feature besides the label");
    if (static_cast<Index>(names.size()) - 1 > kMostFeatures) {
      throw InputError(file_, line, "", fmt::format("has {} features, more than {}", names.size() - 1, kMostFeatures));
    }
    names_ = std::move(names);
    label_ = label;
  }

  void parse(std::string_view line, int number, DataRow& row) const {
    row.columns.clear();
    row.values.clear();
    row.features = static_cast<Index>(names_.size()) - 1;
    const auto found = static_cast<std::size_t>(std::count(line.begin(), line.end(), ',')) + 1;
    if (found != names_.size()) {
      throw InputError(file_, number, "", fmt::format("expected {} cells, found {}", names_.size(), found));
    }
    for (std::size_t i = 0; i < names_.size(); ++i) {
      const std::string_view cell = bare(take_until(line, ','));
      if (i == label_) {
        row.label = cell;
        continue;
      }
      const auto value = parse_number(cell);
      if (!value) {
        throw InputError(file_, number, names_[i], fmt::format("expected a finite number, found '{:.40}'", cell));
      }
      if (*value == 0.0) continue;
      row.columns.push_back(static_cast<std::int32_t>(i) - (i > label_ ? 1 : 0));
      row.values.push_back(*value);
    }
  }

 private:
  std::string file_;
  std::vector<std::string> names_;
  std::size_t label_ = 0;
};

class CsvData final : public DataRowParser {
 public:
  explicit CsvData(const std::string& file) : file_(file), cells_(file) {}

  bool parse(std::string_view line, int number, DataRow& row) override {
    if (has_header_) {
      cells_.parse(line, number, row);
      return true;
    }
    has_header_ = true;
    std::vector<std::string> names;
    std::optional<std::size_t> label;
    for (const std::string_view name : split(line, ',')) {
      if (name == "y" && label) throw InputError(file_, number, "y", "the header has this column twice");
      if (name == "y") label = names.size();
      names.emplace_back(name);
    }
    if (!label) {
      throw InputError(file_, number, "y",
                       fmt::format("the header '{:.60}' has no such column, expected one like 'y,x0,x1'", line));
    }
    cells_.set_columns(std::move(names), *label, number);
    return false;
  }

 private:
  std::string file_;
  CellParser cells_;
  bool has_header_ = false;
};

class LibsvmData final : public DataRowParser {
 public:
  explicit LibsvmData(std::string file) : file_(std::move(file)) {}

  bool parse(std::string_view line, int number, DataRow& row) override {
    line = trimmed(line.substr(0, line.find('#')));
    if (line.empty()) return false;
    row.columns.clear();
    row.values.clear();
    row.features = 0;
    const auto next_word = [&] {
      const std::string_view word = line.substr(0, line.find_first_of(kBlanks));
      line.remove_prefix(std::min(line.find_first_not_of(kBlanks, word.size()), line.size()));
      return word;
    };
    row.label = next_word();
    if (row.label.find(':') != std::string::npos) {
      throw InputError(file_, number, "", fmt::format("expected a label first, found '{:.40}'", row.label));
    }
    while (!line.empty()) {
      const std::string_view word = next_word();
      const auto colon = word.find(':');
      Index index = 0;
      const std::string_view digits = word.substr(0, colon);
      const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), index);
      const auto value = colon == std::string_view::npos ? std::nullopt : parse_number(word.substr(colon + 1));
      if (error != std::errc() || end != digits.data() + digits.size() || !value) {
        throw InputError(file_, number, "", fmt::format("expected index:value, found '{:.40}'", word));
      }
      if (index < 1 || index > kMostFeatures) {
        throw InputError(file_, number, "", fmt::format("index {} is not from 1 to {}", index, kMostFeatures));
      }
      if (index <= row.features) {
        throw InputError(file_, number, "", fmt::format("index {} comes after {}", index, row.features));
      }
      row.features = index;
      if (*value == 0.0) continue;
      row.columns.push_back(static_cast<std::int32_t>(index - 1));
      row.values.push_back(*value);
    }
    return true;
  }

 private:
  std::string file_;
};

class ArffData final : public DataRowParser {
 public:
  explicit ArffData(const std::string& file) : file_(file), cells_(file) {}

  bool parse(std::string_view line, int number, DataRow& row) override {
    line = trimmed(line);
    if (line.front() == '%') return false;
    if (!in_data_) {
      declare(line, number);
      return false;
    }
    if (line.front() == '{') throw InputError(file_, number, "", "sparse rows are not supported, expected plain ones");
    cells_.parse(line, number, row);
    return true;
  }

 private:
  void declare(std::string_view line, int number) {
    const std::string_view word = line.substr(0, line.find_first_of(kBlanks));
    if (boost::iequals(word, "@relation")) return;
    if (boost::iequals(word, "@data")) {
      if (!label_) throw InputError(file_, number, "", "no attribute is nominal, {a,b}: there is no label");
      cells_.set_columns(std::move(names_), *label_, number);
      in_data_ = true;
      return;
    }
    if (!boost::iequals(word, "@attribute")) {
      throw InputError(file_, number, "", fmt::format("expected @relation, @attribute or @data, found '{:.40}'", line));
    }
    attribute(trimmed(line.substr(word.size())), number);
  }

  void attribute(std::string_view rest, int number) {
    const bool quoted = !rest.empty() && (rest.front() == '\'' || rest.front() == '"');
    const auto end = quoted ? rest.find(rest.front(), 1) : rest.find_first_of(" \t{");
    if (end == std::string_view::npos) {
      throw InputError(file_, number, "", "expected '@attribute name type'");
    }
    const std::string name(quoted ? rest.substr(1, end - 1) : rest.substr(0, end));
    const std::string_view type = trimmed(rest.substr(quoted ? end + 1 : end));
    if (!type.empty() && type.front() == '{') {
      if (label_) {
        throw InputError(file_, number, name,
                         fmt::format("is nominal, and so is '{}': expected one such attribute, the label, and numbers",
                                     names_[*label_]));
      }
      label_ = names_.size();
    } else if (const std::string lower = boost::to_lower_copy(std::string(type));
               lower != "numeric" && lower != "real" && lower != "integer") {
      throw InputError(file_, number, name,
                       fmt::format("expected numeric, real, integer or {{a,b}}, found '{:.40}'", type));
    }
    names_.push_back(name);
  }

  std::string file_;
  CellParser cells_;
  std::vector<std::string> names_;
  std::optional<std::size_t> label_;
  bool in_data_ = false;
};

}  // namespace

std::unique_ptr<DataRowParser> parser_for(const std::string& file) {
  const std::string name = boost::ends_with(file, ".gz") ? file.substr(0, file.size() - 3) : file;
  if (boost::ends_with(name, ".csv")) return std::make_unique<CsvData>(file);
  if (boost::ends_with(name, ".arff")) return std::make_unique<ArffData>(file);
  for (const char* ending : {".libsvm", ".libsvm.binary", ".libsvm.binary.scale"}) {
    if (boost::ends_with(name, ending)) return std::make_unique<LibsvmData>(file);
  }
  throw InputError(file, 0, "", "expected a name that ends in .csv, .arff or .libsvm, perhaps with .gz after it");
}

}  // namespace jko
