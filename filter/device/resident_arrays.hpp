#pragma once
/// Arrays that are on the device already: nodes that a step has moved there need not travel again to be moved by the
/// next one.
///
///     ResidentArrays resident(tensors);
///     at::Tensor x = resident.tensor(nodes);        // sent, and kept
///     Points moved = resident.fetch(image_of(x));   // fetched, and kept
///     at::Tensor next = resident.tensor(moved);     // is there: nothing is sent
///
/// They are recognised by all of their bytes, whoever holds a copy of them: no caller has to know, and none can be
/// given numbers that are not its own. The price is to read each array once, and a copy of it on the host.

#include <ATen/TensorOperators.h>
#include <ATen/core/Tensor.h>

#include <atomic>
#include <boost/multi_index/hashed_index.hpp>
#include <boost/multi_index/member.hpp>
#include <boost/multi_index/sequenced_index.hpp>
#include <boost/multi_index_container.hpp>
#include <cstddef>
#include <mutex>
#include <vector>

#include "jko/types.hpp"

namespace jko {

class ResidentArrays {
 public:
  /// Enough for all arrays of a step of 65,536 nodes in 32 dimensions.
  static constexpr std::size_t kMostBytes = std::size_t{256} << 20U;

  /// Tensors have the dtype and device of `options`. Those unused for longest are forgotten beyond `most_bytes`, of
  /// the host's copies and the device's. `sent`, if given, adds up the bytes that go to the device.
  explicit ResidentArrays(const at::TensorOptions& options, std::atomic<std::size_t>* sent = nullptr,
                          std::size_t most_bytes = kMostBytes)
      : options_(options), sent_(sent), most_bytes_(most_bytes) {}

  /// `array`, shape (rows, cols), on the device: not to be written to.
  at::Tensor tensor(PointsView array);
  /// Copies `array` to a tensor of its shape on the device.
  void copy(PointsView array, const at::Tensor& to);
  /// Some rows of `array`, shape (rows.size(), cols), on the device.
  at::Tensor rows(PointsView array, const std::vector<Index>& rows);
  /// A tensor of two dimensions on the host, in double precision.
  Points fetch(const at::Tensor& tensor);

 private:
  struct Entry {
    std::size_t hash;
    Points array;
    at::Tensor tensor;
  };
  using Entries = boost::multi_index_container<
      Entry, boost::multi_index::indexed_by<
                 boost::multi_index::sequenced<>,  // by their last use
                 boost::multi_index::hashed_non_unique<boost::multi_index::member<Entry, std::size_t, &Entry::hash>>>>;

  /// Not defined if it is not known.
  at::Tensor known(std::size_t hash, PointsView array);
  void keep(Entry entry);
  at::Tensor send(PointsView array) const;
  std::size_t device_bytes(Index numbers) const;
  std::size_t bytes_of(const Entry& entry) const;

  at::TensorOptions options_;
  std::atomic<std::size_t>* sent_;
  std::size_t most_bytes_;
  std::mutex mutex_;
  Entries entries_;
  std::size_t bytes_ = 0;
  std::vector<Index> rows_;  ///< the last
  at::Tensor rows_there_;
};

}  // namespace jko
