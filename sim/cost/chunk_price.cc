#include "sim/cost/chunk_price.h"

namespace llmarch {

// For each token, as step by step, the products of its query, of its change and, by the delta rule,
// of its key with the state. Besides them the score of the token's own key and what its change adds
// to the output, and for each token before it in the chunk the same; by the delta rule a score of
// the key too, and what it takes from the change.
//
// A token's decay multiplies the product of all decays since the chunk began. That product
// multiplies the token's query and key before they are multiplied by the state, and at the end of
// the chunk the state itself. An earlier key decays with each later token of the chunk. Where a
// head has one decay, what is left of the key is one factor: it is made for each pair, and
// multiplies the scores and, at the end, the key that is added to the state. Else the key itself is
// multiplied, for each pair.
//
// Scores are made for each value head, as in the references, though heads that share a key could
// share them.
ChunkPrice price_of(const ChunkedRecurrence& op, Integer decays) {
  const RecurrenceShape& shape = op.rule.shape;
  const Integer heads = shape.value_heads;
  const bool as_one = decays == 1;
  const std::int64_t readers = op.rule.strength ? 2 : 1;  // the query, and the key
  const Integer score = 2 * (shape.key_dim + shape.value_dim);
  ChunkPrice each;
  each.token.matrix = Flops((readers + 1) * 2 * shape.state_elements() + heads * score);
  each.token.other = Flops(heads * (decays + readers * shape.key_dim));
  if (as_one) each.token.other += Flops(heads * shape.key_dim);
  if (op.rule.strength) each.token.other += Flops(2 * heads * shape.value_dim);
  each.pair.matrix = Flops(readers * heads * score);
  each.pair.other = Flops(heads * (as_one ? Integer(1 + readers) : shape.key_dim));
  each.chunk.other = Flops(shape.state_elements());
  return each;
}

}  // namespace llmarch
