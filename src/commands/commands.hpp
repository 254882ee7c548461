#pragma once
/// The subcommands of the program. Each takes what the command line says, in a plain struct, and writes for people to
/// `out` and `err`. Bad input is thrown as InputError.

#include <cstdint>
#include <iosfwd>
#include <optional>
#include <string>
#include <vector>

#include "src/density_file.hpp"
#include "src/experiments/study.hpp"
#include "src/stream/stream_options.hpp"
#include "src/view/front_end.hpp"

namespace jko {

/// Filters a recording, observation by observation.
struct ReplayOptions {
  std::string config, observations;
  std::string recording;        ///< of a live run, instead of the two
  std::optional<double> speed;  ///< 1: as it came; empty: as fast as it goes, or as can be watched
  std::string output;           ///< folder; empty: out/<name of the config>
  std::string method;           ///< empty: the config's
  std::string compare;          ///< a second method beside the first; empty: none
  std::optional<double> until;  ///< read no further than this time, and predict to it
  std::optional<DensityGrid> density;
  std::string truth;  ///< file of the states, for the window to draw; empty: they are not known
  bool paced = true;  ///< in a window: without `speed`, as fast as can be watched; else as fast as it goes
  std::uint64_t seed = 0;
  int threads = 0;  ///< 0: all cores
  bool quiet = false;
};
void replay(const ReplayOptions& options, std::ostream& out, std::ostream& err);

/// Filters several recordings of one study side by side, each with a folder of its own in that of the results. Throws
/// what the first that failed threw, when all are through; what the others say goes to `err`.
void replay_all(const ReplayOptions& options, const std::vector<std::string>& recordings, std::ostream& out,
                std::ostream& err);

/// replay() with a window, which may steer it. Returns when the port is closed and the recording is filtered.
void watched_replay(const ReplayOptions& options, ViewPort& port, std::ostream& out, std::ostream& err);

/// Filters the recording of a live run again, bit for bit.
void replay_recording(const ReplayOptions& options, std::ostream& out, std::ostream& err);
void watched_recording(const ReplayOptions& options, ViewPort& port, std::ostream& out, std::ostream& err);

/// Filters observations as they come.
struct LiveCommandOptions {
  std::string config;
  StreamOptions streams;
  std::string output;                  ///< folder; empty: out/<name of the config>
  std::string method;                  ///< empty: the config's
  std::optional<DensityGrid> density;  ///< snapshots …
  double every = 1.0;                  ///< … so often (model's time)
  std::string compare;                 ///< a second method beside, for the window to show; empty: none
  std::string record, checkpoint, resume;
  double checkpoint_every = 60.0;         ///< seconds
  double lag = 0.0;                       ///< model's time
  std::optional<double> budget_ms, gate;  ///< instead of the config's
  std::uint64_t seed = 0;
  int threads = 0;  ///< 0: all cores
  bool quiet = false;
};
void live(const LiveCommandOptions& options, std::ostream& out, std::ostream& err);

/// The same with a window, which may change its settings. Ends when the port is closed, as by SIGINT; where the display
/// was lost, it goes on without it.
void watched_live(const LiveCommandOptions& options, ViewPort& port, std::ostream& out, std::ostream& err);

/// Shows densities evolve without observations, in a window.
struct ExploreOptions {
  std::string config;  ///< a study to begin with; empty: none
  bool play = false;   ///< begin at once
  std::uint64_t seed = 0;
  int threads = 0;  ///< 0: all cores
};
void watched_explore(const ExploreOptions& options, ViewPort& port);

/// Runs methods over a recording side by side: a table, compare.json and compare.png.
struct CompareOptions {
  std::string config, observations;
  std::vector<std::string> methods;  ///< empty: all that can filter the model
  std::string truth;                 ///< what errors are against; empty: kalman or grid, whichever can filter the model
  std::string output;                ///< folder; empty: out/<name of the config>
  std::optional<double> until;       ///< read no further than this time, and predict to it
  std::uint64_t seed = 0;
  int threads = 0;  ///< 0: all cores
  bool quiet = false;
};
void compare(const CompareOptions& options, std::ostream& out, std::ostream& err);

/// Runs a study of repeats of several methods: a result file for each, tables and pictures of all.
struct ExperimentOptions {
  std::string name;     ///< of the study: studies.hpp
  StudyOptions study;   ///< what it is run with
  std::string output;   ///< folder; empty: out/<name>
  int threads = 0;      ///< 0: all cores
  bool resume = false;  ///< take the results that are there already
  bool quiet = false;
};
void experiment(const ExperimentOptions& options, std::ostream& out, std::ostream& err);

/// Draws a path of the model and observations of it.
struct SimulateOptions {
  std::string config;
  std::string output;                ///< file; empty: none
  std::string send;                  ///< address, see src/stream/sender.hpp; empty: none
  std::optional<double> rate = 1.0;  ///< of what is sent, against the clock; empty: as fast as it goes
  std::optional<Index> count;        ///< of the observations, instead of the schedule's; 0: without end
  bool quiet = false;
  std::string truth;  ///< file for the path itself; empty: none
  std::uint64_t seed = 0;
};
void simulate(const SimulateOptions& options, std::ostream& out, std::ostream& err);

/// Says the log density of a saved flow at given points.
struct DensityOptions {
  std::string flow, points;
  std::string output;  ///< file; empty: `out`
  int threads = 0;     ///< 0: all cores
};
void density(const DensityOptions& options, std::ostream& out);

/// Draws from a saved flow.
struct SampleOptions {
  static constexpr Index kMost = 1'000'000;
  std::string flow;
  Index count = 0;
  std::string output;  ///< file; empty: `out`
  std::uint64_t seed = 0;
  int threads = 0;  ///< 0: all cores
};
void sample(const SampleOptions& options, std::ostream& out);

/// Prints the model as it was understood.
void check(const std::string& config, std::ostream& out);

}  // namespace jko
