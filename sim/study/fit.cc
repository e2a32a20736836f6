#include "sim/study/fit.h"

#include <algorithm>
#include <stdexcept>

#include "sim/study/beside_memory.h"
#include "sim/study/point_figures.h"

namespace llmarch {
namespace {

Footprint footprint_of(const Model& model, const OpGraph& stored, const Setting& setting,
                       const Room& room) {
  const BesideMemory beside(model, stored, setting);
  Footprint needed;
  needed.cache =
      CacheCurve(stored, setting.batch).peak(setting.context) + beside.cache_peak(setting.context);
  if (room.held == Held::caches) return needed;
  needed.weights = weight_bytes(stored).total + beside.weights();
  needed.activations = bytes_of(decode_working_set(model, setting.batch), kActivations);
  needed.engine = additions(room, model, stored, setting);
  return needed;
}

// None where a figure exceeds 64 bits.
std::optional<Footprint> if_countable(const Model& model, const OpGraph& stored,
                                      const Setting& setting, const Room& room) {
  try {
    Footprint needed = footprint_of(model, stored, setting, room);
    static_cast<void>(needed.total());
    return needed;
  } catch (const Overflow&) {
    return std::nullopt;
  }
}

// The largest size that fits; 0 if not even 1 does. `fits` must be true up to some size and false
// beyond it.
template <class Fits>
Integer largest(const Fits& fits) {
  Integer found = 0;
  Integer too_large = kMostFitted + 1;
  while (too_large - found > 1) {
    // Sizes are small compared with the bound, so doubling comes before halving.
    const Integer doubled = found == 0 ? Integer(1) : 2 * found;
    const Integer size = std::min(doubled, found + (too_large - found) / 2);
    (fits(size) ? found : too_large) = size;
  }
  return found;
}

// The longest context that a model allows, whatever the memory.
struct Allowed {
  Integer context;
  Limit limit;
};

Allowed allowed_by(const Model& model) {
  const Integer limit = model.spec.context_limit;
  const std::optional<Integer> learned = learned_positions(model.graph);
  if (learned && *learned <= limit) return {*learned, Limit::learned_positions};
  return {limit, Limit::context_limit};
}

Limit limit_of_memory(Integer room) {
  if (room == 0) return Limit::not_at_all;
  return room == kMostFitted ? Limit::nothing : Limit::memory;
}

// `allowed` is the most of what is sought that the model allows, and `beyond` the limit that is
// named where the memory has room for more.
Fit fit(const Model& model, Setting setting, Integer Setting::*sought, const Room& room,
        Integer allowed, Limit beyond) {
  const OpGraph graph = stored(model, setting);
  const auto needed = [&](Integer size) {
    setting.*sought = size;
    return if_countable(model, graph, setting, room);
  };
  // A footprint that exceeds 64 bits exceeds any memory.
  const Integer most = largest([&](Integer size) {
    const auto footprint = needed(size);
    return footprint && footprint->total() <= room.memory();
  });
  const Limit limit = most > allowed ? beyond : limit_of_memory(most);
  std::optional<Footprint> one_more;
  if (limit == Limit::memory) one_more = needed(most + 1);
  const Integer found = std::min(most, allowed);
  setting.*sought = std::max(found, Integer(1));
  return {setting, found, limit, most, footprint_of(model, graph, setting, room), one_more};
}

}  // namespace

std::string_view name_of(Limit limit) {
  switch (limit) {
    case Limit::memory:
    case Limit::not_at_all: return "memory";
    case Limit::nothing: return "nothing";
    case Limit::learned_positions: return "learned positions";
    case Limit::context_limit: return "its makers";
  }
  throw std::logic_error("name_of: a limit outside the enumeration");
}

Bytes Footprint::added() const {
  Bytes sum;
  for (const Addition& each : engine) sum += each.bytes;
  return sum;
}

Footprint footprint(const Model& model, const Setting& setting, const Room& room) {
  return footprint_of(model, stored(model, setting), setting, room);
}

Fit largest_context(const Model& model, const Setting& setting, const Room& room) {
  const auto [context, limit] = allowed_by(model);
  return fit(model, setting, &Setting::context, room, context, limit);
}

Fit largest_batch(const Model& model, const Setting& setting, const Room& room) {
  const auto [context, limit] = allowed_by(model);
  const Integer allowed = setting.context <= context ? Integer(kMostFitted) : Integer(0);
  return fit(model, setting, &Setting::batch, room, allowed, limit);
}

}  // namespace llmarch
