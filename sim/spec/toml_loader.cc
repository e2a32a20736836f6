#include "sim/spec/toml_loader.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <type_traits>

#include "sim/spec/fields.h"
#include "sim/spec/rules.h"

#define TOML_ENABLE_FORMATTERS 0
#include <toml++/toml.h>

namespace llmarch {
namespace {

Place place_of_key(const toml::key& key) {
  return {key.source().begin.line, key.source().begin.column,
          static_cast<std::int64_t>(key.str().size())};
}

Place place_of_node(const toml::node& node) {
  const toml::source_region& source = node.source();
  const bool one_line = source.end.line == source.begin.line;
  const std::int64_t length = one_line && source.end.column > source.begin.column
                                  ? source.end.column - source.begin.column
                                  : 1;
  return {source.begin.line, source.begin.column, length};
}

std::string_view type_name(const toml::node& node) {
  switch (node.type()) {
    case toml::node_type::table: return "a table";
    case toml::node_type::array: return "a list";
    case toml::node_type::string: return "a text";
    case toml::node_type::integer: return "a whole number";
    case toml::node_type::floating_point: return "a real number";
    case toml::node_type::boolean: return "true or false";
    case toml::node_type::date:
    case toml::node_type::time:
    case toml::node_type::date_time: return "a date or time";
    case toml::node_type::none: break;
  }
  return "nothing";
}

template <class Enum>
std::vector<std::string> value_names() {
  std::vector<std::string> names;
  for (const auto& [name, value] : Names<Enum>::values) names.emplace_back(name);
  return names;
}

template <class Variant>
std::vector<std::string> alternative_names() {
  return {Names<Variant>::alternatives.begin(), Names<Variant>::alternatives.end()};
}

// Reads one table: each declared field is looked up, and what is left over is unknown.
class TableReader {
 public:
  // `what` names the table to the user: "the spec", "attention 'local'".
  TableReader(const toml::table& table, Place place, std::string path, std::string what,
              SpecLoad& load)
      : table_(table), place_(place), path_(std::move(path)), what_(std::move(what)), load_(load) {
    load_.places.emplace(path_, place_);
  }

  void operator()(const Field& field, Integer& member, const Range& range) {
    if (const toml::node* node = required(field)) read_integer(field, *node, member, range);
  }
  void operator()(const Field& field, double& member, const RealRange& range) {
    if (const toml::node* node = required(field)) read_real(field, *node, member, range);
  }
  void operator()(const Field& field, std::string& member) {
    if (const toml::node* node = required(field)) read_text(field, *node, member);
  }
  // A flag adds a part; left out, the part is not there.
  void operator()(const Field& field, bool& member) {
    const toml::node* node = find(field);
    if (node == nullptr) return;
    if (const auto value = node->value_exact<bool>()) {
      member = *value;
    } else {
      wrong_type(field, *node, "true or false");
    }
  }
  template <class Enum>
    requires std::is_enum_v<Enum>
  void operator()(const Field& field, Enum& member) {
    if (const toml::node* node = required(field)) read_enum(field, *node, member);
  }
  void operator()(const Field& field, Reference& member) {
    (*this)(field, member.name);
  }
  void operator()(const Field& field, std::vector<Reference>& member) {
    if (const toml::node* node = required(field)) read_names(field, *node, member);
  }
  template <class Value, class... Bounds>
  void operator()(const Field& field, std::optional<Value>& member, const Bounds&... bounds) {
    if (find(field) == nullptr) return;
    Value value{};
    (*this)(field, value, bounds...);
    member = std::move(value);
  }
  template <class... Alternatives>
  void operator()(const Field& field, std::variant<Alternatives...>& member) {
    if (const toml::table* table = required_table(field)) {
      read_variant(*table, place_of_field(field), child(field), nested(field), member);
    }
  }
  template <class Struct>
    requires(std::is_class_v<Struct>)
  void operator()(const Field& field, Struct& member) {
    if (const toml::table* table = required_table(field)) {
      read_struct(*table, place_of_field(field), child(field), nested(field), member);
    }
  }
  template <class Value>
  void operator()(const Field& field, std::vector<Named<Value>>& member) {
    if (const toml::table* table = required_table(field)) read_named(field, *table, member);
  }
  void operator()(const Field& field, std::vector<Segment>& member) {
    if (const toml::node* node = required(field)) read_segments(field, *node, member);
  }

