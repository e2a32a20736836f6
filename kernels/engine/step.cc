#include "kernels/engine/step.h"

#include <stdexcept>

namespace llmarch::fast {
namespace {

Elements elements(ConstRows rows) {
  return Elements(static_cast<std::int64_t>(rows.rows * rows.columns));
}

Bytes bytes_of_positions(const Cache& cache, Integer positions) {
  return Bytes(static_cast<std::int64_t>(cache.position_bytes()) * positions);
}

void add_arithmetic(Work& work, const Work& unit, Integer times) {
  work.matrix += unit.matrix * times;
  work.other += unit.other * times;
  work.transcendentals += unit.transcendentals * times;
}

}  // namespace

Rows Step::value(ValueId id) const {
  const Value& value = block->values.at(id);
  const std::size_t columns = size(value.columns);
  const std::size_t rows = row_count(value.rows, workload);
  const Slot& slot = plan->slots.at(id);
  switch (slot.kind) {
    case Slot::Kind::hidden_in: return {space.hidden_in, rows, columns, columns};
    case Slot::Kind::hidden_out: return {space.hidden_out, rows, columns, columns};
    case Slot::Kind::numbered: return {space.slots.at(slot.number), rows, columns, columns};
    case Slot::Kind::per_layer: {
      const std::size_t first = block->kind == BlockKind::layer ? place * columns : 0;
      return {space.per_layer.data + first, rows, columns, space.per_layer.stride};
    }
    case Slot::Kind::none: break;
  }
  throw std::logic_error("a value that the plan gave no place was asked for");
}

const PackedMatrix& Step::matrix(WeightId id, std::size_t copy) const {
  return weights.matrix(id, layer, copy);
}

std::span<const float> Step::vector(WeightId id, std::size_t copy) const {
  const std::size_t columns = size(graph.weight(id).columns);
  return weights.vector(id, layer).subspan(copy * columns, columns);
}

float* Step::scratch(std::size_t floats) const {
  if (space.scratch.size() < floats) {
    throw std::logic_error("an operation takes more scratch than it says");
  }
  return space.scratch.data();
}

void Step::count_each(std::size_t times) const {
  add_arithmetic(work(), units().each, static_cast<std::int64_t>(times));
}

void Step::count_pairs(std::size_t times) const {
  add_arithmetic(work(), units().pair, static_cast<std::int64_t>(times));
}

void Step::count_chunks(std::size_t times) const {
  add_arithmetic(work(), units().chunk, static_cast<std::int64_t>(times));
}

void Step::count_expert_runs(std::size_t runs) const {
  ledger.line(block_index, node).expert_runs += static_cast<std::int64_t>(runs);
}

void Step::count_elements(ConstRows written) const {
  add_arithmetic(work(), units().element, elements(written).amount());
}

void Step::count_elements(std::size_t times) const {
  add_arithmetic(work(), units().element, static_cast<std::int64_t>(times));
}

void Step::count_read(ConstRows rows) const {
  work().activations_read += elements(rows);
}

void Step::count_written(ConstRows rows) const {
  work().activations_written += elements(rows);
}

void Step::count_weight(WeightId id, std::size_t copy) const {
  const Elements read = graph.weight(id).elements_of_copy();
  work().weights_read += read;
  work().weight_bytes_read += Bytes(graph.weight(id).rows * weights.row_bytes(id));
  ledger.touch(id, layer, copy);
}

void Step::count_look_up(WeightId id) const {
  const Integer columns = graph.weight(id).columns;
  work().weights_read += Elements(columns);
  work().weight_bytes_read += Bytes(weights.row_bytes(id));
  ledger.touch(id, layer, 0);
}

void Step::count_cache_read(CacheId id, std::int64_t positions) const {
  const Integer read = graph.cache(id).columns * positions;
  work().cache_read += Elements(read);
  work().cache_bytes_read += bytes_of_positions(cache(id), positions);
}

void Step::count_cache_written(CacheId id, ConstRows rows) const {
  work().cache_written += elements(rows);
  work().cache_bytes_written += bytes_of_positions(cache(id), static_cast<std::int64_t>(rows.rows));
}

void Step::count_state(CacheId id) const {
  const StateShape& shape = state(id).shape();
  count_state_elements(id, shape.sequences * shape.columns);
}

void Step::count_state_elements(CacheId id, std::size_t elements) const {
  const Integer touched = static_cast<std::int64_t>(elements);
  const Bytes bytes(static_cast<std::int64_t>(entry_bytes(state(id).shape().format, elements)));
  work().cache_read += Elements(touched);
  work().cache_written += Elements(touched);
  work().cache_bytes_read += bytes;
  work().cache_bytes_written += bytes;
}

}  // namespace llmarch::fast
