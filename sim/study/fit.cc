#include "sim/study/fit.h"

#include <algorithm>

#include "sim/study/compare.h"
#include "sim/study/quantities.h"

namespace llmarch {
namespace {

// What is too large for 64 bits is too large for any memory.
template <class FootprintAt>
std::optional<Footprint> if_it_fits(const FootprintAt& footprint_at, Integer size, Bytes memory) {
  try {
    const Footprint needed = footprint_at(size);
    if (needed.total() <= memory) return needed;
  } catch (const Overflow&) {
  }
  return std::nullopt;
}

struct Largest {
  Integer size;
  std::optional<Footprint> footprint;
};

// The largest size that fits; a footprint never shrinks as the size grows.
template <class FootprintAt>
Largest largest(const FootprintAt& footprint_at, Bytes memory) {
  Largest found{0, std::nullopt};
  Integer too_large = kMostFitted + 1;
  while (too_large - found.size > 1) {
    // Doubling first: sizes are small beside the bound.
    const Integer doubled = found.size == 0 ? Integer(1) : 2 * found.size;
    const Integer middle = found.size + (too_large - found.size) / 2;
    const Integer size = std::min(doubled, middle);
    if (auto fitting = if_it_fits(footprint_at, size, memory)) {
      found = {size, std::move(fitting)};
    } else {
      too_large = size;
    }
  }
  return found;
}

template <class FootprintAt>
void judge(const FootprintAt& footprint_at, const Largest& found, Fit& fit) {
  fit.footprint = found.footprint;
  if (found.size == 0) {
    fit.limit = Limit::not_at_all;
  } else if (found.size == kMostFitted) {
    fit.limit = Limit::nothing;
  } else {
    try {
      fit.one_more = footprint_at(found.size + 1);
    } catch (const Overflow&) {  // more than can be said
    }
  }
}

}  // namespace

Footprint footprint(const Model& model, Integer context, Integer batch,
                    const FitSettings& settings) {
  return {bytes_of(model.parameters.total, settings.weights),
          bytes_of(CacheCurve(model.graph, batch).peak(context), settings.kv),
          bytes_of(decode_working_set(model, batch), kActivations)};
}

Fit largest_context(const Model& model, Integer batch, const FitSettings& settings) {
  const auto at = [&](Integer context) { return footprint(model, context, batch, settings); };
  const Largest found = largest(at, settings.memory);
  Fit fit{found.size, batch, Limit::memory, std::nullopt, std::nullopt};
  judge(at, found, fit);
  return fit;
}

Fit largest_batch(const Model& model, Integer context, const FitSettings& settings) {
  const auto at = [&](Integer batch) { return footprint(model, context, batch, settings); };
  const Largest found = largest(at, settings.memory);
  Fit fit{context, found.size, Limit::memory, std::nullopt, std::nullopt};
  judge(at, found, fit);
  return fit;
}

}  // namespace llmarch
