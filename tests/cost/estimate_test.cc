// What measured coefficients make of operations, by hand.
#include "sim/cost/estimate.h"

#include <gmock/gmock.h>

#include <cmath>

#include "sim/graph/lower.h"
#include "tests/support/tiny_models.h"

namespace llmarch {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

constexpr double kNear = 1e-12;
constexpr Rates kRates{DType::bf16, 100, 10};

OperationTimes times(double joint) {
  return {.operation = TimedOperation::product,
          .kernels = "bfloat16",
          .formats = {"bf16"},
          .arithmetic = DType::bf16,
          .rows = 3,
          .launch_seconds = 3,
          .memory_factor = 2,
          .rows_factor = 1,
          .arithmetic_factor = 1.5,
          .joint = joint,
          .up_to_seconds = {1, 10},
          .p10 = {0.9, 0.8},
          .median = {1, 1.1},
          .p90 = {1.2, 1.3}};
}

// 2 x 10 / 10 and 1 x 20 / 10 seconds for bytes, 1.5 x 200 / 100 for FLOPs, beside a launch of 3.
constexpr LaunchWork kWork{.flops = 200, .bytes = 10, .rows = 20};

TEST(AnOperation, IsFittedToTakeItsPartsOneAfterAnother) {
  EXPECT_NEAR(fitted_seconds(times(1), kWork, kRates), 3 + (2 + 2) + 3, kNear);
}

TEST(AnOperation, IsFittedToOverlapItsParts) {
  EXPECT_NEAR(fitted_seconds(times(2), kWork, kRates), std::sqrt(9.0 + 16 + 9), kNear);
}

TEST(AnOperation, ThatDoesNothingTakesItsLaunch) {
  EXPECT_NEAR(fitted_seconds(times(2), {}, kRates), 3, kNear);
}

TEST(TheSizeOfAnOperation, IsTheFirstThatIsLargeEnoughOrElseTheLast) {
  EXPECT_EQ(size_class(times(1), 0.5), 0U);
  EXPECT_EQ(size_class(times(1), 1), 0U);
  EXPECT_EQ(size_class(times(1), 1.5), 1U);
  EXPECT_EQ(size_class(times(1), 50), 1U);
}

Hardware machine(std::vector<OperationTimes> operations) {
  Hardware hardware;
  hardware.name = "toy";
  hardware.memory.bytes = 1;
  hardware.bandwidth.bytes_per_second = 1e9;
  hardware.peak.bf16 = PeakRate{1e12, "toy"};
  hardware.times =
      std::make_shared<const MachineTimes>(MachineTimes{"toy", "toy", {"toy"}, operations});
  return hardware;
}

OperationTimes launch_of(TimedOperation operation, double seconds) {
  OperationTimes only_launch = times(100);
  only_launch.operation = operation;
  only_launch.launch_seconds = seconds;
  only_launch.up_to_seconds = {1e6};
  only_launch.p10 = {0.5};
  only_launch.median = {1};
  only_launch.p90 = {2};
  return only_launch;
}

const ArchSpec kModel = tiny_model(tiny_grouped(), tiny_dense());

std::int64_t nodes_of(const OpGraph& graph, TimedOperation operation, Phase phase) {
  Integer nodes;
  for (const Block& block : graph.blocks) {
    for (const Node& node : block.nodes) {
      const auto as = timed(graph, node.op, phase);
      if (as && as->operation == operation) nodes += block.repeats;
    }
  }
  return nodes.value();
}

// Launches of a thousand seconds leave everything else behind them.
TEST(AStep, TakesTheSumOfTheLaunchesOfAllItsLayers) {
  const OpGraph graph = lower(kModel);
  const CostCurve curve(graph, Phase::decode, 1);
  const EstimateCurve estimates(curve,
                                machine({launch_of(TimedOperation::product, 1'000),
                                         launch_of(TimedOperation::decode_attention, 10'000)}),
                                DType::bf16);
  EXPECT_THAT(estimates.unmeasured(), IsEmpty());
  const double seconds =
      1'000.0 * static_cast<double>(nodes_of(graph, TimedOperation::product, Phase::decode)) +
      10'000.0 *
          static_cast<double>(nodes_of(graph, TimedOperation::decode_attention, Phase::decode));
  const Estimate estimate = estimates.at(7);
  EXPECT_NEAR(estimate.median / seconds, 1, 1e-9);
  EXPECT_NEAR(estimate.p10 / seconds, 0.5, 1e-9);
  EXPECT_NEAR(estimate.p90 / seconds, 2, 1e-9);
  EXPECT_EQ(estimate.unmeasured, 0);
}

TEST(AStep, TakesTheQuickestOfSeveralKernels) {
  const OpGraph graph = lower(kModel);
  const CostCurve curve(graph, Phase::decode, 1);
  const auto with = [&](std::vector<OperationTimes> operations) {
    return EstimateCurve(curve, machine(std::move(operations)), DType::bf16).at(7).median;
  };
  const OperationTimes slow = launch_of(TimedOperation::product, 1'000);
  const OperationTimes quick = launch_of(TimedOperation::product, 10);
  EXPECT_EQ(with({slow, quick}), with({quick}));
  EXPECT_LT(with({quick}), with({slow}));
}

// Then their floor counts, and that is said.
TEST(AStep, SaysOfWhichOperationsNothingWasMeasured) {
  const OpGraph graph = lower(kModel);
  const CostCurve curve(graph, Phase::decode, 1);
  const EstimateCurve estimates(curve, machine({launch_of(TimedOperation::product, 10)}),
                                DType::bf16);
  EXPECT_THAT(estimates.unmeasured(), Contains("decode attention in bf16"));
  EXPECT_THAT(estimates.unmeasured(), Not(Contains(HasSubstr("product"))));
  EXPECT_GT(estimates.at(7).unmeasured, 0);
  EXPECT_GT(estimates.at(100'000).unmeasured, estimates.at(7).unmeasured);
}

TEST(AnEstimate, IsRefusedWhereNothingWasMeasured) {
  const OpGraph graph = lower(kModel);
  const CostCurve curve(graph, Phase::decode, 1);
  Hardware without = machine({});
  without.times = nullptr;
  EXPECT_THROW(EstimateCurve(curve, without, DType::bf16), std::logic_error);
}

}  // namespace
}  // namespace llmarch
