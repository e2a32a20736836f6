// What a price is made of: the rows, columns and elements of an operation's operands at a workload.
// op_cost.cc and stream_cost.h have the rules.
#pragma once

#include <stdexcept>

#include "sim/cost/op_cost.h"
#include "sim/cost/reach_cost.h"

namespace llmarch {

struct PerElement {
  std::int64_t flops;
  std::int64_t transcendentals;
};

class Operands {
 public:
  Operands(const OpGraph& graph, const Block& block, const RowCounts& rows)
      : graph_(graph), block_(block), rows_(rows) {}

 protected:
  [[nodiscard]] Integer columns(ValueId value) const { return block_.values[value].columns; }
  [[nodiscard]] Integer rows(ValueId value) const {
    switch (block_.values[value].rows) {
      case RowAxis::tokens: return rows_.tokens;
      case RowAxis::keys: return rows_.keys;
      case RowAxis::logits: return rows_.logits;
    }
    throw std::logic_error("rows: an axis outside the enumeration");
  }
  [[nodiscard]] Elements elements(ValueId value) const {
    return Elements(rows(value) * columns(value));
  }
  [[nodiscard]] Elements weight(WeightId id) const { return graph_.weights[id].elements(); }
  [[nodiscard]] Elements weight(std::optional<WeightId> id) const {
    return id ? weight(*id) : Elements();
  }
  [[nodiscard]] Elements cached(CacheId id) const {
    const Cache& cache = graph_.caches[id];
    return Elements(rows_.workload.batch * opened_positions(rows_.workload, cache.reach) *
                    cache.columns);
  }

  [[nodiscard]] Work per_element(ValueId in, ValueId out, const PerElement& price) const {
    Work work = moved(in, out);
    const Integer count = rows(in) * columns(in);
    work.other = Flops(count * price.flops);
    work.transcendentals = Transcendentals(count * price.transcendentals);
    return work;
  }

  [[nodiscard]] Work moved(ValueId in, ValueId out) const {
    Work work;
    work.activations_read = elements(in);
    work.activations_written = elements(out);
    return work;
  }

  const OpGraph& graph_;
  const Block& block_;
  const RowCounts& rows_;
};

}  // namespace llmarch
