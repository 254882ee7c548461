#pragma once
/// What the commands on saved flows have in common.

#include <fstream>
#include <ostream>
#include <stdexcept>
#include <string>

namespace jko {

/// Where a table goes: a file, or standard output where it is named "".
class TableOutput {
 public:
  TableOutput(const std::string& file, std::ostream& out) : file_(file), out_(out) {
    if (file_.empty()) return;
    stream_.open(file_);
    check();
  }
  std::ostream& stream() { return file_.empty() ? out_ : stream_; }
  /// Throws std::runtime_error if something could not be written.
  void finish() {
    stream().flush();
    check();
  }

 private:
  void check() {
    if (!stream()) throw std::runtime_error("cannot write " + (file_.empty() ? "to standard output" : file_));
  }

  std::string file_;
  std::ostream& out_;
  std::ofstream stream_;
};

}  // namespace jko
