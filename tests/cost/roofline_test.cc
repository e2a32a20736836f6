#include "sim/cost/roofline.h"

#include <gtest/gtest.h>

namespace llmarch {
namespace {

// 4e9 FLOP/s in f32, 8e9 in bf16, 16e9 in int8; 2e9 bytes a second.
Hardware toy() {
  Hardware hardware{.name = "toy", .title = "Toy", .memory = {1024, "-"}, .bandwidth = {2e9, "-"}};
  hardware.peak.f32 = PeakRate{4e9, "-"};
  hardware.peak.bf16 = PeakRate{8e9, "-"};
  hardware.peak.int8 = PeakRate{16e9, "-"};
  return hardware;
}

TEST(ThePeak, IsThatOfTheWeightsOwnFormat) {
  EXPECT_EQ(rates_of(toy(), DType::f32).flops_per_second, 4e9);
  EXPECT_EQ(rates_of(toy(), DType::bf16).flops_per_second, 8e9);
  EXPECT_EQ(rates_of(toy(), DType::int8).flops_per_second, 16e9);
}

TEST(ThePeak, IsThatOfTheNextWiderFormatWhereThereIsNone) {
  EXPECT_EQ(rates_of(toy(), DType::int4).arithmetic, DType::int8);
  EXPECT_EQ(rates_of(toy(), DType::fp8).arithmetic, DType::bf16);
  EXPECT_EQ(rates_of(toy(), DType::f16).arithmetic, DType::bf16);
  Hardware only_f32 = toy();
  only_f32.peak.bf16.reset();
  EXPECT_EQ(rates_of(only_f32, DType::bf16).arithmetic, DType::f32);
}

// Wider operands are never faster, so the lowest peak of narrower ones bounds them.
TEST(ThePeak, IsTheLowestThatIsStatedWhereNoWiderOneIs) {
  Hardware machine = toy();
  machine.peak.f32.reset();
  EXPECT_EQ(rates_of(machine, DType::f32).arithmetic, DType::bf16);
  EXPECT_EQ(rates_of(machine, DType::f32).flops_per_second, 8e9);
  machine.peak.bf16.reset();
  EXPECT_EQ(rates_of(machine, DType::bf16).flops_per_second, 16e9);
}

TEST(ThePeak, ThatNoMakerStatesBoundsNothing) {
  Hardware machine = toy();
  machine.peak = {};
  const Rates rates = rates_of(machine, DType::bf16);
  EXPECT_FALSE(rates.has_peak());
  Work work;
  work.matrix = Flops(1000);
  work.weight_bytes_read = Bytes(4);
  const Floor floor = floor_of(work, rates);
  EXPECT_EQ(floor.arithmetic_seconds, 0);
  EXPECT_EQ(floor.seconds, 4 / 2e9);
}

// Two systems of eight: 16 times the bandwidth and the peak.
TEST(ThePeak, OfSeveralDevicesIsThatOfAllOfThem) {
  Hardware machine = toy();
  machine.devices = 8;
  machine.systems = 2;
  const Rates rates = rates_of(machine, DType::bf16);
  EXPECT_EQ(rates.flops_per_second, 16 * 8e9);
  EXPECT_EQ(rates.bytes_per_second, 16 * 2e9);
  EXPECT_EQ(machine.memory_bytes(), 16 * 1024);
}

TEST(ThePeak, OfOneFormatOfSixteenBitsIsTakenForTheOtherOnlyWhereThatHasNone) {
  Hardware both = toy();
  both.peak.f16 = PeakRate{12e9, "-"};
  EXPECT_EQ(rates_of(both, DType::f16).arithmetic, DType::f16);
  EXPECT_EQ(rates_of(both, DType::f16).flops_per_second, 12e9);
  EXPECT_EQ(rates_of(both, DType::bf16).flops_per_second, 8e9);
  EXPECT_EQ(rates_of(both, DType::fp8).flops_per_second, 8e9);
  EXPECT_EQ(rates_of(both, DType::f32).flops_per_second, 4e9);
  Hardware only_f16 = both;
  only_f16.peak.bf16.reset();
  for (const DType dtype : {DType::f16, DType::bf16, DType::fp8}) {
    EXPECT_EQ(rates_of(only_f16, dtype).arithmetic, DType::f16);
    EXPECT_EQ(rates_of(only_f16, dtype).flops_per_second, 12e9);
  }
}

TEST(TheFloor, IsTheLongerOfItsTwoSides) {
  const Rates rates{DType::bf16, 8e9, 2e9};
  Work work;
  work.matrix = Flops(6'000);
  work.other = Flops(2'000);
  work.weight_bytes_read = Bytes(2'000);
  work.cache_bytes_read = Bytes(1'500);
  work.cache_bytes_written = Bytes(500);
  const Floor floor = floor_of(work, rates);
  EXPECT_DOUBLE_EQ(floor.arithmetic_seconds, 8'000 / 8e9);
  EXPECT_DOUBLE_EQ(floor.memory_seconds, 4'000 / 2e9);
  EXPECT_DOUBLE_EQ(floor.seconds, 4'000 / 2e9);
  EXPECT_EQ(floor.binds(), Side::memory);
}

TEST(TheFloorOfAStep, IsTheSumOfThoseOfItsOperations) {
  // One operation is bound by arithmetic, the other by bandwidth: 3 + 5, not max(3 + 1, 2 + 5).
  Floor sum{3, 2, 3};
  sum += Floor{1, 5, 5};
  EXPECT_EQ(sum.seconds, 8);
  EXPECT_EQ(sum.arithmetic_seconds, 4);
  EXPECT_EQ(sum.memory_seconds, 7);
}

}  // namespace
}  // namespace llmarch
