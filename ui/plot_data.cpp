#include <charconv>

#include "ui/plot.hpp"

namespace jko::ui {

std::string PlotData::csv() const {
  std::string text = "series,x,y\n";
  const auto number = [&text](double value) {
    char digits[32];
    const auto written = std::to_chars(digits, digits + sizeof digits, value);
    text.append(digits, written.ptr);
  };
  for (const Column& column : columns) {
    std::string name = column.name;
    if (name.find_first_of(",\"\n") != std::string::npos) {
      for (std::size_t at = 0; (at = name.find('"', at)) != std::string::npos; at += 2) name.insert(at, 1, '"');
      name.insert(0, 1, '"').push_back('"');
    }
    for (std::size_t i = 0; i < column.x.size(); ++i) {
      text += name;
      text += ',';
      number(column.x[i]);
      text += ',';
      number(column.y[i]);
      text += '\n';
    }
  }
  return text;
}

}  // namespace jko::ui
