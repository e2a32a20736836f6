// Attention over keys that an index chooses. Hidden 10; latent attention as in latent_cost_test.cc,
// with a query latent of 8 and 2 index heads of 4; grouped attention with 2 key/value heads.
#include "sim/cost/driver.h"
#include "tests/cost/priced.h"

namespace llmarch {
namespace {

ArchSpec with_index() {
  LatentAttention attention = tiny_latent();
  attention.query_latent_dim = 8;
  attention.chosen_keys = 3;
  attention.key_index = KeyIndex{2, 4, RotaryLayout::half_split, 1e-6};
  return tiny_model(attention, tiny_dense());
}

ArchSpec without_index() {
  ArchSpec spec = with_index();
  auto& attention = std::get<LatentAttention>(spec.attention.front().value);
  attention.chosen_keys.reset();
  attention.key_index.reset();
  return spec;
}

// Blocks of 2 positions, of which a query attends to 2.
ArchSpec with_blocks() {
  GroupedAttention attention = tiny_grouped();
  attention.block_index = BlockIndex{5, 2, 2};
  return tiny_model(attention, tiny_dense());
}

TEST(AnIndexOfKeys, ProjectsQueriesOfTheLatentAndOneKey) {
  EXPECT_EQ(priced(with_index(), kDecode, "index query projection"),
            by_hand({.matrix = 2 * 2 * 8 * 8, .weights = 8 * 8, .read = 2 * 8, .written = 2 * 8}));
  EXPECT_EQ(
      priced(with_index(), kDecode, "index key projection"),
      by_hand({.matrix = 2 * 2 * 10 * 4, .weights = 10 * 4, .read = 2 * 10, .written = 2 * 4}));
  EXPECT_EQ(
      priced(with_index(), kDecode, "index weights"),
      by_hand({.matrix = 2 * 2 * 10 * 2, .weights = 10 * 2, .read = 2 * 10, .written = 2 * 2}));
  EXPECT_EQ(priced(with_index(), kDecode, "store index keys"),
            by_hand({.cache_written = 2 * 4, .read = 2 * 4}));
}

// 2 products of length 4, and the weighted sum of 2.
TEST(AnIndexOfKeys, ScoresEveryKey) {
  EXPECT_EQ(
      priced(with_index(), kDecode, "choice of keys"),
      by_hand({.matrix = 2 * 9 * (2 * 2 * 4 + 2 * 2), .cache_read = 2 * 9 * 4, .read = 2 * 10}));
  EXPECT_EQ(
      priced(with_index(), kPrefill, "choice of keys"),
      by_hand(
          {.matrix = 2 * 10 * (2 * 2 * 4 + 2 * 2), .cache_read = 2 * 4 * 4, .read = 2 * 4 * 10}));
}

TEST(AnIndexOfKeys, LeavesToAttentionAsManyKeysAsItChooses) {
  EXPECT_EQ(priced(with_index(), decode(9, 2), "attention over latents"),
            priced(without_index(), decode(3, 2), "attention over latents"));
  EXPECT_EQ(priced(with_index(), decode(2, 2), "attention over latents"),
            priced(without_index(), decode(2, 2), "attention over latents"));
}

// Queries of a prefill attend to 1, 2, 3 and 3 keys, and every position is read.
TEST(AnIndexOfKeys, LeavesEveryPositionToBeReadBySeveralQueries) {
  const Work work = priced(with_index(), kPrefill, "attention");
  EXPECT_EQ(work.matrix, Flops(2 * 2 * (1 + 2 + 3 + 3) * 3 * (5 + 2 + 4)));
  EXPECT_EQ(work.cache_read, Elements(2 * 4 * 2));
}

// A latent of 7, a rotated key of 2, an index key of 4.
TEST(AnIndexOfKeys, HasACacheOfItsOwn) {
  EXPECT_EQ(cache_elements(lower(with_index()), 9, 2), Elements(2 * 9 * (7 + 2 + 4)));
  EXPECT_EQ(cache_bytes_per_token(lower(with_index())), Bytes(2 * (7 + 2 + 4)));
}

TEST(AnIndexOfBlocks, HasAQueryForEachKeyValueHead) {
  EXPECT_EQ(priced(with_blocks(), kDecode, "choice of keys"),
            by_hand({.matrix = 2 * 9 * 2 * 2 * 5, .cache_read = 2 * 9 * 5, .read = 2 * 2 * 5}));
}

TEST(AnIndexOfBlocks, LeavesToAttentionWholeBlocksAndThePartOfItsOwn) {
  const ArchSpec every = tiny_model(tiny_grouped(), tiny_dense());
  const auto attention = [](const ArchSpec& spec, Integer context) {
    return priced(spec, decode(context, 2), "attention");
  };
  EXPECT_EQ(attention(with_blocks(), 4), attention(every, 4));
  EXPECT_EQ(attention(with_blocks(), 5), attention(every, 2 + 1));
  EXPECT_EQ(attention(with_blocks(), 8), attention(every, 2 + 2));
  EXPECT_EQ(attention(with_blocks(), 9), attention(every, 2 + 1));
}

Integer pairs(Integer past, Integer tokens, const ChosenKeys& chosen) {
  Workload step = prefill(tokens, 1);
  step.past = past;
  return attended_pairs(step, chosen);
}

TEST(ChosenKeys, AreAsManyForAPrefillAsForItsTokensOneByOne) {
  for (const ChosenKeys& chosen : {ChosenKeys{1, 1}, ChosenKeys{3, 1}, ChosenKeys{2, 3}}) {
    for (std::int64_t past = 0; past < 10; ++past) {
      Integer sum = 0;
      for (std::int64_t tokens = 1; tokens < 10; ++tokens) {
        sum += pairs(past + tokens - 1, 1, chosen);
        EXPECT_EQ(pairs(past, tokens, chosen), sum) << past << ", " << tokens;
      }
    }
  }
}

TEST(ChosenKeys, HaveABorderWhereThereAreMoreBlocksThanAreChosenAndWhereABlockBegins) {
  EXPECT_EQ(next_border(4, ChosenKeys{4, 1}), Integer(5));
  EXPECT_EQ(next_border(5, ChosenKeys{4, 1}), std::nullopt);
  EXPECT_EQ(next_border(6, ChosenKeys{2, 3}), Integer(7));
  EXPECT_EQ(next_border(7, ChosenKeys{2, 3}), Integer(10));
}

}  // namespace
}  // namespace llmarch
