#include "sim/huggingface/hf_reader.h"

#include <fmt/format.h>

#include <algorithm>

namespace llmarch {
namespace {

using nlohmann::json;

constexpr std::size_t kLongestShownValue = 40;
// Names whose lengths differ by more are two names and no slip of the pen.
constexpr std::size_t kMostLettersTooMany = 2;

std::string shown(const json& value) {
  std::string text = value.dump(-1, ' ', false, json::error_handler_t::replace);
  if (text.size() > kLongestShownValue) text = text.substr(0, kLongestShownValue) + "...";
  return text;
}

bool contains(const std::vector<std::string>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

std::string expected_size(const Range& range) {
  return fmt::format("a whole number from {} to {}", range.least, range.most);
}

std::string expected_real(const RealRange& range) {
  return fmt::format("a number above {} and at most {}", range.above, range.most);
}

// As a double first: an unsigned number past 2^63 would wrap.
bool is_size(const json& value, const Range& range) {
  return value.is_number_integer() && value.get<double>() >= static_cast<double>(range.least) &&
         value.get<double>() <= static_cast<double>(range.most);
}

bool is_real(const json& value, const RealRange& range) {
  return value.is_number() && value.get<double>() > range.above &&
         value.get<double>() <= range.most;
}

}  // namespace

ConfigReader::ConfigReader(const json& object, std::string where, ConfigLoad& load,
                           UnknownFields unknown)
    : object_(object), where_(std::move(where)), load_(load), unknown_(unknown) {}

const json* ConfigReader::find(std::string_view key) {
  if (!llmarch::contains(known_, key)) known_.emplace_back(key);
  const auto found = object_.find(key);
  return found == object_.end() || found->is_null() ? nullptr : &*found;
}

const json* ConfigReader::required(std::string_view key, std::string_view expected) {
  const json* value = find(key);
  if (value == nullptr && contains(key)) {
    wrong(key, expected);
  } else {
    stated(key);
  }
  return value;
}

void ConfigReader::stated(std::string_view key) {
  if (contains(key)) return;
  static_cast<void>(find(key));
  missing_.emplace_back(key);
  refused_.emplace_back(key);
}

void ConfigReader::refuse(std::string message, std::string remedy) {
  load_.problems.push_back({std::nullopt, std::move(message), std::move(remedy)});
}

void ConfigReader::wrong(std::string_view key, std::string_view expected) {
  refused_.emplace_back(key);
  refuse(fmt::format("'{}' in {} is {}, and must be {}", key, where_,
                     shown(object_.at(std::string(key))), expected),
         "");
}

void ConfigReader::fill(std::string_view key, const std::string& value, std::string_view reason) {
  load_.filled.push_back(fmt::format("{} = {} ({})", key, value, reason));
}

Integer ConfigReader::size(std::string_view key, const Range& range) {
  const json* value = required(key, expected_size(range));
  if (value == nullptr) return 1;
  if (is_size(*value, range)) return value->get<std::int64_t>();
  wrong(key, expected_size(range));
  return 1;
}

double ConfigReader::real(std::string_view key, const RealRange& range) {
  const json* value = required(key, expected_real(range));
  if (value == nullptr) return 1;
  if (is_real(*value, range)) return value->get<double>();
  wrong(key, expected_real(range));
  return 1;
}

std::string ConfigReader::text(std::string_view key) {
  static_cast<void>(required(key, "a text"));
  return optional_text(key).value_or("");
}

std::optional<Integer> ConfigReader::nullable_size(std::string_view key, const Range& range) {
  if (find(key) == nullptr && contains(key)) return std::nullopt;
  return size(key, range);
}

bool ConfigReader::is_null(std::string_view key) {
  return find(key) == nullptr && contains(key);
}

bool ConfigReader::is_zero(std::string_view key) {
  const json* value = find(key);
  return value != nullptr && value->is_number() && value->get<double>() == 0;
}

Integer ConfigReader::size_or(std::string_view key, Integer value, std::string_view reason,
                              const Range& range) {
  if (contains(key)) return size(key, range);
  static_cast<void>(find(key));
  fill(key, std::to_string(value.value()), reason);
  return value;
}

double ConfigReader::real_or(std::string_view key, double value, std::string_view reason,
                             const RealRange& range) {
  if (contains(key)) return real(key, range);
  static_cast<void>(find(key));
  fill(key, fmt::format("{}", value), reason);
  return value;
}

bool ConfigReader::flag_or(std::string_view key, bool value, std::string_view reason) {
  const json* stated = find(key);
  if (stated != nullptr && stated->is_boolean()) return stated->get<bool>();
  if (contains(key)) {
    wrong(key, "true or false");
  } else {
    fill(key, value ? "true" : "false", reason);
  }
  return value;
}

std::optional<Integer> ConfigReader::optional_size_or(std::string_view key,
                                                      std::optional<Integer> value,
                                                      std::string_view reason, const Range& range) {
  if (is_null(key)) return std::nullopt;
  if (contains(key)) return size(key, range);
  fill(key, value ? std::to_string(value->value()) : "none", reason);
  return value;
}

std::optional<double> ConfigReader::optional_real_or(std::string_view key,
                                                     std::optional<double> value,
                                                     std::string_view reason) {
  if (is_null(key)) return std::nullopt;
  if (contains(key)) return real(key);
  fill(key, value ? fmt::format("{}", *value) : "none", reason);
  return value;
}

const json* ConfigReader::object_or_none(std::string_view key, std::string_view reason) {
  if (!contains(key)) fill(key, "none", reason);
  return optional_object(key);
}

std::vector<std::int64_t> ConfigReader::indices_or_none(std::string_view key,
                                                        std::string_view reason) {
  if (!contains(key)) fill(key, "none", reason);
  return list<std::int64_t>(key, "a list of whole numbers", &json::is_number_integer);
}

std::optional<std::string> ConfigReader::optional_text(std::string_view key) {
  const json* value = find(key);
  if (value == nullptr) return std::nullopt;
  if (value->is_string() && !value->get_ref<const std::string&>().empty()) {
    return value->get<std::string>();
  }
  wrong(key, "a text that is not empty");
  return std::nullopt;
}

std::vector<std::string> ConfigReader::optional_texts(std::string_view key) {
  return list<std::string>(key, "a list of texts", &json::is_string);
}

std::vector<double> ConfigReader::optional_reals(std::string_view key) {
  return list<double>(key, "a list of numbers", &json::is_number);
}

const json* ConfigReader::optional_object(std::string_view key) {
  const json* value = find(key);
  if (value == nullptr || value->is_object()) return value;
  wrong(key, "an object");
  return nullptr;
}

const json* ConfigReader::optional_array(std::string_view key) {
  const json* value = find(key);
  if (value == nullptr || value->is_array()) return value;
  wrong(key, "a list");
  return nullptr;
}

template <class Item>
std::vector<Item> ConfigReader::list(std::string_view key, std::string_view expected,
                                     bool (json::*is_item)() const noexcept) {
  const json* value = find(key);
  if (value == nullptr) return {};
  if (value->is_array() && std::all_of(value->begin(), value->end(),
                                       [&](const json& item) { return (item.*is_item)(); })) {
    return value->get<std::vector<Item>>();
  }
  wrong(key, expected);
  return {};
}

// Whether a value is the expected one, or a list of nothing else.
static bool is_only(const json& value, const json& expected) {
  if (value == expected) return true;
  return value.is_array() && !value.empty() &&
         std::all_of(value.begin(), value.end(),
                     [&](const json& item) { return item == expected; });
}

void ConfigReader::only(std::string_view key, const json& expected) {
  static_cast<void>(find(key));
  if (!contains(key) || is_only(object_.at(std::string(key)), expected)) return;
  refused_.emplace_back(key);
  refuse(fmt::format("'{}' in {} is {}; only {} is supported", key, where_,
                     shown(object_.at(std::string(key))), expected.dump()),
         "it changes the arithmetic, and no formula for another architecture is used in its place");
}

void ConfigReader::off(std::string_view key) {
  if (!is_null(key)) only(key, false);
}

void ConfigReader::inert(std::span<const std::string_view> keys) {
  inert_.insert(inert_.end(), keys.begin(), keys.end());
}

void ConfigReader::inert(std::initializer_list<std::string_view> keys) {
  inert_.insert(inert_.end(), keys.begin(), keys.end());
}

bool ConfigReader::all_read(std::initializer_list<std::string_view> keys) const {
  return std::none_of(keys.begin(), keys.end(),
                      [&](std::string_view key) { return llmarch::contains(refused_, key); });
}

void ConfigReader::finish() {
  for (const std::string& key : unknown_fields()) {
    const auto meant = misspelt(key);
    meant ? refuse_misspelt(key, *meant) : report_unknown(key);
  }
  report_missing();
}

void ConfigReader::finish_unknowing() {
  for (const std::string& key : unknown_fields()) {
    if (const auto meant = misspelt(key)) refuse_misspelt(key, *meant);
  }
  report_missing();
}

std::vector<std::string> ConfigReader::unknown_fields() const {
  std::vector<std::string> unknown;
  for (const auto& [key, value] : object_.items()) {
    const bool asked = llmarch::contains(known_, key) || llmarch::contains(inert_, key);
    if (!key.starts_with('_') && !asked) unknown.push_back(key);
  }
  return unknown;
}

// What an unknown field may have been meant to be.
std::optional<std::string> ConfigReader::misspelt(const std::string& key) const {
  auto meant = nearest_name(key, absent_fields());
  if (!meant) return std::nullopt;
  const bool holds_it = key.starts_with(*meant + '_') || key.ends_with('_' + *meant);
  const auto [shorter, longer] = std::minmax({key.size(), meant->size()});
  return holds_it || longer - shorter > kMostLettersTooMany ? std::nullopt : meant;
}

std::vector<std::string> ConfigReader::absent_fields() const {
  std::vector<std::string> absent;
  for (const std::string& key : known_) {
    if (!contains(key)) absent.push_back(key);
  }
  return absent;
}

void ConfigReader::refuse_misspelt(const std::string& key, const std::string& meant) {
  refuse(fmt::format("unknown field {} in {}", quote_name(key), where_),
         fmt::format("did you mean '{}'?", meant));
  std::erase(missing_, meant);
}

void ConfigReader::report_unknown(const std::string& key) {
  if (unknown_ == UnknownFields::passed_over) {
    load_.passed_over.push_back(key);
    return;
  }
  refuse(fmt::format("unknown field {} in {}, beside code of the repository's own (auto_map)",
                     quote_name(key), where_),
         fmt::format("that code may read it: --pass-over {} if it does not", printable(key)));
}

void ConfigReader::report_missing() {
  for (const std::string& key : missing_) {
    refuse(fmt::format("missing field '{}' in {}", key, where_),
           "nothing is guessed: copy the field from the published config");
  }
  missing_.clear();
}

}  // namespace llmarch
