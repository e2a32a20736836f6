#include "sim/cost/chunk_price.h"

namespace llmarch {

// For each token, as step by step, the products of its query, of its change and, by the delta rule,
// of its key with the state. Besides them the score of the token's own key and what its change adds
// to the output, and for each token before it in the chunk the same; by the delta rule a score of
// the key too, and what it takes from the change.
//
// Decays are multiplied into the product of all since the chunk began, into the queries and keys
// that meet the state, and into the state where the chunk ends. What a key has decayed to is one
// factor where a head decays as one: it is made for each pair, and multiplies the scores and the
// key that is left to the state. Else it is multiplied into the key, for each pair.
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
