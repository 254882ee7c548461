#pragma once
/// Points as CSV, one a row: read some at a time, in bounded memory, and written so that they come back bit for bit.
///
///     x0,x1
///     0.25,-1.5
///
///     PointsReader reader("points.csv", 2);
///     for (Points x = reader.next(4096); x.rows() > 0; x = reader.next(4096)) …
///
/// A first line without any number is a header, and no more than counted. Everything else that is not as many finite
/// numbers as there are dimensions is an InputError with file and line.

#include <fstream>
#include <iosfwd>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "jko/types.hpp"

namespace jko {

class PointsReader {
 public:
  PointsReader(std::string file, Index dimension);

  /// The next points, at most `most` of them, shape (N, D); none at the end.
  Points next(Index most);

 private:
  bool read_line();
  std::vector<std::optional<double>> numbers() const;

  std::string file_;
  Index dimension_;
  std::ifstream stream_;
  std::vector<char> buffer_;
  std::string_view text_;  ///< of the line, in the buffer
  int line_ = 0;
  bool waiting_ = false;  ///< the first line, read to tell whether it is a header, is still to be taken
};

/// "x0,x1,x2"
std::string point_names(Index dimension);

/// A line for each row of `points` (N, D), with its entry of `values` (N) at the end, unless there are none.
void write_points(std::ostream& out, PointsView points, const Vector& values = {});

}  // namespace jko
