#include "filter/device/tensor_potential.hpp"

#include <ATen/ops/cat.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/ones_like.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/where.h>
#include <ATen/ops/zeros_like.h>

#include <Eigen/Cholesky>
#include <algorithm>
#include <cmath>

#include "filter/device/tensor_expression.hpp"
#include "filter/device/tensors.hpp"
#include "filter/model/controlled_minibatch.hpp"
#include "jko/double_well.hpp"
#include "jko/expression_potential.hpp"
#include "jko/mixture_potential.hpp"
#include "jko/quadratic.hpp"
#include "jko/sine_well.hpp"

namespace jko {
namespace {

constexpr double kPi = 3.14159265358979323846;

using Evaluation = std::pair<at::Tensor, at::Tensor>;

class TensorSineWell final : public TensorPotential {
 public:
  Evaluation evaluate(const at::Tensor& x, const at::Tensor&) const override {
    const at::Tensor angle = 2.0 * kPi * x;
    return {(angle.sin() / kPi + 0.25 * x * x).sum(-1), 2.0 * angle.cos() + 0.5 * x};
  }
};

class TensorDoubleWell final : public TensorPotential {
 public:
  TensorDoubleWell(const DoubleWell& well, const at::TensorOptions& options)
      : height_(to_tensor(well.height().transpose(), options)),
        curvature_(to_tensor(well.width().transpose().cwiseAbs2().cwiseInverse(), options)) {}

  Evaluation evaluate(const at::Tensor& x, const at::Tensor&) const override {
    const at::Tensor depth = curvature_ * x * x - 1.0;
    return {(height_ * depth * depth).sum(-1), 4.0 * height_ * curvature_ * depth * x};
  }

 private:
  at::Tensor height_, curvature_;  // (1, D)
};

class TensorQuadratic final : public TensorPotential {
 public:
  TensorQuadratic(const Quadratic& quadratic, const at::TensorOptions& options)
      : A_(to_tensor(quadratic.A(), options)), b_(to_tensor(quadratic.b().transpose(), options)) {}

  Evaluation evaluate(const at::Tensor& x, const at::Tensor&) const override {
    const at::Tensor gradient = x.matmul(A_) - b_;
    // ½ xᵀA x - bᵀx = ½ xᵀ(A x - b) - ½ bᵀx
    return {0.5 * (x * (gradient - b_)).sum(-1), gradient};
  }

 private:
  at::Tensor A_, b_;  // (D, D), (1, D)
};

class TensorMixture final : public TensorPotential {
 public:
  TensorMixture(const GaussianMixture& law, const at::TensorOptions& options) {
    const Index d = law.dimension(), count = static_cast<Index>(law.components().size());
    mean_ = at::empty({count, 1, d}, options);
    precision_ = at::empty({count, d, d}, options);
    log_normaliser_ = at::empty({count, 1}, options);
    const Matrix identity = Matrix::Identity(d, d);
    for (Index c = 0; c < count; ++c) {
      const auto& [weight, mean, covariance] = law.components()[static_cast<std::size_t>(c)];
      copy_to(mean.transpose(), mean_.select(0, c));
      copy_to(covariance.llt().solve(identity), precision_.select(0, c));
      const double log_det = 2.0 * Matrix(covariance.llt().matrixL()).diagonal().array().log().sum();
      const double normaliser = std::log(weight) - 0.5 * (static_cast<double>(d) * std::log(2.0 * kPi) + log_det);
      copy_to(Matrix::Constant(1, 1, normaliser), log_normaliser_.slice(0, c, c + 1));
    }
  }

  Evaluation evaluate(const at::Tensor& x, const at::Tensor&) const override {
    const at::Tensor offset = x.unsqueeze(1) - mean_;                           // (B, C, N, D)
    const at::Tensor force = offset.matmul(precision_);                         // Σ⁻¹ (x - m)
    const at::Tensor terms = log_normaliser_ - 0.5 * (offset * force).sum(-1);  // (B, C, N)
    return {-terms.logsumexp(1), (terms.softmax(1).unsqueeze(-1) * force).sum(1)};
  }

