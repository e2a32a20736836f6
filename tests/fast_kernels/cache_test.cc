#include "kernels/fast/cache.h"

#include "kernels/weight_files/blocks.h"
#include "tests/fast_kernels/guarded.h"

namespace llmarch::fast {
namespace {

TEST(Caches, GiveBackWhatWasStored) {
  Team team(2, best_isa());
  for (const CacheLayout layout : {CacheLayout::keys, CacheLayout::values}) {
    for (const Stored stored : {Stored::f32, Stored::bf16}) {
      const CacheShape shape{layout, cache_format(stored), 2, 3, 21, 150};
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

// What is kept of 64 elements that are scaled in two groups, as the reference stores them.
void keep(CacheFormat format, std::span<float> row) {
  switch (format) {
    case CacheFormat::f32:
    case CacheFormat::bf16: FAIL() << "not narrow";
    case CacheFormat::f16:
      for (float& x : row) x = f16_to_float(float_to_f16(x));
      return;
    case CacheFormat::fp8:
      for (float& x : row) x = e4m3_to_float(float_to_e4m3(x));
      return;
    case CacheFormat::q8_0:
      return dequantise(BlockFormat::q8_0, quantise(BlockFormat::q8_0, row), row);
  }
}

// Positions 60 to 149 are the end of a block, a whole block, and the beginning of another.
TEST(Caches, GiveBackWhatNarrowCodesMean) {
  Team team(2, best_isa());
  for (const CacheLayout layout : {CacheLayout::keys, CacheLayout::values}) {
    for (const CacheFormat format : {CacheFormat::f16, CacheFormat::fp8, CacheFormat::q8_0}) {
      const CacheShape shape{layout, format, 2, 3, 64, 150};
      HugeMemory memory(Cache::bytes(shape));
      Cache cache(memory, shape);
      const Places places{2, 90, 60};
      const GuardedRows rows = GuardedRows::random(places.rows(), 3 * 64, 1);
      cache.store(team, rows.view(), places);
      std::vector<float> element(64);
      for (std::size_t r = 0; r < places.rows(); ++r) {
        for (std::size_t head = 0; head < 3; ++head) {
          cache.read(places.sequence(r), head, places.position(r), element);
          const float* const row = rows.view().row(r) + head * 64;
          std::vector<float> expected(row, row + 64);
          keep(format, expected);
          ASSERT_EQ(element, expected) << r;
        }
      }
    }
  }
}

TEST(Caches, InQ80RefuseHeadsThatAreNotScaledInWholeGroups) {
  const CacheShape shape{CacheLayout::keys, CacheFormat::q8_0, 1, 1, 80, 10};
  HugeMemory memory(HugeMemory::rounded(Cache::bytes(shape)));
  EXPECT_THROW(Cache(memory, shape), std::invalid_argument);
}

// 2 heads of 64: 128 codes, and for every 32 of them a scale of two bytes.
TEST(Caches, SayWhatAPositionTakes) {
  const auto of = [](CacheFormat format) {
    const CacheShape shape{CacheLayout::values, format, 1, 2, 64, 10};
    HugeMemory memory(Cache::bytes(shape));
    return Cache(memory, shape).position_bytes();
  };
  EXPECT_EQ(of(CacheFormat::bf16), 256U);
  EXPECT_EQ(of(CacheFormat::f16), 256U);
  EXPECT_EQ(of(CacheFormat::fp8), 128U);
  EXPECT_EQ(of(CacheFormat::q8_0), 128U + 4 * 2);
}

TEST(Caches, KeepTheNewestPositionsThatFit) {
  Team team(1, best_isa());
  const CacheShape shape{CacheLayout::keys, CacheFormat::f32, 1, 1, 2, 70};
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
  EXPECT_EQ(Cache::bytes({CacheLayout::values, CacheFormat::bf16, 2, 3, 21, 70}),
            2U * 3 * 3 * 64 * 32 * 2);
  EXPECT_EQ(Cache::bytes({CacheLayout::keys, CacheFormat::bf16, 1, 1, 21, 64}), 2U * 64 * 22 * 2);
}

TEST(SyntheticCaches, DoNotDependOnThreads) {
  for (const CacheFormat format : {CacheFormat::bf16, CacheFormat::fp8, CacheFormat::q8_0}) {
    const CacheShape shape{CacheLayout::values, format, 1, 2, 32, 200};
    HugeMemory memory(2 * HugeMemory::rounded(Cache::bytes(shape)));
    Cache one(memory, shape);
    Cache other(memory, shape);
    Team alone(1, best_isa());
    Team pair(2, best_isa());
    one.fill_synthetic(alone, 200, 5);
    other.fill_synthetic(pair, 200, 5);
    std::vector<float> a(32);
    std::vector<float> b(32);
    for (std::size_t position = 0; position < 200; ++position) {
      one.read(0, 1, position, a);
      other.read(0, 1, position, b);
      EXPECT_EQ(a, b);
      EXPECT_NE(a, std::vector<float>(32, 0.0F));
    }
  }
}

TEST(Caches, RefuseRowsOfAnotherWidth) {
  Team team(1, best_isa());
  const CacheShape shape{CacheLayout::keys, CacheFormat::f32, 1, 2, 8, 10};
  HugeMemory memory(Cache::bytes(shape));
  Cache cache(memory, shape);
  const GuardedRows rows = GuardedRows::random(1, 15, 1);
  EXPECT_THROW(cache.store(team, rows.view(), {1, 1, 0}), std::invalid_argument);
}

}  // namespace
}  // namespace llmarch::fast
