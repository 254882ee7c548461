#include "src/command_line.hpp"

#include <spdlog/fmt/fmt.h>
#include <spdlog/fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <ostream>

#include "filter/model/nearest_name.hpp"
#include "src/experiments/studies.hpp"
#include "src/methods.hpp"
#include "src/timestamp.hpp"
#include "src/version.hpp"

namespace jko {
namespace {

// What several commands have in common.

/// CLI11's own checks would name the largest double as a bound.
CLI::Validator number_where(bool (*good)(double), const char* expected) {
  return {[good, expected](std::string& text) {
            double value = 0.0;
            if (CLI::detail::lexical_cast(text, value) && good(value)) return std::string();
            return fmt::format("expected {}, found {}", expected, text);
          },
          ""};
}

CLI::Validator positive() {
  return number_where([](double value) { return value > 0.0; }, "a positive number");
}

CLI::Validator not_negative() {
  return number_where([](double value) { return value >= 0.0; }, "a number that is not negative");
}

void add_study(CLI::App& command, std::string& file) {
  command.add_option("-c,--config", file, "the study: model, columns, settings (JSON)")->type_name("FILE")->required();
}

CLI::Option* add_output(CLI::App& command, std::string& folder) {
  return command.add_option("-o,--output", folder, "folder of the results (default: out/<name of the config>)")
      ->type_name("FOLDER");
}

void add_seed(CLI::App& command, std::uint64_t& seed) {
  command.add_option("--seed", seed, "of the random numbers")
      ->check(not_negative())
      ->type_name("N")
      ->capture_default_str();
}

void add_threads(CLI::App& command, int& threads) {
  command.add_option("--threads", threads, "0: all cores")
      ->check(CLI::Range(0, 1024))
      ->type_name("N")
      ->capture_default_str();
}

void add_device(CLI::App& command, std::string& device) {
  command
      .add_option("--device", device,
                  "where JKO steps are solved for: cuda (trained features, for a GPU), or auto (cuda if there is a "
                  "GPU and the solver trains features)")
      ->check(CLI::IsMember({"cpu", "cuda", "auto"}))
      ->capture_default_str();
}

void add_flow(CLI::App& command, std::string& file) {
  command.add_option("-f,--flow", file, "the saved flow")->type_name("FILE")->required();
}

void add_table(CLI::App& command, std::string& file) {
  command.add_option("-o,--output", file, "instead of standard output (CSV)")->type_name("FILE");
}

void add_window(CLI::App& command, CommandLine& line) {
  command.add_option("--screenshot", line.window.screenshot, "no window: draw it off-screen, into this file")
      ->type_name("FILE.png")
      ->group("Window");
  command.add_option("--after", line.window.after, "… so many seconds after the start (default: at the end)")
      ->check(not_negative())
      ->type_name("SECONDS")
      ->group("Window");
  command.add_option("--size", line.window.size, "of the window, or of the picture")
      ->type_name("WxH")
      ->capture_default_str()
      ->group("Window");
}

void define_replay(CLI::App& app, CommandLine& line) {
  CLI::App* command = app.add_subcommand("replay", "Filter a recording, observation by observation");
  ReplayOptions& options = line.replay;
  auto* config = command->add_option("-c,--config", options.config, "the study: model, columns, settings (JSON)");
  config->type_name("FILE");
  auto* observations = command->add_option("-i,--observations", line.recordings,
                                           "the recording (CSV or JSON Lines), or several to be filtered side by side");
  observations->type_name("FILE …");
  auto* recording = command->add_option("--recording", options.recording, "instead of both: that of a live run");
  recording->type_name("FILE")->excludes(config)->excludes(observations);
  command
      ->add_option("--speed", line.speed,
                   "in a window, or with --recording: 1 as it came, 10 ten times as fast, or max")
      ->type_name("FACTOR");
  command->add_option("--until", options.until, "read no further than this time, then predict to it")->type_name("T");
  command->add_option("-m,--method", options.method, "instead of the config's")->check(CLI::IsMember(method_names()));
  command->add_option("--compare", options.compare, "run a second method beside, and report the divergence")
      ->check(CLI::IsMember(method_names()));
  command->add_option("--density", line.density, "write density.csv, N points from LO to HI on each axis (1-D, 2-D)")
      ->type_name("LO:HI:N");
  add_seed(*command, options.seed);
  add_threads(*command, options.threads);
  add_device(*command, line.device);
  add_output(*command, options.output);
  command->add_flag("-q,--quiet", options.quiet, "no progress and no table");
  command->add_flag("--headless", line.headless, "no window, even where there is a display")->group("Window");
  command->add_option("--truth", options.truth, "the states, where they are known, for the window to draw (CSV)")
      ->type_name("FILE")
      ->group("Window");
  add_window(*command, line);
  command->footer(R"(Where there is a display it opens a window, in which it can be paused, stepped through and changed.

Examples:
  Filter the DAX's volatility; see out/dax_volatility/posterior.png
    jkofilter replay --config configs/dax_volatility.json --observations data/eu_stock_returns.csv
  The same with the grid filter beside as truth: the table then shows mean error and SymKL
    jkofilter replay -c configs/dax_volatility.json -i data/eu_stock_returns.csv --compare grid
  The paper's task: nine observations, then the density at t = 5
    jkofilter replay -c configs/sine_well.json -i data/sine_well.csv --until 5 --density -4:4:801
  What a live run recorded, bit for bit the same posteriors
    jkofilter replay --recording run.jsonl --output out/again
  Many recordings of one study side by side, without a window; results in out/fleet/<name of the recording>/
    jkofilter replay -c configs/sine_well.json -i runs/*.csv --output out/fleet
  A picture of the window at the end
    jkofilter replay -c configs/sine_well.json -i data/sine_well.csv --compare grid --screenshot window.png

It writes to the output folder:
  posterior.jsonl  a line for each observation: mean, covariance, quantiles, log evidence, times, …
  summary.json     the run as a whole
  posterior.png    the density over time with mean, 90 % band and observations (needs gnuplot)
  density.csv      with --density)");
}

/// How many times as fast as the clock: "10" or "10x"; nothing for "max".
std::optional<double> speed_of(const std::string& option, std::string_view text) {
  if (text == "max") return std::nullopt;
  const std::string_view factor = text.substr(0, text.size() - (!text.empty() && text.back() == 'x' ? 1 : 0));
  const auto speed = parse_number(factor);
  if (!speed || !(*speed > 0.0)) {
    throw CLI::ValidationError(option, fmt::format("expected a positive number or max, found '{}'", text));
  }
  return speed;
}

/// What CLI11 cannot say of replay's options.
void finish_replay(const CLI::App& app, CommandLine& line) {
  ReplayOptions& options = line.replay;
  const CLI::App& command = *app.get_subcommand("replay");
  if (!line.speed.empty()) options.speed = speed_of("--speed", line.speed);
  options.paced = line.speed.empty() && line.window.screenshot.empty();
  if (options.recording.empty()) {
    if (options.config.empty()) throw CLI::RequiredError("--config");
    if (line.recordings.empty()) throw CLI::RequiredError("--observations");
    if (line.recordings.size() == 1) {
      options.observations = line.recordings.front();
      return;
    }
    for (const char* name : {"--screenshot", "--truth", "--speed"}) {
      if (command.count(name) > 0) {
        throw CLI::ValidationError(name, "goes with a single recording, for only one can be watched");
      }
    }
    return;
  }
  // The recording says how it was filtered.
  for (const char* name : {"--until", "--method", "--density", "--seed"}) {
    if (command.count(name) > 0) throw CLI::ExcludesError("--recording", name);
  }
}

/// "" if there is a filter of that name, else what to say.
std::string unknown_method(const std::string& name) {
  const std::vector<std::string>& names = method_names();
  if (std::find(names.begin(), names.end(), name) != names.end()) return "";
  const std::string nearest = nearest_name(name, names);
  return fmt::format("unknown method '{}'{}; there are {}", name,
                     nearest.empty() ? "" : fmt::format(" (did you mean '{}'?)", nearest), fmt::join(names, ", "));
}

void define_live(CLI::App& app, CommandLine& line) {
  CLI::App* command = app.add_subcommand("live", "Filter observations as they come");
  LiveCommandOptions& options = line.live;
  add_study(*command, options.config);
  const auto addresses = [&](const char* name, std::vector<std::string>& list, const char* type, const char* help) {
    command->add_option(name, list, help)->type_name(type)->group("In")->expected(1)->take_all();
  };
  addresses("--listen", options.streams.listen, "tcp|udp://HOST:PORT", "take lines from clients, or datagrams");
  addresses("--connect", options.streams.connect, "tcp://HOST:PORT", "take lines from a server, again and again");
  addresses("--gpsd", options.streams.gpsd, "HOST:PORT",
            "take positions from gpsd (fields: live.gpsd.fields in the config)");
  addresses("-i,--input", options.streams.input, "FILE", "take the lines of a file, or of standard input (-)");
  command->add_flag("--follow", options.streams.follow, "the input files grow: wait for more")->group("In");
  command->add_option("--queue", options.streams.queue, "observations that may wait; then sources are held up")
      ->check(CLI::Range(1, 1000000))
      ->group("In")
      ->type_name("N")
      ->capture_default_str();
  command->add_option("--lag", options.lag, "how late an observation may come (model's time)")
      ->check(not_negative())
      ->group("In")
      ->type_name("T")
      ->capture_default_str();

  add_output(*command, options.output)->group("Out");
  command
      ->add_option("--publish", options.streams.publish,
                   "JSON Lines to all clients, or a datagram each for PlotJuggler")
      ->group("Out")
      ->expected(1)
      ->take_all()
      ->type_name("tcp|udp://HOST:PORT");
  command->add_option("--metrics", options.streams.metrics, "serve /metrics for Prometheus, and /healthz")
      ->group("Out")
      ->type_name("HOST:PORT");
  command->add_option("--density", line.density, "also the density, N points from LO to HI on each axis (1-D, 2-D)")
      ->group("Out")
      ->type_name("LO:HI:N");
  command->add_option("--every", options.every, "the density so often (model's time)")
      ->check(positive())
      ->group("Out")
      ->type_name("T")
      ->capture_default_str();
  command->add_option("--record", options.record, "a recording for replay --recording")
      ->group("Out")
      ->type_name("FILE");
  command->add_option("--checkpoint", options.checkpoint, "the whole belief, for --resume")
      ->group("Out")
      ->type_name("FILE");
  command->add_option("--checkpoint-every", options.checkpoint_every, "seconds")
      ->check(positive())
      ->group("Out")
      ->type_name("S")
      ->capture_default_str();

  CLI::Option* resume = command->add_option("--resume", options.resume,
                                            "go on from a checkpoint; --checkpoint's own file need not be there yet");
  resume->type_name("FILE");
  command->add_option("-m,--method", options.method, "instead of the config's")->check(CLI::IsMember(method_names()));
  command->add_option("--compare", options.compare, "a second method beside, for the window to show")
      ->check(CLI::IsMember(method_names()))
      ->excludes(resume)
      ->group("Window");
  command->add_option("--budget", line.budget, "time for an observation (default: the stream's spacing), or none")
      ->type_name("MS");
  command->add_option("--gate", options.gate, "hold back observations so many nats less likely than expected")
      ->check(positive())
      ->type_name("NATS");
  add_seed(*command, options.seed);
  add_threads(*command, options.threads);
  add_device(*command, line.device);
  command->add_flag("-q,--quiet", options.quiet, "no status line, no table, warnings only");
  command->add_flag("--headless", line.headless, "no window, even where there is a display")->group("Window");
  add_window(*command, line);
  command->footer(
      R"(An observation is a line {"t": 0.5, "y": [1.2]} or 0.5,1.2; without a time the moment of its arrival counts.

Examples:
  A simulated stream, filtered as it comes
    jkofilter live --config configs/sine_well_long.json --listen tcp://127.0.0.1:4711 --publish tcp://127.0.0.1:4712
    jkofilter simulate --config configs/sine_well_long.json --send tcp://127.0.0.1:4711 --rate 10x
  What another program prints
    mosquitto_sub -t sensors/range | jkofilter live --config model.json --input -
  For days, as a service (docs/live.md)
    jkofilter live -c model.json --listen udp://:4711 --metrics :9100 --record run.jsonl --checkpoint run.ckpt

It ends with its last input, or by SIGINT or SIGTERM, and reads the config again on SIGHUP. It writes to the output folder:
  posterior.jsonl  a line for each posterior, as soon as it is known
  summary.json     the run as a whole)");
}

/// What CLI11 cannot say of live's options.
void finish_live(CommandLine& line) {
  LiveCommandOptions& options = line.live;
  if (line.budget == "none") options.budget_ms = LiveOptions::kUnlimited;
  if (line.budget.empty() || line.budget == "none") return;
  options.budget_ms = parse_number(line.budget);
  if (!options.budget_ms || !(*options.budget_ms > 0.0)) {
    throw CLI::ValidationError(
        "--budget", fmt::format("expected a positive number of milliseconds or none, found '{}'", line.budget));
  }
}

void define_compare(CLI::App& app, CommandLine& line) {
  CLI::App* command = app.add_subcommand("compare", "Run several methods over a recording, side by side");
  CompareOptions& options = line.compare;
  const CLI::Validator known(unknown_method, "", "known method");
  add_study(*command, options.config);
  command->add_option("-i,--observations", options.observations, "the recording (CSV or JSON Lines)")
      ->type_name("FILE")
      ->required();
  command->add_option("-m,--methods", options.methods, "separated by commas (default: all that can filter the model)")
      ->delimiter(',')
      ->type_name("METHOD,…")
      ->check(known);
  command
      ->add_option("--truth", options.truth,
                   "what errors are against (default: kalman where it is exact, else grid in 1-D and 2-D, else none)")
      ->type_name("METHOD")
      ->check(known);
  command->add_option("--until", options.until, "read no further than this time, then predict to it")->type_name("T");
  add_seed(*command, options.seed);
  add_threads(*command, options.threads);
  add_device(*command, line.device);
  add_output(*command, options.output);
  command->add_flag("-q,--quiet", options.quiet, "no progress and no table");
  command->footer(R"(Examples:
  Every method that can filter this model, against the grid
    jkofilter compare --config configs/sine_well.json --observations data/sine_well.csv --until 5
  A few of them, on one core
    jkofilter compare -c configs/double_well_2d.json -i data/double_well_2d.csv -m jko,bootstrap,ukf --threads 1

The table has a row for each method: log evidence, its error and that of the mean (root mean square, in standard
deviations of the truth), SymKL = KL(p|q) + KL(q|p) to the truth at up to 200 of the observations, and the time of
its predictions and updates. What a method's settings are is said under `filter` in the config (docs/config.md).

It writes to the output folder:
  compare.json  the table
  compare.png   error against time, and error over the recording (needs gnuplot))");
}

void define_experiment(CLI::App& app, CommandLine& line) {
  CLI::App* command = app.add_subcommand("experiment", "Run a study: repeats of several methods, tables and pictures");
  ExperimentOptions& options = line.experiment;
  StudyOptions& study = options.study;
  command->add_option("NAME", options.name, fmt::format("{}", fmt::join(study_names(), ", ")))->required();
  command->add_option("-c,--config", study.config, "settings (JSON; default: the study's quick ones)")
      ->type_name("FILE");
  command->add_option("--dims", study.dimensions, "dimensions, separated by commas, instead of the config's")
      ->delimiter(',')
      ->type_name("D,…")
      ->check(positive());
  command->add_option("--repeats", study.repeats, "instead of the config's")
      ->type_name("N")
      ->check(CLI::Range(1, 100000));
  command->add_option("-m,--methods", study.methods, "separated by commas, instead of the config's")
      ->delimiter(',')
      ->type_name("METHOD,…");
  command->add_option("--data", study.data, "folder of data sets, for the studies that have some")->type_name("FOLDER");
  command->add_option("--save", study.save, "file for the flow that was trained last, for those that train one")
      ->type_name("FILE");
  command->add_flag("--resume", options.resume, "go on with a run that was interrupted, or add to one that was not");
  add_seed(*command, study.seed);
  add_threads(*command, options.threads);
  add_device(*command, line.device);
  command->add_option("-o,--output", options.output, "folder of the results (default: out/NAME)")->type_name("FOLDER");
  command->add_flag("-q,--quiet", options.quiet, "no progress and no tables");
  command->footer(R"(Examples:
  The nonlinear filtering task of the literature, a few repeats of it in a minute
    jkofilter experiment filtering
  The same as it was published, and again with more repeats: those that are there are taken
    jkofilter experiment filtering --config configs/filtering_paper.json
    jkofilter experiment filtering --config configs/filtering_paper.json --repeats 30 --resume
  Two dimensions and two methods of the Ornstein-Uhlenbeck study
    jkofilter experiment ornstein-uhlenbeck --dims 2,6 --methods jko,particles_10000 --output out/ou

What the studies are, and what their settings mean: docs/experiments.md.

It writes to the output folder:
  results/        a file for each repeat of a method, as soon as it is known
  study.json      the settings
  *.md, *.csv     tables, with the published figures beside
  *.svg           pictures (need gnuplot)
  report.json     the names of the tables and pictures)");
}

void define_simulate(CLI::App& app, CommandLine& line) {
  CLI::App* command = app.add_subcommand("simulate", "Draw a path of the model and observations of it");
  SimulateOptions& options = line.simulate;
  command->add_option("-c,--config", options.config, "the study; its schedule says when to observe")
      ->type_name("FILE")
      ->required();
  command->add_option("-o,--output", options.output, "file of the observations (CSV)")->type_name("FILE");
  command->add_option("--truth", options.truth, "file of the hidden states (CSV)")->type_name("FILE");
  auto* send = command->add_option("--send", options.send, "send them to a live filter, as they happen")
                   ->type_name("tcp|udp://HOST:PORT");
  command->add_option("--rate", line.rate, "of what is sent: 1x as it happens, 10x ten times as fast, or max")
      ->type_name("FACTOR")
      ->needs(send);
  command->add_option("-n,--count", options.count, "so many observations instead of the schedule's; 0: without end")
      ->check(not_negative())
      ->type_name("N");
  add_seed(*command, options.seed);
  command->add_flag("-q,--quiet", options.quiet, "no progress");
  command->footer(R"(Examples:
  A recording of one's own, and what the filter makes of it
    jkofilter simulate --config configs/sine_well.json --seed 7 --output obs.csv --truth states.csv
    jkofilter replay --config configs/sine_well.json --observations obs.csv --compare grid
  A signal for a live filter, ten times as fast as the clock, until it is interrupted
    jkofilter simulate --config configs/sine_well_long.json --send tcp://127.0.0.1:4711 --rate 10x --count 0)");
}

/// What CLI11 cannot say of simulate's options.
void finish_simulate(CommandLine& line) {
  SimulateOptions& options = line.simulate;
  if (options.output.empty() && options.send.empty()) throw CLI::RequiredError("--output or --send");
  if (options.count == 0 && options.send.empty())
    throw CLI::ValidationError("--count", "0, without end, is for --send only");
  if (!line.rate.empty()) options.rate = speed_of("--rate", line.rate);
}

void define_density(CLI::App& app, CommandLine& line) {
  CLI::App* command = app.add_subcommand("density", "Evaluate the density of a saved flow at any points");
  DensityOptions& options = line.density_of_flow;
  add_flow(*command, options.flow);
  command->add_option("-p,--points", options.points, "one a row, a column a dimension; a header is allowed (CSV)")
      ->type_name("FILE")
      ->required();
  add_table(*command, options.output);
  add_threads(*command, options.threads);
  command->footer(R"(Example:
  What a study has trained, at points of one's own: rows x0,...,log_density on standard output
    jkofilter experiment stationary --save law.flow
    jkofilter density --flow law.flow --points points.csv)");
}

void define_sample(CLI::App& app, CommandLine& line) {
  CLI::App* command = app.add_subcommand("sample", "Draw from a saved flow");
  SampleOptions& options = line.sample;
  add_flow(*command, options.flow);
  command->add_option("-n,--count", options.count, "independent draws")
      ->type_name("N")
      ->check(CLI::Range(Index{1}, SampleOptions::kMost))
      ->required();
  add_seed(*command, options.seed);
  add_table(*command, options.output);
  add_threads(*command, options.threads);
  command->footer(R"(Example:
  Draws of what a study has trained, and their densities
    jkofilter experiment stationary --save law.flow
    jkofilter sample --flow law.flow --count 1000 --output draws.csv
    jkofilter density --flow law.flow --points draws.csv --output densities.csv)");
}

void define_explore(CLI::App& app, CommandLine& line) {
  CLI::App* command = app.add_subcommand("explore", "Watch densities evolve, in a window");
  command->add_option("-c,--config", line.explore.config, "begin with the potential, β and initial law of this study")
      ->type_name("FILE");
  command->add_flag("--play", line.explore.play, "begin at once");
  add_seed(*command, line.explore.seed);
  add_threads(*command, line.explore.threads);
  add_device(*command, line.device);
  add_window(*command, line);
  command->footer(R"(Examples:
    jkofilter explore
    jkofilter explore --config configs/double_well_2d.json
  A picture of it after three seconds
    jkofilter explore --play --screenshot explore.png --after 3)");
}

/// What CLI11 cannot say of the window's options.
void finish_window(CommandLine& line) {
  const auto cross = line.window.size.find('x');
  const auto width = parse_number(std::string_view(line.window.size).substr(0, cross));
  const auto height =
      cross == std::string::npos ? std::nullopt : parse_number(std::string_view(line.window.size).substr(cross + 1));
  constexpr double kMost = 8192;
  if (!width || !height || !(*width >= 1 && *width <= kMost && *height >= 1 && *height <= kMost)) {
    throw CLI::ValidationError("--size", fmt::format("expected WIDTHxHEIGHT from 1x1 to {0:.0f}x{0:.0f}, found '{1}'",
                                                     kMost, line.window.size));
  }
  line.window.width = static_cast<int>(*width);
  line.window.height = static_cast<int>(*height);
  if (line.window.after >= 0.0 && line.window.screenshot.empty()) {
    throw CLI::RequiredError("--after goes with --screenshot: --screenshot");
  }
}

void define_check(CLI::App& app, CommandLine& line) {
  CLI::App* command = app.add_subcommand("check", "Validate a config and print the model as it was understood");
  command->add_option("-c,--config", line.check_config, "the study")->type_name("FILE")->required();
  command->footer(R"(Example:
    jkofilter check --config configs/double_well_2d.json)");
}

}  // namespace

ParsedCommandLine parse_command_line(const std::vector<std::string>& arguments, std::ostream& out, std::ostream& err) {
  ParsedCommandLine parsed;
  CommandLine& line = parsed.line;
  CLI::App app(
      "jkofilter: real-time nonlinear filtering by JKO steps. What it knows of a hidden state, from noisy\n"
      "observations, as a density that can be evaluated anywhere.",
      "jkofilter");
  app.set_version_flag("--version", version());
  app.require_subcommand(1);
  app.footer("jkofilter COMMAND --help shows the options of a command, with examples.");
  define_replay(app, line);
  define_live(app, line);
  define_compare(app, line);
  define_experiment(app, line);
  define_density(app, line);
  define_sample(app, line);
  define_explore(app, line);
  define_simulate(app, line);
  define_check(app, line);

  try {
    app.parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));
    line.command = app.get_subcommands().front()->get_name();
    if (line.command == "replay") finish_replay(app, line);
    if (line.command == "live") finish_live(line);
    if (line.command == "simulate") finish_simulate(line);
    finish_window(line);
    if (!line.density.empty()) {
      try {
        line.replay.density = line.live.density = DensityGrid::parse(line.density);
      } catch (const std::invalid_argument& error) {
        throw CLI::ValidationError("--density", error.what());
      }
    }
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) {  // --help, --version
      parsed.exit_code = app.exit(error, out, err);
    } else {
      err << "jkofilter: " << error.what() << " (see jkofilter --help)\n";
      parsed.exit_code = kBadInput;
    }
  }
  return parsed;
}

}  // namespace jko
