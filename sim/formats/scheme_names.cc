#include "sim/formats/scheme_names.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <set>

#include "sim/decimal.h"
#include "sim/formats/named_schemes.h"

namespace llmarch {
namespace {

// Number formats that tensors are stored in by themselves. fp4 is not: nobody stores it without
// scales.
constexpr std::array kStored{DType::f32, DType::bf16, DType::f16,
                             DType::fp8, DType::int8, DType::int4};

std::optional<std::int64_t> whole_number_in(std::string_view text) {
  std::int64_t number{};
  const char* const end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, number);
  return error == std::errc() && rest == end ? std::optional(number) : std::nullopt;
}

std::optional<double> decimal_in(std::string_view text) {
  double number{};
  const auto [rest, error] = read_decimal(text, number);
  const bool whole = rest == text.data() + text.size();
  return error == std::errc() && whole ? std::optional(number) : std::nullopt;
}

std::optional<Scheme> grouped_scheme(std::string_view text) {
  for (const GroupedScheme& each : grouped_schemes()) {
    if (text == each.name) return Scheme(std::string(text), DType::bf16, each.formats(each.usual));
    const std::string with_group = std::string(each.name) + "-g";
    if (!text.starts_with(with_group)) continue;
    const auto group = whole_number_in(text.substr(with_group.size()));
    if (!group || *group < 1 || *group > 65'536) return std::nullopt;
    return Scheme(std::string(text), DType::bf16, each.formats(*group));
  }
  return std::nullopt;
}

// "5.0bpw": so many bits for every weight, whatever the rules of the quantiser were.
std::optional<Scheme> by_bits(std::string_view text) {
  constexpr std::string_view kUnit = "bpw";
  if (!text.ends_with(kUnit)) return std::nullopt;
  const auto bits = decimal_in(text.substr(0, text.size() - kUnit.size()));
  if (!bits || !(*bits >= 0.1) || *bits > 32) return std::nullopt;
  constexpr std::int64_t kParts = 10'000;
  const StorageFormat format{"bits per weight", std::llround(*bits * kParts), {}, kParts};
  return Scheme(std::string(text), DType::bf16, format);
}

std::optional<Scheme> single_scheme(std::string_view text) {
  for (const DType dtype : kStored) {
    if (name_of(dtype) == text) return dtype;
  }
  for (const NamedScheme& each : named_schemes()) {
    if (each.name == text) return Scheme(std::string(text), each.arithmetic, each.formats);
  }
  for (const Mixture& mixture : gguf_mixtures()) {
    if (mixture.name == text) return Scheme(std::string(text), DType::bf16, &mixture);
  }
  if (auto scheme = grouped_scheme(text)) return scheme;
  if (auto scheme = by_bits(text)) return scheme;
  const StorageFormat* const format = find_storage_format(text);
  if (format == nullptr) return std::nullopt;
  return Scheme(std::string(text), DType::bf16, PureGguf{*format});
}

std::vector<KnownName> known_schemes() {
  std::vector<KnownName> known;
  for (const SchemeHelp& help : scheme_help()) known.push_back({help.name});
  for (KnownName& each : known) {
    const auto named = std::ranges::find(named_schemes(), each.name, &NamedScheme::name);
    if (named != named_schemes().end()) each.also = named->also;
  }
  return known;
}

std::string with_hyphens(std::string_view name) {
  std::string text(name);
  std::ranges::replace(text, ' ', '-');
  return text;
}

// The name of a part of the model, "experts" or "value-projection".
std::optional<TensorSelector> named_part(std::string_view name) {
  constexpr std::array<std::pair<std::string_view, Component>, 3> kShort{
      {{"embedding", Component::token_embedding},
       {"ffn", Component::feed_forward},
       {"shared", Component::shared_experts}}};
  if (name == "layers") return TensorSelector{};
  for (const auto& [short_name, component] : kShort) {
    if (name == short_name) return TensorSelector{component, std::nullopt, std::nullopt};
  }
  for (const Component component : enumerators<Component>()) {
    if (with_hyphens(name_of(component)) == name) return TensorSelector{component, {}, {}};
  }
  for (const WeightRole role : enumerators<WeightRole>()) {
    if (with_hyphens(name_of(role)) == name) return TensorSelector{{}, role, {}};
  }
  return std::nullopt;
}

std::vector<std::string> names_of_parts() {
  std::vector<std::string> names{"layers", "rest", "embedding", "ffn"};
  for (const Component component : enumerators<Component>()) {
    names.push_back(with_hyphens(name_of(component)));
  }
  for (const WeightRole role : enumerators<WeightRole>()) {
    names.push_back(with_hyphens(name_of(role)));
  }
  return names;
}

// "0-3" or "5".
std::optional<std::pair<Integer, Integer>> layer_range(std::string_view text) {
  const std::size_t dash = text.find('-');
  const auto first = whole_number_in(text.substr(0, dash));
  const auto last = dash == std::string_view::npos ? first : whole_number_in(text.substr(dash + 1));
  if (!first || !last || *first < 0 || *last < *first) return std::nullopt;
  return std::pair<Integer, Integer>(*first, *last);
}

struct PolicyPart {
  std::string_view key, value;
};

std::vector<PolicyPart> parts_of(std::string_view text) {
  std::vector<PolicyPart> parts;
  while (!text.empty()) {
    const std::size_t comma = text.find(',');
    const std::string_view item = text.substr(0, comma);
    const std::size_t equals = item.find('=');
    const bool has_value = equals != std::string_view::npos;
    parts.push_back({item.substr(0, equals), has_value ? item.substr(equals + 1) : ""});
    text = comma == std::string_view::npos ? "" : text.substr(comma + 1);
  }
  return parts;
}

// The format of products of a model whose parts are stored in several ways: that of all of them, or
// 16 bits.
DType common_arithmetic(const Policy& policy) {
  const DType rest = policy.rest->arithmetic();
  const bool same = std::ranges::all_of(
      policy.rules, [&](const PolicyRule& rule) { return rule.scheme->arithmetic() == rest; });
  return same ? rest : DType::bf16;
}

SchemeReading<Scheme> no_scheme(std::string problem, std::string remedy) {
  return {std::nullopt, std::move(problem), std::move(remedy)};
}

SchemeReading<Scheme> unknown_scheme(std::string_view text) {
  const auto meant = did_you_mean(text, known_schemes());
  return no_scheme(fmt::format("unknown format '{}'", text),
                   meant.value_or("'llmarch help formats' lists them"));
}

SchemeReading<Scheme> unknown_part(std::string_view name) {
  std::vector<KnownName> known;
  for (std::string& each : names_of_parts()) known.push_back({std::move(each)});
  return no_scheme(fmt::format("unknown part of a model '{}'", name),
                   did_you_mean(name, known)
                       .value_or("write experts=mxfp4,rest=bf16, or value-"
                                 "projection@0-3=q6_k,rest=q4_k"));
}

std::optional<PolicyRule> rule_of(std::string_view key, const Scheme& scheme) {
  const std::size_t at = key.find('@');
  auto selector = named_part(key.substr(0, at));
  if (!selector) return std::nullopt;
  if (at != std::string_view::npos) {
    selector->layers = layer_range(key.substr(at + 1));
    if (!selector->layers) return std::nullopt;
  }
  return PolicyRule{*selector, std::make_shared<const Scheme>(scheme)};
}

SchemeReading<Scheme> read_policy(std::string_view text) {
  Policy policy;
  for (const auto& [key, value] : parts_of(text)) {
    const auto scheme = single_scheme(value);
    if (!scheme) return unknown_scheme(value);
    if (key == "rest") {
      if (policy.rest != nullptr) {
        return no_scheme(fmt::format("'{}' says twice how the rest is stored", text),
                         "leave one of the two out");
      }
      policy.rest = std::make_shared<const Scheme>(*scheme);
      continue;
    }
    auto rule = rule_of(key, *scheme);
    if (!rule) return unknown_part(key);
    policy.rules.push_back(std::move(*rule));
  }
  if (policy.rest == nullptr) {
    return no_scheme(fmt::format("'{}' does not say how the rest of the model is stored", text),
                     fmt::format("write {},rest=bf16", text));
  }
  const DType arithmetic = common_arithmetic(policy);
  return {Scheme(std::string(text), arithmetic, std::move(policy))};
}

// What caches can be stored in: plain formats, and those of ggml that quantise as they go.
constexpr std::array kCacheFormats{ggml::kQ8_0,        ggml::kQ5_1,       ggml::kQ5_0,
                                   ggml::kQ4_1,        ggml::kQ4_0,       ggml::kIq4_Nl,
                                   checkpoint::kMxfp8, checkpoint::kMxfp4};

std::optional<StorageFormat> cache_format(std::string_view name) {
  for (const DType dtype : kStored) {
    if (name_of(dtype) == name) return plain(dtype);
  }
  const auto* const found = std::ranges::find(kCacheFormats, name, &StorageFormat::name);
  return found == kCacheFormats.end() ? std::nullopt : std::optional(*found);
}

SchemeReading<CacheScheme> unknown_cache_format(std::string_view name) {
  std::vector<KnownName> known;
  for (const SchemeHelp& help : cache_scheme_help()) known.push_back({help.name});
  return {std::nullopt, fmt::format("unknown format of a cache '{}'", name), suggest(name, known)};
}

}  // namespace

SchemeReading<Scheme> read_scheme(std::string_view text) {
  if (text.find('=') != std::string_view::npos) return read_policy(text);
  auto scheme = single_scheme(text);
  return scheme ? SchemeReading<Scheme>{std::move(scheme)} : unknown_scheme(text);
}

SchemeReading<CacheScheme> read_cache_scheme(std::string_view text) {
  for (const DType dtype : kStored) {
    if (name_of(dtype) == text) return {CacheScheme(dtype)};
  }
  if (text.find('=') == std::string_view::npos) {
    const auto format = cache_format(text);
    if (!format) return unknown_cache_format(text);
    return {CacheScheme(std::string(text), *format, *format)};
  }
  std::optional<StorageFormat> keys;
  std::optional<StorageFormat> values;
  bool known = true;  // every key so far, and each is there once
  for (const auto& [key, value] : parts_of(text)) {
    const auto format = cache_format(value);
    if (!format) return unknown_cache_format(value);
    std::optional<StorageFormat>* const side = key == "k" ? &keys : key == "v" ? &values : nullptr;
    known = known && side != nullptr && !*side;
    if (known) *side = format;
  }
  if (known && keys && values) return {CacheScheme(std::string(text), *keys, *values)};
  return {std::nullopt, fmt::format("'{}' does not say the formats of keys and values", text),
          "write k=q8_0,v=q4_0"};
}

std::vector<SchemeHelp> scheme_help() {
  std::vector<SchemeHelp> help;
  for (const DType dtype : kStored) {
    help.push_back({std::string(name_of(dtype)), "every tensor in it, without scales"});
  }
  for (const NamedScheme& each : named_schemes()) {
    help.push_back({std::string(each.name), std::string(each.meaning)});
  }
  for (const GroupedScheme& each : grouped_schemes()) {
    help.push_back({std::string(each.name),
                    fmt::format("{} by {}; {}-g32 by 32", each.meaning, each.usual, each.name)});
  }
  for (const Mixture& mixture : gguf_mixtures()) {
    help.push_back({std::string(mixture.name),
                    fmt::format("llama.cpp's: most matrices in {}, the head in {}, norms in f32",
                                mixture.format.name, mixture.head.name)});
  }
  for (const FormatRow& row : storage_formats()) {
    const bool there = std::ranges::any_of(
        help, [&](const SchemeHelp& each) { return each.name == row.format.name; });
    if (!there && single_scheme(row.format.name)) {
      help.push_back({std::string(row.format.name), "every matrix in it, norms in f32"});
    }
  }
  return help;
}

std::vector<SchemeHelp> cache_scheme_help() {
  std::vector<SchemeHelp> help;
  for (const DType dtype : kStored) help.push_back({std::string(name_of(dtype)), "no scales"});
  for (const StorageFormat& format : kCacheFormats) {
    help.push_back({std::string(format.name), "with scales"});
  }
  return help;
}

std::vector<std::string> split_schemes(const std::vector<std::string>& items) {
  std::vector<std::string> schemes;
  std::set<std::string> keys;  // of the last one
  for (const std::string& item : items) {
    const std::size_t equals = item.find('=');
    const bool is_part = equals != std::string::npos;
    const bool continues = is_part && !keys.empty() && !keys.contains(item.substr(0, equals));
    if (!continues) keys.clear();
    if (is_part) keys.insert(item.substr(0, equals));
    continues ? void(schemes.back() += "," + item) : schemes.push_back(item);
  }
  return schemes;
}

}  // namespace llmarch
