// What fits into a memory: the largest context at a batch, and the largest batch at a context. Both
// are exact: one more does not fit.
#pragma once

#include <optional>
#include <vector>

#include "sim/setting/setting.h"
#include "sim/study/model.h"

namespace llmarch {

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
Footprint footprint(const Model& model, const Setting& setting);

enum class Limit {
  memory,      // one more does not fit
  nothing,     // the cache has stopped growing: every context fits
  not_at_all,  // not even one
};

struct Fit {
  Setting setting;  // with the largest context or batch that fits; with 1 where not even that does
  Limit limit;
  Footprint footprint;                // in that setting
  std::optional<Footprint> one_more;  // where memory is the limit, and 64 bits suffice
};

// Contexts are looked for up to 2^40, batches too; where all of them fit, that is the limit found.
inline constexpr std::int64_t kMostFitted = std::int64_t{1} << 40;

// At the setting's batch, whatever its context; and at its context, whatever its batch. Throw
// Overflow where not even the footprint of one fits into 64 bits.
Fit largest_context(const Model& model, const Setting& setting, Bytes memory);
Fit largest_batch(const Model& model, const Setting& setting, Bytes memory);

}  // namespace llmarch
