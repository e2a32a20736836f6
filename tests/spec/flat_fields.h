// A spec as a list of field and value, so that two of them are compared field by field.
#pragma once

#include <fmt/format.h>

#include <map>
#include <optional>
#include <string>

#include "sim/spec/fields.h"

namespace llmarch::spec_test {

struct FlatValue {
  std::string text;
  std::optional<std::int64_t> size = std::nullopt;  // of whole numbers
};

using FlatFields = std::map<std::string, FlatValue>;

// Visits every field except the lists, whose entries are flattened one by one.
class Flattener {
 public:
  Flattener(FlatFields& fields, std::string prefix) : fields_(fields), prefix_(std::move(prefix)) {}

  void operator()(const Field& field, const Integer& member, const Range&) {
    put(field, {std::to_string(member.value()), member.value()});
  }
  void operator()(const Field& field, const double& member, const RealRange&) {
    put(field, {fmt::format("{}", member)});
  }
  void operator()(const Field& field, const std::vector<double>& member, const RealRange&) {
    put(field, {fmt::format("{}", fmt::join(member, " "))});
  }
  void operator()(const Field& field, const bool& member) {
    put(field, {member ? "true" : "false"});
  }
  void operator()(const Field& field, const std::string& member) { put(field, {member}); }
  template <class Enum>
  requires std::is_enum_v<Enum>
  void operator()(const Field& field, const Enum& member) {
    put(field, {std::string(name_of(member))});
  }
  template <class Value, class... Bounds>
  void operator()(const Field& field, const std::optional<Value>& member, const Bounds&... bounds) {
    if (member) return (*this)(field, *member, bounds...);
    put(field, {"none"});
  }
  template <class... Alternatives>
  void operator()(const Field& field, const std::variant<Alternatives...>& member) {
    put(field, {std::string(Names<std::variant<Alternatives...>>::alternatives[member.index()])});
    Flattener inner(fields_, prefix_ + std::string(field.key) + ".");
    std::visit([&](const auto& kind) { visit_fields(inner, kind); }, member);
  }
  template <class Struct>
  requires std::is_class_v<Struct>
  void operator()(const Field& field, const Struct& member) {
    Flattener inner(fields_, prefix_ + std::string(field.key) + ".");
    visit_fields(inner, member);
  }
  template <class Value>
  void operator()(const Field&, const std::vector<Value>&) {}
  // A name means nothing outside its file, but that a layer reads another's cache does.
  void operator()(const Field& field, const Reference&) { put(field, {"named"}); }

 private:
  void put(const Field& field, FlatValue value) {
    fields_[prefix_ + std::string(field.key)] = std::move(value);
  }

  FlatFields& fields_;
  std::string prefix_;
};

// The fields of one kind of attention or feed-forward, its own kind included.
template <class Variant>
void flatten_kind(const std::string& prefix, const Variant& kind, FlatFields& fields) {
  fields[prefix + ".kind"] = {std::string(Names<Variant>::alternatives[kind.index()])};
  Flattener flattener(fields, prefix + ".");
  std::visit([&](const auto& alternative) { visit_fields(flattener, alternative); }, kind);
}

// Every block of the layer, and every norm that is not the spec's.
inline void flatten_layer(const std::string& prefix, const ArchSpec& spec, const Layer& layer,
                          FlatFields& fields) {
  std::size_t number = 0;
  for (const Sublayer& sublayer : sublayers_of(layer)) {
    const std::string place = fmt::format("{} sublayer {} ", prefix, number++);
    Flattener(fields, place)(Field{"norm", ""}, sublayer.norm);
    for (std::size_t i = 0; i < sublayer.blocks.size(); ++i) {
      const SublayerBlock& block = sublayer.blocks[i];
      const std::string where = fmt::format("{}block {} ", place, i);
      Flattener(fields, where)(Field{"norm", ""}, block.norm);
      Flattener(fields, where)(Field{"delay", ""}, block.delay, kDelay);
      if (block.attention) {
        flatten_kind(where + "attention", spec.attention.at(block.attention->index).value, fields);
      } else {
        flatten_kind(where + "feed_forward",
                     spec.feed_forward.at(block.feed_forward.value().index).value, fields);
      }
    }
  }
}

// The spec layer by layer, without the names and the order of its definitions, and without its
// sources.
inline std::map<std::string, std::string> architecture_of(const ArchSpec& spec) {
  FlatFields fields;
  Flattener flattener(fields, "");
  visit_fields(flattener, spec);
  std::size_t number = 0;
  for (const std::size_t kind : layer_sequence(spec)) {
    flatten_layer(fmt::format("layer {}", number++), spec, spec.layer.at(kind).value, fields);
  }
  std::map<std::string, std::string> architecture;
  for (const auto& [key, value] : fields) {
    const bool provenance = key == "name" || key == "title" || key == "source" || key == "also" ||
                            key.starts_with("published") || key.starts_with("beside");
    if (!provenance) architecture[key] = value.text;
  }
  return architecture;
}

}  // namespace llmarch::spec_test
