#include "reports/say/estimate_cells.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "reports/document/format.h"
#include "reports/say/cells.h"

namespace llmarch::reports {
namespace {

void add_unmeasured(const std::string& what, const std::optional<StepEstimate>& estimate,
                    Notes& notes) {
  if (!estimate || estimate->unmeasured.empty()) return;
  notes.lines.push_back(fmt::format("{}: nothing was measured of {}; their floors count, {} of it.",
                                    what, fmt::join(estimate->unmeasured, ", "),
                                    duration(estimate->time.unmeasured)));
}

void add_machine_note(const Hardware& machine, Notes& notes) {
  if (machine.all_devices() > 1) {
    notes.lines.push_back(fmt::format("{}: estimates are of one device.", machine.name));
  } else if (machine.times == nullptr) {
    notes.lines.push_back(fmt::format("{}: nothing was measured on it.", machine.name));
  } else {
    notes.lines.push_back(fmt::format("{}: measured on {}; {}.", machine.name,
                                      machine.times->measured, machine.times->source));
  }
}

}  // namespace

Cell estimate_cell(const std::optional<Estimate>& estimate) {
  return estimate ? duration_cell(estimate->median) : text_cell("nothing measured");
}

Cell spread_cell(const std::optional<Estimate>& estimate) {
  if (!estimate) return text_cell("");
  return text_cell(fmt::format("{} to {}", duration(estimate->p10), duration(estimate->p90)));
}

void write_estimate_rows(const Comparison& comparison, const ComparisonWriter& write) {
  const Setting& setting = comparison.setting;
  write.group(fmt::format("Estimate: decode at {}, prefill of {}",
                          context_tokens(setting.context.value()),
                          context_tokens(setting.prefill_tokens().value())));
  for (std::size_t n = 0; n < comparison.machines.size(); ++n) {
    for (const auto& [label, member] : {std::pair{"decode step", &OnMachine::decode},
                                        std::pair{"prefill", &OnMachine::prefill}}) {
      const auto estimate = [n, step = member](const ModelFigures& figures) {
        const std::optional<StepEstimate>& of_step = (figures.on[n].*step).estimate;
        return of_step ? std::optional(of_step->time) : std::nullopt;
      };
      write.row(
          fmt::format("{} on {}, median", label, comparison.machines[n]->name),
          [estimate](const ModelFigures& figures) { return estimate_cell(estimate(figures)); });
      write.row("  p10 to p90",
                [estimate](const ModelFigures& figures) { return spread_cell(estimate(figures)); });
    }
  }
}

void add_estimate_notes(const Comparison& comparison, Notes& notes) {
  notes.lines.emplace_back(
      "An estimate is no bound: each operation's floors times what such operations were measured "
      "to take, by kind, format, size and chip, summed; between p10 and p90 if all were quick, or "
      "slow, together. Experts are read as under uniform routing. What an engine does between "
      "operations, and among requests, is not in it: 'llmarch mix' adds that.");
  for (const Machine& machine : comparison.machines) add_machine_note(*machine, notes);
  for (const ModelFigures& figures : comparison.models) {
    for (std::size_t n = 0; n < figures.on.size(); ++n) {
      const std::string where =
          fmt::format("{} on {}", figures.model->spec.name, comparison.machines[n]->name);
      add_unmeasured(where + ", decode", figures.on[n].decode.estimate, notes);
      add_unmeasured(where + ", prefill", figures.on[n].prefill.estimate, notes);
    }
  }
}

}  // namespace llmarch::reports
