#pragma once
/// The convex map T = ∇ψ of one JKO step: an input-convex network with its derivatives in closed form.
///
///     ψ(x) = ½ xᵀQx + cᵀx + Σ_l w_lᵀ σ(a_l),   a_1 = A_1 x + b_1,   a_{l+1} = W_{l+1} σ(a_l) + A_{l+1} x + b_{l+1}
///
/// with σ = softplus, Q positive definite and W, w >= 0, so that ψ is convex (Amos, Xu and Kolter, "Input convex neural
/// networks", 2017). T and ∇²ψ are those of docs/method.md, equation 3.
///
/// A network of one layer may be pooled instead: ψ(x) = ½ xᵀQx + cᵀx + w log Σ_k exp(a_k), a soft maximum of planes.
/// It tells the regions of many modes from each other with one unit each, where sums of ridges cannot.
///
///     MapEvaluator evaluator(nodes, map.widths());        // all allocation here
///     evaluator.forward(map);                                     // evaluator.image(), evaluator.log_det()
///     evaluator.backward(map, d_image, d_log_det, gradient);      // reverse mode, by hand
///
///     MapValue moved = apply(map, points);                        // T(x) and log det ∇²ψ(x)
///     MapInverse back = invert(map, moved.image);                 // batched Newton

#include <memory>
#include <vector>

#include "jko/types.hpp"

namespace jko {

/// The network's parameters as equation 3 reads them; also holds their gradient.
struct ConvexMap {
  struct Layer {
    Matrix A;  ///< (H, D) from the input
    Matrix W;  ///< (H, H of the layer before), >= 0; empty in the first layer
    Vector b;  ///< (H)
    Vector w;  ///< (H) >= 0, output weights; pooled: (1)

    bool pooled() const { return w.size() == 1 && b.size() > 1; }
  };

  Matrix Q;  ///< (D, D) positive definite
  Vector c;  ///< (D)
  std::vector<Layer> layers;

  /// All zeros, with the given hidden widths.
  static ConvexMap zero(Index dimension, const std::vector<Index>& widths);
  /// T(x) = Qx + c, no hidden layer.
  static ConvexMap affine(const Matrix& Q, const Vector& c);

  Index dimension() const { return c.size(); }
  bool pooled() const { return layers.size() == 1 && layers.front().pooled(); }
  std::vector<Index> widths() const;
  ConvexMap& operator+=(const ConvexMap& other);
};

/// T, log det ∇²ψ and their reverse mode at a fixed set of points, on all threads. Sums run in an order that depends on
/// the number of points only, so results do not depend on the number of threads.
class MapEvaluator {
 public:
  /// `points` has shape (N, D).
  MapEvaluator(const Points& points, const std::vector<Index>& widths);
  ~MapEvaluator();
  MapEvaluator(MapEvaluator&&) noexcept;
  MapEvaluator& operator=(MapEvaluator&&) noexcept;

  /// Evaluates image(), log_det() and divergence() and keeps what backward() needs.
  void forward(const ConvexMap& map);

  const Points& points() const;
  const Points& image() const;       ///< T(x_i), shape (N, D)
  const Vector& log_det() const;     ///< log det ∇²ψ(x_i), shape (N)
  const Vector& divergence() const;  ///< div T(x_i) = tr ∇²ψ(x_i), shape (N)
  double minimum_pivot()
      const;  ///< smallest squared Cholesky pivot of any ∇²ψ(x_i): a lower bound's proxy for its eigenvalues
  Points hessian() const;  ///< ∇²ψ(x_i), row-major in each row, shape (N, D·D)

  /// Given ∂L/∂T (N, D), ∂L/∂log det (N) and ∂L/∂div T (N) at the points of the last forward(map), sets `gradient` to
  /// ∂L/∂(Q, c, A, W, b, w). Of a pooled map w has as many entries there as units, of which the first counts.
  void backward(const ConvexMap& map, const Points& d_image, const Vector& d_log_det, const Vector& d_divergence,
                ConvexMap& gradient);
  /// The same where L does not depend on the divergence.
  void backward(const ConvexMap& map, const Points& d_image, const Vector& d_log_det, ConvexMap& gradient);

 private:
  struct Workspace;
  std::unique_ptr<Workspace> workspace_;
};

struct MapValue {
  Points image;       ///< (N, D)
  Vector log_det;     ///< (N)
  Vector divergence;  ///< div T = tr ∇²ψ, (N)
};

/// T and log det ∇²ψ at any points (N, D).
MapValue apply(const ConvexMap& map, PointsView points);

/// Σ_i w_i ∇²ψ(x_i) and Σ_i w_i T(x_i).
struct MapAverages {
  Matrix hessian;  ///< (D, D)
  Vector image;    ///< (D)
};

/// Over the points (N, D) with weights (N).
MapAverages average(const ConvexMap& map, PointsView points, const Vector& weights);

/// A law's nodes behind a chain of maps: log_det is summed over the maps, the divergence that of the last one.
struct Pushforward : MapValue {
  Points before;  ///< where the last map took them from, (N, D)
  Points score;   ///< ∇ log of the law's density at `image`, (N, D); empty if it was not known before
};

/// Moves points (N, D) through one map after another; the law's score ∇ log ρ at them, (N, D) or empty, as well:
/// ∇ log ρ' (T(x)) = (∇²ψ)⁻¹ (∇ log ρ - ∇ log det ∇²ψ). Precondition: at least one map.
Pushforward pushforward(const std::vector<const ConvexMap*>& maps, PointsView points, PointsView score = Points());

struct MapInverse {
  Points preimage;  ///< (N, D)
  Vector log_det;   ///< log det ∇²ψ at the preimage, (N)
  bool converged;   ///< all points reached the tolerance
};

/// Solves T(x) = z for each row of `z` by damped Newton iterations that start at z. T is the gradient of a strongly
/// convex function, so x is unique and the damped iteration converges from anywhere.
MapInverse invert(const ConvexMap& map, PointsView z);

/// McCann's interpolation (1-s) x + s T(x): again a convex map of the same shape. s >= 0 may exceed one as long as the
/// quadratic part stays positive definite, which is enforced by flooring its eigenvalues.
ConvexMap interpolate(const ConvexMap& map, double s);

}  // namespace jko
