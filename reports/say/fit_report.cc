#include "reports/say/fit_report.h"

#include <fmt/format.h>

#include "reports/document/format.h"

namespace llmarch::reports {
namespace {

enum class Sought { context, batch };

Cell sought_cell(const Fit& fit, Integer size) {
  switch (fit.limit) {
    case Limit::memory: return number_cell(size.value());
    case Limit::nothing: return text_cell("every one");
    case Limit::not_at_all: return {.text = "none", .emphasis = Emphasis::bad};
  }
  throw std::logic_error("sought_cell: a limit outside the enumeration");
}

Table fit_table(const std::string& caption, Sought sought, const std::string& given) {
  const std::string found = sought == Sought::context ? "largest context" : "largest batch";
  Table table{.caption = caption, .row_heading_columns = 2, .columns = {{.heading = "model"}}};
  for (const std::string& heading :
       {given, found, std::string("weights"), std::string("KV cache"), std::string("activations"),
        std::string("left over"), std::string("short for one more")}) {
    table.columns.push_back({.heading = heading, .alignment = Alignment::right});
  }
  return table;
}

class FitWriter {
 public:
  FitWriter(const FitSettings& settings, Digits digits) : settings_(settings), digits_(digits) {}

  void add(Table& table, const Model& model, const Fit& fit, Sought sought) const {
    const Integer given = sought == Sought::context ? fit.batch : fit.context;
    const Integer size = sought == Sought::context ? fit.context : fit.batch;
    Cell given_cell = number_cell(given.value());
    if (sought == Sought::batch) given_cell.text = context_tokens(given.value());
    CellRow row{{text_cell(model.spec.name), given_cell, sought_cell(fit, size)}};
    // Where nothing fits, what the smallest would take says by how much.
    const Footprint shown =
        fit.footprint ? *fit.footprint
                      : footprint(model, sought == Sought::context ? Integer(1) : given,
                                  sought == Sought::context ? given : Integer(1), settings_);
    for (const Bytes part : {shown.weights, shown.cache, shown.activations}) {
      row.cells.push_back(bytes_cell(part, digits_));
    }
    row.cells.push_back(fit.footprint ? bytes_cell(settings_.memory - shown.total(), digits_)
                                      : text_cell("–"));
    const Footprint* more = fit.one_more ? &*fit.one_more : fit.footprint ? nullptr : &shown;
    row.cells.push_back(more != nullptr ? bytes_cell(more->total() - settings_.memory, digits_)
                                        : text_cell("–"));
    table.rows.emplace_back(std::move(row));
  }

 private:
  FitSettings settings_;
  Digits digits_;
};

void add_limit_notes(const ModelFits& fits, Notes& notes) {
  const ArchSpec& spec = fits.model->spec;
  for (const Fit& fit : fits.contexts) {
    if (fit.limit == Limit::not_at_all || fit.context <= spec.context_limit) continue;
    notes.lines.push_back(fmt::format("{}: its makers allow a context of {} at most.", spec.name,
                                      grouped(spec.context_limit.value())));
    return;
  }
}

}  // namespace

Document fit_document(const std::vector<ModelFits>& models, const FitSettings& settings,
                      const std::string& memory, Digits digits) {
  Document document{.title = "What fits into " + memory};
  document.blocks.emplace_back(
      Paragraph{fmt::format("weights {}, KV {}", name_of(settings.weights), name_of(settings.kv))});
  const FitWriter writer(settings, digits);
  Table contexts = fit_table("The largest context at a batch", Sought::context, "batch");
  Table batches = fit_table("The largest batch at a context", Sought::batch, "context");
  Notes notes;
  for (const ModelFits& fits : models) {
    for (const Fit& fit : fits.contexts) writer.add(contexts, *fits.model, fit, Sought::context);
    for (const Fit& fit : fits.batches) writer.add(batches, *fits.model, fit, Sought::batch);
    add_limit_notes(fits, notes);
  }
  document.blocks.emplace_back(std::move(contexts));
  document.blocks.emplace_back(std::move(batches));
  notes.lines.emplace_back(
      "Exact: one more token of each sequence, or one more sequence, does not fit. Where nothing "
      "fits, the parts are those of the smallest.");
  notes.lines.emplace_back(
      "KV cache: the most that is held on the way to that context; an engine's pages and padding "
      "come on top.");
  notes.lines.emplace_back(
      "Activations (bf16): what the largest operation of a decode step reads and writes, and the "
      "residual stream. A prefill needs more, as its chunks are long.");
  document.blocks.emplace_back(std::move(notes));
  return document;
}

}  // namespace llmarch::reports
