#include "filter/reference/nuts.hpp"

#include <algorithm>
#include <boost/random/normal_distribution.hpp>
#include <boost/random/uniform_01.hpp>
#include <cmath>
#include <limits>
#include <random>
#include <stdexcept>

#include "filter/parallel.hpp"
#include "filter/random.hpp"

namespace jko {
namespace {

/// An error of the energy beyond all reason.
constexpr double kDivergence = 1000.0;

double log_add(double a, double b) {
  const double high = std::max(a, b), low = std::min(a, b);
  return std::isinf(high) ? high : high + std::log1p(std::exp(low - high));
}

/// A point of phase space.
struct State {
  Vector position, momentum, slope;  ///< slope: ∇Φ
  double potential;
};

/// A stretch of a trajectory.
struct Stretch {
  State first, last;  ///< in the order of time
  State chosen;       ///< one of its points, by their weights exp(-energy)
  Vector momentum_sum;
  double log_weight;  ///< of all its points, relative to the trajectory's start
  bool sound = true;  ///< it neither turns back nor diverges, nor does a half of it
};

/// Algorithm 6 of Hoffman and Gelman: the step whose mean acceptance is `target`, in the long run.
class StepAdaptation {
 public:
  StepAdaptation(double step, double target) : target_(target), centre_(std::log(10.0 * step)) {}

  /// The step for the next iteration.
  double next(double acceptance) {
    constexpr double kGamma = 0.05, kDelay = 10.0, kKappa = 0.75;
    ++count_;
    const double share = 1.0 / (count_ + kDelay);
    error_ = (1.0 - share) * error_ + share * (target_ - acceptance);
    const double log_step = centre_ - std::sqrt(count_) / kGamma * error_;
    const double weight = std::pow(count_, -kKappa);
    average_ = weight * log_step + (1.0 - weight) * average_;
    return std::exp(log_step);
  }
  double average() const { return std::exp(average_); }

 private:
  double target_, centre_, count_ = 0.0, error_ = 0.0, average_ = 0.0;
};

/// When the scales are set during warm-up: after windows of doubling length, with a stretch for the step alone before
/// the first and after the last.
class WindowPlan {
 public:
  explicit WindowPlan(int warmup) {
    // In short warm-ups the three parts shrink together.
    const bool roomy = warmup >= 150;
    first_ = roomy ? 75 : 15 * warmup / 100;
    last_ = warmup - (roomy ? 50 : warmup / 10);
    length_ = roomy ? 25 : last_ - first_;
    end_ = first_ + length_;
    settle();
  }
  bool collects(int iteration) const { return iteration >= first_ && iteration < last_; }
  bool ends(int iteration) const { return collects(iteration) && iteration + 1 == end_; }
  void advance() {
    length_ *= 2;
    end_ += length_;
    settle();
  }

 private:
  /// A window that would leave too little for another, twice as long, takes the rest.
  void settle() {
    if (end_ + 2 * length_ > last_) end_ = last_;
  }
  int first_, last_, length_, end_;
};

class Chain {
 public:
  Chain(const Potential& potential, double t, const NutsOptions& options, const Vector& start, std::uint64_t number)
      : potential_(potential),
        time_(t),
        options_(options),
        scale_(Vector::Ones(start.size())),
        point_(1, start.size()),
        slope_(1, start.size()),
        value_(1) {
    std::seed_seq seeds{static_cast<std::uint32_t>(options.seed), static_cast<std::uint32_t>(options.seed >> 32),
                        static_cast<std::uint32_t>(number)};
    engine_.seed(seeds);
    state_.position = start;
    state_.momentum = Vector::Zero(start.size());
    evaluate(state_);
  }

  void run(Points& draws) {
    warm_up();
    draws.resize(options_.draws, scale_.size());
    divergences_ = exhausted_ = 0;
    for (int i = 0; i < options_.draws; ++i) {
      iterate();
      draws.row(i) = state_.position;
    }
  }

  bool sound_start() const { return std::isfinite(state_.potential) && state_.slope.allFinite(); }
  double step() const { return step_; }
  int divergences() const { return divergences_; }
  int exhausted() const { return exhausted_; }
  std::int64_t gradients() const { return gradients_; }

 private:
  void evaluate(State& state) {
    point_.row(0) = state.position;
    potential_.evaluate(point_, time_, value_, slope_);
    state.potential = value_[0];
    state.slope = slope_.row(0);
    ++gradients_;
  }

