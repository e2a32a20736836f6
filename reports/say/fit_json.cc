#include "reports/say/fit_json.h"

#include "reports/say/model_json.h"
#include "reports/say/placed_rows.h"
#include "reports/say/rows_csv.h"
#include "reports/say/setting_json.h"

namespace llmarch::reports {
namespace {

using Json = nlohmann::ordered_json;

// What was found, and what is held there. Where nothing fits, the parts are those of size 1.
Json found_json(const Fit& fit, const Room& room) {
  const Footprint& held = fit.footprint;
  Json json = {
      {"found", fit.found.value()},           {"bound_by", name_of(fit.limit)},
      {"room_for", fit.room.value()},         {"weight_bytes", held.weights.value()},
      {"kv_bytes", held.cache.value()},       {"activation_bytes", held.activations.value()},
      {"engine_bytes", held.added().value()}, {"needed_bytes", held.total().value()},
      {"left_over_bytes", nullptr},           {"short_for_one_more_bytes", nullptr}};
  if (fit.found > 0) json["left_over_bytes"] = (room.memory() - held.total()).value();
  if (fit.one_more) {
    json["short_for_one_more_bytes"] = missing_for(*fit.one_more, fit.setting, room).value();
  }
  if (held.host) json["host"] = host_json(*held.host, host_memory(fit.setting));
  return json;
}

Json additions_json(const std::vector<Addition>& additions) {
  Json json = Json::array();
  for (const auto& [what, rule, bytes] : additions) {
    json.push_back({{"what", what}, {"bytes", bytes.value()}, {"rule", rule}});
  }
  return json;
}

Json answers_json(const std::vector<Fit>& fits, const SettingField& given, Integer Setting::*size,
                  const Room& room) {
  Json answers = Json::array();
  for (const Fit& fit : fits) {
    Json answer = {{given.key, (fit.setting.*size).value()}};
    answer.update(found_json(fit, room));
    if (!fit.footprint.engine.empty()) answer["engine"] = additions_json(fit.footprint.engine);
    answers.push_back(std::move(answer));
  }
  return answers;
}

// Without what is searched for, or given row by row.
Json asked_json(const Setting& setting) {
  PartialSetting asked = stated(setting);
  asked.context.reset();
  asked.batch.reset();
  return setting_json(asked);
}

Json row_of(const Model& model, const Fit& fit, const SettingField& sought,
            const FitQuestion& question) {
  Json row = {{"model", model.spec.name}, {"sought", sought.key}};
  row.update(setting_columns(model, fit.setting));
  row["memory_bytes"] = question.room.memory().value();
  row["devices"] = question.room.devices.value();
  row.update(found_json(fit, question.room));
  return row;
}

// One memory: how large it is, and what was found for each model.
Json answer_json(const FitAnswer& answer) {
  const Room& room = answer.question.room;
  Json json = {{"memory",
                {{"bytes", room.memory().value()},
                 {"devices", room.devices.value()},
                 {"name", answer.question.memory_name}}},
               {"models", Json::array()}};
  for (const ModelFits& fits : answer.models) {
    json["models"].push_back({{"name", fits.model->spec.name},
                              {"parameters", fits.model->parameters.total.value()},
                              {"largest_context", answers_json(fits.contexts, setting_field::batch,
                                                               &Setting::batch, room)},
                              {"largest_batch", answers_json(fits.batches, setting_field::context,
                                                             &Setting::context, room)}});
  }
  for (const auto& [model, why] : answer.undivided) {
    json["undivided"].push_back({{"name", model->spec.name}, {"why", why}});
  }
  return json;
}

}  // namespace

std::string fit_json(const std::vector<FitAnswer>& answers) {
  Setting setting = answers.front().question.setting;
  if (answers.size() > 1) setting.machine = nullptr;
  Json json = {{"workload", asked_json(setting)}};
  if (answers.size() == 1) {
    json.update(answer_json(answers.front()));
  } else {
    for (const FitAnswer& answer : answers) json["machines"].push_back(answer_json(answer));
  }
  return indented(json);
}

std::string fit_csv(const std::vector<FitAnswer>& answers) {
  Json rows = Json::array();
  for (const FitAnswer& answer : answers) {
    for (const ModelFits& fits : answer.models) {
      for (const Fit& fit : fits.contexts) {
        rows.push_back(row_of(*fits.model, fit, setting_field::context, answer.question));
      }
      for (const Fit& fit : fits.batches) {
        rows.push_back(row_of(*fits.model, fit, setting_field::batch, answer.question));
      }
    }
  }
  return rows_csv(rows);
}

}  // namespace llmarch::reports
