// A GGUF file, or a model that is split over several: the header that they have together, and where
// each tensor's bytes lie. Opening reads only headers, so the beginning of a large file is enough
// to describe its model; a tensor is read when it is asked for.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "kernels/weight_files/gguf_header.h"
#include "kernels/weight_files/random_access_file.h"

namespace llmarch {

// The largest vocabularies with their merges make headers of 20 MB.
inline constexpr std::uint64_t kLargestGgufHeader = std::uint64_t{256} << 20;

// One tensor of a model, and the file that holds it.
struct GgufPlacedTensor {
  GgufTensor tensor;
  std::size_t file = 0;  // index into GgufModel's files
};

class GgufModel {
 public:
  // `path` is a file, or any part of a split model: the others are looked for beside it, under the
  // names that splitting gives them. Throws FileError unless every header obeys the format and the
  // parts make one whole.
  static GgufModel open(const std::filesystem::path& path);

  [[nodiscard]] const std::filesystem::path& path() const { return files_.front().path(); }
  // The keys of the first part.
  [[nodiscard]] const std::map<std::string, GgufValue, std::less<>>& keys() const { return keys_; }
  [[nodiscard]] const std::vector<GgufPlacedTensor>& tensors() const { return tensors_; }
  // Null where there is no such tensor.
  [[nodiscard]] const GgufPlacedTensor* find(std::string_view name) const;
  // Whether every tensor's data is in the files: not where a file is only a beginning.
  [[nodiscard]] bool holds_data() const { return holds_data_; }

  // The blocks of a tensor of this model, as they are stored. Throws FileError where the file ends
  // before them.
  [[nodiscard]] std::vector<std::byte> read(const GgufPlacedTensor& tensor) const;
  // `count` of its rows, from `first` on.
  [[nodiscard]] std::vector<std::byte> read_rows(const GgufPlacedTensor& tensor, std::int64_t first,
                                                 std::int64_t count) const;

 private:
  GgufModel() = default;
  void add(const std::filesystem::path& path);
  void add_other_parts();

  std::vector<RandomAccessFile> files_;
  std::vector<std::uint64_t> data_starts_;  // of each file
  std::map<std::string, GgufValue, std::less<>> keys_;
  std::vector<GgufPlacedTensor> tensors_;
  std::map<std::string, std::size_t, std::less<>> by_name_;  // indices into tensors_
  bool holds_data_ = true;
};

}  // namespace llmarch
