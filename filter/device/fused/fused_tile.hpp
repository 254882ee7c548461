#pragma once
/// T, ∇²ψ, the loss of a JKO step and their reverse mode at a tile of nodes, all threads of a block together: equations
/// 2 and 3 of docs/method.md, as in filter/engine/map_block.cpp.
///
/// Arrays lie in shared memory with the nodes of the tile along a row, so that the lanes of a warp are nodes and
/// weights are the same for all of them. A thread makes four units of one node at a time. Between two phases that hand
/// numbers from thread to thread there is a barrier of the block.

#include <cmath>

#include "filter/device/fused/fused_layout.hpp"
#include "filter/device/fused/fused_potential.hpp"

namespace jko::fused {

/// Four consecutive numbers, in one load.
template <typename Real>
struct alignas(4 * sizeof(Real)) Quad {
  Real v[4];
};

template <typename Real>
JKO_DEVICE const Quad<Real>& quad(const Real* p) {
  return *reinterpret_cast<const Quad<Real>*>(p);
}

/// The network as the block has it, and the tile's arrays.
template <typename Real, int D>
struct TileArrays {
  enum Field { kSigma, kSlope, kLambda, kU, kBarA, kBarU, kJ, kSlopeJ = kJ + D, kBarJ = kSlopeJ + D };
  enum NodeRow { kX, kBarT = kX + D, kBarH = kBarT + D };

  const Shape& shape;
  const Real *Q, *c, *A, *b, *w, *network;
  Real *nodes, *groups, *units;
  int row_length;

  JKO_DEVICE TileArrays(const Shape& s, const BlockMemory<Real>& memory)
      : shape(s),
        Q(memory.network),
        c(memory.network + s.at_c),
        A(memory.network + s.at_A),
        b(memory.network + s.at_b),
        w(memory.network + s.at_w),
        network(memory.network),
        nodes(memory.nodes),
        groups(memory.groups),
        units(memory.units),
        row_length(s.row()) {}

  JKO_DEVICE Real* unit(int field, int unit) const { return units + (field * shape.units + unit) * row_length; }
  JKO_DEVICE Real* node(int row) const { return nodes + row * row_length; }
  JKO_DEVICE Real* group(int g, int row) const { return groups + (g * group_rows(D) + row) * row_length; }
  JKO_DEVICE const Real* W(int l) const { return network + shape.at_W[l]; }
};

template <typename Real, int D, class Team>
class Tile : private TileArrays<Real, D> {
  using Base = TileArrays<Real, D>;
  using Base::kBarA, Base::kBarH, Base::kBarJ, Base::kBarT, Base::kBarU, Base::kJ, Base::kLambda, Base::kSigma,
      Base::kSlope, Base::kSlopeJ, Base::kU, Base::kX;
  using Base::shape, Base::unit, Base::node, Base::group, Base::W;

 public:
  JKO_DEVICE Tile(Team& team, const Shape& s, const BlockMemory<Real>& memory)
      : Base(s, memory), team_(team), node_loss_(memory.node_loss) {}

  /// Everything up to the adjoints of all units, for the nodes from `first` on. Adds the loss to the block's node_loss,
  /// or sets it if this is the block's first tile. Ends with a barrier of the block.
  JKO_DEVICE void evaluate(const Task& task, const NodeData& data, int first, bool first_tile) {
    load(data, first);
    for (int l = 0; l < shape.layers; ++l) up(l);
    for (int l = shape.layers - 2; l >= 0; --l) down(l);
    sum_units();
    loss(task, data, first, first_tile);
    for (int l = shape.layers - 1; l >= 0; --l) reverse_directions(l);
    for (int l = 1; l < shape.layers; ++l) reverse_lambda(l);
    for (int l = shape.layers - 2; l >= 0; --l) reverse_activation(l);
  }

 private:
  /// f(n, h) for each node n of the tile and the first unit h of each four of layer l; then a barrier.
  template <class F>
  JKO_DEVICE void for_units(int l, const F& f) {
    const int items = (shape.padded[l] / 4) << shape.tile_shift;
    for (int item = team_.thread(); item < items; item += team_.threads()) {
      f(item & (shape.tile - 1), 4 * (item >> shape.tile_shift));
    }
    team_.sync_block();
  }

  JKO_DEVICE void load(const NodeData& data, int first) {
    for (int n = team_.thread(); n < shape.tile; n += team_.threads()) {
      const int i = clamped(first + n);
      JKO_UNROLL
      for (int k = 0; k < D; ++k) node(kX + k)[n] = static_cast<Real>(data.nodes[k * shape.nodes + i]);
    }
    team_.sync_block();
  }

