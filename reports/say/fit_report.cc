#include "reports/say/fit_report.h"

#include <fmt/format.h>

#include "reports/document/format.h"
#include "reports/say/remarks.h"
#include "reports/say/setting_words.h"

namespace llmarch::reports {
namespace {

// Which of the two is searched for; the other is given.
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
  Table table{.caption = caption, .row_heading_columns = 2, .columns = {text_column("model")}};
  for (const std::string& heading :
       {given, found, std::string("weights"), std::string("KV cache"), std::string("activations"),
        std::string("left over"), std::string("short for one more")}) {
    table.columns.push_back(figure_column(heading));
  }
  return table;
}

class FitWriter {
 public:
  FitWriter(Bytes memory, Digits digits) : memory_(memory), digits_(digits) {}

  // Adds the parts of the footprint at the largest size that fits, the memory left over there, and
  // how much is missing for one more. Where nothing fits, the parts are those of size 1.
  void add(Table& table, const Model& model, const Fit& fit, Sought sought) const {
    const Setting& setting = fit.setting;
    const bool context = sought == Sought::context;
    Cell given = number_cell((context ? setting.batch : setting.context).value());
    if (!context) given.text = context_tokens(setting.context.value());
    CellRow row{{text_cell(model.spec.name), given,
                 sought_cell(fit, context ? setting.context : setting.batch)}};
    for (const Bytes part :
         {fit.footprint.weights, fit.footprint.cache, fit.footprint.activations}) {
      row.cells.push_back(bytes_cell(part, digits_));
    }
    const bool fits = fit.limit != Limit::not_at_all;
    row.cells.push_back(fits ? bytes_cell(memory_ - fit.footprint.total(), digits_)
                             : text_cell("–"));
    row.cells.push_back(short_cell(fits ? fit.one_more : fit.footprint));
    table.rows.emplace_back(std::move(row));
  }

 private:
  // How many bytes are missing for `more`.
  [[nodiscard]] Cell short_cell(const std::optional<Footprint>& more) const {
    return more ? bytes_cell(more->total() - memory_, digits_) : text_cell("–");
  }

  Bytes memory_;
  Digits digits_;
};

// Notes where memory has room for a longer context than the model was made for.
void add_limit_notes(const ModelFits& fits, Notes& notes) {
  const ArchSpec& spec = fits.model->spec;
  for (const Fit& fit : fits.contexts) {
    if (fit.limit == Limit::not_at_all || fit.setting.context <= spec.context_limit) continue;
    notes.lines.push_back(fmt::format("{}: its makers allow a context of at most {}.", spec.name,
                                      grouped(spec.context_limit.value())));
    return;
  }
}

}  // namespace

Document fit_document(const std::vector<ModelFits>& models, const FitQuestion& question,
                      Digits digits) {
  Document document{.title = "What fits into " + question.memory_name};
  PartialSetting setting = stated(question.setting);
  setting.context.reset();  // both are searched for, or given row by row
  setting.batch.reset();
  document.blocks.emplace_back(Paragraph{words_of(setting)});
  const FitWriter writer(question.memory, digits);
  Table contexts = fit_table("The largest context at a batch", Sought::context, "batch");
  Table batches = fit_table("The largest batch at a context", Sought::batch, "context");
  Notes notes;
  for (const ModelFits& fits : models) {
    for (const Fit& fit : fits.contexts) writer.add(contexts, *fits.model, fit, Sought::context);
    for (const Fit& fit : fits.batches) writer.add(batches, *fits.model, fit, Sought::batch);
    add_limit_notes(fits, notes);
    add_remarks(*fits.model, notes);
  }
  document.blocks.emplace_back(std::move(contexts));
  document.blocks.emplace_back(std::move(batches));
  notes.lines.emplace_back(
      "Exact: with one more token of each sequence, or one more sequence, it does not fit. Where "
      "nothing fits, the parts are those of the smallest context or batch.");
  notes.lines.emplace_back(
      "KV cache: the most that is held on the way to that context; an engine's pages and padding "
      "come on top.");
  notes.lines.emplace_back(
      "Activations (bf16): what the largest operation of a decode step reads and writes, and the "
      "residual stream. A prefill needs more, since it works on many tokens at a time.");
  document.blocks.emplace_back(std::move(notes));
  return document;
}

}  // namespace llmarch::reports
