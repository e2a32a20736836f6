// The content of a GGUF header: the keys that describe a model, and each tensor's name, shape and
// type. The format's rules (ggml, docs/gguf.md), and the limits that we set beyond them, are in
// this file's .cc and in gguf_types.h: what is returned from here has been checked as if an
// attacker had written it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "kernels/weight_files/gguf_types.h"

namespace llmarch {

// An array that is longer than any that describes an architecture, such as the tokens of a
// vocabulary: only its length is kept.
struct GgufLongArray {
  std::uint64_t length = 0;
};

// Integers of all widths and booleans in arrays are 64-bit integers here.
using GgufValue = std::variant<std::int64_t, double, bool, std::string, std::vector<std::int64_t>,
                               std::vector<double>, std::vector<std::string>, GgufLongArray>;

struct GgufTensor {
  std::string name;
  std::vector<std::int64_t> shape;  // rows first, as in safetensors: the file has them reversed
  GgufType type;
  std::uint64_t begin = 0, end = 0;  // bytes within the data

  [[nodiscard]] std::int64_t elements() const;
};

struct GgufHeader {
  std::map<std::string, GgufValue, std::less<>> keys;
  std::vector<GgufTensor> tensors;  // in the order of the file
  std::uint64_t data_start = 0;     // bytes from the beginning of the file
  std::uint64_t data_bytes = 0;     // of the tensors and the padding between them
};

// Arrays of more values keep only their length. The models with most layers have 126.
inline constexpr std::size_t kLongestKeptArray = 4096;

// Thrown when the text ends within the header, which may be valid if more of the file is read.
class GgufCutOff : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// `start` is the beginning of a file, or all of it; what follows the header is not looked at.
// Throws Malformed (strict_json.h) where no continuation can make it a header that we accept, and
// GgufCutOff where one could.
GgufHeader parse_gguf_header(std::string_view start);

}  // namespace llmarch
