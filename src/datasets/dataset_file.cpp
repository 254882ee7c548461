#include "src/datasets/dataset_file.hpp"

#include <spdlog/fmt/fmt.h>

#include <array>
#include <filesystem>

#include "src/datasets/dataset_formats.hpp"
#include "src/datasets/generators.hpp"
#include "src/datasets/text_lines.hpp"
#include "src/error.hpp"
#include "src/timestamp.hpp"

namespace jko {
namespace {

constexpr Index kMostNumbers = Index{1} << 27;

constexpr std::array kEndings = {".csv", ".libsvm", ".libsvm.binary.scale", ".libsvm.binary", ".arff"};

/// "+1", "1" and "1.0" are the same label.
std::optional<double> as_number(const std::string& label) {
  return parse_number(std::string_view(label).substr(!label.empty() && label.front() == '+' ? 1 : 0));
}

/// The two classes of a file, in the order of their first rows.
class Labels {
 public:
  explicit Labels(const std::string& file) : file_(file) {}

  int class_of(const std::string& label, int line) {
    for (std::size_t i = 0; i < seen_.size(); ++i) {
      if (seen_[i] == label || (as_number(label) && as_number(label) == as_number(seen_[i])))
        return static_cast<int>(i);
    }
    if (label.empty()) throw InputError(file_, line, "", "the label is empty");
    if (seen_.size() == 2) {
      throw InputError(file_, line, "",
                       fmt::format("'{:.40}' is a third label after '{:.40}' and '{:.40}', expected two", label,
                                   seen_[0], seen_[1]));
    }
    seen_.push_back(label);
    return static_cast<int>(seen_.size()) - 1;
  }

  /// -1 or 1 for each of the two classes.
  std::array<double, 2> values() const {
    if (seen_.size() < 2) throw InputError(file_, 0, "", "has one label only, expected two");
    const auto first = as_number(seen_[0]), second = as_number(seen_[1]);
    const bool ascending = first && second ? *first < *second : seen_[0] < seen_[1];
    return ascending ? std::array{-1.0, 1.0} : std::array{1.0, -1.0};
  }

 private:
  std::string file_;
  std::vector<std::string> seen_;
};

}  // namespace

Dataset read_dataset(const std::string& file, const std::string& named) {
  const std::unique_ptr<DataRowParser> parser = parser_for(named.empty() ? file : named);
  TextLines lines(file);
  Labels labels(file);
  std::vector<int> classes;
  std::vector<std::size_t> ends;  // of each row in the two below, which leave out zeros
  std::vector<std::int32_t> columns;
  std::vector<double> values;
  Index features = 0;
  DataRow row;
  while (const auto line = lines.next()) {
    if (!parser->parse(*line, lines.number(), row)) continue;
    classes.push_back(labels.class_of(row.label, lines.number()));
    columns.insert(columns.end(), row.columns.begin(), row.columns.end());
    values.insert(values.end(), row.values.begin(), row.values.end());
    ends.push_back(values.size());
    features = std::max(features, row.features);
    if (features * static_cast<Index>(ends.size()) > kMostNumbers) {
      throw InputError(file, lines.number(), "", fmt::format("more than {} numbers", kMostNumbers));
    }
  }
  if (ends.empty()) throw InputError(file, 0, "", "has no rows");
  if (features == 0) throw InputError(file, 0, "", "has no feature that is not 0");

  const auto rows = static_cast<Index>(ends.size());
  const std::string name = std::filesystem::path(named.empty() ? file : named).filename().string();
  Dataset data{name.substr(0, name.find('.')), Points::Zero(rows, features), Vector(rows)};
  const auto value_of_class = labels.values();
  std::size_t at = 0;
  for (Index i = 0; i < rows; ++i) {
    const auto k = static_cast<std::size_t>(i);
    data.y[i] = value_of_class[static_cast<std::size_t>(classes[k])];
    for (; at < ends[k]; ++at) data.x(i, columns[at]) = values[at];
  }
  return data;
}

std::optional<std::string> find_dataset(const std::string& folder, const std::string& name) {
  for (const char* ending : kEndings) {
    for (const char* compressed : {"", ".gz"}) {
      const std::filesystem::path file = std::filesystem::path(folder) / (name + ending + compressed);
      if (std::filesystem::is_regular_file(file)) return file.string();
    }
  }
  return std::nullopt;
}

Dataset load_dataset(const std::string& folder, const std::string& name, std::uint64_t seed) {
  if (!folder.empty()) {
    if (const auto file = find_dataset(folder, name)) return read_dataset(*file);
  }
  if (auto data = generate_dataset(name, seed)) return *std::move(data);
  if (folder.empty()) throw InputError(name, 0, "", "no folder of data is given to find this set in");
  throw InputError(
      folder, 0, "",
      fmt::format("has no file '{0:.40}.csv', '{0:.40}.libsvm' or '{0:.40}.arff', perhaps with .gz after it", name));
}

}  // namespace jko
