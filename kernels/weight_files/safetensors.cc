#include "kernels/weight_files/safetensors.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <bit>
#include <numeric>
#include <span>
#include <string>
#include <utility>

#include "kernels/weight_files/float_formats.h"
#include "kernels/weight_files/strict_json.h"
#include "sim/spec/file_error.h"

namespace llmarch {
namespace {

// The format is little-endian, and so is every machine we build for.
static_assert(std::endian::native == std::endian::little);

constexpr std::uint64_t kLengthBytes = 8;
constexpr std::uint64_t kLongestHeader = 100'000'000;  // the format's own limit
constexpr std::size_t kChunkBytes = std::size_t{1} << 20U;

FileError damaged(const std::filesystem::path& path, std::string_view problem) {
  return FileError(path, fmt::format("{}; it is damaged or not a safetensors file: fetch or write "
                                     "it again",
                                     problem));
}

std::uint64_t read_header_length(const RandomAccessFile& file) {
  if (file.size() < kLengthBytes) {
    throw damaged(file.path(), fmt::format("has {} bytes, fewer than the 8 of the header's length",
                                           file.size()));
  }
  std::array<std::byte, kLengthBytes> bytes{};
  file.read_at(0, bytes);
  const auto length = std::bit_cast<std::uint64_t>(bytes);
  if (length == 0) throw damaged(file.path(), "has a header of length 0");
  if (length > kLongestHeader) {
    throw damaged(file.path(), fmt::format("claims a header of {} bytes, over the limit of {}",
                                           length, kLongestHeader));
  }
  if (length > file.size() - kLengthBytes) {
    throw damaged(file.path(), fmt::format("claims a header of {} bytes, but only {} follow",
                                           length, file.size() - kLengthBytes));
  }
  return length;
}

std::string read_text(const RandomAccessFile& file, std::uint64_t offset, std::uint64_t length) {
  std::string text(length, '\0');
  file.read_at(offset, std::as_writable_bytes(std::span(text)));
  return text;
}

FileError unreadable(const std::filesystem::path& path, const TensorInfo& tensor,
                     std::string_view wanted) {
  return FileError(path, fmt::format("tensor {} is {}; what reads it needs {}",
                                     in_quotes(tensor.name), tensor.dtype, wanted));
}

float same(float value) {
  return value;
}
// What passes float's range becomes infinity, as it does in every framework that casts a
// checkpoint.
float narrowed(double value) {
  return static_cast<float>(value);
}
template <typename Stored>
std::int64_t widened(Stored value) {
  return value;
}

std::int64_t element_count(const TensorInfo& tensor) {
  std::int64_t count = 1;
  for (const std::int64_t extent : tensor.shape) count *= extent;
  return count;
}

}  // namespace

SafetensorsFile SafetensorsFile::open(const std::filesystem::path& path) {
  RandomAccessFile file = RandomAccessFile::open(path);
  const std::uint64_t length = read_header_length(file);
  const std::uint64_t data_start = kLengthBytes + length;
  try {
    std::vector<TensorInfo> tensors =
        parse_safetensors_header(read_text(file, kLengthBytes, length), file.size() - data_start);
    return {std::move(file), data_start, std::move(tensors)};
  } catch (const Malformed& problem) {
    throw damaged(path, fmt::format("header: {}", problem.what()));
  }
}

SafetensorsFile::SafetensorsFile(RandomAccessFile file, std::uint64_t data_start,
                                 std::vector<TensorInfo> tensors)
    : file_(std::move(file)),
      data_start_(data_start),
      tensors_(std::move(tensors)),
      by_name_(tensors_.size()) {
  std::iota(by_name_.begin(), by_name_.end(), std::size_t{0});
  std::sort(by_name_.begin(), by_name_.end(),
            [this](std::size_t a, std::size_t b) { return tensors_[a].name < tensors_[b].name; });
}

const TensorInfo* SafetensorsFile::find(std::string_view name) const {
  const auto place = std::lower_bound(
      by_name_.begin(), by_name_.end(), name,
      [this](std::size_t index, std::string_view wanted) { return tensors_[index].name < wanted; });
  if (place == by_name_.end() || tensors_[*place].name != name) return nullptr;
  return &tensors_[*place];
}

// A TensorInfo of another file, or an altered one, has not been checked against this file's data.
void SafetensorsFile::require_own(const TensorInfo& tensor) const {
  const TensorInfo* own = find(tensor.name);
  if (own != nullptr && *own == tensor) return;
  throw FileError(path(), fmt::format("has no such tensor {}; ask for one of its own tensors",
                                      in_quotes(tensor.name)));
}

// In pieces, so that a checkpoint in half precision does not need its own size once more.
template <typename Stored, typename Value>
std::vector<Value> SafetensorsFile::read_as(const TensorInfo& tensor, std::uint64_t first,
                                            std::uint64_t count, Value (*convert)(Stored)) const {
  const std::uint64_t length = (tensor.end - tensor.begin) / sizeof(Stored);
  if (first > length || count > length - first) {
    throw FileError(path(), fmt::format("tensor {} has {} elements, and {} from the {}th on are "
                                        "asked for",
                                        in_quotes(tensor.name), length, count, first));
  }
  std::vector<Value> values(count);
  std::vector<Stored> chunk(std::min(values.size(), kChunkBytes / sizeof(Stored)));
  for (std::size_t done = 0; done < values.size();) {
    const std::span part(chunk.data(), std::min(chunk.size(), values.size() - done));
    file_.read_at(data_start_ + tensor.begin + (first + done) * sizeof(Stored),
                  std::as_writable_bytes(part));
    std::transform(part.begin(), part.end(), values.data() + done, convert);
    done += part.size();
  }
  return values;
}

template <typename Stored, typename Value>
std::vector<Value> SafetensorsFile::read_as(const TensorInfo& tensor,
                                            Value (*convert)(Stored)) const {
  return read_as(tensor, 0, (tensor.end - tensor.begin) / sizeof(Stored), convert);
}

std::vector<float> SafetensorsFile::read_floats(const TensorInfo& tensor) const {
  return read_floats(tensor, 0, element_count(tensor));
}

std::vector<float> SafetensorsFile::read_floats(const TensorInfo& tensor, std::int64_t first,
                                                std::int64_t count) const {
  require_own(tensor);
  const auto from = static_cast<std::uint64_t>(first);
  const auto many = static_cast<std::uint64_t>(count);
  if (tensor.dtype == "F32") return read_as(tensor, from, many, same);
  if (tensor.dtype == "F16") return read_as(tensor, from, many, f16_to_float);
  if (tensor.dtype == "BF16") return read_as(tensor, from, many, bf16_to_float);
  if (tensor.dtype == "F64") return read_as(tensor, from, many, narrowed);
  throw unreadable(path(), tensor, "F32, F16, BF16 or F64");
}

std::vector<std::int64_t> SafetensorsFile::read_integers(const TensorInfo& tensor) const {
  require_own(tensor);
  if (tensor.dtype == "I64") return read_as(tensor, widened<std::int64_t>);
  if (tensor.dtype == "I32") return read_as(tensor, widened<std::int32_t>);
  if (tensor.dtype == "I16") return read_as(tensor, widened<std::int16_t>);
  if (tensor.dtype == "I8") return read_as(tensor, widened<std::int8_t>);
  if (tensor.dtype == "U8") return read_as(tensor, widened<std::uint8_t>);
  throw unreadable(path(), tensor, "I64, I32, I16, I8 or U8");
}

}  // namespace llmarch
