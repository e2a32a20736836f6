#include "reports/say/sweep_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <set>

#include "reports/document/chart_axis.h"
#include "reports/document/format.h"
#include "reports/say/block_texts.h"
#include "reports/say/crossover_table.h"
#include "reports/say/quantity_cells.h"
#include "reports/say/remarks.h"
#include "reports/say/setting_words.h"

namespace llmarch::reports {
namespace {

constexpr std::int64_t kMostRows = 48;
constexpr std::size_t kMostChartLines = 8;
constexpr std::int64_t kFewestChartContexts = 3;  // two points make no curve
constexpr std::size_t kMostMarks = 12;
// An axis whose ends have at least this ratio is logarithmic.
constexpr double kWide = 8;

// What all points of the sweep share, apart from the lengths.
PartialSetting shared_by(const SweepPlan& plan) {
  return apart_from_lengths(alike(plan.settings));
}

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
  void write(const std::vector<Crossing>& between, const std::vector<Crossing>& within,
             Document& document) {
    write_constants(document);
    for (const Varies varies : {Varies::with_context, Varies::with_prompt}) {
      const std::vector<const Quantity*> quantities = those_that_vary(varies);
      if (quantities.empty()) continue;
      if (lines_.size() == 1) document.blocks.emplace_back(table_of_quantities(varies, quantities));
      for (const auto& together : charted_together(quantities)) {
        if (lines_.size() > 1) document.blocks.emplace_back(table_of_lines(*together.front()));
        if (worth_a_chart(varies)) {
          document.blocks.emplace_back(chart(together, lines_.size() > 1 ? between : within));
        }
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

  // Quantities of one unit in one chart where there is one line, and else each by itself.
  [[nodiscard]] std::vector<std::vector<const Quantity*>> charted_together(
      const std::vector<const Quantity*>& quantities) const {
    std::vector<std::vector<const Quantity*>> charts;
    for (const Quantity* quantity : quantities) {
      const auto alike = std::ranges::find_if(charts, [&](const auto& chart) {
        return lines_.size() == 1 && chart.front()->unit == quantity->unit &&
               chart.size() < kMostChartLines;
      });
      (alike == charts.end() ? charts.emplace_back() : *alike).push_back(quantity);
    }
    return charts;
  }

  [[nodiscard]] static Series series_of(std::string label, const SweptFigure& figure,
                                        const std::set<Integer>& lengths) {
    Series series{.label = std::move(label)};
    for (const Integer length : lengths) {
      series.points.push_back({length.as_double(), as_double(value_at(figure, length))});
    }
    return series;
  }

  // One quantity of all lines, or several of the only line.
  [[nodiscard]] Chart chart(const std::vector<const Quantity*>& quantities,
                            const std::vector<Crossing>& crossings) const {
    const Quantity& quantity = *quantities.front();
    const bool one = quantities.size() == 1;
    const Lengths& swept = axis(quantity.varies);
    const bool wide = swept.last().as_double() >= kWide * swept.first().as_double();
    Chart chart{.name = dashed(quantity.name), .setting = words_of(shared_by(plan_))};
    chart.x = {.label = heading_of(quantity.varies) + ", tokens",
               .scale = wide ? Scale::logarithmic : Scale::linear,
               .ticks = TickFormat::tokens};
    const std::string unit(name_of(quantity.unit));
    const std::string name_alone = plan_.models.front()->spec.name;
    chart.y = {.label = one ? explained(quantity) : joined(name_alone, unit),
               .ticks = ticks_of(quantity.unit)};
    add_marks(chart, quantities, crossings);
    std::set<Integer> lengths =
        drawn_lengths(swept.first(), swept.last(), wide ? Spacing::geometric : Spacing::even);
    for (const ChartMark& mark : chart.marks) lengths.insert(Integer(std::llround(mark.at.x)));
    for (std::size_t line = 0; line < lines_.size(); ++line) {
      for (const Quantity* each : quantities) {
        const std::string name(each->name);
        chart.series.push_back(series_of(one ? name_of_line(plan_, lines_[line]) : name,
                                         {curves_[line].get(), each}, lengths));
      }
    }
    const std::vector<double> ys = ys_of(chart);
    const auto [least, most] = std::ranges::minmax(ys);
    if (least > 0 && most >= kWide * least) chart.y.scale = Scale::logarithmic;
    chart.caption = sentence_of(chart, one ? std::string(quantity.name) : "", quantity.unit);
    return chart;
  }

  // Marks the points where one line overtakes another, the first ones where there are many.
  static void add_marks(Chart& chart, const std::vector<const Quantity*>& quantities,
                        const std::vector<Crossing>& crossings) {
    for (const Crossing& crossing : crossings) {
      if (std::ranges::count(quantities, crossing.left_quantity) == 0 ||
          std::ranges::count(quantities, crossing.right_quantity) == 0) {
        continue;
      }
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
  return joined(words, words_of(shared_by(plan)));
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
  writer.write(between, within, document);
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
