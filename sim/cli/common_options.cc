#include "sim/cli/common_options.h"

namespace llmarch::cli {
namespace {

namespace po = boost::program_options;

po::typed_value<std::string>* text(const char* name, const char* value) {
  return po::value<std::string>()->value_name(name)->default_value(value);
}

}  // namespace

void declare_settings(Options& options) {
  options.add_options()("context,c", text("TOKENS", "8k"),
                        "keys that a decoded token attends, and tokens of a prefill")(
      "batch,b", text("N", "1"), "sequences at a time")(
      "weights", text("FORMAT", "bf16"), "weights are stored as f32, bf16, f16, fp8, int8 or int4")(
      "kv", text("FORMAT", "bf16"), "the KV cache likewise");
}

Settings settings_of(const Values& values) {
  const auto text = [&](const char* name) { return values[name].as<std::string>(); };
  Settings settings;
  settings.context = parse_tokens("context", text("context"));
  settings.batch = parse_tokens("batch", text("batch"));
  settings.weights = parse_dtype("weights", text("weights"));
  settings.kv = parse_dtype("kv", text("kv"));
  return settings;
}

void declare_specs(Options& options) {
  options.add_options()("specs", po::value<std::string>()->value_name("DIR"),
                        "add the .toml specs of DIR; they take the place of built-in ones of the "
                        "same name");
}

std::optional<std::filesystem::path> specs_folder(const Values& values) {
  if (values.count("specs") == 0) return std::nullopt;
  return values["specs"].as<std::string>();
}

void declare_digits(Options& options) {
  options.add_options()("exact", "whole numbers instead of rounded ones");
}

reports::Digits digits_of(const Values& values) {
  return values.count("exact") > 0 ? reports::Digits::exact : reports::Digits::rounded;
}

std::string text_of(const Values& values, const char* name) {
  return values[name].as<std::string>();
}

}  // namespace llmarch::cli
