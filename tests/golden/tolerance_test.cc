// What counts as equal to a reference's results, and what does not: runs that are right but for one
// value.
#include <gmock/gmock.h>

#include <cmath>
#include <limits>

#include "kernels/verify/verify.h"

namespace llmarch {
namespace {

constexpr std::size_t kTokens = 8;
constexpr float kInfinity = std::numeric_limits<float>::infinity();

// Hidden states and logits of two columns, all 1 but for one 10, and a mixture that chooses expert
// 0 for every token.
Expected reference() {
  Expected expected;
  expected.input_ids.assign(kTokens, 0);
  expected.hidden.assign(2, std::vector<float>(2 * kTokens, 1));
  expected.logits.assign(2 * kTokens, 1);
  expected.logits[3] = 10;
  expected.routing = {
      {0, 1, std::vector<std::int64_t>(kTokens, 0), std::vector<float>(kTokens, 1)}};
  return expected;
}

template <class Value>
std::vector<Value> rows_of(const std::vector<Value>& all, const Workload& step) {
  const auto width = std::ssize(all) / std::int64_t{kTokens};
  const auto begin = all.begin() + step.past.value() * width;
  return {begin, begin + step.tokens.value() * width};
}

// The first departure of a run that computes `got`, from `expected`; "" where there is none.
std::string departure(const Expected& got, const Expected& expected, const Tolerance& tolerance) {
  const RunStep run_step = [&](const Workload& step, std::span<const std::int64_t>) {
    Trace trace;
    for (const auto& hidden : got.hidden) trace.hidden.push_back(rows_of(hidden, step));
    const RoutingTrace& routing = got.routing.front();
    trace.routing = {{routing.layer, routing.experts_per_token, rows_of(routing.experts, step),
                      rows_of(routing.weights, step)}};
    for (const KeyTrace& keys : got.keys) {
      trace.keys.push_back({keys.layer, keys.groups, rows_of(keys.blocks, step)});
    }
    trace.logits = rows_of(got.logits, step);
    return trace;
  };
  std::vector<std::string> found;  // at once, and token by token
  for (const VerifiedRun& run : verify(run_step, expected, tolerance)) {
    const auto first = run.first_departure();
    found.push_back(first ? first->what : "");
  }
  EXPECT_THAT(found, testing::Each(found.front()));
  return found.front();
}

// The same, where only the logit of 10 is computed otherwise.
std::string departure_of(float logit, const Tolerance& tolerance) {
  Expected got = reference();
  got.logits[3] = logit;
  return departure(got, reference(), tolerance);
}

TEST(AnAbsoluteTolerance, IsMetAndNotExceeded) {
  EXPECT_EQ(departure_of(10.25F, {.absolute = 0.25}), "");
  EXPECT_EQ(departure_of(10.2501F, {.absolute = 0.25}), "logits");
  EXPECT_EQ(departure_of(9.7499F, {.absolute = 0.25}), "logits");
}

// An eighth of the largest, which is 10.
TEST(ARelativeTolerance, IsThatOfTheLargestValue) {
  EXPECT_EQ(departure_of(11.25F, {.relative = 0.125}), "");
  EXPECT_EQ(departure_of(11.2501F, {.relative = 0.125}), "logits");
}

TEST(ATolerance, AdmitsNothingThatIsNotFinite) {
  for (const float value : {kInfinity, -kInfinity, std::nanf("")}) {
    for (const Tolerance& tolerance :
         {Tolerance{.absolute = 1e30}, Tolerance{.absolute = 1e-4, .relative = 0.2}}) {
      EXPECT_EQ(departure_of(value, tolerance), "logits");
      Expected broken = reference();
      broken.logits[3] = value;
      EXPECT_EQ(departure(reference(), broken, tolerance), "logits");
      EXPECT_EQ(departure(broken, broken, tolerance), "logits");
    }
  }
}

TEST(AHiddenState, OfEachLayerIsCompared) {
  for (const auto& [layer, name] :
       {std::pair(0, "hidden state into layer 0"), std::pair(1, "hidden state out of layer 0")}) {
    Expected got = reference();
    got.hidden.at(static_cast<std::size_t>(layer)).back() = 1.1F;
    EXPECT_EQ(departure(got, reference(), {.absolute = 1e-4}), name);
  }
}

// A quarter of eight tokens are two.
TEST(ATolerance, LetsOnlyItsShareOfTheTokensChooseOtherwise) {
  Expected got = reference();
  got.routing[0].experts = {1, 1, 0, 0, 0, 0, 0, 0};
  EXPECT_EQ(departure(got, reference(), {.absolute = 1e-4, .otherwise = 0.25}), "");
  EXPECT_EQ(departure(got, reference(), {.absolute = 1e-4}), "experts of layer 0");
  got.routing[0].experts[7] = 1;
  EXPECT_EQ(departure(got, reference(), {.absolute = 1e-4, .otherwise = 0.25}),
            "experts of layer 0");
  got = reference();
  got.routing[0].weights[7] = 0.9F;
  EXPECT_EQ(departure(got, reference(), {.absolute = 1e-4, .otherwise = 0.25}),
            "expert weights of layer 0");
}

// Two groups of heads choose keys. Two tokens of eight may choose others, in one group or in both.
TEST(ATolerance, CountsATokenOnceWhoseGroupsChooseOtherKeys) {
  Expected expected = reference();
  expected.keys = {{0, 2, std::vector<std::vector<std::size_t>>(2 * kTokens, {0})}};
  Expected got = expected;
  for (const std::size_t group : {0U, 1U, 2U, 3U}) got.keys[0].blocks[group] = {1};
  EXPECT_EQ(departure(got, expected, {.absolute = 1e-4, .otherwise = 0.25}), "");
  got = expected;
  for (const std::size_t group : {0U, 2U, 4U}) got.keys[0].blocks[group] = {1};
  EXPECT_EQ(departure(got, expected, {.absolute = 1e-4, .otherwise = 0.25}), "keys of layer 0");
}

}  // namespace
}  // namespace llmarch
