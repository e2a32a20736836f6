#include "sim/study/expression_call.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "sim/enumerators.h"
#include "sim/spec/diagnostics.h"
#include "sim/spec/meant_names.h"

namespace llmarch {
namespace {

constexpr FunctionHelp kMemory{"memory_of(HARDWARE)", "bytes of a machine's memory"};

struct TimedFunction {
  FunctionHelp help;
  TimedFigure figure;
  FigureForm form;
};
constexpr std::array kTimed{
    TimedFunction{{"timed_decode(MODEL)",
                   "tokens per second that decode was timed at on this machine; needs a run"},
                  TimedFigure::decode,
                  form_of(Unit::tokens_per_second)},
    TimedFunction{{"timed_prefill(MODEL)",
                   "tokens per second that prefill was timed at on this machine; needs a run"},
                  TimedFigure::prefill,
                  form_of(Unit::tokens_per_second)},
    TimedFunction{{"timed_norm_share(MODEL)",
                   "the norms' share of decode's time on this machine; needs a run"},
                  TimedFigure::norm_share,
                  kRatio}};
static_assert(has_a_row_for_each(kTimed, &TimedFunction::figure),
              "every timed figure has its name");

// Null where no function has that name.
template <class Functions>
auto find_function(const Functions& functions, std::string_view name) {
  const auto found = std::find_if(functions.begin(), functions.end(),
                                  [&](const auto& each) { return each.help.name() == name; });
  return found == functions.end() ? nullptr : &*found;
}

std::vector<std::string> known_names() {
  std::vector<std::string> names;
  for (const Quantity& quantity : quantities()) names.emplace_back(quantity.name);
  for (const FunctionHelp& function : expression_functions()) names.emplace_back(function.name());
  return names;
}

template <class Value>
std::vector<std::string> names_of(const std::map<std::string, Value, std::less<>>& named) {
  std::vector<std::string> names;
  for (const auto& [name, value] : named) names.push_back(name);
  return names;
}

}  // namespace

std::vector<FunctionHelp> expression_functions() {
  std::vector<FunctionHelp> all;
  for (const StructureFunction& function : structure_functions()) all.push_back(function.help);
  all.push_back(kMemory);
  for (const TimedFunction& function : kTimed) all.push_back(function.help);
  return all;
}

FormedNode literal(FigureValue figure, FigureForm form) {
  return {std::make_shared<ExpressionNode>(ExpressionNode{std::move(figure)}), form};
}

FormedNode ExpressionCall::call() {
  const std::size_t begin = position_;
  const std::string name = word();
  skip_spaces();
  if (!take("(")) {
    position_ = begin;
    fail(fmt::format("'{}' is not followed by a model", name),
         fmt::format("write {}(MODEL)", name));
  }
  if (name == kMemory.name()) return memory();
  const Arguments given = arguments();
  const std::size_t after = std::exchange(position_, begin);
  FormedNode node = called(name, given);
  position_ = after;
  return node;
}

FormedNode ExpressionCall::memory() {
  std::optional<Machine> machine;
  read(setting_field::machine, machine);
  skip_spaces();
  if (!take(")")) fail("')' is missing", std::string(kMemory.form));
  return literal((*machine)->memory_bytes(), form_of(Unit::bytes));
}

FormedNode ExpressionCall::called(const std::string& name, const Arguments& given) const {
  if (const Quantity* known = find_quantity(name)) return quantity(*known, given);
  if (const TimedFunction* known = find_function(kTimed, name)) {
    require_model_alone(name, given);
    return {std::make_shared<ExpressionNode>(
                ExpressionNode{TimedCall{known->figure, given.model, given.setting}}),
            known->form};
  }
  const StructureFunction* known = find_function(structure_functions(), name);
  if (known == nullptr) {
    fail(fmt::format("unknown quantity '{}'", name), suggest(name, known_names()));
  }
  try {
    FunctionValue value = known->of({name, given.model, given.others, models_});
    return literal(std::move(value.figure), value.form);
  } catch (const ExpressionError& error) {
    fail(error.what(), error.remedy());
  }
}

FormedNode ExpressionCall::quantity(const Quantity& quantity, const Arguments& given) const {
  require_model_alone(quantity.name, given);
  PartialSetting known = given.setting;
  if (!known.machine && models_.machine != nullptr) known.machine = models_.machine;
  const auto write = [&](std::string_view arguments) {
    return fmt::format("write {}(MODEL, {})", quantity.name, arguments);
  };
  switch (lacking(quantity.needs, known)) {
    case Needs::nothing: break;
    case Needs::machine:
      fail(fmt::format("'{}' needs hardware", quantity.name), write("on = h100-sxm"));
    case Needs::times:
      fail(fmt::format("'{}': nothing was measured on {}", quantity.name, (*known.machine)->name),
           write("on = h100-sxm"));
    case Needs::deployment:
      fail(fmt::format("'{}' needs a deployment", quantity.name),
           write(R"(on = "8xh100-sxm", parallel = "tp=8")"));
    case Needs::placement:
      fail(fmt::format("'{}' needs a placement", quantity.name),
           write(R"(on = rtx-4090, place = "experts=host", host = ryzen-9950x)"));
  }
  const auto fault =
      fault_of_drafts(given.setting.draft, given.setting.accepted, "'draft'", "'accepted'");
  if (fault)
    fail(*fault, fmt::format("write {}(MODEL, draft = 1, accepted = 0.85)", quantity.name));
  return {std::make_shared<ExpressionNode>(
              ExpressionNode{QuantityCall{&quantity, given.model, given.setting}}),
          form_of(quantity.unit)};
}

void ExpressionCall::require_model_alone(std::string_view name, const Arguments& given) const {
  if (given.model != nullptr && given.others.empty()) return;
  fail(fmt::format("'{}' is asked of one model", name), fmt::format("write {}(MODEL)", name));
}

ExpressionCall::Arguments ExpressionCall::arguments() {
  Arguments given;
  skip_spaces();
  if (at('"')) {
    given.others.emplace_back(quoted());
  } else {
    given.model = model();
  }
  while (true) {
    skip_spaces();
    if (take(")")) return given;
    if (!take(",")) fail("',' or ')' is expected here", "name(MODEL, context = 32k)");
    argument(given);
  }
}

void ExpressionCall::argument(Arguments& given) {
  skip_spaces();
  if (at('"')) return void(given.others.emplace_back(quoted()));
  if (at_digit()) return void(given.others.emplace_back(whole(kPositions)));
  const std::size_t begin = position_;
  const std::string key = word();
  skip_spaces();
  if (!take("=")) fail("'=' is expected here", "write context = 32k");
  set(given.setting, key, begin);
}

void ExpressionCall::set(PartialSetting& setting, const std::string& key, std::size_t key_at) {
  std::vector<std::string> keys;
  bool known = false;
  visit_setting(
      [&](const SettingField& field, auto& value) {
        keys.emplace_back(field.key);
        if (field.key != key) return;
        known = true;
        read(field, value);
      },
      setting);
  if (known) return;
  position_ = key_at;
  fail(fmt::format("unknown setting '{}'", key), suggest(key, keys));
}

const Model* ExpressionCall::model() {
  const std::size_t begin = position_;
  const std::string name = model_word();
  const auto found = models_.models.find(name);
  if (found != models_.models.end()) return found->second;
  position_ = begin;
  fail(fmt::format("unknown model {}", quote_name(name)), suggest(name, names_of(models_.models)));
}

void ExpressionCall::read(const SettingField& field, std::optional<Integer>& value) {
  skip_spaces();
  value = whole(field.range);
}

void ExpressionCall::read(const SettingField& field, std::optional<double>& value) {
  skip_spaces();
  const std::size_t begin = position_;
  const double share = as_double(number());
  if (share > kAccepted.above && share <= kAccepted.most) return void(value = share);
  position_ = begin;
  fail(fmt::format("{} is no share of drafts", share), fmt::format("write {} = 0.85", field.key));
}

template <class Enum>
requires std::is_enum_v<Enum>
void ExpressionCall::read(const SettingField&, std::optional<Enum>& value) {
  skip_spaces();
  const std::size_t begin = position_;
  const std::string name = word();
  if (const auto choice = value_of_name<Enum>(name)) return void(value = choice);
  std::vector<std::string> names;
  for (const auto& known : Names<Enum>::values) names.emplace_back(known.first);
  position_ = begin;
  fail(fmt::format("unknown {} '{}'", Names<Enum>::noun, name), suggest(name, names));
}

template <SpelledOut Storage>
void ExpressionCall::read(const SettingField&, std::optional<Storage>& value) {
  skip_spaces();
  const std::size_t begin = position_;
  auto reading = Names<Storage>::read(at('"') ? quoted() : model_word());
  if (reading.value) return void(value = std::move(reading.value));
  position_ = begin;
  fail(reading.problem, reading.remedy);
}

void ExpressionCall::read(const SettingField&, std::optional<Machine>& value) {
  skip_spaces();
  const std::size_t begin = position_;
  const std::string name = model_word();
  const auto found = models_.machines.find(name);
  if (found != models_.machines.end()) return void(value = found->second);
  position_ = begin;
  fail(fmt::format("unknown hardware {}", quote_name(name)),
       suggest(name, names_of(models_.machines)));
}

}  // namespace llmarch
