// Multi-head latent attention. Hidden 10; 3 heads, each with 5 elements that are not rotated, 2
// that are, and a value of 4; a cached latent of 7. Queries are 3 x (5 + 2) = 21 wide.
#include "tests/cost/priced.h"

namespace llmarch {
namespace {

ArchSpec with_latent(const LatentAttention& attention) {
  return tiny_model(attention, tiny_dense());
}

ArchSpec plain_latent() {
  return with_latent(tiny_latent());
}

LatentAttention compressed() {
  LatentAttention attention = tiny_latent();
  attention.query_latent_dim = 8;
  return attention;
}

TEST(LatentQueries, AreOneProjectionWithoutCompression) {
  EXPECT_EQ(
      priced(plain_latent(), kDecode, "query projection"),
      by_hand({.matrix = 2 * 2 * 10 * 21, .weights = 21 * 10, .read = 2 * 10, .written = 2 * 21}));
}

TEST(LatentQueries, AreCompressedNormalisedAndExpanded) {
  const ArchSpec spec = with_latent(compressed());
  EXPECT_EQ(
      priced(spec, kDecode, "query compression"),
      by_hand({.matrix = 2 * 2 * 10 * 8, .weights = 8 * 10, .read = 2 * 10, .written = 2 * 8}));
  EXPECT_EQ(priced(spec, kDecode, "query latent norm"), by_hand({.other = 2 * (4 * 8 + 2),
                                                                 .transcendentals = 2,
                                                                 .weights = 8,
                                                                 .read = 2 * 8,
                                                                 .written = 2 * 8}));
  EXPECT_EQ(priced(spec, kPrefill, "query expansion"), by_hand({.matrix = 2 * 2 * 4 * 8 * 21,
                                                                .weights = 21 * 8,
                                                                .read = 2 * 4 * 8,
                                                                .written = 2 * 4 * 21}));
}

TEST(LatentBiases, StandOnTheCompressionsAndTheOutput) {
  LatentAttention attention = compressed();
  attention.compression_bias = true;
  ArchSpec spec = with_latent(attention);
  EXPECT_EQ(priced(spec, kDecode, "query compression").other, Flops(2 * 8));
  EXPECT_EQ(priced(spec, kDecode, "query expansion").other, Flops(0));
  EXPECT_EQ(priced(spec, kDecode, "latent compression").weights_read, Elements(7 * 10 + 7));
  EXPECT_EQ(priced(spec, kDecode, "rotary key projection").weights_read, Elements(2 * 10 + 2));
  EXPECT_EQ(priced(spec, kDecode, "attention output").other, Flops(0));
  attention.compression_bias = false;
  attention.output_bias = true;
  spec = with_latent(attention);
  EXPECT_EQ(priced(spec, kDecode, "query compression").other, Flops(0));
  EXPECT_EQ(priced(spec, kDecode, "attention output").other, Flops(2 * 10));
}

TEST(TheLatent, IsProjectedNormalisedAndStoredOnceForAllHeads) {
  EXPECT_EQ(priced(plain_latent(), kPrefill, "latent compression"),
            by_hand({.matrix = 2 * 2 * 4 * 10 * 7,
                     .weights = 7 * 10,
                     .read = 2 * 4 * 10,
                     .written = 2 * 4 * 7}));
  EXPECT_EQ(priced(plain_latent(), kPrefill, "latent norm"), by_hand({.other = 2 * 4 * (4 * 7 + 2),
                                                                      .transcendentals = 2 * 4,
                                                                      .weights = 7,
                                                                      .read = 2 * 4 * 7,
                                                                      .written = 2 * 4 * 7}));
  EXPECT_EQ(priced(plain_latent(), kDecode, "store latents"),
            by_hand({.cache_written = 2 * 7, .read = 2 * 7}));
}

TEST(TheRotaryKey, IsOneForAllHeads) {
  EXPECT_EQ(
      priced(plain_latent(), kDecode, "rotary key projection"),
      by_hand({.matrix = 2 * 2 * 10 * 2, .weights = 2 * 10, .read = 2 * 10, .written = 2 * 2}));
  EXPECT_EQ(priced(plain_latent(), kDecode, "rotate keys"),
            by_hand({.other = 6 * 2 * (2 / 2), .read = 2 * 2, .written = 2 * 2}));
  EXPECT_EQ(priced(plain_latent(), kPrefill, "store rotary keys"),
            by_hand({.cache_written = 2 * 4 * 2, .read = 2 * 4 * 2}));
}

TEST(LatentRotation, TurnsTheRotatedPartAndCopiesTheRest) {
  EXPECT_EQ(priced(plain_latent(), kDecode, "rotate queries"),
            by_hand({.other = 6 * 2 * 3 * (2 / 2), .read = 2 * 21, .written = 2 * 21}));
}

TEST(TheAbsorbedForm, BringsQueriesToTheLatent) {
  EXPECT_EQ(priced(plain_latent(), kDecode, "query absorption"),
            by_hand({.matrix = 2 * 2 * 3 * 5 * 7,
                     .weights = (3 * 5) * 7,
                     .read = 2 * 21,
                     .written = 2 * 3 * 7}));
}

TEST(TheAbsorbedForm, AttendsTheLatentItself) {
  EXPECT_EQ(priced(plain_latent(), kDecode, "attention over latents"),
            by_hand({.matrix = (2 * 9) * 3 * (2 * (7 + 2) + 2 * 7),
                     .other = (2 * 9) * 3 * (1 + 3),
                     .transcendentals = (2 * 9) * 3,
                     .cache_read = 2 * 9 * 7 + 2 * 9 * 2,
                     .read = 2 * 3 * 7 + 2 * 21,
                     .written = 2 * 3 * 7}));
}

TEST(TheAbsorbedForm, ExpandsWhatWasAttended) {
  EXPECT_EQ(priced(plain_latent(), kDecode, "value expansion"),
            by_hand({.matrix = 2 * 2 * 3 * 7 * 4,
                     .weights = (3 * 4) * 7,
                     .read = 2 * 3 * 7,
                     .written = 2 * 3 * 4}));
}

TEST(TheExpandedForm, MakesKeysAndValuesOfEveryPosition) {
  EXPECT_EQ(priced(plain_latent(), kPrefill, "latent expansion"),
            by_hand({.matrix = 2 * 2 * 4 * 7 * (3 * 5 + 3 * 4),
                     .weights = (3 * 5 + 3 * 4) * 7,
                     .cache_read = 2 * 4 * 7,
                     .written = 2 * 4 * (3 * 5 + 3 * 4)}));
}

TEST(TheExpandedForm, AttendsExpandedKeysAndTheCachedRotaryKey) {
  EXPECT_EQ(priced(plain_latent(), kPrefill, "attention"),
            by_hand({.matrix = 2 * (1 + 2 + 3 + 4) * 3 * (2 * (5 + 2) + 2 * 4),
                     .other = 2 * (1 + 2 + 3 + 4) * 3 * (1 + 3),
                     .transcendentals = 2 * (1 + 2 + 3 + 4) * 3,
                     .cache_read = 2 * 4 * 2,
                     .read = 2 * 4 * (21 + 3 * 5 + 3 * 4),
                     .written = 2 * 4 * 3 * 4}));
}

TEST(TheExpandedForm, ExpandsTheWholePastAgainInDecode) {
  Workload decode_expanded = kDecode;
  decode_expanded.forms.latent = LatentForm::expanded;
  EXPECT_EQ(priced(plain_latent(), decode_expanded, "latent expansion"),
            by_hand({.matrix = 2 * 2 * 9 * 7 * (3 * 5 + 3 * 4),
                     .weights = (3 * 5 + 3 * 4) * 7,
                     .cache_read = 2 * 9 * 7,
                     .written = 2 * 9 * (3 * 5 + 3 * 4)}));
}

TEST(TheTwoForms, NeverRunTogether) {
  const OpGraph graph = lower(plain_latent());
  for (const LatentForm form : {LatentForm::absorbed, LatentForm::expanded}) {
    Workload workload = kPrefill;
    workload.forms.latent = form;
    for (const BookLine& line : predict(graph, workload).lines) {
      const Op& op = graph.blocks[line.block].nodes[line.node].op;
      const bool of_other = form == LatentForm::absorbed
                                ? std::holds_alternative<AttendExpanded>(op)
                                : std::holds_alternative<AttendLatent>(op);
      EXPECT_FALSE(of_other);
    }
  }
}

}  // namespace
}  // namespace llmarch
