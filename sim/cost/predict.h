// The predicted book: what a model costs, from shapes alone. Exact integers, nothing is run. The
// price of each operation stands in op_cost.cc; this file knows how prices add up to a model.
#pragma once

#include <vector>

#include "sim/cost/price.h"
#include "sim/figures.h"
#include "sim/graph/op_graph.h"
#include "sim/graph/workload.h"

namespace llmarch {

struct ComponentParameters {
  Component component;
  Elements elements;
};

struct Parameters {
  Elements total;
  // Without the tables of per-layer embeddings, of which a token reads one row: they may stay on a
  // disk. Equal to the total where there are none.
  Elements resident;
  ActiveParameters active;
  std::vector<ComponentParameters> components;  // those that are there, in the order of Component
};

Parameters predict_parameters(const OpGraph& graph);

// The bytes of all weights as they are stored.
struct WeightBytes {
  Bytes total;
  Bytes resident;  // without the tables of per-layer embeddings
};
WeightBytes weight_bytes(const OpGraph& graph);

// Bytes that one more position adds to the caches of one sequence, every layer growing; a fixed
// state adds none.
Bytes cache_bytes_per_token(const OpGraph& graph);

// The part of those bytes that a position still adds where the context is beyond every window and
// chunk.
Bytes growing_bytes_per_token(const OpGraph& graph);

// What the caches of a batch hold that is the same at every later position, but for what waits to
// be made into entries: windows, chunks and fixed states.
Bytes bounded_cache_bytes(const OpGraph& graph, Integer context, Integer batch);

// Bytes of the fixed states of one sequence, in all layers: what it keeps whatever its length.
Bytes state_bytes_per_sequence(const OpGraph& graph);

// Elements that the caches hold after `context` positions of `batch` sequences.
Elements cache_elements(const OpGraph& graph, Integer context, Integer batch);
Bytes cache_bytes(const OpGraph& graph, Integer context, Integer batch);

// What one layer of a block keeps in memory, in the order of the blocks. A tied table stands in the
// input block alone.
struct BlockBytes {
  Bytes weights;
  Bytes cache;  // after `context` positions of `batch` sequences
};
std::vector<BlockBytes> bytes_of_blocks(const OpGraph& graph, Integer context, Integer batch);

// Every operation that the workload runs, in the order of the graph, if experts are chosen in that
// way. Throws Overflow when a figure exceeds 64 bits, as the functions around it do.
Book predict(const OpGraph& graph, const Workload& workload, ExpertLoad load = ExpertLoad::uniform);

// The sum of the book without its lines: what a sweep asks for.
Work predict_total(const OpGraph& graph, const Workload& workload);

// The most elements of rows that an operation reads and writes together, in one layer.
Elements widest_rows(const OpGraph& graph, const Workload& workload);

// The same below the head, where what ranks exchange does not count: a sum over ranks takes the
// place of what is summed.
Elements widest_rows_below_head(const OpGraph& graph, const Workload& workload);

}  // namespace llmarch
