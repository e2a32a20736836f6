#include "sim/spec/toml_loader.h"

#include <fmt/format.h>

#include "sim/spec/printable.h"
#include "sim/spec/rules.h"
#include "sim/spec/toml_reader.h"

namespace llmarch {
namespace {

constexpr const char* kSeeFormat = "'llmarch help spec-format' describes what a spec holds";
constexpr const char* kSeeToml =
    "toml.io describes TOML, 'llmarch help spec-format' what a spec holds";
// Each dot in a key opens a table inside a table. More of them than any page of text needs would
// exhaust the stack when the tables are taken down again.
constexpr std::int64_t kMostDots = 5'000;

// Finds what the names in a spec stand for. A name that is defined nowhere is reported where it
// first stands.
class Resolver {
 public:
  explicit Resolver(TomlReading& reading) : reading_(reading) {}

  template <class Value>
  void resolve(Reference& reference, const std::vector<Named<Value>>& definitions,
               const std::string& table, const std::string& path) {
    if (reference.name.empty() || reading_.unread.contains(table)) return;  // reported already
    std::vector<std::string> names;
    for (const auto& [name, value] : definitions) names.push_back(name);
    const auto found = std::find(names.begin(), names.end(), reference.name);
    if (found != names.end()) {
      reference.index = static_cast<std::size_t>(found - names.begin());
    } else if (undefined_.insert(table + ' ' + reference.name).second) {
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

void resolve_references(ArchSpec& spec, TomlReading& reading) {
  Resolver resolver(reading);
  for (auto& [name, mixer] : spec.attention) {
    auto* grouped = std::get_if<GroupedAttention>(&mixer);
    if (grouped == nullptr || !grouped->kv_from) continue;
    resolver.resolve(*grouped->kv_from, spec.attention, "attention",
                     "attention." + name + ".kv_from");
  }
  for (auto& [name, layer] : spec.layer) {
    const std::string path = "layer." + name;
    resolver.resolve(layer.attention, spec.attention, "attention", path + ".attention");
    resolver.resolve(layer.feed_forward, spec.feed_forward, "feed_forward", path + ".feed_forward");
  }
  for (std::size_t segment = 0; segment < spec.stack.size(); ++segment) {
    std::vector<Reference>& layers = spec.stack[segment].layers;
    for (std::size_t i = 0; i < layers.size(); ++i) {
      resolver.resolve(layers[i], spec.layer, "layer",
                       fmt::format("stack.{}.layers.{}", segment, i));
    }
  }
}

// A field that could not be read has been reported, and breaks no rule on top of that.
void check_rules(const ArchSpec& spec, TomlReading& reading) {
  for (Problem& problem : broken_rules(spec)) {
    if (reading.unread.contains(problem.path)) continue;
    reading.problems.push_back({place_of(reading.places, problem.path), std::move(problem.message),
                                std::move(problem.remedy)});
  }
}

std::optional<Diagnostic> refused_unparsed(std::string_view text) {
  if (std::ssize(text) > kLargestSpecFile) {
    return Diagnostic{
        std::nullopt,
        fmt::format("the file has {} bytes, and a spec at most {}", text.size(), kLargestSpecFile),
        kSeeFormat};
  }
  if (const std::size_t invalid = find_invalid_utf8(text); invalid < text.size()) {
    return Diagnostic{place_of_byte(text, invalid), "not valid TOML: this byte is no UTF-8",
                      kSeeToml};
  }
  if (const auto dots = std::count(text.begin(), text.end(), '.'); dots > kMostDots) {
    return Diagnostic{std::nullopt,
                      fmt::format("the file holds {} dots, and a spec at most {}", dots, kMostDots),
                      kSeeFormat};
  }
  return std::nullopt;
}

// "Error while parsing WHAT: PROBLEM" as "PROBLEM (in a WHAT)".
std::string without_prefix(std::string_view description) {
  constexpr std::string_view kPrefix = "Error while parsing ";
  const std::size_t colon = description.find(": ");
  if (!description.starts_with(kPrefix) || colon == std::string_view::npos) {
    return std::string(description);
  }
  return fmt::format("{} (in a {})", description.substr(colon + 2),
                     description.substr(kPrefix.size(), colon - kPrefix.size()));
}

// toml++ reports a number that is too large, and a key that stands twice, behind them, and quotes
// them; the caret is put under what it quotes. What it had expected instead is no such thing.
Place place_of_error(const toml::parse_error& error, std::string_view text) {
  const toml::source_position& position = error.source().begin;
  const Place reported{position.line, position.column, 1};
  const std::string_view description = error.description();
  const std::size_t open = description.find('\'');
  const std::size_t close = description.find('\'', open + 1);
  if (close == std::string_view::npos || description.find("expected") < open) return reported;
  const std::string_view quoted = description.substr(open + 1, close - open - 1);
  const std::string_view line = line_of(text, reported.line);
  const std::size_t found = line.find(quoted);
  if (quoted.empty() || found == std::string_view::npos) return reported;
  const auto line_offset = static_cast<std::size_t>(line.data() - text.data());
  Place place = place_of_byte(text, line_offset + found);
  place.length = std::ssize(shown_characters(quoted));
  return place;
}

SpecLoad syntax_error(const toml::parse_error& error, std::string_view text) {
  SpecLoad load;
  load.problems.push_back({place_of_error(error, text),
                           fmt::format("not valid TOML: {}", without_prefix(error.description())),
                           kSeeToml});
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
  if (auto refused = refused_unparsed(text)) return {std::nullopt, {std::move(*refused)}, {}};
  toml::table table;
  try {
    table = toml::parse(text);
  } catch (const toml::parse_error& error) {
    return syntax_error(error, text);
  }
  if (table.empty()) {
    return {std::nullopt, {{std::nullopt, "the file defines nothing", kSeeFormat}}, {}};
  }
  ArchSpec spec;
  TomlReading reading;
  TableReader reader(table, std::nullopt, "", "the spec", reading);
  visit_fields(reader, spec);
  reader.finish();
  resolve_references(spec, reading);
  check_rules(spec, reading);
  SpecLoad load{std::nullopt, std::move(reading.problems), std::move(reading.places)};
  if (load.problems.empty()) load.spec = std::move(spec);
  return load;
}

}  // namespace llmarch
