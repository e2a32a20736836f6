#include "sim/cli/setting_options.h"

#include <fmt/format.h>

#include <algorithm>

#include "sim/cli/hardware_files.h"
#include "sim/cli/ranges.h"
#include "sim/spec/split.h"

namespace llmarch::cli {
namespace {

namespace po = boost::program_options;

std::optional<std::string> given(const Values& values, const SettingField& field) {
  const std::string key(field.key);
  if (values.count(key) == 0) return std::nullopt;
  return values[key].as<std::string>();
}

// A value to be read over.
template <class Value>
Value initial(const std::optional<Value>&) {
  if constexpr (std::is_default_constructible_v<Value>)
    return Value{};
  else
    return DType::bf16;
}

// Reads one value.
void parse(const SettingField& field, const std::string& text, Integer& value) {
  value = parse_count(std::string(field.key), text, field.range.most);
}
void parse(const SettingField& field, const std::string& text, double& value) {
  value = parse_share(std::string(field.key), text, kAccepted);
}
template <class Enum>
requires std::is_enum_v<Enum>
void parse(const SettingField& field, const std::string& text, Enum& value) {
  value = value_named(Names<Enum>::values, text,
                      fmt::format("unknown {} '{}' for --{}", Names<Enum>::noun, text, field.key));
}
// A way of storing tensors, or of dividing a model.
template <SpelledOut Value>
void parse(const SettingField& field, const std::string& text, Value& value) {
  auto reading = Names<Value>::read(text);
  if (!reading.value) {
    throw UsageError(fmt::format("{} for --{}", reading.problem, field.key), reading.remedy);
  }
  value = *reading.value;
}
template <SpelledOut Value>
requires OneOf<Value, Deployment, Placement>
void parse(const SettingField& field, const std::string& text, std::vector<Value>& values) {
  for (const std::string& item : split(text, ';')) parse(field, item, values.emplace_back());
}
void parse(const SettingField&, const std::string& text, Machine& value) {
  value = std::make_shared<const Hardware>(find_hardware(text));
}

// Reads several values.
void parse(const SettingField& field, const std::string& text, std::vector<Integer>& values) {
  values = parse_numbers(std::string(field.key), text);
}
void parse(const SettingField& field, const std::string& text, std::vector<double>& values) {
  for (const std::string& item : split(text, ',')) parse(field, item, values.emplace_back());
}
template <class Enum>
requires std::is_enum_v<Enum>
void parse(const SettingField& field, const std::string& text, std::vector<Enum>& values) {
  for (const std::string& item : split(text, ',')) parse(field, item, values.emplace_back());
}
template <class Storage>
requires SpelledOut<Storage>
void parse(const SettingField& field, const std::string& text, std::vector<Storage>& values) {
  for (const std::string& item : split_schemes(split(text, ','))) {
    Storage value = DType::bf16;
    parse(field, item, value);
    if (std::ranges::find(values, value) == values.end()) values.push_back(std::move(value));
  }
}
void parse(const SettingField& field, const std::string& text, std::vector<Machine>& values) {
  for (const std::string& item : split(text, ',')) parse(field, item, values.emplace_back());
}

// How a command takes `field`; null where it does not.
const TakenField* find(const TakenFields& fields, const SettingField& field) {
  for (const TakenField& taken : fields) {
    if (&taken.field == &field) return &taken;
  }
  return nullptr;
}

}  // namespace

void declare_setting(Options& options, const TakenFields& fields) {
  for (const auto& [field, arity, usual, remark] : fields) {
    std::string name(field.key);
    if (field.letter != 0) name += fmt::format(",{}", field.letter);
    auto* value = po::value<std::string>()->value_name(
        arity == Arity::list ? "LIST" : std::string(field.value));
    if (!usual.empty()) value->default_value(usual);
    options.add_options()(name.c_str(), value, fmt::format("{}{}", field.meaning, remark).c_str());
  }
}

PartialSetting read_setting(const Values& values, const TakenFields& fields) {
  PartialSetting setting;
  visit_setting(
      [&](const SettingField& field, auto& said) {
        const TakenField* taken = find(fields, field);
        if (taken == nullptr || taken->arity != Arity::one) return;
        const auto text = given(values, field);
        if (!text) return;
        auto value = initial(said);
        parse(field, *text, value);
        said = std::move(value);
      },
      setting);
  const auto fault = fault_of_drafts(setting.draft, setting.accepted, "--draft", "--accepted");
  if (fault) throw UsageError(*fault, "--draft 1 --accepted 0.85, or --draft 4 --accepted 2.8");
  return setting;
}

std::vector<Setting> read_settings(const Values& values, const TakenFields& fields) {
  std::vector<Setting> settings{laid_over(Setting{}, read_setting(values, fields))};
  PartialSetting one;
  visit_setting(
      [&](const SettingField& field, auto& said) {
        const TakenField* taken = find(fields, field);
        if (taken == nullptr || taken->arity != Arity::list) return;
        std::vector<typename std::decay_t<decltype(said)>::value_type> list;
        if (const auto text = given(values, field)) parse(field, *text, list);
        std::vector<Setting> product;
        for (const Setting& setting : settings) {
          for (const auto& value : list) {
            said = value;
            product.push_back(laid_over(setting, one));
          }
        }
        if (!list.empty()) settings = std::move(product);
        said.reset();
      },
      one);
  return settings;
}

std::optional<Lengths> read_lengths(const Values& values, const SettingField& field) {
  const auto text = given(values, field);
  if (!text) return std::nullopt;
  return parse_axis(std::string(field.key), *text);
}

}  // namespace llmarch::cli
