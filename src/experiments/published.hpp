#pragma once
/// The published figures that tables and pictures show beside ours (data/published/, compiled in; sources in
/// data/README.md).
///
///     published_figure("ornstein_uhlenbeck", "sym_kl", {{"method", "ICNN_jko"}, {"dimension", "12"}, {"t", "0.9"}});

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace jko {

/// A CSV table of texts.
class PublishedTable {
 public:
  /// `text`: lines that begin with # are comments, the first other one names the columns, no entry has a comma. Throws
  /// std::invalid_argument if a row has another number of entries.
  explicit PublishedTable(const std::string& text);

  using Row = std::map<std::string, std::string>;  ///< entries by column
  const std::vector<Row>& rows() const { return rows_; }

  /// The number in `column` of the first row with these entries; empty if there is no such row, or no number in it.
  /// Throws std::out_of_range if there is no such column.
  std::optional<double> figure(const std::string& column, const Row& where) const;

 private:
  std::vector<Row> rows_;
};

/// A file of data/published by its name without ".csv". Throws std::out_of_range if there is none.
const PublishedTable& published_table(std::string_view name);

std::optional<double> published_figure(const std::string& table, const std::string& column,
                                       const PublishedTable::Row& where);

}  // namespace jko
