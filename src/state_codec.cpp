#include "src/state_codec.hpp"

namespace jko {
namespace {

using nlohmann::json;

/// Builds the tree from the parser's events; refuses to go deep, before the parser's own recursion does.
class BoundedTree final : public nlohmann::json_sax<json> {
 public:
  explicit BoundedTree(json& root) : root_(root) {}

  bool null() override { return put(nullptr); }
  bool boolean(bool value) override { return put(value); }
  bool number_integer(number_integer_t value) override { return put(value); }
  bool number_unsigned(number_unsigned_t value) override { return put(value); }
  bool number_float(number_float_t value, const string_t&) override { return put(value); }
  bool string(string_t& value) override { return put(std::move(value)); }
  bool binary(binary_t& value) override { return put(json::binary(std::move(value))); }
  bool start_object(std::size_t) override { return open(json::object()); }
  bool start_array(std::size_t) override { return open(json::array()); }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }
  bool key(string_t& name) override {
    key_ = std::move(name);
    return !open_.back()->contains(key_);
  }
  bool parse_error(std::size_t, const std::string&, const json::exception&) override { return false; }

 private:
  static constexpr std::size_t kDeepest = 32;

  json* place(json value) {
    if (open_.empty()) return &(root_ = std::move(value));
    json& parent = *open_.back();
    if (parent.is_object()) return &(parent[key_] = std::move(value));
    parent.push_back(std::move(value));
    return &parent.back();
  }
  bool put(json value) {
    place(std::move(value));
    return true;
  }
  bool open(json value) {
    if (open_.size() == kDeepest) return false;
    open_.push_back(place(std::move(value)));
    return true;
  }
  bool close() {
    open_.pop_back();
    return true;
  }

  json& root_;
  std::vector<json*> open_;
  std::string key_;
};

}  // namespace

std::string cbor_of(const json& tree) {
  std::string bytes;
  json::to_cbor(tree, bytes);
  return bytes;
}

json tree_from_cbor(const std::vector<std::uint8_t>& bytes) {
  json root;
  BoundedTree tree(root);
  if (!json::sax_parse(bytes.begin(), bytes.end(), &tree, json::input_format_t::cbor)) {
    throw std::invalid_argument("is no CBOR of the expected kind");
  }
  return root;
}

}  // namespace jko
