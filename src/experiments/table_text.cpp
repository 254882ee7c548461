#include "src/experiments/table_text.hpp"

#include <algorithm>
#include <boost/algorithm/string/replace.hpp>

namespace jko {
namespace {

using Row = std::vector<std::string>;

/// Characters of UTF-8, all of which are taken to be as wide as a letter.
std::size_t width_of(const std::string& text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

Row escaped(const Row& row) {
  Row cells = row;
  for (std::string& cell : cells) boost::replace_all(cell, "|", "\\|");
  return cells;
}

std::string line_of(const Row& cells, const std::vector<std::size_t>& widths) {
  std::string line = "|";
  for (std::size_t i = 0; i < cells.size(); ++i) {
    line += " " + cells[i] + std::string(widths[i] - width_of(cells[i]), ' ') + " |";
  }
  return line + "\n";
}

std::string quoted(const std::string& cell) {
  if (cell.find_first_of(",\"\r\n") == std::string::npos) return cell;
  return '"' + boost::replace_all_copy(cell, "\"", "\"\"") + '"';
}

std::string csv_line(const Row& cells) {
  std::string line;
  for (std::size_t i = 0; i < cells.size(); ++i) line += (i > 0 ? "," : "") + quoted(cells[i]);
  return line + "\n";
}

}  // namespace

std::string markdown(const StudyTable& table) {
  std::vector<Row> lines = {escaped(table.columns)};
  for (const Row& row : table.rows) lines.push_back(escaped(row));
  std::vector<std::size_t> widths(table.columns.size(), 3);
  for (const Row& cells : lines) {
    for (std::size_t i = 0; i < widths.size(); ++i) widths[i] = std::max(widths[i], width_of(cells[i]));
  }
  std::string text = table.caption + "\n\n" + line_of(lines.front(), widths) + "|";
  for (const std::size_t width : widths) text += std::string(width + 2, '-') + "|";
  text += "\n";
  for (std::size_t i = 1; i < lines.size(); ++i) text += line_of(lines[i], widths);
  return text;
}

std::string csv(const StudyTable& table) {
  std::string text = csv_line(table.columns);
  for (const Row& row : table.rows) text += csv_line(row);
  return text;
}

}  // namespace jko
