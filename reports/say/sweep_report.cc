#include "reports/say/sweep_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <set>

#include "reports/document/format.h"
#include "reports/say/block_texts.h"
#include "reports/say/crossover_table.h"
#include "reports/say/quantity_cells.h"
#include "reports/say/remarks.h"
#include "reports/say/setting_words.h"

namespace llmarch::reports {
namespace {

constexpr std::int64_t kMostRows = 48;
constexpr std::int64_t kMostChartPoints = 240;
constexpr std::size_t kMostChartLines = 8;
constexpr std::int64_t kFewestChartContexts = 3;  // two points make no curve
constexpr std::size_t kMostMarks = 12;
// An axis whose ends have at least this ratio is logarithmic.
constexpr double kWide = 8;

class SweepWriter {
 public:
  SweepWriter(const SweepPlan& plan, Digits digits)
      : plan_(plan), digits_(digits), lines_(lines_of(plan)) {
    for (const SweepLine& line : lines_) {
      curves_.push_back(std::make_unique<ModelCurves>(*line.model, line.setting));
    }
  }

  // With one line, one table of its quantities. With several, a table for each quantity, with the
  // lines side by side.
  void write(const std::vector<Crossing>& between, Document& document) {
    write_constants(document);
    for (const Varies varies : {Varies::with_context, Varies::with_prompt}) {
      const std::vector<const Quantity*> quantities = those_that_vary(varies);
      if (quantities.empty()) continue;
      if (lines_.size() == 1) document.blocks.emplace_back(table_of_quantities(varies, quantities));
      for (const Quantity* quantity : quantities) {
        if (lines_.size() > 1) document.blocks.emplace_back(table_of_lines(*quantity));
        if (worth_a_chart(varies)) document.blocks.emplace_back(chart(*quantity, between));
      }
    }
  }

  [[nodiscard]] const Lengths& axis(Varies varies) const {
    return varies == Varies::with_prompt && plan_.prompts ? *plan_.prompts : plan_.contexts;
  }

 private:
  [[nodiscard]] std::vector<const Quantity*> those_that_vary(Varies varies) const {
    std::vector<const Quantity*> chosen;
    for (const Quantity* quantity : plan_.quantities) {
      if (quantity->varies == varies) chosen.push_back(quantity);
    }
    return chosen;
  }

  // `length` is on the axis that the quantity varies with; the other axis does not matter to it.
  [[nodiscard]] QuantityValue value(std::size_t line, const Quantity& quantity,
                                    Integer length) const {
    return evaluate(quantity, *curves_[line], length, length);
  }

  [[nodiscard]] Cell cell(std::size_t line, const Quantity& quantity, Integer length) const {
    return quantity_cell(quantity.unit, value(line, quantity, length), digits_);
  }

  static Cell length_cell(Integer length) {
    return {.text = context_tokens(length.value()), .value = length.value()};
  }

  static std::string heading_of(Varies varies) {
    return varies == Varies::with_prompt ? "prompt" : "context";
  }

  // Quantities that vary with no length have a table of their own instead of columns of equal
  // figures.
  void write_constants(Document& document) const {
    const std::vector<const Quantity*> quantities = those_that_vary(Varies::never);
    if (quantities.empty()) return;
    Table table{.caption = "The same at every context", .columns = {text_column("")}};
    for (const Quantity* quantity : quantities) {
      table.columns.push_back(figure_column(labelled(*quantity)));
    }
    for (std::size_t line = 0; line < lines_.size(); ++line) {
      CellRow row{{text_cell(name_of_line(plan_, lines_[line]))}};
      for (const Quantity* quantity : quantities) row.cells.push_back(cell(line, *quantity, 1));
      table.rows.emplace_back(std::move(row));
    }
    document.blocks.emplace_back(std::move(table));
  }

  [[nodiscard]] Table table_of_quantities(Varies varies,
                                          const std::vector<const Quantity*>& quantities) const {
    Table table{.columns = {figure_column(heading_of(varies))}};
    for (const Quantity* quantity : quantities) {
      table.columns.push_back(figure_column(labelled(*quantity)));
    }
    const Lengths shown = axis(varies).thinned(kMostRows);
    for (Integer i = 0; i < shown.size(); i += 1) {
      CellRow row{{length_cell(shown.at(i))}};
      for (const Quantity* quantity : quantities) {
        row.cells.push_back(cell(0, *quantity, shown.at(i)));
      }
      table.rows.emplace_back(std::move(row));
    }
    return table;
  }

