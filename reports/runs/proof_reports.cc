#include "reports/runs/proof_reports.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "reports/document/format.h"
#include "reports/say/cells.h"
#include "sim/dtype.h"

namespace llmarch::reports {
namespace {

// The column of a counted figure, which stays next to the predicted one when a wide table is split.
Column beside(std::string heading) {
  return {
      .heading = std::move(heading), .alignment = Alignment::right, .joint = Joint::to_previous};
}

Cell equal_cell() {
  return {.text = "equal", .emphasis = Emphasis::good};
}

// An equality that holds by construction where several tokens choose experts.
Cell given_cell() {
  return {.text = "equal, given the experts", .emphasis = Emphasis::faint};
}

Cell differs_cell() {
  return {.text = "DIFFERS", .emphasis = Emphasis::bad};
}

CellRow summary_row(std::string label, std::int64_t predicted, std::int64_t counted,
                    const std::string& unit, Cell where_equal) {
  return {{text_cell(std::move(label)), count_cell(predicted, unit, Digits::exact),
           count_cell(counted, unit, Digits::exact),
           predicted == counted ? std::move(where_equal) : differs_cell()}};
}

// The columns of the book that the summary adds up.
struct BookColumn {
  const char* label;
  const char* unit;
  std::int64_t (*of)(const Work&);
  bool of_weights = false;
  bool between_ranks = false;  // and so 0 for a model on one device
};

constexpr std::array kBookColumns{
    BookColumn{"matrix FLOPs", "FLOPs", [](const Work& work) { return work.matrix.value(); }},
    BookColumn{"other FLOPs", "FLOPs", [](const Work& work) { return work.other.value(); }},
    BookColumn{"transcendentals", "calls",
               [](const Work& work) { return work.transcendentals.value(); }},
    BookColumn{"weights read", "elements",
               [](const Work& work) { return work.weights_read.value(); }, true},
    BookColumn{"KV read", "elements", [](const Work& work) { return work.cache_read.value(); }},
    BookColumn{"KV written", "elements",
               [](const Work& work) { return work.cache_written.value(); }},
    BookColumn{"activations read", "elements",
               [](const Work& work) { return work.activations_read.value(); }},
    BookColumn{"activations written", "elements",
               [](const Work& work) { return work.activations_written.value(); }},
    BookColumn{"weights read, as stored", "bytes",
               [](const Work& work) { return work.weight_bytes_read.value(); }, true},
    BookColumn{"KV read, as stored", "bytes",
               [](const Work& work) { return work.cache_bytes_read.value(); }},
    BookColumn{"KV written, as stored", "bytes",
               [](const Work& work) { return work.cache_bytes_written.value(); }},
    BookColumn{"sent to other ranks", "elements",
               [](const Work& work) { return work.sent.value(); }, false, true},
    BookColumn{"rounds of messages", "rounds", [](const Work& work) { return work.rounds.value(); },
               false, true},
};
static_assert(kBookColumns.size() == std::tuple_size_v<Columns>, "every column has its row");

// The totals of each step, with the verdict of each quantity.
Table summary_table(const std::vector<Agreement>& agreements) {
  Table table{.columns = {text_column(""), figure_column("predicted"), beside("counted"),
                          text_column("verdict")}};
  const Agreement& first = agreements.front();
  table.rows.emplace_back(summary_row("parameters", first.predicted_parameters.value(),
                                      first.counted_parameters.value(), "parameters",
                                      equal_cell()));
  for (const Agreement& agreement : agreements) {
    table.rows.emplace_back(GroupHeading{agreement.step});
    if (agreement.predicted_active) {
      table.rows.emplace_back(
          summary_row("active parameters (A)", agreement.predicted_active->value(),
                      agreement.counted_active->value(), "parameters", equal_cell()));
    }
    table.rows.emplace_back(summary_row(
        "KV cache, bytes in bf16", bytes_of(agreement.predicted_cache, DType::bf16).value(),
        bytes_of(agreement.counted_cache, DType::bf16).value(), "bytes", equal_cell()));
    for (const BookColumn& quantity : kBookColumns) {
      const AgreementLine& total = agreement.total;
      if (quantity.between_ranks && quantity.of(total.predicted) == 0 &&
          quantity.of(total.counted) == 0) {
        continue;
      }
      const bool given = quantity.of_weights && agreement.total.given_experts;
      table.rows.emplace_back(summary_row(quantity.label, quantity.of(agreement.total.predicted),
                                          quantity.of(agreement.total.counted), quantity.unit,
                                          given ? given_cell() : equal_cell()));
    }
  }
  return table;
}

// Shows the first four quantities of each operation; the verdict is over all of them.
CellRow operation_row(const AgreementLine& line) {
  CellRow row{{text_cell(line.operation)}};
  for (std::size_t i = 0; i < 4; ++i) {
    const BookColumn& quantity = kBookColumns[i];
    row.cells.push_back(count_cell(quantity.of(line.predicted), quantity.unit, Digits::exact));
    row.cells.push_back(count_cell(quantity.of(line.counted), quantity.unit, Digits::exact));
  }
  row.cells.push_back(!line.holds()        ? differs_cell()
                      : line.given_experts ? given_cell()
                                           : equal_cell());
  return row;
}

Table operations_table(const Agreement& agreement) {
  Table table{.caption = agreement.step + ", operation by operation",
              .columns = {text_column("operation")}};
  for (std::size_t i = 0; i < 4; ++i) {
    table.columns.push_back(figure_column(fmt::format("{} predicted", kBookColumns[i].label)));
    table.columns.push_back(beside(fmt::format("{} counted", kBookColumns[i].label)));
  }
  table.columns.push_back(text_column(fmt::format("all {} quantities", kBookColumns.size())));
  std::string block;
  for (const AgreementLine& line : agreement.lines) {
    if (line.block != block) {
      table.rows.emplace_back(GroupHeading{
          line.layers == 1 ? line.block
                           : fmt::format("{}, {} layers", line.block, line.layers.value())});
    }
    block = line.block;
    table.rows.emplace_back(operation_row(line));
  }
  return table;
}

bool takes_counted_experts(const std::vector<Agreement>& agreements) {
  return std::any_of(agreements.begin(), agreements.end(),
                     [](const Agreement& agreement) { return agreement.total.given_experts; });
}

Notes agreement_notes(const std::vector<Agreement>& agreements) {
  Notes notes;
  for (const Agreement& agreement : agreements) {
    for (const ExpertCount& experts : agreement.experts) {
      notes.lines.push_back(fmt::format(
          "{}: distinct experts run in the layers '{}': {:.1f} expected under uniform routing, {} "
          "counted.",
          agreement.step, experts.block, experts.expected, experts.counted.value()));
    }
  }
  if (takes_counted_experts(agreements)) {
    notes.lines.emplace_back(
        "Equal, given the experts: where several tokens choose experts, the predicted weights are "
        "those of the experts that were counted. This equality proves the size of an expert and "
        "the other weights; how many experts run is an expectation, and proves nothing. Every "
        "other equality is of two independent figures.");
  }
  notes.lines.emplace_back(
      "Predicted: cost rules, from shapes. Counted: the reference kernels' own arithmetic and the "
      "weights, cache and rows that they read. They share the graph and no formula.");
  return notes;
}

std::string scientific(double value) {
  return value == 0 ? "0" : fmt::format("{:.1e}", value);
}

std::string difference_text(const Deviation& deviation) {
  if (deviation.compared == Compared::floats) return scientific(deviation.largest);
  if (deviation.largest == 0) return "equal";
  if (deviation.compared == Compared::counts) return fmt::format("{:.0f} off", deviation.largest);
  return fmt::format("{:.0f} token{} differ{}", deviation.largest,
                     deviation.largest == 1 ? "" : "s", deviation.largest == 1 ? "s" : "");
}

// How far a run departs from the reference: the largest error of floats, or the number of tokens
// that chose other experts.
Cell deviation_cell(const Deviation& deviation) {
  Cell cell{.text = difference_text(deviation), .value = deviation.largest};
  if (!deviation.holds()) cell.emphasis = Emphasis::bad;
  return cell;
}

// The most that the deviation may be.
Cell allowed_cell(const Deviation& deviation) {
  switch (deviation.compared) {
    case Compared::floats:
      return {.text = scientific(deviation.allowed), .value = deviation.allowed};
    case Compared::choices:
    case Compared::counts: break;
  }
  if (deviation.allowed == 0) return {.text = "equal", .value = 0};
  return {.text = fmt::format("{:.0f} tokens", deviation.allowed), .value = deviation.allowed};
}

Table deviations_table(const std::vector<VerifiedRun>& runs) {
  Table table{.caption = "Largest absolute error", .columns = {text_column("compared")}};
  for (const VerifiedRun& run : runs) table.columns.push_back(figure_column(run.name));
  table.columns.push_back(figure_column("allowed"));
  for (std::size_t i = 0; i < runs.front().deviations.size(); ++i) {
    const Deviation& first = runs.front().deviations[i];
    CellRow row{{text_cell(first.what)}};
    for (const VerifiedRun& run : runs) row.cells.push_back(deviation_cell(run.deviations.at(i)));
    row.cells.push_back(allowed_cell(first));
    table.rows.emplace_back(std::move(row));
  }
  return table;
}

// Names the first place, in the order of computation, at which a run departs from the reference;
// later departures may only follow from it.
std::string verdict(const VerifiedRun& run) {
  const auto departure = run.first_departure();
  if (!departure) {
    return fmt::format("{}: AGREES. Largest error {}.", run.name, scientific(run.largest_error()));
  }
  return fmt::format("{}: DEPARTS, first at: {}, position {}, error {}, allowed {}.", run.name,
                     departure->what, departure->position, scientific(departure->largest),
                     scientific(departure->allowed));
}

}  // namespace

Document agreement_document(const std::string& model, const std::vector<Agreement>& agreements) {
  const bool holds = std::all_of(agreements.begin(), agreements.end(),
                                 [](const Agreement& agreement) { return agreement.holds(); });
  const bool given = takes_counted_experts(agreements);
  Document document{.title = model + ", scaled down: predicted beside counted"};
  document.blocks.emplace_back(Paragraph{
      holds ? "Verdict: predicted and counted are equal, to the unit, in every operation" +
                  std::string(given ? ", given the experts that several tokens chose." : ".")
            : "Verdict: predicted and counted DIFFER. One of the two is wrong; please report it."});
  document.blocks.emplace_back(summary_table(agreements));
  for (const Agreement& agreement : agreements) {
    document.blocks.emplace_back(operations_table(agreement));
  }
  document.blocks.emplace_back(agreement_notes(agreements));
  return document;
}

Document verify_document(const std::string& folder, const std::vector<VerifiedRun>& runs) {
  Document document{.title = folder + " beside the reference"};
  document.blocks.emplace_back(deviations_table(runs));
  Notes verdicts;
  for (const VerifiedRun& run : runs) verdicts.lines.push_back(verdict(run));
  document.blocks.emplace_back(std::move(verdicts));
  return document;
}

}  // namespace llmarch::reports
