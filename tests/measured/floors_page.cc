#include <fmt/format.h>

#include <algorithm>

#include "tests/measured/pages.h"

namespace llmarch::measured {
namespace {

bool is_bound(const Held& held) {
  return held.kind.find("no bound") == std::string::npos;
}

using Groups = std::map<std::pair<std::string, std::string>, std::vector<double>>;

std::string table_of(const Holding& holding) {
  Groups groups;
  for (const Held& held : holding.rows) {
    if (held.floor.seconds > 0) groups[{held.kind, held.gpu}].push_back(held.over());
  }
  std::string text =
      "| what | GPU | rows | below the floor | least | p10 | median | p90 |\n"
      "|---|---|--:|--:|--:|--:|--:|--:|\n";
  for (const auto& [name, over] : groups) {
    const auto below = std::ranges::count_if(over, [](double each) { return each < 1; });
    text += fmt::format("| {} | {} | {} | {} | {:.2f} | {:.2f} | {:.2f} | {:.2f} |\n", name.first,
                        name.second, over.size(), below, quantile(over, 0), quantile(over, 0.1),
                        quantile(over, 0.5), quantile(over, 0.9));
  }
  return text;
}

// The rows of bounds below their floor, apart: those whose bytes a cache holds, and those without a
// reason.
struct Exceptions {
  std::map<std::pair<std::string, std::string>, std::int64_t> cached;  // by kind and GPU
  std::vector<Held> unexplained;
};

Exceptions exceptions_of(const Holding& holding) {
  Exceptions exceptions;
  for (const Held& held : holding.rows) {
    if (!is_bound(held) || held.over() >= 1) continue;
    if (may_be_cached(held)) {
      ++exceptions.cached[{held.kind, held.gpu}];
    } else {
      exceptions.unexplained.push_back(held);
    }
  }
  std::ranges::sort(exceptions.unexplained, {}, &Held::over);
  return exceptions;
}

std::string text_of(const Exceptions& exceptions) {
  std::string text =
      "\n## Below the floor\n\n"
      "Bytes that fit in the L2 cache, where a repeat of the measurement finds them:\n\n";
  for (const auto& [name, rows] : exceptions.cached) {
    text += fmt::format("* {} rows of {} on {}\n", rows, name.first, name.second);
  }
  text += fmt::format("\nWithout that reason: {} rows.\n\n", exceptions.unexplained.size());
  for (const Held& held : exceptions.unexplained) {
    text += fmt::format("* {} on {}, {:.2f} of the floor, {} bytes: {}\n", held.kind, held.gpu,
                        held.over(), held.bytes, held.what);
  }
  return text;
}

}  // namespace

std::int64_t unexplained(const Holding& holding) {
  return static_cast<std::int64_t>(exceptions_of(holding).unexplained.size());
}

std::string floors_page(const Holding& holding) {
  std::string text = table_of(holding) + text_of(exceptions_of(holding));
  text += "\n## Left out\n\n";
  for (const auto& [reason, rows] : holding.left_out) {
    text += fmt::format("* {} {}\n", rows, reason);
  }
  return text;
}

}  // namespace llmarch::measured
