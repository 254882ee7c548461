#pragma once
/// ∂L/∂(Q, c, A, b, w, W): sums over the nodes of a tile of products of what Tile::evaluate() left in shared memory.
///
/// An entry belongs to one thread, tile after tile, which adds the tile's sum to it: no atomics, and one order. Within
/// a tile sums are in the precision of the tile, over tiles in double.

#include "filter/device/fused/fused_tile.hpp"

namespace jko::fused {

template <typename Real, int D, class Team>
class TileGradient : private TileArrays<Real, D> {
  using Base = TileArrays<Real, D>;
  using Base::kBarA, Base::kBarH, Base::kBarJ, Base::kBarT, Base::kBarU, Base::kSigma, Base::kSlopeJ, Base::kU,
      Base::kX;
  using Base::shape, Base::unit, Base::node;

 public:
  JKO_DEVICE TileGradient(Team& team, const Shape& s, const BlockMemory<Real>& memory) : Base(s, memory), team_(team) {}

  /// Adds the tile's share to `sum`, which has the network's layout, or sets it if this is the block's first tile. Ends
  /// with a barrier of the block.
  JKO_DEVICE void accumulate(double* sum, bool first_tile) {
    // Weights between layers come first: they are most, and the few others fill in beside them.
    int products = 0;
    for (int l = 1; l < shape.layers; ++l) products += shape.padded[l] * shape.padded[l - 1] / 4;
    const int items = products + shape.units + D * (D + 1);
    for (int item = team_.thread(); item < items; item += team_.threads()) {
      if (item >= products + shape.units) {
        affine(item - products - shape.units, sum, first_tile);
      } else if (item >= products) {
        inputs(item - products, sum, first_tile);
      } else {
        int l = 1, at = item;
        while (at >= shape.padded[l] * shape.padded[l - 1] / 4) {
          at -= shape.padded[l] * shape.padded[l - 1] / 4;
          ++l;
        }
        weights(l, at, sum, first_tile);
      }
    }
    team_.sync_block();
  }

 private:
  JKO_DEVICE static void add(double& to, Real tile_sum, bool first_tile) {
    to = (first_tile ? 0.0 : to) + static_cast<double>(tile_sum);
  }

  JKO_DEVICE static Real dot(const Quad<Real>& a, const Quad<Real>& b) {
    return (a.v[0] * b.v[0] + a.v[1] * b.v[1]) + (a.v[2] * b.v[2] + a.v[3] * b.v[3]);
  }
  JKO_DEVICE static Real total(const Quad<Real>& a) { return (a.v[0] + a.v[1]) + (a.v[2] + a.v[3]); }

  /// W_l, two rows by two columns: ā σᵀ + Σ_k J̄^k (σ'J^k)ᵀ + u λ̄ᵀ, the second factors of the layer below.
  JKO_DEVICE void weights(int l, int item, double* sum, bool first_tile) {
    const int columns = shape.padded[l - 1];
    const int h = 2 * (item / (columns / 2)), j = 2 * (item % (columns / 2));
    const int row = shape.first_unit[l] + h, column = shape.first_unit[l - 1] + j;
    Real sums[2][2] = {};
    for (int n = 0; n < shape.tile; n += 4) {
      JKO_UNROLL
      for (int pair = 0; pair < D + 2; ++pair) {
        const int left = pair < D ? kBarJ + pair : pair == D ? kBarA : kU;
        const int right = pair < D ? kSlopeJ + pair : pair == D ? kSigma : kBarU;
        const Quad<Real> a[2] = {quad(unit(left, row) + n), quad(unit(left, row + 1) + n)};
        const Quad<Real> b[2] = {quad(unit(right, column) + n), quad(unit(right, column + 1) + n)};
        JKO_UNROLL
        for (int r = 0; r < 2; ++r) {
          JKO_UNROLL
          for (int q = 0; q < 2; ++q) sums[r][q] += dot(a[r], b[q]);
        }
      }
    }
    JKO_UNROLL
    for (int r = 0; r < 2; ++r) {
      JKO_UNROLL
      for (int q = 0; q < 2; ++q) add(sum[shape.at_W[l] + (h + r) * columns + j + q], sums[r][q], first_tile);
    }
  }

  /// A, b and w of one unit.
  JKO_DEVICE void inputs(int h, double* sum, bool first_tile) {
    Real A[D] = {}, b = 0, w = 0;
    for (int n = 0; n < shape.tile; n += 4) {
      const Quad<Real> bar_a = quad(unit(kBarA, h) + n), u = quad(unit(kU, h) + n);
      b += total(bar_a);
      w += total(quad(unit(kBarU, h) + n));
      JKO_UNROLL
      for (int k = 0; k < D; ++k) {
        A[k] += dot(bar_a, quad(node(kX + k) + n)) + dot(u, quad(node(kBarT + k) + n)) +
                total(quad(unit(kBarJ + k, h) + n));
      }
    }
    JKO_UNROLL
    for (int k = 0; k < D; ++k) add(sum[shape.at_A + h * D + k], A[k], first_tile);
    add(sum[shape.at_b + h], b, first_tile);
    add(sum[shape.at_w + h], w, first_tile);
  }

  /// An entry of Q, or in column D one of c.
  JKO_DEVICE void affine(int item, double* sum, bool first_tile) {
    const int k = item / (D + 1), e = item % (D + 1);
    Real entry = 0;
    for (int n = 0; n < shape.tile; n += 4) {
      const Quad<Real> bar_T = quad(node(kBarT + k) + n);
      if (e == D) {
        entry += total(bar_T);
      } else {
        const int lower = e <= k ? pairs_of(k) + e : pairs_of(e) + k;
        entry += dot(bar_T, quad(node(kX + e) + n)) + total(quad(node(kBarH + lower) + n));
      }
    }
    add(sum[e == D ? shape.at_c + k : k * D + e], entry, first_tile);
  }

  Team& team_;
};

}  // namespace jko::fused