 private:
  at::Tensor mean_, precision_, log_normaliser_;
};

class TensorFormula final : public TensorPotential {
 public:
  explicit TensorFormula(const Expression& expression) : expression_(expression) {}

  Evaluation evaluate(const at::Tensor& x, const at::Tensor& t) const override {
    return jko::evaluate(expression_, x, {t});
  }

 private:
  const Expression& expression_;
};

/// Rows of data go by in pieces of so many margins that these take little beside the network.
class TensorLogistic final : public TensorPotential {
 public:
  TensorLogistic(const LogisticPosterior& posterior, const at::TensorOptions& options)
      : signed_rows_(to_tensor(posterior.signed_rows(), options)),
        prior_(posterior.prior()),
        scale_(posterior.scale()) {}

  Evaluation evaluate(const at::Tensor& x, const at::Tensor&) const override {
    constexpr int64_t kMargins = 1 << 22;
    const int64_t d = signed_rows_.size(0), n = signed_rows_.size(1), vectors = x.size(0) * x.size(1);
    const at::Tensor w = x.narrow(-1, 0, d), s = x.select(-1, d);
    at::Tensor loss = at::zeros_like(s), gradient = at::zeros_like(w);
    const int64_t piece = std::max<int64_t>(1, kMargins / std::max<int64_t>(vectors, 1));
    for (int64_t first = 0; first < n; first += piece) {
      const at::Tensor rows = signed_rows_.slice(1, first, std::min(first + piece, n));
      const at::Tensor margin = w.matmul(rows), decay = (-margin.abs()).exp();
      loss = loss + ((-margin).clamp_min(0.0) + decay.log1p()).sum(-1);
      const at::Tensor wrong = at::where(margin < 0.0, at::ones_like(decay), decay) / (decay + 1.0);
      gradient = gradient - wrong.matmul(rows.t());
    }
    // e^s and its slope, as a straight line beyond s = 50 (logistic_posterior.cpp).
    constexpr double kEnd = 50.0;
    const at::Tensor slope = s.clamp_max(kEnd).exp(), alpha = slope * ((s - kEnd).clamp_min(0.0) + 1.0);
    const at::Tensor energy = 0.5 * (w * w).sum(-1) + prior_.rate;
    const double slope_of_s = 0.5 * static_cast<double>(d) + prior_.shape;
    return {scale_ * loss + alpha * energy - slope_of_s * s,
            at::cat({scale_ * gradient + alpha.unsqueeze(-1) * w, (slope * energy - slope_of_s).unsqueeze(-1)}, -1)};
  }

 private:
  at::Tensor signed_rows_;  // (d, n)
  PrecisionPrior prior_;
  double scale_;
};

class TensorControlledMinibatch final : public TensorPotential {
 public:
  TensorControlledMinibatch(const ControlledMinibatch& potential, const at::TensorOptions& options)
      : batch_(potential.batch(), options),
        at_(to_tensor(potential.missing().at.transpose(), options)),
        gradient_(to_tensor(potential.missing().gradient.transpose(), options)),
        hessian_(to_tensor(potential.missing().hessian, options)),
        value_(potential.missing().value) {}

  Evaluation evaluate(const at::Tensor& x, const at::Tensor& t) const override {
    const int64_t d = at_.size(-1);
    Evaluation sum = batch_.evaluate(x, t);
    const at::Tensor away = x.narrow(-1, 0, d) - at_, bent = away.matmul(hessian_);
    sum.first = sum.first + value_ + (away * (gradient_ + 0.5 * bent)).sum(-1);
    sum.second.narrow(-1, 0, d).add_(gradient_ + bent);
    return sum;
  }

 private:
  TensorLogistic batch_;
  at::Tensor at_, gradient_, hessian_;  // (1, d), (1, d), (d, d)
  double value_;
};

/// The processor's own, for what has no tensor operations.
class HostPotential final : public TensorPotential {
 public:
  explicit HostPotential(const Potential& potential) : potential_(potential) {}

