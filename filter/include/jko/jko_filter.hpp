#pragma once
/// The filter that this library is for: JKO steps between observations, Bayes' rule at them.
///
///     JkoOptions options;
///     options.step = 0.1;
///     JkoFilter filter(model, options);
///     filter.predict(0.5);
///     filter.update(y);
///     filter.log_density(points);
///
/// Jordan, Kinderlehrer and Otto 1998, "The variational formulation of the Fokker-Planck equation"; Mokrov et al. 2021,
/// arXiv 2106.00736. docs/method.md derives what is solved here.

#include <cstdint>
#include <iosfwd>
#include <memory>
#include <string>
#include <vector>

#include "jko/filter.hpp"
#include "jko/jko_options.hpp"
#include "jko/model.hpp"
#include "jko/step_limits.hpp"

namespace jko {

class Belief;
struct ConvexMap;
struct JkoState;

/// How a prediction is cut into steps, and how far it has come. Each of the `count` steps may be several: after an
/// observation, or where steps get longer, BDF2 grows from short ones.
struct StepPlan {
  double start = 0.0, end = 0.0;
  int count = 0, done = 0;
  std::vector<double> shares;  ///< of the step in hand
  std::size_t next_share = 0;

  bool finished() const { return done >= count; }
};

class JKO_API JkoFilter final : public Filter {
 public:
  /// Throws std::invalid_argument if an option is out of range (JkoOptions::validate()), or does not suit the engine.
  JkoFilter(Model model, JkoOptions options);
  ~JkoFilter() override;
  JkoFilter(const JkoFilter&);
  JkoFilter& operator=(const JkoFilter&);
  JkoFilter(JkoFilter&&) noexcept;
  JkoFilter& operator=(JkoFilter&&) noexcept;

  PredictSummary predict(double t) override;
  UpdateSummary update(const Vector& y) override;

  /// The same as predict(t), a step at a time: for those who watch a clock, or want to look in between.
  ///
  ///     for (StepPlan plan = filter.plan(t); !plan.finished();) filter.step(plan, limits);
  ///
  /// `count`: of steps; 0: as the options' τ has it. A plan may be dropped halfway and another one made from there.
  StepPlan plan(double t, int count = 0) const;
  StepReport step(StepPlan& plan, const StepLimits& limits);
  /// What happened in the last step; nothing before the first one.
  const StepReport& last_step() const;

  /// Sets the time without moving the law: for a t that is that of the belief but for rounding.
  void relabel(double t);

  /// Goes on with another model of the same dimension.
  void replace_model(Model model);
  /// Goes on with steps of another length and with another number of nodes; 0, as in the options: by itself. Throws
  /// std::invalid_argument, and changes nothing, if they are out of range.
  void replace_resolution(double step, Index nodes);

  /// Writes all that the filter knows. A filter with the same model and options that loads it goes on bit for bit as
  /// this one would. The form is binary, of little-endian processors, and that of this version of the library.
  void save(std::ostream& out) const;
  /// Throws std::invalid_argument with one line, and changes nothing, if what is read is not the state of a filter with
  /// this model and these options.
  void load(std::istream& in);

  double time() const override;
  Index dimension() const override;
  Vector mean() const override;
  Matrix covariance() const override;
  Matrix quantiles(const std::vector<double>& levels) const override;
  Vector log_density(PointsView points) const override;
  Points sample(Index count, std::uint64_t seed) const override;
  std::string method() const override { return "jko"; }
  std::unique_ptr<Filter> clone() const override;

  // What follows is for the library's own program: the types are not part of the interface.

  /// The state as plain data (filter/jko_state.hpp). restore() throws std::invalid_argument if it cannot be that of a
  /// filter with this model and these options.
  JkoState state() const;
  void restore(const JkoState& state);
  /// Pushes the law forward by a map that is given, exactly and at no time: what was solved for in other coordinates
  /// becomes the law of `map` of them. The model stays as it is: whoever wants to take further steps gives one of the
  /// new coordinates to replace_model(). Throws std::invalid_argument if the dimension is another one.
  void push_forward(const ConvexMap& map);
  const Belief& belief() const;

 private:
  struct Implementation;
  std::unique_ptr<Implementation> implementation_;
};

}  // namespace jko