  // A variant's `kind` has been read by its caller.
  void know(std::string_view key) { known_.emplace_back(key); }

  void report_unknown_keys() {
    for (const auto& [key, node] : table_) {
      const std::string name(key.str());
      if (std::find(known_.begin(), known_.end(), name) != known_.end()) continue;
      problem(place_of_key(key), fmt::format("unknown key '{}' in {}", name, what_),
              suggest(name, known_));
    }
  }

 private:
  void problem(Place place, std::string message, std::string remedy) {
    load_.problems.push_back({place, std::move(message), std::move(remedy)});
  }

  std::string child(const Field& field) const {
    return path_.empty() ? std::string(field.key) : fmt::format("{}.{}", path_, field.key);
  }

  std::string nested(const Field& field) const {
    return path_.empty() ? std::string(field.key) : fmt::format("{} of {}", field.key, what_);
  }

  const toml::node* find(const Field& field) {
    if (std::find(known_.begin(), known_.end(), field.key) == known_.end()) know(field.key);
    const toml::node* node = table_.get(field.key);
    if (node != nullptr) load_.places.emplace(child(field), value_place(field, *node));
    return node;
  }

  // Tables made by a header have no place of their own that a reader would call theirs.
  Place value_place(const Field& field, const toml::node& node) const {
    return node.is_table() || node.is_array_of_tables() ? place_of_field(field)
                                                        : place_of_node(node);
  }

  Place place_of_field(const Field& field) const {
    for (const auto& [key, node] : table_) {
      if (key.str() == field.key) return place_of_key(key);
    }
    return place_;
  }

  const toml::node* required(const Field& field) {
    const toml::node* node = find(field);
    if (node == nullptr) {
      problem(place_, fmt::format("missing key '{}' in {}", field.key, what_),
              fmt::format("add '{}': {}", field.key, field.meaning));
    }
    return node;
  }

  const toml::table* required_table(const Field& field) {
    const toml::node* node = required(field);
    if (node == nullptr) return nullptr;
    if (!node->is_table()) wrong_type(field, *node, "a table");
    return node->as_table();
  }

  void wrong_type(const Field& field, const toml::node& node, std::string_view expected) {
    problem(place_of_node(node),
            fmt::format("'{}' in {} is {}, and must be {}", field.key, what_, type_name(node),
                        expected),
            std::string(field.meaning));
  }

  void read_integer(const Field& field, const toml::node& node, Integer& member,
                    const Range& range) {
    const auto value = node.value_exact<std::int64_t>();
    if (!value) return wrong_type(field, node, "a whole number");
    if (*value >= range.least && *value <= range.most) {
      member = *value;
      return;
    }
    problem(place_of_node(node), fmt::format("'{}' in {} is {}", field.key, what_, *value),
            fmt::format("{} must be from {} to {}", field.key, range.least, range.most));
  }

  void read_real(const Field& field, const toml::node& node, double& member,
                 const RealRange& range) {
    if (!node.is_number()) return wrong_type(field, node, "a number");
    const double value = *node.value<double>();
    if (std::isfinite(value) && value > range.above && value <= range.most) {
      member = value;
      return;
    }
    problem(place_of_node(node), fmt::format("'{}' in {} is {}", field.key, what_, value),
            fmt::format("{} must be above {} and at most {}", field.key, range.above, range.most));
  }

