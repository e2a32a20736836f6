// The fields of the indices that choose which keys a query attends to; see fields.h.
#pragma once

#include "sim/spec/field.h"
#include "sim/spec/mixer.h"

namespace llmarch {

template <class Visitor>
void visit_fields(Visitor& visit, FieldsOf<BlockIndex> auto& index) {
  visit(Field{"head_dim", "width of an index query, one for each key/value head, and index key"},
        index.head_dim, kSize);
  visit(Field{"block", "positions that form a block"}, index.block, kPositions);
  visit(Field{"blocks", "blocks that a query attends to, its own among them"}, index.blocks,
        kPositions);
}

template <class Visitor>
void visit_fields(Visitor& visit, FieldsOf<KeyIndex> auto& index) {
  visit(Field{"heads", "number of index queries, whose scores are summed with weights"},
        index.heads, kSize);
  visit(Field{"head_dim", "width of an index query and of the index key, which is cached"},
        index.head_dim, kSize);
  visit(
      Field{"layout", "which elements of the first rope_head_dim make a pair", Prominence::detail},
      index.layout);
  visit(Field{"key_norm_epsilon", "epsilon of the layer norm on index keys", Prominence::detail},
        index.key_norm_epsilon, kEpsilon);
}

}  // namespace llmarch
