// How the sublayers of a layer become operations: what reads what, where the norms stand, and where
// in the layer each weight belongs.
#include "tests/graph/operations.h"

namespace llmarch {
namespace {

using testing::ElementsAre;

SublayerBlock attention() {
  return {Reference{"mix", 0}, std::nullopt};
}
SublayerBlock feed_forward() {
  return {std::nullopt, Reference{"feed", 0}};
}
SublayerBlock with_norm(SublayerBlock block, NormPlacement placement) {
  block.norm = Norm{NormKind::rms, 1e-6, placement};
  return block;
}

// Grouped attention and a dense feed-forward in these sublayers.
OpGraph lowered(std::vector<Sublayer> sublayers) {
  ArchSpec spec = tiny_model(tiny_grouped(), tiny_dense());
  spec.layer.front().value = {std::nullopt, std::nullopt, std::move(sublayers)};
  return lower(spec);
}

std::vector<WeightRole> norms_of_layer(const OpGraph& graph) {
  std::vector<WeightRole> roles;
  for (const Weight& weight : graph.weights) {
    if (weight.block == 1 && kind_of(weight.role) == WeightKind::norm) roles.push_back(weight.role);
  }
  return roles;
}

ValueId layer_input(const OpGraph& graph) {
  return graph.blocks.at(1).input.value();
}

// x + (attention(norm(x)) + feed_forward(norm(x)))
TEST(ParallelBlocks, ReadOneNormAndAreAddedTogether) {
  const OpGraph graph = lowered({{{attention(), feed_forward()}}});
  EXPECT_THAT(norms_of_layer(graph), ElementsAre(WeightRole::attention_norm));
  const Normalize norm = only<Normalize>(graph, "attention norm");
  EXPECT_EQ(norm.in, layer_input(graph));
  EXPECT_EQ(only<Project>(graph, "query projection").in, norm.out);
  EXPECT_EQ(only<Project>(graph, "up projection").in, norm.out);
  const Add sum = only<Add>(graph, "sum of parallel blocks");
  EXPECT_EQ(sum.left, only<Project>(graph, "attention output").out);
  EXPECT_EQ(sum.right, only<Project>(graph, "down projection").out);
  const Add residual = only<Add>(graph, "residual after attention");
  EXPECT_EQ(residual.left, layer_input(graph));
  EXPECT_EQ(residual.right, sum.out);
  EXPECT_EQ(graph.blocks.at(1).output, residual.out);
}

// x + attention(norm_1(x)) + feed_forward(norm_2(x))
TEST(ParallelBlocks, MayHaveANormEachAndNoneTogether) {
  const OpGraph graph = lowered({{{with_norm(attention(), NormPlacement::before),
                                   with_norm(feed_forward(), NormPlacement::before)}}});
  EXPECT_THAT(norms_of_layer(graph),
              ElementsAre(WeightRole::attention_norm, WeightRole::feed_forward_norm));
  EXPECT_EQ(only<Normalize>(graph, "attention norm").in, layer_input(graph));
  EXPECT_EQ(only<Normalize>(graph, "feed-forward norm").in, layer_input(graph));
}

// x + norm(norm_1(f(norm_1(x))) + norm_2(f(norm_2(x)))): Gemma 4's mixture beside a dense one.
TEST(ASublayer, MayHaveANormAfterTheSumOfBlocksWithNorms) {
  const OpGraph graph = lowered({{{with_norm(feed_forward(), NormPlacement::before_and_after),
                                   with_norm(feed_forward(), NormPlacement::before_and_after)},
                                  Norm{NormKind::rms, 1e-6, NormPlacement::after}}});
  const auto norms = in_block<Normalize>(graph, 1);
  ASSERT_EQ(norms.size(), 5U);
  EXPECT_EQ(norms[0].in, layer_input(graph));
  EXPECT_EQ(norms[2].in, layer_input(graph));
  const Add sum = only<Add>(graph, "sum of parallel blocks");
  EXPECT_EQ(sum.left, norms[1].out);
  EXPECT_EQ(sum.right, norms[3].out);
  EXPECT_EQ(norms[4].in, sum.out);
  EXPECT_EQ(only<Add>(graph, "residual after feed-forward").right, norms[4].out);
}

// LongCat-Flash: the delayed block reads what the second sublayer reads, and is added after the
// fourth.
TEST(ADelayedBlock, ReadsItsOwnSublayersInputAndIsAddedAfterALaterOne) {
  SublayerBlock delayed = feed_forward();
  delayed.delay = 2;
  const OpGraph graph =
      lowered({{{attention()}}, {{feed_forward(), delayed}}, {{attention()}}, {{feed_forward()}}});
  const auto norms = in_block<Normalize>(graph, 1);
  ASSERT_EQ(norms.size(), 4U);
  std::vector<Project> ups;
  std::vector<Project> downs;
  for (const Node& node : graph.blocks.at(1).nodes) {
    if (node.name == "up projection") ups.push_back(std::get<Project>(node.op));
    if (node.name == "down projection") downs.push_back(std::get<Project>(node.op));
  }
  ASSERT_EQ(ups.size(), 3U);
  EXPECT_EQ(ups[0].in, norms[1].out);
  EXPECT_EQ(ups[1].in, norms[1].out);
  EXPECT_EQ(ups[2].in, norms[3].out);
  const Add last = only<Add>(graph, "residual after delayed block");
  EXPECT_EQ(last.right, downs[1].out);
  EXPECT_EQ(graph.blocks.at(1).output, last.out);
  EXPECT_EQ(in_block<Add>(graph, 1).at(3).out, last.left);
}

TEST(ALayerOfOneSublayer, HasOneNormAndOneBlock) {
  const OpGraph graph = lowered({{{feed_forward()}}});
  EXPECT_THAT(norms_of_layer(graph), ElementsAre(WeightRole::feed_forward_norm));
  EXPECT_TRUE(graph.caches.empty());
  EXPECT_EQ(in_block<Add>(graph, 1).size(), 1U);
}

TEST(ANormWithoutParameters, HasNoWeights) {
  for (const NormKind kind : {NormKind::rms, NormKind::layer}) {
    Norm norm{kind, 1e-6, NormPlacement::before};
    norm.without = NormOmission::weight_and_bias;
    const OpGraph graph = lowered({{{feed_forward()}, norm}});
    EXPECT_TRUE(norms_of_layer(graph).empty());
    EXPECT_EQ(only<Normalize>(graph, "feed-forward norm").weight, std::nullopt);
  }
  Norm norm{NormKind::layer, 1e-6, NormPlacement::before};
  norm.without = NormOmission::bias;
  const OpGraph graph = lowered({{{feed_forward()}, norm}});
  EXPECT_THAT(norms_of_layer(graph), ElementsAre(WeightRole::feed_forward_norm));
  EXPECT_EQ(only<Normalize>(graph, "feed-forward norm").bias, std::nullopt);
}

// What a checkpoint needs to tell two weights of one role apart.
TEST(AWeight, KnowsItsSublayerAndItsBlock) {
  const OpGraph graph = lowered({{{attention()}},
                                 {{with_norm(feed_forward(), NormPlacement::before),
                                   with_norm(feed_forward(), NormPlacement::before)},
                                  Norm{NormKind::rms, 1e-6, NormPlacement::after}}});
  std::vector<std::pair<std::size_t, std::optional<std::size_t>>> norms;
  for (const Weight& weight : graph.weights) {
    if (weight.block != 1 || kind_of(weight.role) != WeightKind::norm) continue;
    norms.emplace_back(weight.place.sublayer, weight.place.block);
  }
  EXPECT_THAT(norms, ElementsAre(std::pair(0U, std::nullopt), std::pair(1U, std::optional(0U)),
                                 std::pair(1U, std::optional(1U)), std::pair(1U, std::nullopt)));
  EXPECT_EQ(graph.weights.back().place.sublayer, 0U) << "the head is in no sublayer";
}

// A layer whose second mixer reads the cache that the first one fills.
TEST(AMixer, MayReadTheCacheOfItsOwnLayer) {
  ArchSpec spec = tiny_model(tiny_grouped(), tiny_dense());
  GroupedAttention reader = tiny_grouped();
  reader.kv_from = Reference{"mix", 0};
  spec.attention.push_back({"reader", reader});
  spec.layer.front().value = {
      std::nullopt, std::nullopt,
      std::vector<Sublayer>{{{attention()}}, {{{Reference{"reader", 1}, std::nullopt}}}}};
  const OpGraph graph = lower(spec);
  const auto attends = in_block<Attend>(graph, 1);
  ASSERT_EQ(attends.size(), 2U);
  EXPECT_EQ(attends[1].keys, attends[0].keys);
  EXPECT_EQ(graph.caches.size(), 2U);
}

}  // namespace
}  // namespace llmarch
