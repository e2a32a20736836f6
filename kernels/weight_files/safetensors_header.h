// What a safetensors header may say. The format's rules, and the limits we set beyond them, stand
// in this file's .cc and nowhere else: a TensorInfo that comes out of here can be read without
// another look at its numbers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace llmarch {

// 61 layers of 384 experts, three matrices each in three parts (values, scales, shape), make
// 211,000 tensors over all shards. Headers of 100 MB could name millions, each costing many times
// its text.
inline constexpr std::size_t kMostTensors = 1'000'000;

struct TensorInfo {
  std::string name;
  std::string dtype;
  std::vector<std::int64_t> shape;
  std::uint64_t begin = 0, end = 0;  // bytes within the data buffer

  friend bool operator==(const TensorInfo&, const TensorInfo&) = default;
};

// The tensors of a header, in the order of their data. `data_size` is what follows the header in
// the file. Throws Malformed unless the tensors fill the data exactly, without overlap or hole.
std::vector<TensorInfo> parse_safetensors_header(std::string_view json, std::uint64_t data_size);

}  // namespace llmarch
