#include "sim/toml/changed_spec.h"

#include <fmt/format.h>

#include <charconv>

#include "sim/spec/diagnostics.h"
#include "sim/spec/meant_names.h"
#include "sim/spec/split.h"
#include "sim/toml/spec_table.h"
#include "sim/toml/toml_writer.h"
#include "sim/toml/window_pattern.h"

namespace llmarch {
namespace {

constexpr const char* kForm =
    "write KEY=VALUE with the keys of 'llmarch help spec-format', as attention.local.window=512, "
    "or gqa=8, mla=512, window=1k:3, layers=40, experts=64:4; KEY= takes a key out";

// Carries what is wrong to change_spec.
struct Refused {
  std::string problem, remedy;
};

// None where the text is not a whole number, alone or of k or M.
std::optional<std::int64_t> whole_number(const std::string& text) {
  std::int64_t number = 0;
  const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const std::string unit(rest, text.data() + text.size());
  const std::int64_t factor = unit.empty() ? 1 : unit == "k" ? 1'024 : unit == "M" ? 1'048'576 : 0;
  constexpr std::int64_t kMost = std::int64_t{1} << 40;
  if (error != std::errc() || factor == 0 || number < -kMost || number > kMost) return std::nullopt;
  return number * factor;
}

std::int64_t count_of(const std::string& change, const std::string& text) {
  const auto number = whole_number(text);
  if (number && *number > 0) return *number;
  throw Refused{
      fmt::format("'{}' in '{}' is not a whole number above 0", printable(text), printable(change)),
      kForm};
}

// As TOML has it; a word without quotes is a text.
void set(toml::table& table, const std::string& key, const std::string& value) {
  if (const auto number = whole_number(value)) return void(table.insert_or_assign(key, *number));
  try {
    const toml::table read = toml::parse("value = " + value);
    table.insert_or_assign(key, *read.get("value"));
  } catch (const toml::parse_error&) {
    table.insert_or_assign(key, value);
  }
}

// The table that holds the last part of a key.
toml::table& table_of(toml::table& spec, const std::vector<std::string>& path) {
  toml::table* table = &spec;
  for (std::size_t i = 0; i + 1 < path.size(); ++i) {
    toml::node* inner = table->get(path[i]);
    if (inner != nullptr && inner->is_table()) {
      table = inner->as_table();
      continue;
    }
    std::vector<std::string> known;
    for (const auto& [key, node] : *table) {
      if (node.is_table()) known.emplace_back(key.str());
    }
    throw Refused{fmt::format("the model has no table {}", quote_name(path[i])),
                  suggest(path[i], known)};
  }
  return *table;
}

void change_key(toml::table& spec, const std::string& key, const std::string& value) {
  const std::vector<std::string> path = split(key, '.');
  toml::table& table = table_of(spec, path);
  if (!value.empty()) return set(table, path.back(), value);
  if (table.erase(path.back()) > 0) return;
  throw Refused{fmt::format("there is no {} to take out", quote_name(key)), kForm};
}

// Calls `change` with every table of that kind under `blocks`, of which there must be one.
template <class Change>
void for_each_kind(toml::table& spec, const char* blocks, const std::string& kind,
                   const Change& change) {
  bool found = false;
  if (toml::table* tables = spec[blocks].as_table()) {
    for (auto&& [name, node] : *tables) {
      toml::table* table = node.as_table();
      if (table == nullptr || (*table)["kind"].value_or(std::string()) != kind) continue;
      found = true;
      change(*table);
    }
  }
  if (!found)
    throw Refused{fmt::format("the model has no {} of the kind '{}'", blocks, kind), kForm};
}

// The attention's heads and positions with a latent of that size in the place of its keys and
// values. As in DeepSeek-V2 (arXiv 2405.04434), half as many elements of a head again are rotated.
toml::table latent_instead(const toml::table& spec, const toml::table& grouped,
                           std::int64_t latent) {
  const std::int64_t head_dim = grouped["head_dim"].value_or(std::int64_t{0});
  toml::table mla;
  mla.insert("kind", "latent");
  mla.insert("query_heads", grouped["query_heads"].value_or(std::int64_t{0}));
  mla.insert("kv_latent_dim", latent);
  mla.insert("nope_head_dim", head_dim);
  mla.insert("rope_head_dim", head_dim / 2);
  mla.insert("value_head_dim", head_dim);
  mla.insert("latent_norm_epsilon", spec["norm"]["epsilon"].value_or(1e-6));
  if (const toml::table* rotary = grouped["rotary"].as_table()) mla.insert("rotary", *rotary);
  return mla;
}

void set_latent(toml::table& spec, std::int64_t latent) {
  for_each_kind(spec, "attention", "grouped", [&](toml::table& attention) {
    attention = latent_instead(spec, attention, latent);
  });
}

void set_layers(toml::table& spec, std::int64_t layers) {
  toml::array* stack = spec["stack"].as_array();
  toml::table* only = stack != nullptr && stack->size() == 1 ? stack->get(0)->as_table() : nullptr;
  if (only == nullptr) {
    throw Refused{"the model's layers have more than one pattern",
                  "write stack=[{layers=[\"block\"],repeat=40}] with its kinds of layer"};
  }
  const auto pattern = static_cast<std::int64_t>((*only)["layers"].as_array()->size());
  if (layers % pattern != 0) {
    throw Refused{
        fmt::format("{} layers are no multiple of the {} of the pattern", layers, pattern),
        fmt::format("ask for {}", (layers / pattern + 1) * pattern)};
  }
  only->insert_or_assign("repeat", layers / pattern);
}

void set_experts(toml::table& spec, const std::string& change, const std::string& value) {
  const std::vector<std::string> counts = split(value, ':');
  const std::int64_t experts = count_of(change, counts.front());
  for_each_kind(spec, "feed_forward", "mixture", [&](toml::table& mixture) {
    mixture.insert_or_assign("experts", experts);
    if (counts.size() < 2) return;
    mixture.insert_or_assign("experts_per_token", count_of(change, counts[1]));
  });
}

// "1k" in every layer, "1k:3" in three of four, "" in none.
void set_windows(toml::table& spec, const std::string& change, const std::string& value) {
  const std::vector<std::string> numbers = split(value, ':');
  if (numbers.size() > 1) {
    const auto problem =
        set_windows_between(spec, count_of(change, numbers[0]), count_of(change, numbers[1]));
    if (problem) throw Refused{*problem, kForm};
    return;
  }
  for_each_kind(spec, "attention", "grouped", [&](toml::table& attention) {
    if (value.empty()) return void(attention.erase("window"));
    attention.insert_or_assign("window", count_of(change, value));
  });
}

void apply(toml::table& spec, const std::string& change) {
  const std::size_t sign = change.find('=');
  if (sign == std::string::npos || sign == 0) {
    throw Refused{fmt::format("{} is no change of a model", quote_name(change)), kForm};
  }
  const std::string key = change.substr(0, sign);
  const std::string value = change.substr(sign + 1);
  if (key == "gqa") {
    const std::int64_t heads = count_of(change, value);
    return for_each_kind(spec, "attention", "grouped", [&](toml::table& attention) {
      attention.insert_or_assign("kv_heads", heads);
    });
  }
  if (key == "window") return set_windows(spec, change, value);
  if (key == "mla") return set_latent(spec, count_of(change, value));
  if (key == "layers") return set_layers(spec, count_of(change, value));
  if (key == "experts") return set_experts(spec, change, value);
  change_key(spec, key, value);
}

}  // namespace

SpecLoad change_spec(const ArchSpec& base, const std::vector<std::string>& changes) {
  ArchSpec spec = base;
  spec.published.reset();  // what the makers state is of another model
  toml::table table = toml::parse(write_toml_spec(spec, {}));
  try {
    for (const std::string& change : changes) apply(table, change);
  } catch (const Refused& refused) {
    return {std::nullopt, {{std::nullopt, refused.problem, refused.remedy}}, {}};
  }
  SpecLoad load = read_spec(table);
  for (Diagnostic& problem : load.problems) problem.place.reset();
  return load;
}

}  // namespace llmarch
