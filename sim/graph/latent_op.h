// The operations of multi-head latent attention: what each computes, and what it touches. Part of
// op.h, which has the other operations.
#pragma once

#include <optional>

#include "sim/graph/operands.h"

namespace llmarch {

// The sizes that the operations of latent attention share; of one head unless said otherwise.
struct LatentShape {
  Integer heads, nope_dim, rope_dim, value_dim;
  Integer latent_dim;  // of the cached latent, for all heads
};

// For each head: the part of the query that is not rotated times key_up, so that its product with a
// cached latent is its product with the key which that latent would be expanded to.
struct AbsorbQuery {
  LatentShape shape;
  WeightId key_up;  // (heads x nope, latent)
  ValueId query;    // heads x (nope + rope)
  ValueId out;      // heads x latent
  void visit_operands(auto& visitor) const {
    touch(visitor, Reads{query}, ReadsWeight{key_up}, Writes{out});
  }
};

// Attention of all heads over the one cached latent and the one cached rotated key.
struct AttendLatent {
  LatentShape shape;
  double scale;
  ValueId absorbed;  // heads x latent
  ValueId query;     // heads x (nope + rope), of which the rotated part is used
  Reach reach;
  CacheId latents, rope_keys;
  ValueId out;                           // heads x latent
  std::optional<ValueId> log_sums = {};  // (heads): see WeighPart
  void visit_operands(auto& visitor) const {
    touch(visitor, Reads{absorbed}, Reads{query}, ReadsCache{latents, reach, 1},
          ReadsCache{rope_keys, reach, 1}, Writes{out});
    if (log_sums) visitor(Writes{*log_sums});
  }
};

// For each head: the weighted sum of latents times value_up.
struct ExpandAttended {
  LatentShape shape;
  WeightId value_up;  // (heads x value, latent)
  ValueId in, out;    // heads x latent, heads x value
  void visit_operands(auto& visitor) const {
    touch(visitor, Reads{in}, ReadsWeight{value_up}, Writes{out});
  }
};

// Every cached latent that the rank has times key_up and value_up: keys and values of all heads.
// One operation and not two, since published models store the two matrices as one and each latent
// is read once.
struct ExpandLatents {
  CacheId latents;
  WeightId key_up, value_up;  // (heads x nope, latent), (heads x value, latent)
  ValueId keys, values;       // rows: keys
  Reach reach = EveryKey{};   // those that there are: all, or a rank's own
  void visit_operands(auto& visitor) const {
    touch(visitor, ReadsCache{latents, reach, 1}, ReadsWeight{key_up}, ReadsWeight{value_up},
          Writes{keys}, Writes{values});
  }
};

// Attention over expanded keys and values; the rotated part of a key comes from the cache and is
// the same for all heads.
struct AttendExpanded {
  LatentShape shape;
  double scale;
  Reach reach;
  ValueId query;         // heads x (nope + rope)
  ValueId keys, values;  // rows: keys; heads x nope, heads x value
  CacheId rope_keys;
  ValueId out;                           // heads x value
  std::optional<ValueId> log_sums = {};  // (heads): see WeighPart
  void visit_operands(auto& visitor) const {
    touch(visitor, Reads{query}, Reads{keys}, Reads{values}, ReadsCache{rope_keys, reach, 1},
          Writes{out});
    if (log_sums) visitor(Writes{*log_sums});
  }
};

}  // namespace llmarch
