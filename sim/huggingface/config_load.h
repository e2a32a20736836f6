// What loading a config.json gives: a spec or its problems, and what else the config says of the
// model's checkpoint.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sim/formats/scheme.h"
#include "sim/spec/arch_spec.h"
#include "sim/spec/diagnostics.h"

namespace llmarch {

// How a family names its tensors; the names are known by kernels/weights. Most decoders have those
// of Llama; the others differ in a few names or in which weights are stored as one tensor.
enum class CheckpointNaming {
  gpt2,
  gpt_bigcode,
  decoder,
  gemma,
  gemma2,
  gemma3n,
  qwen2_moe,
  llama4,
  mixtral,
  phi3,
  glm,
  starcoder2,
  ernie_moe,
  hy_v3,
  lfm2,
  stablelm,
  granite_moe,
  phi,
  gpt_neox,
  gptj,
  gpt_neo,
  falcon,
  falcon_two_norms,
  hunyuan,
  hunyuan_moe,
  bailing,
  gpt_oss,
  nemotron,
  apertus,
  exaone_moe,
  afmoe,
  laguna,
  mimo,
  step3p5,
  gemma4,
  opt,
  bloom,
  qwen3_next,
  qwen3_5,
  olmo_hybrid,
  bamba,
  granite_hybrid,
  nemotron_h,
  minimax_m3,
  minimax,
  kimi_linear,
  mamba,
  jamba,
  falcon_h1,
  longcat_flash,
  deepseek_v4,
  kimi_k3
};

struct ConfigLoad {
  std::optional<ArchSpec> spec;  // absent when there are problems
  std::vector<Diagnostic> problems;
  std::vector<std::string> filled;       // "head_dim = 128 (hidden_size / num_attention_heads)"
  std::vector<std::string> passed_over;  // fields that the model type does not have
  std::vector<std::string> notes;        // what else the reader of a figure must know
  // Absent where it is not known how the type's checkpoints name their tensors.
  std::optional<CheckpointNaming> naming = CheckpointNaming::decoder;
  std::optional<Scheme> storage;               // where the config says how weights are stored
  std::optional<std::string> unknown_storage;  // where it does, in a way that is not known here
};

// A config is a few kilobytes, or a few megabytes where it lists the layers that are not quantised.
inline constexpr std::int64_t kLargestConfigFile = 16 << 20;

}  // namespace llmarch
