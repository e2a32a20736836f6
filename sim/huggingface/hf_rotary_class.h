// What a model type's class settles about rotary positions, for the readers of hf_rotary.h and
// hf_rotary_scaling.h.
#pragma once

#include <optional>
#include <string_view>

#include "sim/huggingface/hf_import.h"

namespace llmarch {

inline constexpr RealRange kTurnedShare{0, 1};  // of a head
inline constexpr std::string_view kGrowth = "llama_4_scaling_beta";

// What a model type's class settles about the rotation of its heads.
struct RotaryClass {
  RotaryLayout layout = RotaryLayout::half_split;
  double theta = 10000;  // where the config states none
  // The share of a head that is turned, where the config states none; absent: only 1 is supported.
  std::optional<double> partial = {};
  std::string_view dim = {};  // a field that states the turned elements themselves
  // Layers with a window: the field of a theta of their own, and what the class fills for it.
  // Without one they have the theta of the others. They are never scaled.
  std::string_view local_theta = {};
  std::string_view theta_key = "rope_theta";             // where it stands beside the other fields
  std::string_view share_key = "partial_rotary_factor";  // likewise
  // The share that a config may state where everything is turned; latent attention may call it the
  // rotated part of the whole head.
  double whole = 1;
  // Queries grow with their position, as "llama_4_scaling_beta" among the rotary fields says.
  enum class Growth { none, by_position } growth = Growth::none;
  // Hunyuan's "dynamic" scaling with "alpha": theta is multiplied by alpha ^ (dim / (dim - 2)).
  enum class Alpha { unknown, stretches_theta } alpha = Alpha::unknown;
  // Sections of the frequencies for pictures ("mrope"), which are all alike for text.
  enum class Sections { unknown, of_one_position } sections = Sections::unknown;
  // What the class fills where a config has neither "rope_parameters" nor "rope_scaling".
  std::optional<YarnScaling> filled_yarn = {};
  // LongRoPE: what an absent original_max_position_embeddings means. Where the class has such a
  // default, "su" and "yarn" are older names of longrope.
  std::optional<std::int64_t> longrope_context = {};
  std::int64_t context_limit = 1;  // what an absent max_position_embeddings means
  // What the tables of LongRoPE are multiplied by: a factor that follows from the stretch, or two
  // that the config states, as Phi-MoE's class reads them.
  enum class TableFactors { from_stretch, stated } table_factors = TableFactors::from_stretch;
};

}  // namespace llmarch
