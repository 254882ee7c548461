#pragma once
/// Whether several Markov chains have found the same law, and how many independent draws they are worth:
/// rank-normalised split R̂ and bulk effective sample size (Vehtari, Gelman, Simpson, Carpenter and Bürkner 2021,
/// "Rank-normalization, folding, and localization: an improved R̂").
///
///     ChainDiagnostics one = diagnose(draws);     // draws (n, chains) of one quantity
///     if (one.r_hat > 1.01 || one.bulk_ess < 400) ...   // do not trust them: the authors' advice

#include "jko/types.hpp"

namespace jko {

struct ChainDiagnostics {
  double r_hat;  ///< the larger split R̂ of rank-normalised draws and of folded ones, section 4; 1 where chains agree
  double bulk_ess;  ///< effective sample size of the same, equation 10
};

/// `draws` has shape (n, chains), n >= 4; an odd last row is left out. NaN for both where draws are constant.
ChainDiagnostics diagnose(const Matrix& draws);

}  // namespace jko
