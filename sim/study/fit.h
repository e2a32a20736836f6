// What fits into a memory: the largest context at a batch, and the largest batch at a context. Both
// are exact: one more does not fit, or the model does not allow it.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "sim/setting/setting.h"
#include "sim/study/engine.h"
#include "sim/study/model.h"
#include "sim/study/ranks.h"

namespace llmarch {

// What must be in the memory of a host.
struct HostShare {
  Bytes weights, cache;
  Bytes activations;  // where the host computes
  [[nodiscard]] Bytes total() const { return weights + cache + activations; }
};

// What must be in memory at one time. The cache is counted at its largest at any position up to the
// context, so a sequence that grows to the context fits all the way; the activations are the rows
// of a decode step (PointFigures::working_set).
struct Footprint {
  Bytes weights;  // and what the repository holds beside the text model
  Bytes cache;
  Bytes activations;
  std::vector<Addition> engine = {};   // what the engine takes besides, and what is kept from it
  std::optional<HostShare> host = {};  // beside these; where the setting places something there
  [[nodiscard]] Bytes added() const;   // by the engine, in all
  [[nodiscard]] Bytes total() const { return weights + cache + activations + added(); }
};

// Where the setting divides the model: that of the fullest rank, in the room of one device. Throws
// Overflow, and CannotShard where the model does not divide so. In a room for caches alone the
// other parts are 0.
Footprint footprint(const Model& model, const Setting& setting, const Room& room = {});

// The rank that needs most, with what an engine takes of its device: the first of its stage.
struct FullestRank {
  Integer rank;
  Footprint footprint;
};
// `setting` says for which context and for how many sequences of all ranks. Throws Overflow.
FullestRank fullest_rank(const RankPlan& plan, const Setting& setting, const Room& room);

// What ends a fit.
enum class Limit {
  memory,             // one more does not fit
  host_memory,        // of the host: there one more does not fit
  nothing,            // everything that is searched fits
  not_at_all,         // not even one fits
  learned_positions,  // the model has no embedding for a later position
  context_limit,      // the makers allow no longer context
};

std::string_view name_of(Limit limit);

struct Fit {
  Setting setting;  // with the context or batch that was found, or 1 where there is none
  Integer found;    // the largest that fits and that the model allows; 0 where there is none
  Limit limit;
  // The largest that the memory alone has room for: kMostFitted where everything fits, 0 where
  // nothing does.
  Integer room;
  Footprint footprint;  // in that setting
  // What the first size that does not fit would take. It is known where memory is the limit, and
  // where it fits into 64 bits.
  std::optional<Footprint> one_more;
};

// The memory of the host that the setting names; 0 where it names none.
Bytes host_memory(const Setting& setting);

// Whether that fits into the room and the host's memory, and how much is missing of the one that
// lacks more.
bool fits(const Footprint& needed, const Setting& setting, const Room& room);
Bytes missing_for(const Footprint& needed, const Setting& setting, const Room& room);

// Contexts and batches are searched up to this; if all of them fit, this is what is returned.
inline constexpr std::int64_t kMostFitted = std::int64_t{1} << 40;

// The largest context at the setting's batch, and the largest batch at its context. Both throw
// Overflow where the footprint of 1 already exceeds 64 bits, and what `footprint` throws.
Fit largest_context(const Model& model, const Setting& setting, const Room& room);
Fit largest_batch(const Model& model, const Setting& setting, const Room& room);

}  // namespace llmarch
