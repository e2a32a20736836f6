#include "reports/say/setting_json.h"

namespace llmarch::reports {
namespace {

void add(nlohmann::ordered_json& json, const SettingField& field, Integer number) {
  json[field.key] = number.value();
}
void add(nlohmann::ordered_json& json, const SettingField& field, DType format) {
  json[field.key] = name_of(format);
}
void add(nlohmann::ordered_json& json, const SettingField& field, const Scheme& scheme) {
  json[field.key] = scheme.name();
}
void add(nlohmann::ordered_json& json, const SettingField& field, const CacheScheme& scheme) {
  json[field.key] = scheme.name();
}
void add(const nlohmann::ordered_json&, const SettingField&, const Machine&) {}

}  // namespace

nlohmann::ordered_json setting_json(const PartialSetting& setting) {
  nlohmann::ordered_json json = nlohmann::ordered_json::object();
  visit_setting(
      [&](const SettingField& field, const auto& said) {
        if (said) add(json, field, *said);
      },
      setting);
  return json;
}

}  // namespace llmarch::reports
