#include "reports/say/fit_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "reports/document/format.h"
#include "reports/say/remarks.h"
#include "reports/say/setting_words.h"
#include "reports/say/storage_words.h"
#include "sim/study/step.h"

namespace llmarch::reports {
namespace {

// Which of the two is searched for; the other is given.
enum class Sought { context, batch };

Cell size_cell(Integer size) {
  if (size == 0) return {.text = "none", .emphasis = Emphasis::bad};
  return size == kMostFitted ? text_cell("every one") : number_cell(size.value());
}

Table fit_table(const std::string& caption, Sought sought, const std::string& given,
                const FitQuestion& question) {
  const std::string found = sought == Sought::context ? "largest context" : "largest batch";
  Table table{.caption = caption, .row_heading_columns = 2, .columns = {text_column("model")}};
  table.columns.push_back(figure_column(given));
  table.columns.push_back(figure_column(found));
  table.columns.push_back(text_column("bound by"));
  for (const char* heading : {"room for", "weights", "KV cache", "activations"}) {
    table.columns.push_back(figure_column(heading));
  }
  if (question.room.adds()) table.columns.push_back(figure_column("engine"));
  if (question.setting.place) {
    table.columns.push_back(figure_column("in the host"));
    table.columns.push_back(figure_column("left over there"));
  }
  for (const char* heading : {"left over", "short for one more"}) {
    table.columns.push_back(figure_column(heading));
  }
  return table;
}

class FitWriter {
 public:
  FitWriter(const Room& room, Digits digits) : room_(room), digits_(digits) {}

  // Adds the parts of the footprint at the largest size that fits, the memory left over there, and
  // how much is missing for one more. Where nothing fits, the parts are those of size 1.
  void add(Table& table, const Model& model, const Fit& fit, Sought sought) const {
    const Setting& setting = fit.setting;
    const bool context = sought == Sought::context;
    Cell given = number_cell((context ? setting.batch : setting.context).value());
    if (!context) given.text = context_tokens(setting.context.value());
    CellRow row{{text_cell(model.spec.name), given, size_cell(fit.found),
                 text_cell(std::string(name_of(fit.limit))), size_cell(fit.room)}};
    for (const Bytes part :
         {fit.footprint.weights, fit.footprint.cache, fit.footprint.activations}) {
      row.cells.push_back(bytes_cell(part, digits_));
    }
    if (room_.adds()) row.cells.push_back(bytes_cell(fit.footprint.added(), digits_));
    if (fit.footprint.host) add_host(row, fit);
    row.cells.push_back(left_cell(fit));
    row.cells.push_back(short_cell(fit));
    table.rows.emplace_back(std::move(row));
  }

  // What is left beside the largest that fits.
  [[nodiscard]] Cell left_cell(const Fit& fit) const {
    return fit.found > 0 ? bytes_cell(room_.memory() - fit.footprint.total(), digits_)
                         : text_cell("–");
  }

 private:
  // How many bytes are missing for one more.
  [[nodiscard]] Cell short_cell(const Fit& fit) const {
    return fit.one_more ? bytes_cell(missing_for(*fit.one_more, fit.setting, room_), digits_)
                        : text_cell("–");
  }

  void add_host(CellRow& row, const Fit& fit) const {
    const Bytes held = fit.footprint.host->total();
    row.cells.push_back(bytes_cell(held, digits_));
    row.cells.push_back(fit.found > 0 ? bytes_cell(host_memory(fit.setting) - held, digits_)
                                      : text_cell("–"));
  }

