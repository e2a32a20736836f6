// How a checkpoint's tensors are spread over the files of a folder: one model.safetensors, or
// shards with an index that says which shard holds which tensor. Seen from here on, a checkpoint is
// a set of named tensors.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "kernels/weight_files/safetensors.h"

namespace llmarch {

class SafetensorsCheckpoint {
 public:
  // Takes model.safetensors if it is there, else the shards that model.safetensors.index.json
  // names. Every file is opened and checked, and stays open; throws FileError.
  static SafetensorsCheckpoint open(const std::filesystem::path& folder);

  [[nodiscard]] const std::filesystem::path& folder() const { return folder_; }
  // In alphabetical order. In a sharded checkpoint the index decides: what a shard holds beyond it
  // is not part of the checkpoint.
  [[nodiscard]] std::vector<std::string> names() const;
  // Null if there is no such tensor. Valid until the checkpoint is destroyed.
  [[nodiscard]] const TensorInfo* find(std::string_view name) const;

  // As SafetensorsFile's; a name that is not in the checkpoint is a FileError.
  [[nodiscard]] std::vector<float> read_floats(std::string_view name) const;
  [[nodiscard]] std::vector<float> read_floats(std::string_view name, std::int64_t first,
                                               std::int64_t count) const;
  [[nodiscard]] std::vector<std::int64_t> read_integers(std::string_view name) const;

 private:
  struct Place {
    std::size_t file = 0;  // in files_
    const TensorInfo* tensor = nullptr;
  };
  // Names of tensors by the shard they are said to be in.
  using ShardContents = std::map<std::string, std::vector<std::string>>;

  explicit SafetensorsCheckpoint(std::filesystem::path folder);
  void add_whole_file(const std::filesystem::path& path);
  void add_shard(const std::filesystem::path& index, const ShardContents::value_type& shard);
  [[nodiscard]] const Place& require(std::string_view name) const;

  std::filesystem::path folder_;
  std::vector<SafetensorsFile> files_;
  std::size_t tensors_held_ = 0;  // of all files, those that the index does not name among them
  std::map<std::string, Place, std::less<>> places_;
};

}  // namespace llmarch
