#include "kernels/fast/recurrent_heads.h"

#include <stdexcept>

namespace llmarch::fast {

void check_sizes(const RecurrenceShape& shape, const Places& places, const RecurrenceRows& rows,
                 const FixedState& state) {
  const auto fits = [&](ConstRows each, Integer columns) {
    return each.rows == places.rows() && each.columns == size(columns);
  };
  const Integer keys = shape.key_heads * shape.key_dim;
  const Integer values = shape.value_heads * shape.value_dim;
  const bool decay_fits = rows.decay ? fits(*rows.decay, shape.value_heads) ||
                                           fits(*rows.decay, shape.value_heads * shape.key_dim)
                                     : rows.fixed_decays.size() == size(shape.value_heads);
  const bool strength_fits = !rows.strength || fits(*rows.strength, shape.value_heads);
  if (fits(rows.query, keys) && fits(rows.key, keys) && fits(rows.value, values) && decay_fits &&
      strength_fits && fits(rows.out, values) && state.shape().sequences == places.sequences &&
      state.shape().columns == size(shape.state_elements())) {
    return;
  }
  throw std::invalid_argument("recurrence kernels: sizes that do not agree");
}

}  // namespace llmarch::fast
