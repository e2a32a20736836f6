// The fields of compressed attention. Each is stated once, as in fields.h, which includes this
// file.
#pragma once

#include "sim/spec/field.h"
#include "sim/spec/mixer.h"

namespace llmarch {

template <class Visitor>
void visit_fields(Visitor& visit, FieldsOf<EntryIndex> auto& index) {
  visit(Field{"heads", "number of index queries, whose scores are summed with weights"},
        index.heads, kSize);
  visit(Field{"head_dim",
              "width of an index query and of an index key, of which one is cached for "
              "each entry"},
        index.head_dim, kSize);
  visit(Field{"chosen", "entries that a query attends to, at most"}, index.chosen, kPositions);
}

template <class Visitor>
void visit_fields(Visitor& visit, FieldsOf<Compression> auto& compression) {
  visit(Field{"positions", "positions that an entry stands for"}, compression.positions,
        kPositions);
  visit(Field{"overlapping", "an entry is made of the group of positions before its own too"},
        compression.overlapping);
  visit(Field{"index", "the index that chooses entries; left out: a query attends to all of them"},
        compression.index);
}

template <class Visitor>
void visit_fields(Visitor& visit, FieldsOf<CompressedAttention> auto& attention) {
  visit(Field{"query_heads", "number of query heads"}, attention.query_heads, kSize);
  visit(Field{"head_dim", "width of a head, and of what is the key and the value of all heads"},
        attention.head_dim, kSize);
  visit(Field{"rope_head_dim", "the last elements of a head, which are rotated"},
        attention.rope_head_dim, kSize);
  visit(Field{"query_latent_dim", "width of the compressed query (q_lora_rank)"},
        attention.query_latent_dim, kSize);
  visit(Field{"window", "a query attends to this many of the newest keys, its own among them"},
        attention.window, kPositions);
  visit(Field{"output_groups", "groups of heads, each projected into a latent of its own"},
        attention.output_groups, kSize);
  visit(Field{"output_latent_dim", "width of the latent of a group (o_lora_rank)"},
        attention.output_latent_dim, kSize);
  visit(Field{"rotary", "rotary positions"}, attention.rotary);
  visit(Field{"compression",
              "entries that stand for many positions; left out: there is only the window"},
        attention.compression);
}

}  // namespace llmarch
