#pragma once
/// What a formula of a config may say, checked before any compiler sees it, and its translation to TorchScript.
///
/// Grammar: numbers (2, .5, 1e-3), variables, pi, + - * / **, comparisons, parentheses and the functions that
/// formula_functions() lists. No attribute, string, bracket, keyword or other name passes, so a formula can compute
/// and do nothing else. Whatever passes here but makes no sense, such as "x0 +", is left for the compiler to refuse.

#include <cstddef>
#include <string>
#include <vector>

namespace jko {

struct FormulaScript {
  /// TorchScript: the helper functions that the formula calls, then `def formula(<variables used>)`. Every number is a
  /// tensor in double precision, so 1/2 is a half and sqrt(2) has an argument that it likes.
  std::string source;
  std::vector<std::string> variables;  ///< those that occur in the formula, in the order in which they were given
  std::vector<std::size_t> columns;    ///< of the formula, from 1, for each character of the script's last line
};

/// Throws std::invalid_argument with one line that names the column, as in "unknown name 'sine' at column 3; did you
/// mean 'sin'?". A formula has at most 4096 characters, and nests at most 64 parentheses or powers or signs.
FormulaScript check_formula(const std::string& formula, const std::vector<std::string>& variables);

/// The names of all functions that a formula may call.
std::vector<std::string> formula_functions();

/// {"x0", "x1", …}: `count` names of numbered variables.
std::vector<std::string> numbered_names(const std::string& letter, std::size_t count);

}  // namespace jko
