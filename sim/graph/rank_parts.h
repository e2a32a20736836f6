// The parts of a model that one rank of a deployment has, as values: its graph, and where its
// weights and caches lie in the model's own. How they are made is known by shard.h.
#pragma once

#include <stdexcept>
#include <vector>

#include "sim/graph/op_graph.h"

namespace llmarch {

// Where a rank's part of a weight lies in the model's own: the first of its rows, columns, copies,
// and of the layers that run its block. Rows beyond the model's last one are padding, all zero.
struct WeightPart {
  WeightId whole;
  Integer first_row, first_column, first_copy;
  std::size_t first_layer = 0;
};

// A rank's part of a cache: each of the model's is divided into so many shares.
struct CachePart {
  CacheId whole;
  Integer shares;
};

struct Shard {
  OpGraph graph;
  std::vector<WeightPart> weights;  // for each weight of the graph
  std::vector<CachePart> caches;    // for each cache
};

// Says what of a model a deployment does not fit, as "14 query heads do not divide among 4 ranks".
class CannotShard : public std::invalid_argument {
 public:
  using std::invalid_argument::invalid_argument;
};

}  // namespace llmarch
