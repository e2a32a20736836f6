#include "sim/study/structure.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <type_traits>

namespace llmarch {
namespace {

std::string spaced(std::string_view key) {
  std::string text(key);
  std::replace(text.begin(), text.end(), '_', ' ');
  return text;
}

// One fact of one model. A model with several kinds of attention may give several for one label.
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
  // Texts say where a spec comes from, and lists are walked by `facts_of`.
  void operator()(const Field&, const std::string&) {}
  void operator()(const Field&, const Published&) {}
  template <class Value>
  void operator()(const Field&, const std::vector<Value>&) {}

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

std::string group_name(const GroupedAttention&) {
  return "attention";
}
std::string group_name(const LatentAttention&) {
  return "attention";
}
std::string group_name(const DenseFeedForward&) {
  return "dense feed-forward";
}
std::string group_name(const MixtureFeedForward&) {
  return "mixture feed-forward";
}

std::string kind_text(const GroupedAttention& attention) {
  if (attention.kv_heads == attention.query_heads) return "multi-head";
  return attention.kv_heads == 1 ? "multi-query" : "grouped-query";
}
std::string kind_text(const LatentAttention&) {
  return "latent (MLA)";
}

template <class Kind>
void collect(const Kind& kind, std::vector<Fact>& facts) {
  const std::string group = group_name(kind);
  if constexpr (requires { kind_text(kind); }) {
    facts.push_back({group, "kind", Prominence::headline, {kind_text(kind), std::nullopt}});
  }
  FactCollector collector(group, facts);
  visit_fields(collector, kind);
}

// "4-61", "1-5, 7": 1-based, as people count layers.
std::string ranges(const std::vector<bool>& members) {
  std::vector<std::string> parts;
  for (std::size_t i = 0; i < members.size(); ++i) {
    if (!members[i]) continue;
    std::size_t last = i;
    while (last + 1 < members.size() && members[last + 1]) ++last;
    parts.push_back(i == last ? std::to_string(i + 1) : fmt::format("{}-{}", i + 1, last + 1));
    i = last;
  }
  return fmt::format("{}", fmt::join(parts, ", "));
}

// The shortest sequence whose repetition gives `members`; all of it where nothing shorter does.
std::vector<bool> period_of(const std::vector<bool>& members) {
  for (std::size_t length = 1; 2 * length <= members.size(); ++length) {
    bool repeats = true;
    for (std::size_t i = length; i < members.size(); ++i) {
      repeats = repeats && members[i] == members[i - length];
    }
    if (repeats) return {members.begin(), members.begin() + static_cast<std::ptrdiff_t>(length)};
  }
  return members;
}

bool has_window(const Mixer& mixer) {
  const auto* grouped = std::get_if<GroupedAttention>(&mixer);
  return grouped != nullptr && grouped->window.has_value();
}

bool has_chunk(const Mixer& mixer) {
  const auto* grouped = std::get_if<GroupedAttention>(&mixer);
  return grouped != nullptr && grouped->chunk.has_value();
}

// Neither rotary nor learned positions are seen by it.
bool has_no_rotation(const Mixer& mixer) {
  const auto* grouped = std::get_if<GroupedAttention>(&mixer);
  return grouped != nullptr && !grouped->rotary.has_value();
}

template <class Property>
void note_layers(const ArchSpec& spec, const std::string& label, const Property& property,
                 std::vector<Fact>& facts) {
  std::vector<bool> members;
  for (const std::size_t kind : layer_sequence(spec)) {
    members.push_back(property(spec.layer.at(kind).value));
  }
  if (std::find(members.begin(), members.end(), true) == members.end()) return;
  facts.push_back({"model", label, Prominence::headline, {which_layers(members), std::nullopt}});
}

// What differs from layer to layer.
void note_layer_properties(const ArchSpec& spec, std::vector<Fact>& facts) {
  const auto attention = [&](auto property) {
    return [&spec, property](const Layer& layer) {
      return property(spec.attention.at(layer.attention.index).value);
    };
  };
  note_layers(spec, "layers with a window", attention(has_window), facts);
  note_layers(spec, "layers with chunks", attention(has_chunk), facts);
  if (!spec.learned_positions) {
    note_layers(spec, "layers without positions", attention(has_no_rotation), facts);
  }
  note_layers(
      spec, "layers that read another's cache",
      [&](const Layer& layer) { return sharing_attention(spec, layer) != nullptr; }, facts);
  note_layers(
      spec, "layers with experts",
      [&](const Layer& layer) {
        return std::holds_alternative<MixtureFeedForward>(
            spec.feed_forward.at(layer.feed_forward.index).value);
      },
      facts);
}

std::vector<Fact> facts_of(const ArchSpec& spec) {
  std::vector<Fact> facts;
  const std::int64_t layers = layer_count(spec).value();
  facts.push_back({"model", "layers", Prominence::headline, {std::to_string(layers), layers}});
  facts.push_back(
      {"model", "layer pattern", Prominence::headline, {layer_pattern(spec), std::nullopt}});
  note_layer_properties(spec, facts);
  FactCollector collector("model", facts);
  visit_fields(collector, spec);
  for (const auto& [name, mixer] : spec.attention) {
    std::visit([&](const auto& kind) { collect(kind, facts); }, mixer);
  }
  for (const auto& [name, feed_forward] : spec.feed_forward) {
    std::visit([&](const auto& kind) { collect(kind, facts); }, feed_forward);
  }
  return facts;
}

// Several kinds may say different things under one label: "1024 / 4096".
void add(std::optional<StructureValue>& value, const StructureValue& more) {
  if (!value) {
    value = more;
  } else if (value->text != more.text) {
    value->text += " / " + more.text;
    value->number.reset();
  }
}

StructureRow& row_of(std::vector<StructureRow>& rows, const Fact& fact, std::size_t models) {
  for (StructureRow& row : rows) {
    if (row.group == fact.group && row.label == fact.label) return row;
  }
  // Behind the last row of its group, so that groups stay together.
  const auto last = std::find_if(rows.rbegin(), rows.rend(),
                                 [&](const auto& row) { return row.group == fact.group; });
  StructureRow row{fact.group, fact.label, fact.prominence, {}};
  row.values.resize(models);
  return *rows.insert(last == rows.rend() ? rows.end() : last.base(), std::move(row));
}

}  // namespace

bool StructureRow::differs() const {
  return std::ranges::any_of(values, [this](const auto& value) {
    const auto& first = values.front();
    return value.has_value() != first.has_value() || (value && value->text != first->text);
  });
}

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

std::string layer_pattern(const ArchSpec& spec) {
  std::vector<std::string> parts;
  for (const Segment& segment : spec.stack) {
    std::vector<std::string> run;
    for (std::size_t i = 0; i < segment.layers.size();) {
      std::size_t end = i;
      while (end < segment.layers.size() && segment.layers[end].index == segment.layers[i].index) {
        ++end;
      }
      const std::string& name = segment.layers[i].name;
      run.push_back(end - i == 1 ? name : fmt::format("{} {}", end - i, name));
      i = end;
    }
    const std::string sequence = fmt::format("{}", fmt::join(run, ", "));
    if (segment.repeat == 1) {
      parts.push_back(sequence);
    } else if (run.size() == 1 && segment.layers.size() == 1) {
      parts.push_back(fmt::format("{} {}", segment.repeat.value(), sequence));
    } else {
      parts.push_back(fmt::format("{} x ({})", segment.repeat.value(), sequence));
    }
  }
  return fmt::format("{}", fmt::join(parts, ", "));
}

std::string which_layers(const std::vector<bool>& members) {
  const auto count = std::count(members.begin(), members.end(), true);
  if (count == std::ssize(members)) return "all";
  const std::vector<bool> period = period_of(members);
  std::string which = ranges(period);
  if (period.size() < members.size()) {
    const bool one = std::count(period.begin(), period.end(), true) == 1;
    which = fmt::format("{}{} of every {}", one ? "number " : "", which, period.size());
  }
  return fmt::format("{} of {}: {}", count, members.size(), which);
}

}  // namespace llmarch
