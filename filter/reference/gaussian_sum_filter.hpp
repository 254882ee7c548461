#pragma once
/// A mixture of normal laws, each moved and corrected by itself as an extended or an unscented Kalman filter would, and
/// weighted by how well it predicted what was seen (Sorenson and Alspach 1971, "Recursive Bayesian estimation using
/// Gaussian sums"; Alspach and Sorenson 1972, "Nonlinear Bayesian estimation using Gaussian sum approximations").
///
///     GaussianSumOptions options;
///     options.components = 100;
///     GaussianSumFilter filter(model, options);
///
/// Before a prediction, components that have become too wide for the model to be linear over them are replaced by
/// narrower ones (refine()), so that the sum stays one in a nonlinear model. Within a prediction they are not: it
/// should not be longer than the time in which noise carries a component over a well.
///
/// Of the observation model these filters know mean and covariance of y given x. Where the mean does not depend on x,
/// as in the stochastic volatility model, they learn nothing.

#include <string>

#include "filter/reference/moment_flow.hpp"
#include "filter/reference/normal_mixture_filter.hpp"
#include "jko/baselines.hpp"
#include "jko/model.hpp"

namespace jko {

class GaussianSumFilter : public NormalMixtureFilter {
 public:
  /// Throws std::invalid_argument if the observation model has no moments or an option is out of range.
  GaussianSumFilter(Model model, GaussianSumOptions options);

  PredictSummary predict(double t) override;
  UpdateSummary update(const Vector& y) override;
  std::string method() const override { return method_; }
  std::unique_ptr<Filter> clone() const override { return std::make_unique<GaussianSumFilter>(*this); }

 protected:
  /// A single normal law, and the rule for its moments.
  GaussianSumFilter(Model model, MakeMomentRule make_rule, std::string method);

 private:
  GaussianSumFilter(Model model, GaussianSumOptions options, MakeMomentRule make_rule, std::string method);

  double mean_width() const;
  void refine();

  Model model_;
  GaussianSumOptions options_;
  MakeMomentRule make_rule_;
  MomentFlow flow_;
  std::string method_;
  double width_;  ///< of a refined component, as a share of the law's standard deviation
  std::uint64_t refinements_ = 0;
};

}  // namespace jko