  /// Kinetic energy |scale * p|²/2: the mass of a coordinate is its precision.
  double energy(const State& state) const {
    const double total = state.potential + 0.5 * scale_.cwiseProduct(state.momentum).squaredNorm();
    return std::isnan(total) ? std::numeric_limits<double>::infinity() : total;
  }

  void leapfrog(State& state, double step) {
    state.momentum -= 0.5 * step * state.slope;
    state.position += step * scale_.cwiseAbs2().cwiseProduct(state.momentum);
    evaluate(state);
    state.momentum -= 0.5 * step * state.slope;
  }

  void draw_momentum() {
    for (Index d = 0; d < scale_.size(); ++d) state_.momentum[d] = normal_(engine_) / scale_[d];
  }

  /// Algorithm 4 of Hoffman and Gelman: a step that is accepted about half of the time.
  double reasonable_step(double step) {
    int direction = 0;
    for (int tries = 0; tries < 100; ++tries) {
      draw_momentum();
      State moved = state_;
      leapfrog(moved, step);
      const double log_acceptance = energy(state_) - energy(moved);
      const int wanted = log_acceptance > std::log(0.8) ? 1 : -1;
      if (direction != 0 && wanted != direction) break;
      direction = wanted;
      step *= direction > 0 ? 2.0 : 0.5;
    }
    return step;
  }

  void warm_up() {
    step_ = reasonable_step(1.0);
    StepAdaptation adaptation(step_, options_.acceptance);
    WindowPlan windows(options_.warmup);
    const Index d = scale_.size();
    Vector mean = Vector::Zero(d), squares = Vector::Zero(d);  // Welford's
    double count = 0.0;
    for (int i = 0; i < options_.warmup; ++i) {
      step_ = adaptation.next(iterate());
      if (windows.collects(i)) {
        count += 1.0;
        const Vector from_old = state_.position - mean;
        mean += from_old / count;
        squares += from_old.cwiseProduct(state_.position - mean);
      }
      if (windows.ends(i) && count >= 2.0) {
        // Shrunk towards a small one, as in Stan, so that a short window does no harm.
        const double trust = count / (count + 5.0);
        scale_ = (trust * squares.array() / (count - 1.0) + 1e-3 * (1.0 - trust)).sqrt();
        mean.setZero();
        squares.setZero();
        count = 0.0;
        windows.advance();
        step_ = reasonable_step(step_);
        adaptation = StepAdaptation(step_, options_.acceptance);
      }
    }
    if (options_.warmup > 0) step_ = adaptation.average();
  }

  /// Whether a stretch with these ends and this sum of momenta still grows longer at both ends.
  bool straight(const State& first, const State& last, const Vector& momentum_sum) const {
    const Vector velocity = scale_.cwiseAbs2().cwiseProduct(momentum_sum);
    return velocity.dot(first.momentum) > 0.0 && velocity.dot(last.momentum) > 0.0;
  }

  /// Whether two neighbours make a sound stretch; also where one half meets the first point of the other, which what
  /// holds of the ends alone would miss.
  bool joins(const Stretch& early, const Stretch& late) const {
    return straight(early.first, late.last, early.momentum_sum + late.momentum_sum) &&
           straight(early.first, late.first, early.momentum_sum + late.first.momentum) &&
           straight(early.last, late.last, early.last.momentum + late.momentum_sum);
  }

  /// 2^depth leapfrog steps on from `from`, forwards or backwards.
  Stretch grow(const State& from, int depth, int direction) {
    if (depth == 0) {
      Stretch point{from, {}, {}, {}, 0.0};
      leapfrog(point.first, direction * step_);
      const double gain = start_energy_ - energy(point.first);
      point.log_weight = gain;
      point.sound = gain > -kDivergence;
      diverged_ = diverged_ || !point.sound;
      accepted_ += std::min(1.0, std::exp(gain));
      ++tried_;
      point.last = point.chosen = point.first;
      point.momentum_sum = point.first.momentum;
      return point;
    }
    Stretch near = grow(from, depth - 1, direction);
    if (!near.sound) return near;
    Stretch far = grow(direction > 0 ? near.last : near.first, depth - 1, direction);
    if (!far.sound) return far;
    const double log_weight = log_add(near.log_weight, far.log_weight);
    if (std::log(uniform_(engine_)) < far.log_weight - log_weight) near.chosen = std::move(far.chosen);
    append(near, far, direction);
    return near;
  }

  void append(Stretch& to, Stretch& next, int direction) const {
    to.sound = direction > 0 ? joins(to, next) : joins(next, to);
    to.momentum_sum += next.momentum_sum;
    to.log_weight = log_add(to.log_weight, next.log_weight);
    (direction > 0 ? to.last : to.first) = std::move(direction > 0 ? next.last : next.first);
  }

