// How readings between steps become the limits that the steps are compared with.
#include "kernels/measure/paired_limits.h"

#include <gtest/gtest.h>

namespace llmarch {
namespace {

LimitReadings reading(std::vector<double> read) {
  return {std::move(read), {1}, {1}, {1}};
}

double bandwidth(const PairedLimits& paired) {
  return paired.limits().read_bandwidth;
}

TEST(PairedLimits, AreTheMeanOfTheReadingsOnBothSidesOfAStep) {
  PairedLimits paired;
  paired.add_readings(reading({100}));
  paired.add_step(2);
  paired.add_readings(reading({120}));
  EXPECT_EQ(bandwidth(paired), 110);
}

TEST(PairedLimits, AreTheReadingBeforeAStepWhereThereIsNoneAfterIt) {
  PairedLimits paired;
  paired.add_readings(reading({100}));
  paired.add_step(2);
  EXPECT_EQ(bandwidth(paired), 100);
}

// Four steps that read nine units each, as fast as the machine lets them: at 10, at 15 while it
// changes, and twice at 20. All of them are at their limit, and so is the median step: 9 units in
// 0.525 s. The median of the rates would be 17.5, that of the readings 20, and the share 0.98 or
// 0.86.
TEST(PairedLimits, ShareFastAndSlowMomentsWithTheSteps) {
  PairedLimits paired;
  paired.add_readings(reading({10}));
  paired.add_step(0.9);
  paired.add_readings(reading({10}));
  paired.add_step(0.6);
  paired.add_readings(reading({20}));
  paired.add_step(0.45);
  paired.add_step(0.45);
  paired.add_readings(reading({20}));
  EXPECT_DOUBLE_EQ(9 / 0.525 / bandwidth(paired), 1);
}

// The first reader wins before the step, the second after it; the second does on the whole.
TEST(PairedLimits, AreThoseOfTheLoopThatIsFastestOverAllSteps) {
  PairedLimits paired;
  paired.add_readings(reading({40, 30}));
  paired.add_step(1);
  paired.add_readings(reading({20, 50}));
  EXPECT_EQ(bandwidth(paired), 40);
}

TEST(PairedLimits, OfBf16AreThoseOfF32WhereThatIsFaster) {
  PairedLimits paired;
  paired.add_readings({{1}, {300}, {200, 250}, {70, 900}});
  paired.add_step(1);
  EXPECT_EQ(paired.limits().bf16_flops, 300);
  EXPECT_EQ(paired.limits().f32_flops, 300);
  EXPECT_EQ(paired.limits().int8_operations, 900);
}

}  // namespace
}  // namespace llmarch
