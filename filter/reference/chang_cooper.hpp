#pragma once
/// The Fokker-Planck equation along one axis of a grid: finite volumes with the fluxes of Chang and Cooper (1970), in
/// the form of Scharfetter and Gummel, for many parallel lines at once.
///
/// From cell to cell mass moves at the rates β⁻¹ h⁻² B(±β ΔΦ) with B(z) = z / (e^z - 1): positive, conservative, and
/// exp(-βΦ) is stationary to rounding. Time steps are TR-BDF2: second order, L-stable (Bank et al. 1985).

#include "jko/types.hpp"

namespace jko {

class ChangCooper {
 public:
  /// `potential` holds βΦ at the cells, shape (lines, cells): one line a row. `diffusion` is β⁻¹ h⁻².
  ChangCooper(const Matrix& scaled_potential, double diffusion);

  /// Moves every row of `density` by `dt`. Factors are kept while dt stays the same.
  void advance(Matrix& density, double dt);

 private:
  void factorise(double dt);
  void apply(const Matrix& density, double scale, Matrix& result) const;  ///< result = density + scale A density
  void solve(Matrix& density) const;

  Matrix up_, down_;        ///< rates from cell j to j+1 and from j+1 to j, (lines, cells - 1)
  Matrix inverse_, ratio_;  ///< factors of I - α dt A (Thomas algorithm)
  Matrix first_, second_;   ///< workspaces
  double dt_ = 0.0;
};

}  // namespace jko
