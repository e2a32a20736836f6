#include "sim/describe/structure.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <type_traits>

#include "sim/describe/block_facts.h"
#include "sim/describe/layers.h"

namespace llmarch {
namespace {

std::string spaced(std::string_view key) {
  std::string text(key);
  std::replace(text.begin(), text.end(), '_', ' ');
  return text;
}

// One value of one model. Several kinds of attention in a model may give several for one label.
struct Fact {
  std::string group;
  std::string label;
  Prominence prominence;
  StructureValue value;
};

// Visits the fields of a struct and notes those that are there.
class FactCollector {
 public:
  FactCollector(std::string group, std::vector<Fact>& facts)
      : group_(std::move(group)), facts_(facts) {}

  void operator()(const Field& field, const Integer& member, const Range&) {
    note(field, {std::to_string(member.value()), member.value()});
  }
  void operator()(const Field& field, const double& member, const RealRange&) {
    std::optional<std::int64_t> whole;
    if (member == std::floor(member)) whole = static_cast<std::int64_t>(member);
    note(field, {whole ? std::to_string(*whole) : fmt::format("{:g}", member), whole});
  }
  // So many numbers are not shown one by one.
  void operator()(const Field& field, const std::vector<double>& member, const RealRange&) {
    const auto [least, most] = std::ranges::minmax(member);
    note(field, {fmt::format("{} numbers from {:g} to {:g}, first {:g}", member.size(), least, most,
                             member.front()),
                 std::nullopt});
  }
  void operator()(const Field& field, const bool& member) {
    if (member) note(field, {"yes", std::nullopt});
  }
  template <class Enum>
  requires std::is_enum_v<Enum>
  void operator()(const Field& field, const Enum& member) {
    note(field, {spaced(name_of(member)), std::nullopt});
  }
  void operator()(const Field& field, const Reference& member) {
    note(field, {member.name, std::nullopt});
  }
  template <class Value, class... Bounds>
  void operator()(const Field& field, const std::optional<Value>& member, const Bounds&... bounds) {
    if (member) (*this)(field, *member, bounds...);
  }
  template <class... Alternatives>
  void operator()(const Field& field, const std::variant<Alternatives...>& member) {
    note(field, {std::string(Names<std::variant<Alternatives...>>::alternatives[member.index()]),
                 std::nullopt});
    nested(field, [&](FactCollector& inner) {
      std::visit([&](const auto& kind) { visit_fields(inner, kind); }, member);
    });
  }
  template <class Struct>
  requires std::is_class_v<Struct>
  void operator()(const Field& field, const Struct& member) {
    nested(field, [&](FactCollector& inner) { visit_fields(inner, member); });
  }
  // Texts say where a spec comes from, what stands beside it is no structure of its own, and lists
  // are walked by `facts_of`.
  void operator()(const Field&, const std::string&) {}
  void operator()(const Field&, const std::vector<std::string>&) {}
  void operator()(const Field&, const Published&) {}
  void operator()(const Field&, const Beside&) {}
  void operator()(const Field&, const std::vector<Named<Mixer>>&) {}
  void operator()(const Field&, const std::vector<Named<FeedForward>>&) {}
  void operator()(const Field&, const std::vector<Named<Layer>>&) {}
  void operator()(const Field&, const std::vector<Segment>&) {}

 private:
  template <class Visit>
  void nested(const Field& field, const Visit& visit) {
    FactCollector inner(group_, facts_);
    inner.prefix_ = prefix_ + spaced(field.key) + " ";
    visit(inner);
  }
  void note(const Field& field, StructureValue value) {
    facts_.push_back({group_, prefix_ + spaced(field.key), field.prominence, std::move(value)});
  }

