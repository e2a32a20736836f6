#include "reports/render/table_layout.h"

#include <algorithm>
#include <numeric>
#include <span>
#include <utility>

#include "reports/document/text.h"

namespace llmarch::reports {
namespace {

// Prose in a cell still reads well at this width, and a figure with its unit is narrower.
constexpr std::size_t comfortable_prose = 20;

// A column's width without wrapping, and the least width at which no figure or word is broken.
struct Extent {
  std::size_t compact = 1;
  std::size_t whole = 1;
};

// Columns that must not be separated: [first, first + count).
struct ColumnGroup {
  std::size_t first;
  std::size_t count;
};

using Widths = std::vector<std::size_t>;

std::size_t sum(std::span<const std::size_t> widths) {
  return std::accumulate(widths.begin(), widths.end(), std::size_t{0});
}

std::size_t gaps(std::size_t columns) {
  return columns == 0 ? 0 : (columns - 1) * column_gap;
}

std::size_t widest_line(const std::string& text) {
  std::size_t widest = 0;
  std::size_t start = 0;
  while (start <= text.size()) {
    const std::size_t end = std::min(text.find('\n', start), text.size());
    widest = std::max(widest, display_width(std::string_view(text).substr(start, end - start)));
    start = end + 1;
  }
  return widest;
}

void widen(Extent& extent, std::size_t compact, std::size_t whole) {
  extent.compact = std::max(extent.compact, compact);
  extent.whole = std::max(extent.whole, whole);
}

std::vector<Extent> measure(const Table& table) {
  std::vector<Extent> extents(table.columns.size());
  for (std::size_t i = 0; i < extents.size(); ++i) {
    const std::string& heading = table.columns[i].heading;
    widen(extents[i], widest_piece(heading), widest_line(heading));
  }
  const std::size_t indent = has_groups(table) ? group_indent(narrowest_terminal) : 0;
  for (const Row& row : table.rows) {
    const auto* cell_row = std::get_if<CellRow>(&row);
    if (cell_row == nullptr) continue;
    for (std::size_t i = 0; i < extents.size(); ++i) {
      const std::string& text = cell_row->cells[i].text;
      const std::size_t moved_in = i == 0 ? indent : 0;
      const std::size_t whole = widest_line(text) + moved_in;
      const std::size_t longest_word = widest_piece(text) + moved_in;
      widen(extents[i], std::max(longest_word, std::min(whole, comfortable_prose)), whole);
    }
  }
  return extents;
}

std::size_t compact_width(std::span<const Extent> extents) {
  std::size_t width = gaps(extents.size());
  for (const Extent& extent : extents) width += extent.compact;
  return width;
}

// Every column gets its full width up to a common limit, which is as high as `room` allows with the
// gaps between the columns. No column is narrower than its compact width, unless the room does not
// suffice for all of them.
Widths fit(std::span<const Extent> extents, std::size_t room) {
  const bool tight = compact_width(extents) > room;
  const auto at_level = [&](std::size_t level) {
    Widths widths;
    for (const Extent& e : extents) {
      widths.push_back(tight ? std::min(level, e.compact) : std::clamp(level, e.compact, e.whole));
    }
    return widths;
  };
  Widths best = at_level(1);
  for (std::size_t level = 2; level <= room; ++level) {
    Widths higher = at_level(level);
    if (sum(higher) + gaps(higher.size()) > room) break;
    best = std::move(higher);
  }
  return best;
}

// The least width of columns, with one character each.
std::size_t least_width(std::size_t columns) {
  return columns + gaps(columns);
}

// The width that is left when columns take `used`.
std::size_t beside(std::size_t used, std::size_t width) {
  const std::size_t taken = used == 0 ? 0 : used + column_gap;
  return width > taken ? width - taken : 0;
}

// As many row headings as the table has, or fewer where they would leave no room for a data column.
std::size_t repeated_columns(const Table& table, std::size_t width) {
  std::size_t columns = table.row_heading_columns;
  while (columns > 0 && beside(least_width(columns), width) < 1) --columns;
  return columns;
}

std::vector<ColumnGroup> data_groups(const Table& table, std::size_t headings, std::size_t width) {
  const std::size_t room = beside(headings == 0 ? 0 : least_width(headings), width);
  std::vector<ColumnGroup> groups;
  for (std::size_t i = headings; i < table.columns.size(); ++i) {
    const bool joined = table.columns[i].joint == Joint::to_previous && !groups.empty();
    if (joined && least_width(groups.back().count + 1) <= room) {
      ++groups.back().count;
    } else {
      groups.push_back({i, 1});
    }
  }
  return groups;
}

// Row headings may take the width that all data columns together do not need, or two fifths of the
// whole, but must leave the largest group one character for each of its columns.
std::size_t heading_room(std::span<const Extent> headings, std::span<const Extent> data,
                         std::span<const ColumnGroup> groups, std::size_t width) {
  if (groups.empty()) return width;
  std::size_t largest = 0;
  for (const ColumnGroup& group : groups) largest = std::max(largest, group.count);
  const std::size_t left_over = beside(compact_width(data), width);
  const std::size_t wanted = std::max(left_over, width * 2 / 5);
  const std::size_t least = least_width(headings.size());
  return std::max(least, std::min(wanted, beside(least_width(largest), width)));
}

using Bundle = std::vector<ColumnGroup>;  // the groups of one panel

std::size_t columns_in(const Bundle& bundle) {
  return bundle.back().first + bundle.back().count - bundle.front().first;
}

std::vector<Bundle> pack(std::span<const ColumnGroup> groups, std::span<const Extent> extents,
                         std::size_t room, std::size_t most) {
  std::vector<Bundle> bundles;
  for (const ColumnGroup& group : groups) {
    if (!bundles.empty() && bundles.back().size() < most) {
      const std::size_t first = bundles.back().front().first;
      const std::size_t columns = group.first + group.count - first;
      if (compact_width(extents.subspan(first, columns)) <= room) {
        bundles.back().push_back(group);
        continue;
      }
    }
    bundles.push_back({group});
  }
  return bundles;
}

// As few panels as possible, and evenly filled where that needs no further panel: 4 + 4 models, not
// 5 + 3.
std::vector<Bundle> pack_evenly(std::span<const ColumnGroup> groups,
                                std::span<const Extent> extents, std::size_t room) {
  std::vector<Bundle> fewest = pack(groups, extents, room, groups.size());
  if (fewest.empty()) return fewest;
  const std::size_t share = (groups.size() + fewest.size() - 1) / fewest.size();
  std::vector<Bundle> even = pack(groups, extents, room, share);
  return even.size() == fewest.size() ? even : fewest;
}

void append(Panel& panel, std::size_t first, std::span<const std::size_t> widths) {
  for (std::size_t i = 0; i < widths.size(); ++i) panel.push_back({first + i, widths[i]});
}

std::vector<Panel> split_into_panels(const Table& table, std::span<const Extent> extents,
                                     std::size_t width) {
  const std::size_t headings = repeated_columns(table, width);
  const std::vector<ColumnGroup> groups = data_groups(table, headings, width);
  const auto heading_extents = extents.first(headings);
  const Widths heading_widths =
      fit(heading_extents, heading_room(heading_extents, extents.subspan(headings), groups, width));
  const std::size_t room = beside(sum(heading_widths) + gaps(headings), width);
  std::vector<Panel> panels;
  for (const Bundle& bundle : pack_evenly(groups, extents, room)) {
    const std::size_t first = bundle.front().first;
    append(panels.emplace_back(), 0, heading_widths);
    append(panels.back(), first, fit(extents.subspan(first, columns_in(bundle)), room));
  }
  if (panels.empty()) append(panels.emplace_back(), 0, heading_widths);
  return panels;
}

Panel whole_table(std::span<const Extent> extents) {
  Panel panel;
  for (std::size_t i = 0; i < extents.size(); ++i) panel.push_back({i, extents[i].whole});
  return panel;
}

}  // namespace

std::size_t panel_width(const Panel& panel) {
  std::size_t width = gaps(panel.size());
  for (const PanelColumn& column : panel) width += column.width;
  return width;
}

std::size_t group_indent(std::size_t first_column_width) {
  return first_column_width < 4 ? 0 : 2;
}

std::vector<Panel> lay_out(const Table& table, std::size_t width) {
  if (table.columns.empty()) return {};
  const std::size_t usable = std::max(width, narrowest_terminal);
  const std::vector<Extent> extents = measure(table);
  Panel whole = whole_table(extents);
  if (panel_width(whole) <= usable) return {std::move(whole)};
  return split_into_panels(table, extents, usable);
}

}  // namespace llmarch::reports
