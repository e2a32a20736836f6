#include "sim/toml/spec_table.h"

#include <fmt/format.h>

#include "sim/spec/block_names.h"
#include "sim/spec/meant_names.h"
#include "sim/spec/printable.h"
#include "sim/spec/rules.h"
#include "sim/toml/toml_reader.h"

namespace llmarch {
namespace {

// Finds what the names in a spec stand for. A name that is defined nowhere is reported where it
// first stands.
class Resolver {
 public:
  explicit Resolver(TomlReading& reading) : reading_(reading) {}

  template <class Value>
  void resolve(Reference& reference, const std::vector<Named<Value>>& definitions,
               const std::string& table, const std::string& path) {
    if (reference.name.empty() || reading_.unread.contains(table)) return;  // reported already
    const auto found = std::find_if(definitions.begin(), definitions.end(),
                                    [&](const auto& one) { return one.name == reference.name; });
    if (found != definitions.end()) {
      reference.index = static_cast<std::size_t>(found - definitions.begin());
    } else if (undefined_.insert(table + ' ' + reference.name).second) {
      if (reading_.problems.full()) return reading_.problems.push_back({});
      std::vector<std::string> names;
      for (const auto& [name, value] : definitions) names.push_back(name);
      report(reference.name, names, table, path);
    }
  }

 private:
  void report(const std::string& name, const std::vector<std::string>& names,
              const std::string& table, const std::string& path) {
    const std::string define = fmt::format("[{}.{}]", table, printable(name));
    const bool near = nearest_name(name, names).has_value();
    reading_.problems.push_back({place_of(reading_.places, path),
                                 fmt::format("{} {} is not defined", table, quote_name(name)),
                                 names.empty() ? fmt::format("define it as {}", define)
                                               : fmt::format("{}{} define {}", suggest(name, names),
                                                             near ? " if not," : "; or", define)});
  }

  TomlReading& reading_;
  std::set<std::string> undefined_;
};

// A name that could not be read has been reported: it may be of any definition, so that none is
// called unused.
void stand_in_for_unread_names(ArchSpec& spec, const TomlReading& reading) {
  for (auto& [name, layer] : spec.layer) {
    const std::string path = "layer." + name;
    const bool all = reading.unread.contains(path + ".sublayers");
    if (all || reading.unread.contains(path + ".attention")) layer.attention.emplace();
    if (all || reading.unread.contains(path + ".feed_forward")) layer.feed_forward.emplace();
  }
}

void resolve_references(ArchSpec& spec, TomlReading& reading) {
  Resolver resolver(reading);
  for (auto& [name, layer] : spec.layer) {
    const auto resolve_in = [&](const auto& definitions, const std::string& table) {
      return [&resolver, &definitions, table](Reference& reference, const std::string& path) {
        resolver.resolve(reference, definitions, table, path);
      };
    };
    visit_block_names(layer, "layer." + name, resolve_in(spec.attention, "attention"),
                      resolve_in(spec.feed_forward, "feed_forward"));
  }
  for (auto& [name, mixer] : spec.attention) {
    Reference* const owner = cache_owner(mixer);
    if (owner == nullptr) continue;
    resolver.resolve(*owner, spec.attention, "attention", "attention." + name + ".kv_from");
  }
  if (spec.beside && spec.beside->prediction_layer) {
    auto& [attention, feed_forward, own_head, no_final_norm] = *spec.beside->prediction_layer;
    const std::string path = "beside.prediction_layer.";
    resolver.resolve(attention, spec.attention, "attention", path + "attention");
    resolver.resolve(feed_forward, spec.feed_forward, "feed_forward", path + "feed_forward");
  }
  for (std::size_t segment = 0; segment < spec.stack.size(); ++segment) {
    std::vector<Reference>& layers = spec.stack[segment].layers;
    for (std::size_t i = 0; i < layers.size(); ++i) {
      resolver.resolve(layers[i], spec.layer, "layer",
                       fmt::format("stack.{}.layers.{}", segment, i));
    }
  }
}

// Whether a field, or a list or table around it, could not be read.
bool is_unread(const TomlReading& reading, std::string path) {
  while (!reading.unread.contains(path)) {
    const std::size_t dot = path.rfind('.');
    if (dot == std::string::npos) return false;
    path.resize(dot);
  }
  return true;
}

// A field that could not be read has been reported, and breaks no rule on top of that.
void check_rules(const ArchSpec& spec, TomlReading& reading) {
  for (Problem& problem : broken_rules(spec)) {
    if (is_unread(reading, problem.path)) continue;
    reading.problems.push_back({place_of(reading.places, problem.path), std::move(problem.message),
                                std::move(problem.remedy)});
  }
}

}  // namespace

SpecLoad read_spec(const toml::table& table) {
  ArchSpec spec;
  TomlReading reading;
  TableReader reader(table, "the spec", reading);
  visit_fields(reader, spec);
  reader.finish();
  stand_in_for_unread_names(spec, reading);
  resolve_references(spec, reading);
  check_rules(spec, reading);
  SpecLoad load{std::nullopt, std::move(reading.problems).take(), std::move(reading.places)};
  if (load.problems.empty()) load.spec = std::move(spec);
  return load;
}

}  // namespace llmarch
