#include "reports/say/study_report.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <set>
#include <stdexcept>

#include "reports/document/format.h"
#include "reports/say/block_texts.h"
#include "reports/say/compare_report.h"
#include "reports/say/figure_cell.h"
#include "reports/say/model_diagram.h"
#include "reports/say/model_figures.h"
#include "reports/say/quantity_cells.h"
#include "reports/say/setting_words.h"

namespace llmarch::reports {
namespace {

Emphasis emphasis_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::holds: return Emphasis::good;
    case Verdict::fails: return Emphasis::bad;
    case Verdict::conditional: return Emphasis::strong;
    case Verdict::needs_run:
    case Verdict::undecidable: return Emphasis::faint;
  }
  throw std::logic_error("emphasis_of: a verdict outside the enumeration");
}

std::string heading_of(const ClaimResult& claim) {
  return fmt::format("{}: {}", claim.id, words_of(claim.verdict));
}

// A verdict other than the expected one is marked as bad, whichever it is.
Cell verdict_cell(const ClaimResult& claim) {
  Cell cell{.text = std::string(words_of(claim.verdict)), .emphasis = emphasis_of(claim.verdict)};
  if (!claim.as_expected()) {
    cell.text += fmt::format(" (expected: {})", words_of(claim.expected));
    cell.emphasis = Emphasis::bad;
  }
  return cell;
}

std::string contexts(const Stretch& stretch) {
  if (stretch.from == stretch.to) return grouped(stretch.from.value());
  return fmt::format("{} to {}", grouped(stretch.from.value()), grouped(stretch.to.value()));
}

// "1 to 5,760; 8,193 to 9,000"; of many parts only the first few, and the number of the others.
std::string first_few(std::vector<std::string> parts) {
  constexpr std::size_t kShown = 3;
  const std::size_t all = parts.size();
  parts.resize(std::min(all, kShown));
  std::string text = fmt::format("{}", fmt::join(parts, "; "));
  if (all > kShown) text += fmt::format(" and {} more stretches", all - kShown);
  return text;
}

// What the figures decide for one case.
std::string outcome(const CaseResult& one) {
  if (one.verdict == Verdict::needs_run) return "needs a run on this machine";
  if (one.stretches.empty()) {
    const auto failing = std::count_if(one.sides.begin(), one.sides.end(),
                                       [](const Sides& sides) { return !sides.holds; });
    if (failing == 0) return "holds";
    if (failing == std::ssize(one.sides)) return "does not hold";
    return fmt::format("does not hold: {} of {} checks fail", failing, one.sides.size());
  }
  const std::string range = fmt::format("{} to {}", grouped(one.stretches.front().from.value()),
                                        grouped(one.stretches.back().to.value()));
  if (one.stretches.size() == 1) {
    return fmt::format("{} at every context from {}",
                       one.stretches.front().holds ? "holds" : "does not hold", range);
  }
  std::vector<std::string> holding;
  std::vector<std::string> failing;
  for (const Stretch& stretch : one.stretches) {
    (stretch.holds ? holding : failing).push_back(contexts(stretch));
  }
  return fmt::format("holds at contexts {}; does not at {} (each context from {} was checked)",
                     first_few(std::move(holding)), first_few(std::move(failing)), range);
}

std::string verdict_sentence(const ClaimResult& claim) {
  if (claim.cases.size() == 1 && claim.cases[0].title.empty()) {
    return capitalised(outcome(claim.cases[0])) + ".";
  }
  std::string text;
  for (const CaseResult& one : claim.cases) {
    if (!text.empty()) text += " ";
    text += fmt::format("{}: {}.", capitalised(one.title), outcome(one));
  }
  return text;
}

// Rounded, or exact where two different figures would look alike when rounded.
std::pair<Cell, Cell> side_cells(const Sides& sides) {
  Cell left = figure_cell(sides.left, sides.form, Digits::rounded);
  Cell right = figure_cell(sides.right, sides.form, Digits::rounded);
  if (left.text == right.text && sides.left != sides.right) {
    left = figure_cell(sides.left, sides.form, Digits::exact);
    right = figure_cell(sides.right, sides.form, Digits::exact);
  }
  return {left, right};
}

std::string relation_text(const Sides& sides) {
  std::string text(sign_of(sides.relation));
  if (sides.tolerance) text += fmt::format(" ±{:g} %", *sides.tolerance * 100);
  return text;
}

CellRow side_row(const Sides& sides) {
  const auto [left, right] = side_cells(sides);
  std::string label = sides.label;
  if (sides.context) label += fmt::format(", at context {}", grouped(sides.context->value()));
  return {{text_cell(label),
           left,
           text_cell(relation_text(sides)),
           right,
           {.text = sides.holds ? "yes" : "no",
            .emphasis = sides.holds ? Emphasis::good : Emphasis::bad}}};
}

