#include "reports/say/model_json.h"

#include <algorithm>

namespace llmarch::reports {
namespace {

using Json = nlohmann::ordered_json;

std::string underscored(std::string_view name) {
  std::string key(name);
  std::replace_if(
      key.begin(), key.end(), [](char c) { return c == ' ' || c == '-'; }, '_');
  return key;
}

}  // namespace

Json parameters_json(const Parameters& parameters) {
  Json components = Json::object();
  for (const auto& [component, elements] : parameters.components) {
    components[underscored(name_of(component))] = elements.value();
  }
  const ActiveParameters& active = parameters.active;
  return {{"total", parameters.total.value()},
          {"resident", parameters.resident.value()},
          {"active",
           {{"all", active.all.value()},
            {"without_input_embedding", active.without_input_embedding.value()},
            {"without_embeddings", active.without_embeddings.value()}}},
          {"components", std::move(components)}};
}

Json step_json(const Step& step) {
  return {{"matrix_flops", step.work.matrix.value()},
          {"other_flops", step.work.other.value()},
          {"flops", step.flops.value()},
          {"transcendentals", step.work.transcendentals.value()},
          {"bytes", step.traffic.total.value()},
          {"weight_bytes_read", step.traffic.weights_read.value()},
          {"kv_bytes_read", step.traffic.cache_read.value()},
          {"kv_bytes_written", step.traffic.cache_written.value()},
          {"activation_bytes", step.traffic.activations.value()}};
}

Json beside_json(const Model& model, Bytes bytes, Bytes prediction_cache_per_token) {
  Json parameters = Json::object();
  for (const auto& [name, elements] : model.beside) {
    parameters[underscored(name)] = elements.value();
  }
  Json json = {{"parameters", std::move(parameters)}, {"bytes", bytes.value()}};
  if (model.prediction) {
    json["prediction_kv_bytes_per_token"] = prediction_cache_per_token.value();
  }
  return json;
}

Json published_json(const ArchSpec& spec) {
  Json json = Json::object();
  if (!spec.published) return json;
  if (spec.published->total) json["total"] = spec.published->total->value();
  if (spec.published->active) json["active"] = spec.published->active->value();
  if (spec.published->exact_total) json["exact_total"] = spec.published->exact_total->value();
  json["source"] = spec.published->source;
  return json;
}

std::string indented(const Json& json) {
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace llmarch::reports
