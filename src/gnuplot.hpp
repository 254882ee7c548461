#pragma once
/// A picture drawn by gnuplot, which gets its script and data through a pipe.

#include <string>

namespace jko {

/// Runs `script`. Returns false if gnuplot is missing or complains; never throws.
bool run_gnuplot(const std::string& script);

/// `text` as a gnuplot string in single quotes.
std::string gnuplot_quoted(const std::string& text);

}  // namespace jko
