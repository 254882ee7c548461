#include "filter/reference/chain_diagnostics.hpp"

#include <cmath>

#include "filter/random.hpp"
#include "tests/test.hpp"

using namespace jko;

namespace {

/// Chains x' = correlation x + sqrt(1 - correlation²) N(0, 1), stationary.
Matrix autoregressive(Index n, Index chains, double correlation) {
  Matrix x(n, chains);
  fill_standard_normal(8, 1, x);
  for (Index i = 1; i < n; ++i) {
    x.row(i) = correlation * x.row(i - 1) + std::sqrt(1.0 - correlation * correlation) * x.row(i);
  }
  return x;
}

}  // namespace

TEST_CASE("the effective sample size of an autoregression is its closed form") {
  for (const double correlation : {0.0, 0.3, 0.8, -0.4}) {
    CAPTURE(correlation);
    const ChainDiagnostics seen = diagnose(autoregressive(4000, 4, correlation));
    CHECK(seen.bulk_ess == Approx(16'000 * (1.0 - correlation) / (1.0 + correlation)).epsilon(0.12));
    CHECK(seen.r_hat == Approx(1.0).margin(0.005));
  }
}

TEST_CASE("chains that differ in their means or spreads, or drift, are told") {
  const Matrix same = autoregressive(1000, 4, 0.0);
  Matrix shifted = same, wide = same, drifting = same;
  shifted.col(2).array() += 1.0;
  wide.col(1) *= 3.0;
  for (Index i = 0; i < 1000; ++i) drifting.row(i).array() += 1.5 * static_cast<double>(i) / 1000.0;
  CHECK(diagnose(same).r_hat < 1.005);
  CHECK(diagnose(shifted).r_hat > 1.05);
  CHECK(diagnose(shifted).bulk_ess < 100);
  CHECK(diagnose(wide).r_hat > 1.05);
  CHECK(diagnose(drifting).r_hat > 1.05);
}

TEST_CASE("diagnostics depend on ranks alone, and bear ties and constants") {
  const Matrix chains = autoregressive(500, 2, 0.5);
  const Matrix bent = chains.array().exp();
  CHECK(diagnose(bent).bulk_ess == diagnose(chains).bulk_ess);
  const ChainDiagnostics signs = diagnose(chains.array().sign());
  CHECK(signs.bulk_ess > 150);
  CHECK(signs.bulk_ess < 1000);
  CHECK(std::isnan(diagnose(Matrix::Constant(10, 2, 3.0)).r_hat));
  CHECK(std::isnan(diagnose(Matrix::Constant(10, 2, 3.0)).bulk_ess));
}