  // A tile that is not full repeats the last node, with weight zero.
  JKO_DEVICE int clamped(int i) const { return i < shape.nodes ? i : shape.nodes - 1; }

  /// a_l, σ, σ' and J_l; in the top layer λ and u too.
  JKO_DEVICE void up(int l) {
    const bool top = l + 1 == shape.layers;
    const int below = l == 0 ? 0 : shape.first_unit[l - 1], columns = l == 0 ? 0 : shape.padded[l - 1];
    for_units(l, [&](int n, int h) {
      const int first = shape.first_unit[l] + h;
      Real a[4], J[4][D];
      JKO_UNROLL
      for (int r = 0; r < 4; ++r) {
        a[r] = this->b[first + r];
        JKO_UNROLL
        for (int k = 0; k < D; ++k) {
          J[r][k] = this->A[(first + r) * D + k];
          a[r] += J[r][k] * node(kX + k)[n];
        }
      }
      for (int j = 0; j < columns; j += 4) {
        const Real* weights = W(l) + h * columns + j;
        Quad<Real> rows[4];
        JKO_UNROLL
        for (int r = 0; r < 4; ++r) rows[r] = quad(weights + r * columns);
        JKO_UNROLL
        for (int q = 0; q < 4; ++q) {
          const Real sigma = unit(kSigma, below + j + q)[n];
          JKO_UNROLL
          for (int r = 0; r < 4; ++r) a[r] += rows[r].v[q] * sigma;
          JKO_UNROLL
          for (int k = 0; k < D; ++k) {
            const Real slope_J = unit(kSlopeJ + k, below + j + q)[n];
            JKO_UNROLL
            for (int r = 0; r < 4; ++r) J[r][k] += rows[r].v[q] * slope_J;
          }
        }
      }
      JKO_UNROLL
      for (int r = 0; r < 4; ++r) {
        const int at = first + r;
        // σ and σ' from one exponential of a non-positive number, which cannot overflow.
        const Real e = std::exp(-std::fabs(a[r]));
        const Real slope = (a[r] >= 0 ? Real(1) : e) / (1 + e);
        unit(kSlope, at)[n] = slope;
        JKO_UNROLL
        for (int k = 0; k < D; ++k) unit(kJ + k, at)[n] = J[r][k];
        if (top) {
          unit(kLambda, at)[n] = this->w[at];
          unit(kU, at)[n] = slope * this->w[at];
        } else {
          unit(kSigma, at)[n] = (a[r] > 0 ? a[r] : Real(0)) + std::log(1 + e);
          JKO_UNROLL
          for (int k = 0; k < D; ++k) unit(kSlopeJ + k, at)[n] = slope * J[r][k];
        }
      }
    });
  }

  /// sums[k][r] += Σ_h W_{l+1}[h][j + r] field_k[h] of the layer above l.
  template <int K>
  JKO_DEVICE void times_W_above(int l, int field, int n, int j, Real (&sums)[K][4]) const {
    const int above = shape.first_unit[l + 1], columns = shape.padded[l];
    const Real* weights = W(l + 1) + j;
    JKO_UNROLL_4
    for (int h = 0; h < shape.padded[l + 1]; ++h, weights += columns) {
      const Quad<Real> row = quad(weights);
      JKO_UNROLL
      for (int k = 0; k < K; ++k) {
        const Real value = unit(field + k, above + h)[n];
        JKO_UNROLL
        for (int r = 0; r < 4; ++r) sums[k][r] += row.v[r] * value;
      }
    }
  }

  /// λ_l and u_l = σ' λ_l.
  JKO_DEVICE void down(int l) {
    for_units(l, [&](int n, int j) {
      Real lambda[1][4];
      const int first = shape.first_unit[l] + j;
      JKO_UNROLL
      for (int r = 0; r < 4; ++r) lambda[0][r] = this->w[first + r];
      times_W_above(l, kU, n, j, lambda);
      JKO_UNROLL
      for (int r = 0; r < 4; ++r) {
        unit(kLambda, first + r)[n] = lambda[0][r];
        unit(kU, first + r)[n] = lambda[0][r] * unit(kSlope, first + r)[n];
      }
    });
  }

