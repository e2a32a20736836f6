// The operations that treat each row by itself. Hidden 10, vocabulary 31, feed-forward width 15.
#include "tests/cost/priced.h"

namespace llmarch {
namespace {

ArchSpec smallest() {
  return tiny_model(tiny_grouped(), tiny_dense());
}

ArchSpec with_dense(const DenseFeedForward& dense) {
  return tiny_model(tiny_grouped(), dense);
}

TEST(TheEmbedding, OpensOneRowForEachToken) {
  EXPECT_EQ(priced(smallest(), kDecode, "token embedding"),
            by_hand({.weights = 2 * 10, .written = 2 * 10}));
  EXPECT_EQ(priced(smallest(), kPrefill, "token embedding"),
            by_hand({.weights = 2 * 4 * 10, .written = 2 * 4 * 10}));
}

TEST(LearnedPositions, AreOpenedRowByRowAndAdded) {
  ArchSpec spec = smallest();
  spec.learned_positions = 32;
  EXPECT_EQ(priced(spec, kDecode, "position embedding"),
            by_hand({.other = 2 * 10, .weights = 2 * 10, .read = 2 * 10, .written = 2 * 10}));
  EXPECT_EQ(
      priced(spec, kPrefill, "position embedding"),
      by_hand(
          {.other = 2 * 4 * 10, .weights = 2 * 4 * 10, .read = 2 * 4 * 10, .written = 2 * 4 * 10}));
}

TEST(AnRmsNorm, TakesFourPerElementTwoPerVectorAndARoot) {
  EXPECT_EQ(priced(smallest(), kDecode, "attention norm"), by_hand({.other = 2 * (4 * 10 + 2),
                                                                    .transcendentals = 2,
                                                                    .weights = 10,
                                                                    .read = 2 * 10,
                                                                    .written = 2 * 10}));
  EXPECT_EQ(priced(smallest(), kPrefill, "feed-forward norm"),
            by_hand({.other = 2 * 4 * (4 * 10 + 2),
                     .transcendentals = 2 * 4,
                     .weights = 10,
                     .read = 2 * 4 * 10,
                     .written = 2 * 4 * 10}));
}

TEST(ALayerNorm, TakesSevenPerElementThreePerVectorARootAndABias) {
  ArchSpec spec = smallest();
  spec.norm.kind = NormKind::layer;
  EXPECT_EQ(priced(spec, kPrefill, "attention norm"), by_hand({.other = 2 * 4 * (7 * 10 + 3),
                                                               .transcendentals = 2 * 4,
                                                               .weights = 10 + 10,
                                                               .read = 2 * 4 * 10,
                                                               .written = 2 * 4 * 10}));
}

// A bias less is 1 per element less, a weight less another.
TEST(ALayerNorm, TakesLessWithoutItsParameters) {
  ArchSpec spec = smallest();
  spec.norm.kind = NormKind::layer;
  spec.norm.without = NormOmission::bias;
  EXPECT_EQ(priced(spec, kPrefill, "attention norm"), by_hand({.other = 2 * 4 * (6 * 10 + 3),
                                                               .transcendentals = 2 * 4,
                                                               .weights = 10,
                                                               .read = 2 * 4 * 10,
                                                               .written = 2 * 4 * 10}));
  spec.norm.without = NormOmission::weight_and_bias;
  EXPECT_EQ(priced(spec, kPrefill, "attention norm"), by_hand({.other = 2 * 4 * (5 * 10 + 3),
                                                               .transcendentals = 2 * 4,
                                                               .weights = 0,
                                                               .read = 2 * 4 * 10,
                                                               .written = 2 * 4 * 10}));
}

TEST(TheFinalNorm, SeesOnlyTheRowsWhoseLogitsAreWanted) {
  EXPECT_EQ(priced(smallest(), kPrefill, "final norm"), by_hand({.other = 2 * (4 * 10 + 2),
                                                                 .transcendentals = 2,
                                                                 .weights = 10,
                                                                 .read = 2 * 10,
                                                                 .written = 2 * 10}));
  Workload all = kPrefill;
  all.logits = Logits::all;
  EXPECT_EQ(priced(smallest(), all, "final norm"), by_hand({.other = 2 * 4 * (4 * 10 + 2),
                                                            .transcendentals = 2 * 4,
                                                            .weights = 10,
                                                            .read = 2 * 4 * 10,
                                                            .written = 2 * 4 * 10}));
}

TEST(AProjection, TakesTwoPerWeightAndRow) {
  EXPECT_EQ(
      priced(smallest(), kDecode, "up projection"),
      by_hand({.matrix = 2 * 2 * 10 * 15, .weights = 15 * 10, .read = 2 * 10, .written = 2 * 15}));
  EXPECT_EQ(priced(smallest(), kPrefill, "down projection"), by_hand({.matrix = 2 * 2 * 4 * 15 * 10,
                                                                      .weights = 10 * 15,
                                                                      .read = 2 * 4 * 15,
                                                                      .written = 2 * 4 * 10}));
}

TEST(AProjection, AddsItsBiasToEveryRow) {
  DenseFeedForward dense = tiny_dense();
  dense.bias = true;
  EXPECT_EQ(priced(with_dense(dense), kPrefill, "up projection"),
            by_hand({.matrix = 2 * 2 * 4 * 10 * 15,
                     .other = 2 * 4 * 15,
                     .weights = 15 * 10 + 15,
                     .read = 2 * 4 * 10,
                     .written = 2 * 4 * 15}));
  EXPECT_EQ(priced(with_dense(dense), kDecode, "down projection"),
            by_hand({.matrix = 2 * 2 * 15 * 10,
                     .other = 2 * 10,
                     .weights = 10 * 15 + 10,
                     .read = 2 * 15,
                     .written = 2 * 10}));
}

TEST(AnActivation, IsPricedByItsFormula) {
  struct Price {
    Activation activation;
    std::int64_t flops, transcendentals;
  };
  const Price prices[] = {{Activation::gelu_tanh, 8, 1},
                          {Activation::gelu_erf, 4, 1},
                          {Activation::silu, 2, 1},
                          {Activation::relu, 0, 0}};
  for (const auto& [activation, flops, transcendentals] : prices) {
    DenseFeedForward dense = tiny_dense();
    dense.activation = activation;
    EXPECT_EQ(priced(with_dense(dense), kDecode, "activation"),
              by_hand({.other = 2 * 15 * flops,
                       .transcendentals = 2 * 15 * transcendentals,
                       .read = 2 * 15,
                       .written = 2 * 15}));
    dense.gated = true;
    EXPECT_EQ(priced(with_dense(dense), kPrefill, "gated activation"),
              by_hand({.other = 2 * 4 * 15 * (flops + 1),
                       .transcendentals = 2 * 4 * 15 * transcendentals,
                       .read = 2 * 4 * 15 + 2 * 4 * 15,
                       .written = 2 * 4 * 15}));
  }
}

TEST(AGate, IsAThirdProjection) {
  DenseFeedForward dense = tiny_dense();
  dense.gated = true;
  dense.bias = true;
  EXPECT_EQ(priced(with_dense(dense), kDecode, "gate projection"),
            by_hand({.matrix = 2 * 2 * 10 * 15,
                     .other = 2 * 15,
                     .weights = 15 * 10 + 15,
                     .read = 2 * 10,
                     .written = 2 * 15}));
}

TEST(AResidual, IsOneAddPerElement) {
  for (const auto* name : {"residual after attention", "residual after feed-forward"}) {
    EXPECT_EQ(priced(smallest(), kDecode, name),
              by_hand({.other = 2 * 10, .read = 2 * 10 + 2 * 10, .written = 2 * 10}));
    EXPECT_EQ(
        priced(smallest(), kPrefill, name),
        by_hand({.other = 2 * 4 * 10, .read = 2 * 4 * 10 + 2 * 4 * 10, .written = 2 * 4 * 10}));
  }
}

TEST(TheChoiceOfPositions, CopiesTheLastRowOfEachSequence) {
  EXPECT_EQ(priced(smallest(), kPrefill, "select positions"),
            by_hand({.read = 2 * 10, .written = 2 * 10}));
  Workload all = kPrefill;
  all.logits = Logits::all;
  EXPECT_EQ(priced(smallest(), all, "select positions"),
            by_hand({.read = 2 * 4 * 10, .written = 2 * 4 * 10}));
}

TEST(TheHead, ReadsAMatrixOfItsOwnOrTheEmbedding) {
  const Work work =
      by_hand({.matrix = 2 * 2 * 10 * 31, .weights = 31 * 10, .read = 2 * 10, .written = 2 * 31});
  EXPECT_EQ(priced(smallest(), kDecode, "head"), work);
  EXPECT_EQ(priced(smallest(), kPrefill, "head"), work);
  ArchSpec tied = smallest();
  tied.head = Head::tied;
  EXPECT_EQ(priced(tied, kDecode, "head (tied)"), work);
}

TEST(ALine, HoldsEveryLayerOfItsKind) {
  ArchSpec spec = smallest();
  spec.stack.front().repeat = 3;
  EXPECT_EQ(priced(spec, kDecode, "up projection"), by_hand({.matrix = 3 * 2 * 2 * 10 * 15,
                                                             .weights = 3 * 15 * 10,
                                                             .read = 3 * 2 * 10,
                                                             .written = 3 * 2 * 15}));
  EXPECT_EQ(priced(spec, kDecode, "token embedding"),
            by_hand({.weights = 2 * 10, .written = 2 * 10}))
      << "the embedding is no layer";
}

}  // namespace
}  // namespace llmarch
