// Reads an ArchSpec from a Hugging Face config.json, for the model types that are known here.
// Fields that a published config leaves to its library are filled by that library's rules, and
// said; what its library would fill with the numbers of another model is asked for instead.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/spec/arch_spec.h"
#include "sim/spec/diagnostics.h"

namespace llmarch {

// How a family calls its tensors; kernels/weights/tensor_names.h knows the names.
// Most decoders call them as Llama does; the others differ in a few names or in what is stored as
// one.
enum class CheckpointNaming { gpt2, decoder, gemma, gemma3n, qwen2_moe, llama4 };

struct ConfigLoad {
  std::optional<ArchSpec> spec;  // absent when there are problems
  std::vector<Diagnostic> problems;
  std::vector<std::string> filled;  // "head_dim = 128 (hidden_size / num_attention_heads)"
  CheckpointNaming naming = CheckpointNaming::decoder;
};

// A config is a few kilobytes; what is larger is not one.
inline constexpr std::int64_t kLargestConfigFile = 1 << 20;

// `name` becomes the spec's name.
ConfigLoad load_hf_config(std::string_view text, const std::string& name);

}  // namespace llmarch
