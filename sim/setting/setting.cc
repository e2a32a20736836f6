#include "sim/setting/setting.h"

#include <fmt/format.h>

namespace llmarch {
namespace {

// What is not said stays absent: a prompt that follows the context, a machine that there is none
// of.
template <class Value>
void state(std::optional<Value>& said, const std::optional<Value>& value) {
  said = value;
}
void state(std::optional<Machine>& said, const Machine& machine) {
  if (machine != nullptr) said = machine;
}
template <class Value>
void state(std::optional<Value>& said, const Value& value) {
  said = value;
}

// A new member does not compile here before it is named, and belongs into visit_setting too.
[[maybe_unused]] void name_every_member(const Setting& setting, const PartialSetting& partial) {
  [[maybe_unused]] const auto& [context, prompt, batch, weights, kv, compute, draft, accepted,
                                recurrence, machine, parallel, place, host] = setting;
  [[maybe_unused]] const auto& [context_, prompt_, batch_, weights_, kv_, compute_, draft_,
                                accepted_, recurrence_, machine_, parallel_, place_, host_] =
      partial;
}

}  // namespace

std::optional<std::string> fault_of_drafts(const std::optional<Integer>& draft,
                                           const std::optional<double>& accepted,
                                           std::string_view draft_name,
                                           std::string_view accepted_name) {
  if (draft.has_value() != accepted.has_value()) {
    return fmt::format("{} and {} are said together", draft_name, accepted_name);
  }
  if (!draft || *accepted <= draft->as_double()) return std::nullopt;
  return fmt::format("of {} drafts, {:.4g} cannot stand", draft->value(), *accepted);
}

Setting laid_over(Setting setting, const PartialSetting& partial) {
  visit_setting(
      [](const SettingField&, auto& value, const auto& said) {
        if (said) value = *said;
      },
      setting, partial);
  return setting;
}

PartialSetting stated(const Setting& setting) {
  PartialSetting all;
  visit_setting([](const SettingField&, auto& said, const auto& value) { state(said, value); }, all,
                setting);
  return all;
}

PartialSetting alike(const std::vector<Setting>& settings) {
  const Setting& first = settings.front();
  PartialSetting shared = stated(first);
  for (const Setting& setting : settings) {
    visit_setting(
        [](const SettingField&, auto& said, const auto& value, const auto& of_first) {
          if (value != of_first) said.reset();
        },
        shared, setting, first);
  }
  return shared;
}

PartialSetting beyond(const Setting& setting, const PartialSetting& shared) {
  PartialSetting rest;
  visit_setting(
      [](const SettingField&, auto& said, const auto& value, const auto& of_shared) {
        if (!of_shared) state(said, value);
      },
      rest, setting, shared);
  return rest;
}

}  // namespace llmarch
