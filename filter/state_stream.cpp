#include "filter/state_stream.hpp"

#include <algorithm>
#include <boost/crc.hpp>
#include <cstring>
#include <istream>
#include <ostream>
#include <stdexcept>
#include <string>
#include <type_traits>

namespace jko {
namespace {

constexpr char kMagic[] = "JKOSTATE";
constexpr std::size_t kMagicSize = sizeof(kMagic) - 1;
constexpr std::uint32_t kForm = 1;
constexpr std::size_t kBlock = 1U << 20U;

static_assert(sizeof(double) == 8 && sizeof(Index) == 8 && sizeof(int) == 4);

std::uint32_t checksum_of(const std::string& bytes) {
  boost::crc_32_type crc;
  crc.process_bytes(bytes.data(), bytes.size());
  return crc.checksum();
}

class Writer {
 public:
  template <class Value>
  void operator()(const char* name, Value& value) {
    const std::size_t length = std::strlen(name);
    bytes_ += static_cast<char>(length);
    bytes_.append(name, length);
    put(value);
  }
  template <class Value>
  void optional(const char* name, Value& value) {
    (*this)(name, value);
  }

  const std::string& bytes() const { return bytes_; }

 private:
  template <class Number, std::enable_if_t<std::is_arithmetic_v<Number>, int> = 0>
  void put(Number value) {
    put_bytes(&value, sizeof value);
  }
  void put(Vector& vector) { put_array(vector.data(), vector.rows(), vector.cols()); }
  void put(Matrix& matrix) { put_array(matrix.data(), matrix.rows(), matrix.cols()); }
  template <class Element>
  void put(std::vector<Element>& list) {
    put(static_cast<Index>(list.size()));
    for (Element& element : list) visit(*this, element);
  }
  template <class Struct, std::enable_if_t<std::is_class_v<Struct>, int> = 0>
  void put(Struct& value) {
    visit(*this, value);
  }
  void put_array(const double* numbers, Index rows, Index cols) {
    put(rows);
    put(cols);
    put_bytes(numbers, static_cast<std::size_t>(rows * cols) * sizeof(double));
  }
  void put_bytes(const void* from, std::size_t size) { bytes_.append(static_cast<const char*>(from), size); }

  std::string bytes_;
};

[[noreturn]] void damaged(const std::string& what) {
  throw std::invalid_argument("this is not the state of a filter: " + what);
}

class Reader {
 public:
  explicit Reader(const std::string& bytes) : bytes_(bytes) {}

  template <class Value>
  void operator()(const char* name, Value& value) {
    unsigned char length = 0;
    get(length);
    if (length != std::strlen(name) || length > left() || bytes_.compare(at_, length, name) != 0) {
      damaged(std::string("there is no '") + name + "' where it should be");
    }
    at_ += length;
    get(value);
  }
  template <class Value>
  void optional(const char* name, Value& value) {
    (*this)(name, value);
  }

  std::size_t left() const { return bytes_.size() - at_; }

 private:
  template <class Number, std::enable_if_t<std::is_arithmetic_v<Number>, int> = 0>
  void get(Number& value) {
    get_bytes(&value, sizeof value);
  }
  void get(bool& value) {
    unsigned char byte = 0;
    get(byte);
    value = byte != 0;
  }
  void get(Vector& vector) {
    const auto [rows, cols] = shape();
    if (cols != 1) damaged("a vector has several columns");
    vector.resize(rows);
    get_bytes(vector.data(), static_cast<std::size_t>(rows) * sizeof(double));
  }
  void get(Matrix& matrix) {
    const auto [rows, cols] = shape();
    matrix.resize(rows, cols);
    get_bytes(matrix.data(), static_cast<std::size_t>(rows * cols) * sizeof(double));
  }
  template <class Element>
  void get(std::vector<Element>& list) {
    Index count = 0;
    get(count);
    // Each element takes bytes.
    if (count < 0 || static_cast<std::size_t>(count) > left()) damaged("a list is longer than the state");
    list.clear();
    for (Index i = 0; i < count; ++i) visit(*this, list.emplace_back());
  }
  template <class Struct, std::enable_if_t<std::is_class_v<Struct>, int> = 0>
  void get(Struct& value) {
    visit(*this, value);
  }

  std::pair<Index, Index> shape() {
    Index rows = 0, cols = 0;
    get(rows);
    get(cols);
    const auto most = static_cast<Index>(left() / sizeof(double));
    if (rows < 0 || cols < 0 || rows > kLongest || cols > kLongest || rows * cols > most) {
      damaged("an array is longer than the state");
    }
    return {rows, cols};
  }
  void get_bytes(void* to, std::size_t size) {
    if (size > left()) damaged("it ends too early");
    if (size > 0) std::memcpy(to, bytes_.data() + at_, size);
    at_ += size;
  }

  static constexpr Index kLongest = 1'000'000'000;  // so that a product of two does not overflow

  const std::string& bytes_;
  std::size_t at_ = 0;
};

/// Reads so many bytes, as far as there are any: memory is taken block by block.
std::string read_bytes(std::istream& in, std::uint64_t size) {
  std::string bytes;
  while (bytes.size() < size) {
    const std::size_t before = bytes.size();
    bytes.resize(before + std::min<std::uint64_t>(kBlock, size - before));
    if (!in.read(&bytes[before], static_cast<std::streamsize>(bytes.size() - before))) damaged("it ends too early");
  }
  return bytes;
}

template <class Number>
Number read_number(std::istream& in) {
  Number number;
  const std::string bytes = read_bytes(in, sizeof number);
  std::memcpy(&number, bytes.data(), sizeof number);
  return number;
}

}  // namespace

void write_state(std::ostream& out, JkoState state) {
  Writer writer;
  visit(writer, state);
  const std::string& bytes = writer.bytes();
  const std::uint64_t size = bytes.size();
  const std::uint32_t checksum = checksum_of(bytes);
  out.write(kMagic, kMagicSize);
  out.write(reinterpret_cast<const char*>(&kForm), sizeof kForm);
  out.write(reinterpret_cast<const char*>(&size), sizeof size);
  out.write(reinterpret_cast<const char*>(&checksum), sizeof checksum);
  out.write(bytes.data(), static_cast<std::streamsize>(size));
  if (!out) throw std::runtime_error("the state of the filter could not be written");
}

JkoState read_state(std::istream& in) {
  if (read_bytes(in, kMagicSize) != kMagic) damaged("it does not begin as one");
  if (const auto form = read_number<std::uint32_t>(in); form != kForm) {
    damaged("its form is " + std::to_string(form) + ", and this version knows " + std::to_string(kForm));
  }
  const auto size = read_number<std::uint64_t>(in);
  const auto checksum = read_number<std::uint32_t>(in);
  const std::string bytes = read_bytes(in, size);
  if (checksum_of(bytes) != checksum) damaged("its checksum is wrong");
  JkoState state;
  Reader reader(bytes);
  visit(reader, state);
  if (reader.left() > 0) damaged("more follows than belongs to it");
  return state;
}

}  // namespace jko
