#pragma once
/// A line on the terminal that is written over, a few times a second. Nothing at all where `err` is not a terminal.

#include <chrono>
#include <iosfwd>
#include <string>

namespace jko {

class Progress {
 public:
  Progress(std::ostream& err, bool quiet);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  /// Whether it is time for another line.
  bool due() const;
  /// `share` of the work that is done, from 0 to 1.
  void show(double share, const std::string& text);
  /// Of work without an end.
  void show(const std::string& text);
  /// Takes the line away, so that something else can be written.
  void clear();

 private:
  std::ostream& err_;
  bool shown_, drawn_ = false;
  std::chrono::steady_clock::time_point last_;
};

}  // namespace jko
