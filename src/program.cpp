#include "src/program.hpp"

#include <ostream>
#include <stdexcept>

#include "src/command_line.hpp"
#include "src/device.hpp"
#include "src/error.hpp"
#include "src/view/watch.hpp"

namespace jko {
namespace {

constexpr int kFailure = 1;

/// The window that a command is to be shown in; null if it is not to be, or there is none.
FrontEnd* window_for(const CommandLine& line, FrontEnd* front_end) {
  const bool picture = !line.window.screenshot.empty();
  const std::string problem = !front_end                  ? "this program was built without windows (JKO_UI)"
                              : line.headless && !picture ? "--headless"
                                                          : front_end->unavailable(line.window);
  if (problem.empty()) return front_end;
  if (picture) throw std::runtime_error("--screenshot: " + problem);
  return nullptr;
}

void explore(const CommandLine& line, FrontEnd* front_end, std::ostream& err) {
  if (!front_end) throw std::runtime_error("explore needs a window, and this program was built without (JKO_UI)");
  const std::string problem = front_end->unavailable(line.window);
  if (!problem.empty()) throw std::runtime_error("explore needs a window: " + problem);
  watch(*front_end, line.window, err, [&](ViewPort& port) { watched_explore(line.explore, port); });
}

}  // namespace

int run_program(const std::vector<std::string>& arguments, std::ostream& out, std::ostream& err, FrontEnd* front_end) {
  const ParsedCommandLine parsed = parse_command_line(arguments, out, err);
  if (parsed.exit_code) return *parsed.exit_code;
  const CommandLine& line = parsed.line;
  try {
    const DeviceInUse device(line.device, err);
    if (line.command == "replay") {
      const bool recorded = !line.replay.recording.empty();
      if (line.recordings.size() > 1) {
        replay_all(line.replay, line.recordings, out, err);
      } else if (FrontEnd* window = window_for(line, front_end)) {
        watch(*window, line.window, err,
              [&](ViewPort& port) { (recorded ? watched_recording : watched_replay)(line.replay, port, out, err); });
      } else {
        (recorded ? replay_recording : replay)(line.replay, out, err);
      }
    }
    if (line.command == "live") {
      if (FrontEnd* window = window_for(line, front_end)) {
        watch(*window, line.window, err, [&](ViewPort& port) { watched_live(line.live, port, out, err); });
      } else {
        live(line.live, out, err);
      }
    }
    if (line.command == "explore") explore(line, front_end, err);
    if (line.command == "compare") compare(line.compare, out, err);
    if (line.command == "experiment") experiment(line.experiment, out, err);
    if (line.command == "density") density(line.density_of_flow, out);
    if (line.command == "sample") sample(line.sample, out);
    if (line.command == "simulate") simulate(line.simulate, out, err);
    if (line.command == "check") check(line.check_config, out);
    return 0;
  } catch (const InputError& error) {
    err << error.what() << '\n';
    return kBadInput;
  } catch (const std::exception& error) {
    err << "jkofilter: " << error.what() << '\n';
    return kFailure;
  }
}

}  // namespace jko