  const Room& room_;
  Digits digits_;
};

// Whether a sequence of the first context fits, at the first batch, and is allowed.
bool fits(const ModelFits& model) {
  return model.contexts.front().found >= model.batches.front().setting.context;
}

// What the first batch takes at the first context.
Footprint asked_for(const ModelFits& model, const FitQuestion& question) {
  Setting setting = model.contexts.front().setting;
  setting.context = model.batches.front().setting.context;
  return footprint(*model.model, setting, question.room);
}

Cell whether_cell(const ModelFits& model, Bytes missing) {
  if (fits(model)) return {.text = "yes", .emphasis = Emphasis::good};
  if (missing > Bytes()) return {.text = "no", .emphasis = Emphasis::bad};
  return {.text = "too long for it", .emphasis = Emphasis::bad};
}

Paragraph setting_line(const FitQuestion& question) {
  PartialSetting setting = stated(question.setting);
  setting.context.reset();  // both are searched for, or given row by row
  setting.batch.reset();
  return {words_of(setting)};
}

void add_notes_on_memory(const FitQuestion& question, Notes& notes) {
  if (question.room.devices > 1) {
    notes.lines.emplace_back(
        "The memories are taken for one: what each device holds a copy of, and what the split "
        "leaves unused, comes on top.");
  }
  if (question.setting.place) {
    notes.lines.emplace_back(
        "Weights, KV cache and activations are those on the device; bound by host memory where "
        "that runs out first.");
  }
  if (question.setting.parallel) {
    notes.lines.emplace_back("Figures are those of the rank that needs most, on its own device.");
  }
  const Room& room = question.room;
  const bool engine = room.engine != Engine::none;
  notes.lines.push_back(fmt::format("KV cache: the most that is held on the way to that context{}.",
                                    engine ? "" : "; an engine's pages and padding come on top"));
  if (room.held == Held::caches) return;
  notes.lines.push_back(fmt::format(
      "Activations (bf16): what the largest operation of a decode step reads and writes, and the "
      "residual stream.{}",
      engine ? "" : " A prefill needs more, since it works on many tokens at a time."));
}

std::string needed_sentence(const Room& room) {
  if (room.held == Held::caches) return "Needed: the KV cache.";
  return fmt::format(
      "Needed: weights, KV cache{}. Weights include what a repository holds beside the text model, "
      "unless --text-only is given.",
      room.adds() ? ", activations, and what is added for the engine or the reserve"
                  : " and activations");
}

// What an engine takes at a model's largest context, one by one.
void add_engine_table(const ModelFits& fits, Digits digits, Document& document) {
  const Fit& fit = fits.contexts.front();
  if (fit.footprint.engine.empty()) return;
  document.blocks.emplace_back(
      additions_table(fmt::format("Besides, for {} at context {}", fits.model->spec.name,
                                  context_tokens(fit.setting.context.value())),
                      fit.footprint.engine, digits));
}

}  // namespace

Table additions_table(std::string caption, const std::vector<Addition>& additions, Digits digits) {
  Table table{.caption = std::move(caption),
              .columns = {text_column("what"), figure_column("bytes"), text_column("rule")}};
  for (const auto& [what, rule, bytes] : additions) {
    table.rows.emplace_back(CellRow{{text_cell(what), bytes_cell(bytes, digits), text_cell(rule)}});
  }
  return table;
}

std::vector<ModelFits> ranked(std::vector<ModelFits> models, const FitQuestion& question) {
  const auto needed = [&](const ModelFits& model) { return asked_for(model, question).total(); };
  std::ranges::stable_sort(models, [&](const ModelFits& a, const ModelFits& b) {
    if (fits(a) != fits(b)) return fits(a);
    if (!fits(a)) return needed(a) < needed(b);
    return a.model->parameters.total > b.model->parameters.total;
  });
  return models;
}

namespace {

Table undivided_table(const std::vector<Undivided>& undivided) {
  Table table{.caption = "Models that do not divide so",
              .columns = {text_column("model"), text_column("why")}};
  for (const auto& [model, why] : undivided) {
    table.rows.emplace_back(CellRow{{text_cell(model->spec.name), text_cell(why)}});
  }
  return table;
}

Document ranking_of(const FitAnswer& answer, Digits digits) {
  const auto& [question, models, undivided] = answer;
  Document document{.title = "Which models fit into " + question.memory_name};
  document.blocks.emplace_back(setting_line(question));
  const Fit& asked = models.front().batches.front();
  const std::string context = context_tokens(asked.setting.context.value());
  const std::string batch = grouped(models.front().contexts.front().setting.batch);
  Table table{.caption = fmt::format("At context {} and batch {}", context, batch)};
  table.columns = {text_column("model"), figure_column("parameters"), text_column("fits")};
  for (const char* heading :
       {"weights", "KV cache", "needed", "left over", "short", "largest context"}) {
    table.columns.push_back(figure_column(heading));
  }
  Notes notes;
  for (const ModelFits& one : models) {
    const Model& model = *one.model;
    const Footprint needed = asked_for(one, question);
    const Bytes missing = missing_for(needed, question.setting, question.room);
    const bool enough = missing == Bytes();
    table.rows.emplace_back(CellRow{
        {text_cell(model.spec.name), parameters_cell(model.parameters.total, digits),
         whether_cell(one, missing), bytes_cell(needed.weights, digits),
         bytes_cell(needed.cache, digits), bytes_cell(needed.total(), digits),
         enough ? bytes_cell(question.room.memory() - needed.total(), digits) : text_cell("–"),
         enough ? text_cell("–") : bytes_cell(missing, digits),
         size_cell(one.contexts.front().found)}});
    add_remarks(model, notes);
  }
  document.blocks.emplace_back(std::move(table));
  if (!undivided.empty()) document.blocks.emplace_back(undivided_table(undivided));
  notes.lines.push_back(fmt::format(
      "Those that fit come first, the largest model first; then the others, the one that needs "
      "least first. {} The largest context is one that fits and that the model's makers allow.",
      needed_sentence(question.room)));
  add_notes_on_memory(question, notes);
  document.blocks.emplace_back(std::move(notes));
  return document;
}

Document document_of(const FitAnswer& answer, Digits digits) {
  const auto& [question, models, undivided] = answer;
  Document document{.title = "What fits into " + question.memory_name};
  document.blocks.emplace_back(setting_line(question));
  const FitWriter writer(question.room, digits);
  Table contexts = fit_table("The largest context at a batch", Sought::context, "batch", question);
  Table batches = fit_table("The largest batch at a context", Sought::batch, "context", question);
  Notes notes;
  for (const ModelFits& fits : models) {
    for (const Fit& fit : fits.contexts) writer.add(contexts, *fits.model, fit, Sought::context);
    for (const Fit& fit : fits.batches) writer.add(batches, *fits.model, fit, Sought::batch);
    add_storage_note(*fits.model, weights_of(*fits.model, question.setting),
                     stored_weights(stored(*fits.model, question.setting)), notes);
    if (question.room.held == Held::everything) add_beside_note(*fits.model, notes);
    add_remarks(*fits.model, notes);
  }
  document.blocks.emplace_back(std::move(contexts));
  document.blocks.emplace_back(std::move(batches));
  for (const ModelFits& fits : models) add_engine_table(fits, digits, document);
  notes.lines.emplace_back(
      "Exact: with one more token of each sequence, or one more sequence, it does not fit, or the "
      "model's makers or its learned positions do not allow it. Room for: what the memory alone "
      "would allow. Where there is none, the parts are those of context or batch 1.");
  add_notes_on_memory(question, notes);
  document.blocks.emplace_back(std::move(notes));
  return document;
}

// The document of each answer; below the title of the first those of the others are headings.
Document one_after_another(const std::vector<FitAnswer>& answers, Digits digits,
                           Document (*of)(const FitAnswer&, Digits)) {
  Document all = of(answers.front(), digits);
  for (std::size_t n = 1; n < answers.size(); ++n) {
    Document next = of(answers[n], digits);
    all.blocks.emplace_back(Heading{next.title});
    std::ranges::move(next.blocks, std::back_inserter(all.blocks));
  }
  return all;
}

}  // namespace

Document fit_ranking(const std::vector<FitAnswer>& answers, Digits digits) {
  return one_after_another(answers, digits, ranking_of);
}

Document fit_document(const std::vector<FitAnswer>& answers, Digits digits) {
  return one_after_another(answers, digits, document_of);
}

}  // namespace llmarch::reports
