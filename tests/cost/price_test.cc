// What a price is in proportion to, and how prices add up.
#include "sim/cost/price.h"

#include "tests/cost/priced.h"

namespace llmarch {
namespace {

Work flops(std::int64_t count) {
  Work work;
  work.other = Flops(count);
  return work;
}

// 3 sequences, 6 positions before the step, 2 new tokens each; 5 such ranks.
const Workload kWorkload{3, 6, 2, {LatentForm::expanded}, Logits::last, 5};

// Within a window of 4 each token attends to 4 keys, and the two of them to positions 3 to 7.
TEST(APrice, IsMultipliedByWhatAWorkloadHas) {
  const std::pair<Driver, std::int64_t> quantities[] = {
      {Driver::once, 1},        {Driver::token, 3 * 2},
      {Driver::logit, 3},       {Driver::token_of_ranks, 5 * 3 * 2},
      {Driver::key, 3 * 8},     {Driver::pair, 3 * 2 * 4},
      {Driver::position, 3 * 5}};
  for (const auto& [driver, count] : quantities) {
    EXPECT_EQ(quantity(driver, Window{4}, kWorkload), count);
    Price price;
    price.per(driver, Window{4}) += flops(10);
    EXPECT_EQ(evaluate(price, kWorkload, 1), flops(10 * count));
    EXPECT_EQ(evaluate(price, kWorkload, 7), flops(7 * 10 * count));
  }
}

TEST(Prices, AddUpByWhatTheyAreInProportionTo) {
  Price one;
  one.once() += flops(1);
  one.per_pair(Window{4}) += flops(2);
  Price other;
  other.per_row(Value{RowAxis::tokens, 1}) += flops(3);
  other.per_pair(Window{4}) += flops(5);
  other.per_pair(EveryKey{}) += flops(7);
  Price sum;
  sum.add(one, 1);
  sum.add(other, 10);
  const std::int64_t all_pairs = 3 * (7 + 8);
  EXPECT_EQ(evaluate(sum, kWorkload, 1),
            flops(1 + 10 * 3 * 6 + (2 + 10 * 5) * 24 + 10 * 7 * all_pairs));
}

// At 2^33 keys 1 + 2 + ... exceeds 64 bits; a price that nothing is paid for does not ask for it.
TEST(APrice, DoesNotCountWhatItIsNotInProportionTo) {
  Price price;
  price.per_pair(EveryKey{});
  price.once() += flops(1);
  EXPECT_EQ(evaluate(price, prefill(std::int64_t{1} << 33, 1), 1), flops(1));
}

// Two tokens choose 8 (1 - (6/8)^2) = 3.5 of 8 experts of 3 elements: 10.5, to the nearest 11.
TEST(ExpertsOfSeveralLayers, AreRoundedInEachLayer) {
  Price price;
  price.add(ExpertReads{Driver::token, 8, 2, Elements(3), Bytes(6), 1});
  EXPECT_EQ(evaluate(price, decode(9, 2), 1).weights_read, Elements(11));
  EXPECT_EQ(evaluate(price, decode(9, 2), 5).weights_read, Elements(5 * 11));
  Price layers;
  layers.add(price, 5);
  EXPECT_EQ(evaluate(layers, decode(9, 2), 1).weights_read, Elements(5 * 11));
}

// All tokens may choose the same 2 of 8 experts: 2 x 3 elements in 2 x 6 bytes, in each of 5
// layers.
TEST(ExpertsOfSeveralTokens, AreAtLeastThoseOfOne) {
  const Work least = least_reads({Driver::token, 8, 2, Elements(3), Bytes(6), 5});
  EXPECT_EQ(least.weights_read, Elements(2 * 3 * 5));
  EXPECT_EQ(least.weight_bytes_read, Bytes(2 * 6 * 5));
}

}  // namespace
}  // namespace llmarch