  [[nodiscard]] Table table_of_lines(const Quantity& quantity) const {
    Table table{.caption = fmt::format("{}: {}", quantity.name, quantity.meaning),
                .columns = {figure_column(heading_of(quantity.varies))}};
    for (const SweepLine& line : lines_) {
      table.columns.push_back(figure_column(name_of_line(plan_, line)));
    }
    const Lengths shown = axis(quantity.varies).thinned(kMostRows);
    for (Integer i = 0; i < shown.size(); i += 1) {
      CellRow row{{length_cell(shown.at(i))}};
      for (std::size_t line = 0; line < lines_.size(); ++line) {
        row.cells.push_back(cell(line, quantity, shown.at(i)));
      }
      table.rows.emplace_back(std::move(row));
    }
    return table;
  }

  // More lines than that cannot be told apart.
  [[nodiscard]] bool worth_a_chart(Varies varies) const {
    return axis(varies).size() >= kFewestChartContexts && lines_.size() <= kMostChartLines;
  }

  // The first length of the axis that is not less than `wanted`, or the last where all are.
  // Halving, since an axis may have any number of them.
  [[nodiscard]] static Integer first_from(const Lengths& axis, double wanted) {
    Integer low = 0;
    Integer high = axis.size() - 1;
    while (low < high) {
      const Integer middle = low + (high - low) / 2;
      if (axis.at(middle).as_double() < wanted) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return axis.at(low);
  }

  // At most kMostChartPoints of the lengths, spread evenly along the axis as it is drawn.
  [[nodiscard]] static std::vector<Integer> chart_lengths(const Lengths& axis, Scale scale) {
    std::set<Integer> lengths;
    const std::int64_t steps = std::min(axis.size().value(), kMostChartPoints) - 1;
    const double first = axis.first().as_double();
    const double last = axis.last().as_double();
    for (std::int64_t step = 0; step <= steps; ++step) {
      if (axis.size() <= kMostChartPoints || scale == Scale::linear) {
        lengths.insert(axis.at(Integer(step) * (axis.size() - 1) / steps));
        continue;
      }
      const double share = static_cast<double>(step) / static_cast<double>(steps);
      const double wanted = first * std::pow(last / first, share);
      lengths.insert(first_from(axis, wanted));
    }
    lengths.insert(axis.last());
    return {lengths.begin(), lengths.end()};
  }

  [[nodiscard]] Chart chart(const Quantity& quantity, const std::vector<Crossing>& between) const {
    const Lengths& lengths = axis(quantity.varies);
    const bool wide = lengths.last().as_double() >= kWide * lengths.first().as_double();
    Chart chart{.name = dashed(quantity.name),
                .caption = fmt::format("{}: {}", quantity.name, quantity.meaning)};
    chart.x = {.label = heading_of(quantity.varies) + ", tokens",
               .scale = wide ? Scale::logarithmic : Scale::linear,
               .ticks = TickFormat::tokens};
    chart.y = {.label = labelled(quantity), .ticks = ticks_of(quantity.unit)};
    double least = INFINITY;
    double most = 0;
    for (std::size_t line = 0; line < lines_.size(); ++line) {
      Series series{.label = name_of_line(plan_, lines_[line])};
      for (const Integer length : chart_lengths(lengths, chart.x.scale)) {
        const double y = as_double(value(line, quantity, length));
        least = std::min(least, y);
        most = std::max(most, y);
        series.points.push_back({length.as_double(), y});
      }
      chart.series.push_back(std::move(series));
    }
    if (least > 0 && most >= kWide * least) chart.y.scale = Scale::logarithmic;
    add_marks(chart, quantity, between);
    return chart;
  }

  // Marks the points where one model overtakes another, the first ones where there are many.
  static void add_marks(Chart& chart, const Quantity& quantity,
                        const std::vector<Crossing>& between) {
    for (const Crossing& crossing : between) {
      if (crossing.left_quantity != &quantity) continue;
      for (std::size_t i = 0; i < crossing.turns.turns.size(); ++i) {
        if (chart.marks.size() == kMostMarks) return;
        const Integer at = crossing.turns.turns[i].at;
        chart.marks.push_back(
            {{at.as_double(), as_double(crossing.at_turns[i])}, grouped(at.value())});
      }
    }
  }

  static std::string dashed(std::string_view name) {
    std::string text(name);
    std::replace(text.begin(), text.end(), '_', '-');
    return text;
  }

  const SweepPlan& plan_;
  Digits digits_;
  std::vector<SweepLine> lines_;
  std::vector<std::unique_ptr<ModelCurves>> curves_;
};

std::string title_of(const SweepPlan& plan) {
  if (plan.models.size() > kMostChartLines) {
    return fmt::format("Sweep of {} models", plan.models.size());
  }
  std::string names;
  for (const Model* model : plan.models) {
    names += (names.empty() ? "" : " | ") + model->spec.name;
  }
  return "Sweep: " + names;
}

std::string span_of(const char* what, const Lengths& axis) {
  if (!axis.varies()) return fmt::format("{} {}", what, context_tokens(axis.first().value()));
  return fmt::format("{} {} to {}", what, context_tokens(axis.first().value()),
                     context_tokens(axis.last().value()));
}

// The ranges of the sweep, and the setting that all its points share.
std::string heading_of(const SweepPlan& plan) {
  std::string words = span_of("context", plan.contexts);
  words += plan.prompts ? ", " + span_of("prompt", *plan.prompts) : ", prompts as long";
  PartialSetting rest = alike(plan.settings);
  rest.context.reset();
  rest.prompt.reset();
  return joined(words, words_of(rest));
}

// A table of every length would be too long to read.
void add_thinning_notes(const SweepPlan& plan, Notes& notes) {
  const auto add = [&](const char* what, const Lengths& axis) {
    if (axis.size() <= kMostRows) return;
    notes.lines.push_back(
        fmt::format("{} of {} {} are shown; -o FILE.csv or FILE.json has all of them.", kMostRows,
                    grouped(axis.size().value()), what));
  };
  add("contexts", plan.contexts);
  if (plan.prompts) add("prompts", *plan.prompts);
}

void add_model_notes(const SweepPlan& plan, Notes& notes) {
  for (const Model* model : plan.models) {
    if (plan.contexts.last() > model->spec.context_limit) {
      notes.lines.push_back(fmt::format("{}: contexts beyond {} are more than its makers allow.",
                                        model->spec.name,
                                        grouped(model->spec.context_limit.value())));
    }
    for (const std::string& note : block_notes({&model->spec}, NotedFigures::sweep)) {
      notes.lines.push_back(fmt::format("{}: {}", model->spec.name, note));
    }
    add_remarks(*model, notes);
  }
}

}  // namespace

Document sweep_document(const SweepPlan& plan, const std::vector<Crossing>& between,
                        const std::vector<Crossing>& within, Digits digits) {
  Document document{.title = title_of(plan), .blocks = {Paragraph{heading_of(plan)}}};
  SweepWriter writer(plan, digits);
  writer.write(between, document);
  Notes notes;
  const auto add_crossings = [&](const char* caption, const char* whose,
                                 const std::vector<Crossing>& crossings) {
    if (crossings.empty()) return;
    Table table = crossover_table(caption, plan, crossings);
    if (!table.rows.empty()) document.blocks.emplace_back(std::move(table));
    const auto more = crossover_notes(whose, plan, crossings);
    notes.lines.insert(notes.lines.end(), more.begin(), more.end());
  };
  add_crossings("Crossovers: from this token on", "Between models", between);
  add_crossings("Within a model, in decode: from this token on", "Within a model", within);
  add_thinning_notes(plan, notes);
  add_model_notes(plan, notes);
  if (!between.empty() || !within.empty()) {
    notes.lines.emplace_back(
        "Crossovers are exact: one token before, the order is still the one above.");
  }
  if (!notes.lines.empty()) document.blocks.emplace_back(std::move(notes));
  return document;
}

std::string why_no_chart(const SweepPlan& plan) {
  const std::size_t lines = plan.models.size() * plan.settings.size();
  if (lines > kMostChartLines) {
    return fmt::format(
        "a chart has at most {} lines, and {} are asked for: name fewer models, "
        "batches or formats",
        kMostChartLines, lines);
  }
  if (plan.contexts.size() < kFewestChartContexts) {
    return fmt::format("a chart needs {} contexts, as --context 1k..128k:x2 gives",
                       kFewestChartContexts);
  }
  return "no quantity that is shown changes with the context";
}

}  // namespace llmarch::reports
