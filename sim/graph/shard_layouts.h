// How the operands of an operation become those of a rank, for the operations that take them in one
// of a few layouts. Private to sim/graph.
#pragma once

#include "sim/graph/rank_block.h"

namespace llmarch {

// The operands are the rank's already, and what it makes of them is whole.
template <class Op>
void made_whole(RankBlock& block, Op op) {
  op.out = block.make_whole(op.out);
  block.append(op);
}

template <class Op>
void in_whole(RankBlock& block, Op op) {
  op.in = block.whole(op.in);
  made_whole(block, op);
}

// The result has the layout of the operand, whatever that is.
template <class Op>
void as_made(RankBlock& block, Op op) {
  op.out = block.make_like(op.out, op.in);
  op.in = block.as_made(op.in);
  block.append(op);
}

// Partial sums are added up first: a function of a sum is not the sum of the function's values.
template <class Op>
void by_element(RankBlock& block, const Op& op) {
  block.layout(op.in) == Layout::partial ? in_whole(block, op) : as_made(block, op);
}

// Two operands of `op` in one layout: divided, where either is.
template <class Op>
void both(RankBlock& block, Op& op, ValueId& left, ValueId& right) {
  const auto divided = [&](ValueId value) { return block.layout(value) == Layout::divided; };
  const ValueId like = divided(left) ? left : right;
  if (divided(like)) {
    const Integer shares = block.shares(like);
    op.out = block.make_divided(op.out, shares);
    left = block.divided(left, shares);
    right = block.divided(right, shares);
  } else {
    op.out = block.make_whole(op.out);
    left = block.whole(left);
    right = block.whole(right);
  }
  block.append(op);
}

}  // namespace llmarch
