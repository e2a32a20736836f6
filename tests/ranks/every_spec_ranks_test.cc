// For every known architecture, scaled down, and every way of dividing it that it allows: the ranks
// compute what one device does, and what each of them does and sends is what is predicted.
#include <gtest/gtest.h>

#include <set>

#include "sim/graph/lower.h"
#include "sim/spec/scaled.h"
#include "tests/ranks/ranked.h"
#include "tests/support/model_specs.h"

namespace llmarch {
namespace {

constexpr const char* kDeploymentsOfSmallModels[] = {"tp=1",
                                                     "tp=2",
                                                     "tp=3",
                                                     "tp=4",
                                                     "tp=2,by=tree",
                                                     "tp=3,by=tree",
                                                     "tp=3,by=direct",
                                                     "pp=2",
                                                     "dp=2",
                                                     "ep=2",
                                                     "tp=2,ep=2",
                                                     "tp=2,dp=1,ep=2",
                                                     "tp=3,ep=2",
                                                     "dp=4,ep=2",
                                                     "tp=2,pp=2,ep=2",
                                                     "ep=2,by=direct",
                                                     "cp=3",
                                                     "tp=2,cp=2",
                                                     "cp=2,by=tree",
                                                     "ep=4,tp=2,dp=2,dispatch=all-to-all",
                                                     "ep=2,pp=2,dispatch=all-to-all"};

// Those whose small form no tensor-parallel group takes: their heads come by three, and their
// widths are none of it.
const std::set<std::string> kWithoutGroups{
    "falcon-7b",           "falcon-h1-0.5b", "gemma-2b",           "gemma-3-1b",
    "gemma-3-270m",        "gemma-4-12b",    "granite-4.0-h-tiny", "kimi-k3",
    "kimi-linear-48b-a3b", "longcat-flash",  "ling-3.0-flash",     "ling-3.0-tiny",
    "solar-open-2-250b"};

class EverySpecOnRanks : public ::testing::TestWithParam<std::string> {};

TEST_P(EverySpecOnRanks, ComputesAndSendsWhatIsPredicted) {
  const OpGraph graph = lower(scale_down(model_spec(GetParam())));
  bool divided = false;
  for (const char* name : kDeploymentsOfSmallModels) {
    const Deployment deployment = deployment_named(name);
    const std::string refused = refusal(graph, deployment);
    if (!refused.empty()) continue;
    const RankedRun run = run_on_ranks(graph, deployment);
    EXPECT_EQ(run.difference, "") << name;
    EXPECT_TRUE(run.finite) << name;
    divided = divided || deployment.tensor > 1;
  }
  EXPECT_NE(divided, kWithoutGroups.contains(GetParam()));
}

INSTANTIATE_TEST_SUITE_P(Models, EverySpecOnRanks, ::testing::ValuesIn(model_names()), test_name);

}  // namespace
}  // namespace llmarch