// The figures that decide a claim, case by case, and then those that are only shown.
Table decision_table(const ClaimResult& claim) {
  Table table;
  table.columns = {text_column(claim.id),
                   figure_column("figure"),
                   {.heading = "", .alignment = Alignment::centre},
                   figure_column("against"),
                   text_column("holds")};
  for (const CaseResult& one : claim.cases) {
    if (!one.title.empty()) table.rows.emplace_back(GroupHeading{capitalised(one.title)});
    for (const Sides& sides : one.sides) table.rows.emplace_back(side_row(sides));
    for (const std::string& label : one.unrun) {
      table.rows.emplace_back(CellRow{
          {text_cell(label), text_cell("not run"), text_cell(""), text_cell(""), text_cell("")}});
    }
  }
  if (claim.shown.empty()) return table;
  if (!table.rows.empty()) table.rows.emplace_back(GroupHeading{"Beside it"});
  for (const ShownFigure& shown : claim.shown) {
    const Cell figure = shown.figure ? figure_cell(*shown.figure, shown.form, Digits::rounded)
                                     : text_cell("needs a run");
    table.rows.emplace_back(
        CellRow{{text_cell(shown.label), figure, text_cell(""), text_cell(""), text_cell("")}});
  }
  return table;
}

// A claim is laid out as its text, the figures, the verdict and the reason for it.
void add_claim(const ClaimResult& claim, Document& document) {
  document.blocks.emplace_back(Heading{heading_of(claim), HeadingLevel::subsection});
  document.blocks.emplace_back(Paragraph{claim.claim->text});
  if (claim.claim->reading) document.blocks.emplace_back(Paragraph{*claim.claim->reading});
  Table table = decision_table(claim);
  if (!table.rows.empty()) document.blocks.emplace_back(std::move(table));
  std::string verdict = claim.cases.empty() ? "" : verdict_sentence(claim);
  if (claim.claim->reason) {
    if (!verdict.empty()) verdict += " ";
    verdict += *claim.claim->reason;
  }
  if (!claim.as_expected()) {
    verdict += fmt::format(" The study expects: {}.", words_of(claim.expected));
  }
  document.blocks.emplace_back(Paragraph{verdict});
}

void add_claims(const StudyResult& result, Document& document) {
  std::string section;
  for (const ClaimResult& claim : result.claims) {
    if (claim.claim->section != section) {
      section = claim.claim->section;
      document.blocks.emplace_back(Heading{"Claims: " + section});
    }
    add_claim(claim, document);
  }
}

// All claims with their verdicts in one table, before the claims one by one.
Table overview(const StudyResult& result) {
  Table table;
  table.columns = {text_column(""), text_column("claim"), text_column("verdict")};
  std::string section;
  for (const ClaimResult& claim : result.claims) {
    if (claim.claim->section != section)
      table.rows.emplace_back(GroupHeading{claim.claim->section});
    section = claim.claim->section;
    table.rows.emplace_back(CellRow{{{.text = claim.id, .link = heading_of(claim)},
                                     text_cell(claim.claim->text),
                                     verdict_cell(claim)}});
  }
  return table;
}

// "3 hold", "1 holds".
std::string counted(std::ptrdiff_t count, Verdict verdict) {
  const auto says = [&](std::string_view one, std::string_view several) {
    return fmt::format("{} {}", count, count == 1 ? one : several);
  };
  switch (verdict) {
    case Verdict::holds: return says("holds", "hold");
    case Verdict::conditional: return says("holds under a condition", "hold under a condition");
    case Verdict::fails: return says("does not hold", "do not hold");
    case Verdict::needs_run:
      return says("needs a run on this machine", "need a run on this machine");
    case Verdict::undecidable: return says("is not decidable by cost", "are not decidable by cost");
  }
  throw std::logic_error("counted: a verdict outside the enumeration");
}

std::string tally(const StudyResult& result) {
  std::vector<std::string> parts;
  for (const Verdict verdict : {Verdict::holds, Verdict::conditional, Verdict::fails,
                                Verdict::needs_run, Verdict::undecidable}) {
    const auto count =
        std::count_if(result.claims.begin(), result.claims.end(),
                      [&](const ClaimResult& claim) { return claim.verdict == verdict; });
    if (count > 0) parts.push_back(counted(count, verdict));
  }
  return fmt::format("{} claim{}: {}.", result.claims.size(), result.claims.size() == 1 ? "" : "s",
                     fmt::join(parts, ", "));
}

// The charted quantity of the compared models, with marks where one overtakes another.
Chart chart_of(const ComparisonResult& comparison) {
  Chart chart;
  chart.name = comparison.id + "-" + std::string(comparison.charted->name);
  chart.setting = words_of(apart_from_lengths(stated(comparison.figures.setting)));
  chart.x = {"context, tokens", Scale::logarithmic, TickFormat::tokens};
  chart.y = {explained(*comparison.charted), Scale::logarithmic,
             ticks_of(comparison.charted->unit)};
  for (const ChartLine& line : comparison.lines) {
    Series series{line.model->spec.title, {}};
    for (const auto& [context, value] : line.points) {
      series.points.push_back({context.as_double(), value});
    }
    chart.series.push_back(std::move(series));
  }
  for (const ChartTurn& turn : comparison.turns) {
    chart.marks.push_back({{turn.context.as_double(), turn.value}, grouped(turn.context.value())});
  }
  chart.caption =
      sentence_of(chart, std::string(comparison.charted->name), comparison.charted->unit);
  return chart;
}

