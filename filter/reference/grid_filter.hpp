#pragma once
/// The truth in one and two dimensions: the Fokker-Planck equation on a fine grid (chang_cooper.hpp; in the plane,
/// Strang splitting of the two axes) and Bayes' rule cell by cell.
///
///     GridFilter filter(model, GridOptions{});

#include <utility>
#include <vector>

#include "filter/reference/chang_cooper.hpp"
#include "jko/baselines.hpp"
#include "jko/filter.hpp"
#include "jko/model.hpp"

namespace jko {

class GridFilter final : public Filter {
 public:
  /// Throws std::invalid_argument for three or more dimensions and for options out of range.
  GridFilter(Model model, GridOptions options);

  PredictSummary predict(double t) override;
  UpdateSummary update(const Vector& y) override;
  double time() const override { return time_; }
  Index dimension() const override { return model_.dimension(); }
  Vector mean() const override;
  Matrix covariance() const override;
  Matrix quantiles(const std::vector<double>& levels) const override;
  /// -infinity outside the domain.
  Vector log_density(PointsView points) const override;
  Points sample(Index count, std::uint64_t seed) const override;
  std::string method() const override { return "grid"; }
  std::unique_ptr<Filter> clone() const override { return std::make_unique<GridFilter>(*this); }

  const std::vector<std::pair<double, double>>& domain() const { return options_.domain; }

 private:
  struct Pilot {
    Vector low, high;  ///< box that held all paths
    double rate;       ///< one over the shortest time scale
  };

  void choose_domain_and_step();
  Pilot run_pilot() const;
  void assemble(double t);
  void advance(double dt);
  Vector weights() const;  ///< probability of each cell

  Model model_;
  GridOptions options_;
  double time_;
  Index columns_, rows_;  ///< cells along the first axis and the second (1 on a line)
  Points cells_;          ///< centres, the first coordinate running fastest
  Vector spacing_;
  Matrix density_;  ///< (rows, columns): rows are lines along the first axis
  std::vector<ChangCooper> axes_;
};

}  // namespace jko
