#include "filter/device/resident_arrays.hpp"

#include <ATen/ops/tensor.h>

#include <algorithm>
#include <boost/container_hash/hash.hpp>
#include <cstdint>
#include <cstring>

#include "filter/device/tensors.hpp"

namespace jko {
namespace {

/// Smaller arrays are sent: a copy of so few numbers takes no longer than to look for it.
constexpr Index kFewestNumbers = 2048;

/// Of the shape and some of the numbers: what tells apart all that differ but in a few numbers, without reading much.
std::size_t hash_of(PointsView array) {
  constexpr Index kSamples = 16;
  std::size_t hash = 0;
  boost::hash_combine(hash, array.rows());
  boost::hash_combine(hash, array.cols());
  for (Index j = 0; j < array.cols(); ++j) {
    for (Index k = 0; k < kSamples; ++k) boost::hash_combine(hash, array(k * (array.rows() - 1) / kSamples, j));
  }
  return hash;
}

/// By their bytes: -0 is not 0, and a NaN is itself.
bool same(PointsView a, PointsView b) {
  if (a.rows() != b.rows() || a.cols() != b.cols()) return false;
  const std::size_t bytes = sizeof(double) * static_cast<std::size_t>(a.rows());
  for (Index j = 0; j < a.cols(); ++j) {
    if (std::memcmp(a.col(j).data(), b.col(j).data(), bytes) != 0) return false;
  }
  return true;
}

}  // namespace

at::Tensor ResidentArrays::tensor(PointsView array) {
  if (array.size() < kFewestNumbers) return send(array);
  const std::size_t hash = hash_of(array);
  at::Tensor there = known(hash, array);
  if (there.defined()) return there;
  at::Tensor sent = send(array);
  keep({hash, array, sent});
  return sent;
}

void ResidentArrays::copy(PointsView array, const at::Tensor& to) {
  if (array.size() >= kFewestNumbers) {
    to.copy_(tensor(array));
    return;
  }
  if (sent_) *sent_ += device_bytes(array.size());
  copy_to(array, to);
}

at::Tensor ResidentArrays::rows(PointsView array, const std::vector<Index>& rows) {
  at::Tensor index;
  {
    const std::lock_guard lock(mutex_);
    if (!rows_there_.defined() || rows_ != rows) {
      rows_ = rows;
      rows_there_ = at::tensor(at::ArrayRef<std::int64_t>(rows_.data(), rows_.size()), at::kLong).to(options_.device());
    }
    index = rows_there_;
  }
  return tensor(array).index_select(0, index);
}

Points ResidentArrays::fetch(const at::Tensor& tensor) {
  Points array = to_matrix(tensor);
  if (array.size() >= kFewestNumbers) keep({hash_of(array), array, tensor});
  return array;
}

at::Tensor ResidentArrays::known(std::size_t hash, PointsView array) {
  const std::lock_guard lock(mutex_);
  const auto [first, last] = entries_.get<1>().equal_range(hash);
  const auto found = std::find_if(first, last, [&](const Entry& entry) { return same(entry.array, array); });
  if (found == last) return {};
  entries_.relocate(entries_.end(), entries_.project<0>(found));
  return found->tensor;
}

void ResidentArrays::keep(Entry entry) {
  const std::lock_guard lock(mutex_);
  bytes_ += bytes_of(entry);
  entries_.push_back(std::move(entry));
  while (bytes_ > most_bytes_) {
    bytes_ -= bytes_of(entries_.front());
    entries_.pop_front();
  }
}

at::Tensor ResidentArrays::send(PointsView array) const {
  if (sent_) *sent_ += device_bytes(array.size());
  return to_tensor(array, options_);
}

std::size_t ResidentArrays::device_bytes(Index numbers) const {
  return static_cast<std::size_t>(numbers) * options_.dtype().itemsize();
}

std::size_t ResidentArrays::bytes_of(const Entry& entry) const {
  return sizeof(double) * static_cast<std::size_t>(entry.array.size()) + device_bytes(entry.array.size());
}

}  // namespace jko
