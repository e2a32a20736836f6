// Golden models, divided over ranks: what the reference implementation computed is what the ranks
// compute together, and they send what is predicted.
#include <gtest/gtest.h>

#include <algorithm>

#include "kernels/measure/verify_ranks.h"
#include "tests/golden/golden_models.h"
#include "tests/ranks/ranked.h"
#include "tests/support/chunks.h"

namespace llmarch {
namespace {

constexpr const char* kDeploymentsOfGoldenModels[] = {
    "tp=2",      "tp=4",           "pp=2",
    "ep=2",      "cp=2",           "ep=2,dispatch=all-to-all",
    "tp=2,ep=2", "tp=2,dp=1,ep=2", "tp=2,pp=2,by=tree"};

std::vector<RecurrenceForm> forms_of(const OpGraph& graph) {
  if (!runs_by_chunks(graph)) return {RecurrenceForm::by_step};
  return {RecurrenceForm::by_step, RecurrenceForm::by_chunk};
}

// Whether an index chooses what is attended to, or entries stand for groups of positions.
bool is_indexed(const OpGraph& graph) {
  return std::ranges::any_of(graph.blocks, [](const Block& block) {
    return std::ranges::any_of(block.nodes, [](const Node& node) {
      return std::holds_alternative<ChooseKeys>(node.op) ||
             std::holds_alternative<AttendShared>(node.op);
    });
  });
}

class EveryGoldenModelOnRanks : public ::testing::TestWithParam<std::string> {};

TEST_P(EveryGoldenModelOnRanks, AgreesWithTheReferenceAndSendsWhatIsPredicted) {
  const GoldenModel model(GetParam());
  const WeightStore weights = model.weights_for(model.graph);
  for (const char* name : kDeploymentsOfGoldenModels) {
    const Deployment deployment = deployment_named(name);
    if (!refusal(model.graph, deployment).empty()) continue;
    for (const RecurrenceForm form : forms_of(model.graph)) {
      for (const VerifiedRun& run : verify_ranks({model.graph, weights, deployment}, model.expected,
                                                 model.tolerance(), form)) {
        const auto departure = run.first_departure();
        EXPECT_FALSE(departure.has_value())
            << name << ", " << run.name << ": " << departure->what << " by " << departure->largest;
      }
    }
  }
}

// All other models run with the positions of their caches divided, in the test above.
TEST_P(EveryGoldenModelOnRanks, DividesItsPositionsUnlessAnIndexChoosesAmongThem) {
  const OpGraph graph = GoldenModel(GetParam()).graph;
  EXPECT_NE(refusal(graph, deployment_named("cp=2")).empty(), is_indexed(graph));
}

INSTANTIATE_TEST_SUITE_P(Vectors, EveryGoldenModelOnRanks, ::testing::ValuesIn(golden_names()),
                         folder_name);

}  // namespace
}  // namespace llmarch
