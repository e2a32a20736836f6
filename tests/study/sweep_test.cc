#include "sim/study/sweep.h"

#include <gmock/gmock.h>

#include "sim/study/compare.h"
#include "sim/study/sweep_crossovers.h"
#include "tests/support/model_specs.h"

namespace llmarch {
namespace {

using ::testing::ElementsAre;

std::vector<std::int64_t> values_of(const Lengths& lengths) {
  std::vector<std::int64_t> values;
  for (Integer i = 0; i < lengths.size(); i += 1) values.push_back(lengths.at(i).value());
  return values;
}

TEST(AListOfLengths, IsSortedAndHasEachOnce) {
  EXPECT_THAT(values_of(Lengths({8, 2, 8, 4})), ElementsAre(2, 4, 8));
}

TEST(EqualSteps, AreNotWrittenOut) {
  EXPECT_THAT(values_of(Lengths(10, 5, 20)), ElementsAre(10, 15, 20));
  EXPECT_THAT(values_of(Lengths(10, 5, 22)), ElementsAre(10, 15, 20, 22));
  EXPECT_THAT(values_of(Lengths(10, 5, 12)), ElementsAre(10, 12));
  EXPECT_THAT(values_of(Lengths(10, 5, 10)), ElementsAre(10));
  const std::int64_t many = std::int64_t{1} << 40;
  EXPECT_EQ(Lengths(1, 1, many).last(), many);
}

TEST(ThinnedLengths, KeepTheFirstAndTheLast) {
  EXPECT_THAT(values_of(Lengths(1, 1, 101).thinned(5)), ElementsAre(1, 26, 51, 76, 101));
  EXPECT_THAT(values_of(Lengths(1, 1, 3).thinned(5)), ElementsAre(1, 2, 3));
}

// A component without a quantity would be missing from the sum.
TEST(QuantitiesOfComponents, AddUpToAllParameters) {
  for (const std::string& name : model_names()) {
    const Model model = make_model(model_spec(name), {});
    const ModelCurves curves(model, Setting{});
    Integer sum;
    for (const Quantity& quantity : quantities()) {
      const bool is_sum =
          quantity.name == "active_parameters" || quantity.name == "resident_parameters";
      if (is_sum || !quantity.name.ends_with("_parameters")) continue;
      sum += std::get<Integer>(evaluate(quantity, curves, 1, 1));
    }
    EXPECT_EQ(sum, model.parameters.total.amount()) << name;
  }
}

// What the table of `compare` says and what a sweep says are made in different ways.
TEST(ASweep, SaysAtEveryPointWhatAComparisonSays) {
  const Model gemma = make_model(model_spec("gemma-3-4b"), {});
  const Model qwen = make_model(model_spec("qwen3-30b-a3b"), {});
  SweepPlan plan;
  plan.models = {&gemma, &qwen};
  plan.quantities = {find_quantity("kv_bytes"), find_quantity("decode_bytes"),
                     find_quantity("prefill_flops"), find_quantity("intensity")};
  plan.contexts = Lengths({1, 1'023, 1'024, 1'025, 40'000});
  plan.settings = {{.batch = 1}, {.kv = DType::fp8}, {.batch = 8}, {.batch = 8, .kv = DType::fp8}};
  std::size_t points = 0;
  for_each_point(plan, [&](const SweptPoint& point) {
    Setting setting = point.line.setting;
    setting.context = point.context;
    const ModelFigures figures = compare({point.line.model}, setting).models.front();
    EXPECT_THAT(point.values, ElementsAre(QuantityValue(figures.cache_bytes.amount()),
                                          QuantityValue(figures.decode.traffic.total.amount()),
                                          QuantityValue(figures.prefill.flops.amount()),
                                          QuantityValue(figures.decode.intensity)));
    ++points;
  });
  EXPECT_EQ(points, 2U * 2U * 2U * 5U);
}

TEST(ASweep, SaysWhereAFigurePasses64Bits) {
  const Model model = make_model(model_spec("gpt2"), {});
  SweepPlan plan;
  plan.models = {&model};
  plan.quantities = {find_quantity("prefill_flops")};
  plan.contexts = Lengths({1'024, std::int64_t{1} << 40});
  try {
    for_each_point(plan, [](const SweptPoint&) {});
    FAIL() << "prefill of 2^40 tokens fits";
  } catch (const SweepOverflow& overflow) {
    EXPECT_EQ(overflow.where(),
              "prefill_flops of gpt2 at context 1099511627776, prompt 1099511627776, batch 1");
  }
}

TEST(Crossings, AreThoseOfEveryTwoModelsInTheSameSetting) {
  const Model one = make_model(model_spec("gemma-3-4b"), {});
  const Model two = make_model(model_spec("qwen3-4b"), {});
  SweepPlan plan;
  plan.models = {&one, &two};
  plan.quantities = {find_quantity("kv_bytes"), find_quantity("parameters")};
  plan.contexts = Lengths({1, 100'000});
  plan.settings = {{.batch = 1}, {.batch = 8}};
  const std::vector<Crossing> crossings = crossings_between(plan);
  ASSERT_EQ(crossings.size(), 2U);  // a batch each; parameters do not vary
  const std::vector<SweepLine> lines = lines_of(plan);
  for (std::size_t i = 0; i < 2; ++i) {
    EXPECT_EQ(lines[crossings[i].left_line].setting, plan.settings[i]);
    EXPECT_EQ(lines[crossings[i].right_line].setting, plan.settings[i]);
  }
}

TEST(EveryQuantity, HasANameOfItsOwnAndIsFoundByIt) {
  for (const Quantity& quantity : quantities()) {
    EXPECT_EQ(find_quantity(quantity.name), &quantity);
  }
  EXPECT_EQ(find_quantity("no such quantity"), nullptr);
}

}  // namespace
}  // namespace llmarch