  Evaluation evaluate(const at::Tensor& x, const at::Tensor& t) const override {
    const int64_t batch = x.size(0), n = x.size(1), d = x.size(2);
    const Matrix times = to_matrix(t);
    Evaluation evaluation{at::empty({batch, n}, x.options()), at::empty_like(x)};
    Vector value(n);
    Points gradient(n, d);
    for (int64_t b = 0; b < batch; ++b) {
      potential_.evaluate(to_matrix(x.select(0, b)), times(b, 0), value, gradient);
      copy_to(value.transpose(), evaluation.first.slice(0, b, b + 1));
      copy_to(gradient, evaluation.second.select(0, b));
    }
    return evaluation;
  }

  bool stays_on_device() const override { return false; }

 private:
  const Potential& potential_;
};

/// Several potentials, each for its problems of the batch.
class MixedBatch final : public TensorPotential {
 public:
  struct Group {
    std::unique_ptr<TensorPotential> potential;
    at::Tensor problems;  ///< int64
  };

  explicit MixedBatch(std::vector<Group> groups) : groups_(std::move(groups)) {}

  Evaluation evaluate(const at::Tensor& x, const at::Tensor& t) const override {
    Evaluation all{at::empty({x.size(0), x.size(1)}, x.options()), at::empty_like(x)};
    for (const Group& group : groups_) {
      const auto [value, gradient] =
          group.potential->evaluate(x.index_select(0, group.problems), t.index_select(0, group.problems));
      all.first.index_copy_(0, group.problems, value);
      all.second.index_copy_(0, group.problems, gradient);
    }
    return all;
  }

  bool stays_on_device() const override {
    return std::all_of(groups_.begin(), groups_.end(), [](const Group& g) { return g.potential->stays_on_device(); });
  }

 private:
  std::vector<Group> groups_;
};

std::unique_ptr<TensorPotential> make_one(const Potential& potential, const at::TensorOptions& options) {
  if (dynamic_cast<const SineWell*>(&potential)) return std::make_unique<TensorSineWell>();
  if (const auto* well = dynamic_cast<const DoubleWell*>(&potential)) {
    return std::make_unique<TensorDoubleWell>(*well, options);
  }
  if (const auto* quadratic = dynamic_cast<const Quadratic*>(&potential)) {
    return std::make_unique<TensorQuadratic>(*quadratic, options);
  }
  if (const auto* mixture = dynamic_cast<const MixturePotential*>(&potential)) {
    return std::make_unique<TensorMixture>(mixture->law(), options);
  }
  if (const auto* posterior = dynamic_cast<const LogisticPosterior*>(&potential)) {
    return std::make_unique<TensorLogistic>(*posterior, options);
  }
  if (const auto* minibatch = dynamic_cast<const ControlledMinibatch*>(&potential)) {
    return std::make_unique<TensorControlledMinibatch>(*minibatch, options);
  }
  if (const auto* formula = dynamic_cast<const ExpressionPotential*>(&potential)) {
    return std::make_unique<TensorFormula>(formula->expression());
  }
  return std::make_unique<HostPotential>(potential);
}

}  // namespace

std::unique_ptr<TensorPotential> make_tensor_potential(const std::vector<const Potential*>& potentials,
                                                       const at::TensorOptions& options) {
  std::vector<const Potential*> distinct = potentials;
  std::sort(distinct.begin(), distinct.end());
  distinct.erase(std::unique(distinct.begin(), distinct.end()), distinct.end());
  if (distinct.size() == 1) return make_one(*distinct.front(), options);
  std::vector<MixedBatch::Group> groups;
  for (const Potential* potential : distinct) {
    std::vector<int64_t> problems;
    for (std::size_t b = 0; b < potentials.size(); ++b) {
      if (potentials[b] == potential) problems.push_back(static_cast<int64_t>(b));
    }
    groups.push_back({make_one(*potential, options), at::tensor(problems, options.dtype(at::kLong))});
  }
  return std::make_unique<MixedBatch>(std::move(groups));
}

}  // namespace jko
