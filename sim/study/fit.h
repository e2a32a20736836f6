// What fits into a memory: the largest context at a batch, and the largest batch at a context. Both
// are exact: one more does not fit.
#pragma once

#include <optional>
#include <vector>

#include "sim/dtype.h"
#include "sim/study/model.h"

namespace llmarch {

struct FitSettings {
  Bytes memory;
  DType weights = DType::bf16;
  DType kv = DType::bf16;
};

// What has to be there at one time. The cache is the most that it holds at any position up to the
// context, so that a sequence that has grown to it has fitted all the way; the activations are the
// rows of a decode step (PointFigures::working_set).
struct Footprint {
  Bytes weights;
  Bytes cache;
  Bytes activations;
  [[nodiscard]] Bytes total() const { return weights + cache + activations; }
};

// Throws Overflow.
Footprint footprint(const Model& model, Integer context, Integer batch,
                    const FitSettings& settings);

enum class Limit {
  memory,      // one more does not fit
  nothing,     // the cache has stopped growing: every context fits
  not_at_all,  // not even one
};

struct Fit {
  Integer context;
  Integer batch;
  Limit limit = Limit::memory;
  std::optional<Footprint> footprint;  // absent where nothing fits
  std::optional<Footprint> one_more;   // where memory is the limit
};

// Contexts are looked for up to 2^40, batches too; where all of them fit, that is the limit found.
inline constexpr std::int64_t kMostFitted = std::int64_t{1} << 40;

Fit largest_context(const Model& model, Integer batch, const FitSettings& settings);
Fit largest_batch(const Model& model, Integer context, const FitSettings& settings);

}  // namespace llmarch
