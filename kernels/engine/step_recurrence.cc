// The operations of recurrences, whose states every token or every chunk reads and overwrites.
#include <algorithm>
#include <span>
#include <vector>

#include "kernels/engine/step.h"
#include "kernels/fast/recurrence.h"
#include "kernels/reference/lightning.h"

namespace llmarch::fast {
namespace {

// No chunk is longer than the step.
std::size_t longest_chunk(const ChunkedRecurrence& op, std::size_t tokens) {
  return std::min(size(op.chunk), tokens);
}

}  // namespace

Scratch ScratchOf::operator()(const Recurrence& /*op*/) const {
  return {};
}

Scratch ScratchOf::operator()(const ChunkedRecurrence& op) const {
  return {chunked_recurrence_floats(op.rule.shape, longest_chunk(op, tokens), threads), 0};
}

Scratch ScratchOf::operator()(const SelectiveScan& op) const {
  const Weight& rates = graph.weight(op.rate);
  return {scan_floats(size(rates.rows), size(rates.columns)), 0};
}

void run(Step& step, const NormalizeLength& op) {
  const Rows in = step.value(op.in);
  const Rows out = step.value(op.out);
  const std::size_t vectors = size(op.vectors);
  normalize_length(step.team, in, vectors, static_cast<float>(op.epsilon), out);
  step.count_read(in);
  step.count_written(out);
  step.count_each(in.rows * vectors);
}

void run(Step& step, const Decay& op) {
  const Rows in = step.value(op.in);
  const Rows out = step.value(op.out);
  decay(step.team, op, in, step.vector(op.rate), out);
  step.count_weight(op.rate);
  step.count_read(in);
  step.count_written(out);
  step.count_elements(out);
}

namespace {

// The share that each head keeps where no value says it; else nothing.
std::vector<float> fixed_decays(const Step& step, const Recurrence& op) {
  std::vector<float> decays;
  if (op.decay) return decays;
  const std::size_t heads = size(op.shape.value_heads);
  for (std::size_t head = 0; head < heads; ++head) {
    decays.push_back(static_cast<float>(
        lightning_decay({head, heads}, {step.place, step.graph.layers.size()}, op.full_slopes_at)));
  }
  return decays;
}

// `fixed` must outlive it.
RecurrenceRows operands_of(const Step& step, const Recurrence& op, std::span<const float> fixed) {
  RecurrenceRows rows{step.value(op.query),
                      step.value(op.key),
                      step.value(op.value),
                      {},
                      {},
                      step.value(op.out),
                      fixed};
  if (op.decay) rows.decay = step.value(*op.decay);
  if (op.strength) rows.strength = step.value(*op.strength);
  return rows;
}

void count_operands(const Step& step, const RecurrenceRows& rows) {
  for (const ConstRows& read : {rows.query, rows.key, rows.value}) step.count_read(read);
  if (rows.decay) step.count_read(*rows.decay);
  if (rows.strength) step.count_read(*rows.strength);
  step.count_written(rows.out);
}

}  // namespace

void run(Step& step, const Recurrence& op) {
  const std::vector<float> fixed = fixed_decays(step, op);
  const RecurrenceRows rows = operands_of(step, op, fixed);
  const std::size_t changed =
      run_recurrence(step.team, op.shape, step.places, rows, step.state(op.state));
  count_operands(step, rows);
  step.count_each(changed);
  step.count_state_elements(op.state, changed * size(op.shape.key_dim * op.shape.value_dim));
}

void run(Step& step, const ChunkedRecurrence& op) {
  const RecurrenceShape& shape = op.rule.shape;
  const std::size_t chunk = longest_chunk(op, step.places.tokens);
  const std::vector<float> fixed = fixed_decays(step, op.rule);
  const RecurrenceRows rows = operands_of(step, op.rule, fixed);
  float* const scratch = step.scratch(chunked_recurrence_floats(shape, chunk, step.team.size()));
  const ChunkedCounts did = run_chunked_recurrence(step.team, shape, chunk, step.places, rows,
                                                   step.state(op.rule.state), scratch);
  count_operands(step, rows);
  step.count_each(did.tokens);
  step.count_pairs(did.pairs);
  step.count_chunks(did.chunks);
  step.count_state_elements(op.rule.state, did.chunks * size(shape.key_dim * shape.value_dim));
}

void run(Step& step, const SelectiveScan& op) {
  const ScanRows rows{step.value(op.query), step.value(op.key), step.value(op.step),
                      step.value(op.in), step.value(op.out)};
  const PackedMatrix& rates = step.matrix(op.rate);
  float* const scratch = step.scratch(scan_floats(rates.outputs(), rates.inputs()));
  run_scan(step.team, rates, step.places, rows, step.state(op.state), scratch);
  for (const ConstRows& read : {rows.query, rows.key, rows.step, rows.in}) step.count_read(read);
  step.count_weight(op.rate);
  step.count_written(rows.out);
  step.count_elements(rows.out);
  step.count_state_elements(op.state, rows.out.rows * rows.out.columns * rates.inputs());
}

}  // namespace llmarch::fast
