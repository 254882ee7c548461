#pragma once
/// Plain state (anything with a visit(), see filter/jko_state.hpp) to and from JSON trees, and those to and from CBOR.
/// Numbers come back bit for bit; arrays are their bytes (little endian).
///
///     nlohmann::json tree = encode_state(state);
///     std::string bytes = cbor_of(tree);
///     decode_state(tree_from_cbor({bytes.begin(), bytes.end()}), state);   // throws std::invalid_argument, saying
///     where

#include <cstdint>
#include <cstring>
#include <limits>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <vector>

#include "jko/types.hpp"

namespace jko {

std::string cbor_of(const nlohmann::json& tree);

/// A tree of bounded depth from bytes that may be anything. Throws std::invalid_argument.
nlohmann::json tree_from_cbor(const std::vector<std::uint8_t>& bytes);

class StateWriter {
 public:
  explicit StateWriter(nlohmann::json& node) : node_(node) { node_ = nlohmann::json::object(); }

  template <class T>
  void operator()(const char* name, T& value) {
    write(node_[name], value);
  }
  template <class T>
  void optional(const char* name, T& value) {
    write(node_[name], value);
  }

 private:
  using Json = nlohmann::json;

  static Json bytes_of(const double* data, Index count) {
    std::vector<std::uint8_t> bytes(static_cast<std::size_t>(count) * sizeof(double));
    if (count > 0) std::memcpy(bytes.data(), data, bytes.size());
    return Json::binary(std::move(bytes));
  }
  static void write(Json& node, double value) { node = bytes_of(&value, 1); }
  static void write(Json& node, bool value) { node = value; }
  static void write(Json& node, int value) { node = value; }
  static void write(Json& node, Index value) { node = value; }
  static void write(Json& node, std::uint64_t value) { node = value; }
  static void write(Json& node, std::string& value) { node = value; }
  static void write(Json& node, Vector& value) { node = bytes_of(value.data(), value.size()); }
  static void write(Json& node, Matrix& value) {
    node = Json::array({value.rows(), value.cols(), bytes_of(value.data(), value.size())});
  }
  static void write(Json& node, std::vector<double>& value) {
    node = bytes_of(value.data(), static_cast<Index>(value.size()));
  }
  template <class T, std::enable_if_t<std::is_class_v<T>, int> = 0>
  static void write(Json& node, std::vector<T>& values) {
    node = Json::array();
    for (T& value : values) {
      node.emplace_back();
      write(node.back(), value);
    }
  }
  template <class T, std::enable_if_t<std::is_class_v<T>, int> = 0>
  static void write(Json& node, T& value) {
    StateWriter writer(node);
    visit(writer, value);
  }

  nlohmann::json& node_;
};

class StateReader {
 public:
  StateReader(const nlohmann::json& node, std::string path) : node_(node), path_(std::move(path)) {
    if (!node_.is_object()) fail(path_);
  }

  template <class T>
  void operator()(const char* name, T& value) {
    const std::string path = path_.empty() ? name : path_ + "." + name;
    const auto found = node_.find(name);
    if (found == node_.end()) throw std::invalid_argument(path + " is missing");
    read(*found, path, value);
  }
  template <class T>
  void optional(const char* name, T& value) {
    if (node_.contains(name)) (*this)(name, value);
  }

 private:
  using Json = nlohmann::json;
  static constexpr std::size_t kMostItems = 100'000;

  [[noreturn]] static void fail(const std::string& path) {
    throw std::invalid_argument((path.empty() ? "the whole" : path) + " has the wrong form");
  }
  static Index count_of(const Json& node, const std::string& path) {
    if (!node.is_binary() || node.get_binary().size() % sizeof(double) != 0) fail(path);
    return static_cast<Index>(node.get_binary().size() / sizeof(double));
  }
  static void copy(const Json& node, double* data) {
    const auto& bytes = node.get_binary();
    if (!bytes.empty()) std::memcpy(data, bytes.data(), bytes.size());
  }
  template <class Integer>
  static void read_integer(const Json& node, const std::string& path, Integer& value) {
    const bool fits =
        node.is_number_unsigned()
            ? node.get<std::uint64_t>() <= static_cast<std::uint64_t>(std::numeric_limits<Integer>::max())
        : node.is_number_integer()
            ? std::is_signed_v<Integer> &&
                  node.get<std::int64_t>() >= static_cast<std::int64_t>(std::numeric_limits<Integer>::min())
            : false;
    if (!fits) fail(path);
    value = node.get<Integer>();
  }

  static void read(const Json& node, const std::string& path, double& value) {
    if (count_of(node, path) != 1) fail(path);
    copy(node, &value);
  }
  static void read(const Json& node, const std::string& path, bool& value) {
    if (!node.is_boolean()) fail(path);
    value = node.get<bool>();
  }
  static void read(const Json& node, const std::string& path, int& value) { read_integer(node, path, value); }
  static void read(const Json& node, const std::string& path, Index& value) { read_integer(node, path, value); }
  static void read(const Json& node, const std::string& path, std::uint64_t& value) { read_integer(node, path, value); }
  static void read(const Json& node, const std::string& path, std::string& value) {
    if (!node.is_string()) fail(path);
    value = node.get<std::string>();
  }
  static void read(const Json& node, const std::string& path, Vector& value) {
    value.resize(count_of(node, path));
    copy(node, value.data());
  }
  static void read(const Json& node, const std::string& path, Matrix& value) {
    if (!node.is_array() || node.size() != 3) fail(path);
    Index rows = 0, cols = 0;
    read_integer(node[0], path, rows);
    read_integer(node[1], path, cols);
    const Index count = count_of(node[2], path);
    constexpr Index kMost = Index{1} << 30;
    if (rows < 0 || cols < 0 || rows > kMost || cols > kMost || rows * cols != count) fail(path);
    value.resize(rows, cols);
    copy(node[2], value.data());
  }
  static void read(const Json& node, const std::string& path, std::vector<double>& value) {
    value.resize(static_cast<std::size_t>(count_of(node, path)));
    copy(node, value.data());
  }
  template <class T, std::enable_if_t<std::is_class_v<T>, int> = 0>
  static void read(const Json& node, const std::string& path, std::vector<T>& values) {
    if (!node.is_array() || node.size() > kMostItems) fail(path);
    values.clear();
    values.reserve(node.size());
    for (const Json& item : node) {
      T value;
      read(item, path + "[" + std::to_string(values.size()) + "]", value);
      values.push_back(std::move(value));
    }
  }
  template <class T, std::enable_if_t<std::is_class_v<T>, int> = 0>
  static void read(const Json& node, const std::string& path, T& value) {
    StateReader reader(node, path);
    visit(reader, value);
  }

  const nlohmann::json& node_;
  std::string path_;
};

template <class T>
nlohmann::json encode_state(T state) {
  nlohmann::json node;
  StateWriter writer(node);
  visit(writer, state);
  return node;
}

template <class T>
void decode_state(const nlohmann::json& node, T& state) {
  StateReader reader(node, "");
  visit(reader, state);
}

}  // namespace jko
