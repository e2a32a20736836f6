#include "kernels/weight_files/gguf_header.h"

#include <fmt/core.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>
#include <optional>
#include <set>

#include "kernels/weight_files/safetensors_header.h"
#include "kernels/weight_files/strict_json.h"
#include "sim/units.h"

namespace llmarch {
namespace {

// What the file is written in; a big-endian file has the bytes of its version the other way round.
static_assert(std::endian::native == std::endian::little);

constexpr std::string_view kMagic = "GGUF";
constexpr std::uint32_t kOldestVersion =
    2;  // version 1 had lengths of 32 bits, and was used for weeks
constexpr std::uint32_t kNewestVersion = 3;

// ggml has no tensors of more dimensions, and no longer names; some tools write longer names.
constexpr std::uint32_t kMostGgufDimensions = 4;
constexpr std::uint64_t kLongestName = 1024;
constexpr std::uint64_t kMostKeys = 65'536;
constexpr std::int64_t kDefaultAlignment = 32;
constexpr std::int64_t kLargestAlignment = 1 << 20;

// The types of metadata values, numbered as in the file.
enum class ValueType : std::uint32_t {
  u8,
  i8,
  u16,
  i16,
  u32,
  i32,
  f32,
  boolean,
  string,
  array,
  u64,
  i64,
  f64
};
constexpr std::uint32_t kValueTypes = 13;

// Reads the text from the front, and never more than there is.
class GgufCursor {
 public:
  explicit GgufCursor(std::string_view text) : text_(text) {}

  [[nodiscard]] std::size_t position() const { return position_; }

  std::string_view bytes(std::uint64_t count) {
    require(count, 1);
    const std::string_view taken = text_.substr(position_, static_cast<std::size_t>(count));
    position_ += static_cast<std::size_t>(count);
    return taken;
  }
  template <class Number>
  Number number() {
    Number value{};
    std::memcpy(&value, bytes(sizeof(Number)).data(), sizeof(Number));
    return value;
  }
  std::string_view string() { return bytes(number<std::uint64_t>()); }

  // Throws unless `count` things of at least `each` bytes are left.
  void require(std::uint64_t count, std::uint64_t each) const {
    if (count > (text_.size() - position_) / each) {
      throw GgufCutOff(
          fmt::format("{} values of {} bytes are announced at byte {}, and the file "
                      "ends at {}",
                      count, each, position_, text_.size()));
    }
  }

