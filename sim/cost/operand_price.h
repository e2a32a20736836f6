// What an operation moves: the elements and bytes that follow from its operands (operands.h). Part
// of op_cost.cc, where the conventions stand.
#pragma once

#include <optional>

#include "sim/cost/price.h"
#include "sim/graph/op_graph.h"

namespace llmarch {

// What an operation moves, from its operands.
struct Moved {
  const OpGraph& graph;
  const Block& block;
  Price& price;
  std::optional<ExpertReads> experts = {};

  void operator()(const Reads& each) const { read(each.value, each.value); }
  void operator()(const ReadsSelected& each) const { read(each.value, each.selection); }
  void operator()(const Writes& each) const { write(each.value); }
  void operator()(const WritesInPlace& each) const { write(each.value); }
  void operator()(const ReadsWeight& each) const {
    const Weight& weight = graph.weights[each.weight];
    price.once().weights_read += weight.elements();
    price.once().weight_bytes_read += weight.bytes();
  }
  void operator()(const LooksUp& each) const {
    const Weight& table = graph.weights[each.table];
    per_row(each.rows).weights_read += Elements(table.columns);
    per_row(each.rows).weight_bytes_read += table.bytes_of_row();
  }
  // The matrices of one expert are read together.
  void operator()(const ReadsExperts& each) {
    const Weight& weight = graph.weights[each.weight];
    if (!experts) {
      const Driver rows = driver_of(block.values[each.rows].rows);
      experts = ExpertReads{rows, weight.copies, each.chosen, {}, {}, 1};
    }
    experts->each += weight.elements_of_copy();
    experts->each_bytes += weight.bytes_of_copy();
  }
  void operator()(const ReadsCache& each) const {
    const Cache& cache = graph.caches[each.cache];
    Work& position = price.per_position(each.reach);
    position.cache_read += Elements(cache.columns);
    position.cache_bytes_read += cache.bytes_of_entry();
  }
  void operator()(const Stores& each) const {
    const Cache& cache = graph.caches[each.cache];
    const auto* growing = std::get_if<Growing>(&cache.state);
    const auto* own = growing == nullptr ? nullptr : std::get_if<Striped>(&growing->reach);
    Work& stored = own == nullptr ? per_row(each.value) : price.per(Driver::entry, *own);
    stored.cache_written += Elements(cache.columns);
    stored.cache_bytes_written += cache.bytes_of_entry();
  }
  // Every position of a group, for each entry that the step makes.
  void operator()(const ReadsCompleted& each) const {
    const Cache& cache = graph.caches[each.cache];
    Work& entry = each.group == OfGroup::own ? price.per_entry(each.positions)
                                             : price.per_later_entry(each.positions);
    entry.cache_read += Elements(cache.columns * each.positions);
    entry.cache_bytes_read += cache.bytes_of_entry() * each.positions;
  }
  void operator()(const ReadsToCompress& each) const {
    const Weight& weight = graph.weights[each.weight];
    Work& making = each.group == OfGroup::own ? price.if_entries(each.positions)
                                              : price.if_later_entries(each.positions);
    making.weights_read += weight.elements();
    making.weight_bytes_read += weight.bytes();
  }
  void operator()(const StoresEntries& each) const {
    const Cache& cache = graph.caches[each.cache];
    price.per_entry(each.positions).cache_written += Elements(cache.columns);
    price.per_entry(each.positions).cache_bytes_written += cache.bytes_of_entry();
  }
  void operator()(const ReadsState& each) const {
    const Cache& cache = graph.caches[each.cache];
    price.per_sequence().cache_read += Elements(cache.columns);
    price.per_sequence().cache_bytes_read += cache.bytes_of_entry();
  }
  void operator()(const OverwritesState& each) const {
    const Cache& cache = graph.caches[each.cache];
    price.per_sequence().cache_written += Elements(cache.columns);
    price.per_sequence().cache_bytes_written += cache.bytes_of_entry();
  }

  void operator()(const StepsState& each) const {
    const Cache& cache = graph.caches[each.cache];
    Work& row = price.per_stepped();
    row.cache_read += Elements(cache.columns);
    row.cache_bytes_read += cache.bytes_of_entry();
    row.cache_written += Elements(cache.columns);
    row.cache_bytes_written += cache.bytes_of_entry();
  }
  void operator()(const StepsStateByChunk& each) const {
    const Cache& cache = graph.caches[each.cache];
    Work& chunk = price.per_chunk(each.chunk);
    chunk.cache_read += Elements(cache.columns);
    chunk.cache_bytes_read += cache.bytes_of_entry();
    chunk.cache_written += Elements(cache.columns);
    chunk.cache_bytes_written += cache.bytes_of_entry();
  }

 private:
  [[nodiscard]] Work& per_row(ValueId id) const { return price.per_row(block.values[id]); }
  void read(ValueId id, ValueId rows) const {
    per_row(rows).activations_read += Elements(block.values[id].columns);
  }
  void write(ValueId id) const {
    per_row(id).activations_written += Elements(block.values[id].columns);
  }
};

}  // namespace llmarch
