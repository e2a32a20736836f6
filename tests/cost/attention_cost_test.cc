// Grouped-query attention. Hidden 10; 4 query heads and 2 key/value heads of width 6.
#include "tests/cost/priced.h"

namespace llmarch {
namespace {

ArchSpec with_attention(const GroupedAttention& attention) {
  return tiny_model(attention, tiny_dense());
}

ArchSpec plain() {
  return with_attention(tiny_grouped());
}

TEST(GroupedProjections, AreAsWideAsTheirHeads) {
  EXPECT_EQ(priced(plain(), kDecode, "query projection"), by_hand({.matrix = 2 * 2 * 10 * (4 * 6),
                                                                   .weights = (4 * 6) * 10,
                                                                   .read = 2 * 10,
                                                                   .written = 2 * (4 * 6)}));
  for (const auto* name : {"key projection", "value projection"}) {
    EXPECT_EQ(priced(plain(), kPrefill, name), by_hand({.matrix = 2 * 2 * 4 * 10 * (2 * 6),
                                                        .weights = (2 * 6) * 10,
                                                        .read = 2 * 4 * 10,
                                                        .written = 2 * 4 * (2 * 6)}));
  }
  EXPECT_EQ(priced(plain(), kDecode, "attention output"), by_hand({.matrix = 2 * 2 * (4 * 6) * 10,
                                                                   .weights = 10 * (4 * 6),
                                                                   .read = 2 * (4 * 6),
                                                                   .written = 2 * 10}));
}

TEST(GroupedProjections, HaveTheBiasesThatTheSpecGivesThem) {
  GroupedAttention attention = tiny_grouped();
  attention.qkv_bias = true;
  ArchSpec spec = with_attention(attention);
  EXPECT_EQ(priced(spec, kDecode, "query projection").other, Flops(2 * 4 * 6));
  EXPECT_EQ(priced(spec, kDecode, "query projection").weights_read, Elements(24 * 10 + 24));
  EXPECT_EQ(priced(spec, kPrefill, "key projection").other, Flops(2 * 4 * 2 * 6));
  EXPECT_EQ(priced(spec, kPrefill, "value projection").weights_read, Elements(12 * 10 + 12));
  EXPECT_EQ(priced(spec, kDecode, "attention output").other, Flops(0));

  attention.qkv_bias = false;
  attention.output_bias = true;
  spec = with_attention(attention);
  EXPECT_EQ(priced(spec, kDecode, "query projection").other, Flops(0));
  EXPECT_EQ(priced(spec, kDecode, "attention output").other, Flops(2 * 10));
  EXPECT_EQ(priced(spec, kDecode, "attention output").weights_read, Elements(10 * 24 + 10));
}

TEST(QkNorms, NormaliseEachHeadWithOneWeight) {
  GroupedAttention attention = tiny_grouped();
  attention.qk_norm = QkNorm::per_head;
  const ArchSpec spec = with_attention(attention);
  EXPECT_EQ(priced(spec, kDecode, "query norm"), by_hand({.other = 2 * 4 * (4 * 6 + 2),
                                                          .transcendentals = 2 * 4,
                                                          .weights = 6,
                                                          .read = 2 * 24,
                                                          .written = 2 * 24}));
  EXPECT_EQ(priced(spec, kPrefill, "key norm"), by_hand({.other = 2 * 4 * 2 * (4 * 6 + 2),
                                                         .transcendentals = 2 * 4 * 2,
                                                         .weights = 6,
                                                         .read = 2 * 4 * 12,
                                                         .written = 2 * 4 * 12}));
}

TEST(ARotation, TakesSixForEachPair) {
  GroupedAttention attention = tiny_grouped();
  attention.rotary = Rotary{10000, RotaryLayout::half_split, std::nullopt};
  const ArchSpec spec = with_attention(attention);
  EXPECT_EQ(priced(spec, kDecode, "rotate queries"),
            by_hand({.other = 6 * 2 * 4 * (6 / 2), .read = 2 * 24, .written = 2 * 24}));
  EXPECT_EQ(priced(spec, kPrefill, "rotate keys"),
            by_hand({.other = 6 * 2 * 4 * 2 * (6 / 2), .read = 2 * 4 * 12, .written = 2 * 4 * 12}));
}

TEST(TheCache, TakesTheKeysAndValuesOfNewTokensOnly) {
  for (const auto* name : {"store keys", "store values"}) {
    EXPECT_EQ(priced(plain(), kDecode, name),
              by_hand({.cache_written = 2 * 2 * 6, .read = 2 * 2 * 6}));
    EXPECT_EQ(priced(plain(), kPrefill, name),
              by_hand({.cache_written = 2 * 4 * 2 * 6, .read = 2 * 4 * 2 * 6}));
  }
}

// A score is a product of length 6, scaled; its softmax three more and one exp; its value a product
// that adds 6 elements.
TEST(Attention, AttendsToEveryKeyOfTheContextInDecode) {
  EXPECT_EQ(priced(plain(), kDecode, "attention"),
            by_hand({.matrix = (2 * 9) * 4 * (2 * 6 + 2 * 6),
                     .other = (2 * 9) * 4 * (1 + 3),
                     .transcendentals = (2 * 9) * 4,
                     .cache_read = 2 * 9 * (2 * 6) + 2 * 9 * (2 * 6),
                     .read = 2 * 24,
                     .written = 2 * 24}));
}

TEST(AGrowthOfScores, TakesOneProductMoreForEachScore) {
  GroupedAttention attention = tiny_grouped();
  attention.score_growth_length = 4;
  EXPECT_EQ(priced(tiny_model(attention, tiny_dense()), kDecode, "attention"),
            by_hand({.matrix = (2 * 9) * 4 * (2 * 6 + 2 * 6),
                     .other = (2 * 9) * 4 * (1 + 3 + 1),
                     .transcendentals = (2 * 9) * 4,
                     .cache_read = 2 * 9 * (2 * 6) + 2 * 9 * (2 * 6),
                     .read = 2 * 24,
                     .written = 2 * 24}));
}

TEST(Attention, IsATriangleInPrefill) {
  EXPECT_EQ(priced(plain(), kPrefill, "attention"),
            by_hand({.matrix = 2 * (1 + 2 + 3 + 4) * 4 * (2 * 6 + 2 * 6),
                     .other = 2 * (1 + 2 + 3 + 4) * 4 * (1 + 3),
                     .transcendentals = 2 * (1 + 2 + 3 + 4) * 4,
                     .cache_read = 2 * 4 * (2 * 6) + 2 * 4 * (2 * 6),
                     .read = 2 * 4 * 24,
                     .written = 2 * 4 * 24}));
}

TEST(Attention, AfterAPastIsATriangleOnARectangle) {
  const Workload chunk{1, 5, 3, {LatentForm::expanded}, Logits::last};
  EXPECT_EQ(priced(plain(), chunk, "attention"),
            by_hand({.matrix = (6 + 7 + 8) * 4 * (2 * 6 + 2 * 6),
                     .other = (6 + 7 + 8) * 4 * (1 + 3),
                     .transcendentals = (6 + 7 + 8) * 4,
                     .cache_read = (5 + 3) * (2 * 6) + (5 + 3) * (2 * 6),
                     .read = 3 * 24,
                     .written = 3 * 24}));
}

TEST(SharedKeyHeads, SaveCacheAndNoArithmetic) {
  GroupedAttention multi_head = tiny_grouped();
  multi_head.kv_heads = 4;
  const Work shared = priced(plain(), kDecode, "attention");
  const Work own = priced(with_attention(multi_head), kDecode, "attention");
  EXPECT_EQ(own.matrix, shared.matrix);
  EXPECT_EQ(own.other, shared.other);
  EXPECT_EQ(own.cache_read, shared.cache_read * 2);
}

TEST(AModelWithoutRotary, RotatesNothing) {
  const OpGraph graph = lower(plain());
  for (const Node& node : graph.blocks.at(1).nodes) {
    EXPECT_FALSE(std::holds_alternative<Rotate>(node.op)) << node.name;
  }
}

}  // namespace
}  // namespace llmarch
