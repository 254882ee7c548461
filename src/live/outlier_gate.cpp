#include "src/live/outlier_gate.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>

#include "filter/random.hpp"

namespace jko {
namespace {

constexpr Index kStates = 256;   // that stand for the predicted law
constexpr Index kDraws = 48;     // of an observation
constexpr std::size_t kFew = 8;  // increments that tell what is usual
constexpr std::size_t kMost = 64;
constexpr std::size_t kAgreeing = 3;
constexpr double kClose = 0.25;  // those that agree lie closer together than this share of how far away they are

/// Largest |a - b| of an entry that both have.
double distance(const Vector& a, const Vector& b) {
  double largest = 0.0;
  for (Index i = 0; i < std::min(a.size(), b.size()); ++i) {
    if (!std::isnan(a(i)) && !std::isnan(b(i))) largest = std::max(largest, std::abs(a(i) - b(i)));
  }
  return largest;
}

}  // namespace

std::optional<double> expected_log_evidence(const Filter& predicted, const ObservationModel& observation,
                                            const Vector& y, std::uint64_t seed) {
  if (!observation.can_sample()) return std::nullopt;
  const Points x = predicted.sample(kStates, seed);
  RandomEngine engine(seed);
  Vector log_likelihood(kStates);
  double sum = 0.0;
  for (Index k = 0; k < kDraws; ++k) {
    Vector drawn = observation.sample(x.row(k * (kStates / kDraws)).transpose(), predicted.time(), engine);
    for (Index i = 0; i < drawn.size(); ++i) {
      if (std::isnan(y(i))) drawn(i) = std::numeric_limits<double>::quiet_NaN();
    }
    observation.log_likelihood(x, drawn, predicted.time(), log_likelihood);
    const double top = log_likelihood.maxCoeff();
    sum += top + std::log((log_likelihood.array() - top).exp().mean());
  }
  const double mean = sum / static_cast<double>(kDraws);
  return std::isfinite(mean) ? std::optional<double>(mean) : std::nullopt;
}

bool OutlierGate::agree() const {
  if (state_.held.size() < kAgreeing || state_.last.size() == 0) return false;
  double apart = 0.0, away = std::numeric_limits<double>::infinity();
  for (auto a = state_.held.end() - kAgreeing; a != state_.held.end(); ++a) {
    away = std::min(away, distance(a->value, state_.last));
    for (auto b = state_.held.end() - kAgreeing; b != a; ++b) apart = std::max(apart, distance(a->value, b->value));
  }
  return apart < kClose * away;
}

bool OutlierGate::holds_back(double shortfall, double threshold, const Vector& y) {
  gave_way_ = false;
  if (shortfall <= threshold) {
    state_.open = false;
    state_.held.clear();
    return false;
  }
  if (state_.open) return false;
  state_.held.push_back({y});
  if (static_cast<int>(state_.held.size()) <= patience_ && !agree()) return true;
  gave_way_ = true;
  state_.open = true;
  state_.held.clear();
  return false;
}

void OutlierGate::passed(const Vector& y, double log_evidence_increment) {
  state_.last = y;
  state_.usual.push_back(log_evidence_increment);
  if (state_.usual.size() > kMost) state_.usual.erase(state_.usual.begin());
}

void OutlierGate::restore(State state) {
  bool good = state.usual.size() <= kMost && state.held.size() <= static_cast<std::size_t>(patience_) + 1;
  for (const double increment : state.usual) good = good && std::isfinite(increment);
  if (!good) throw std::invalid_argument("the gate's state has the wrong form");
  state_ = std::move(state);
}

std::optional<double> OutlierGate::usual() const {
  if (state_.usual.size() < kFew) return std::nullopt;
  double sum = 0.0;
  for (const double increment : state_.usual) sum += increment;
  return sum / static_cast<double>(state_.usual.size());
}

}  // namespace jko
