// How queries and keys say where they stand: rotary positions and what stretches them to longer
// contexts, and queries that grow with their position. arch_spec.h has the blocks that they are
// part of; kernels/reference/rotary_table.h makes the frequencies.
#pragma once

#include <optional>
#include <variant>
#include <vector>

#include "sim/units.h"

namespace llmarch {

enum class RotaryLayout { half_split, interleaved };

// Llama 3's stretch of the rotary frequencies: long waves are slowed by `factor`, short ones kept,
// those between blended. Source: transformers, modeling_rope_utils, "llama3".
struct Llama3Scaling {
  double factor = 0;
  double low_frequency_factor = 0;
  double high_frequency_factor = 0;
  Integer original_context;
};

// YaRN (arXiv 2309.00071) as transformers and DeepSeek apply it. With both mscales the rotary
// tables are multiplied by m(mscale) / m(mscale_all_dim) and latent attention's softmax scale by
// m(mscale_all_dim) squared, m(s) = 0.1 s ln(factor) + 1; without them the tables by m(1). An
// attention_factor takes the place of whatever the tables would be multiplied by.
struct YarnScaling {
  double factor = 0;
  Integer original_context;
  double beta_fast = 0;
  double beta_slow = 0;
  std::optional<double> mscale;
  std::optional<double> mscale_all_dim;
  std::optional<double> attention_factor;
  // The bounds of the blended pairs are not rounded to whole pairs (truncate = false).
  bool fractional_bounds = false;
};

// Every frequency is slowed by `factor`.
struct LinearScaling {
  double factor = 0;
};

// Dynamic NTK, as transformers has it: sequences of at most `original_context` positions are
// rotated as without it; for one of length n, theta grows by (factor n / original_context -
// (factor - 1))^(dim / (dim - 2)), for all of its positions.
struct DynamicScaling {
  double factor = 0;
  Integer original_context;
};

// LongRoPE (arXiv 2402.13753) as Phi-3 has it: each pair's frequency is divided by a factor of its
// own, one of the short ones in sequences of at most `original_context` positions and one of the
// long ones in longer sequences, for all of their positions. The tables are multiplied by
// short_table_factor or long_table_factor.
struct LongRope {
  std::vector<double> short_factors;  // (pairs)
  std::vector<double> long_factors;   // (pairs)
  Integer original_context;
  double short_table_factor = 0;
  double long_table_factor = 0;
};

using RotaryScaling =
    std::variant<Llama3Scaling, YarnScaling, LinearScaling, DynamicScaling, LongRope>;

struct Rotary {
  double theta = 0;
  RotaryLayout layout = RotaryLayout::half_split;
  std::optional<RotaryScaling> scaling;
  // The elements of a head that the frequencies are spread over, the first; absent: all.
  std::optional<Integer> dim = {};
  // Pairs of these that are turned, the first; the others keep their place. Absent: all. (Gemma 4:
  // "proportional".)
  std::optional<Integer> turned_pairs = {};
};

// Queries grow with their position p, by 1 + strength ln(floor(n / floor) + 1), where n is p + 1
// (Llama 4: transformers, modeling_llama4.py) or p (modeling_ministral3.py, modeling_mistral4.py).
struct Temperature {
  double strength = 0;
  Integer floor;
  bool from_zero = false;  // n = p
};

// The factor of a query at `position`, counted from 0.
double growth_at(const Temperature& temperature, double position);

}  // namespace llmarch
