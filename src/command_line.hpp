#pragma once
/// The command line: what each command accepts, and what it says about itself. program.cpp runs what was asked for.
///
/// To add a command: its options here, a function define_…() in command_line.cpp, and a line in run_program().

#include <iosfwd>
#include <optional>
#include <string>
#include <vector>

#include "src/commands/commands.hpp"

namespace jko {

constexpr int kBadInput = 2;  ///< exit code

/// Options of the command line, which start where the arguments are parsed.
struct CommandLine {
  std::string command;  ///< the subcommand that was given
  ReplayOptions replay;
  std::vector<std::string> recordings;  ///< of replay; one of them is in its options
  LiveCommandOptions live;
  CompareOptions compare;
  ExperimentOptions experiment;
  SimulateOptions simulate;
  DensityOptions density_of_flow;
  SampleOptions sample;
  ExploreOptions explore;
  std::string check_config;
  std::string device = "cpu";  ///< src/device.hpp
  WindowOptions window;
  bool headless = false;
  std::string density, speed, budget, rate;  ///< as they were given
};

struct ParsedCommandLine {
  CommandLine line;
  std::optional<int> exit_code;  ///< there is nothing to run: help was asked for, or the line is bad, and that was said
};

/// Reads the arguments, without the program's name. Help goes to `out`, and what is wrong, in one line, to `err`.
ParsedCommandLine parse_command_line(const std::vector<std::string>& arguments, std::ostream& out, std::ostream& err);

}  // namespace jko
