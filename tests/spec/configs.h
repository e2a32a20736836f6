// The configs of published models, which tests alter, and what the program makes of the altered
// ones. They are the published files but for three that state sizes alone, under the names of
// transformers' classes, and leave the rest to these: jamba-v0.1, longcat-flash and mamba2-2.7b;
// and for grok-2.5, which is put together from programs that quote the fields of its file.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "sim/huggingface/hf_config.h"
#include "tests/spec/flat_fields.h"
#include "tests/spec/spec_files.h"

namespace llmarch::spec_test {

using Json = nlohmann::json;

inline std::filesystem::path config_file(const std::string& name) {
  return LLMARCH_TEST_CONFIGS "/" + name + ".json";
}

// One of tests/spec/configs: "qwen3-0.6b".
inline Json config(const std::string& name) {
  return Json::parse(file_text(config_file(name)));
}

inline ConfigLoad load(const Json& config) {
  return load_hf_config(config.dump(), "my-model");
}

// The report to the user: every problem; empty when there is none.
inline std::string report(const Json& config) {
  const std::string text = config.dump();
  return render_diagnostics("config.json", text, load_hf_config(text, "my-model").problems);
}

// The architecture of a config without a problem.
inline ArchSpec spec_of(const Json& config) {
  ConfigLoad result = load(config);
  if (!result.spec) throw std::runtime_error(report(config));
  return std::move(*result.spec);
}

// `config` with some of its fields set to other values.
inline Json with(Json config, const Json& changes) {
  config.update(changes);
  return config;
}

inline Json without(Json config, const std::string& key) {
  if (config.erase(key) != 1) throw std::logic_error("there is no '" + key + "'");
  return config;
}

}  // namespace llmarch::spec_test
