// The content of a report, decided once. A Document is plain values and knows neither models nor
// file formats nor the width of a page: the code that makes it has computed every number, and the
// renderers (terminal.h, markdown.h, html.h, csv.h, pictures.h) only draw. Beyond this point no
// number is computed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "reports/document/diagram.h"
#include "reports/document/emphasis.h"
#include "reports/document/figure.h"

namespace llmarch::reports {

enum class Alignment { left, right, centre };

// Columns that only mean something side by side, such as a model's figure and its ratio, are
// joined: they stay in one panel when a wide table is split.
enum class Joint { none, to_previous };

struct NoValue {};
using Value = std::variant<NoValue, std::int64_t, double>;

struct Cell {
  std::string text = {};    // for people: "36 KiB"; a '\n' starts a new line
  Value value = NoValue{};  // for machines: 36864
  std::string unit = {};    // the value's: "bytes"; empty for a bare number such as a ratio
  Emphasis emphasis = Emphasis::plain;
  std::string link = {};  // the text of the heading that it leads to; empty for none
};

struct Column {
  std::string heading = {};
  Alignment alignment = Alignment::left;
  Joint joint = Joint::none;
};

// One cell for each column.
struct CellRow {
  std::vector<Cell> cells = {};
  // The name by which a program can ask for the row's figures (sim/study/quantities.h); empty where
  // there is none.
  std::string quantity = {};
};

// A line across the table that names the rows below it, up to the next such line.
struct GroupHeading {
  std::string text = {};
};

using Row = std::variant<CellRow, GroupHeading>;

struct Table {
  std::string caption = {};
  // The leading columns that identify a row; every panel of a split table repeats them.
  std::size_t row_heading_columns = 1;
  std::vector<Column> columns = {};
  std::vector<Row> rows = {};
};

enum class HeadingLevel { section, subsection };

struct Heading {
  std::string text = {};
  HeadingLevel level = HeadingLevel::section;
};

struct Paragraph {
  std::string text = {};
};

// A listing that renderers draw unchanged, without wrapping its lines.
struct Preformatted {
  std::string text = {};
};

// Short remarks, one line each: a convention, a source, what differs.
struct Notes {
  std::vector<std::string> lines = {};
};

// The spacing of figures along an axis. The ticks of a logarithmic axis are powers of ten, or of
// two where the unit is binary.
enum class Scale { linear, logarithmic };

// How the figures of an axis are written: plain "12.5"; tokens "8k"; bytes "1.5 GiB"; counts "3 B".
enum class TickFormat { plain, tokens, bytes, counts };

struct Axis {
  std::string label = {};  // with its unit, unless the ticks have one: "context, tokens"
  Scale scale = Scale::linear;
  TickFormat ticks = TickFormat::plain;
};

struct ChartPoint {
  double x = 0;
  double y = 0;
};

// Points in ascending order of x. A logarithmic axis leaves out those that are not above zero.
struct Series {
  std::string label = {};  // stands at the line's end
  std::vector<ChartPoint> points = {};
};

// A marked point, such as one where a line overtakes another.
struct ChartMark {
  ChartPoint at = {};
  std::string text = {};  // "4,097"
};

struct Chart {
  std::string name = {};     // the picture's file without its ending: "kv-cache"
  std::string caption = {};  // a sentence that says what is seen
  std::string setting = {};  // what holds for all of it: "batch 1, weights bf16, KV bf16"
  Axis x = {};
  Axis y = {};
  std::vector<Series> series = {};
  std::vector<ChartMark> marks = {};
};

using Block = std::variant<Heading, Paragraph, Table, Preformatted, Notes, Chart, Diagram, Figure>;

struct Document {
  std::string title = {};  // may be empty
  std::vector<Block> blocks = {};
};

// Throws std::logic_error unless each row has one cell for each column, and there are no more row
// headings than columns. A renderer would silently lose figures of such a table.
void check_shape(const Table& table);

// Whether a group heading names some of the rows.
bool has_groups(const Table& table);

}  // namespace llmarch::reports
