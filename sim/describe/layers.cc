#include "sim/describe/layers.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace llmarch {
namespace {

// "4-61", "1-5, 7": 1-based, as people count layers.
std::string ranges(const std::vector<bool>& members) {
  std::vector<std::string> parts;
  for (std::size_t i = 0; i < members.size(); ++i) {
    if (!members[i]) continue;
    std::size_t last = i;
    while (last + 1 < members.size() && members[last + 1]) ++last;
    parts.push_back(i == last ? std::to_string(i + 1) : fmt::format("{}-{}", i + 1, last + 1));
    i = last;
  }
  return fmt::format("{}", fmt::join(parts, ", "));
}

// The shortest sequence whose repetition gives `members`; all of it where nothing shorter does.
std::vector<bool> period_of(const std::vector<bool>& members) {
  for (std::size_t length = 1; 2 * length <= members.size(); ++length) {
    bool repeats = true;
    for (std::size_t i = length; i < members.size(); ++i) {
      repeats = repeats && members[i] == members[i - length];
    }
    if (repeats) return {members.begin(), members.begin() + static_cast<std::ptrdiff_t>(length)};
  }
  return members;
}

}  // namespace

std::string layer_pattern(const ArchSpec& spec) {
  std::vector<std::string> parts;
  for (const Segment& segment : spec.stack) {
    std::vector<std::string> run;
    for (std::size_t i = 0; i < segment.layers.size();) {
      std::size_t end = i;
      while (end < segment.layers.size() && segment.layers[end].index == segment.layers[i].index) {
        ++end;
      }
      const std::string& name = segment.layers[i].name;
      run.push_back(end - i == 1 ? name : fmt::format("{} {}", end - i, name));
      i = end;
    }
    const std::string sequence = fmt::format("{}", fmt::join(run, ", "));
    if (segment.repeat == 1) {
      parts.push_back(sequence);
    } else if (run.size() == 1 && segment.layers.size() == 1) {
      parts.push_back(fmt::format("{} {}", segment.repeat.value(), sequence));
    } else {
      parts.push_back(fmt::format("{} x ({})", segment.repeat.value(), sequence));
    }
  }
  return fmt::format("{}", fmt::join(parts, ", "));
}

std::string which_layers(const std::vector<bool>& members) {
  const auto count = std::count(members.begin(), members.end(), true);
  if (count == std::ssize(members)) return "all";
  const std::vector<bool> period = period_of(members);
  std::string which = ranges(period);
  if (period.size() < members.size()) {
    const bool one = std::count(period.begin(), period.end(), true) == 1;
    which = fmt::format("{}{} of every {}", one ? "number " : "", which, period.size());
  }
  return fmt::format("{} of {}: {}", count, members.size(), which);
}

}  // namespace llmarch
