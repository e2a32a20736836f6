// Gated DeltaNet. Hidden 10; 2 query and key heads of 3, 4 value heads of 5, so that a row has 6
// columns of queries and of keys and 20 of values; 4 states of 15 elements. A kernel of 4. What a
// sequence keeps is in f32: four bytes an element, whatever the format of caches.
#include "sim/cost/driver.h"
#include "sim/formats/formats.h"
#include "tests/cost/priced.h"
#include "tests/support/chunks.h"

namespace llmarch {
namespace {

ArchSpec with_delta_net() {
  return tiny_model(tiny_delta_net(), tiny_dense());
}

Work with_f32_states(const Hand& hand) {
  Work work = by_hand(hand);
  work.cache_bytes_read = Bytes(4 * hand.cache_read);
  work.cache_bytes_written = Bytes(4 * hand.cache_written);
  return work;
}

// Three products of 2 x 60, the decay of 60, and the difference and the strength of 20.
TEST(ADeltaRule, ReadsAndOverwritesItsStatesAtEveryToken) {
  EXPECT_EQ(priced(with_delta_net(), kDecode, "delta rule"),
            with_f32_states({.matrix = 2 * 3 * 2 * 60,
                             .other = 2 * (60 + 2 * 20),
                             .cache_read = 2 * 60,
                             .cache_written = 2 * 60,
                             .read = 2 * (6 + 6 + 20 + 4 + 4),
                             .written = 2 * 20}));
  EXPECT_EQ(priced(with_delta_net(), kPrefill, "delta rule"),
            with_f32_states({.matrix = 2 * 4 * 3 * 2 * 60,
                             .other = 2 * 4 * (60 + 2 * 20),
                             .cache_read = 2 * 4 * 60,
                             .cache_written = 2 * 4 * 60,
                             .read = 2 * 4 * (6 + 6 + 20 + 4 + 4),
                             .written = 2 * 4 * 20}));
}

TEST(AConvolutionOfARecurrence, KeepsThreeRowsInF32) {
  EXPECT_EQ(priced(with_delta_net(), kPrefill, "convolution of values"),
            with_f32_states({.other = 2 * 4 * 2 * 20 * 4,
                             .weights = 20 * 4,
                             .cache_read = 2 * 3 * 20,
                             .cache_written = 2 * 3 * 20,
                             .read = 2 * 4 * 20,
                             .written = 2 * 4 * 20}));
}

// For each of 2 heads: 2 x 3 for the square of its length, epsilon, a root, and 3 products.
TEST(Queries, AreBroughtToLengthOne) {
  for (const auto* name : {"normalise queries", "normalise keys"}) {
    EXPECT_EQ(priced(with_delta_net(), kDecode, name), by_hand({.other = 2 * 2 * (2 * 3 + 1 + 3),
                                                                .transcendentals = 2 * 2,
                                                                .read = 2 * 6,
                                                                .written = 2 * 6}));
  }
}

// Its product with the rate and an exponential, after a softplus with two of each.
TEST(ADecay, IsOneNumberForEachHead) {
  EXPECT_EQ(priced(with_delta_net(), kDecode, "decay"), by_hand({.other = 2 * 4,
                                                                 .transcendentals = 2 * 4,
                                                                 .weights = 4,
                                                                 .read = 2 * 4,
                                                                 .written = 2 * 4}));
}

TEST(AStrength, IsDoubledForNegativeEigenvalues) {
  GatedDeltaNet delta = tiny_delta_net();
  delta.negative_eigenvalues = true;
  EXPECT_EQ(priced(tiny_model(delta, tiny_dense()), kDecode, "double the strength"),
            by_hand({.other = 2 * 4, .read = 2 * 4, .written = 2 * 4}));
}

TEST(AState, IsF32WhateverTheCachesAre) {
  const Bytes kept(4 * (60 + 3 * (6 + 6 + 20)));
  const OpGraph graph = lower(with_delta_net());
  for (const DType caches : {DType::f32, DType::bf16, DType::fp8}) {
    EXPECT_EQ(cache_bytes(with_formats(graph, {DType::bf16, caches}), 7, 1), kept);
  }
  EXPECT_EQ(cache_bytes_per_token(graph), Bytes(0));
}

// --- Mamba-2: 4 heads of 5 in 2 groups, states of 3 x 5, so that values have 20 columns and keys
// and queries 6.

ArchSpec with_mamba() {
  return tiny_model(tiny_mamba(), tiny_dense());
}

// Two products of 2 x 60, and the decay of 60.
TEST(AMambaState, IsReadAndOverwrittenAtEveryToken) {
  EXPECT_EQ(priced(with_mamba(), kPrefill, "recurrence"),
            with_f32_states({.matrix = 2 * 4 * 2 * 2 * 60,
                             .other = 2 * 4 * 60,
                             .cache_read = 2 * 4 * 60,
                             .cache_written = 2 * 4 * 60,
                             .read = 2 * 4 * (6 + 6 + 20 + 4),
                             .written = 2 * 4 * 20}));
}

TEST(AMambaValue, IsMultipliedByTheStepOfItsHead) {
  EXPECT_EQ(priced(with_mamba(), kDecode, "values times step"),
            by_hand({.other = 2 * 20, .read = 2 * (20 + 4), .written = 2 * 20}));
}

TEST(AMambaSkip, IsANumberForEachHead) {
  EXPECT_EQ(priced(with_mamba(), kDecode, "recurrence skip"),
            by_hand({.other = 2 * 20, .weights = 4, .read = 2 * 20, .written = 2 * 20}));
}

// A product of 4 taps, and the bias.
TEST(AMambaConvolution, HasABias) {
  EXPECT_EQ(priced(with_mamba(), kDecode, "convolution of keys"),
            with_f32_states({.other = 2 * 6 * (2 * 4 + 1),
                             .weights = 6 * 4 + 6,
                             .cache_read = 2 * 3 * 6,
                             .cache_written = 2 * 3 * 6,
                             .read = 2 * 6,
                             .written = 2 * 6}));
}

// 2 parts of 10, each with a weight of its own: 4 for each element, 2 and a root for each part.
TEST(AMambaNorm, IsOverEachOfItsParts) {
  EXPECT_EQ(priced(with_mamba(), kDecode, "recurrence norm"),
            by_hand({.other = 2 * (4 * 20 + 2 * 2),
                     .transcendentals = 2 * 2,
                     .weights = 20,
                     .read = 2 * 20,
                     .written = 2 * 20}));
}

// --- Lightning attention: 4 heads of 3, so that queries, keys and values have 12 columns and a
// state 3 x 3.

// Two products of 2 x 36, and the decay of 36. No decay is read.
TEST(ALightningState, DecaysWithoutReadingADecay) {
  EXPECT_EQ(priced(tiny_model(tiny_lightning(), tiny_dense()), kPrefill, "recurrence"),
            with_f32_states({.matrix = 2 * 4 * 2 * 2 * 36,
                             .other = 2 * 4 * 36,
                             .cache_read = 2 * 4 * 36,
                             .cache_written = 2 * 4 * 36,
                             .read = 2 * 4 * (12 + 12 + 12),
                             .written = 2 * 4 * 12}));
}

// --- Kimi delta attention: 2 heads of 3, a decay for each of 6 rows of states.

// Three products of 2 x 18, the decay of 18, and two for each of 6 columns of values.
TEST(AKimiDeltaState, ReadsADecayForEachOfItsRows) {
  EXPECT_EQ(priced(tiny_model(tiny_kimi_delta(), tiny_dense()), kPrefill, "delta rule"),
            with_f32_states({.matrix = 2 * 4 * 3 * 2 * 18,
                             .other = 2 * 4 * (18 + 2 * 6),
                             .cache_read = 2 * 4 * 18,
                             .cache_written = 2 * 4 * 18,
                             .read = 2 * 4 * (6 + 6 + 6 + 6 + 2),
                             .written = 2 * 4 * 6}));
}

// The decays are projected through 2 columns.
TEST(AKimiDeltaDecay, ComesThroughALatent) {
  EXPECT_EQ(priced(tiny_model(tiny_kimi_delta(), tiny_dense()), kDecode, "recurrence decay"),
            by_hand({.matrix = 2 * 2 * 2 * 6,
                     .other = 2 * 6,
                     .weights = 2 * 6 + 6,
                     .read = 2 * 2,
                     .written = 2 * 6}));
}

// --- By chunks: 5 tokens in chunks of 3 are 2 chunks, with 3 + 1 pairs of a token and one before
// it.

Work priced_by_chunk(const ArchSpec& spec, std::string_view operation) {
  return priced(spec, by_chunk({2, 7, 5, {LatentForm::expanded}, Logits::last}), operation);
}

// For each token three products of 2 x 60, and for each of 4 heads a score of 2 x 3 and what it
// adds to 2 x 5 of the output; for each pair two such scores, the query's and the key's. A token
// multiplies in each head the decay since the chunk began, 3 elements each of the query, of the key
// and of the key that is left, and 2 x 5 for its change; a pair the decay and two scores; a chunk
// its states.
TEST(ADeltaRuleByChunks, ReadsAndOverwritesItsStatesOnceInAChunk) {
  GatedDeltaNet delta = tiny_delta_net();
  delta.chunk = 3;
  EXPECT_EQ(priced_by_chunk(tiny_model(delta, tiny_dense()), "delta rule by chunks"),
            with_f32_states({.matrix = 2 * (5 * (3 * 2 * 60 + 4 * 16) + 4 * 2 * 4 * 16),
                             .other = 2 * (5 * 4 * (1 + 3 * 3 + 2 * 5) + 4 * 4 * 3 + 2 * 60),
                             .cache_read = 2 * 2 * 60,
                             .cache_written = 2 * 2 * 60,
                             .read = 2 * 5 * (6 + 6 + 20 + 4 + 4),
                             .written = 2 * 5 * 20}));
}

// Without the delta rule keys read neither the states nor each other.
TEST(AMambaStateByChunks, IsReadByQueriesAlone) {
  Mamba2 mamba = tiny_mamba();
  mamba.chunk = 3;
  EXPECT_EQ(priced_by_chunk(tiny_model(mamba, tiny_dense()), "recurrence by chunks"),
            with_f32_states({.matrix = 2 * (5 * (2 * 2 * 60 + 4 * 16) + 4 * 4 * 16),
                             .other = 2 * (5 * 4 * (1 + 2 * 3) + 4 * 4 * 2 + 2 * 60),
                             .cache_read = 2 * 2 * 60,
                             .cache_written = 2 * 2 * 60,
                             .read = 2 * 5 * (6 + 6 + 20 + 4),
                             .written = 2 * 5 * 20}));
}

// The same over 4 states of 3 x 3, without reading a decay.
TEST(ALightningStateByChunks, DecaysWithoutReadingADecay) {
  LightningAttention lightning = tiny_lightning();
  lightning.chunk = 3;
  EXPECT_EQ(priced_by_chunk(tiny_model(lightning, tiny_dense()), "recurrence by chunks"),
            with_f32_states({.matrix = 2 * (5 * (2 * 2 * 36 + 4 * 12) + 4 * 4 * 12),
                             .other = 2 * (5 * 4 * (1 + 2 * 3) + 4 * 4 * 2 + 2 * 36),
                             .cache_read = 2 * 2 * 36,
                             .cache_written = 2 * 2 * 36,
                             .read = 2 * 5 * (12 + 12 + 12),
                             .written = 2 * 5 * 12}));
}

// 2 heads of 3 x 3. A token multiplies 3 decays, 3 elements each of the query and of the key, and
// 2 x 3 for its change; a pair the 3 elements of the earlier key.
TEST(AKimiDeltaStateByChunks, DecaysTheKeysOfItsPairs) {
  KimiDeltaAttention delta = tiny_kimi_delta();
  delta.chunk = 3;
  EXPECT_EQ(priced_by_chunk(tiny_model(delta, tiny_dense()), "delta rule by chunks"),
            with_f32_states({.matrix = 2 * (5 * (3 * 2 * 18 + 2 * 12) + 4 * 2 * 2 * 12),
                             .other = 2 * (5 * 2 * (3 + 2 * 3 + 2 * 3) + 4 * 2 * 3 + 2 * 18),
                             .cache_read = 2 * 2 * 18,
                             .cache_written = 2 * 2 * 18,
                             .read = 2 * 5 * (6 + 6 + 6 + 6 + 2),
                             .written = 2 * 5 * 6}));
}

// transformers: torch_chunk_gated_delta_rule, configuration_mamba2.py, configuration_minimax.py.
TEST(AChunk, IsThatOfTheReferenceWhereASpecDoesNotSayIt) {
  EXPECT_EQ(chunk_of(tiny_delta_net()), 64);
  EXPECT_EQ(chunk_of(tiny_kimi_delta()), 64);
  EXPECT_EQ(chunk_of(tiny_mamba()), 256);
  EXPECT_EQ(chunk_of(tiny_lightning()), 256);
}

TEST(Chunks, AreCountedFromTheFirstTokenOfTheStep) {
  for (std::int64_t tokens = 1; tokens <= 10; ++tokens) {
    for (std::int64_t size = 1; size <= 5; ++size) {
      std::int64_t chunks = 0;
      std::int64_t pairs = 0;
      for (std::int64_t token = 0; token < tokens; ++token) {
        chunks += token % size == 0 ? 1 : 0;
        pairs += token % size;
      }
      EXPECT_EQ(chunks_of(tokens, {size}), chunks) << tokens << " by " << size;
      EXPECT_EQ(pairs_within_chunks(tokens, {size}), pairs) << tokens << " by " << size;
    }
  }
}

// --- Mamba-1: 6 columns, each with a state of 3.

// For each of 18 elements two products, the rate times the step, the decay, and an exponential; for
// each column the step times the value.
TEST(AScan, ReadsAndOverwritesItsStatesAtEveryToken) {
  EXPECT_EQ(priced(tiny_model(tiny_mamba1(), tiny_dense()), kPrefill, "selective scan"),
            with_f32_states({.matrix = 2 * 4 * 2 * 2 * 18,
                             .other = 2 * 4 * (2 * 18 + 6),
                             .transcendentals = 2 * 4 * 18,
                             .weights = 18,
                             .cache_read = 2 * 4 * 18,
                             .cache_written = 2 * 4 * 18,
                             .read = 2 * 4 * (3 + 3 + 6 + 6),
                             .written = 2 * 4 * 6}));
}

TEST(AScan, KeepsAStateForEachColumnInF32) {
  const OpGraph graph = lower(tiny_model(tiny_mamba1(), tiny_dense()));
  EXPECT_EQ(state_bytes_per_sequence(graph), Bytes(4 * (6 * 3 + 3 * 6)));
}

}  // namespace
}  // namespace llmarch
