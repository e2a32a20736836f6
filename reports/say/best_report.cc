#include "reports/say/best_report.h"

#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "reports/render/json.h"
#include "reports/say/fit_report.h"
#include "reports/say/model_json.h"
#include "reports/say/rank_json.h"
#include "reports/say/rank_rows.h"
#include "reports/say/setting_json.h"
#include "reports/say/setting_words.h"

namespace llmarch::reports {
namespace {

using Json = nlohmann::ordered_json;

// More rows than anyone compares.
constexpr std::size_t kMostRows = 20;

std::string_view aim_text(Aim aim) {
  switch (aim) {
    case Aim::latency: return "by the time of a decode step";
    case Aim::throughput: return "by tokens per second, with as many sequences as fit";
  }
  throw std::logic_error("aim_text: an aim outside the enumeration");
}

// The setting without what each row has of its own.
PartialSetting common(const BestQuestion& question) {
  PartialSetting setting = stated(question.setting);
  setting.parallel.reset();
  if (question.aim == Aim::throughput) setting.batch.reset();
  return setting;
}

// Where the engine's part stands in a row, after what the model itself needs.
constexpr std::ptrdiff_t kEnginePlace = 4;

std::vector<Column> columns_of(const Room& room) {
  std::vector<Column> columns{text_column("deployment"),
                              figure_column("batch"),
                              figure_column("weights of a rank"),
                              figure_column("KV cache of a rank"),
                              figure_column("memory of a rank"),
                              figure_column("sent by a rank"),
                              figure_column("decode step, at least"),
                              figure_column("tokens per second, at most")};
  if (room.adds()) {
    columns.insert(columns.begin() + kEnginePlace, figure_column("engine on a rank"));
  }
  return columns;
}

CellRow row_of(const DeploymentChoice& choice, const Room& room, Digits digits) {
  const StageFigures& fullest = choice.fullest_stage();
  const Footprint& needed = choice.fullest.footprint;
  CellRow row{{text_cell(text_of(choice.deployment)), number_cell(choice.batch.value()),
               bytes_cell(fullest.memory.weights, digits), bytes_cell(fullest.memory.cache, digits),
               bytes_cell(needed.total(), digits), bytes_cell(fullest.decode.sent(), digits),
               rank_time_cell(choice.seconds),
               rank_rate_cell(choice.batch.as_double(), choice.seconds)}};
  if (room.adds()) {
    row.cells.insert(row.cells.begin() + kEnginePlace, bytes_cell(needed.added(), digits));
  }
  return row;
}

}  // namespace

Document best_document(const BestQuestion& question, const DeploymentChoices& choices,
                       Digits digits) {
  Document document{
      .title = fmt::format("{} on {}", question.model.spec.name, question.setting.machine->name)};
  document.blocks.emplace_back(Paragraph{words_of(common(question))});
  Table table{.caption = fmt::format("Deployments that fit, {}", aim_text(question.aim)),
              .columns = columns_of(question.room)};
  for (const DeploymentChoice& choice : choices.fitting) {
    if (table.rows.size() == kMostRows) break;
    table.rows.emplace_back(row_of(choice, question.room, digits));
  }
  document.blocks.emplace_back(std::move(table));
  if (question.room.adds() && !choices.fitting.empty()) {
    const DeploymentChoice& best = choices.fitting.front();
    document.blocks.emplace_back(
        additions_table(fmt::format("Besides, on a rank of {}", text_of(best.deployment)),
                        best.fullest.footprint.engine, digits));
  }
  Notes notes;
  notes.lines.push_back(fmt::format(
      "{} deployments fit, {} do not, and {} divide neither the model nor the batch. Experts are "
      "taken to be chosen uniformly; exchanges come one after the other with a rank's other "
      "operations.",
      choices.fitting.size(), choices.too_large.value(), choices.refused.value()));
  document.blocks.emplace_back(std::move(notes));
  return document;
}

std::string best_json(const BestQuestion& question, const DeploymentChoices& choices) {
  Json json = {{"model", question.model.spec.name},
               {"workload", setting_json(common(question))},
               {"too_large", choices.too_large.value()},
               {"refused", choices.refused.value()},
               {"deployments", Json::array()}};
  for (const DeploymentChoice& choice : choices.fitting) {
    const StageFigures& fullest = choice.fullest_stage();
    const Footprint& needed = choice.fullest.footprint;
    json["deployments"].push_back(
        {{"parallel", text_of(choice.deployment)},
         {"batch", choice.batch.value()},
         {"weight_bytes", fullest.memory.weights.value()},
         {"kv_bytes", fullest.memory.cache.value()},
         {"engine_bytes", needed.added().value()},
         {"memory_bytes", needed.total().value()},
         {"decode_sent_bytes", fullest.decode.sent().value()},
         {"decode_seconds", seconds_json(choice.seconds)},
         {"tokens_per_second",
          std::isfinite(choice.seconds) ? Json(choice.tokens_per_second()) : Json(nullptr)}});
  }
  return indented(json);
}

}  // namespace llmarch::reports
