// One safetensors file: how the length, the header and the data lie in it, and how its dtypes
// become the numbers we compute with. Everything is checked when the file is opened, as if an
// attacker had written it; reading may still fail when the file changes under us, and then says so.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string_view>
#include <vector>

#include "kernels/weight_files/random_access_file.h"
#include "kernels/weight_files/safetensors_header.h"

namespace llmarch {

class SafetensorsFile {
 public:
  // Throws FileError unless the whole file obeys the format.
  static SafetensorsFile open(const std::filesystem::path& path);

  [[nodiscard]] const std::filesystem::path& path() const { return file_.path(); }
  // In the order of their data; empty tensors before the tensor that begins at the same place.
  [[nodiscard]] const std::vector<TensorInfo>& tensors() const { return tensors_; }
  // Null if the file has no such tensor. Valid as long as the file object stays where it is or is
  // moved from; not after it is destroyed.
  [[nodiscard]] const TensorInfo* find(std::string_view name) const;

  // The tensor's numbers, last dimension fastest. `tensor` must be one of tensors(). F32, F16 and
  // BF16 are exact; F64 is rounded to float. Other dtypes are a FileError: they need to be
  // interpreted (scaled, unpacked) by someone who knows how.
  [[nodiscard]] std::vector<float> read_floats(const TensorInfo& tensor) const;
  // `count` of them from `first` on; beyond the tensor is a FileError.
  [[nodiscard]] std::vector<float> read_floats(const TensorInfo& tensor, std::int64_t first,
                                               std::int64_t count) const;
  // I64, I32, I16, I8 and U8; other dtypes are a FileError.
  [[nodiscard]] std::vector<std::int64_t> read_integers(const TensorInfo& tensor) const;

 private:
  SafetensorsFile(RandomAccessFile file, std::uint64_t data_start, std::vector<TensorInfo> tensors);

  template <typename Stored, typename Value>
  std::vector<Value> read_as(const TensorInfo& tensor, std::uint64_t first, std::uint64_t count,
                             Value (*convert)(Stored)) const;
  template <typename Stored, typename Value>
  std::vector<Value> read_as(const TensorInfo& tensor, Value (*convert)(Stored)) const;
  void require_own(const TensorInfo& tensor) const;

  RandomAccessFile file_;
  std::uint64_t data_start_;
  std::vector<TensorInfo> tensors_;
  std::vector<std::size_t> by_name_;  // indices into tensors_
};

}  // namespace llmarch
