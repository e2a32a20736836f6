#include "kernels/weight_files/gguf_file.h"

#include <fmt/core.h>

#include <algorithm>
#include <optional>
#include <stdexcept>

#include "kernels/weight_files/safetensors_header.h"
#include "kernels/weight_files/strict_json.h"
#include "sim/spec/file_error.h"

namespace llmarch {
namespace {

constexpr std::uint64_t kFirstLook = std::uint64_t{1} << 20;
constexpr std::int64_t kMostParts = 10'000;

// The header of a file. Its length is not known beforehand, so more is read until it is complete.
GgufHeader read_header(const RandomAccessFile& file) {
  const std::uint64_t most = std::min(file.size(), kLargestGgufHeader);
  std::string start;
  for (std::uint64_t bytes = std::min(most, kFirstLook);; bytes = std::min(most, 4 * bytes)) {
    start.resize(static_cast<std::size_t>(bytes));
    file.read_at(0, std::as_writable_bytes(std::span(start.data(), start.size())));
    try {
      return parse_gguf_header(start);
    } catch (const GgufCutOff& cut) {
      if (bytes < most) continue;
      const bool whole = file.size() <= kLargestGgufHeader;
      throw FileError(
          file.path(),
          whole
              ? fmt::format("ends within its GGUF header: {}; fetch more of it", cut.what())
              : fmt::format("has a GGUF header of more than {} MiB; it is damaged: fetch it again",
                            kLargestGgufHeader >> 20));
    } catch (const Malformed& wrong) {
      throw FileError(
          file.path(),
          fmt::format("{}; it is damaged or not a GGUF file: fetch it again", wrong.what()));
    }
  }
}

std::optional<std::int64_t> integer(const std::map<std::string, GgufValue, std::less<>>& keys,
                                    std::string_view key) {
  const auto found = keys.find(key);
  if (found == keys.end()) return std::nullopt;
  const auto* value = std::get_if<std::int64_t>(&found->second);
  return value == nullptr ? std::nullopt : std::optional(*value);
}

// "NAME-00001-of-00003.gguf", as splitting names its parts.
std::string part_suffix(std::int64_t part, std::int64_t count) {
  return fmt::format("-{:05}-of-{:05}.gguf", part + 1, count);
}

}  // namespace

GgufModel GgufModel::open(const std::filesystem::path& path) {
  GgufModel model;
  model.add(path);
  model.add_other_parts();
  for (std::size_t i = 0; i < model.tensors_.size(); ++i) {
    const std::string& name = model.tensors_[i].tensor.name;
    if (!model.by_name_.emplace(name, i).second) {
      throw FileError(path, fmt::format("tensor {} is in two parts; fetch the parts of one model",
                                        in_quotes(name)));
    }
  }
  return model;
}

void GgufModel::add(const std::filesystem::path& path) {
  files_.push_back(RandomAccessFile::open(path));
  GgufHeader header = read_header(files_.back());
  for (GgufTensor& tensor : header.tensors) {
    tensors_.push_back({std::move(tensor), files_.size() - 1});
  }
  if (tensors_.size() > kMostTensors) {
    throw FileError(path, fmt::format("its parts hold {} tensors, and at most {} are read; fetch "
                                      "the parts of one model",
                                      tensors_.size(), kMostTensors));
  }
  data_starts_.push_back(header.data_start);
  holds_data_ = holds_data_ && files_.back().size() >= header.data_start &&
                files_.back().size() - header.data_start >= header.data_bytes;
  if (files_.size() == 1) keys_ = std::move(header.keys);
}

// The part that was named comes first, so its keys tell how many there are. Only the first part has
// the keys of the architecture, and it is read first wherever another one was named.
void GgufModel::add_other_parts() {
  const std::int64_t count = integer(keys_, "split.count").value_or(0);
  const std::int64_t number = integer(keys_, "split.no").value_or(0);
  if (count <= 1) return;
  const std::string name = files_.front().path().filename().string();
  const std::filesystem::path folder = files_.front().path().parent_path();
  const std::string suffix = part_suffix(number, count);
  if (count > kMostParts || number < 0 || number >= count || !name.ends_with(suffix)) {
    throw FileError(files_.front().path(),
                    fmt::format("says that it is part {} of {}, and is not called so; give the "
                                "parts back the names that they were split into",
                                number + 1, count));
  }
  const std::string stem = name.substr(0, name.size() - suffix.size());
  *this = GgufModel();
  for (std::int64_t part = 0; part < count; ++part) {
    const std::filesystem::path path = folder / (stem + part_suffix(part, count));
    if (!std::filesystem::exists(path)) {
      throw FileError(path, fmt::format("is not there, and {} says that it is one of {} parts; "
                                        "fetch it, or its beginning",
                                        name, count));
    }
    add(path);
  }
}

const GgufPlacedTensor* GgufModel::find(std::string_view name) const {
  const auto found = by_name_.find(name);
  return found == by_name_.end() ? nullptr : &tensors_[found->second];
}

std::vector<std::byte> GgufModel::read(const GgufPlacedTensor& placed) const {
  return read_rows(placed, 0, placed.tensor.elements() / placed.tensor.shape.back());
}

std::vector<std::byte> GgufModel::read_rows(const GgufPlacedTensor& placed, std::int64_t first,
                                            std::int64_t count) const {
  const GgufTensor& tensor = placed.tensor;
  const RandomAccessFile& file = files_.at(placed.file);
  const std::uint64_t start = data_starts_.at(placed.file);
  if (file.size() < start || file.size() - start < tensor.end) {
    throw FileError(file.path(), fmt::format("ends before the data of tensor {}; fetch all of it",
                                             in_quotes(tensor.name)));
  }
  const std::int64_t rows = tensor.elements() / tensor.shape.back();
  if (first < 0 || count < 0 || count > rows || first > rows - count) {
    throw std::invalid_argument("GgufModel::read_rows: rows that the tensor does not have");
  }
  const auto row_bytes = (tensor.end - tensor.begin) / static_cast<std::uint64_t>(rows);
  std::vector<std::byte> bytes(
      static_cast<std::size_t>(static_cast<std::uint64_t>(count) * row_bytes));
  file.read_at(start + tensor.begin + static_cast<std::uint64_t>(first) * row_bytes, bytes);
  return bytes;
}

}  // namespace llmarch
