#include "sim/cli/ranges.h"

#include <fmt/format.h>

#include "sim/cli/errors.h"
#include "sim/spec/split.h"

namespace llmarch::cli {
namespace {

// A single range of equal steps may have more values, since it is never written out.
constexpr std::int64_t kLongestList = 1'000'000;
constexpr const char* kHowToWriteOne = "write 4k, 1k..1M:x2 or 1k..64k:+1k, or a list of these";

struct RangeText {
  std::string first, last, step;  // step with its sign: "x2", "+1k"
};

std::optional<RangeText> split_range(const std::string& option, const std::string& text) {
  const std::size_t dots = text.find("..");
  if (dots == std::string::npos) return std::nullopt;
  const std::size_t colon = text.find(':', dots);
  if (colon == std::string::npos) {
    throw UsageError(fmt::format("the range '{}' for --{} has no step", text, option),
                     fmt::format("write {}:x2 to double, or {}:+1k to add", text, text));
  }
  return RangeText{text.substr(0, dots), text.substr(dots + 2, colon - dots - 2),
                   text.substr(colon + 1)};
}

[[noreturn]] void refuse(const std::string& option, const std::string& text, const char* why) {
  throw UsageError(fmt::format("the range '{}' for --{} {}", text, option, why), kHowToWriteOne);
}

Lengths parse_range(const std::string& option, const std::string& text, const RangeText& range) {
  const Integer first = parse_tokens(option, range.first);
  const Integer last = parse_tokens(option, range.last);
  if (last < first) refuse(option, text, "ends before it begins");
  const std::string step = range.step.empty() ? "" : range.step.substr(1);
  if (range.step.starts_with('+')) {
    const Integer by = parse_tokens(option, step);
    return {first, by, last};
  }
  if (!range.step.starts_with('x')) refuse(option, text, "has a step that is neither x nor +");
  const Integer by = parse_tokens(option, step);
  if (by < 2) refuse(option, text, "multiplies by less than 2");
  std::vector<Integer> values;
  for (Integer value = first;; value *= by) {
    values.push_back(value);
    if (value > last / by) break;
  }
  values.push_back(last);  // Lengths drops it where a step has reached it already
  return Lengths(std::move(values));
}

Lengths parse_item(const std::string& option, const std::string& text) {
  if (const auto range = split_range(option, text)) return parse_range(option, text, *range);
  return Lengths(std::vector<Integer>{parse_tokens(option, text)});
}

}  // namespace

Lengths parse_axis(const std::string& option, const std::string& text) {
  const std::vector<std::string> items = split(text, ',');
  if (items.size() == 1) return parse_item(option, items.front());
  return Lengths(parse_numbers(option, text));
}

std::vector<Integer> parse_numbers(const std::string& option, const std::string& text) {
  std::vector<Integer> values;
  for (const std::string& item : split(text, ',')) {
    const Lengths axis = parse_item(option, item);
    if (axis.size() + std::ssize(values) > kLongestList) {
      throw UsageError(
          fmt::format("'{}' for --{} has more than {} values", text, option, kLongestList),
          "take larger steps, or sweep contexts in one range");
    }
    for (Integer i = 0; i < axis.size(); i += 1) values.push_back(axis.at(i));
  }
  const Lengths sorted(std::move(values));
  std::vector<Integer> each_once;
  for (Integer i = 0; i < sorted.size(); i += 1) each_once.push_back(sorted.at(i));
  return each_once;
}

}  // namespace llmarch::cli