  /// What the units add to T and ∇²ψ, in groups of units.
  JKO_DEVICE void sum_units() {
    for (int item = team_.thread(); item < kChunks << shape.tile_shift; item += team_.threads()) {
      const int n = item & (shape.tile - 1), g = item >> shape.tile_shift;
      Real sums[group_rows(D)] = {};
      for (int h = g * shape.units / kChunks; h < (g + 1) * shape.units / kChunks; ++h) {
        const Real u = unit(kU, h)[n], m = u * (1 - unit(kSlope, h)[n]);  // σ'' λ, as σ'' = σ' (1 - σ')
        Real J[D];
        JKO_UNROLL
        for (int k = 0; k < D; ++k) {
          J[k] = unit(kJ + k, h)[n];
          sums[k] += this->A[h * D + k] * u;
          JKO_UNROLL
          for (int e = 0; e <= k; ++e) sums[D + pairs_of(k) + e] += m * J[k] * J[e];
        }
      }
      JKO_UNROLL
      for (int v = 0; v < group_rows(D); ++v) group(g, v)[n] = sums[v];
    }
    team_.sync_block();
  }

  /// T and ∇²ψ, the loss, and its derivatives in both.
  JKO_DEVICE void loss(const Task& task, const NodeData& data, int first, bool first_tile) {
    for (int n = team_.thread(); n < shape.tile; n += team_.threads()) {
      const int i = clamped(first + n);
      const Real weight = first + n < shape.nodes ? static_cast<Real>(data.weights[i]) : Real(0);
      Real x[D], T[D], H[D][D];
      JKO_UNROLL
      for (int k = 0; k < D; ++k) x[k] = node(kX + k)[n];
      JKO_UNROLL
      for (int k = 0; k < D; ++k) {
        T[k] = this->c[k];
        for (int g = 0; g < kChunks; ++g) T[k] += group(g, k)[n];
        JKO_UNROLL
        for (int e = 0; e < D; ++e) T[k] += this->Q[k * D + e] * x[e];
        JKO_UNROLL
        for (int e = 0; e <= k; ++e) {
          H[k][e] = this->Q[k * D + e];
          for (int g = 0; g < kChunks; ++g) H[k][e] += group(g, D + pairs_of(k) + e)[n];
        }
      }
      const Real log_det = invert(H);
      Real force[D], distance = 0;
      Real value = potential<Real, D>(task, data.potential, T, force);
      const Real tau = static_cast<Real>(task.tau_hat), temperature = static_cast<Real>(task.temperature);
      JKO_UNROLL
      for (int k = 0; k < D; ++k) {
        const Real offset = T[k] - static_cast<Real>(data.targets[k * shape.nodes + i]);
        distance += offset * offset;
        node(kBarT + k)[n] = weight * (offset / tau + force[k]);
        // ∂ log det H / ∂H = H⁻¹
        JKO_UNROLL
        for (int e = 0; e <= k; ++e) node(kBarH + pairs_of(k) + e)[n] = -temperature * weight * H[k][e];
      }
      value = weight * (distance / (2 * tau) + value - temperature * log_det);
      node_loss_[n] = (first_tile ? 0.0 : node_loss_[n]) + static_cast<double>(value);
    }
    team_.sync_block();
  }

  /// H becomes its inverse (lower triangles); returns log det H, NaN unless H is positive definite.
  JKO_DEVICE static Real invert(Real (&H)[D][D]) {
    Real log_det = 0;
    JKO_UNROLL
    for (int j = 0; j < D; ++j) {
      Real pivot = H[j][j];
      for (int k = 0; k < j; ++k) pivot -= H[j][k] * H[j][k];
      log_det += std::log(pivot);
      H[j][j] = 1 / std::sqrt(pivot);  // 1/L_jj is all that is ever used of it
      for (int i = j + 1; i < D; ++i) {
        for (int k = 0; k < j; ++k) H[i][j] -= H[i][k] * H[j][k];
        H[i][j] *= H[j][j];
      }
    }
    JKO_UNROLL
    for (int j = 0; j < D; ++j) {  // M = L⁻¹, in place below the diagonal
      for (int i = j + 1; i < D; ++i) {
        Real sum = H[i][j] * H[j][j];
        for (int k = j + 1; k < i; ++k) sum += H[i][k] * H[k][j];
        H[i][j] = -sum * H[i][i];
      }
    }
    JKO_UNROLL
    for (int i = 0; i < D; ++i) {  // MᵀM, row by row, whose entries need M's rows from i on only
      for (int j = 0; j <= i; ++j) {
        Real sum = H[i][i] * H[i][j];
        for (int k = i + 1; k < D; ++k) sum += H[k][i] * H[k][j];
        H[i][j] = sum;
      }
    }
    return log_det;
  }

