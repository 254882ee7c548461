#pragma once
/// The lines of a text file, plain or compressed by gzip, in bounded memory.
///
///     TextLines lines("data/banana.csv.gz");
///     while (auto line = lines.next()) parse(*line, lines.number());
///
/// A file that cannot be read, is cut off or damaged, or has a line beyond all measure is an InputError.

#include <memory>
#include <optional>
#include <string>
#include <string_view>

struct gzFile_s;

namespace jko {

class TextLines {
 public:
  static constexpr std::size_t kLongest = 1 << 20;  ///< bytes of a line

  explicit TextLines(std::string file);

  /// The next line that is not blank, without its end; valid until the next call. Nothing at the end.
  std::optional<std::string_view> next();

  const std::string& file() const { return file_; }
  int number() const { return number_; }  ///< of the line returned last, from 1

 private:
  struct Close {
    void operator()(gzFile_s* stream) const;
  };

  bool read_line();

  std::string file_;
  std::unique_ptr<gzFile_s, Close> stream_;
  std::string line_;
  int number_ = 0;
};

}  // namespace jko
