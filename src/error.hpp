#pragma once
/// Bad input: a file that the user gave and that says something we cannot follow.
///
///     throw InputError(file, line, "potential.type", "expected quadratic or sine_well, found 'sin_well'",
///     "sine_well");
///
/// prints as one line,
///
///     model.json:3: potential.type: expected quadratic or sine_well, found 'sin_well' (did you mean 'sine_well'?)
///
/// and ends the program with exit code 2 (src/program.cpp, and nowhere else).

#include <stdexcept>
#include <string>

namespace jko {

class InputError : public std::runtime_error {
 public:
  /// `line` 0 and an empty `key` or `suggestion` are left out.
  InputError(const std::string& file, int line, const std::string& key, const std::string& message,
             const std::string& suggestion = "");
};

}  // namespace jko
