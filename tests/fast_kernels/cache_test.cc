#include "kernels/fast/cache.h"

#include "tests/fast_kernels/guarded.h"

namespace llmarch::fast {
namespace {

TEST(Caches, GiveBackWhatWasStored) {
  Team team(2, best_isa());
  for (const CacheLayout layout : {CacheLayout::keys, CacheLayout::values}) {
    for (const Stored stored : {Stored::f32, Stored::bf16}) {
      const CacheShape shape{layout, stored, 2, 3, 21, 150};
      HugeMemory memory(Cache::bytes(shape));
      Cache cache(memory, shape);
      const Places places{2, 130, 5};
      const GuardedRows rows = GuardedRows::random(places.rows(), 3 * 21, 1);
      cache.store(team, rows.view(), places);
      std::vector<float> element(21);
      for (std::size_t r = 0; r < places.rows(); ++r) {
        for (std::size_t head = 0; head < 3; ++head) {
          cache.read(places.sequence(r), head, places.position(r), element);
          for (std::size_t i = 0; i < 21; ++i) {
            ASSERT_EQ(element[i], rounded(stored, rows.at(r, head * 21 + i)));
          }
        }
      }
    }
  }
}

TEST(Caches, KeepTheNewestPositionsThatFit) {
  Team team(1, best_isa());
  const CacheShape shape{CacheLayout::keys, Stored::f32, 1, 1, 2, 70};
  HugeMemory memory(Cache::bytes(shape));
  Cache cache(memory, shape);
  for (std::size_t position = 0; position < 1000; ++position) {
    const std::vector<float> row{static_cast<float>(position), 1};
    cache.store(team, {row.data(), 1, 2, 2}, {1, 1, position});
  }
  std::vector<float> element(2);
  for (std::size_t position = 930; position < 1000; ++position) {
    cache.read(0, 0, position, element);
    EXPECT_EQ(element[0], static_cast<float>(position));
  }
}

// 70 positions may lie in three blocks of 64 (63 to 132); 21 elements of values take 32.
TEST(Caches, TakeWholeBlocks) {
  EXPECT_EQ(Cache::bytes({CacheLayout::values, Stored::bf16, 2, 3, 21, 70}),
            2U * 3 * 3 * 64 * 32 * 2);
  EXPECT_EQ(Cache::bytes({CacheLayout::keys, Stored::bf16, 1, 1, 21, 64}), 2U * 64 * 22 * 2);
}

TEST(SyntheticCaches, DoNotDependOnThreads) {
  const CacheShape shape{CacheLayout::values, Stored::bf16, 1, 2, 16, 200};
  HugeMemory memory(2 * Cache::bytes(shape));
  Cache one(memory, shape);
  Cache other(memory, shape);
  Team alone(1, best_isa());
  Team pair(2, best_isa());
  one.fill_synthetic(alone, 200, 5);
  other.fill_synthetic(pair, 200, 5);
  std::vector<float> a(16);
  std::vector<float> b(16);
  for (std::size_t position = 0; position < 200; ++position) {
    one.read(0, 1, position, a);
    other.read(0, 1, position, b);
    EXPECT_EQ(a, b);
    EXPECT_NE(a, std::vector<float>(16, 0.0F));
  }
}

TEST(Caches, RefuseRowsOfAnotherWidth) {
  Team team(1, best_isa());
  const CacheShape shape{CacheLayout::keys, Stored::f32, 1, 2, 8, 10};
  HugeMemory memory(Cache::bytes(shape));
  Cache cache(memory, shape);
  const GuardedRows rows = GuardedRows::random(1, 15, 1);
  EXPECT_THROW(cache.store(team, rows.view(), {1, 1, 0}), std::invalid_argument);
}

}  // namespace
}  // namespace llmarch::fast