  void read_text(const Field& field, const toml::node& node, std::string& member) {
    const auto value = node.value_exact<std::string>();
    if (!value) return wrong_type(field, node, "a text");
    member = *value;
    if (member.empty()) {
      problem(place_of_node(node), fmt::format("'{}' in {} is empty", field.key, what_),
              std::string(field.meaning));
    }
  }

  template <class Enum>
  void read_enum(const Field& field, const toml::node& node, Enum& member) {
    const auto text = node.value_exact<std::string>();
    if (!text) return wrong_type(field, node, "a text");
    for (const auto& [name, value] : Names<Enum>::values) {
      if (name == *text) {
        member = value;
        return;
      }
    }
    problem(place_of_node(node), fmt::format("unknown {} '{}' in {}", field.key, *text, what_),
            suggest(*text, value_names<Enum>()));
  }

  void read_names(const Field& field, const toml::node& node, std::vector<Reference>& member) {
    const toml::array* array = node.as_array();
    if (array == nullptr) return wrong_type(field, node, "a list of names");
    if (array->empty()) {
      problem(place_of_node(node), fmt::format("'{}' in {} is empty", field.key, what_),
              std::string(field.meaning));
    }
    for (const toml::node& item : *array) {
      const auto name = item.value_exact<std::string>();
      if (!name) {
        wrong_type(field, item, "a list of names");
        continue;
      }
      load_.places.emplace(fmt::format("{}.{}", child(field), member.size()), place_of_node(item));
      member.push_back({*name});
    }
  }

  template <class Struct>
  void read_struct(const toml::table& table, Place place, const std::string& path,
                   const std::string& what, Struct& member) {
    TableReader reader(table, place, path, what, load_);
    visit_fields(reader, member);
    reader.report_unknown_keys();
  }

  template <class... Alternatives>
  void read_variant(const toml::table& table, Place place, const std::string& path,
                    const std::string& what, std::variant<Alternatives...>& member) {
    using Variant = std::variant<Alternatives...>;
    const std::string meaning =
        fmt::format("one of {}", fmt::join(Names<Variant>::alternatives, ", "));
    const Field kind{"kind", meaning};
    TableReader reader(table, place, path, what, load_);
    std::string name;
    reader(kind, name);
    std::size_t index = 0;
    const bool chosen = ((name == Names<Variant>::alternatives[index]
                              ? (member.template emplace<Alternatives>(), true)
                              : (++index, false)) ||
                         ...);
    if (chosen) {
      std::visit([&](auto& alternative) { visit_fields(reader, alternative); }, member);
      reader.report_unknown_keys();
    } else if (!name.empty()) {
      problem(place_of_node(*table.get("kind")), fmt::format("unknown kind '{}' of {}", name, what),
              suggest(name, alternative_names<Variant>()));
    }
  }

  template <class Value>
  void read_named(const Field& field, const toml::table& table, std::vector<Named<Value>>& member) {
    for (const auto& [key, node] : table) {
      const std::string name(key.str());
      const std::string what = fmt::format("{} '{}'", field.key, name);
      const toml::table* inner = node.as_table();
      if (inner == nullptr) {
        problem(place_of_key(key), fmt::format("{} is {}, and must be a table", what,
                                               type_name(node)),
                fmt::format("write it as [{}.{}]", field.key, name));
        continue;
      }
      member.push_back({name, {}});
      const std::string path = fmt::format("{}.{}", child(field), name);
      read_value(*inner, place_of_key(key), path, what, member.back().value);
    }
  }

  template <class... Alternatives>
  void read_value(const toml::table& table, Place place, const std::string& path,
                  const std::string& what, std::variant<Alternatives...>& member) {
    read_variant(table, place, path, what, member);
  }
  void read_value(const toml::table& table, Place place, const std::string& path,
                  const std::string& what, Layer& member) {
    read_struct(table, place, path, what, member);
  }

