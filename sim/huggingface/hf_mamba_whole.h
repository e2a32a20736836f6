// What the configs of models with layers of Mamba have in common.
#pragma once

#include <array>
#include <vector>

#include "sim/huggingface/hf_layers.h"
#include "sim/huggingface/hf_parts.h"

namespace llmarch {

// What a class fills.
struct MambaSizes {
  std::int64_t vocabulary, hidden;
};

// The sizes of the whole, the norm and the head. No field bounds the context.
void read_mamba_whole(Import& import, const MambaSizes& sizes, Flag::Absent tied, ArchSpec& spec);

// Fields of Mamba-2 whose absence changes nothing: how the parameters of the recurrence were drawn,
// and in which chunks it may be computed, which read_chunk takes from those that are there.
inline constexpr std::array<std::string_view, 10> kInertOfMamba2{
    "time_step_min",      "time_step_max",           "time_step_floor",    "mamba_chunk_size",
    "chunk_size",         "use_mamba_kernels",       "num_logits_to_keep", "logits_to_keep",
    "z_loss_coefficient", "rescale_prenorm_residual"};

// Refuses bounds on the step that softplus could leave.
void check_step_limit(ConfigReader& config);

// The width of all heads together, and what it is called.
struct InnerWidth {
  Integer width;
  std::string_view formula;
};

// mamba_d_head, which may be "auto".
Integer read_head_width(ConfigReader& config, const InnerWidth& inner, Integer heads);

// As many layers of one block, which is the first mixer.
std::vector<LayerParts> mamba_layers(Integer layers);

}  // namespace llmarch
