#include "reports/say/mask_figure.h"

#include <fmt/format.h>

#include <cmath>

#include "reports/say/cells.h"

namespace llmarch::reports {
namespace {

constexpr int kPositions = 24;
constexpr int kWindow = 6;
constexpr int kChunk = 8;
constexpr int kGroup = 4;   // positions that are chosen, or compressed, together
constexpr int kChosen = 2;  // keys, blocks or entries that an index chooses

// Whether an index chooses this one of `count` for the query: kChosen of them, scattered.
bool is_chosen(int which, int count, int query) {
  for (int i = 0; i < kChosen; ++i) {
    const double place = std::fmod(0.2 + 0.618034 * i + 0.37 * query, 1);
    if (which == static_cast<int>(place * count)) return true;
  }
  return false;
}

Attended attended(const AttendedKeys& reach, int query, int key) {
  if (key > query) return Attended::no;
  if (reach.window > 0 && query - key < kWindow) return Attended::yes;
  if (reach.entry > 0) {
    const int complete = (query + 1) / kGroup;  // groups up to the query, each with its entry
    const int group = key / kGroup;
    const bool there = group < complete && (reach.chosen == 0 || is_chosen(group, complete, query));
    return there ? Attended::entry : Attended::no;
  }
  if (reach.window > 0) return Attended::no;
  if (reach.chunk > 0) return query / kChunk == key / kChunk ? Attended::yes : Attended::no;
  if (reach.chosen == 0) return Attended::yes;
  const int step = reach.block > 1 ? kGroup : 1;
  const bool own = query / step == key / step;
  return own || is_chosen(key / step, query / step, query) ? Attended::yes : Attended::no;
}

std::string kept_words(const AttendedKeys& reach) {
  if (reach.window > 0) return fmt::format("the last {} positions", grouped(reach.window));
  if (reach.chunk > 0) return fmt::format("its chunk of {} positions", grouped(reach.chunk));
  if (reach.chosen == 0) return "every position up to its own";
  if (reach.block > 1) {
    return fmt::format("{} blocks of {}, chosen by an index", grouped(reach.chosen),
                       grouped(reach.block));
  }
  return fmt::format("{} positions, chosen by an index", grouped(reach.chosen));
}

}  // namespace

std::vector<std::string> words_of(const AttendedKeys& reach) {
  std::vector<std::string> words{kept_words(reach)};
  if (reach.entry > 0) {
    words.front() += fmt::format(
        ", and {} of {} positions each",
        reach.chosen > 0 ? grouped(reach.chosen) + " chosen entries" : std::string("all entries"),
        grouped(reach.entry));
    words.emplace_back("light: an entry of its group");
  }
  if (reach.sinks == Sinks::some) words.emplace_back("yellow: a sink, a learned score and no key");
  const bool scaled = reach.window > 0 || reach.chunk > 0 || reach.chosen > 0 || reach.entry > 0;
  words.push_back(fmt::format("{} positions are drawn{}", kPositions,
                              scaled ? "; sizes are not to scale" : ""));
  return words;
}

MaskFigure mask_of(const AttendedKeys& reach) {
  MaskFigure mask;
  for (int query = 0; query < kPositions; ++query) {
    std::vector<Attended>& row = mask.rows.emplace_back();
    if (reach.sinks == Sinks::some) row.push_back(Attended::sink);
    for (int key = 0; key < kPositions; ++key) row.push_back(attended(reach, query, key));
  }
  return mask;
}

}  // namespace llmarch::reports
