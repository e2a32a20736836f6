// Layers that keep a fixed state instead of a cache, among those of attention, as configs state
// them: which layers they are, and their sizes.
#pragma once

#include <string_view>
#include <vector>

#include "sim/huggingface/hf_import.h"

namespace llmarch {

struct RecurrentClass {
  std::string_view name;  // of the mixer in the spec
  // Whether each layer is one of them.
  std::vector<bool> (*layers)(Import& import, Integer layers);
  // `attention` is that of the other layers.
  Mixer (*read)(Import& import, Integer hidden, const Mixer& attention);
};

// Gated DeltaNet as Qwen's classes have it, and as Olmo's has it.
extern const RecurrentClass kQwenDeltaNet, kOlmoDeltaNet;

// In chunks of how many tokens a prompt may be computed: the first of these fields that is there.
// None where no field says it, or where it is what a spec takes for granted.
std::optional<Integer> read_chunk(ConfigReader& config,
                                  std::initializer_list<std::string_view> keys);

}  // namespace llmarch
