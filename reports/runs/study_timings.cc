#include "reports/runs/study_timings.h"

#include <fmt/format.h>

#include <algorithm>

#include "reports/document/format.h"
#include "reports/say/cells.h"

namespace llmarch::reports {
namespace {

std::string step_text(const Measurement& run) {
  return run.prefill ? fmt::format("prefill of {}",
                                   context_tokens(run.run.setting.prefill_tokens().value()))
                     : fmt::format("decode at {}", context_tokens(run.run.setting.context.value()));
}

Cell rate_cell(double tokens_per_second) {
  return {
      .text = decimal(tokens_per_second), .value = tokens_per_second, .unit = "tokens per second"};
}

CellRow row_of(const Measurement& run) {
  const TimedStep& step = run.prefill ? *run.prefill : *run.decode;
  const Spread rate = step.tokens_per_second();
  const double share = step.floor.seconds / step.seconds.median;
  return {{text_cell(run.model),
           text_cell(step_text(run)),
           rate_cell(rate.median),
           rate_cell(rate.least),
           rate_cell(rate.most),
           {.text = percent(share), .value = share},
           text_cell(held_phrase(run.held))}};
}

}  // namespace

std::vector<Block> study_timings(const std::deque<Measurement>& runs, const RunContext& context,
                                 const std::vector<std::string>& warnings) {
  if (runs.empty()) return {};
  Table table{.columns = {text_column("model"), text_column("step"), figure_column("tokens/s"),
                          figure_column("lowest"), figure_column("highest"),
                          figure_column("of the limit"), text_column("held")}};
  for (const Measurement& run : runs) table.rows.emplace_back(row_of(run));
  Notes notes{
      {"Timed: the median of the repeats, on synthetic weights. Of the limit: the floor that "
       "the probe beside the run sets, divided by the time taken."}};
  if (!std::all_of(runs.begin(), runs.end(), [](const auto& run) { return run.whole(); })) {
    notes.lines.emplace_back(
        "Where only a part of a model is held, a step's time is that of the part, multiplied by "
        "how "
        "often the model has it.");
  }
  for (const std::string& warning : warnings) notes.lines.push_back("Beware: " + warning + ".");
  return {Heading{"Timed on this machine"},
          Paragraph{fmt::format("{}, {} of {} threads, {}; {}, {} build.", context.processor,
                                runs.front().run.threads.value(), context.of_threads.value(),
                                context.instruction_set, context.compiler, context.build_type)},
          std::move(table), std::move(notes)};
}

}  // namespace llmarch::reports
