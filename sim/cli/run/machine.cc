#include "sim/cli/run/machine.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <ctime>
#include <fstream>
#include <numeric>
#include <sstream>
#include <thread>

#include "sim/system/system.h"

namespace llmarch::cli {
namespace {

namespace fs = std::filesystem;

// The rest of the first line that begins with `key`.
std::optional<std::string> line_after(const fs::path& file, const std::string& key) {
  std::ifstream stream(file);
  for (std::string line; std::getline(stream, line);) {
    if (line.starts_with(key)) return line.substr(key.size());
  }
  return std::nullopt;
}

std::optional<std::int64_t> leading_number(const std::optional<std::string>& text) {
  if (!text) return std::nullopt;
  std::istringstream stream(*text);
  std::int64_t number = 0;
  if (!(stream >> number)) return std::nullopt;  // "max": no limit
  return number;
}

// The file names of one version of control groups.
struct CgroupFiles {
  const char* limit;
  const char* usage;
  const char* droppable;  // a line of memory.stat: cached pages that can be dropped
};
constexpr CgroupFiles kVersion1{"memory.limit_in_bytes", "memory.usage_in_bytes",
                                "total_inactive_file "};
constexpr CgroupFiles kVersion2{"memory.max", "memory.current", "inactive_file "};

void restrict_to(UsableMemory& usable, std::int64_t left, const std::string& group) {
  if (left >= usable.bytes.value()) return;
  usable = {Bytes(std::max<std::int64_t>(left, 0)), "the memory limit of cgroup " + group};
}

// Lowers `usable` to what one group leaves of its limit. Version 1 writes a limit near 2^63 for
// none.
void restrict_to_group(UsableMemory& usable, const fs::path& folder, const std::string& group,
                       const CgroupFiles& files) {
  const auto limit = leading_number(line_after(folder / files.limit, ""));
  const auto used = leading_number(line_after(folder / files.usage, ""));
  if (!limit || !used) return;
  const auto droppable = leading_number(line_after(folder / "memory.stat", files.droppable));
  restrict_to(usable, *limit - *used + std::min(*used, droppable.value_or(0)), group);
}

// Applies the limits of a group and of all that enclose it. In a container the path may be the
// host's, of which only the last part is mounted; a folder that is not there limits nothing.
void restrict_to_groups(UsableMemory& usable, const fs::path& mount, const fs::path& group,
                        const CgroupFiles& files) {
  for (fs::path path = group;; path = path.parent_path()) {
    restrict_to_group(usable, mount / path.relative_path(), path.string(), files);
    if (path == path.parent_path()) return;
  }
}

// Lines of /proc/self/cgroup: "4:memory:/jobs/7" in version 1, "0::/jobs/7" in version 2.
void restrict_to_cgroups(UsableMemory& usable, const fs::path& root) {
  const fs::path mounts = root / "sys/fs/cgroup";
  std::ifstream stream(root / "proc/self/cgroup");
  for (std::string line; std::getline(stream, line);) {
    const std::size_t first = line.find(':');
    const std::size_t second = line.find(':', first + 1);
    if (first == std::string::npos || second == std::string::npos) continue;
    const std::string controllers = "," + line.substr(first + 1, second - first - 1) + ",";
    const std::string group = line.substr(second + 1);
    if (controllers == ",,") {
      restrict_to_groups(usable, mounts, group, kVersion2);
    } else if (controllers.find(",memory,") != std::string::npos) {
      restrict_to_groups(usable, mounts / "memory", group, kVersion1);
    }
  }
}

}  // namespace

std::optional<UsableMemory> usable_memory(const fs::path& root) {
  const auto kibibytes = leading_number(line_after(root / "proc/meminfo", "MemAvailable:"));
  if (!kibibytes) return std::nullopt;
  UsableMemory usable{Bytes(Integer(*kibibytes) * 1024), "this machine's free memory"};
  restrict_to_cgroups(usable, root);
  return usable;
}

std::string processor_name(const fs::path& root) {
  const auto line = line_after(root / "proc/cpuinfo", "model name");
  const std::size_t start = line ? line->find_first_not_of(" \t:") : std::string::npos;
  if (start != std::string::npos) return line->substr(start);
  return system::processor_kind();
}

int usable_threads() {
  const auto all = static_cast<int>(std::thread::hardware_concurrency());
  return std::max(system::allowed_processors().value_or(all), 1);
}

std::optional<double> load_average(const fs::path& root) {
  std::ifstream stream(root / "proc/loadavg");
  double load = 0;
  if (!(stream >> load)) return std::nullopt;
  return load;
}

std::optional<ProcessorTimes> processor_times(const fs::path& root) {
  const auto line = line_after(root / "proc/stat", "cpu ");
  if (!line) return std::nullopt;
  std::istringstream stream(*line);
  // user, nice, system, idle, waiting, interrupts, soft interrupts
  std::array<std::int64_t, 7> spent{};
  for (std::int64_t& time : spent) {
    if (!(stream >> time)) return std::nullopt;
  }
  const std::int64_t idle = spent[3] + spent[4];
  ProcessorTimes times{std::accumulate(spent.begin(), spent.end(), std::int64_t{0}) - idle, idle,
                       0};
  stream >> times.stolen;
  return times;
}

std::int64_t own_processor_time() {
  constexpr std::int64_t kTicksOfASecond = 100;  // in /proc/stat
  return std::int64_t{std::clock()} * kTicksOfASecond / CLOCKS_PER_SEC;
}

Disturbance disturbance(const ProcessorTimes& before, const ProcessorTimes& after,
                        std::int64_t own_ticks) {
  const std::int64_t busy = after.busy - before.busy;
  const std::int64_t stolen = after.stolen - before.stolen;
  const std::int64_t all = busy + stolen + after.idle - before.idle;
  if (all <= 0) return {};
  const auto part = [all](std::int64_t ticks) {
    return static_cast<double>(std::max<std::int64_t>(ticks, 0)) / static_cast<double>(all);
  };
  return {part(busy - own_ticks), part(stolen)};
}

}  // namespace llmarch::cli
