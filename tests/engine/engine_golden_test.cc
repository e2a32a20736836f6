// What the engine computes is what the reference implementation computed, with every instruction
// set that this CPU has.
#include <gmock/gmock.h>

#include <algorithm>
#include <limits>
#include <optional>

#include "kernels/verify/verify_engine.h"
#include "tests/engine/engine_options.h"
#include "tests/golden/golden_models.h"
#include "tests/support/chunks.h"

namespace llmarch::fast {
namespace {

class EveryGoldenModel : public ::testing::TestWithParam<std::string> {
 protected:
  // The departures with each instruction set and in each way of running the sequence; "" where
  // there are none.
  [[nodiscard]] std::string departures(const OpGraph& graph, EngineOptions options,
                                       const Tolerance& tolerance,
                                       RecurrenceForm prefill = RecurrenceForm::by_step) const {
    std::string text;
    for (const Isa isa : available_isas()) {
      options.isa = isa;
      options.threads = 1;
      Engine engine = Engine::of(graph, options, weights_);
      for (const VerifiedRun& run : verify(engine, model_.expected, tolerance, prefill)) {
        const auto departure = run.first_departure();
        if (!departure) continue;
        text += std::string(name_of(isa)) + ", " + run.name + ": " + departure->what + " by " +
                std::to_string(departure->largest) + "\n";
      }
    }
    return text;
  }
  // Whether the reference kernels, which compute in double, depart as well once matrices and tables
  // are rounded to bf16: the network then magnifies small changes.
  [[nodiscard]] bool rounding_alone_departs() const {
    const WeightStore weights = rounded_weights();
    std::optional<KvCaches<double>> caches;
    const auto run_step = [&](const Workload& step, std::span<const std::int64_t> ids) {
      if (step.past == 0) caches.emplace(model_.graph, 1);
      return execute(model_.graph, weights, *caches, ids, step).trace;
    };
    return std::ranges::all_of(
        llmarch::verify(run_step, model_.expected, tolerance_of(model_.graph, Stored::bf16)),
        [](const VerifiedRun& run) { return run.first_departure().has_value(); });
  }
  [[nodiscard]] WeightStore rounded_weights() const {
    WeightStore weights = weights_;
    for (WeightId id = 0; id < model_.graph.weights.size(); ++id) {
      const Weight& weight = model_.graph.weight(id);
      if (is_vector(weight.role)) continue;
      for (std::size_t i = 0; i < size(model_.graph.instances(weight)); ++i) {
        for (float& element : weights.of(id, i)) element = rounded(Stored::bf16, element);
      }
    }
    return weights;
  }
  [[nodiscard]] Integer tokens() const { return std::ssize(model_.expected.input_ids); }

  const GoldenModel model_{GetParam()};
  const OpGraph in_float_{held_in(DType::f32, model_.graph)};
  const OpGraph in_bf16_{held_in(DType::bf16, model_.graph)};
  const WeightStore weights_{model_.weights_for(model_.graph)};
};

TEST_P(EveryGoldenModel, AgreesWithTheReferenceInFloat) {
  EXPECT_EQ(departures(in_float_, whole_options(in_float_, tokens()),
                       tolerance_of(in_float_, Stored::f32)),
            "");
}

TEST_P(EveryGoldenModel, AgreesWithTheReferenceByChunks) {
  if (!runs_by_chunks(in_float_)) return;
  for (const OpGraph& graph : {in_float_, in_chunks_of(5, in_float_)}) {
    EXPECT_EQ(departures(graph, whole_options(graph, tokens()), tolerance_of(graph, Stored::f32),
                         RecurrenceForm::by_chunk),
              "");
  }
}

TEST_P(EveryGoldenModel, AgreesWithTheReferenceInBf16) {
  const std::string found =
      departures(in_bf16_, whole_options(in_bf16_, tokens()), tolerance_of(in_bf16_, Stored::bf16));
  // A sparsemixer (phimoe) gives no weight to a logit beyond a bound, which rounding crosses.
  if (GetParam() == "gemma4_text_ple" || GetParam() == "phimoe") {
    EXPECT_TRUE(rounding_alone_departs()) << found;
  } else if (magnifies_rounding(model_.graph)) {
    EXPECT_TRUE(found.empty() || rounding_alone_departs()) << found;
  } else {
    EXPECT_EQ(found, "");
  }
}

// An infinite value in a reference would allow any error in the finite ones.
TEST_P(EveryGoldenModel, DepartsFromAReferenceThatIsNotFinite) {
  Expected infinite = model_.expected;
  infinite.logits.back() = std::numeric_limits<float>::infinity();
  Engine engine = Engine::of(in_float_, whole_options(in_float_, tokens()), weights_);
  for (const VerifiedRun& run : verify(engine, infinite, tolerance_of(model_.graph, Stored::f32))) {
    ASSERT_TRUE(run.first_departure().has_value());
    EXPECT_EQ(run.first_departure()->what, "logits");
    EXPECT_TRUE(std::isfinite(run.first_departure()->allowed));
  }
}

// Were a NaN lost on the way, a broken weight would leave logits that look like others.
TEST_P(EveryGoldenModel, CarriesWhatIsNotANumberToTheLogits) {
  WeightStore broken = weights_;
  const std::size_t hidden = size(model_.graph.weight(0).columns);
  broken.of(0, 0)[static_cast<std::size_t>(model_.expected.input_ids.front()) * hidden] =
      std::numeric_limits<float>::quiet_NaN();
  for (const OpGraph* graph : {&in_float_, &in_bf16_}) {
    EngineOptions options = whole_options(*graph, tokens());
    for (const Isa isa : available_isas()) {
      options.isa = isa;
      Engine engine = Engine::of(*graph, options, broken);
      Workload step = prefill(tokens(), 1);
      step.logits = Logits::all;
      const auto run = engine.run(step, model_.expected.input_ids, Keep::everything);
      const std::vector<float>& logits = run.trace.logits;
      const auto of_first = logits.begin() + std::ssize(logits) / tokens().value();
      EXPECT_TRUE(std::all_of(logits.begin(), of_first, [](float x) { return std::isnan(x); }))
          << name_of(isa);
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
