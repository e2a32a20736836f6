#include "reports/say/list_json.h"

#include <nlohmann/json.hpp>

namespace llmarch::reports {
namespace {

using Json = nlohmann::ordered_json;

Json listed_json(const ListedModel& listed) {
  const Model& model = *listed.model;
  return {{"name", model.spec.name},
          {"title", model.spec.title},
          {"layers", layer_count(model.spec).value()},
          {"parameters", model.parameters.total.value()},
          {"active_parameters", model.parameters.active.all.value()},
          {"context_limit", model.spec.context_limit.value()},
          {"from", listed.origin}};
}

Json machine_json(const Hardware& machine) {
  return {{"name", machine.name},
          {"title", machine.title},
          {"memory_bytes", machine.memory.bytes.value()},
          {"bytes_per_second", machine.bandwidth.bytes_per_second}};
}

template <class Entries>
std::size_t size_of(const std::optional<Entries>& entries) {
  return entries ? entries->size() : 0;
}

Json listed_study_json(const Study& study) {
  return {{"name", study.name},
          {"title", study.title},
          {"comparisons", size_of(study.comparison)},
          {"claims", size_of(study.claim)}};
}

}  // namespace

std::string list_json(const std::vector<ListedModel>& models, const std::vector<Hardware>& hardware,
                      const std::vector<Study>& studies) {
  Json json{{"models", Json::array()}, {"hardware", Json::array()}, {"studies", Json::array()}};
  for (const ListedModel& listed : models) json["models"].push_back(listed_json(listed));
  for (const Hardware& machine : hardware) json["hardware"].push_back(machine_json(machine));
  for (const Study& study : studies) json["studies"].push_back(listed_study_json(study));
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace llmarch::reports
