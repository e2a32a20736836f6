// The comparison: model x quantity, as plain values. Every figure of a side-by-side table is
// computed here; reports only says them.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sim/cost/roofline.h"
#include "sim/dtype.h"
#include "sim/study/model.h"
#include "sim/describe/structure.h"

namespace llmarch {

struct Settings {
  Integer context = 8192;
  Integer batch = 1;
  DType weights = DType::bf16;
  DType kv = DType::bf16;
};

// Activations are computed and handed on in this format, whatever weights are stored in.
inline constexpr DType kActivations = DType::bf16;

// One step of work, in bytes. `total` is what has to cross the memory bus: weights and cache, each
// opened once per operation. Activations are a column of their own: an engine that fuses operations
// keeps them on the chip.
struct Traffic {
  Bytes weights_read;
  Bytes cache_read;
  Bytes cache_written;
  Bytes total;
  Bytes activations;
};

struct Step {
  Work work;
  Flops flops;  // matrix and other
  Traffic traffic;
  double intensity = 0;  // flops / traffic.total
};

// `work` in bytes, under the settings' formats.
Step step_of(const Work& work, const Settings& settings);

// Which convention a published active figure follows.
enum class ActiveConvention { all, without_input_embedding, without_embeddings };

struct ActiveMatch {
  ActiveConvention convention;
  double deviation;  // predicted / published - 1
};

// What a machine makes of it.
struct OnHardware {
  Floor decode;
  Floor prefill;
  Bytes needed;  // weights, cache, and the rows that a decode step has to hold at one time
  bool fits = false;
};

struct ModelFigures {
  const Model* model;
  Bytes weight_bytes;
  Bytes resident_weight_bytes;  // without the tables of per-layer embeddings
  Bytes cache_bytes;
  Bytes cache_bytes_per_token;
  Step decode;
  Step prefill;
  std::optional<ActiveMatch> active_match;  // where an active figure is published
  bool beyond_context_limit = false;
  std::optional<OnHardware> on;  // where hardware is given
};

struct Comparison {
  Settings settings;
  std::optional<Hardware> hardware;
  std::vector<ModelFigures> models;
  std::vector<StructureRow> structure;
};

Elements active_under(const ActiveParameters& active, ActiveConvention convention);

// The models must outlive the comparison. Throws Overflow when a figure passes 64 bits.
Comparison compare(const std::vector<const Model*>& models, const Settings& settings,
                   const std::optional<Hardware>& hardware = std::nullopt);

}  // namespace llmarch
