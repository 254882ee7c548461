#pragma once
/// The program but for main(), so that tests can run it.

#include <iosfwd>
#include <string>
#include <vector>

namespace jko {

class FrontEnd;

/// Runs the command line `arguments` (without the program's name) and returns the exit code: 0, 1 for a failure, or 2
/// for bad input or a bad command line, after one line on `err`. `front_end` opens windows; null: there are none.
int run_program(const std::vector<std::string>& arguments, std::ostream& out, std::ostream& err,
                FrontEnd* front_end = nullptr);

}  // namespace jko
