#pragma once
/// A file of whole lines that waits for room: each line is handed to the system at once, so that what was written
/// survives the end of the process, however it comes; while the disk is full lines wait in memory, up to 64 MiB.

#include <string>
#include <string_view>

namespace jko {

class PatientFile {
 public:
  enum class Mode {
    fresh,     ///< must not exist yet
    truncate,  ///< starts anew
    append,    ///< must exist, is gone on with
  };
  /// Throws InputError if it cannot be opened so.
  PatientFile(const std::string& file, Mode mode);
  ~PatientFile();
  PatientFile(const PatientFile&) = delete;
  PatientFile& operator=(const PatientFile&) = delete;

  /// Adds the end of line. Returns "", or why lines are waiting. Throws std::runtime_error, and forgets
  /// the line, when more are than memory should hold.
  std::string write(std::string_view line);
  /// Tries again to write what waits. Returns "", or why it waits still.
  std::string flush();

 private:
  std::string file_;
  int descriptor_ = -1;
  std::string waiting_;
};

}  // namespace jko
