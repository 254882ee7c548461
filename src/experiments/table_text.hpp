#pragma once
/// A study's table as text.

#include <string>

#include "src/experiments/study.hpp"

namespace jko {

/// The caption and the rows, with columns aligned so that it also reads well on a terminal.
std::string markdown(const StudyTable& table);

/// A line of column names, then the rows (RFC 4180); without the caption.
std::string csv(const StudyTable& table);

}  // namespace jko
