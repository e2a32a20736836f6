// What the operating system reports of this machine: its processor, how much memory may still be
// used, who else is running. Read from /proc and /sys below a root, so that tests can lay out a
// machine of their own. What is missing there is reported as unknown, never guessed.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "sim/units.h"

namespace llmarch::cli {

// Memory that can be allocated without the system having to evict another program's.
struct UsableMemory {
  Bytes bytes;
  std::string limited_by;  // "this machine's free memory", "the memory limit of cgroup /jobs/7"
};

// The smallest of MemAvailable in /proc/meminfo and what each enclosing cgroup (version 1 or 2)
// leaves of its limit; cached file pages that can be dropped count as free. None where
// /proc/meminfo cannot be read.
std::optional<UsableMemory> usable_memory(const std::filesystem::path& root = "/");

// "AMD EPYC 9575F", or the architecture where the system does not name the model.
std::string processor_name(const std::filesystem::path& root = "/");

// How many threads this process may run at the same time.
int usable_threads();

// The mean number of running processes over the last minute.
std::optional<double> load_average(const std::filesystem::path& root = "/");

// Processor time of the whole machine since it started, in clock ticks.
struct ProcessorTimes {
  std::int64_t busy = 0;    // all processes, including this one
  std::int64_t idle = 0;    // including time spent waiting for disks
  std::int64_t stolen = 0;  // given by the hypervisor to other machines
};
std::optional<ProcessorTimes> processor_times(const std::filesystem::path& root = "/");

// Processor time of this process so far, in clock ticks.
std::int64_t own_processor_time();

// The parts of the machine's processor time that others took between two readings.
struct Disturbance {
  double others = 0;  // other processes
  double stolen = 0;  // the hypervisor
};
Disturbance disturbance(const ProcessorTimes& before, const ProcessorTimes& after,
                        std::int64_t own_ticks);

}  // namespace llmarch::cli
