#include "jko/potential.hpp"

#include <atomic>

namespace jko {

// Here and not in the header, where a program that links the library would have a count of its own.
std::uint64_t Potential::next_identity() {
  static std::atomic<std::uint64_t> last{0};
  return ++last;
}

}  // namespace jko
