#pragma once
/// What the InputError of some bad input says.

#include <string>

#include "src/error.hpp"

namespace jko::test {

/// The message of the InputError that `action` throws; "" if it throws none.
template <class Action>
std::string input_error_of(Action action) {
  try {
    action();
  } catch (const InputError& error) {
    return error.what();
  }
  return "";
}

/// Whether `text` ends with `end`.
inline bool ends_with(const std::string& text, const std::string& end) {
  return text.size() >= end.size() && text.compare(text.size() - end.size(), end.size(), end) == 0;
}

}  // namespace jko::test
