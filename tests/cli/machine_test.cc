// Machines laid out in a folder: how much memory may be used, and who else is running.
#include "sim/cli/run/machine.h"

#include <gtest/gtest.h>

#include "tests/support/run_program.h"

namespace llmarch::cli {
namespace {

namespace fs = std::filesystem;
using testing::TemporaryFolder;

constexpr std::int64_t kMebi = 1024 * 1024;

class Machine : public ::testing::Test {
 protected:
  void has(const fs::path& file, const std::string& text) const {
    fs::create_directories((folder_.path() / file).parent_path());
    testing::write_file(folder_.path() / file, text);
  }
  void has_number(const fs::path& file, std::int64_t number) const {
    has(file, std::to_string(number) + "\n");
  }
  [[nodiscard]] UsableMemory memory() const { return usable_memory(folder_.path()).value(); }
  [[nodiscard]] const fs::path& root() const { return folder_.path(); }

  void SetUp() override {
    has("proc/meminfo", "MemTotal: 8388608 kB\nMemFree: 1024 kB\nMemAvailable:    4194304 kB\n");
  }

 private:
  TemporaryFolder folder_;
};

TEST_F(Machine, WithoutControlGroupsMayUseWhatIsAvailable) {
  EXPECT_EQ(memory().bytes, Bytes(4096 * kMebi));
  EXPECT_EQ(memory().limited_by, "this machine's free memory");
}

TEST_F(Machine, ThatDoesNotSayWhatIsAvailableIsNotGuessed) {
  has("proc/meminfo", "MemTotal: 8388608 kB\n");
  EXPECT_FALSE(usable_memory(root()).has_value());
}

TEST_F(Machine, IsLimitedByItsGroupOfVersion2) {
  has("proc/self/cgroup", "0::/jobs/7\n");
  has_number("sys/fs/cgroup/jobs/7/memory.max", 1000 * kMebi);
  has_number("sys/fs/cgroup/jobs/7/memory.current", 300 * kMebi);
  has("sys/fs/cgroup/jobs/7/memory.stat", "anon 1\ninactive_file 52428800\nactive_file 9\n");
  EXPECT_EQ(memory().bytes, Bytes((1000 - 300 + 50) * kMebi));
  EXPECT_EQ(memory().limited_by, "the memory limit of cgroup /jobs/7");
}

TEST_F(Machine, IsNotLimitedByAGroupThatSaysMax) {
  has("proc/self/cgroup", "0::/jobs\n");
  has("sys/fs/cgroup/jobs/memory.max", "max\n");
  has_number("sys/fs/cgroup/jobs/memory.current", 300 * kMebi);
  EXPECT_EQ(memory().bytes, Bytes(4096 * kMebi));
}

TEST_F(Machine, IsLimitedByAGroupAroundItsOwn) {
  has("proc/self/cgroup", "0::/jobs/7\n");
  has_number("sys/fs/cgroup/jobs/7/memory.max", 3000 * kMebi);
  has_number("sys/fs/cgroup/jobs/7/memory.current", 0);
  has_number("sys/fs/cgroup/jobs/memory.max", 2000 * kMebi);
  has_number("sys/fs/cgroup/jobs/memory.current", 500 * kMebi);
  EXPECT_EQ(memory().bytes, Bytes(1500 * kMebi));
  EXPECT_EQ(memory().limited_by, "the memory limit of cgroup /jobs");
}

TEST_F(Machine, IsLimitedByItsGroupOfVersion1) {
  has("proc/self/cgroup", "5:cpu,cpuacct:/other\n4:memory:/jobs/7\n0::/\n");
  has_number("sys/fs/cgroup/memory/jobs/7/memory.limit_in_bytes", 1000 * kMebi);
  has_number("sys/fs/cgroup/memory/jobs/7/memory.usage_in_bytes", 400 * kMebi);
  has("sys/fs/cgroup/memory/jobs/7/memory.stat",
      "inactive_file 7\ntotal_inactive_file 104857600\n");
  EXPECT_EQ(memory().bytes, Bytes((1000 - 400 + 100) * kMebi));
}

TEST_F(Machine, IsNotLimitedByTheUnlimitedLimitOfVersion1) {
  has("proc/self/cgroup", "4:memory:/\n");
  has_number("sys/fs/cgroup/memory/memory.limit_in_bytes", 9223372036854771712);
  has_number("sys/fs/cgroup/memory/memory.usage_in_bytes", 400 * kMebi);
  EXPECT_EQ(memory().bytes, Bytes(4096 * kMebi));
}

// In a container the group's path is that of the host; the mount shows the group itself.
TEST_F(Machine, InAContainerIsLimitedByWhatItsMountShows) {
  has("proc/self/cgroup", "4:memory:/docker/0b84\n");
  has_number("sys/fs/cgroup/memory/memory.limit_in_bytes", 1000 * kMebi);
  has_number("sys/fs/cgroup/memory/memory.usage_in_bytes", 100 * kMebi);
  EXPECT_EQ(memory().bytes, Bytes(900 * kMebi));
}

TEST_F(Machine, ThatIsOverItsLimitHasNothingLeft) {
  has("proc/self/cgroup", "0::/\n");
  has_number("sys/fs/cgroup/memory.max", 100 * kMebi);
  has_number("sys/fs/cgroup/memory.current", 120 * kMebi);
  EXPECT_EQ(memory().bytes, Bytes(0));
}

TEST_F(Machine, IsNamedAfterItsProcessor) {
  has("proc/cpuinfo", "processor\t: 0\nmodel name\t: Example 9000 CPU\n");
  EXPECT_EQ(processor_name(root()), "Example 9000 CPU");
}

TEST_F(Machine, WithoutANameIsCalledAfterItsArchitecture) {
  EXPECT_NE(processor_name(root()), "");
}

TEST_F(Machine, HasALoad) {
  EXPECT_FALSE(load_average(root()).has_value());
  has("proc/loadavg", "1.25 0.50 0.10 2/199 12483\n");
  EXPECT_EQ(load_average(root()), 1.25);
}

TEST_F(Machine, HasProcessorTimes) {
  has("proc/stat", "cpu  100 20 30 400 5 6 7 8 0 0\ncpu0 1 1 1 1 1 1 1 1 0 0\n");
  const ProcessorTimes times = processor_times(root()).value();
  EXPECT_EQ(times.busy, 100 + 20 + 30 + 6 + 7);
  EXPECT_EQ(times.idle, 400 + 5);
  EXPECT_EQ(times.stolen, 8);
}

// 700 of 1,000 ticks were busy, 500 of them with this process; 100 went to other machines.
TEST(Disturbance, IsWhatOthersTookOfTheMachine) {
  const Disturbance others = disturbance({50, 10, 0}, {750, 210, 100}, 500);
  EXPECT_DOUBLE_EQ(others.others, 0.2);
  EXPECT_DOUBLE_EQ(others.stolen, 0.1);
}

TEST(Disturbance, OfNoTimeIsNone) {
  EXPECT_EQ(disturbance({1, 1, 1}, {1, 1, 1}, 0).others, 0);
}

// The two clocks tick apart: this process may seem to have run longer than the machine was busy.
TEST(Disturbance, IsNeverNegative) {
  EXPECT_EQ(disturbance({0, 0, 0}, {100, 0, 0}, 101).others, 0);
}

}  // namespace
}  // namespace llmarch::cli