 private:
  std::string_view text_;
  std::size_t position_ = 0;
};

ValueType read_type(GgufCursor& cursor, std::string_view key) {
  const auto type = cursor.number<std::uint32_t>();
  if (type >= kValueTypes) reject("key {}: a value of type {} is not known", in_quotes(key), type);
  return static_cast<ValueType>(type);
}

std::int64_t read_integer(GgufCursor& cursor, ValueType type, std::string_view key) {
  switch (type) {
    case ValueType::u8: return cursor.number<std::uint8_t>();
    case ValueType::i8: return cursor.number<std::int8_t>();
    case ValueType::u16: return cursor.number<std::uint16_t>();
    case ValueType::i16: return cursor.number<std::int16_t>();
    case ValueType::u32: return cursor.number<std::uint32_t>();
    case ValueType::i32: return cursor.number<std::int32_t>();
    case ValueType::i64: return cursor.number<std::int64_t>();
    case ValueType::u64: {
      const auto value = cursor.number<std::uint64_t>();
      if (value > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
        reject("key {}: {} does not fit in a signed number of 64 bits", in_quotes(key), value);
      }
      return static_cast<std::int64_t>(value);
    }
    case ValueType::boolean: {
      const auto value = cursor.number<std::uint8_t>();
      if (value > 1) reject("key {}: {} is neither false (0) nor true (1)", in_quotes(key), value);
      return value;
    }
    case ValueType::f32:
    case ValueType::f64:
    case ValueType::string:
    case ValueType::array: break;
  }
  throw std::logic_error("read_integer: a type that is no integer");
}

double read_real(GgufCursor& cursor, ValueType type) {
  return type == ValueType::f32 ? cursor.number<float>() : cursor.number<double>();
}

bool is_real(ValueType type) {
  return type == ValueType::f32 || type == ValueType::f64;
}

// Bytes that a value takes at least: a string has its length before it.
std::uint64_t least_bytes(ValueType type) {
  switch (type) {
    case ValueType::u8:
    case ValueType::i8:
    case ValueType::boolean: return 1;
    case ValueType::u16:
    case ValueType::i16: return 2;
    case ValueType::u32:
    case ValueType::i32:
    case ValueType::f32: return 4;
    case ValueType::u64:
    case ValueType::i64:
    case ValueType::f64:
    case ValueType::string: return 8;
    case ValueType::array: return 12;
  }
  throw std::logic_error("least_bytes: a type outside the enumeration");
}

template <class Value, class Read>
std::vector<Value> read_values(std::uint64_t length, const Read& read) {
  std::vector<Value> values;
  values.reserve(static_cast<std::size_t>(length));
  for (std::uint64_t i = 0; i < length; ++i) values.emplace_back(read());
  return values;
}

GgufValue skip_array(GgufCursor& cursor, ValueType type, std::uint64_t length) {
  if (type == ValueType::string) {
    for (std::uint64_t i = 0; i < length; ++i) cursor.string();
  } else {
    cursor.bytes(length * least_bytes(type));  // cannot wrap: require() has divided
  }
  return GgufLongArray{length};
}

// Arrays in arrays are allowed by the format and written by nobody; without them nothing nests.
GgufValue read_array(GgufCursor& cursor, std::string_view key) {
  const ValueType type = read_type(cursor, key);
  if (type == ValueType::array) reject("key {}: arrays in arrays are not read", in_quotes(key));
  const auto length = cursor.number<std::uint64_t>();
  cursor.require(length, least_bytes(type));
  if (length > kLongestKeptArray) return skip_array(cursor, type, length);
  if (type == ValueType::string) {
    return read_values<std::string>(length, [&] { return cursor.string(); });
  }
  if (is_real(type)) return read_values<double>(length, [&] { return read_real(cursor, type); });
  return read_values<std::int64_t>(length, [&] { return read_integer(cursor, type, key); });
}

GgufValue read_value(GgufCursor& cursor, std::string_view key) {
  const ValueType type = read_type(cursor, key);
  if (type == ValueType::array) return read_array(cursor, key);
  if (type == ValueType::string) return std::string(cursor.string());
  if (is_real(type)) return read_real(cursor, type);
  if (type == ValueType::boolean) return read_integer(cursor, type, key) == 1;
  return read_integer(cursor, type, key);
}

std::string read_name(GgufCursor& cursor, std::string_view what) {
  const auto length = cursor.number<std::uint64_t>();
  if (length == 0 || length > kLongestName) {
    reject("a {} has a name of {} bytes, and it has 1 to {}", what, length, kLongestName);
  }
  return std::string(cursor.bytes(length));
}

void read_keys(GgufCursor& cursor, std::uint64_t count, GgufHeader& header) {
  for (std::uint64_t i = 0; i < count; ++i) {
    std::string key = read_name(cursor, "key");
    GgufValue value = read_value(cursor, key);
    const auto [place, added] = header.keys.emplace(std::move(key), std::move(value));
    if (!added) reject("key {} appears twice", in_quotes(place->first));
  }
}

std::int64_t alignment_of(const GgufHeader& header) {
  const auto found = header.keys.find("general.alignment");
  if (found == header.keys.end()) return kDefaultAlignment;
  const auto* alignment = std::get_if<std::int64_t>(&found->second);
  const bool sound = alignment != nullptr && *alignment > 0 && *alignment <= kLargestAlignment &&
                     (*alignment & (*alignment - 1)) == 0;
  if (!sound) reject("general.alignment is no power of two from 1 to {}", kLargestAlignment);
  return *alignment;
}

GgufType read_tensor_type(GgufCursor& cursor, const std::string& name) {
  const auto id = cursor.number<std::uint32_t>();
  const auto* found = std::find_if(kGgufTypes.begin(), kGgufTypes.end(),
                                   [&](const GgufType& type) { return type.id == id; });
  if (found == kGgufTypes.end()) {
    reject("tensor {}: type {} is not known", in_quotes(name), id);
  }
  return *found;
}

std::vector<std::int64_t> read_shape(GgufCursor& cursor, const std::string& name) {
  const auto dimensions = cursor.number<std::uint32_t>();
  if (dimensions == 0 || dimensions > kMostGgufDimensions) {
    reject("tensor {}: {} dimensions, and a tensor has 1 to {}", in_quotes(name), dimensions,
           kMostGgufDimensions);
  }
  std::vector<std::int64_t> shape(dimensions);
  for (std::int64_t& extent : shape) {
    extent = cursor.number<std::int64_t>();
    if (extent <= 0) reject("tensor {}: an extent of {}", in_quotes(name), extent);
  }
  std::reverse(shape.begin(), shape.end());  // the file has columns first
  return shape;
}

// A row is a whole number of blocks: its bytes, times the rows. A block can have fewer bytes than
// elements, so that the elements may not fit where the bytes do: then they throw Overflow.
Integer tensor_bytes(const GgufTensor& tensor) {
  const std::int64_t columns = tensor.shape.back();
  if (columns % tensor.type.elements != 0) {
    reject("tensor {}: rows of {} elements are no whole blocks of {}, which {} has",
           in_quotes(tensor.name), columns, tensor.type.elements, tensor.type.name);
  }
  return Integer(tensor.elements() / tensor.type.elements) * tensor.type.bytes;
}

Integer aligned(Integer position, std::int64_t alignment) {
  return (position + (alignment - 1)) / alignment * alignment;
}

// Tensors lie one after another, each at the next multiple of the alignment, as ggml requires.
void place_tensor(GgufTensor& tensor, std::int64_t offset, std::int64_t alignment, Integer& end) {
  const Integer expected = aligned(end, alignment);
  if (expected != offset) {
    reject("tensor {}: its data begins at {}, and the tensor before it lets it begin at {}",
           in_quotes(tensor.name), offset, expected.value());
  }
  end = expected + tensor_bytes(tensor);
  tensor.begin = static_cast<std::uint64_t>(offset);
  tensor.end = static_cast<std::uint64_t>(end.value());
}

void read_tensors(GgufCursor& cursor, std::uint64_t count, GgufHeader& header) {
  const std::int64_t alignment = alignment_of(header);
  Integer end;
  std::set<std::string, std::less<>> names;
  header.tensors.reserve(static_cast<std::size_t>(count));
  for (std::uint64_t i = 0; i < count; ++i) {
    GgufTensor tensor;
    tensor.name = read_name(cursor, "tensor");
    tensor.shape = read_shape(cursor, tensor.name);
    tensor.type = read_tensor_type(cursor, tensor.name);
    const auto offset = cursor.number<std::int64_t>();
    try {
      place_tensor(tensor, offset, alignment, end);
    } catch (const Overflow&) {
      reject("tensor {}: its size does not fit in 64 bits", in_quotes(tensor.name));
    }
    if (!names.insert(tensor.name).second)
      reject("tensor {} appears twice", in_quotes(tensor.name));
    header.tensors.push_back(std::move(tensor));
  }
  header.data_start = static_cast<std::uint64_t>(
      aligned(static_cast<std::int64_t>(cursor.position()), alignment).value());
  header.data_bytes = static_cast<std::uint64_t>(end.value());
}

void read_magic_and_version(GgufCursor& cursor) {
  if (cursor.bytes(kMagic.size()) != kMagic) reject("it does not begin with the letters GGUF");
  const auto version = cursor.number<std::uint32_t>();
  if (version >= kOldestVersion && version <= kNewestVersion) return;
  if (version != 0 && (version & 0xFFFF) == 0) {
    reject("it is written for big-endian machines, which is not read");
  }
  reject("GGUF version {} is not read, versions {} and {} are", version, kOldestVersion,
         kNewestVersion);
}

}  // namespace

std::int64_t GgufTensor::elements() const {
  Integer count = 1;
  for (const std::int64_t extent : shape) count *= extent;
  return count.value();
}

GgufHeader parse_gguf_header(std::string_view start) {
  GgufCursor cursor(start);
  read_magic_and_version(cursor);
  const auto tensors = cursor.number<std::uint64_t>();
  const auto keys = cursor.number<std::uint64_t>();
  if (tensors > kMostTensors) reject("{} tensors, and at most {} are read", tensors, kMostTensors);
  if (keys > kMostKeys) reject("{} keys, and at most {} are read", keys, kMostKeys);
  GgufHeader header;
  read_keys(cursor, keys, header);
  cursor.require(tensors, 8 + 1 + 4 + 8 + 4 + 8);
  read_tensors(cursor, tensors, header);
  return header;
}

}  // namespace llmarch
