#pragma once
/// A picture drawn by gnuplot, which gets its script and data through a pipe.

#include <string>
#include <vector>

namespace jko {

/// What a logarithmic axis can still show of none at all.
constexpr double kLeastShown = 1e-16;

/// Runs `script`. Returns false if gnuplot is missing or complains; never throws.
bool run_gnuplot(const std::string& script);

/// `text` as a gnuplot string in single quotes.
std::string gnuplot_quoted(const std::string& text);

/// A named block of data, `$name`, one row a line.
std::string gnuplot_block(const std::string& name, const std::vector<std::vector<double>>& rows);

/// The beginning of a script: a page of so many pixels in `file` (PNG), and the style that all pictures share.
std::string gnuplot_page(const std::string& file, int width, int height);

/// The same as SVG, with text as text.
std::string gnuplot_svg_page(const std::string& file, int width, int height);

}  // namespace jko
