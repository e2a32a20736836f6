// Reads the declared fields (fields.h) of one TOML table after another, and reports what is
// missing, unknown, of a wrong type or out of bounds. What must hold between fields, and what the
// names in a spec refer to, is toml_loader.cc's business.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <set>
#include <string>
#include <type_traits>
#include <vector>

#include "sim/spec/fields.h"
#include "sim/spec/spec_keys.h"
#include "sim/toml/field_places.h"

#define TOML_ENABLE_FORMATTERS 0
#include <toml++/toml.h>

namespace llmarch {

// The problems of one file. A file can be made to have a hundred thousand, and each is rendered
// with its line; nobody reads beyond the first hundred.
class ProblemList {
 public:
  static constexpr std::size_t kMost = 100;

  void push_back(Diagnostic problem) {
    full() ? void(++left_out_) : kept_.push_back(std::move(problem));
  }
  [[nodiscard]] bool empty() const { return kept_.empty(); }
  [[nodiscard]] bool full() const { return kept_.size() == kMost; }
  // Counts those that were not kept, too.
  [[nodiscard]] std::size_t size() const { return kept_.size() + left_out_; }
  // The problems that were kept, and a note if there were others.
  [[nodiscard]] std::vector<Diagnostic> take() &&;

 private:
  std::vector<Diagnostic> kept_;
  std::size_t left_out_ = 0;
};

// A table of names holds at most so many: the largest study has 48 claims, the most varied model
// six kinds of layer. Each kind of layer is lowered on its own, and each variant is a whole model.
inline constexpr std::size_t kMostNames = 256;

// What is known of a file so far.
struct TomlReading {
  FieldPlaces places;
  ProblemList problems;
  std::set<std::string, std::less<>> unread;  // paths of the fields that are missing or refused
};

// The names of an enumeration's values, or of a variant's alternatives.
template <class Type>
std::vector<std::string> known_names() {
  std::vector<std::string> names;
  if constexpr (std::is_enum_v<Type>) {
    for (const auto& [name, value] : Names<Type>::values) names.emplace_back(name);
  } else {
    for (const std::string_view name : Names<Type>::alternatives) names.emplace_back(name);
  }
  return names;
}

// Reads one table: the visitor of its fields. A field that cannot be read keeps its value, 0 or
// empty.
class TableReader {
 public:
  // Reads the file itself; `what` is its name for the user, "the spec".
  TableReader(const toml::table& file, std::string what, TomlReading& reading);

  void operator()(const Field& field, Integer& member, const Range& range);
  void operator()(const Field& field, double& member, const RealRange& range);
  void operator()(const Field& field, std::vector<double>& member, const RealRange& range);
  void operator()(const Field& field, std::string& member);
  // A flag adds a part; left out, the part is not there.
  void operator()(const Field& field, bool& member);
  void operator()(const Field& field, Reference& member) { (*this)(field, member.name); }
  void operator()(const Field& field, std::vector<Reference>& member);
  void operator()(const Field& field, std::vector<std::string>& member);
  // Checks only that it is a table; its content is read by someone who knows it.
  void operator()(const Field& field, SpecKeys& member);

  template <class Enum>
  requires std::is_enum_v<Enum>
  void operator()(const Field& field, Enum& member) {
    const auto index = read_choice(field, known_names<Enum>());
    if (index) member = Names<Enum>::values[*index].second;
  }
  template <SpelledOut Value>
  void operator()(const Field& field, std::optional<Value>& member) {
    const toml::node* node = find(field);
    if (node == nullptr) return;
    std::string text;
    (*this)(field, text);
    if (text.empty()) return;
    auto reading = Names<Value>::read(text);
    if (!reading.value) refuse(field, *node, std::move(reading.problem), std::move(reading.remedy));
    member = std::move(reading.value);
  }
  template <class Value, class... Bounds>
  void operator()(const Field& field, std::optional<Value>& member, const Bounds&... bounds) {
    if (find(field) == nullptr) return;
    Value value{};
    (*this)(field, value, bounds...);
    member = std::move(value);
  }
  template <class Struct>
  requires std::is_class_v<Struct>
  void operator()(const Field& field, Struct& member) {
    const toml::table* table = required_table(field, header(field));
    if (table == nullptr) return;
    read_into(member, *table, place_of(field), {child(field), header(field), inside(field)});
  }
  template <class Value>
  void operator()(const Field& field, std::vector<Named<Value>>& member) {
    // There are models without a feed-forward (Mamba), and none without a mixer or a layer.
    if (std::is_same_v<Value, FeedForward> && find(field) == nullptr) return;
    const toml::table* table = required_table(field, header(field) + ".NAME");
    if (table == nullptr) return;
    for (const NamedTable& entry : named_tables(field, *table)) {
      member.push_back({entry.name, {}});
      read_into(member.back().value, *entry.table, entry.place, entry.table_name);
    }
  }
  template <ListItem Struct>
  void operator()(const Field& field, std::vector<Struct>& member) {
    const toml::array* items = required_tables(field, Names<Struct>::most);
    if (items == nullptr) return;
    const std::size_t problems_before = reading_.problems.size();
    for (const toml::node& item : *items) {
      const TableName name{fmt::format("{}.{}", child(field), member.size()), header(field),
                           item_text(field, Names<Struct>::item, member.size())};
      member.emplace_back();
      read_into(member.back(), *item.as_table(), place_of_item(item), name);
    }
    if (reading_.problems.size() > problems_before) reading_.unread.insert(child(field));
  }

