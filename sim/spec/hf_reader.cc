#include "sim/spec/hf_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>


namespace llmarch {

using nlohmann::json;

ConfigReader::ConfigReader(const json& object, std::string where,
                           std::vector<Diagnostic>& problems, std::vector<std::string>& filled)
    : object_(object), where_(std::move(where)), problems_(problems), filled_(filled) {}

const json* ConfigReader::find(std::string_view key) {
  if (std::find(known_.begin(), known_.end(), key) == known_.end()) known_.emplace_back(key);
  const auto found = object_.find(key);
  return found == object_.end() || found->is_null() ? nullptr : &*found;
}

void ConfigReader::refuse(std::string message, std::string remedy) {
  problems_.push_back({std::nullopt, std::move(message), std::move(remedy)});
}

void ConfigReader::missing(std::string_view key) {
  refuse(fmt::format("missing field '{}' in {}", key, where_),
         "nothing is guessed: copy the field from the published config");
}

void ConfigReader::wrong(std::string_view key, std::string_view expected) {
  std::string value = object_.at(std::string(key)).dump(-1, ' ', false,
                                                        json::error_handler_t::replace);
  if (value.size() > 40) value = value.substr(0, 40) + "...";
  refuse(fmt::format("'{}' in {} is {}, and must be {}", key, where_, value, expected), "");
}

void ConfigReader::fill(std::string_view key, const std::string& value, std::string_view reason) {
  filled_.push_back(fmt::format("{} = {} ({})", key, value, reason));
}

std::optional<Integer> ConfigReader::optional_size(std::string_view key, const Range& range) {
  const json* value = find(key);
  if (value == nullptr) return std::nullopt;
  // As a double first: an unsigned number past 2^63 would wrap.
  if (value->is_number_integer() && value->get<double>() >= static_cast<double>(range.least) &&
      value->get<double>() <= static_cast<double>(range.most)) {
    return Integer(value->get<std::int64_t>());
  }
  wrong(key, fmt::format("a whole number from {} to {}", range.least, range.most));
  return Integer(1);
}

std::optional<double> ConfigReader::optional_real(std::string_view key) {
  const json* value = find(key);
  if (value == nullptr) return std::nullopt;
  if (value->is_number() && std::isfinite(value->get<double>()) && value->get<double>() > 0) {
    return value->get<double>();
  }
  wrong(key, "a number above 0");
  return 1.0;
}

std::optional<bool> ConfigReader::optional_flag(std::string_view key) {
  const json* value = find(key);
  if (value == nullptr) return std::nullopt;
  if (value->is_boolean()) return value->get<bool>();
  wrong(key, "true or false");
  return false;
}

std::optional<std::string> ConfigReader::optional_text(std::string_view key) {
  const json* value = find(key);
  if (value == nullptr) return std::nullopt;
  if (value->is_string()) return value->get<std::string>();
  wrong(key, "a text");
  return std::string();
}

Integer ConfigReader::size(std::string_view key, const Range& range) {
  if (find(key) == nullptr) missing(key);
  return optional_size(key, range).value_or(1);
}

double ConfigReader::real(std::string_view key) {
  if (find(key) == nullptr) missing(key);
  return optional_real(key).value_or(1);
}

std::string ConfigReader::text(std::string_view key) {
  if (find(key) == nullptr) missing(key);
  return optional_text(key).value_or("");
}

Integer ConfigReader::size_or(std::string_view key, Integer value, std::string_view reason) {
  if (find(key) == nullptr) fill(key, std::to_string(value.value()), reason);
  return optional_size(key).value_or(value);
}

double ConfigReader::real_or(std::string_view key, double value, std::string_view reason) {
  if (find(key) == nullptr) fill(key, fmt::format("{}", value), reason);
  return optional_real(key).value_or(value);
}

bool ConfigReader::flag_or(std::string_view key, bool value, std::string_view reason) {
  if (find(key) == nullptr) fill(key, value ? "true" : "false", reason);
  return optional_flag(key).value_or(value);
}

void ConfigReader::only(std::string_view key, const json& expected) {
  const json* value = find(key);
  if (value == nullptr || *value == expected) return;
  std::string shown = value->dump(-1, ' ', false, json::error_handler_t::replace);
  if (shown.size() > 40) shown = shown.substr(0, 40) + "...";
  refuse(fmt::format("'{}' in {} is {}; only {} is supported", key, where_, shown,
                     expected.dump()),
         "it changes the arithmetic, and no formula for another architecture is used in its place");
}

void ConfigReader::inert(std::initializer_list<std::string_view> keys) {
  known_.insert(known_.end(), keys.begin(), keys.end());
}

const json* ConfigReader::object(std::string_view key) {
  const json* value = find(key);
  if (value == nullptr || value->is_object()) return value;
  wrong(key, "an object");
  return nullptr;
}

std::vector<std::int64_t> ConfigReader::indices(std::string_view key) {
  const json* value = find(key);
  if (value == nullptr) return {};
  std::vector<std::int64_t> indices;
  if (value->is_array()) {
    for (const json& item : *value) {
      if (item.is_number_integer()) indices.push_back(item.get<std::int64_t>());
    }
    if (indices.size() == value->size()) return indices;
  }
  wrong(key, "a list of whole numbers");
  return {};
}

std::vector<std::string> ConfigReader::texts(std::string_view key) {
  const json* value = find(key);
  if (value == nullptr) return {};
  std::vector<std::string> texts;
  if (value->is_array()) {
    for (const json& item : *value) {
      if (item.is_string()) texts.push_back(item.get<std::string>());
    }
    if (texts.size() == value->size()) return texts;
  }
  wrong(key, "a list of texts");
  return {};
}

void ConfigReader::refuse_unknown_fields() {
  for (const auto& [key, value] : object_.items()) {
    if (key.starts_with('_')) continue;
    if (std::find(known_.begin(), known_.end(), key) != known_.end()) continue;
    const auto nearest = nearest_name(key, known_);
    refuse(fmt::format("unknown field '{}' in {}", key, where_),
           nearest ? fmt::format("did you mean '{}'?", *nearest)
                   : "it may change the arithmetic, so it is not passed over");
  }
}

}  // namespace llmarch
