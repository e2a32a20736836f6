#include "reports/say/setting_json.h"

#include "sim/study/step.h"

namespace llmarch::reports {
namespace {

void add(nlohmann::ordered_json& json, const SettingField& field, Integer number) {
  json[field.key] = number.value();
}
void add(nlohmann::ordered_json& json, const SettingField& field, double share) {
  json[field.key] = share;
}
template <class Enum>
requires std::is_enum_v<Enum>
void add(nlohmann::ordered_json& json, const SettingField& field, Enum choice) {
  json[field.key] = name_of(choice);
}
void add(nlohmann::ordered_json& json, const SettingField& field, const Scheme& scheme) {
  json[field.key] = scheme.name();
}
void add(nlohmann::ordered_json& json, const SettingField& field, const CacheScheme& scheme) {
  json[field.key] = scheme.name();
}
void add(nlohmann::ordered_json& json, const SettingField& field, const Deployment& deployment) {
  json[field.key] = text_of(deployment);
}
void add(nlohmann::ordered_json& json, const SettingField& field, const Placement& placement) {
  json[field.key] = text_of(placement);
}
void add(nlohmann::ordered_json& json, const SettingField& field, const Machine& machine) {
  json[field.key] = machine->name;
}

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

nlohmann::ordered_json setting_columns(const Model& model, const Setting& setting) {
  PartialSetting whole = stated(setting);
  whole.prompt = setting.prefill_tokens();
  whole.weights = weights_of(model, setting);
  whole.compute = arithmetic_of(model, setting);
  nlohmann::ordered_json json = nlohmann::ordered_json::object();
  visit_setting(
      [&](const SettingField& field, const auto& held) {
        json[field.key] = nullptr;
        if (held) add(json, field, *held);
      },
      whole);
  return json;
}

}  // namespace llmarch::reports
