// To which part of a model each operation belongs, and what kind of work it is.
#include "sim/graph/builder.h"
#include "tests/graph/operations.h"

namespace llmarch {
namespace {

TEST(ABlock, AppendsNothingBeforeItSaysToWhichPartOfTheModelItBelongs) {
  GraphBuilder build;
  build.begin_block("embedding", BlockKind::input);
  build.in(Component::token_embedding, WorkKind::embedding);
  const ValueId x = build.embed(31, 10, WeightRole::token_embedding);
  EXPECT_NO_THROW(build.scale("scale embedding", x, 2));
  build.end_block(x);
  build.begin_block("block", BlockKind::layer);
  EXPECT_THROW(build.scale("scale", build.block_input(10), 2), std::bad_optional_access);
}

const Node& only_node(const OpGraph& graph, std::string_view name) {
  const Node* found = nullptr;
  for (const Block& block : graph.blocks) {
    for (const Node& node : block.nodes) {
      if (node.name != name) continue;
      EXPECT_EQ(found, nullptr) << "two operations are called " << name;
      found = &node;
    }
  }
  if (found == nullptr) throw std::logic_error("no operation of that name");
  return *found;
}

// The coefficients of parallel streams come from an activation, as a feed-forward's hidden units
// do: what an operation is for cannot be told from its type.
TEST(OperationsOfOneType, AreTheWorkOfWhereTheyStand) {
  ArchSpec spec = tiny_model(tiny_grouped(), tiny_dense());
  spec.parallel_streams = ParallelStreams{4, 1, std::nullopt};
  spec.head = Head::tied;
  const OpGraph graph = lower(spec);
  for (const Node& node : graph.blocks.at(1).nodes) {
    if (!std::holds_alternative<Activate>(node.op)) continue;
    const auto& op = std::get<Activate>(node.op);
    const bool of_streams = op.activation == Activation::tanh;
    EXPECT_EQ(node.part, of_streams ? Component::parallel_streams : Component::feed_forward);
    EXPECT_EQ(node.kind, WorkKind::feed_forward);
  }
  EXPECT_EQ(only_node(graph, "head (tied)").part, Component::head);
  EXPECT_EQ(only_node(graph, "head (tied)").kind, WorkKind::head);
  EXPECT_EQ(only_node(graph, "attention").kind, WorkKind::attention);
  EXPECT_EQ(only_node(graph, "attention output").kind, WorkKind::projections);
  EXPECT_EQ(only_node(graph, "residual after attention").part, Component::attention);
  EXPECT_EQ(only_node(graph, "residual after attention").kind, WorkKind::residual);
}

TEST(TheSumAfterAMixture, IsThePartOfItsExperts) {
  const OpGraph graph = lower(tiny_model(tiny_grouped(), tiny_mixture()));
  EXPECT_EQ(only_node(graph, "residual after feed-forward").part, Component::experts);
  EXPECT_EQ(only_node(graph, "router").part, Component::router);
  EXPECT_EQ(only_node(graph, "feed-forward norm").part, Component::norms);
}

}  // namespace
}  // namespace llmarch
