#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <boost/random/normal_distribution.hpp>
#include <cmath>
#include <fstream>
#include <memory>
#include <ostream>
#include <random>
#include <stdexcept>

#include "filter/random.hpp"
#include "src/commands/commands.hpp"
#include "src/config.hpp"
#include "src/error.hpp"
#include "src/figures.hpp"
#include "src/pace.hpp"
#include "src/progress.hpp"
#include "src/stream/sender.hpp"

namespace jko {
namespace {

/// An engine of its own for each purpose, so that the path does not depend on how the observations are drawn.
RandomEngine engine_for(std::uint64_t seed, std::uint32_t purpose) {
  std::seed_seq sequence{static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32), purpose};
  return RandomEngine(sequence);
}

/// A path of the hidden diffusion by the Euler-Maruyama scheme.
class Path {
 public:
  Path(const Model& model, double step, std::uint64_t seed)
      : model_(model),
        step_(step),
        engine_(engine_for(seed, 1)),
        time_(model.start_time),
        state_(model.initial.sample(1, seed, 0)),
        gradient_(1, model.dimension()) {}

  double time() const { return time_; }
  Vector state() const { return state_.row(0); }

  void advance_to(double t) {
    const double span = t - time_;
    const auto steps = static_cast<Index>(std::ceil(span / step_ - 1e-9));
    const double dt = span / static_cast<double>(std::max<Index>(steps, 1));
    const double noise = std::sqrt(2.0 * model_.temperature() * dt);
    const double begin = time_;
    for (Index k = 0; k < steps; ++k) {
      model_.potential->gradient(state_, begin + static_cast<double>(k) * dt, gradient_);
      for (Index i = 0; i < state_.cols(); ++i) state_(0, i) += noise * normal_(engine_) - dt * gradient_(0, i);
    }
    time_ = t;
    if (!state_.allFinite()) {
      throw std::runtime_error(
          fmt::format("the path runs to infinity before t = {}: a smaller schedule.step may help", t));
    }
  }

 private:
  const Model& model_;
  double step_;
  RandomEngine engine_;
  boost::random::normal_distribution<double> normal_;
  double time_;
  Points state_;  // (1, D)
  Points gradient_;
};

/// A CSV file, or none.
class Table {
 public:
  Table(const std::string& file, const std::string& header) : file_(file) {
    if (file.empty()) return;
    stream_.open(file);
    stream_ << header << '\n';
    check();
  }
  bool is_open() const { return stream_.is_open(); }
  void add(double time, const Vector& values) {
    if (!is_open()) return;
    stream_ << fmt::format("{}", time);
    for (const double value : values) stream_ << fmt::format(",{}", value);
    stream_ << '\n';
  }
  /// For what is looked at while it grows.
  void flush() {
    stream_.flush();
    check();
  }

 private:
  void check() const {
    if (!file_.empty() && !stream_) throw std::runtime_error("cannot write " + file_);
  }

  std::string file_;
  std::ofstream stream_;
};

std::string header_of(const std::vector<std::string>& names) {
  std::string header = "t";
  for (const std::string& name : names) header += "," + name;
  return header;
}

std::vector<std::string> numbered(const std::string& letter, Index count) {
  std::vector<std::string> names;
  for (Index i = 0; i < count; ++i) names.push_back(fmt::format("{}{}", letter, i));
  return names;
}

}  // namespace

void simulate(const SimulateOptions& options, std::ostream& out, std::ostream& err) {
  const Config config = load_config(options.config);
  const Model& model = config.model;
  if (!model.observation->can_sample()) {
    throw InputError(config.file, 0, "observation.type",
                     "observations cannot be drawn from a log-likelihood that is only an expression");
  }
  std::vector<std::string> columns = config.columns;
  if (columns.empty()) columns = numbered("y", model.observation->observation_dimension());
  if (config.columns.empty() && columns.size() == 1) columns = {"y"};

  Table observations(options.output, header_of(columns));
  Table truth(options.truth, header_of(numbered("x", model.dimension())));
  const std::unique_ptr<Sender> sender =
      options.send.empty() ? nullptr : make_sender(parse_endpoint(options.send, "--send"));

  const Schedule& schedule = config.schedule;
  const Index count = options.count.value_or(schedule.count);
  Path path(model, schedule.step, options.seed);
  RandomEngine engine = engine_for(options.seed, 2);
  Progress progress(err, options.quiet);
  Pace pace(options.rate);
  truth.add(path.time(), path.state());
  for (Index k = 0; k < count || count == 0; ++k) {
    path.advance_to(schedule.time(k));
    const Vector value = model.observation->sample(path.state(), path.time(), engine);
    truth.add(path.time(), path.state());
    if (sender) {
      pace.wait_for(config.time.seconds * path.time());
      sender->send(path.time(), value);
      truth.flush();
    }
    observations.add(path.time(), value);
    if (sender) observations.flush();
    if (sender && progress.due()) progress.show(fmt::format("sent {}  t = {:.6g}", with_commas(k + 1), path.time()));
  }
  if (sender) sender->finish();
  if (truth.is_open() && schedule.end > path.time()) {
    path.advance_to(schedule.end);
    truth.add(path.time(), path.state());
  }
  observations.flush();
  truth.flush();
  progress.clear();
  out << fmt::format("{} observations of {} from t = {} to {}, seed {}: {}\n", count, config.name, schedule.time(0),
                     schedule.time(count - 1), options.seed, options.send.empty() ? options.output : options.send);
}

}  // namespace jko
