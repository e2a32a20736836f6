// A graph of caches, one of each kind of state, and of the attention that reads those that grow,
// for the tests of what they hold.
#pragma once

#include "sim/graph/op_graph.h"

namespace llmarch {

// Two layers. Keys of 6 columns that every query reaches, a window of 3 keys of 4, a fixed state of
// 10, and an entry of 8 for every 4 positions.
inline OpGraph graph_of_caches() {
  OpGraph graph;
  graph.blocks.resize(1);
  graph.blocks.front().name = "layer";
  graph.blocks.front().kind = BlockKind::layer;
  graph.blocks.front().repeats = 2;
  graph.caches = {{"keys", 0, 6, Growing{EveryKey{}}},
                  {"window", 0, 4, Growing{Window{3}}},
                  {"state", 0, 10, Fixed{}},
                  {"entries", 0, 8, Compressed{4}}};
  graph.layers = {0, 0};
  for (const CacheId id : {CacheId(0), CacheId(1), CacheId(3)}) {
    Attend attend{};
    attend.query_heads = attend.kv_heads = 1;
    attend.head_dim = graph.caches[id].columns;
    attend.keys = attend.values = id;
    graph.blocks.front().nodes.push_back(
        {"attention", WorkKind::attention, Component::attention, attend});
  }
  return graph;
}

inline constexpr CacheId kFixedState = 2;

}  // namespace llmarch
