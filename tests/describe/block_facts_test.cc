// What a description says of each kind of block.
#include "sim/describe/block_facts.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <map>

#include "tests/support/model_specs.h"
#include "tests/support/tiny_models.h"

namespace llmarch {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Not;

BlockFacts described(const GroupedAttention& attention) {
  return describe(tiny_model(attention, tiny_dense()), Mixer(attention));
}

BlockFacts described(const ShortConvolution& convolution) {
  return describe(tiny_model(convolution, tiny_dense()), Mixer(convolution));
}

BlockFacts described(const FeedForward& feed_forward) {
  return describe(tiny_model(tiny_grouped(), feed_forward), feed_forward);
}

// 4 query heads: each with a key/value head of its own, two to one, all to one.
TEST(AnAttention, IsNamedByHowManyQueryHeadsShareAKeyHead) {
  GroupedAttention attention = tiny_grouped();
  const auto name_with = [&](Integer kv_heads) {
    attention.kv_heads = kv_heads;
    return described(attention).name;
  };
  EXPECT_EQ(name_with(4), "multi-head attention");
  EXPECT_EQ(name_with(2), "grouped-query attention");
  EXPECT_EQ(name_with(1), "multi-query attention");
}

TEST(AnAttention, SaysItsSizesAndWhatAQueryAttendsTo) {
  GroupedAttention attention = tiny_grouped();
  attention.rotary = Rotary{10000, RotaryLayout::half_split, LinearScaling{8}};
  attention.window = 512;
  EXPECT_THAT(described(attention).facts,
              ElementsAre(Phrase{Integer(4), " query heads of ", Integer(6)},
                          Phrase{Integer(2), " key/value heads"},
                          Phrase{"RoPE, θ ", 10000.0, ", linear × ", 8.0},
                          Phrase{"attends to, caches the last ", Integer(512)}));
}

TEST(AnAttention, ThatReadsAnothersCacheKeepsNone) {
  GroupedAttention attention = tiny_grouped();
  attention.kv_from = Reference{"local"};
  const BlockFacts block = described(attention);
  EXPECT_FALSE(block.kept);
  EXPECT_THAT(block.traits, Contains(Trait::shared_cache));
  EXPECT_THAT(block.facts, Contains(Phrase{"attends to every position"}));
}

// The norm of queries and keys is described where it is applied.
TEST(AnAttention, IsDescribedInTheOrderInWhichTheDataFlows) {
  GroupedAttention attention = tiny_grouped();
  attention.rotary = Rotary{10000, RotaryLayout::half_split, std::nullopt};
  attention.qk_norm = QkNorm::per_head;
  EXPECT_EQ(described(attention).facts.at(2), Phrase{"QK-norm over each head"});
  attention.qk_norm = QkNorm::unweighted_after_rotation;
  EXPECT_EQ(described(attention).facts.at(3), Phrase{"QK-norm after RoPE, no weights"});
}

TEST(AnAttention, WithoutRotationSeesNoPositionsUnlessTheyAreLearned) {
  ArchSpec spec = tiny_model(tiny_grouped(), tiny_dense());
  const Mixer& mixer = spec.attention.front().value;
  EXPECT_THAT(describe(spec, mixer).traits, Contains(Trait::no_positions));
  EXPECT_THAT(describe(spec, mixer).facts, Contains(Phrase{"no positions (NoPE)"}));
  spec.learned_positions = 32;
  EXPECT_THAT(describe(spec, mixer).traits, IsEmpty());
  EXPECT_THAT(describe(spec, mixer).facts, Not(Contains(Phrase{"no positions (NoPE)"})));
}

TEST(AnAttention, WithChunksNotesThatFiguresAreThoseAtThisPosition) {
  GroupedAttention attention = tiny_grouped();
  EXPECT_THAT(described(attention).notes, IsEmpty());
  attention.chunk = 8192;
  const BlockFacts block = described(attention);
  EXPECT_THAT(block.notes.at(NotedFigures::memory), Contains(Phrase::value_type(Integer(8192))));
  EXPECT_THAT(block.notes.at(NotedFigures::sweep), Contains(Phrase::value_type(Integer(8192))));
}

TEST(AShortConvolution, KeepsItsNewestRowsForEachSequence) {
  const BlockFacts block = described(ShortConvolution{4});
  EXPECT_THAT(block.traits, ElementsAre(Trait::fixed_state));
  EXPECT_THAT(block.facts, Contains(Phrase{"keeps the last ", Integer(3), " positions"}));
  EXPECT_EQ(block.kept.value().each, KeptFor::each_sequence);
  EXPECT_EQ(block.kept.value().elements, 3 * 10);
}

void expect_a_fixed_state(const Mixer& mixer, Integer elements) {
  const BlockFacts block = describe(tiny_model(mixer, tiny_dense()), mixer);
  EXPECT_THAT(block.traits, ElementsAre(Trait::fixed_state));
  EXPECT_EQ(block.kept.value().each, KeptFor::each_sequence);
  EXPECT_EQ(block.kept.value().elements, elements);
}

// 4 states of 3 x 5, and three rows of 2 x 2 x 3 + 4 x 5 columns.
TEST(AGatedDeltaNet, KeepsStatesAndRowsForEachSequence) {
  expect_a_fixed_state(tiny_delta_net(), 4 * 15 + 3 * 32);
}

// 4 states of 3 x 5, and three rows of 4 x 5 + 2 x 2 x 3 columns.
TEST(AMamba2, KeepsStatesAndRowsForEachSequence) {
  expect_a_fixed_state(tiny_mamba(), 4 * 15 + 3 * 32);
}

// 4 states of 3 x 3.
TEST(LightningAttention, KeepsStatesForEachSequence) {
  expect_a_fixed_state(tiny_lightning(), 4 * 9);
}

// 2 states of 3 x 3, and three rows of 3 x 2 x 3 columns.
TEST(KimiDeltaAttention, KeepsStatesAndRowsForEachSequence) {
  expect_a_fixed_state(tiny_kimi_delta(), 2 * 9 + 3 * 18);
}

TEST(AMamba1, KeepsAStateForEachColumnOfEachSequence) {
  expect_a_fixed_state(tiny_mamba1(), 6 * 3 + 3 * 6);
}

TEST(AFeedForward, IsNamedByItsGateAndItsActivation) {
  DenseFeedForward dense = tiny_dense();
  EXPECT_EQ(described(dense).name, "feed-forward, SiLU");
  dense.gated = true;
  EXPECT_EQ(described(dense).name, "feed-forward, SwiGLU");
  dense.activation = Activation::gelu_tanh;
  EXPECT_EQ(described(dense).name, "feed-forward, GeGLU");
}

TEST(AMixture, SaysHowManyOfItsExpertsAreChosen) {
  const BlockFacts block = described(tiny_mixture());
  EXPECT_THAT(block.traits, ElementsAre(Trait::experts));
  EXPECT_THAT(block.facts, Contains(Phrase{Integer(8), " experts, SwiGLU"}));
  EXPECT_THAT(block.facts, Contains(Phrase{Integer(2), " chosen for a token"}));
  EXPECT_THAT(block.notes, Contains(::testing::Key(NotedFigures::work)));
}

// What a block with shared keys and values keeps is described by the entries of its groups alone:
// its window and the tail that waits for its group do not grow.
bool keeps_entries_of_groups(const Block& block) {
  return std::ranges::any_of(
      block.nodes, [](const Node& node) { return std::holds_alternative<AttendShared>(node.op); });
}

class EveryDescription : public ::testing::TestWithParam<std::string> {};

// The description is made from the spec, the graph by lowering: what a position adds to the caches
// of all layers, and what a sequence has of fixed states, is the same in both.
TEST_P(EveryDescription, KeepsWhatTheGraphCaches) {
  const ArchSpec spec = model_spec(GetParam());
  std::map<KeptFor, Integer> described;
  for (const std::size_t kind : layer_sequence(spec)) {
    for (const std::size_t mixer : mixers_of(spec.layer.at(kind).value)) {
      const BlockFacts block = describe(spec, spec.attention.at(mixer).value);
      if (block.kept) described[block.kept->each] += block.kept->elements;
    }
  }
  const OpGraph graph = lower(spec);
  std::map<KeptFor, Integer> cached;
  for (const Cache& cache : graph.caches) {
    const Block& block = graph.blocks.at(cache.block);
    const bool fixed = std::holds_alternative<Fixed>(cache.state);
    const bool entries = std::holds_alternative<Compressed>(cache.state);
    if (keeps_entries_of_groups(block) && !entries) continue;
    cached[entries ? KeptFor::each_group
           : fixed ? KeptFor::each_sequence
                   : KeptFor::each_position] += cache.columns * block.repeats;
  }
  EXPECT_EQ(described, cached);
}

INSTANTIATE_TEST_SUITE_P(Specs, EveryDescription, ::testing::ValuesIn(model_names()), test_name);

}  // namespace
}  // namespace llmarch
