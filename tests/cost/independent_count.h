// What one token of a model takes, counted from its spec alone. Neither the graph nor a price has a
// part in it: it walks through the layers one by one and adds up what the papers' formulas say, by
// the conventions that op_cost.cc opens with. The counted book is no second opinion on what
// lowering leaves out, since it runs the same graph.
#pragma once

#include <set>
#include <string>

#include "sim/spec/arch_spec.h"

namespace llmarch::independent {

// Elements and operations.
struct Tally {
  Integer parameters;
  Integer idle;  // parameters of experts that a token does not run
  Integer matrix, other, transcendentals;
  Integer weights_read, activations_read, activations_written, cache_read, cache_written;
  Integer kept_as_caches;  // after the token, in the format of caches
  Integer kept_in_f32;
};

struct ModelCount {
  Tally layers;  // and the embedding
  Tally head;
  Integer input_table, head_matrix;    // parameters of the embedding and of a head of its own
  std::set<std::string> unknown = {};  // kinds of block that were not counted
};

// Of a token that attends to `context` keys, itself among them, with latent attention absorbed.
ModelCount count(const ArchSpec& spec, Integer context);

}  // namespace llmarch::independent
