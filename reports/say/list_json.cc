#include "reports/say/list_json.h"

#include <fmt/ranges.h>

#include <nlohmann/json.hpp>

#include "reports/say/model_json.h"
#include "reports/say/rows_csv.h"

namespace llmarch::reports {
namespace {

using Json = nlohmann::ordered_json;

Json listed_json(const ListedModel& listed) {
  const Model& model = *listed.model;
  return {{"name", model.spec.name},
          {"title", model.spec.title},
          {"also", other_names(model.spec)},
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

// A field of CSV is one value.
std::string in_one_field(const Json& names) {
  return fmt::format("{}", fmt::join(names.get<std::vector<std::string>>(), " "));
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

Json listed(const std::vector<ListedModel>& models, const std::vector<Hardware>& hardware,
            const std::vector<Study>& studies) {
  Json json{{"models", Json::array()}, {"hardware", Json::array()}, {"studies", Json::array()}};
  for (const ListedModel& one : models) json["models"].push_back(listed_json(one));
  for (const Hardware& machine : hardware) json["hardware"].push_back(machine_json(machine));
  for (const Study& study : studies) json["studies"].push_back(listed_study_json(study));
  return json;
}

}  // namespace

std::string list_json(const std::vector<ListedModel>& models, const std::vector<Hardware>& hardware,
                      const std::vector<Study>& studies) {
  return indented(listed(models, hardware, studies));
}

std::string list_csv(const std::vector<ListedModel>& models, const std::vector<Hardware>& hardware,
                     const std::vector<Study>& studies) {
  Json rows = Json::array();
  const Json lists = listed(models, hardware, studies);
  for (const auto& [list, entries] : lists.items()) {
    for (const Json& entry : entries) {
      rows.push_back({{"kind", list == "models" ? "model" : list == "studies" ? "study" : list}});
      rows.back().update(entry);
      if (entry.contains("also")) rows.back()["also"] = in_one_field(entry["also"]);
    }
  }
  return rows_csv(rows);
}

}  // namespace llmarch::reports
