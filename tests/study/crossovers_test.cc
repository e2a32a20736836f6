#include "sim/study/crossovers.h"

#include <gmock/gmock.h>

#include "tests/support/model_specs.h"
#include "tests/support/tiny_models.h"
#include "tests/support/toy_machine.h"

namespace llmarch {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr Integer kFar = std::int64_t{1} << 40;

Model model(const std::string& name) {
  return make_model(model_spec(name), {});
}

// Every turn by trying every length.
std::vector<Turn> tried_one_by_one(const SweptFigure& left, const SweptFigure& right, Integer from,
                                   Integer to) {
  std::vector<Turn> turns;
  auto before = order_of(value_at(left, from), value_at(right, from));
  for (Integer at = from + 1; at <= to; at += 1) {
    const auto after = order_of(value_at(left, at), value_at(right, at));
    if (after != before) turns.push_back({at, before, after});
    before = after;
  }
  return turns;
}

std::vector<std::int64_t> places(const std::vector<Turn>& turns) {
  std::vector<std::int64_t> places;
  for (const Turn& turn : turns) places.push_back(turn.at.value());
  return places;
}

struct TwoModels {
  std::string left, right;
  Integer batch;
  DType weights, kv;
};

Setting setting_of(const TwoModels& pair) {
  return {.batch = pair.batch, .weights = pair.weights, .kv = pair.kv, .machine = toy_machine()};
}

class EveryPair : public testing::TestWithParam<TwoModels> {};

// Windows, chunks, latents, experts at batch 3, and four-bit formats that round to whole bytes.
INSTANTIATE_TEST_SUITE_P(
    Crossovers, EveryPair,
    testing::Values(TwoModels{"gemma-3-27b", "mistral-small-3.1-24b", 1, DType::bf16, DType::bf16},
                    TwoModels{"llama-4-scout", "gemma-3-12b", 1, DType::int4, DType::bf16},
                    TwoModels{"llama-4-maverick", "llama-4-scout", 3, DType::fp8, DType::fp8},
                    TwoModels{"deepseek-v3", "kimi-k2", 3, DType::int4, DType::int4},
                    TwoModels{"mistral-7b-v0.1", "llama-3.1-8b", 1, DType::bf16, DType::int4},
                    TwoModels{"qwen3-30b-a3b", "qwen3-4b", 2, DType::bf16, DType::bf16},
                    TwoModels{"qwen1.5-moe-a2.7b", "deepseek-v2-lite", 1, DType::int8, DType::bf16},
                    TwoModels{"gpt2-xl", "gpt2", 1, DType::f32, DType::f32}));

TEST_P(EveryPair, TurnsWhereTryingEveryContextFindsIt) {
  const TwoModels& pair = GetParam();
  const Model left = model(pair.left);
  const Model right = model(pair.right);
  const Setting setting = setting_of(pair);
  const ModelCurves left_curves(left, setting);
  const ModelCurves right_curves(right, setting);
  for (const Quantity& quantity : quantities()) {
    if (quantity.needs != Needs::nothing && quantity.needs != Needs::machine) continue;
    const SweptFigure a{&left_curves, &quantity};
    const SweptFigure b{&right_curves, &quantity};
    const Turns found = find_turns(a, b, 1, 20'000);
    EXPECT_EQ(places(found.turns), places(tried_one_by_one(a, b, 1, 20'000))) << quantity.name;
  }
}

TEST_P(EveryPair, TurnsInItselfWhereTryingEveryContextFindsIt) {
  const Model one = model(GetParam().left);
  const Setting setting = setting_of(GetParam());
  const ModelCurves curves(one, setting);
  const auto compare = [&](std::string_view left, std::string_view right) {
    const SweptFigure a{&curves, find_quantity(left)};
    const SweptFigure b{&curves, find_quantity(right)};
    EXPECT_EQ(places(find_turns(a, b, 1, 20'000).turns), places(tried_one_by_one(a, b, 1, 20'000)))
        << left << " and " << right;
  };
  compare("attention_flops", "feed_forward_flops");
  compare("attention_block_flops", "feed_forward_flops");
  compare("arithmetic_time", "memory_time");
  compare("kv_bytes", "weight_bytes");
}

// The cache of Mistral 7B stops growing at its window of 4,096, that of GPT-2 XL never: 2 x 32
// layers x 1,024 elements x min(c, 4,096) against 2 x 48 layers x 1,600 x c. With batches of 64 and
// 1 the turn is where 153,600 c passes 64 x 65,536 x 4,096.
TEST(ACache, ThatStopsGrowingIsOvertakenAtTheExactToken) {
  const Model window = model("mistral-7b-v0.1");
  const Model every = model("gpt2-xl");
  Setting many;
  many.batch = 64;
  const ModelCurves left(window, many);
  const ModelCurves right(every, Setting{});
  const Quantity* kv = find_quantity("kv_bytes");
  const Turns found = find_turns({&left, kv}, {&right, kv}, 1, 1'000'000'000);
  ASSERT_THAT(places(found.turns), ElementsAre(64 * 65'536LL * 4'096 / 153'600 + 1));
  EXPECT_EQ(found.turns.front().before, std::strong_ordering::greater);
  EXPECT_EQ(found.turns.front().after, std::strong_ordering::less);
}

// Two models of one layer. One has 4 key/value heads and a window of 1,000: a step reads 4 x 2 x 6
// x 2 = 96 bytes for each key up to there. The other has 2 such heads, 48 bytes for every key, and
// 1,213 more columns in its feed-forward: 1,213 x 2 x 10 x 2 bytes more of weights, less 480 of
// narrower keys and values. With the one position that each writes the first reads
// 48 (c + 1) - 48,040 bytes more at c keys up to 1,000, and 48 less with each key after it: -40 at
// 999, 8 at 1,000, -40 at 1,001.
TEST(AFigure, ThatIsAheadAtTheLastKeyOfAWindowAloneIsFound) {
  GroupedAttention windowed = tiny_grouped();
  windowed.kv_heads = 4;
  windowed.window = 1'000;
  DenseFeedForward wide = tiny_dense();
  wide.width += 1'213;
  const Model left_model = make_model(tiny_model(windowed, tiny_dense()), {});
  const Model right_model = make_model(tiny_model(tiny_grouped(), wide), {});
  const ModelCurves left_curves(left_model, Setting{});
  const ModelCurves right_curves(right_model, Setting{});
  const SweptFigure left{&left_curves, find_quantity("decode_bytes")};
  const SweptFigure right{&right_curves, find_quantity("decode_bytes")};
  const auto difference = [&](Integer context) {
    return as_double(value_at(left, context)) - as_double(value_at(right, context));
  };
  ASSERT_EQ(difference(999), -40);
  ASSERT_EQ(difference(1'000), 8);
  ASSERT_EQ(difference(1'001), -40);
  EXPECT_THAT(places(find_turns(left, right, 1, 100'000).turns), ElementsAre(1'000, 1'001));
}

// 300 keys each: in a window, in a chunk, and as the 30 of 10 that an index chooses; and the 64
// positions that one entry is made of, up to the fifth.
struct Bordered {
  const char* name;
  Mixer mixer;
  std::int64_t border;
};

std::vector<Bordered> borders() {
  GroupedAttention windowed = tiny_grouped();
  windowed.kv_heads = 4;
  GroupedAttention chunked = windowed;
  GroupedAttention chosen = windowed;
  windowed.window = 300;
  chunked.chunk = 300;
  chosen.block_index = BlockIndex{6, 10, 30};
  CompressedAttention compressed;
  compressed.query_heads = 4;
  compressed.head_dim = 6;
  compressed.rope_head_dim = 2;
  compressed.query_latent_dim = 3;
  compressed.window = 20;
  compressed.output_groups = 2;
  compressed.output_latent_dim = 3;
  compressed.rotary.theta = 10'000;
  compressed.compression = Compression{64};
  return {{"window", windowed, 300},
          {"chunk", chunked, 300},
          {"chosen", chosen, 300},
          {"entries", compressed, 320}};
}

// The other model reads every key, and each column more of its feed-forward moves the turn: it
// takes 2 x 10 elements of two bytes. A figure that overtakes for one token alone, or within a few
// tokens of a border, is found as well as one that stays ahead.
TEST(Turns, AreFoundHoweverNearABorderTheyAre) {
  const Quantity* bytes = find_quantity("decode_bytes");
  for (const Bordered& each : borders()) {
    const Model left_model = make_model(tiny_model(each.mixer, tiny_dense()), {});
    const ModelCurves left(left_model, Setting{});
    const auto with_columns = [&](Integer more) {
      return make_model(tiny_model(tiny_grouped(), DenseFeedForward{.width = 15 + more}), {});
    };
    const auto at_border = [&](const ModelCurves& curves) {
      return std::get<Integer>(value_at({&curves, bytes}, each.border));
    };
    const Model plain = with_columns(0);
    const Integer even = (at_border(left) - at_border(ModelCurves(plain, Setting{}))) / 40;
    for (Integer more = even - 12; more <= even + 12; more += 1) {
      const Model right_model = with_columns(more);
      const ModelCurves right(right_model, Setting{});
      const SweptFigure a{&left, bytes};
      const SweptFigure b{&right, bytes};
      EXPECT_EQ(places(find_turns(a, b, 1, 700).turns), places(tried_one_by_one(a, b, 1, 700)))
          << each.name << ", " << more.value() << " columns more";
    }
  }
}

TEST(AModel, NeverOvertakesItself) {
  const Model one = model("llama-4-scout");
  const ModelCurves left(one, Setting{});
  const ModelCurves right(one, Setting{});
  for (const Quantity& quantity : quantities()) {
    if (quantity.needs != Needs::nothing) continue;
    const Turns found = find_turns({&left, &quantity}, {&right, &quantity}, 1, 100'000);
    EXPECT_EQ(found.at_start, std::strong_ordering::equal);
    EXPECT_THAT(found.turns, IsEmpty()) << quantity.name;
  }
}

// Chunks of one position have a border after each, and the search passes so many of them.
TEST(Turns, AreLookedForUpToSoManyBorders) {
  GroupedAttention single = tiny_grouped();
  single.chunk = 1;
  const Model left_model = make_model(tiny_model(single, tiny_dense()), {});
  const Model right_model = make_model(tiny_model(tiny_grouped(), tiny_dense()), {});
  const ModelCurves left(left_model, Setting{});
  const ModelCurves right(right_model, Setting{});
  const Quantity* kv = find_quantity("kv_bytes");
  const Turns found = find_turns({&left, kv}, {&right, kv}, 1, kFar);
  EXPECT_EQ(found.searched_to, kMostBorders);
  EXPECT_THAT(places(found.turns), ElementsAre(2));
}

TEST(AFigure, ThatPasses64BitsEndsTheSearchWhereItDoes) {
  const Model one = model("deepseek-v3");
  const Model other = model("kimi-k2");
  const ModelCurves left(one, Setting{});
  const ModelCurves right(other, Setting{});
  const Quantity* flops = find_quantity("prefill_flops");
  const SweptFigure a{&left, flops};
  const SweptFigure b{&right, flops};
  const Turns found = find_turns(a, b, 1, kFar);
  ASSERT_LT(found.searched_to, kFar);
  EXPECT_NO_THROW(value_at(a, found.searched_to));
  EXPECT_THROW((value_at(a, found.searched_to + 1), value_at(b, found.searched_to + 1)), Overflow);
}

}  // namespace
}  // namespace llmarch
