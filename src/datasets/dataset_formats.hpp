#pragma once
/// The three ways to write a data set. To add one: derive from DataRowParser here and choose it in parser_for().
///
///   CSV     a header with a column `y`, the label; all other columns are features: "y,x0,x1"
///   LIBSVM  label, then index:value of the features that are not 0, indices ascending from 1: "+1 1:0.5 7:1"
///   ARFF    @attribute lines, of which exactly one is nominal, {a,b}, the label; the others are numeric; @data

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "jko/types.hpp"

namespace jko {

constexpr Index kMostFeatures = 10'000;

struct DataRow {
  std::string label;                  ///< as written, without quotes and blanks
  std::vector<std::int32_t> columns;  ///< of the features that are not 0, ascending
  std::vector<double> values;         ///< theirs
  Index features = 0;                 ///< how many this row shows there to be
};

class DataRowParser {
 public:
  virtual ~DataRowParser() = default;
  /// Reads a line into `row`; false if it holds no row (a header, a comment). Throws InputError.
  virtual bool parse(std::string_view line, int number, DataRow& row) = 0;
};

/// By the name of `file`; throws InputError if it says nothing known.
std::unique_ptr<DataRowParser> parser_for(const std::string& file);

}  // namespace jko
