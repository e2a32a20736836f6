#include "reports/say/setting_words.h"

#include <fmt/format.h>

#include <stdexcept>

#include "reports/document/format.h"

namespace llmarch::reports {
namespace {

std::string word_of(const SettingField& field, Integer number) {
  switch (field.notation) {
    case Notation::plain: return std::to_string(number.value());
    case Notation::binary: return context_tokens(number.value());
  }
  throw std::logic_error("word_of: a notation outside the enumeration");
}
std::string word_of(const SettingField&, double share) {
  return fmt::format("{:.4g}", share);
}
template <class Enum>
requires std::is_enum_v<Enum> std::string word_of(const SettingField&, Enum choice) {
  return std::string(name_of(choice));
}
std::string word_of(const SettingField&, const Scheme& scheme) {
  return scheme.name();
}
std::string word_of(const SettingField&, const CacheScheme& scheme) {
  return scheme.name();
}
std::string word_of(const SettingField&, const Deployment& deployment) {
  return text_of(deployment);
}
std::string word_of(const SettingField&, const Placement& placement) {
  return text_of(placement);
}
std::string word_of(const SettingField&, const Machine& machine) {
  return machine->title;
}

}  // namespace

std::string words_of(const PartialSetting& setting) {
  std::string words;
  visit_setting(
      [&](const SettingField& field, const auto& said) {
        if (said) words = joined(words, std::string(field.word) + " " + word_of(field, *said));
      },
      setting);
  return words;
}

PartialSetting apart_from_lengths(PartialSetting setting) {
  setting.context.reset();
  setting.prompt.reset();
  return setting;
}

std::string name_of_line(const SweepPlan& plan, const SweepLine& line) {
  std::string words = words_of(line.apart);
  if (plan.models.size() == 1 && !words.empty()) return words;
  return joined(line.model->spec.name, words);
}

CrossingWords words_of(const Crossing& crossing, const std::vector<SweepLine>& lines) {
  const SweepLine& left = lines[crossing.left_line];
  const std::string setting = words_of(left.apart);
  switch (crossing.rivals) {
    case Rivals::models:
      return {left.model->spec.name, lines[crossing.right_line].model->spec.name,
              joined(std::string(crossing.left_quantity->name), setting)};
    case Rivals::kinds_of_work:
    case Rivals::sides_of_roofline:
      return {std::string(crossing.left_quantity->name), std::string(crossing.right_quantity->name),
              joined(left.model->spec.name, setting)};
  }
  throw std::logic_error("words_of: rivals outside the enumeration");
}

std::string joined(const std::string& first, const std::string& rest) {
  return first.empty() || rest.empty() ? first + rest : first + ", " + rest;
}

}  // namespace llmarch::reports
