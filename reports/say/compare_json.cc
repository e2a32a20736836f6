#include "reports/say/compare_json.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "reports/say/model_json.h"
#include "reports/say/placed_rows.h"
#include "reports/say/rank_json.h"
#include "reports/say/rows_csv.h"
#include "reports/say/setting_json.h"

namespace llmarch::reports {
namespace {

using Json = nlohmann::ordered_json;

Json step_on_machine_json(const StepOnMachine& step, Integer tokens) {
  const Floor& floor = step.floor;
  Json json = {{"arithmetic_seconds", floor.arithmetic_seconds},
               {"memory_seconds", floor.memory_seconds},
               {"floor_seconds", floor.seconds},
               {"uniform_floor_seconds", step.uniform.seconds},
               {"tokens_per_second", tokens.as_double() / floor.seconds},
               {"bound_by", name_of(floor.binds())}};
  if (step.skewed) json["skewed_floor_seconds"] = step.skewed->seconds;
  if (step.placed) json["placed"] = placed_step_json(*step.placed, tokens);
  if (!step.estimate) return json;
  const Estimate& time = step.estimate->time;
  json["estimated_seconds"] = time.median;
  json["estimated_seconds_p10"] = time.p10;
  json["estimated_seconds_p90"] = time.p90;
  json["unmeasured_seconds"] = time.unmeasured;
  return json;
}

Json on_json(const OnMachine& on, const Setting& setting) {
  Json json = {
      {"memory_bytes", on.needed.total().value()},
      {"fits", on.fits},
      {"decode", step_on_machine_json(on.decode, setting.batch)},
      {"prefill", step_on_machine_json(on.prefill, setting.batch * setting.prefill_tokens())}};
  if (on.needed.host) json["host"] = host_json(*on.needed.host, host_memory(setting));
  if (on.ranks) json["ranks"] = ranks_json(*on.ranks, on.replicated_weights);
  if (on.expert_imbalance) json["ranks"]["expert_imbalance"] = *on.expert_imbalance;
  if (on.busiest_decode_seconds) {
    json["ranks"]["busiest_decode_seconds"] = seconds_json(*on.busiest_decode_seconds);
  }
  return json;
}

// With what is no single figure.
Json whole_on_json(const OnMachine& on, const Setting& setting) {
  Json json = on_json(on, setting);
  if (on.ranks) json["ranks"]["stages"] = stages_json(*on.ranks);
  return json;
}

// Null where products of the models are computed in several formats.
const Rates* common_rates(const Comparison& comparison, std::size_t machine) {
  const Rates& first = comparison.models.front().on[machine].rates;
  const bool common = std::ranges::all_of(comparison.models, [&](const ModelFigures& figures) {
    return figures.on[machine].rates.arithmetic == first.arithmetic;
  });
  return common ? &first : nullptr;
}

Json hardware_json(const Comparison& comparison, std::size_t machine) {
  const Hardware& hardware = *comparison.machines[machine];
  const Rates* const rates = common_rates(comparison, machine);
  Json json = {{"name", hardware.name},
               {"memory_bytes", hardware.memory_bytes().value()},
               {"bytes_per_second", comparison.models.front().on[machine].rates.bytes_per_second}};
  if (rates == nullptr || !rates->has_peak()) return json;
  json["flops_per_second"] = rates->flops_per_second;
  json["arithmetic"] = name_of(rates->arithmetic);
  return json;
}

// Several machines: each with the figures of every model there.
Json machines_json(const Comparison& comparison) {
  Json machines = Json::array();
  for (std::size_t n = 0; n < comparison.machines.size(); ++n) {
    Setting setting = comparison.setting;
    setting.machine = comparison.machines[n];
    Json machine = {{"hardware", hardware_json(comparison, n)}, {"models", Json::array()}};
    for (const ModelFigures& figures : comparison.models) {
      machine["models"].push_back({{"name", figures.model->spec.name},
                                   {"on_hardware", whole_on_json(figures.on[n], setting)}});
    }
    machines.push_back(std::move(machine));
  }
  return machines;
}

Json drafted_json(const DraftedStep& step) {
  Json json = {{"tokens_per_step", step.tokens},
               {"step", step_json(step_of(step.total()))},
               {"drafts", step_json(step_of(step.drafts))},
               {"flops_per_token", step.flops_per_token().value()},
               {"bytes_per_token", step.bytes_per_token().value()}};
  if (!step.floor) return json;
  json["floor_seconds"] = step.floor->seconds;
  json["tokens_per_second"] = step.tokens / step.floor->seconds;
  return json;
}

Json model_json(const ModelFigures& figures) {
  const Model& model = *figures.model;
  Json json = {{"name", model.spec.name},
               {"parameters", parameters_json(model.parameters)},
               {"weight_bytes", figures.weight_bytes.value()},
               {"kv_cache",
                {{"bytes", figures.cache_bytes.value()},
                 {"bytes_per_token", figures.cache_bytes_per_token.value()}}},
               {"decode", step_json(figures.decode)},
               {"prefill", step_json(figures.prefill)},
               {"published", published_json(model.spec)}};
  if (figures.state_bytes_per_sequence > Bytes(0)) {
    json["kv_cache"]["state_bytes_per_sequence"] = figures.state_bytes_per_sequence.value();
  }
  if (!figures.scheme.number_format()) {
    json["storage"] = {{"scheme", figures.scheme.name()},
                       {"bits_per_weight", figures.stored.bits_per_weight}};
  }
  if (!model.beside.empty()) {
    json["beside"] = beside_json(model, figures.beside_bytes, figures.prediction_cache_per_token);
  }
  if (figures.drafted) json["drafted_decode"] = drafted_json(*figures.drafted);
  return json;
}

// A row of a model, for each machine where there are any.
void add_rows(const Comparison& comparison, const ModelFigures& figures, Json& rows) {
  Setting setting = comparison.setting;
  const auto add = [&]() -> Json& {
    Json row = {{"model", figures.model->spec.name}};
    row.update(setting_columns(*figures.model, setting));
    Json rest = model_json(figures);
    rest.erase("name");
    row.update(rest);
    rows.push_back(std::move(row));
    return rows.back();
  };
  if (comparison.machines.empty()) add();
  for (std::size_t n = 0; n < comparison.machines.size(); ++n) {
    setting.machine = comparison.machines[n];
    add()["on_hardware"] = on_json(figures.on[n], setting);
  }
}

}  // namespace

std::string compare_json(const Comparison& comparison) {
  const Setting& setting = comparison.setting;
  Json json = {{"workload", setting_json(stated(setting))}, {"models", Json::array()}};
  if (comparison.machines.size() == 1) json["hardware"] = hardware_json(comparison, 0);
  for (const ModelFigures& figures : comparison.models) {
    json["models"].push_back(model_json(figures));
    if (figures.on.size() == 1) {
      json["models"].back()["on_hardware"] = whole_on_json(figures.on.front(), setting);
    }
  }
  if (comparison.machines.size() > 1) json["machines"] = machines_json(comparison);
  return indented(json);
}

std::string compare_csv(const Comparison& comparison) {
  Json rows = Json::array();
  for (const ModelFigures& figures : comparison.models) add_rows(comparison, figures, rows);
  return rows_csv(rows);
}

}  // namespace llmarch::reports