  /// Top down: the directional derivatives J_l, which enter ∇²ψ and J_{l+1}. In the lowest layer the adjoint of λ too,
  /// since nothing lies below.
  JKO_DEVICE void reverse_directions(int l) {
    const bool top = l + 1 == shape.layers;
    for_units(l, [&](int n, int j) {
      Real P[D][4] = {};
      if (!top) times_W_above(l, kBarJ, n, j, P);
      JKO_UNROLL
      for (int r = 0; r < 4; ++r) {
        const int at = shape.first_unit[l] + j + r;
        const Real s = unit(kSlope, at)[n], u = unit(kU, at)[n], m = u * (1 - s);
        Real J[D], bar_m = 0, bar_s = 0;
        JKO_UNROLL
        for (int k = 0; k < D; ++k) J[k] = unit(kJ + k, at)[n];
        JKO_UNROLL
        for (int k = 0; k < D; ++k) {
          Real K = 0;
          JKO_UNROLL
          for (int e = 0; e < D; ++e) K += node(kBarH + (e <= k ? pairs_of(k) + e : pairs_of(e) + k))[n] * J[e];
          bar_m += K * J[k];
          bar_s += P[k][r] * J[k];
          unit(kBarJ + k, at)[n] = 2 * m * K + P[k][r] * s;
        }
        bar_s -= bar_m * u;  // m = u (1 - σ')
        const Real bar_u = bar_m * (1 - s);
        if (l == 0) {
          finish_lambda(n, at, top, bar_u + pull(n, at), bar_s);
        } else {
          unit(kBarU, at)[n] = bar_u;
          unit(kBarA, at)[n] = bar_s;
        }
      }
    });
  }

  /// ∂L/∂T along the unit's direction.
  JKO_DEVICE Real pull(int n, int at) const {
    Real sum = 0;
    JKO_UNROLL
    for (int k = 0; k < D; ++k) sum += node(kBarT + k)[n] * this->A[at * D + k];
    return sum;
  }

  /// From the adjoints of u = σ' λ and, so far, of σ': kBarU becomes λ's, kBarA that of σ', or in the top layer of a.
  JKO_DEVICE void finish_lambda(int n, int at, bool top, Real bar_u, Real bar_s) const {
    const Real s = unit(kSlope, at)[n];
    bar_s += bar_u * unit(kLambda, at)[n];
    unit(kBarU, at)[n] = bar_u * s;
    unit(kBarA, at)[n] = top ? bar_s * s * (1 - s) : bar_s;
  }

  /// Bottom up: λ_l, which was computed top down. u enters T, m and λ of the layer below.
  JKO_DEVICE void reverse_lambda(int l) {
    const int below = shape.first_unit[l - 1], columns = shape.padded[l - 1];
    for_units(l, [&](int n, int h) {
      const int first = shape.first_unit[l] + h;
      Real bar_u[4];
      JKO_UNROLL
      for (int r = 0; r < 4; ++r) bar_u[r] = unit(kBarU, first + r)[n] + pull(n, first + r);
      for (int j = 0; j < columns; j += 4) {
        const Real* weights = W(l) + h * columns + j;
        Real bar_lambda[4];
        JKO_UNROLL
        for (int q = 0; q < 4; ++q) bar_lambda[q] = unit(kBarU, below + j + q)[n];
        JKO_UNROLL
        for (int r = 0; r < 4; ++r) {
          const Quad<Real> row = quad(weights + r * columns);
          JKO_UNROLL
          for (int q = 0; q < 4; ++q) bar_u[r] += row.v[q] * bar_lambda[q];
        }
      }
      JKO_UNROLL
      for (int r = 0; r < 4; ++r) {
        finish_lambda(n, first + r, l + 1 == shape.layers, bar_u[r], unit(kBarA, first + r)[n]);
      }
    });
  }

  /// Top down: the activations.
  JKO_DEVICE void reverse_activation(int l) {
    for_units(l, [&](int n, int j) {
      Real P[1][4] = {};
      times_W_above(l, kBarA, n, j, P);
      JKO_UNROLL
      for (int r = 0; r < 4; ++r) {
        const int at = shape.first_unit[l] + j + r;
        const Real s = unit(kSlope, at)[n];
        unit(kBarA, at)[n] = unit(kBarA, at)[n] * s * (1 - s) + P[0][r] * s;
      }
    });
  }

  Team& team_;
  double* node_loss_;
};

}  // namespace jko::fused
