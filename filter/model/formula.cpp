#include "filter/model/formula.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <map>
#include <set>
#include <stdexcept>

#include "filter/model/nearest_name.hpp"

namespace jko {
namespace {

constexpr std::size_t kLongest = 4096;
constexpr std::size_t kDeepest = 64;
constexpr const char* kSpaces = " \t\r\n";

struct Function {
  std::string name_in_script;
  std::string definition;  ///< empty where TorchScript has the function under that name
};

std::map<std::string, Function> make_functions() {
  std::map<std::string, Function> functions;
  const auto define = [&](const std::string& name, const std::string& parameters, const std::string& body) {
    functions[name] = {name, "def " + name + "(" + parameters + ") -> Tensor:\n  return " + body + "\n"};
  };
  for (const char* name : {"sin",   "cos",   "tan",    "asin",    "acos",    "atan", "sinh",  "cosh", "tanh",  "asinh",
                           "acosh", "atanh", "exp",    "exp2",    "expm1",   "log",  "log1p", "log2", "log10", "sqrt",
                           "erf",   "erfc",  "lgamma", "digamma", "sigmoid", "sign", "floor", "ceil", "square"}) {
    define(name, "x: Tensor", std::string("torch.") + name + "(x)");
  }
  for (const char* name : {"minimum", "maximum", "atan2", "hypot", "logaddexp"}) {
    define(name, "a: Tensor, b: Tensor", std::string("torch.") + name + "(a, b)");
  }
  // torch.softplus is the identity above 20, which leaves a step of 2e-9.
  define("softplus", "x: Tensor", "torch.logaddexp(x, torch.zeros_like(x))");
  // 11: bool
  define("where", "condition: Tensor, a: Tensor, b: Tensor", "torch.where(condition.to(11), a, b)");
  define("clamp", "x: Tensor, low: Tensor, high: Tensor", "torch.minimum(torch.maximum(x, low), high)");
  functions["min"] = functions["minimum"];
  functions["max"] = functions["maximum"];
  functions["abs"] = {"abs", ""};
  functions["pow"] = {"pow", ""};
  return functions;
}

const std::map<std::string, Function>& functions() {
  static const auto table = make_functions();
  return table;
}

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// Reads a formula from left to right and writes its translation.
class Translator {
 public:
  Translator(const std::string& formula, const std::vector<std::string>& variables)
      : formula_(formula), variables_(variables) {}

  FormulaScript translate() {
    if (formula_.size() > kLongest) {
      throw std::invalid_argument("the formula has " + std::to_string(formula_.size()) + " characters, more than " +
                                  std::to_string(kLongest));
    }
    while (skip_spaces(), at_ < formula_.size()) {
      const char c = formula_[at_];
      if (is_letter(c)) {
        name();
      } else if (is_digit(c) || (c == '.' && at_ + 1 < formula_.size() && is_digit(formula_[at_ + 1]))) {
        number();
      } else {
        operation();
      }
    }
    if (script_.empty()) throw std::invalid_argument("the formula is empty");
    if (levels_.size() > 1) fail("parenthesis that is never closed", levels_.back().opened);
    return finish();
  }

 private:
  /// One pair of parentheses, or the whole formula.
  struct Level {
    std::size_t opened;
    bool compared = false;   ///< a comparison has been seen since the last comma
    std::size_t powers = 0;  ///< number of ** since the last operator that binds less
  };

  [[noreturn]] void fail(const std::string& what, std::size_t where, const std::string& hint = "") const {
    // Columns are counted in characters, not bytes: continuation bytes of UTF-8 are 10xxxxxx.
    const auto column = 1 + std::count_if(formula_.begin(), formula_.begin() + static_cast<std::ptrdiff_t>(where),
                                          [](char c) { return (c & 0xC0) != 0x80; });
    throw std::invalid_argument(what + " at column " + std::to_string(column) + (hint.empty() ? "" : "; " + hint));
  }

  void skip_spaces() {
    const std::size_t from = at_;
    at_ = std::min(formula_.find_first_not_of(kSpaces, at_), formula_.size());
    if (at_ > from && !script_.empty()) emit(" ", from);
  }

  void emit(const std::string& text, std::size_t from) {
    script_ += text;
    columns_.resize(script_.size(), from + 1);
  }

  void emit_number(const std::string& text, std::size_t from) {
    emit("number(" + text + ")", from);
    signs_ = 0;
  }

  void name() {
    const std::size_t from = at_;
    while (at_ < formula_.size() && (is_letter(formula_[at_]) || is_digit(formula_[at_]))) ++at_;
    const std::string name = formula_.substr(from, at_ - from);
    const std::size_t next = formula_.find_first_not_of(kSpaces, at_);
    const bool called = next != std::string::npos && formula_[next] == '(';
    if (std::find(variables_.begin(), variables_.end(), name) != variables_.end()) {
      used_variables_.insert(name);
      emit(name, from);
    } else if (name == "pi") {
      return emit_number("3.141592653589793", from);
    } else if (const auto function = functions().find(name); function != functions().end()) {
      if (!called) fail("function '" + name + "' without its argument in parentheses", from);
      used_definitions_.insert(function->second.definition);
      emit(function->second.name_in_script, from);
    } else {
      unknown_name(name, from);
    }
    signs_ = 0;
  }

