#include "src/experiments/published.hpp"

#include <algorithm>
#include <boost/algorithm/string/classification.hpp>
#include <boost/algorithm/string/split.hpp>
#include <sstream>
#include <stdexcept>

#include "src/timestamp.hpp"

namespace jko {

/// The files' texts by name, in a source that CMake makes of them (cmake/EmbedFiles.cmake).
const std::map<std::string, std::string>& published_texts();

PublishedTable::PublishedTable(const std::string& text) {
  std::vector<std::string> columns, entries;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    if (line.empty() || line.front() == '#') continue;
    boost::split(entries, line, boost::is_any_of(","));
    if (columns.empty()) {
      columns = entries;
      continue;
    }
    if (entries.size() != columns.size()) throw std::invalid_argument("a row of another length: " + line);
    Row& row = rows_.emplace_back();
    for (std::size_t i = 0; i < columns.size(); ++i) row[columns[i]] = entries[i];
  }
}

std::optional<double> PublishedTable::figure(const std::string& column, const Row& where) const {
  for (const Row& row : rows_) {
    const auto agrees = [&](const auto& entry) { return row.at(entry.first) == entry.second; };
    if (std::all_of(where.begin(), where.end(), agrees)) return parse_number(row.at(column));
  }
  return std::nullopt;
}

const PublishedTable& published_table(std::string_view name) {
  static const std::map<std::string, PublishedTable> kTables = [] {
    std::map<std::string, PublishedTable> tables;
    for (const auto& [table, text] : published_texts()) tables.emplace(table, PublishedTable(text));
    return tables;
  }();
  return kTables.at(std::string(name));
}

std::optional<double> published_figure(const std::string& table, const std::string& column,
                                       const PublishedTable::Row& where) {
  return published_table(table).figure(column, where);
}

}  // namespace jko
