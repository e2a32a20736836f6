#include "sim/study/fit.h"

#include <algorithm>
#include <stdexcept>

#include "sim/study/beside_memory.h"
#include "sim/study/largest.h"
#include "sim/study/point_figures.h"

namespace llmarch {
namespace {

// What a model takes, for any context and batch of a setting.
class Footprints {
 public:
  Footprints(const Model& model, const Setting& setting, const Room& room)
      : model_(model), room_(room), stored_(stored(model, setting)) {
    if (setting.place) {
      in_host_ = part_in(stored_, *setting.place, Memory::host);
      stored_ = part_in(std::move(stored_), *setting.place, Memory::device);
    }
    if (setting.parallel) ranks_.emplace(model, setting, stored_);
  }

  [[nodiscard]] Footprint at(const Setting& setting) const {
    return ranks_ ? fullest_rank(*ranks_, setting, room_).footprint : of_all(setting);
  }
  // None where a figure exceeds 64 bits.
  [[nodiscard]] std::optional<Footprint> if_countable(const Setting& setting) const {
    try {
      Footprint needed = at(setting);
      static_cast<void>(needed.total());
      return needed;
    } catch (const Overflow&) {
      return std::nullopt;
    }
  }

 private:
  [[nodiscard]] Footprint of_all(const Setting& setting) const;
  [[nodiscard]] HostShare of_host(const Setting& setting, const OpGraph& part) const;
  [[nodiscard]] Bytes activations(const Setting& setting, const OpGraph& part) const;

  const Model& model_;
  const Room& room_;
  OpGraph stored_;  // without what the host holds
  std::optional<OpGraph> in_host_;
  std::optional<RankPlan> ranks_;
};

Footprint Footprints::of_all(const Setting& setting) const {
  const BesideMemory beside(model_, stored_, setting);
  Footprint needed;
  needed.cache =
      CacheCurve(stored_, setting.batch).peak(setting.context) + beside.cache_peak(setting.context);
  if (in_host_) needed.host = of_host(setting, *in_host_);
  if (room_.held == Held::caches) return needed;
  needed.weights = weight_bytes(stored_).total + beside.weights();
  needed.activations = activations(setting, stored_);
  if (in_host_ && setting.place->computed == PlacedBy::device) {
    needed.activations = std::max(needed.activations, activations(setting, *in_host_));
  }
  needed.engine = additions(room_, model_, stored_, setting);
  return needed;
}

// Rows are where they are computed with.
HostShare Footprints::of_host(const Setting& setting, const OpGraph& part) const {
  HostShare share{
      weight_bytes(part).total, CacheCurve(part, setting.batch).peak(setting.context), {}};
  if (setting.place->computed == PlacedBy::host) share.activations = activations(setting, part);
  return share;
}

Bytes Footprints::activations(const Setting& setting, const OpGraph& part) const {
  return bytes_of(decode_working_set(model_, part, setting.batch), kActivations);
}

Footprint footprint_of(const StageHolding& stage, const Model& model, const Setting& of_rank,
                       const Room& room) {
  Footprint needed{{}, stage.memory.cache, {}};
  if (room.held == Held::caches) return needed;
  needed.weights = stage.memory.weights + stage.memory.beside;
  needed.activations = stage.memory.activations;
  needed.engine = additions(room, model, stage.graph, of_rank);
  return needed;
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

Bytes in_host(const Footprint& needed) {
  return needed.host ? needed.host->total() : Bytes();
}

bool fits_in(const Footprint& needed, const Room& room, Bytes host) {
  return needed.total() <= room.memory() && in_host(needed) <= host;
}

// `more` is the first size that does not fit; none where its footprint exceeds 64 bits.
Limit limit_of_memory(const std::optional<Footprint>& more, Integer found, const Room& room) {
  if (more && more->total() <= room.memory()) return Limit::host_memory;
  return found == 0 ? Limit::not_at_all : Limit::memory;
}

// `allowed` is the most of what is sought that the model allows, and `beyond` the limit that is
// named where the memory has room for more.
Fit fit(const Model& model, Setting setting, Integer Setting::*sought, const Room& room,
        Integer allowed, Limit beyond) {
  const Footprints footprints(model, setting, room);
  const auto needed = [&](Integer size) {
    setting.*sought = size;
    return footprints.if_countable(setting);
  };
  // A footprint that exceeds 64 bits exceeds any memory.
  const Bytes host = host_memory(setting);
  const Integer most = largest_for_which(
      [&](Integer size) {
        const auto footprint = needed(size);
        return footprint && fits_in(*footprint, room, host);
      },
      kMostFitted);
  Limit limit = most > allowed ? beyond : Limit::nothing;
  std::optional<Footprint> one_more;
  if (most <= allowed && most < kMostFitted) {
    one_more = needed(most + 1);
    limit = limit_of_memory(one_more, most, room);
  }
  const Integer found = std::min(most, allowed);
  setting.*sought = std::max(found, Integer(1));
  return {setting, found, limit, most, footprints.at(setting), one_more};
}

}  // namespace

std::string_view name_of(Limit limit) {
  switch (limit) {
    case Limit::memory:
    case Limit::not_at_all: return "memory";
    case Limit::host_memory: return "host memory";
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

Bytes host_memory(const Setting& setting) {
  const Machine host = host_of(setting);
  return host == nullptr || !setting.place ? Bytes() : Bytes(host->memory_bytes());
}

bool fits(const Footprint& needed, const Setting& setting, const Room& room) {
  return fits_in(needed, room, host_memory(setting));
}

Bytes missing_for(const Footprint& needed, const Setting& setting, const Room& room) {
  const auto beyond = [](Bytes held, Bytes memory) {
    return held > memory ? held - memory : Bytes();
  };
  return std::max(beyond(needed.total(), room.memory()),
                  beyond(in_host(needed), host_memory(setting)));
}

Footprint footprint(const Model& model, const Setting& setting, const Room& room) {
  return Footprints(model, setting, room).at(setting);
}

FullestRank fullest_rank(const RankPlan& plan, const Setting& setting, const Room& room) {
  const auto [of_rank, stages] = plan.holdings(setting.context, setting.batch);
  std::vector<FullestRank> ranks;
  for (const StageHolding& stage : stages) {
    ranks.push_back({stage.rank, footprint_of(stage, plan.model(), of_rank, room)});
  }
  return *std::ranges::max_element(ranks, {},
                                   [](const FullestRank& each) { return each.footprint.total(); });
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
