// A small valid spec that tests alter, and the report to the user on the altered text.
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include "sim/toml/toml_loader.h"

namespace llmarch::spec_test {

inline constexpr std::string_view kSmallSpec = R"(name = "my-model"
title = "My model"
source = "a test"

vocabulary = 1000
hidden = 64
context_limit = 512
head = "tied"
norm = { kind = "rms", epsilon = 1e-6, placement = "before" }

[attention.local]
kind = "grouped"
query_heads = 8
kv_heads = 2
head_dim = 16

[attention.local.rotary]
theta = 10000
layout = "half_split"

[feed_forward.mixture]
kind = "mixture"
experts = 8
experts_per_token = 2
expert_width = 32
activation = "silu"

[feed_forward.mixture.router]
scoring = "sigmoid"
groups = { count = 4, chosen = 2, score = "best_two" }

[layer.block]
attention = "local"
feed_forward = "mixture"

[[stack]]
layers = ["block"]
repeat = 2
)";

// `text` with its only `part` replaced; throws if there is none, since such a test would test
// nothing.
inline std::string replaced(std::string text, std::string_view part, std::string_view by) {
  const std::size_t found = text.find(part);
  if (found == std::string::npos || text.find(part, found + 1) != std::string::npos) {
    throw std::logic_error("'" + std::string(part) + "' does not stand once in the text");
  }
  return text.replace(found, part.size(), by);
}

inline std::string altered(std::string_view part, std::string_view by) {
  return replaced(std::string(kSmallSpec), part, by);
}

// The output of `llmarch check my-model.toml` for this text; empty when it is valid.
inline std::string check_report(std::string_view text) {
  SpecLoad load = load_toml_spec(text);
  if (load.spec.has_value() != load.problems.empty()) {
    throw std::logic_error("a load gives a spec or problems, never both and never neither");
  }
  return render_diagnostics("my-model.toml", text, std::move(load.problems));
}

}  // namespace llmarch::spec_test
