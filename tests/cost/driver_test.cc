// How many keys are attended to, read and held: every closed form against a loop that asks each
// query about each key.
#include "sim/cost/driver.h"

#include <set>

#include "tests/cost/priced.h"
#include "tests/support/model_specs.h"

namespace llmarch {
namespace {

constexpr std::int64_t kLongest = 12;

using Meets = bool (*)(std::int64_t query, std::int64_t key, std::int64_t size);

bool meets_every_key(std::int64_t, std::int64_t, std::int64_t) {
  return true;
}
bool meets_window(std::int64_t query, std::int64_t key, std::int64_t size) {
  return query - key < size;
}
bool meets_chunk(std::int64_t query, std::int64_t key, std::int64_t size) {
  return query / size == key / size;
}
// The positions of the rank in the middle, of so many.
bool meets_stripe(std::int64_t, std::int64_t key, std::int64_t ranks) {
  return key % ranks == ranks / 2;
}

struct Looped {
  std::int64_t pairs = 0;
  std::set<std::int64_t> opened;
};

Looped loop(std::int64_t past, std::int64_t tokens, std::int64_t size, Meets meets) {
  Looped met;
  for (std::int64_t query = past; query < past + tokens; ++query) {
    for (std::int64_t key = 0; key <= query; ++key) {
      if (!meets(query, key, size)) continue;
      ++met.pairs;
      met.opened.insert(key);
    }
  }
  return met;
}

void expect_loop(const Reach& reach, std::int64_t size, Meets meets) {
  for (std::int64_t past = 0; past <= kLongest; ++past) {
    for (std::int64_t tokens = 1; tokens <= kLongest; ++tokens) {
      const Workload workload{1, past, tokens};
      const Looped met = loop(past, tokens, size, meets);
      EXPECT_EQ(attended_pairs(workload, reach), met.pairs) << past << " " << tokens << " " << size;
      EXPECT_EQ(positions_read(workload, reach), std::ssize(met.opened))
          << past << " " << tokens << " " << size;
    }
    const Looped newest = loop(past, 1, size, meets);
    EXPECT_EQ(held_positions(past + 1, reach), std::ssize(newest.opened)) << past << " " << size;
  }
}

TEST(EveryKey, IsCountedAsALoopCountsIt) {
  expect_loop(EveryKey{}, 0, meets_every_key);
}

TEST(AWindow, IsCountedAsALoopCountsIt) {
  for (std::int64_t size = 1; size <= kLongest; ++size)
    expect_loop(Window{size}, size, meets_window);
}

TEST(AChunk, IsCountedAsALoopCountsIt) {
  for (std::int64_t size = 1; size <= kLongest; ++size) expect_loop(Chunk{size}, size, meets_chunk);
}

TEST(AStripe, IsCountedAsALoopCountsIt) {
  for (std::int64_t ranks = 1; ranks <= kLongest; ++ranks) {
    expect_loop(Striped{ranks / 2, ranks}, ranks, meets_stripe);
  }
}

// Of three ranks the first stores the positions 0, 3, 6 and 9, the last 2, 5 and 8.
TEST(AStripe, StoresItsOwnOfTheNewPositions) {
  const auto stored = [](std::int64_t first, std::int64_t past, std::int64_t tokens) {
    return entries_made({1, past, tokens}, Striped{first, 3}).value();
  };
  EXPECT_EQ(stored(0, 0, 10), 4);
  EXPECT_EQ(stored(2, 0, 10), 3);
  EXPECT_EQ(stored(2, 0, 2), 0);
  EXPECT_EQ(stored(0, 3, 1), 1);
  EXPECT_EQ(stored(0, 4, 2), 0);
}

// With the context at which it stores a position, and the one after it, what a step does changes.
TEST(AStripe, HasABorderWhereItStoresAndAfterIt) {
  EXPECT_EQ(next_border(4, Striped{1, 3}), Integer(5));
  EXPECT_EQ(next_border(5, Striped{1, 3}), Integer(6));
  EXPECT_EQ(next_border(6, Striped{1, 3}), Integer(8));
  EXPECT_FALSE(next_border(6, Striped{0, 1}));
}

TEST(AChunk, IsNotAWindow) {
  EXPECT_EQ(held_positions(8192, Window{8192}), 8192);
  EXPECT_EQ(held_positions(8192, Chunk{8192}), 8192);
  EXPECT_EQ(held_positions(8193, Window{8192}), 8192);
  EXPECT_EQ(held_positions(8193, Chunk{8192}), 1) << "the first of the next chunk";
  EXPECT_EQ(attended_pairs(decode(8193, 1), Window{8192}), 8192);
  EXPECT_EQ(attended_pairs(decode(8193, 1), Chunk{8192}), 1);
}

TEST(AWindow, HoldsAtMostTheContextUntilItIsFull) {
  for (const Reach& reach : {Reach(Window{8}), Reach(Chunk{8})}) {
    EXPECT_EQ(most_held_positions(3, reach), 3);
    EXPECT_EQ(most_held_positions(8, reach), 8);
    EXPECT_EQ(most_held_positions(9, reach), 8);
  }
  EXPECT_EQ(most_held_positions(9, EveryKey{}), 9);
}

TEST(AttendedPairs, OfATokenAreItsKeysHoweverManyCameBefore) {
  constexpr std::int64_t kKeys = std::int64_t{1} << 40;
  EXPECT_EQ(attended_pairs(decode(kKeys, 1), EveryKey{}), kKeys);
  EXPECT_EQ(attended_pairs(decode(kKeys, 1), Window{1024}), 1024);
  EXPECT_EQ(attended_pairs(decode(kKeys - 7, 1), Chunk{1024}), 1017);
}

TEST(AWindow, CostsNoMoreOnceItIsFull) {
  EXPECT_EQ(attended_pairs(decode(1025, 1), Window{1024}), 1024);
  EXPECT_EQ(attended_pairs(decode(1'000'000, 1), Window{1024}), 1024);
  EXPECT_EQ(attended_pairs(prefill(2048, 1), Window{1024}), 1024 * 1025 / 2 + 1024 * 1024);
  EXPECT_EQ(attended_pairs(prefill(2048, 1), Chunk{1024}), 2 * (1024 * 1025 / 2));
}

// Grouped attention with 4 query heads and 2 key/value heads of width 6, as in
// attention_cost_test.cc. The context has 9 keys, of which a query attends to 4 with the window and
// to one with chunks of 4.
ArchSpec reaching(std::optional<Integer> window, std::optional<Integer> chunk) {
  GroupedAttention attention = tiny_grouped();
  attention.window = window;
  attention.chunk = chunk;
  return tiny_model(attention, tiny_dense());
}

TEST(AttentionWithAWindow, AttendsToAndReadsNoMoreThanTheWindow) {
  EXPECT_EQ(priced(reaching(4, {}), kDecode, "attention"),
            by_hand({.matrix = (2 * 4) * 4 * (2 * 6 + 2 * 6),
                     .other = (2 * 4) * 4 * (1 + 3),
                     .transcendentals = (2 * 4) * 4,
                     .cache_read = 2 * 4 * (2 * 6) + 2 * 4 * (2 * 6),
                     .read = 2 * 24,
                     .written = 2 * 24}));
}

TEST(AttentionWithAWindow, ReadsWhatAnyOfThePromptsTokensAttendsTo) {
  // 4 tokens after a past of 5, with a window of 3: each attends to 3 keys, and together they read
  // positions 3 to 8.
  const Workload chunk{1, 5, 4, {LatentForm::expanded}, Logits::last};
  EXPECT_EQ(priced(reaching(3, {}), chunk, "attention"),
            by_hand({.matrix = (4 * 3) * 4 * (2 * 6 + 2 * 6),
                     .other = (4 * 3) * 4 * (1 + 3),
                     .transcendentals = (4 * 3) * 4,
                     .cache_read = 6 * (2 * 6) + 6 * (2 * 6),
                     .read = 4 * 24,
                     .written = 4 * 24}));
}

TEST(AttentionInChunks, BeginsAgainBehindABorder) {
  EXPECT_EQ(priced(reaching({}, 4), kDecode, "attention"),
            by_hand({.matrix = (2 * 1) * 4 * (2 * 6 + 2 * 6),
                     .other = (2 * 1) * 4 * (1 + 3),
                     .transcendentals = (2 * 1) * 4,
                     .cache_read = 2 * 1 * (2 * 6) + 2 * 1 * (2 * 6),
                     .read = 2 * 24,
                     .written = 2 * 24}));
}

TEST(AttentionWithASoftCap, DividesMultipliesAndTakesOneTanhForEachScore) {
  GroupedAttention attention = tiny_grouped();
  const Work plain = priced(tiny_model(attention, tiny_dense()), kDecode, "attention");
  attention.score_soft_cap = 50.0;
  Work capped = plain;
  capped.other += Flops(2 * (2 * 9) * 4);
  capped.transcendentals += Transcendentals((2 * 9) * 4);
  EXPECT_EQ(priced(tiny_model(attention, tiny_dense()), kDecode, "attention"), capped);
}

// --- Caches of models that mix local and global layers.

Elements held(const std::string& model, std::int64_t context) {
  return cache_elements(lower(model_spec(model)), context, 1);
}

// Keys and values of 16 heads of 128: 4,096 elements for each layer and position. 10 layers hold
// every position, 52 at most the newest 1,024.
TEST(Gemma3Of27B, HoldsTenLayersInFullAndTheOthersForTheirWindow) {
  constexpr std::int64_t kEach = 2 * 16 * 128;
  EXPECT_EQ(held("gemma-3-27b", 1000), Elements(kEach * (10 + 52) * 1000));
  EXPECT_EQ(held("gemma-3-27b", 1024), Elements(kEach * (10 + 52) * 1024));
  EXPECT_EQ(held("gemma-3-27b", 8192), Elements(kEach * (10 * 8192 + 52 * 1024)));
  EXPECT_EQ(held("gemma-3-27b", 32'768), Elements(kEach * (10 * 32'768 + 52 * 1024)));
  EXPECT_EQ(held("gemma-3-27b", 131'072), Elements(kEach * (10 * 131'072 + 52 * 1024)));
  EXPECT_EQ(held("gemma-3-27b", 131'072), Elements(5'586'812'928)) << "11.2 GB in bfloat16";
}

// Keys and values of 8 heads of 128: 2,048 elements. 12 layers hold every position, 36 those of the
// chunk: 8,192 where a chunk has just been filled, and one position later one.
TEST(Llama4Maverick, HoldsTwelveLayersInFullAndTheOthersForTheirChunk) {
  constexpr std::int64_t kEach = 2 * 8 * 128;
  EXPECT_EQ(held("llama-4-maverick", 1024), Elements(kEach * (12 + 36) * 1024));
  EXPECT_EQ(held("llama-4-maverick", 8192), Elements(kEach * (12 + 36) * 8192));
  EXPECT_EQ(held("llama-4-maverick", 8193), Elements(kEach * (12 * 8193 + 36 * 1)));
  EXPECT_EQ(held("llama-4-maverick", 32'768), Elements(kEach * (12 * 32'768 + 36 * 8192)));
  EXPECT_EQ(held("llama-4-maverick", 131'072), Elements(kEach * (12 * 131'072 + 36 * 8192)));
  EXPECT_EQ(held("llama-4-maverick", 131'072), Elements(3'825'205'248)) << "7.7 GB in bfloat16";
}

}  // namespace
}  // namespace llmarch
