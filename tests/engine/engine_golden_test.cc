// What the engine computes is what the reference implementation computed, with every instruction set
// that this CPU has.
#include <gmock/gmock.h>

#include "tests/engine/engine_options.h"
#include "tests/golden/golden_models.h"

namespace llmarch::fast {
namespace {

std::vector<VerifiedRun> verify_engine(const GoldenModel& model, EngineOptions options,
                                       double tolerance) {
  Engine engine = Engine::of(model.graph, options, model.weights_for(model.graph));
  const auto run_step = [&](const Workload& step, std::span<const std::int64_t> ids) {
    if (step.past == 0) engine.forget();
    return engine.run(step, ids, Keep::everything).trace;
  };
  return verify(run_step, model.expected, tolerance);
}

class EveryGoldenModel : public ::testing::TestWithParam<std::string> {
 protected:
  [[nodiscard]] Integer tokens() const { return std::ssize(model_.expected.input_ids); }
  const GoldenModel model_{GetParam()};
};

TEST_P(EveryGoldenModel, AgreesWithTheReferenceInFloat) {
  for (const Isa isa : available_isas()) {
    EngineOptions options = float_options(model_.graph, tokens());
    options.isa = isa;
    const auto runs = verify_engine(model_, options, kGoldenTolerance);
    ASSERT_EQ(runs.size(), 2U);
    for (const VerifiedRun& run : runs) {
      const auto departure = run.first_departure();
      EXPECT_FALSE(departure.has_value())
          << name_of(isa) << ", " << run.name << ": " << departure->what << " by "
          << departure->largest << " at " << departure->position;
      EXPECT_GT(run.largest_error(), 0) << "floats that agree to the last bit were not compared";
    }
  }
}

std::string folder_name(const ::testing::TestParamInfo<std::string>& info) {
  return info.param;
}

INSTANTIATE_TEST_SUITE_P(Engine, EveryGoldenModel, ::testing::ValuesIn(golden_names()),
                         folder_name);

}  // namespace
}  // namespace llmarch::fast
