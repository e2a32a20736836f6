// The operations of recurrences, whose states every token reads and overwrites.
#include "kernels/engine/step.h"
#include "kernels/fast/recurrence.h"

namespace llmarch::fast {

Scratch ScratchOf::operator()(const Recurrence& op) const {
  return {recurrence_floats(op.shape, sequences), 0};
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
  decay(step.team, in, step.vector(op.rate), out);
  step.count_weight(op.rate);
  step.count_read(in);
  step.count_written(out);
  step.count_elements(out);
}

void run(Step& step, const Recurrence& op) {
  RecurrenceRows rows{
      step.value(op.query), step.value(op.key), step.value(op.value), step.value(op.decay), {},
      step.value(op.out)};
  if (op.strength) rows.strength = step.value(*op.strength);
  float* const scratch = step.scratch(recurrence_floats(op.shape, step.places.sequences));
  const std::size_t changed =
      run_recurrence(step.team, op.shape, step.places, rows, step.state(op.state), scratch);
  for (const ConstRows& read : {rows.query, rows.key, rows.value, rows.decay}) {
    step.count_read(read);
  }
  if (rows.strength) step.count_read(*rows.strength);
  step.count_written(rows.out);
  step.count_each(changed);
  step.count_state_elements(op.state, changed * size(op.shape.key_dim * op.shape.value_dim));
}

}  // namespace llmarch::fast
