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
    if (quantity.needs == Needs::deployment || quantity.needs == Needs::times) continue;
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
