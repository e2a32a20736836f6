#include "reports/say/crossover_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "reports/document/format.h"
#include "reports/say/cells.h"
#include "reports/say/setting_words.h"

namespace llmarch::reports {
namespace {

// The most turns that are shown of one pair, since with chunks the order may turn at every chunk.
constexpr std::size_t kMostTurns = 8;
// With more pairs than this, only those whose order turns are listed.
constexpr std::size_t kFewPairs = 12;

std::string order_text(const Crossing& crossing, const CrossingWords& words,
                       std::strong_ordering order) {
  switch (crossing.rivals) {
    case Rivals::models:
    case Rivals::kinds_of_work: break;
    // Names the side that binds, which says more than the order of the two.
    case Rivals::sides_of_roofline: return order > 0 ? "bound by arithmetic" : "bound by bandwidth";
  }
  const char* sign = order < 0 ? "<" : order > 0 ? ">" : "=";
  return fmt::format("{} {} {}", words.left, sign, words.right);
}

void add_row(Table& table, std::string from, std::int64_t at, std::string order) {
  Cell place{.text = std::move(from), .value = at};
  table.rows.emplace_back(CellRow{{place, text_cell(std::move(order))}});
}

void add_crossing(Table& table, const Crossing& crossing, const CrossingWords& words) {
  const std::vector<Turn>& turns = crossing.turns.turns;
  const std::string start = order_text(crossing, words, crossing.turns.at_start);
  const std::int64_t from = crossing.from.value();
  add_row(table, grouped(from), from, turns.empty() ? start + " throughout" : start);
  for (std::size_t i = 0; i < std::min(turns.size(), kMostTurns); ++i) {
    const std::int64_t at = turns[i].at.value();
    add_row(table, grouped(at), at, order_text(crossing, words, turns[i].after));
  }
  if (turns.size() <= kMostTurns) return;
  const std::int64_t last = turns.back().at.value();
  add_row(table, grouped(last), last,
          fmt::format("{} (the last of {} turns)", order_text(crossing, words, turns.back().after),
                      turns.size()));
}

bool listed(const Crossing& crossing, std::size_t count) {
  return count <= kFewPairs || !crossing.turns.turns.empty();
}

}  // namespace

Table crossover_table(std::string caption, const SweepPlan& plan,
                      const std::vector<Crossing>& crossings) {
  Table table{.caption = std::move(caption),
              .columns = {figure_column("from"), {.heading = "order, until the next row"}}};
  const std::vector<SweepLine> lines = lines_of(plan);
  std::string where;
  for (const Crossing& crossing : crossings) {
    if (!listed(crossing, crossings.size())) continue;
    const CrossingWords words = words_of(crossing, lines);
    if (words.where != where) table.rows.emplace_back(GroupHeading{words.where});
    where = words.where;
    add_crossing(table, crossing, words);
  }
  return table;
}

std::vector<std::string> crossover_notes(std::string_view between, const SweepPlan& plan,
                                         const std::vector<Crossing>& crossings) {
  const std::vector<SweepLine> lines = lines_of(plan);
  std::vector<std::string> notes;
  const auto silent = std::count_if(crossings.begin(), crossings.end(), [&](const auto& crossing) {
    return !listed(crossing, crossings.size());
  });
  if (silent > 0) {
    notes.push_back(fmt::format("{}: {} of {} pairs keep one order throughout and are not listed.",
                                between, grouped(silent), grouped(std::ssize(crossings))));
  }
  std::set<std::string> cut;
  for (const Crossing& crossing : crossings) {
    if (crossing.turns.searched_to >= plan.contexts.last()) continue;
    cut.insert(
        fmt::format("{}: searched up to {}, beyond which there are too many chunks or a figure "
                    "exceeds 64 bits.",
                    words_of(crossing, lines).where, grouped(crossing.turns.searched_to.value())));
  }
  notes.insert(notes.end(), cut.begin(), cut.end());
  return notes;
}

}  // namespace llmarch::reports
