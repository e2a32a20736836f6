// Operations that scale or cap values. Hidden 10, 4 query heads of width 6, vocabulary 31, 2 of 8
// experts with shared ones of width 11.
#include "tests/cost/priced.h"

namespace llmarch {
namespace {

TEST(AScaledEmbedding, TakesOneProductForEachElement) {
  ArchSpec spec = tiny_model(tiny_grouped(), tiny_dense());
  spec.scaled_embedding = true;
  EXPECT_EQ(priced(spec, kPrefill, "scale embedding"),
            by_hand({.other = 2 * 4 * 10, .read = 2 * 4 * 10, .written = 2 * 4 * 10}));
}

TEST(ATemperature, TakesOneProductForEachElementOfTheQueries) {
  GroupedAttention attention = tiny_grouped();
  attention.temperature = Temperature{0.1, 4};
  EXPECT_EQ(priced(tiny_model(attention, tiny_dense()), kPrefill, "temperature"),
            by_hand({.other = 2 * 4 * 24, .read = 2 * 4 * 24, .written = 2 * 4 * 24}));
}

// Over the cap, tanh, times the cap; of the rows whose logits are wanted.
TEST(CappedLogits, TakeTwoAndATanhForEachLogit) {
  ArchSpec spec = tiny_model(tiny_grouped(), tiny_dense());
  spec.logit_soft_cap = 30.0;
  EXPECT_EQ(
      priced(spec, kPrefill, "cap logits"),
      by_hand({.other = 2 * 2 * 31, .transcendentals = 2 * 31, .read = 2 * 31, .written = 2 * 31}));
}

// A sigmoid (2 and an exp) for each token, a product for each element.
TEST(AGateOnSharedExperts, IsASigmoidForEachToken) {
  MixtureFeedForward mixture = tiny_mixture();
  mixture.shared_width = 11;
  mixture.shared_gate = true;
  EXPECT_EQ(priced(tiny_model(tiny_grouped(), mixture), kPrefill, "gate shared experts"),
            by_hand({.other = 2 * 4 * (10 + 2),
                     .transcendentals = 2 * 4,
                     .read = 2 * 4 * (10 + 1),
                     .written = 2 * 4 * 10}));
}

TEST(Multipliers, TakeOneProductForEachElement) {
  ArchSpec spec = tiny_model(tiny_grouped(), tiny_dense());
  spec.embedding_multiplier = 12;
  spec.logit_multiplier = 0.0625;
  const Work rows = by_hand({.other = 2 * 4 * 10, .read = 2 * 4 * 10, .written = 2 * 4 * 10});
  EXPECT_EQ(priced(spec, kPrefill, "multiply embedding"), rows);
  EXPECT_EQ(priced(spec, kPrefill, "multiply logits"),
            by_hand({.other = 2 * 31, .read = 2 * 31, .written = 2 * 31}));
}

// A layer has two branches, one from each of its sublayers.
TEST(AResidualMultiplier, TakesOneProductForEachElementOfABranch) {
  ArchSpec spec = tiny_model(tiny_grouped(), tiny_dense());
  const Work plain = predict(lower(spec), kPrefill).total;
  spec.residual_multiplier = 0.22;
  Work multiplied = plain;
  multiplied += by_hand({.other = 2 * 80, .read = 2 * 80, .written = 2 * 80});
  EXPECT_EQ(predict(lower(spec), kPrefill).total, multiplied);
}

TEST(AHeadBias, IsAddedToEachLogit) {
  ArchSpec spec = tiny_model(tiny_grouped(), tiny_dense());
  const Work plain = priced(spec, kDecode, "head");
  spec.head_bias = true;
  const Work biased = priced(spec, kDecode, "head");
  EXPECT_EQ(biased.other, plain.other + Flops(2 * 31));
  EXPECT_EQ(biased.weights_read, plain.weights_read + Elements(31));
}

// Comparisons are no arithmetic; queries are 4 x 6 wide.
TEST(AClip, ReadsAndWritesOnly) {
  GroupedAttention attention = tiny_grouped();
  attention.qkv_clip = 8.0;
  EXPECT_EQ(priced(tiny_model(attention, tiny_dense()), kPrefill, "clip queries"),
            by_hand({.read = 2 * 4 * 24, .written = 2 * 4 * 24}));
}

// For each of 2 chosen and each of 8 experts: the distance and what it is divided by (2), and a
// softmax (3 and an exp).
TEST(ASparsemixer, TakesASoftmaxForEachExpertThatIsChosen) {
  MixtureFeedForward mixture = tiny_mixture();
  mixture.router.scoring = Scoring::sparsemixer;
  mixture.router.jitter = 0.01;
  const Work router = priced(tiny_model(tiny_grouped(), mixture), kDecode, "router");
  EXPECT_EQ(router.other, Flops(2 * 2 * 8 * 5));
  EXPECT_EQ(router.transcendentals, Transcendentals(2 * 2 * 8));
}

TEST(ScaledInputs, CostAsMuchAsScaledOutputs) {
  MixtureFeedForward mixture = tiny_mixture();
  const Work outputs = priced(tiny_model(tiny_grouped(), mixture), kDecode, "experts");
  mixture.scaled_input = true;
  EXPECT_EQ(priced(tiny_model(tiny_grouped(), mixture), kDecode, "experts"), outputs);
}

TEST(GroupsScoredByTheirBest, AddNothing) {
  MixtureFeedForward mixture = tiny_mixture();
  const Work plain = priced(tiny_model(tiny_grouped(), mixture), kDecode, "router");
  mixture.router.groups = ExpertGroups{4, 2, GroupScore::best};
  EXPECT_EQ(priced(tiny_model(tiny_grouped(), mixture), kDecode, "router"), plain);
}

// Each of 24 elements takes a square and its sum, a scaling and a weight; the whole takes 2 and a
// root.
TEST(AQkNormOfTheWhole, IsOneVectorForEachToken) {
  GroupedAttention attention = tiny_grouped();
  attention.qk_norm = QkNorm::whole;
  EXPECT_EQ(priced(tiny_model(attention, tiny_dense()), kDecode, "query norm"),
            by_hand({.other = 2 * (4 * 24 + 2),
                     .transcendentals = 2,
                     .weights = 24,
                     .read = 2 * 24,
                     .written = 2 * 24}));
}

// Each of 4 heads of 6: a layer norm, 5 for each element and 3, and a weight for each element; a
// root for each head.
TEST(AQkNormWithAWeightForEachHead, ReadsAllOfThem) {
  GroupedAttention attention = tiny_grouped();
  attention.qk_norm = QkNorm::layer_of_each_head;
  EXPECT_EQ(priced(tiny_model(attention, tiny_dense()), kDecode, "query norm"),
            by_hand({.other = 2 * 4 * (6 * 6 + 3),
                     .transcendentals = 2 * 4,
                     .weights = 24,
                     .read = 2 * 24,
                     .written = 2 * 24}));
}

TEST(AQkNormWithoutAWeight, SavesItsProducts) {
  GroupedAttention attention = tiny_grouped();
  attention.qk_norm = QkNorm::unweighted_after_rotation;
  EXPECT_EQ(priced(tiny_model(attention, tiny_dense()), kDecode, "normalise queries"),
            by_hand({.other = 2 * 4 * (3 * 6 + 2),
                     .transcendentals = 2 * 4,
                     .read = 2 * 24,
                     .written = 2 * 24}));
}

}  // namespace
}  // namespace llmarch
