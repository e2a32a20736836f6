// The file of measurements: what is kept, and that the program's own can be read.
#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "sim/hardware/hardware_file.h"
#include "sim/hardware/measured_file.h"

namespace llmarch {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

std::string text_of(const std::filesystem::path& file) {
  std::ifstream stream(file);
  return {std::istreambuf_iterator<char>(stream), {}};
}

const std::filesystem::path kFolder = std::filesystem::path(LLMARCH_ARCH_SPECS) / "measured";

Measurements kept() {
  const MeasurementsLoad load = load_toml_measurements(text_of(kFolder / "gpus.toml"));
  EXPECT_THAT(load.problems, IsEmpty());
  return *load.measurements;
}

TEST(TheMeasurements, AreWrittenAsTheyAreRead) {
  const std::string text = text_of(kFolder / "gpus.toml");
  const std::string remark = text.substr(2, text.find('\n') - 2);
  EXPECT_EQ(write_toml_measurements(kept(), {remark}), text);
}

// A file of hardware stands for each machine, and each spread has a figure for each size.
TEST(TheMeasurements, AreOfKnownMachinesAndHaveASpreadForEachSize) {
  for (const MachineTimes& machine : kept().machine) {
    EXPECT_THAT(machine.source, HasSubstr("aiconfigurator"));
    for (const std::string& name : machine.machines) {
      const auto file = std::filesystem::path(LLMARCH_HARDWARE) / (name + ".toml");
      EXPECT_TRUE(load_toml_hardware(text_of(file)).hardware) << name;
    }
    for (const OperationTimes& times : machine.operation) {
      const std::size_t sizes = times.up_to_seconds.size();
      ASSERT_GT(sizes, 0U);
      for (const auto* spread : {&times.p10, &times.median, &times.p90}) {
        EXPECT_EQ(spread->size(), sizes) << machine.measured << ", " << times.kernels;
      }
      for (std::size_t size = 0; size < sizes; ++size) {
        EXPECT_LE(times.p10[size], times.median[size]);
        EXPECT_LE(times.median[size], times.p90[size]);
      }
    }
  }
}

// What the issue of estimates asks for; the leg 'measured' computes the figures again.
TEST(TheMeasurements, AreAsNearAsTheyHaveToBe) {
  const Measurements measurements = kept();
  EXPECT_LE(measurements.operations.median, 0.15);
  EXPECT_LE(measurements.served.median, 0.12);
  EXPECT_LE(measurements.served.nine_in_ten, 0.30);
  EXPECT_LE(measurements.served_without_model.median, 0.20);
  EXPECT_GT(measurements.served.rows, 100);
}

TEST(AFileOfMeasurements, IsRefusedWithPlaceAndRemedy) {
  const MeasurementsLoad load = load_toml_measurements("below_floor = 3\nbelow = 4\n");
  EXPECT_FALSE(load.measurements);
  EXPECT_THAT(load.problems, Not(IsEmpty()));
}

}  // namespace
}  // namespace llmarch