  // To be called when every field has been visited: reports what is missing and what is unknown. A
  // misspelt key is both, and is reported once.
  void finish();

 private:
  struct Missing {
    std::string key;
    Diagnostic diagnostic;
  };
  // What a table is called.
  struct TableName {
    std::string path;    // by the rules: "layer.block.sublayers.0"
    std::string header;  // in the file: "layer.block.sublayers"
    std::string what;    // for the user: "sublayer 1 of layer 'block'"
  };
  struct NamedTable {
    std::string name;
    const toml::table* table;
    Place place;
    TableName table_name;
  };

  TableReader(const toml::table& table, Place place, TableName name, TomlReading& reading);

  template <class Struct>
  void read_into(Struct& member, const toml::table& table, Place place, const TableName& name) {
    TableReader reader(table, place, name, reading_);
    visit_fields(reader, member);
    reader.finish();
  }
  template <class... Alternatives>
  void read_into(std::variant<Alternatives...>& member, const toml::table& table, Place place,
                 const TableName& name) {
    TableReader reader(table, place, name, reading_);
    const auto kind = reader.read_kind(known_names<std::variant<Alternatives...>>());
    if (!kind) return;
    std::size_t index = 0;
    ((index++ == *kind ? void(member.template emplace<Alternatives>()) : void()), ...);
    std::visit([&](auto& alternative) { visit_fields(reader, alternative); }, member);
    reader.finish();
  }

  // Which of `names` the field gives; none when that is missing or wrong, and reported.
  std::optional<std::size_t> read_choice(const Field& field, const std::vector<std::string>& names);
  // The same of a variant's `kind`. Without it no other key is known, so none is called unknown.
  std::optional<std::size_t> read_kind(const std::vector<std::string>& kinds);
  void read_name(const Field& field, const toml::node& item, std::size_t position,
                 std::vector<Reference>& member);
  std::vector<NamedTable> named_tables(const Field& field, const toml::table& table);
  bool refuse_nameless(const Field& field, const toml::table& table);
  bool refuse_too_many_names(const Field& field, const toml::table& table);

  const toml::node* find(const Field& field);
  // Null when it is not there, which is reported with `header_or_key` as what to add.
  const toml::node* required(const Field& field, const std::string& header_or_key);
  const toml::node* required(const Field& field);
  const toml::table* required_table(const Field& field, const std::string& header);
  // Null when they are not there, or are not a list of at most `most` tables.
  const toml::array* required_tables(const Field& field, std::size_t most);

  [[nodiscard]] std::vector<std::string> absent_keys() const;
  void report_unknown(const toml::key& key);

  void refuse(const Field& field, const toml::node& node, std::string message, std::string remedy);
  void refuse_type(const Field& field, const toml::node& node, std::string_view expected,
                   std::string remedy);

  [[nodiscard]] std::string child(const Field& field) const;
  [[nodiscard]] std::string header(const Field& field) const;
  [[nodiscard]] std::string inside(const Field& field) const;
  // "segment 2 of the stack"
  [[nodiscard]] std::string item_text(const Field& field, std::string_view item,
                                      std::size_t index) const;
  [[nodiscard]] Place place_of(const Field& field) const;
  static Place place_of_item(const toml::node& item);

  const toml::table& table_;
  std::optional<Place> place_;
  std::string path_;
  std::string header_;
  std::string what_;
  TomlReading& reading_;
  std::vector<std::string> known_;
  std::vector<Missing> missing_;
};

}  // namespace llmarch
