// measured DIR [-o FILE]: holds floors against measured times. DIR holds CSV files of measurements
// (see reports/measured.md for their source); the page that is written says how far measured times
// lie above their floors, and lists those below with the reason. Exit status 1 where one has no
// reason.
#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <iostream>

#include "tests/measured/rows.h"

namespace llmarch::measured {
namespace {

bool is_bound(const Held& held) {
  return held.kind.find("no bound") == std::string::npos;
}

double quantile(const std::vector<double>& sorted, double part) {
  return sorted[static_cast<std::size_t>(part * static_cast<double>(sorted.size() - 1))];
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
  for (auto& [name, over] : groups) {
    std::sort(over.begin(), over.end());
    const auto below = std::lower_bound(over.begin(), over.end(), 1.0) - over.begin();
    text += fmt::format("| {} | {} | {} | {} | {:.2f} | {:.2f} | {:.2f} | {:.2f} |\n", name.first,
                        name.second, over.size(), below, over.front(), quantile(over, 0.1),
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

std::string page_of(const Holding& holding) {
  std::string text =
      "# Floors against measured times\n\n"
      "Measured time over the floor of the same work, by kind and GPU. The rows are facts from "
      "the\n"
      "data of ai-dynamo/aiconfigurator (commit 095f58a, 2026-08-21; Apache-2.0), which stay "
      "outside\n"
      "of this project; `measured DIR -o reports/measured.md` makes this page from them.\n\n" +
      table_of(holding);
  text += text_of(exceptions_of(holding));
  text += "\n## Left out\n\n";
  for (const auto& [reason, rows] : holding.left_out)
    text += fmt::format("* {} {}\n", rows, reason);
  return text;
}

int run(const std::vector<std::string>& arguments) {
  if (arguments.size() != 1 && !(arguments.size() == 3 && arguments[1] == "-o")) {
    std::cerr << "usage: measured DIR [-o FILE]\n";
    return 2;
  }
  Holding holding;
  hold_operators(arguments[0], holding);
  hold_collectives(arguments[0], holding);
  hold_serving(arguments[0], holding);
  const std::string page = page_of(holding);
  if (arguments.size() == 1) {
    std::cout << page;
  } else {
    std::ofstream(arguments[2]) << page;
  }
  return exceptions_of(holding).unexplained.empty() ? 0 : 1;
}

}  // namespace
}  // namespace llmarch::measured

int main(int count, char** values) {
  try {
    return llmarch::measured::run({values + 1, values + count});
  } catch (const std::exception& error) {
    std::cerr << "measured: " << error.what() << "\n";
    return 2;
  }
}
