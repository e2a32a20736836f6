#include "reports/say/compare_json.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "reports/say/model_json.h"
#include "reports/say/rows_csv.h"
#include "reports/say/setting_json.h"

namespace llmarch::reports {
namespace {

using Json = nlohmann::ordered_json;

Json floor_json(const Floor& floor, Integer tokens) {
  return {{"arithmetic_seconds", floor.arithmetic_seconds},
          {"memory_seconds", floor.memory_seconds},
          {"floor_seconds", floor.seconds},
          {"tokens_per_second", tokens.as_double() / floor.seconds},
          {"bound_by", name_of(floor.binds())}};
}

Json on_json(const OnMachine& on, const Setting& setting) {
  return {{"memory_bytes", on.needed.total().value()},
          {"fits", on.fits},
          {"decode", floor_json(on.decode, setting.batch)},
          {"prefill", floor_json(on.prefill, setting.batch * setting.prefill_tokens())}};
}

// Null where products of the models are computed in several formats.
const Rates* common_rates(const Comparison& comparison) {
  const Rates& first = comparison.models.front().on->rates;
  const bool common = std::ranges::all_of(comparison.models, [&](const ModelFigures& figures) {
    return figures.on->rates.arithmetic == first.arithmetic;
  });
  return common ? &first : nullptr;
}

Json hardware_json(const Hardware& hardware, const Comparison& comparison) {
  const Rates* const rates = common_rates(comparison);
  Json json = {{"name", hardware.name},
               {"memory_bytes", hardware.memory.bytes.value()},
               {"bytes_per_second", hardware.bandwidth.bytes_per_second}};
  if (rates == nullptr) return json;
  json["flops_per_second"] = rates->flops_per_second;
  json["arithmetic"] = name_of(rates->arithmetic);
  return json;
}

Json model_json(const ModelFigures& figures, const Setting& setting) {
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
  if (figures.on) json["on_hardware"] = on_json(*figures.on, setting);
  return json;
}

}  // namespace

std::string compare_json(const Comparison& comparison) {
  const Setting& setting = comparison.setting;
  Json json = {{"workload", setting_json(stated(setting))}, {"models", Json::array()}};
  if (setting.machine != nullptr) json["hardware"] = hardware_json(*setting.machine, comparison);
  for (const ModelFigures& figures : comparison.models) {
    json["models"].push_back(model_json(figures, setting));
  }
  return indented(json);
}

std::string compare_csv(const Comparison& comparison) {
  Json rows = Json::array();
  for (const ModelFigures& figures : comparison.models) {
    Json row = {{"model", figures.model->spec.name}};
    row.update(setting_columns(*figures.model, comparison.setting));
    Json rest = model_json(figures, comparison.setting);
    rest.erase("name");
    row.update(rest);
    rows.push_back(std::move(row));
  }
  return rows_csv(rows);
}

}  // namespace llmarch::reports
