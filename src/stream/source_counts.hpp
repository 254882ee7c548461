#pragma once
/// What the sources have met. Written by the I/O thread, read by any.

#include <array>
#include <atomic>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace jko {

/// Why a message did not become an arrival.
enum class Rejection {
  malformed,  ///< says nothing that the model could observe
  too_long,   ///< a line or datagram of more than 64 KiB
  cut_off,    ///< the connection ended in the middle of a line
  overflow,   ///< UDP: the queue was full, or the kernel's buffer
};
inline constexpr int kRejections = 4;
std::string_view name_of(Rejection reason);

class SourceCounts {
 public:
  std::atomic<std::uint64_t> messages{0};  ///< that became arrivals
  std::atomic<std::uint64_t> ignored{0};   ///< that are none and need not be: headers, gpsd's other classes, no fix
  std::atomic<std::uint64_t> bytes{0};
  std::atomic<std::uint64_t> connections{0};  ///< opened
  std::atomic<std::uint64_t> refused{0};      ///< connections beyond the largest number
  std::atomic<std::uint64_t> reconnects{0};   ///< attempts of --connect and --gpsd after the first

  void reject(Rejection reason, std::uint64_t times = 1) { rejected_[static_cast<std::size_t>(reason)] += times; }
  std::uint64_t rejected(Rejection reason) const { return rejected_[static_cast<std::size_t>(reason)]; }

 private:
  std::array<std::atomic<std::uint64_t>, kRejections> rejected_{};
};

/// Messages of the sources for people. Bounded: of a flood the first few of each turn are kept and the rest is counted.
class SourceLog {
 public:
  void add(std::string message);
  /// What was added since this was asked last; the last one says how many more there were.
  std::vector<std::string> take();

 private:
  std::mutex mutex_;
  std::vector<std::string> messages_;
  std::uint64_t omitted_ = 0;
};

}  // namespace jko