Notes turns_of(const ComparisonResult& comparison) {
  Notes notes;
  const auto name = [&](std::size_t model) { return comparison.lines[model].model->spec.name; };
  for (const ChartTurn& turn : comparison.turns) {
    notes.lines.push_back(fmt::format("{}: from context {} on, {} has less than {}.",
                                      comparison.charted->name, grouped(turn.context.value()),
                                      name(turn.model), name(turn.other)));
  }
  return notes;
}

// Takes the tables and the notes of a comparison's own document. The heading and the diagram are
// the study's.
struct ComparisonTaker {
  Document& document;
  std::vector<std::string>& notes;
  void operator()(const Table& table) const { document.blocks.emplace_back(table); }
  void operator()(const Notes& more) const {
    for (const std::string& line : more.lines) {
      if (std::find(notes.begin(), notes.end(), line) == notes.end()) notes.push_back(line);
    }
  }
  void operator()(const Heading&) const {}
  void operator()(const Paragraph&) const {}
  void operator()(const Preformatted&) const {}
  void operator()(const Chart&) const {}
  void operator()(const Diagram&) const {}
  void operator()(const Figure&) const {}
};

// The table of `llmarch compare`. Its notes are collected for the end of the report, since most are
// the same for every pair.
void add_comparison(const ComparisonResult& comparison, Document& document,
                    std::vector<std::string>& notes) {
  document.blocks.emplace_back(
      Heading{fmt::format("{}: {}", comparison.id, comparison.comparison->title)});
  document.blocks.emplace_back(Paragraph{comparison.comparison->text});
  std::vector<const Model*> models;
  for (const ModelFigures& figures : comparison.figures.models) models.push_back(figures.model);
  Diagram diagram = model_diagram(models);
  diagram.name = comparison.id + "-blocks";
  document.blocks.emplace_back(std::move(diagram));
  for (const FigureKind kind : comparison.drawn) {
    Figure figure = model_figure(kind, models, comparison.figures.setting);
    figure.name = comparison.id + "-" + figure.name;
    if (!figure.panels.empty()) document.blocks.emplace_back(std::move(figure));
  }
  const std::set<Section> sections{Section::structure, Section::parameters, Section::memory,
                                   Section::decode};
  for (const Block& block :
       compare_document(comparison.figures, sections, Digits::rounded).blocks) {
    std::visit(ComparisonTaker{document, notes}, block);
  }
  if (!comparison.shown.empty()) {
    Table table;
    table.columns = {text_column("figure"), figure_column("")};
    for (const ShownFigure& shown : comparison.shown) {
      if (!shown.figure) continue;
      table.rows.emplace_back(CellRow{
          {text_cell(shown.label), figure_cell(*shown.figure, shown.form, Digits::rounded)}});
    }
    document.blocks.emplace_back(std::move(table));
  }
  if (comparison.charted != nullptr) document.blocks.emplace_back(chart_of(comparison));
  const Notes turns = turns_of(comparison);
  if (!turns.lines.empty()) document.blocks.emplace_back(turns);
}

// Models that the study makes by changing a known one, such as DeepSeek-V3 with multi-head
// attention.
void add_variants(const Study& study, Document& document) {
  if (!study.variant) return;
  document.blocks.emplace_back(Heading{"Changed models"});
  Table table;
  table.columns = {text_column("name"), text_column("of"), text_column("what it is")};
  for (const auto& [name, variant] : *study.variant) {
    table.rows.emplace_back(
        CellRow{{text_cell(name), text_cell(variant.of), text_cell(variant.title)}});
  }
  document.blocks.emplace_back(std::move(table));
}

}  // namespace

std::string_view words_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::holds: return "holds";
    case Verdict::conditional: return "holds under a condition";
    case Verdict::fails: return "does not hold";
    case Verdict::needs_run: return "needs a run on this machine";
    case Verdict::undecidable: return "not decidable by cost";
  }
  throw std::logic_error("words_of: a verdict outside the enumeration");
}

Document study_document(const StudyResult& result) {
  Document document;
  document.title = result.study->title;
  document.blocks.emplace_back(Paragraph{"Source: " + result.study->source + "."});
  if (result.study->text) document.blocks.emplace_back(Paragraph{*result.study->text});
  std::vector<std::string> notes;
  if (!result.claims.empty()) {
    document.blocks.emplace_back(Heading{"Verdicts"});
    document.blocks.emplace_back(Paragraph{tally(result)});
    document.blocks.emplace_back(overview(result));
  }
  for (const ComparisonResult& comparison : result.comparisons) {
    add_comparison(comparison, document, notes);
  }
  add_claims(result, document);
  add_variants(*result.study, document);
  if (notes.empty()) return document;
  document.blocks.emplace_back(Heading{"Conventions"});
  document.blocks.emplace_back(Notes{notes});
  return document;
}

}  // namespace llmarch::reports
