#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>

#include "sim/hardware/hardware_file.h"

namespace llmarch {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr std::string_view kToy = R"(name = "toy"
title = "Toy 1"

[memory]
bytes = 1024
source = "a page"

[bandwidth]
bytes_per_second = 2e9
source = "a page"

[peak.f32]
flops_per_second = 4e9
source = "a page"

[peak.int8]
flops_per_second = 16e9
source = "another page"
)";

std::string replaced(std::string text, std::string_view from, std::string_view to) {
  return text.replace(text.find(from), from.size(), to);
}

auto problem(const std::string& message) {
  return testing::Field(&Diagnostic::message, HasSubstr(message));
}

TEST(AHardwareFile, IsReadWhole) {
  const HardwareLoad load = load_toml_hardware(kToy);
  ASSERT_THAT(load.problems, IsEmpty());
  EXPECT_EQ(load.hardware->title, "Toy 1");
  EXPECT_EQ(load.hardware->memory.bytes, 1024);
  EXPECT_EQ(load.hardware->bandwidth.bytes_per_second, 2e9);
  EXPECT_EQ(load.hardware->peak.f32->flops_per_second, 4e9);
  EXPECT_EQ(load.hardware->peak.int8->source, "another page");
  EXPECT_FALSE(load.hardware->peak.bf16);
}

// 2^53 + 1 is no double, and the nearest is meant. A fuzzer found that what was read there was
// whatever stood in memory.
TEST(AHardwareFile, MayGiveARealNumberAsAWholeOneHoweverLarge) {
  const std::string text = replaced(std::string(kToy), "4e9", "9007199254740993");
  const HardwareLoad load = load_toml_hardware(text);
  ASSERT_THAT(load.problems, IsEmpty());
  EXPECT_EQ(load.hardware->peak.f32->flops_per_second, 9007199254740992.0);
  const HardwareLoad again = load_toml_hardware(write_toml_hardware(*load.hardware, {}));
  ASSERT_THAT(again.problems, IsEmpty());
  EXPECT_EQ(again.hardware->peak.f32->flops_per_second, 9007199254740992.0);
}

TEST(AHardwareFile, SaysWhatIsMissingAndWhatIsUnknown) {
  const std::string text =
      replaced(std::string(kToy), "source = \"another page\"", "sorce = \"x\"");
  EXPECT_THAT(load_toml_hardware(text).problems,
              ElementsAre(problem("unknown key 'sorce' in int8 of peak")));
  const std::string without = replaced(std::string(kToy), "bytes = 1024\n", "");
  EXPECT_THAT(load_toml_hardware(without).problems, ElementsAre(problem("missing key 'bytes'")));
}

TEST(AHardwareFile, MayLackAPeakThatItsMakersDoNotState) {
  const std::string text = replaced(std::string(kToy), "[peak.f32]", "[peak.bf16]");
  const HardwareLoad load = load_toml_hardware(text);
  ASSERT_THAT(load.problems, IsEmpty());
  EXPECT_FALSE(load.hardware->peak.f32);
}

TEST(AHardwareFile, SaysWhatJoinsDevicesAndHowMany) {
  const std::string hosted = replaced(std::string(kToy), "title = ", "host = \"grace\"\ntitle = ");
  const HardwareLoad load = load_toml_hardware(hosted + R"(
[link]
bytes_per_second = 450e9
latency_seconds = 2e-6
source = "a page"

[system]
name = "toys"
devices = 8
source = "a page"

[host_link]
bytes_per_second = 64e9
source = "a page"
)");
  ASSERT_THAT(load.problems, IsEmpty());
  EXPECT_EQ(load.hardware->link->bytes_per_second, 450e9);
  EXPECT_EQ(load.hardware->link->latency_seconds, 2e-6);
  EXPECT_FALSE(load.hardware->fabric);
  EXPECT_EQ(load.hardware->host, "grace");
  EXPECT_EQ(load.hardware->host_link->bytes_per_second, 64e9);
  EXPECT_EQ(load.hardware->system->devices, 8);
  const std::string written = write_toml_hardware(*load.hardware, {});
  const HardwareLoad again = load_toml_hardware(written);
  ASSERT_THAT(again.problems, IsEmpty());
  EXPECT_EQ(write_toml_hardware(*again.hardware, {}), written);
}

TEST(AHardwareFile, IsRefusedWhenAFigureIsOutOfBounds) {
  EXPECT_THAT(load_toml_hardware(replaced(std::string(kToy), "2e9", "0")).problems,
              ElementsAre(problem("'bytes_per_second' in bandwidth is 0")));
  EXPECT_THAT(load_toml_hardware(replaced(std::string(kToy), "1024", "-1")).problems,
              ElementsAre(problem("'bytes' in memory is -1")));
}

TEST(AHardwareFile, ThatIsNoTomlIsRefusedAsAHardwareFile) {
  const HardwareLoad load = load_toml_hardware("");
  ASSERT_THAT(load.problems, ElementsAre(problem("the file defines nothing")));
  EXPECT_THAT(load.problems.front().remedy, HasSubstr("llmarch help hardware-format"));
}

TEST(AWrittenHardwareFile, IsReadAsItWas) {
  const std::string written = write_toml_hardware(*load_toml_hardware(kToy).hardware, {"probed"});
  EXPECT_THAT(written, HasSubstr("# probed\n"));
  const HardwareLoad again = load_toml_hardware(written);
  ASSERT_THAT(again.problems, IsEmpty());
  EXPECT_EQ(write_toml_hardware(*again.hardware, {"probed"}), written);
}

// All names that a machine or a system of it may be called by.
std::vector<std::string> names_of(const Hardware& machine) {
  std::vector<std::string> names = machine.aliases.value_or(std::vector<std::string>{});
  names.push_back(machine.name);
  if (machine.system && machine.system->name) names.push_back(*machine.system->name);
  return names;
}

TEST(EveryHardwareFile, LoadsAndIsCalledAfterItsName) {
  std::size_t files = 0;
  std::set<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(LLMARCH_HARDWARE)) {
    std::ifstream file(entry.path());
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    const HardwareLoad load = load_toml_hardware(text);
    ASSERT_THAT(load.problems, IsEmpty()) << entry.path();
    EXPECT_EQ(load.hardware->name, entry.path().stem().string());
    for (const std::string& name : names_of(*load.hardware)) {
      EXPECT_TRUE(names.insert(name).second) << name << " is two machines";
    }
    ++files;
  }
  EXPECT_GE(files, 60U);
}

}  // namespace
}  // namespace llmarch
