// For architectures that nobody has built, too, ranks compute what one device does, and send what
// is predicted.
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <map>

#include "sim/graph/lower.h"
#include "sim/spec/rules.h"
#include "tests/agreement/check_many.h"
#include "tests/agreement/random_spec.h"
#include "tests/ranks/coverage.h"
#include "tests/ranks/ranked.h"

namespace llmarch {
namespace {

// How often something was run, and how often its values left the range of numbers: values that are
// NaN on one device and on all ranks are not told apart.
struct Taken {
  int runs = 0, not_finite = 0;
};
// By deployment: one that is never taken would prove nothing.
using TakenBy = std::map<std::string, Taken>;

void check_on_ranks(const OpGraph& graph, TakenBy& taken) {
  for (const char* name :
       {"tp=2", "tp=3", "pp=2", "ep=2", "cp=2", "tp=2,dp=1,ep=2", "ep=2,dispatch=all-to-all"}) {
    const Deployment deployment = deployment_named(name);
    if (!refusal(graph, deployment).empty()) continue;
    const std::string missing = missing_in(AllRanks(graph, deployment));
    if (!missing.empty()) RC_FAIL(std::string(name) + ": " + missing);
    const RankedRun run = run_on_ranks(graph, deployment);
    if (!run.difference.empty()) RC_FAIL(std::string(name) + ": " + run.difference);
    taken[name].runs += 1;
    taken[name].not_finite += run.finite ? 0 : 1;
  }
}

TEST(RandomSpecsOnRanks, ComputeAndSendWhatIsPredicted) {
  TakenBy taken;
  check_many([&] {
    const ArchSpec spec = *any_spec();
    RC_ASSERT(broken_rules(spec).empty());
    check_on_ranks(lower(spec), taken);
  });
  EXPECT_EQ(taken.size(), 7U);
  for (const auto& [name, each] : taken) EXPECT_LT(10 * each.not_finite, each.runs) << name;
}

}  // namespace
}  // namespace llmarch
