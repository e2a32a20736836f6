// safetensors files as lists of raw tensors, so that a test can change one thing in a file.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace llmarch {

struct StoredTensor {
  std::string name;
  std::string dtype;
  std::vector<std::int64_t> shape;
  std::string bytes;
};

using StoredTensors = std::vector<StoredTensor>;

StoredTensors read_tensors(const std::filesystem::path& file);

void write_tensors(const std::filesystem::path& file, const StoredTensors& tensors);

StoredTensor& tensor(StoredTensors& tensors, const std::string& name);

}  // namespace llmarch
