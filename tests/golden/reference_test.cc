// What the executor computes is what the reference implementation computed.
#include <gmock/gmock.h>

#include "tests/golden/golden_models.h"
#include "tests/support/chunks.h"

namespace llmarch {
namespace {

class EveryGoldenModel : public ::testing::TestWithParam<std::string> {
 protected:
  const GoldenModel model_{GetParam()};
};

TEST_P(EveryGoldenModel, AgreesWithTheReferenceAtOnceAndTokenByToken) {
  const auto runs =
      verify(model_.graph, model_.weights_for(model_.graph), model_.expected, model_.tolerance());
  ASSERT_EQ(runs.size(), 2U);
  for (const VerifiedRun& run : runs) {
    const auto departure = run.first_departure();
    EXPECT_FALSE(departure.has_value()) << run.name << ": " << departure->what << " by "
                                        << departure->largest << " at " << departure->position;
    EXPECT_GT(run.largest_error(), 0) << "floats that agree to the last bit were not compared";
    EXPECT_LT(run.largest_error(), model_.tolerance());
  }
}

// In chunks as long as the reference's, and shorter ones, the last of which is shorter still.
TEST_P(EveryGoldenModel, AgreesWithTheReferenceByChunks) {
  if (!runs_by_chunks(model_.graph)) return;
  for (const OpGraph& graph : {model_.graph, in_chunks_of(5, model_.graph)}) {
    for (const VerifiedRun& run : verify(graph, model_.weights_for(graph), model_.expected,
                                         model_.tolerance(), RecurrenceForm::by_chunk)) {
      EXPECT_FALSE(run.first_departure().has_value()) << run.name;
      EXPECT_NE(run.name.find("by chunks"), std::string::npos) << run.name;
    }
  }
}

// The input of layer 0, the output of every layer, the choice and the weights of every mixture, the
// logits.
TEST_P(EveryGoldenModel, IsComparedInAllOfItsLayers) {
  const std::size_t layers = model_.graph.layers.size();
  const std::size_t mixtures = model_.expected.routing.size();
  for (const VerifiedRun& run : verify(model_.graph, model_.weights_for(model_.graph),
                                       model_.expected, model_.tolerance())) {
    EXPECT_EQ(run.deviations.size(), 1 + layers + model_.expected.keys.size() + 2 * mixtures + 1);
    EXPECT_EQ(run.deviations.front().what, "hidden state into layer 0");
    EXPECT_EQ(run.deviations.back().what, "logits");
  }
}

TEST_P(EveryGoldenModel, HoldsAllOfItsParameters) {
  Elements parameters;
  for (const Weight& weight : model_.graph.weights) {
    if (kind_of(weight.role) == WeightKind::constant) continue;
    parameters += weight.elements() * model_.graph.instances(weight);
  }
  EXPECT_EQ(model_.weights_for(model_.graph).held(), parameters);
}

INSTANTIATE_TEST_SUITE_P(Vectors, EveryGoldenModel, ::testing::ValuesIn(golden_names()),
                         folder_name);

}  // namespace
}  // namespace llmarch
