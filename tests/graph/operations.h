// How the tests of this folder look into a graph.
#pragma once

#include <gmock/gmock.h>

#include <string_view>
#include <vector>

#include "tests/support/tiny_models.h"

namespace llmarch {

// The operations of one kind in a block, in order.
template <class Operation>
std::vector<Operation> in_block(const OpGraph& graph, std::size_t block) {
  std::vector<Operation> found;
  for (const Node& node : graph.blocks.at(block).nodes) {
    if (const auto* op = std::get_if<Operation>(&node.op)) found.push_back(*op);
  }
  return found;
}

// The only operation of that kind and name.
template <class Operation>
Operation only(const OpGraph& graph, std::string_view name) {
  std::vector<Operation> found;
  for (const Block& block : graph.blocks) {
    for (const Node& node : block.nodes) {
      const auto* op = std::get_if<Operation>(&node.op);
      if (op != nullptr && node.name == name) found.push_back(*op);
    }
  }
  EXPECT_EQ(found.size(), 1U) << name;
  return found.at(0);
}

}  // namespace llmarch
