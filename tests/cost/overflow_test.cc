// Absurd sizes are refused with a message; no figure ever wraps.
#include <algorithm>
#include <limits>
#include <optional>

#include "sim/cost/price.h"
#include "tests/cost/priced.h"
#include "tests/support/model_specs.h"

namespace llmarch {
namespace {

constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();

std::optional<Work> total_if_it_fits(const OpGraph& graph, const Workload& workload) {
  try {
    return predict_total(graph, workload);
  } catch (const Overflow&) {
    return std::nullopt;
  }
}

Flops flops(const Work& work) {
  return work.matrix + work.other;
}

class EveryModel : public ::testing::TestWithParam<std::string> {
 protected:
  const OpGraph graph_ = lower(model_spec(GetParam()));

  // Doubles the workload until it is refused; work grows all the way.
  template <class MakeWorkload>
  void expect_growth_until_refusal(const MakeWorkload& make) {
    Flops before(0);
    for (int doublings = 0; doublings < 63; ++doublings) {
      const auto work = total_if_it_fits(graph_, make(std::int64_t{1} << doublings));
      if (!work) return;
      ASSERT_GT(flops(*work), before) << "at 2^" << doublings;
      before = flops(*work);
    }
    FAIL() << "2^62 was not refused";
  }
};

TEST_P(EveryModel, RefusesWorkloadsWhoseWorkDoesNotFit) {
  const Workload absurd[] = {decode(1, kMost), prefill(kMost, 1),
                             prefill(std::int64_t{1} << 40, std::int64_t{1} << 40),
                             decode(std::int64_t{1} << 32, std::int64_t{1} << 32)};
  for (const Workload& workload : absurd) {
    EXPECT_THROW(predict(graph_, workload), Overflow);
    EXPECT_THROW(predict_total(graph_, workload), Overflow);
  }
}

// False where every layer has a window or a chunk, so that a token costs the same at any context.
// Entries of groups are as many as there are groups, and an index scores each of them.
bool attends_to_every_key(const OpGraph& graph) {
  return std::ranges::any_of(graph.caches, [](const Cache& cache) {
    return cache.state == State(Growing{EveryKey{}}) ||
           std::holds_alternative<Compressed>(cache.state);
  });
}

TEST_P(EveryModel, GrowsWithItsContextUntilItIsRefused) {
  if (!attends_to_every_key(graph_)) {
    EXPECT_EQ(predict_total(graph_, decode(1 << 20, 1)), predict_total(graph_, decode(kMost, 1)));
    return;
  }
  EXPECT_THROW(predict(graph_, decode(kMost, 1)), Overflow);
  EXPECT_THROW(predict_total(graph_, decode(kMost, 1)), Overflow);
  expect_growth_until_refusal([](std::int64_t size) { return decode(size, 1); });
}

// The price of one token fits, although the pairs of all tokens before it do not.
TEST_P(EveryModel, PricesATokenFarBeyondWhereAPromptIsRefused) {
  constexpr std::int64_t kFar = std::int64_t{1} << 36;
  EXPECT_TRUE(total_if_it_fits(graph_, decode(kFar, 1)));
  EXPECT_FALSE(total_if_it_fits(graph_, prefill(kFar, 1)));
}

TEST_P(EveryModel, GrowsWithItsPromptUntilItIsRefused) {
  expect_growth_until_refusal([](std::int64_t size) { return prefill(size, 1); });
}

TEST_P(EveryModel, GrowsWithItsBatchUntilItIsRefused) {
  expect_growth_until_refusal([](std::int64_t size) { return decode(1024, size); });
}

TEST_P(EveryModel, RefusesACacheThatDoesNotFit) {
  EXPECT_THROW(cache_elements(graph_, std::int64_t{1} << 32, std::int64_t{1} << 50), Overflow);
}

INSTANTIATE_TEST_SUITE_P(Specs, EveryModel, ::testing::ValuesIn(model_names()), test_name);

TEST(AModelWhoseParametersDoNotFit, IsRefusedWhenItIsLowered) {
  MixtureFeedForward mixture = tiny_mixture();
  mixture.experts = 1'000'000;
  mixture.expert_width = 1 << 24;
  ArchSpec spec = tiny_model(tiny_grouped(), mixture);
  EXPECT_NO_THROW(lower(spec)) << "3 x 10^6 x 2^24 x 10 elements fit";
  spec.hidden = 1 << 24;
  EXPECT_THROW(lower(spec), Overflow);
}

TEST(AModelWhoseLayersDoNotFitTogether, IsRefusedWhenItIsLowered) {
  ArchSpec spec = tiny_model(tiny_grouped(), tiny_dense());
  spec.hidden = 1 << 24;
  std::get<DenseFeedForward>(spec.feed_forward.front().value).width = 1 << 24;
  EXPECT_NO_THROW(lower(spec)) << "2 x 2^24 x 2^24 elements fit";
  spec.stack.front().repeat = 100'000;
  EXPECT_THROW(lower(spec), Overflow);
}

// 2^63 - 1 elements are 2^63 as a double, which no integer of 64 bits holds.
TEST(AnExpectationOfExperts, IsNotRoundedToMoreThanThereAre) {
  const ExpertReads experts{Driver::token, 1, 1, Elements(kMost), Bytes(kMost), 1};
  EXPECT_EQ(expected_work(experts, decode(1, 2)).weights_read, Elements(kMost));
}

// Eight experts of that size do not fit, nor does a double hold the size of one.
TEST(TheExpertsOfOneToken, AreMultipliedOutAsIntegers) {
  const ExpertReads experts{Driver::token, 8, 1, Elements(kMost), Bytes(1), 1};
  EXPECT_EQ(expected_work(experts, decode(1, 1)).weights_read, Elements(kMost));
  EXPECT_THROW(expected_work(experts, decode(1, 2)), Overflow);
}

}  // namespace
}  // namespace llmarch
