// Compressed attention. Hidden 10; 2 heads of 6, of which 4 elements are rotated; a window of 3; an
// entry for every 4 positions, of two groups; 2 index queries of 5, which choose 1 entry.
#include "sim/cost/cost_curve.h"
#include "sim/cost/driver.h"
#include "tests/cost/priced.h"
#include "tests/support/model_specs.h"

namespace llmarch {
namespace {

CompressedAttention tiny_compressed() {
  CompressedAttention attention;
  attention.query_heads = 2;
  attention.head_dim = 6;
  attention.rope_head_dim = 4;
  attention.query_latent_dim = 8;
  attention.window = 3;
  attention.output_groups = 2;
  attention.output_latent_dim = 5;
  attention.rotary.theta = 10000;
  attention.compression = Compression{4, true, EntryIndex{2, 5, 1}};
  return attention;
}

ArchSpec with_entries() {
  return tiny_model(tiny_compressed(), tiny_dense());
}

Work made(Integer context) {
  return priced(with_entries(), decode(context, 2), "make entries");
}

// 4 keys for each of 2 sequences: 3 of the window and the chosen one of 2 entries.
TEST(CompressedAttention, AttendsToItsWindowAndToChosenEntries) {
  EXPECT_EQ(priced(with_entries(), kDecode, "attention"),
            by_hand({.matrix = 2 * 4 * 2 * 2 * (6 + 6),
                     .other = 2 * 4 * 2 * 4 + 2 * 2 * 2,
                     .transcendentals = 2 * 4 * 2 + 2 * 2,
                     .weights = 2,
                     .cache_read = 2 * (3 * 6 + 1 * 6),
                     .read = 2 * 12,
                     .written = 2 * 12}));
}

// 8 of 9 positions are in complete groups: 2 index keys for each sequence.
TEST(CompressedAttention, ScoresTheEntriesOfCompleteGroups) {
  EXPECT_EQ(
      priced(with_entries(), kDecode, "choice of keys"),
      by_hand({.matrix = 2 * 2 * 2 * (2 * 5 + 2), .cache_read = 2 * 2 * 5, .read = 2 * (10 + 2)}));
}

// For each of 6 columns and each position, the bias, 3 of the softmax and 2 of the sum; the norm
// takes 4 for each column and 2, the rotation 3 for each of 4 elements.
TEST(CompressedAttention, MakesAnEntryWithTheLastPositionOfAGroup) {
  EXPECT_EQ(made(8), by_hand({.other = 2 * (8 * 6 * 6 + 4 * 6 + 2 + 3 * 4),
                              .transcendentals = 2 * (8 * 6 + 1),
                              .weights = 2 * 4 * 6 + 6,
                              .cache_read = 2 * 2 * 2 * 4 * 6,
                              .cache_written = 2 * 6}));
  EXPECT_EQ(made(7), Work::none());
  EXPECT_EQ(made(9), Work::none());
}

TEST(CompressedAttention, MakesTheFirstEntryOfItsOwnGroupAlone) {
  EXPECT_EQ(made(4), by_hand({.other = 2 * (4 * 6 * 6 + 4 * 6 + 2 + 3 * 4),
                              .transcendentals = 2 * (4 * 6 + 1),
                              .weights = 4 * 6 + 6,
                              .cache_read = 2 * 2 * 4 * 6,
                              .cache_written = 2 * 6}));
}

// Values and gates of entries, 6 columns each, and of index keys, 5 each.
TEST(CompressedAttention, HoldsEntriesAWindowAndWhatWaits) {
  const OpGraph graph = lower(with_entries());
  const auto held = [&](std::int64_t window, std::int64_t entries, std::int64_t own,
                        std::int64_t next) {
    return Elements(window * 6 + entries * (6 + 5) + (own + next) * 2 * (6 + 5));
  };
  EXPECT_EQ(cache_elements(graph, 3, 1), held(3, 0, 3, 3));
  EXPECT_EQ(cache_elements(graph, 4, 1), held(3, 1, 0, 4));
  EXPECT_EQ(cache_elements(graph, 5, 1), held(3, 1, 1, 5));
  EXPECT_EQ(cache_elements(graph, 7, 1), held(3, 1, 3, 7));
  EXPECT_EQ(cache_elements(graph, 8, 1), held(3, 2, 0, 4));
}

// What waits makes a sawtooth: the most was held one position before an entry was made.
TEST(CompressedAttention, NeedsTheMostBeforeAnEntryIsMade) {
  const CacheCurve curve(lower(with_entries()), 1);
  EXPECT_EQ(curve.peak(8), curve.held(7));
  EXPECT_EQ(curve.peak(7), curve.held(7));
  EXPECT_GT(curve.held(7), curve.held(8));
}

// DeepSeek-V4 Flash has 21 layers with an entry of 512 and an index key of 128 for every 4
// positions, and 20 with an entry of 512 for every 128, in two bytes an element. Pro has 30 and 31.
TEST(DeepseekV4, GrowsByAFewKibibytesAToken) {
  const auto grown = [](const char* model) {
    const CacheCurve curve(lower(model_spec(model)), 1);
    return (curve.held(1 << 20) - curve.held(1 << 19)).amount() / (1 << 19);
  };
  EXPECT_EQ(grown("deepseek-v4-flash"), 21 * (512 + 128) * 2 / 4 + 20 * 512 * 2 / 128);
  EXPECT_EQ(grown("deepseek-v4-pro"), 30 * (512 + 128) * 2 / 4 + 31 * 512 * 2 / 128);
}

TEST(DeepseekV4, TellsWhatGrowsFromWhatDoesNot) {
  const OpGraph flash = lower(model_spec("deepseek-v4-flash"));
  EXPECT_EQ(growing_bytes_per_token(flash), Bytes(6880)) << "6.72 KiB";
  EXPECT_EQ(growing_bytes_per_token(lower(model_spec("deepseek-v4-pro"))), Bytes(9848))
      << "9.62 KiB";
  // At 1M positions every group is complete: 43 windows of 128, and in 21 layers the values and
  // gates of the last 4 positions, which wait for the next entry and the next index key.
  const Integer context = 1 << 20;
  const Bytes bounded = bounded_cache_bytes(flash, context, 1);
  EXPECT_EQ(bounded, Bytes(43 * 128 * 512 * 2 + 21 * 4 * 2 * (512 + 128) * 2));
  EXPECT_EQ(cache_bytes(flash, context, 1), bounded + Bytes(6880 * context));
}

Integer pairs(Integer past, Integer tokens, const Entries& entries) {
  Workload step = prefill(tokens, 1);
  step.past = past;
  return attended_pairs(step, entries);
}

TEST(Entries, AreAsManyForAPrefillAsForItsTokensOneByOne) {
  for (const Entries& entries : {Entries{1}, Entries{4}, Entries{3, 1}, Entries{2, 3}}) {
    for (std::int64_t past = 0; past < 20; ++past) {
      Integer sum = 0;
      for (std::int64_t tokens = 1; tokens < 20; ++tokens) {
        sum += pairs(past + tokens - 1, 1, entries);
        EXPECT_EQ(pairs(past, tokens, entries), sum) << past << ", " << tokens;
      }
    }
  }
}

TEST(Entries, AreThoseOfCompleteGroupsAndAtMostAsManyAsAreChosen) {
  EXPECT_EQ(pairs(2, 1, {4}), 0);
  EXPECT_EQ(pairs(3, 1, {4}), 1);
  EXPECT_EQ(pairs(8, 1, {4}), 2);
  EXPECT_EQ(pairs(8, 1, {4, 1}), 1);
}

TEST(Entries, HaveABorderWhereOneIsMadeAndAfterIt) {
  EXPECT_EQ(next_border(3, Entries{4}), Integer(4));
  EXPECT_EQ(next_border(4, Entries{4}), Integer(5));
  EXPECT_EQ(next_border(5, Entries{4}), Integer(8));
  EXPECT_EQ(next_border(5, Entries{1}), std::nullopt);
}

}  // namespace
}  // namespace llmarch
