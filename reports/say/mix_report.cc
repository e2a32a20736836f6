#include "reports/say/mix_report.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "reports/document/format.h"
#include "reports/say/cells.h"
#include "reports/say/estimate_cells.h"
#include "reports/say/model_json.h"
#include "reports/say/setting_words.h"

namespace llmarch::reports {
namespace {

using Json = nlohmann::ordered_json;

void add_figures(const std::string& what, Cell floor, Cell estimate, Cell spread, Table& table) {
  table.rows.emplace_back(
      CellRow{{text_cell(what), std::move(floor), std::move(estimate), std::move(spread)}});
}

void add_time(const std::string& what, double floor, const std::optional<Estimate>& estimate,
              Table& table) {
  add_figures(what, duration_cell(floor), estimate_cell(estimate), spread_cell(estimate), table);
}

// `tokens` are those that a step yields. The longest time is the lowest rate.
void add_rate(const std::string& what, double tokens, const MixToken& token, Table& table) {
  const auto rate = [&](double seconds) {
    return rate_cell(tokens / seconds, "tokens per second");
  };
  const std::optional<Estimate>& estimate = token.estimate;
  add_figures(what, rate(token.floor), estimate ? rate(estimate->median) : estimate_cell(estimate),
              estimate ? text_cell(fmt::format("{} to {}", three_digits(tokens / estimate->p90),
                                               three_digits(tokens / estimate->p10)))
                       : spread_cell(estimate),
              table);
}

Table mix_table(const MixFigures& mix) {
  Table table{.caption = fmt::format("{}: {} of {} requests at a time", mix.model->spec.name,
                                     mix.setting.batch.value(), mix.mix.requests.value()),
              .columns = {text_column("")}};
  for (const char* heading : {"at best", "estimated", "p10 to p90"}) {
    table.columns.push_back(figure_column(heading));
  }
  add_time("time to the first token", mix.first_floor, mix.first, table);
  for (const auto& [where, token] :
       {std::pair{"mean", &mix.mean}, std::pair{"worst", &mix.worst}}) {
    table.rows.emplace_back(
        GroupHeading{fmt::format("At the {} context, {}", where, grouped(token->context))});
    add_time("time a token", token->floor, token->estimate, table);
    add_rate("tokens a second, a user", 1, *token, table);
    add_rate("tokens a second, in all", mix.setting.batch.as_double(), *token, table);
  }
  return table;
}

Notes notes_of(const std::vector<MixFigures>& mixes, const EngineTimes& engine) {
  Notes notes;
  const Hardware& machine = *mixes.front().setting.machine;
  notes.lines.emplace_back(
      "At best: the floors of a prefill of one prompt, and of a decode step of all that run.");
  notes.lines.emplace_back(
      engine.rows > 0
          ? fmt::format("{}: {} × the estimate of a decode step + {} × those of the prefills that "
                        "lie between two of them; fitted to {} served points, whose spread is "
                        "shown. {}.",
                        engine.engine, engine.decode_factor, engine.prefill_factor,
                        engine.rows.value(), engine.source)
          : "No engine: the estimates of a decode step and of the prefills that lie between two of "
            "them, one after another; between p10 and p90 if all operations were quick, or slow, "
            "together.");
  if (machine.times == nullptr) {
    notes.lines.push_back(fmt::format("{}: nothing was measured on it.", machine.name));
  } else {
    notes.lines.push_back(
        fmt::format("{}: operations as measured on {}.", machine.name, machine.times->measured));
  }
  for (const MixFigures& mix : mixes) {
    if (mix.setting.batch == mix.mix.requests) continue;
    notes.lines.push_back(fmt::format(
        "{}: the memory has room for {} of the requests until their last tokens; the others wait, "
        "which is not in the time to their first token.",
        mix.model->spec.name, mix.setting.batch.value()));
  }
  return notes;
}

Json estimate_json(const std::optional<Estimate>& estimate) {
  if (!estimate) return nullptr;
  return {{"median_seconds", estimate->median},
          {"p10_seconds", estimate->p10},
          {"p90_seconds", estimate->p90},
          {"unmeasured_seconds", estimate->unmeasured}};
}

Json token_json(const MixToken& token) {
  return {{"context", token.context.value()},
          {"floor_seconds", token.floor},
          {"estimate", estimate_json(token.estimate)}};
}

}  // namespace

Document mix_document(const std::vector<MixFigures>& mixes, const EngineTimes& engine) {
  Document document;
  const Mix& mix = mixes.front().mix;
  document.title = fmt::format("{} requests: prompts of {}, {} tokens each", mix.requests.value(),
                               context_tokens(mix.prompt.value()), mix.generated.value());
  PartialSetting setting = stated(mixes.front().setting);
  setting.context.reset();
  setting.prompt.reset();
  setting.batch.reset();
  document.blocks.emplace_back(Paragraph{words_of(setting)});
  for (const MixFigures& each : mixes) document.blocks.emplace_back(mix_table(each));
  document.blocks.emplace_back(notes_of(mixes, engine));
  return document;
}

std::string mix_json(const std::vector<MixFigures>& mixes, const EngineTimes& engine) {
  Json json = {{"engine", engine.engine}, {"models", Json::array()}};
  for (const MixFigures& mix : mixes) {
    json["models"].push_back(
        {{"name", mix.model->spec.name},
         {"requests", mix.mix.requests.value()},
         {"prompt", mix.mix.prompt.value()},
         {"generated", mix.mix.generated.value()},
         {"running", mix.setting.batch.value()},
         {"first_token",
          {{"floor_seconds", mix.first_floor}, {"estimate", estimate_json(mix.first)}}},
         {"mean", token_json(mix.mean)},
         {"worst", token_json(mix.worst)}});
  }
  return indented(json);
}

}  // namespace llmarch::reports
