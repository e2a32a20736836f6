// Which modules of a checkpoint its quantiser left as they were: the list of names and patterns in
// a config, and the modules that each role of weight has in the library's classes. This file knows
// how the two are matched; what the rest is stored in is known by hf_quantization.h.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/formats/scheme.h"
#include "sim/huggingface/config_load.h"

namespace llmarch {

// A name matches a module that has it, at its dots, in its path: "lm_head", "mlp.gate",
// "model.layers.3". '*' stands for any text, and what follows "re:" is a regular expression of
// letters, '.', '.*', '\.', '[0-9]', '\d', '+', '$', '^' and groups of alternatives.
class IgnoredModules {
 public:
  // None where a pattern is not understood.
  static std::optional<IgnoredModules> read(const std::vector<std::string>& names);

  [[nodiscard]] bool match(std::string_view module) const;

 private:
  std::vector<std::string> names_;  // in order
  std::vector<std::string> globs_;
  std::vector<std::string> expressions_;
};

// Rules that keep the ignored ones among a model's matrices and tables as `kept`. Families whose
// modules stand elsewhere than most are told apart by `naming`.
std::vector<PolicyRule> rules_of_ignored(const IgnoredModules& ignored, Integer layers,
                                         const Scheme& kept,
                                         std::optional<CheckpointNaming> naming);

}  // namespace llmarch