  std::string group_;
  std::string prefix_;
  std::vector<Fact>& facts_;
};

// What the description says of a block and the fields of its spec.
template <class Block>
void collect(const ArchSpec& spec, const Block& block, std::vector<Fact>& facts) {
  const BlockFacts described = describe(spec, block);
  const std::string group(name_of(described.family));
  if (!described.kind.empty()) {
    facts.push_back({group, "kind", Prominence::headline, {described.kind, std::nullopt}});
  }
  FactCollector collector(group, facts);
  std::visit([&](const auto& kind) { visit_fields(collector, kind); }, block);
}

// For each trait that some layer has, which layers have it.
void note_traits(const ArchSpec& spec, std::vector<Fact>& facts) {
  std::vector<std::set<Trait>> of_kind;
  for (const auto& [name, layer] : spec.layer) of_kind.push_back(traits_of(spec, layer));
  std::map<Trait, std::vector<bool>> members;
  const std::vector<std::size_t> layers = layer_sequence(spec);
  for (std::size_t i = 0; i < layers.size(); ++i) {
    for (const Trait trait : of_kind.at(layers[i])) {
      members[trait].resize(layers.size());
      members[trait][i] = true;
    }
  }
  for (const auto& [trait, having] : members) {
    facts.push_back({"model",
                     std::string(layers_with(trait)),
                     Prominence::headline,
                     {which_layers(having), std::nullopt}});
  }
}

// Norms that sublayers and blocks have of their own stand beside the spec's: "before / after".
void note_norms(const ArchSpec& spec, FactCollector& collector) {
  const auto note = [&](const std::optional<Norm>& norm) {
    if (norm) collector(Field{"norm", ""}, *norm);
  };
  for (const auto& [name, layer] : spec.layer) {
    for (const Sublayer& sublayer : sublayers_of(layer)) {
      note(sublayer.norm);
      for (const SublayerBlock& block : sublayer.blocks) note(block.norm);
    }
  }
}

std::vector<Fact> facts_of(const ArchSpec& spec) {
  std::vector<Fact> facts;
  const std::int64_t layers = layer_count(spec).value();
  facts.push_back({"model", "layers", Prominence::headline, {std::to_string(layers), layers}});
  facts.push_back(
      {"model", "layer pattern", Prominence::headline, {layer_pattern(spec), std::nullopt}});
  note_traits(spec, facts);
  FactCollector collector("model", facts);
  visit_fields(collector, spec);
  note_norms(spec, collector);
  for (const auto& [name, mixer] : spec.attention) collect(spec, mixer, facts);
  for (const auto& [name, feed_forward] : spec.feed_forward) collect(spec, feed_forward, facts);
  return facts;
}

// Whether "1024 / 4096" has the part "4096".
bool contains(std::string_view texts, std::string_view text) {
  const std::string all = fmt::format(" / {} / ", texts);
  return all.find(fmt::format(" / {} / ", text)) != std::string::npos;
}

// Several kinds may say different things under one label: "1024 / 4096".
void add(std::optional<StructureValue>& value, const StructureValue& more) {
  if (!value) {
    value = more;
  } else if (!contains(value->text, more.text)) {
    value->text += " / " + more.text;
    value->number.reset();
  }
}

StructureRow& row_of(std::vector<StructureRow>& rows, const Fact& fact, std::size_t models) {
  for (StructureRow& row : rows) {
    if (row.group == fact.group && row.label == fact.label) return row;
  }
  // After the last row of its group, so that groups stay together.
  const auto last = std::find_if(rows.rbegin(), rows.rend(),
                                 [&](const auto& row) { return row.group == fact.group; });
  StructureRow row{fact.group, fact.label, fact.prominence, {}};
  row.values.resize(models);
  return *rows.insert(last == rows.rend() ? rows.end() : last.base(), std::move(row));
}

}  // namespace

bool StructureRow::worth_comparing() const {
  if (prominence == Prominence::headline) return true;
  std::set<std::string> texts;
  for (const auto& value : values) {
    if (value) texts.insert(value->text);
  }
  return texts.size() > 1;
}

std::vector<StructureRow> structure(const std::vector<const ArchSpec*>& specs) {
  std::vector<StructureRow> rows;
  for (std::size_t model = 0; model < specs.size(); ++model) {
    for (const Fact& fact : facts_of(*specs[model])) {
      add(row_of(rows, fact, specs.size()).values[model], fact.value);
    }
  }
  return rows;
}

}  // namespace llmarch
