#include <fmt/format.h>

#include <algorithm>

#include "reports/render/markdown.h"
#include "tests/measured/pages.h"

namespace llmarch::measured {
namespace {

// Errors of rows to judge by, by the value of one of their groups.
using ByGroup = std::map<std::string, std::vector<Error>>;

ByGroup judged_by(const std::vector<Error>& errors, const std::string& group) {
  ByGroup groups;
  for (const Error& error : errors) {
    if (error.part != Part::judge) continue;
    for (const auto& [name, value] : error.groups) {
      if (name == group) groups[value].push_back(error);
    }
  }
  return groups;
}

std::string row(const std::string& what, const std::vector<Error>& errors) {
  std::vector<double> over;
  for (const Error& error : errors) over.push_back(error.over);
  const Judged judged_rows = judged(errors, Part::judge);
  return fmt::format("| {} | {} | {:.1f} % | {:.1f} % | {:.2f} | {:.2f} | {:.2f} |\n", what,
                     judged_rows.rows.value(), 100 * judged_rows.median,
                     100 * judged_rows.nine_in_ten, quantile(over, 0.1), quantile(over, 0.5),
                     quantile(over, 0.9));
}

std::string table(const std::vector<Error>& errors, const std::vector<std::string>& groups) {
  std::string text =
      "| what | rows | median error | nine in ten within | estimate ÷ measured p10 | median | p90 "
      "|\n|---|--:|--:|--:|--:|--:|--:|\n";
  std::vector<Error> all;
  std::ranges::copy_if(errors, std::back_inserter(all),
                       [](const Error& error) { return error.part == Part::judge; });
  if (all.empty()) return text;
  text += row("all", all);
  for (const std::string& group : groups) {
    for (const auto& [value, its] : judged_by(errors, group)) text += row(value, its);
  }
  return text;
}

// Which share of the rows is off by no more than so much, with a line for each value of the group.
reports::Chart chart(const std::string& name, const std::string& caption,
                     const std::vector<Error>& errors, const std::string& group) {
  constexpr int kPoints = 20;
  reports::Chart chart{.name = name,
                       .caption = caption,
                       .x = {.label = "per cent of the rows"},
                       .y = {.label = "error, per cent, at most"}};
  for (const auto& [value, its] : judged_by(errors, group)) {
    std::vector<double> absolute;
    for (const Error& error : its) absolute.push_back(error.absolute());
    reports::Series series{.label = value};
    for (int i = 1; i < kPoints; ++i) {
      const double part = static_cast<double>(i) / kPoints;
      series.points.push_back({100 * part, 100 * quantile(absolute, part)});
    }
    chart.series.push_back(std::move(series));
  }
  return chart;
}

std::string charts(const std::vector<reports::Chart>& all) {
  reports::Document document;
  for (const reports::Chart& each : all) document.blocks.emplace_back(each);
  return "\n" + reports::render_markdown(document) + "\n";
}

}  // namespace

std::string errors_page(const Errors& errors) {
  const std::vector<std::string> served{"engine", "machine", "model"};
  std::string text =
      "\n## Estimates: time of a token, one device\n\n"
      "Engines' factors are fitted to the points whose `part` is `fit`; these are the others.\n\n" +
      table(errors.served, served);
  text += charts({chart("served-by-engine", "Errors by engine", errors.served, "engine"),
                  chart("served-by-machine", "Errors by machine", errors.served, "machine"),
                  chart("served-by-model", "Errors by model", errors.served, "model")});
  text += "\n## Estimates: the same, each model left out of the fit\n\n" +
          table(errors.without_model, served);
  text +=
      "\n## Estimates: time of a token, several devices\n\n"
      "The step of a rank by the times of its operations, what its links take at least, its "
      "exchanges and\nsequences: factors of these are fitted to the points whose `part` is `fit`, "
      "for each engine. These\nare the others.\n\n" +
      table(errors.ranks, served);
  text += "\n## Estimates: the same, each model left out of the fit\n\n" +
          table(errors.ranks_without_model, served);
  text += "\n## Estimates: time to the first token, where no request waits for others\n\n" +
          table(errors.first, served);
  text +=
      "\n## Estimates: single operations\n\n"
      "Factors are fitted to two rows of three; these are the third ones.\n\n" +
      table(errors.operations, {"operation", "machine"});
  text += charts({chart("by-operation", "Errors by operation", errors.operations, "operation")});
  return text;
}

}  // namespace llmarch::measured
