// Attention against plain loops in double over the same rounded numbers.
#include "kernels/fast/attention.h"
#include "kernels/fast/first_key.h"

#include "tests/fast_kernels/guarded.h"

namespace llmarch::fast {
namespace {

// One head of one query: weights softmax(scores), result their sum over the values.
template <class Score, class Value>
std::vector<double> plain_attention(std::size_t first, std::size_t last, std::size_t width,
                                    const Score& score, const Value& value) {
  std::vector<double> weights;
  for (std::size_t key = first; key <= last; ++key) weights.push_back(score(key));
  const double largest = *std::max_element(weights.begin(), weights.end());
  double sum = 0;
  for (double& weight : weights) sum += weight = std::exp(weight - largest);
  std::vector<double> out(width, 0.0);
  for (std::size_t key = first; key <= last; ++key) {
    for (std::size_t i = 0; i < width; ++i) out[i] += weights[key - first] / sum * value(key, i);
  }
  return out;
}

// plain(row, column), where the heads of a row are `width` wide and made at once.
template <class Head>
auto by_heads(std::size_t width, const Head& head) {
  return [width, &head, made = std::vector<double>()](std::size_t row, std::size_t column) mutable {
    if (column % width == 0) made = head(row, column / width);
    return made[column % width];
  };
}

struct FilledCache {
  FilledCache(Team& team, const CacheShape& shape, std::size_t positions, unsigned seed)
      : rows(GuardedRows::random(shape.sequences * positions, shape.heads * shape.width, seed)),
        memory(Cache::bytes(shape)),
        cache(memory, shape),
        positions_of_each(positions) {
    cache.store(team, rows.view(), {shape.sequences, positions, 0});
    for (std::size_t r = 0; r < rows.view().rows; ++r) {
      for (std::size_t head = 0; head < shape.heads; ++head) read(r, head);
    }
  }
  // What attention multiplies with. What a cache gives back is tested in cache_test.cc.
  [[nodiscard]] double at(std::size_t sequence, std::size_t position, std::size_t column) const {
    const CacheShape& shape = cache.shape();
    return rounded(
        arithmetic_of(shape.format),
        kept[(sequence * positions_of_each + position) * shape.heads * shape.width + column]);
  }
  GuardedRows rows;
  HugeMemory memory;
  Cache cache;
  std::size_t positions_of_each;
  std::vector<float> kept;  // (rows, heads, width)