  [[noreturn]] void unknown_name(const std::string& name, std::size_t from) const {
    auto candidates = formula_functions();
    candidates.insert(candidates.begin(), variables_.begin(), variables_.end());
    candidates.push_back("pi");
    std::string hint = "the variables are";
    for (const std::string& variable : variables_) hint += " " + variable;
    const std::string nearest = nearest_name(name, candidates);
    if (!nearest.empty()) hint = "did you mean '" + nearest + "'?";
    fail("unknown name '" + name + "'", from, hint);
  }

  void number() {
    const std::size_t from = at_;
    const auto digits = [&] {
      while (at_ < formula_.size() && is_digit(formula_[at_])) ++at_;
    };
    digits();
    if (at_ < formula_.size() && formula_[at_] == '.') ++at_;
    digits();
    if (at_ < formula_.size() && (formula_[at_] == 'e' || formula_[at_] == 'E')) {
      ++at_;
      if (at_ < formula_.size() && (formula_[at_] == '+' || formula_[at_] == '-')) ++at_;
      if (at_ == formula_.size() || !is_digit(formula_[at_])) fail("number whose exponent is missing", from);
      digits();
    }
    std::string text = formula_.substr(from, at_ - from);
    if (!std::isfinite(std::strtod(text.c_str(), nullptr))) fail("number '" + text + "', which is too large,", from);
    if (text.find_first_of(".eE") == std::string::npos) text += '.';
    emit_number(text[0] == '.' ? "0" + text : text, from);
  }

  void operation() {
    const std::size_t from = at_;
    std::string op = formula_.substr(at_, 2);
    if (op == "//") fail("unexpected '//'", from, "a division is written /");
    if (op != "**" && op != "<=" && op != ">=" && op != "==" && op != "!=") op.resize(1);
    if (op == "**") {
      if (++levels_.back().powers > kDeepest) fail("more than " + std::to_string(kDeepest) + " powers of powers", from);
    } else if (op == "+" || op == "-") {
      levels_.back().powers = 0;
      if (++signs_ > kDeepest) fail("more than " + std::to_string(kDeepest) + " signs", from);
    } else if (op == "*" || op == "/") {
      levels_.back().powers = 0;
    } else if (op == "(") {
      if (levels_.size() > kDeepest) fail("more than " + std::to_string(kDeepest) + " nested parentheses", from);
      levels_.push_back({from});
      signs_ = 0;
    } else if (op == ")") {
      if (levels_.size() == 1) fail("parenthesis that closes nothing", from);
      levels_.pop_back();
    } else if (op == ",") {
      if (levels_.size() == 1) fail("comma outside of a function", from);
      levels_.back() = {levels_.back().opened};
      signs_ = 0;
    } else if (op[0] == '<' || op[0] == '>' || op == "==" || op == "!=") {
      // TorchScript reads a < b < c as (a < b) < c.
      if (levels_.back().compared) fail("second comparison", from, "write (a < b) * (b < c) for a < b < c");
      levels_.back() = {levels_.back().opened, true};
    } else {
      std::size_t end = from + 1;
      while (end < formula_.size() && (formula_[end] & 0xC0) == 0x80) ++end;
      const auto code = static_cast<unsigned char>(formula_[from]);
      const std::string shown =
          code < 32 || code == 127 ? "code " + std::to_string(code) : "'" + formula_.substr(from, end - from) + "'";
      fail("unexpected character " + shown, from, op == "^" ? "a power is written **" : "");
    }
    at_ += op.size();
    emit(op, from);
  }

  FormulaScript finish() {
    FormulaScript result;
    result.source = "def number(value: float) -> Tensor:\n  return torch.scalar_tensor(value, dtype=7)\n";  // 7: double
    for (const std::string& definition : used_definitions_) result.source += definition;
    std::string parameters;
    for (const std::string& variable : variables_) {
      if (!used_variables_.count(variable)) continue;
      parameters += (parameters.empty() ? "" : ", ") + variable + ": Tensor";
      result.variables.push_back(variable);
    }
    const std::string keyword = "  return ";
    result.source += "def formula(" + parameters + ") -> Tensor:\n" + keyword + script_ + "\n";
    result.columns.assign(keyword.size(), 1);
    result.columns.insert(result.columns.end(), columns_.begin(), columns_.end());
    return result;
  }

  const std::string& formula_;
  const std::vector<std::string>& variables_;
  std::size_t at_ = 0;
  std::size_t signs_ = 0;  ///< number of + and - since the last operand
  std::vector<Level> levels_ = {Level{0}};
  std::string script_;
  std::vector<std::size_t> columns_;
  std::set<std::string> used_variables_;
  std::set<std::string> used_definitions_;
};

}  // namespace

FormulaScript check_formula(const std::string& formula, const std::vector<std::string>& variables) {
  return Translator(formula, variables).translate();
}

std::vector<std::string> formula_functions() {
  std::vector<std::string> names;
  for (const auto& [name, function] : functions()) names.push_back(name);
  return names;
}

std::vector<std::string> numbered_names(const std::string& letter, std::size_t count) {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < count; ++i) names.push_back(letter + std::to_string(i));
  return names;
}

}  // namespace jko