  /// Moves on; returns the mean acceptance of the trajectory's points.
  double iterate() {
    draw_momentum();
    start_energy_ = energy(state_);
    Stretch all{state_, state_, state_, state_.momentum, 0.0};
    accepted_ = 0.0;
    tried_ = 0;
    diverged_ = false;
    int depth = 0;
    for (; depth < options_.depth; ++depth) {
      const int direction = uniform_(engine_) < 0.5 ? -1 : 1;
      Stretch next = grow(direction > 0 ? all.last : all.first, depth, direction);
      if (!next.sound) break;
      // The newer half is preferred, which keeps the law and moves farther (Betancourt 2017, appendix A.3.2).
      if (std::log(uniform_(engine_)) < next.log_weight - all.log_weight) all.chosen = std::move(next.chosen);
      append(all, next, direction);
      if (!all.sound) break;
    }
    exhausted_ += depth == options_.depth;
    divergences_ += diverged_;
    state_ = std::move(all.chosen);
    return accepted_ / tried_;
  }

  const Potential& potential_;
  double time_;
  NutsOptions options_;
  Vector scale_;  ///< of each coordinate: the root of its inverse mass
  Points point_, slope_;
  Vector value_;
  RandomEngine engine_;
  boost::random::normal_distribution<double> normal_;
  boost::random::uniform_01<double> uniform_;
  State state_;
  double step_ = 1.0;
  double start_energy_ = 0.0, accepted_ = 0.0;  ///< of the iteration
  int tried_ = 0;
  bool diverged_ = false;
  int divergences_ = 0, exhausted_ = 0;
  std::int64_t gradients_ = 0;
};

}  // namespace

NutsResult sample_nuts(const Potential& potential, const Points& start, const NutsOptions& options, double t) {
  const auto require = [](bool condition, const char* what) {
    if (!condition) throw std::invalid_argument(std::string("nuts: ") + what);
  };
  require(start.rows() >= 1 && start.cols() == potential.dimension(), "starts are not points of the potential's space");
  require(options.warmup >= 0 && options.draws >= 4, "warm-up is negative or there are fewer than 4 draws");
  require(options.acceptance > 0.0 && options.acceptance < 1.0, "acceptance is not between 0 and 1");
  require(options.depth >= 1 && options.depth <= 20, "depth is not from 1 to 20");

  std::vector<Chain> chains;
  for (Index i = 0; i < start.rows(); ++i) {
    chains.emplace_back(potential, t, options, start.row(i), static_cast<std::uint64_t>(i));
    require(chains.back().sound_start(), "the potential is not finite at a start");
  }
  NutsResult result;
  result.chains.resize(chains.size());
  for_each_block(start.rows(), 1, [&](Index, Index i, Index) {
    chains[static_cast<std::size_t>(i)].run(result.chains[static_cast<std::size_t>(i)]);
  });
  for (const Chain& chain : chains) {
    result.steps.push_back(chain.step());
    result.divergences += chain.divergences();
    result.exhausted += chain.exhausted();
    result.gradients += chain.gradients();
  }
  return result;
}

Points NutsResult::all() const {
  const Index draws = chains.front().rows();
  Points rows(draws * static_cast<Index>(chains.size()), chains.front().cols());
  for (std::size_t i = 0; i < chains.size(); ++i) rows.middleRows(static_cast<Index>(i) * draws, draws) = chains[i];
  return rows;
}

std::vector<ChainDiagnostics> NutsResult::diagnostics() const {
  std::vector<ChainDiagnostics> all;
  Matrix one(chains.front().rows(), static_cast<Index>(chains.size()));
  for (Index d = 0; d < chains.front().cols(); ++d) {
    for (std::size_t i = 0; i < chains.size(); ++i) one.col(static_cast<Index>(i)) = chains[i].col(d);
    all.push_back(diagnose(one));
  }
  return all;
}

ChainDiagnostics NutsResult::worst() const {
  ChainDiagnostics worst{0.0, std::numeric_limits<double>::infinity()};
  for (const ChainDiagnostics& one : diagnostics()) {
    // A coordinate that never moved has neither, and that is the worst.
    if (std::isnan(one.r_hat)) return one;
    worst = {std::max(worst.r_hat, one.r_hat), std::min(worst.bulk_ess, one.bulk_ess)};
  }
  return worst;
}

}  // namespace jko