 private:
  void read(std::size_t row, std::size_t head) {
    std::vector<float> element(cache.shape().width);
    cache.read(row / positions_of_each, head, row % positions_of_each, element);
    kept.insert(kept.end(), element.begin(), element.end());
  }
};

struct Case {
  std::size_t query_heads, kv_heads, key_width, value_width;
  Places places;
  Reach reach;
  std::optional<float> soft_cap;
  std::optional<Integer> growth_length = {};
};

const std::vector<Case> kCases{
    {1, 1, 1, 1, {1, 1, 0}, EveryKey{}, {}},
    {4, 2, 16, 16, {1, 1, 62}, EveryKey{}, {}},     // the block's last key but one
    {4, 2, 16, 16, {1, 1, 63}, EveryKey{}, {}},     // its last
    {4, 2, 16, 16, {1, 1, 64}, EveryKey{}, {}},     // the next one's first
    {8, 1, 24, 40, {2, 1, 300}, EveryKey{}, {}},    // several sequences, widths apart
    {14, 2, 80, 80, {1, 3, 200}, EveryKey{}, {}},   // 7 heads share a key, 3 tokens
    {6, 2, 128, 128, {1, 150, 0}, EveryKey{}, {}},  // prefill
    {4, 4, 33, 65, {2, 70, 30}, EveryKey{}, 5.0F},  // odd widths, a past, a cap
    {4, 2, 16, 16, {1, 1, 500}, Window{Integer(70)}, {}},
    {4, 2, 16, 16, {1, 100, 60}, Window{Integer(33)}, {}},
    {4, 2, 16, 16, {1, 1, 128}, Chunk{Integer(64)}, {}},  // a chunk's first position: one key
    {4, 2, 16, 16, {1, 130, 20}, Chunk{Integer(50)}, {}},
    {6, 2, 32, 32, {2, 90, 20}, EveryKey{}, 5.0F, 50},  // rows on both sides of the length
    {6, 2, 32, 32, {1, 3, 900}, EveryKey{}, {}, 3},     // interleaved blocks
    {80, 1, 16, 16, {1, 3, 90}, EveryKey{}, {}},        // more heads than a stretch
    // Depths at which blocks of keys are interleaved several times, with and without blocks left
    // over, for each number of query heads per key head that takes another path.
    {2, 2, 64, 64, {1, 1, 900}, EveryKey{}, {}},
    {4, 2, 128, 128, {2, 1, 1100}, EveryKey{}, {}},
    {6, 2, 48, 80, {1, 1, 700}, EveryKey{}, {}},
    {8, 2, 64, 128, {1, 1, 640}, EveryKey{}, 5.0F},
    {10, 2, 16, 16, {1, 1, 1500}, Window{Integer(1000)}, {}},
    {14, 2, 64, 64, {1, 1, 1000}, EveryKey{}, {}},
    {40, 1, 16, 64, {1, 1, 6000}, EveryKey{}, {}},  // more scores than are kept at a time
    {4, 2, 16, 16, {1, 20, 700}, EveryKey{}, {}},   // a prompt after a past
    // The last block is interleaved with others, and is attended to in full, at one key, or by each
    // token up to its own position; or the tokens are on both sides of its start.
    {4, 2, 64, 64, {1, 1, 1023}, EveryKey{}, {}},
    {4, 2, 64, 64, {1, 1, 960}, EveryKey{}, {}},
    {4, 2, 64, 64, {2, 5, 1000}, EveryKey{}, {}},
    {4, 2, 64, 64, {1, 5, 958}, EveryKey{}, {}},
    {4, 2, 64, 64, {1, 3, 1000}, Window{Integer(600)}, {}}};

// bf16 numerators carry 8 significant bits: each weight is off by at most 2^-9 of itself, and so is
// the sum of values below 1.
double tolerance(Stored stored) {
  return stored == Stored::f32 ? 2e-5 : 0x1p-8;
}

class Attending : public OnEveryIsa {};
ON_EVERY_ISA(Attending);

struct Formats {
  CacheFormat keys, values;
};

void check_case(const Case& c, const Formats& formats, Team& team) {
  const Stored stored = arithmetic_of(formats.keys);
  const std::size_t positions = c.places.past + c.places.tokens;
  const std::size_t sequences = c.places.sequences;
  const FilledCache keys(
      team, {CacheLayout::keys, formats.keys, sequences, c.kv_heads, c.key_width, positions},
      positions, 1);
  const FilledCache values(
      team, {CacheLayout::values, formats.values, sequences, c.kv_heads, c.value_width, positions},
      positions, 2);
  const GuardedRows queries = GuardedRows::random(c.places.rows(), c.query_heads * c.key_width, 3);
  GuardedRows out(c.places.rows(), c.query_heads * c.value_width);
  const float scale = 1.7F;
  GroupedShape shape{c.query_heads, c.kv_heads, c.key_width, c.value_width,
                     scale,         c.soft_cap, c.reach};
  shape.growth_length = c.growth_length;
  const Attended attended =
      attend(team, shape, queries.view(), c.places, keys.cache, values.cache, out.view());
  std::int64_t pairs = 0;
  const auto plain = [&](std::size_t r, std::size_t head) {
    const std::size_t kv = head / (c.query_heads / c.kv_heads);
    const std::size_t sequence = c.places.sequence(r);
    const auto score = [&](std::size_t key) {
      double s = 0;
      for (std::size_t i = 0; i < c.key_width; ++i) {
        s += rounded(stored, queries.at(r, head * c.key_width + i)) *
             keys.at(sequence, key, kv * c.key_width + i);
      }
      s *= scale;
      if (c.soft_cap) s = *c.soft_cap * std::tanh(s / *c.soft_cap);
      const auto position = static_cast<double>(c.places.position(r));
      const bool grows = c.growth_length && position > c.growth_length->as_double();
      return grows ? s * std::log(position) / std::log(c.growth_length->as_double()) : s;
    };
    const auto value = [&](std::size_t key, std::size_t i) {
      return values.at(sequence, key, kv * c.value_width + i);
    };
    const std::size_t position = c.places.position(r);
    const std::size_t first = first_key(c.reach, position);
    pairs += static_cast<std::int64_t>(position - first + 1);
    return plain_attention(first, position, c.value_width, score, value);
  };
  EXPECT_LT(largest_difference(out, by_heads(c.value_width, plain)), tolerance(stored));
  EXPECT_TRUE(out.sentinels_stand());
  EXPECT_EQ(attended.pairs, pairs);
}

void check_cases(Team& team) {
  for (const Stored stored : {Stored::f32, Stored::bf16}) {
    for (std::size_t i = 0; i < kCases.size(); ++i) {
      SCOPED_TRACE(testing::Message()
                   << "case " << i << ", threads " << team.size() << ", streams " << team.streams()
                   << ", " << (stored == Stored::f32 ? "f32" : "bf16"));
      check_case(kCases[i], {cache_format(stored), cache_format(stored)}, team);
    }
  }
}

TEST_P(Attending, AgreesWithPlainLoopsAlongOneStreamOfMemoryTwoAndFour) {
  for (const std::size_t threads : {1U, 3U}) {
    Team team(threads, GetParam());
    for (const std::size_t streams : {1U, 2U, 4U}) {
      team.use_streams(streams);
      check_cases(team);
    }
  }
}

// Whole groups of q8_0, and others where neither cache is in q8_0.
TEST_P(Attending, AgreesWithPlainLoopsOverWhatNarrowCachesHold) {
  Team team(2, GetParam());
  const auto whole = [](CacheFormat format, std::size_t width) {
    return format != CacheFormat::q8_0 || width % kScaledTogether == 0;
  };
  for (const Formats& formats :
       {Formats{CacheFormat::f16, CacheFormat::f16}, Formats{CacheFormat::fp8, CacheFormat::fp8},
        Formats{CacheFormat::q8_0, CacheFormat::q8_0}, Formats{CacheFormat::q8_0, CacheFormat::f16},
        Formats{CacheFormat::bf16, CacheFormat::fp8}}) {
    for (std::size_t i = 0; i < kCases.size(); ++i) {
      const Case& c = kCases[i];
      if (!whole(formats.keys, c.key_width) || !whole(formats.values, c.value_width)) continue;
      SCOPED_TRACE(testing::Message() << "case " << i);
      check_case(c, formats, team);
    }
  }
}

TEST_P(Attending, LatentsAreKeysAndValues) {
  const LatentShape shape{10, 6, 32, 96, 0.9F};
  for (const Places& places : {Places{2, 1, 200}, Places{1, 90, 10}}) {
    for (const CacheFormat format :
         {CacheFormat::f32, CacheFormat::bf16, CacheFormat::fp8, CacheFormat::q8_0}) {
      Team team(2, GetParam());
      const Stored stored = arithmetic_of(format);
      const std::size_t positions = places.past + places.tokens;
      const FilledCache latents(
          team, {CacheLayout::keys, format, places.sequences, 1, 96, positions}, positions, 1);
      const FilledCache ropes(team, {CacheLayout::keys, format, places.sequences, 1, 32, positions},
                              positions, 2);
      const GuardedRows absorbed = GuardedRows::random(places.rows(), 10 * 96, 3);
      const GuardedRows queries = GuardedRows::random(places.rows(), 10 * 38, 4);
      GuardedRows out(places.rows(), 10 * 96);
      const Attended attended = attend_latent(team, shape, absorbed.view(), queries.view(), places,
                                              latents.cache, ropes.cache, out.view());
      const auto plain = [&](std::size_t r, std::size_t head) {
        const std::size_t sequence = places.sequence(r);
        const auto score = [&](std::size_t key) {
          double s = 0;
          for (std::size_t i = 0; i < 96; ++i) {
            s += rounded(stored, absorbed.at(r, head * 96 + i)) * latents.at(sequence, key, i);
          }
          for (std::size_t i = 0; i < 32; ++i) {
            s += rounded(stored, queries.at(r, head * 38 + 6 + i)) * ropes.at(sequence, key, i);
          }
          return s * 0.9F;
        };
        const auto value = [&](std::size_t key, std::size_t i) {
          return latents.at(sequence, key, i);
        };
        return plain_attention(0, places.position(r), 96, score, value);
      };
      EXPECT_LT(largest_difference(out, by_heads(96, plain)), tolerance(stored));
      EXPECT_TRUE(out.sentinels_stand());
      EXPECT_EQ(attended.keys, static_cast<std::int64_t>(places.sequences * positions));
    }
  }
}

TEST(JoinedKeys, AreTheHeadsPartAndTheSharedPart) {
  Team team(2, best_isa());
  const FilledCache ropes(team, {CacheLayout::keys, CacheFormat::f32, 1, 1, 4, 80}, 80, 1);
  const CacheShape shape{CacheLayout::keys, CacheFormat::f32, 1, 3, 9, 80};
  HugeMemory memory(Cache::bytes(shape));
  Cache joined(memory, shape);
  const GuardedRows nope = GuardedRows::random(70, 3 * 5, 2);
  join_keys(team, nope.view(), 0, 10, ropes.cache, joined);
  std::vector<float> key(9);
  for (std::size_t r = 0; r < 70; ++r) {
    for (std::size_t head = 0; head < 3; ++head) {
      joined.read(0, head, 10 + r, key);
      for (std::size_t i = 0; i < 9; ++i) {
        const double expected = i < 5 ? nope.at(r, head * 5 + i) : ropes.at(0, 10 + r, i - 5);
        EXPECT_EQ(key[i], expected);
      }
    }
  }
}

// A window of 70 at position 500 reads 70 keys, whichever blocks they are in; 100 tokens after 60
// with a window of 33 read 100 + 32; four query heads attend to each.
TEST(WhatAttentionCounts, IsWithinTheReach) {
  Team team(2, best_isa());
  const auto counted = [&](const Places& places, const Reach& reach) {
    const std::size_t positions = places.past + places.tokens;
    const FilledCache keys(team, {CacheLayout::keys, CacheFormat::f32, 1, 2, 16, positions},
                           positions, 1);
    const FilledCache values(team, {CacheLayout::values, CacheFormat::f32, 1, 2, 16, positions},
                             positions, 2);
    const GuardedRows queries = GuardedRows::random(places.rows(), 4 * 16, 3);
    GuardedRows out(places.rows(), 4 * 16);
    return attend(team, {4, 2, 16, 16, 1.0F, {}, reach}, queries.view(), places, keys.cache,
                  values.cache, out.view());
  };
  EXPECT_EQ(counted({1, 1, 500}, Window{Integer(70)}).keys, 70);
  EXPECT_EQ(counted({1, 1, 500}, Window{Integer(70)}).pairs, 4 * 70);
  EXPECT_EQ(counted({1, 100, 60}, Window{Integer(33)}).keys, 100 + 32);
  EXPECT_EQ(counted({1, 100, 60}, Window{Integer(33)}).pairs, 4 * 100 * 33);
  EXPECT_EQ(counted({1, 1, 128}, Chunk{Integer(64)}).keys, 1);
  EXPECT_EQ(counted({1, 10, 0}, EveryKey{}).pairs, 4 * 55);
}

// Threads share a line of keys, and each adds up its own part of the softmax.
TEST_P(Attending, GivesTheSameToTheBitWhicheverThreadIsDoneFirst) {
  const std::size_t positions = 4'001;
  for (const std::size_t threads : {1U, 2U, 3U, 4U}) {
    Team team(threads, GetParam());
    const FilledCache keys(team, {CacheLayout::keys, CacheFormat::f32, 1, 1, 16, positions},
                           positions, 1);
    const FilledCache values(team, {CacheLayout::values, CacheFormat::f32, 1, 1, 16, positions},
                             positions, 2);
    const GuardedRows queries = GuardedRows::random(1, 4 * 16, 3);
    std::vector<float> first;
    for (int run = 0; run < 100; ++run) {
      GuardedRows out(1, 4 * 16);
      attend(team, {4, 1, 16, 16, 1.7F, {}, EveryKey{}}, queries.view(), {1, 1, positions - 1},
             keys.cache, values.cache, out.view());
      const std::vector<float> sums(out.view().row(0), out.view().row(0) + 4 * 16);
      if (first.empty()) first = sums;
      ASSERT_EQ(sums, first) << threads << " threads, run " << run;
    }
  }
}

// With a cap and without, from a query and from a key: what is not a number must not become a score
// of 0 or of the cap.
TEST_P(Attending, WhatIsNotANumberGivesNoNumber) {
  Team team(1, GetParam());
  for (const CacheFormat format : {CacheFormat::f32, CacheFormat::bf16, CacheFormat::f16,
                                   CacheFormat::fp8, CacheFormat::q8_0}) {
    for (const std::optional<float> cap : {std::optional<float>(), std::optional(5.0F)}) {
      for (const bool in_query : {true, false}) {
        const std::size_t positions = 150;
        FilledCache keys(team, {CacheLayout::keys, format, 1, 1, 32, positions}, positions, 1);
        const FilledCache values(team, {CacheLayout::values, format, 1, 1, 32, positions},
                                 positions, 2);
        GuardedRows queries = GuardedRows::random(1, 32, 3);
        (in_query ? queries.view().row(0) : keys.rows.view().row(70))[5] = std::nanf("");
        keys.cache.store(team, keys.rows.view(), {1, positions, 0});
        GuardedRows out(1, 32);
        attend(team, {1, 1, 32, 32, 1.0F, cap, EveryKey{}}, queries.view(), {1, 1, positions - 1},
               keys.cache, values.cache, out.view());
        for (std::size_t i = 0; i < 32; ++i) {
          ASSERT_TRUE(std::isnan(out.at(0, i))) << (in_query ? "query" : "key");
        }
      }
    }
  }
}

// The cache holds little more than the window, so that blocks are used again and again.
TEST_P(Attending, WorksOverACacheThatForgets) {
  Team team(2, GetParam());
  const CacheShape keys_shape{CacheLayout::keys, CacheFormat::f32, 1, 1, 8, 40};
  const CacheShape values_shape{CacheLayout::values, CacheFormat::f32, 1, 1, 8, 40};
  HugeMemory memory(Cache::bytes(keys_shape) + Cache::bytes(values_shape));
  Cache keys(memory, keys_shape);
  Cache values(memory, values_shape);
  const GuardedRows all = GuardedRows::random(400, 8, 1);
  for (std::size_t position = 0; position < 400; ++position) {
    const ConstRows row{all.view().row(position), 1, 8, 8};
    const Places places{1, 1, position};
    keys.store(team, row, places);
    values.store(team, row, places);
    GuardedRows out(1, 8);
    attend(team, {1, 1, 8, 8, 1.0F, {}, Window{Integer(40)}}, row, places, keys, values,
           out.view());
    const auto score = [&](std::size_t key) {
      double s = 0;
      for (std::size_t i = 0; i < 8; ++i) s += all.at(position, i) * all.at(key, i);
      return s;
    };
    const auto plain =
        plain_attention(position < 40 ? 0 : position - 39, position, 8, score,
                        [&](std::size_t key, std::size_t i) { return all.at(key, i); });
    ASSERT_LT(largest_difference(out, [&](std::size_t, std::size_t i) { return plain[i]; }), 2e-5);
  }
}

}  // namespace
}  // namespace llmarch::fast
