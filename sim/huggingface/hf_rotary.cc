#include "sim/huggingface/hf_rotary.h"

#include <fmt/format.h>

namespace llmarch {
namespace {

using nlohmann::json;

RotaryScaling llama3_scaling(ConfigReader& rope) {
  Llama3Scaling scaling;
  scaling.factor = rope.real("factor");
  scaling.low_frequency_factor = rope.real("low_freq_factor");
  scaling.high_frequency_factor = rope.real("high_freq_factor");
  scaling.original_context = rope.size("original_max_position_embeddings", kPositions);
  return scaling;
}

RotaryScaling yarn_scaling(ConfigReader& rope) {
  YarnScaling scaling;
  scaling.factor = rope.real("factor");
  scaling.original_context = rope.size("original_max_position_embeddings", kPositions);
  scaling.beta_fast = rope.real_or("beta_fast", 32, "transformers' default");
  scaling.beta_slow = rope.real_or("beta_slow", 1, "transformers' default");
  const auto optional = [&](std::string_view key, std::string_view reason) {
    return rope.optional_real_or(key, std::nullopt, reason);
  };
  scaling.mscale = optional("mscale", "the rotary tables are not scaled by it");
  scaling.mscale_all_dim = optional("mscale_all_dim", "the softmax is not scaled by it");
  scaling.attention_factor = optional("attention_factor", "it follows from the factor");
  rope.only("truncate", true);
  return scaling;
}

// Older configs call it "type", some write both; none when it is missing or they disagree.
std::optional<std::string> rope_type(ConfigReader& rope) {
  auto older = rope.optional_text("type");
  if (older && !rope.contains("rope_type")) return older;
  if (!rope.all_read({"type"})) return std::nullopt;
  const std::string type = rope.text("rope_type");
  if (type.empty()) return std::nullopt;
  if (!older || *older == type) return type;
  rope.refuse(fmt::format("'rope_type' is '{}' and 'type' is '{}'", type, *older),
              "they name the same thing: keep the right one");
  return std::nullopt;
}

void read_scaling(ConfigReader& rope, Rotary& rotary) {
  const std::optional<std::string> type = rope_type(rope);
  if (type == "llama3") {
    rotary.scaling = llama3_scaling(rope);
  } else if (type == "yarn") {
    rotary.scaling = yarn_scaling(rope);
  } else if (type == "linear") {
    rotary.scaling = LinearScaling{rope.real("factor")};
  } else if (type && type != "default") {
    rope.refuse(fmt::format("rope type {} is not supported", quote_name(*type)),
                "supported: default, linear, llama3, yarn");
  }
  const bool fields_known = rotary.scaling || type == "default";
  fields_known ? rope.finish() : rope.finish_unknowing();
}

// theta may stand beside "rope_parameters", inside, or at both places alike.
double theta_of(ConfigReader& config, ConfigReader& rope, const RotaryClass& of) {
  if (!rope.contains("rope_theta")) return config.real_or("rope_theta", of.theta, kTypeDefault);
  const double theta = rope.real("rope_theta");
  if (rope.all_read({"rope_theta"})) config.only("rope_theta", theta);
  return theta;
}

// What "rope_parameters" holds for one type of layer; none where it holds no such object.
std::optional<Rotary> rotary_of_layer_type(Import& import, const std::string& type) {
  ConfigReader& config = import.config;
  const json* all = config.optional_object("rope_parameters");
  if (all == nullptr || !all->contains(type)) return std::nullopt;
  const std::string where = "rope_parameters." + type;
  if (!all->at(type).is_object()) {
    config.refuse(fmt::format("'{}' is no object", where), "it holds rope_type and rope_theta");
    return std::nullopt;
  }
  ConfigReader rope = config.inner(all->at(type), where);
  Rotary rotary;
  rotary.theta = rope.real("rope_theta");
  rope.only("partial_rotary_factor", 1.0);
  read_scaling(rope, rotary);
  return rotary;
}

}  // namespace

Rotary read_rotary(Import& import, const RotaryClass& of) {
  ConfigReader& config = import.config;
  Rotary rotary;
  rotary.layout = of.layout;
  config.only("partial_rotary_factor", 1.0);
  if (const json* parameters = config.optional_object("rope_parameters")) {
    ConfigReader rope = config.inner(*parameters, "rope_parameters");
    rotary.theta = theta_of(config, rope, of);
    rope.only("partial_rotary_factor", 1.0);
    config.only("rope_scaling", nullptr);
    read_scaling(rope, rotary);
    return rotary;
  }
  rotary.theta = config.real_or("rope_theta", of.theta, kTypeDefault);
  const json* scaling = config.object_or_none("rope_scaling", "the frequencies are not stretched");
  if (scaling == nullptr) return rotary;
  ConfigReader rope = config.inner(*scaling, "rope_scaling");
  rope.only("rope_theta", rotary.theta);
  read_scaling(rope, rotary);
  return rotary;
}

LocalAndGlobalRotary read_local_and_global_rotary(Import& import) {
  ConfigReader& config = import.config;
  const auto local = rotary_of_layer_type(import, "sliding_attention");
  const auto global = rotary_of_layer_type(import, "full_attention");
  if (local && global) {
    config.only("rope_scaling", nullptr);
    config.only("rope_theta", global->theta);
    config.only("rope_local_base_freq", local->theta);
    return {*local, *global};
  }
  Rotary plain;
  plain.theta = config.real_or("rope_local_base_freq", 10000, kTypeDefault);
  return {plain, read_rotary(import, {RotaryLayout::half_split, 1000000})};
}

}  // namespace llmarch