  void read_segments(const Field& field, const toml::node& node, std::vector<Segment>& member) {
    const toml::array* array = node.as_array();
    if (array == nullptr) return wrong_type(field, node, "a list of tables, [[stack]]");
    for (const toml::node& item : *array) {
      const toml::table* table = item.as_table();
      if (table == nullptr) {
        wrong_type(field, item, "a list of tables, [[stack]]");
        continue;
      }
      const std::string path = fmt::format("{}.{}", child(field), member.size());
      member.emplace_back();
      read_struct(*table, place_of_node(item), path,
                  fmt::format("segment {} of the stack", member.size()), member.back());
    }
  }

  const toml::table& table_;
  Place place_;
  std::string path_;
  std::string what_;
  SpecLoad& load_;
  std::vector<std::string> known_;
};

template <class Value>
void resolve(Reference& reference, const std::vector<Named<Value>>& definitions,
             std::string_view table, const std::string& path, SpecLoad& load) {
  if (reference.name.empty()) return;  // already reported as missing
  std::vector<std::string> names;
  for (std::size_t i = 0; i < definitions.size(); ++i) {
    if (definitions[i].name == reference.name) {
      reference.index = i;
      return;
    }
    names.push_back(definitions[i].name);
  }
  load.problems.push_back(
      {place_of(load.places, path), fmt::format("{} '{}' is not defined", table, reference.name),
       names.empty() ? fmt::format("define it as [{}.{}]", table, reference.name)
                     : fmt::format("{}; or define [{}.{}]", suggest(reference.name, names), table,
                                   reference.name)});
}

void resolve_references(ArchSpec& spec, SpecLoad& load) {
  for (auto& [name, layer] : spec.layer) {
    const std::string path = "layer." + name;
    resolve(layer.attention, spec.attention, "attention", path + ".attention", load);
    resolve(layer.feed_forward, spec.feed_forward, "feed_forward", path + ".feed_forward", load);
  }
  for (std::size_t segment = 0; segment < spec.stack.size(); ++segment) {
    for (std::size_t i = 0; i < spec.stack[segment].layers.size(); ++i) {
      resolve(spec.stack[segment].layers[i], spec.layer, "layer",
              fmt::format("stack.{}.layers.{}", segment, i), load);
    }
  }
}

// A field that is not in the file breaks no rule of its own: it has been reported as missing.
void check_rules(const ArchSpec& spec, SpecLoad& load) {
  for (Problem& problem : broken_rules(spec)) {
    if (!load.places.contains(problem.path)) continue;
    load.problems.push_back({place_of(load.places, problem.path), std::move(problem.message),
                             std::move(problem.remedy)});
  }
}

SpecLoad syntax_error(const toml::parse_error& error) {
  const toml::source_position& position = error.source().begin;
  SpecLoad load;
  load.problems.push_back({Place{position.line, position.column, 1},
                           fmt::format("this is not TOML: {}", error.description()),
                           "the format is described in arch_specs/README.md"});
  return load;
}

}  // namespace

std::optional<Place> place_of(const FieldPlaces& places, std::string path) {
  while (true) {
    const auto found = places.find(path);
    if (found != places.end()) return found->second;
    const std::size_t dot = path.rfind('.');
    if (dot == std::string::npos) break;
    path.resize(dot);
  }
  return std::nullopt;
}

SpecLoad load_toml_spec(std::string_view text) {
  toml::table table;
  try {
    table = toml::parse(text);
  } catch (const toml::parse_error& error) {
    return syntax_error(error);
  }
  SpecLoad load;
  if (text.find_first_not_of(" \t\r\n") == std::string_view::npos) {
    load.problems.push_back({std::nullopt, "the file is empty",
                             "the format is described in arch_specs/README.md"});
    return load;
  }
  ArchSpec spec;
  TableReader reader(table, Place{1, 1, 1}, "", "the spec", load);
  visit_fields(reader, spec);
  reader.report_unknown_keys();
  resolve_references(spec, load);
  check_rules(spec, load);
  if (load.problems.empty()) load.spec = std::move(spec);
  return load;
}

}  // namespace llmarch
