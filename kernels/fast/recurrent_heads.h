// The operands of a recurrence: their rows, and what of them belongs to a value head.
#pragma once

#include <optional>
#include <span>

#include "kernels/fast/fixed_state.h"
#include "kernels/fast/rows.h"
#include "sim/graph/op.h"

namespace llmarch::fast {

struct RecurrenceRows {
  ConstRows query, key, value;
  // A number for each value head, or for each row of its state. Absent: see fixed_decays.
  std::optional<ConstRows> decay;
  std::optional<ConstRows> strength;
  Rows out;
  std::span<const float> fixed_decays = {};  // for each value head, the same at every token
};

// One value head at one token.
struct RecurrentHead {
  const float *query, *key;  // (key_dim)
  const float* value;        // (value_dim)
  const float* decay;
  std::size_t decay_stride;  // 0: the same for each row of the state
  std::optional<float> strength;
  float* out;  // (value_dim)
};

class RecurrentHeads {
 public:
  RecurrentHeads(const RecurrenceShape& shape, const RecurrenceRows& rows)
      : rows_(rows),
        key_dim_(size(shape.key_dim)),
        value_dim_(size(shape.value_dim)),
        sharing_(size(shape.value_heads / shape.key_heads)),
        decays_(rows.decay ? rows.decay->columns / size(shape.value_heads) : 1) {}

  [[nodiscard]] RecurrentHead at(std::size_t row, std::size_t head) const {
    const std::size_t key = head / sharing_ * key_dim_;
    const std::size_t value = head * value_dim_;
    const float* const decays = rows_.decay ? rows_.decay->row(row) : rows_.fixed_decays.data();
    RecurrentHead one{rows_.query.row(row) + key,   rows_.key.row(row) + key,
                      rows_.value.row(row) + value, decays + head * decays_,
                      decays_ == 1 ? 0U : 1U,       {},
                      rows_.out.row(row) + value};
    if (rows_.strength) one.strength = rows_.strength->row(row)[head];
    return one;
  }

 private:
  const RecurrenceRows& rows_;
  std::size_t key_dim_, value_dim_, sharing_, decays_;
};

// Throws std::invalid_argument where they do not agree.
void check_sizes(const RecurrenceShape& shape, const Places& places, const RecurrenceRows& rows,
                 const FixedState& state);

}  // namespace llmarch::fast
