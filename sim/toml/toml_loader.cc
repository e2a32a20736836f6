#include "sim/toml/toml_loader.h"

#include "sim/toml/spec_table.h"
#include "sim/toml/toml_document.h"

namespace llmarch {
namespace {

constexpr DocumentKind kSpec{
    "a spec", "'llmarch help spec-format' describes what a spec holds",
    "toml.io describes TOML, 'llmarch help spec-format' what a spec holds"};

}  // namespace

SpecLoad load_toml_spec(std::string_view text) {
  auto parsed = parse_toml(text, kSpec);
  if (auto* problem = std::get_if<Diagnostic>(&parsed)) {
    return {std::nullopt, {std::move(*problem)}, {}};
  }
  return read_spec(std::get<toml::table>(parsed));
}

}  // namespace llmarch
