#include "sim/gguf/gguf_config.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>

#include "sim/gguf/gguf_keys.h"
#include "sim/spec/printable.h"

namespace llmarch {
namespace {

using nlohmann::json;

// What nearly all architectures have.
json common_config(KeyReader& keys) {
  json config;
  config["hidden_size"] = keys.required("embedding_length");
  config["num_hidden_layers"] =
      keys.required("block_count") - keys.integer("nextn_predict_layers").value_or(0);
  config["max_position_embeddings"] = keys.required("context_length");
  const std::int64_t heads = keys.required("attention.head_count");
  config["num_attention_heads"] = heads;
  config["num_key_value_heads"] = keys.integer("attention.head_count_kv").value_or(heads);
  set_field(config, "intermediate_size", keys.integer("feed_forward_length"));
  set_field(config, "head_dim", keys.integer("attention.key_length"));
  set_field(config, "rms_norm_eps", keys.real("attention.layer_norm_rms_epsilon"));
  set_field(config, "layer_norm_eps", keys.real("attention.layer_norm_epsilon"));
  config["rope_theta"] = keys.real("rope.freq_base").value_or(10000.0);
  const GgufTensor* const embedding = keys.tensor("token_embd.weight");
  if (embedding != nullptr && embedding->shape.size() == 2)
    config["vocab_size"] = embedding->shape[0];
  config["tie_word_embeddings"] = !keys.has_tensor("output.weight");
  config["hidden_act"] = "silu";
  return config;
}

struct Architecture {
  std::string_view name;        // general.architecture
  std::string_view model_type;  // of the Hugging Face config
  void (*complete)(KeyReader&, json&);
};
constexpr std::array kArchitectures{
    Architecture{"llama", "llama", of_llama},
    Architecture{"qwen2", "qwen2", of_qwen2},
    Architecture{"qwen2moe", "qwen2_moe", of_qwen2_moe},
    Architecture{"qwen3", "qwen3", of_qwen3},
    Architecture{"qwen3moe", "qwen3_moe", of_qwen3_moe},
    Architecture{"gemma", "gemma", of_gemma},
    Architecture{"gemma2", "gemma2", of_gemma2},
    Architecture{"gemma3", "gemma3_text", of_gemma3},
    Architecture{"deepseek2", "deepseek_v3", of_deepseek2},
    Architecture{"gpt-oss", "gpt_oss", of_gpt_oss},
    Architecture{"phi3", "phi3", of_phi3},
    Architecture{"olmo2", "olmo2", of_olmo2},
    Architecture{"lfm2", "lfm2", of_lfm2},
    Architecture{"granite", "granite", of_granite},
    Architecture{"smollm3", "smollm3", of_smollm3},
    Architecture{"qwen3next", "qwen3_next", of_qwen3_next},
    Architecture{"qwen35", "qwen3_5_text", of_qwen35},
    Architecture{"qwen35moe", "qwen3_5_moe_text", of_qwen35_moe},
    Architecture{"nemotron_h", "nemotron_h", of_nemotron_h},
    Architecture{"nemotron_h_moe", "nemotron_h", of_nemotron_h},
    Architecture{"llama4", "llama4_text", of_llama4},
    Architecture{"gemma4", "gemma4_text", of_gemma4},
    Architecture{"glm4", "glm4", of_glm4},
    Architecture{"chatglm", "glm", of_glm4},
    Architecture{"glm4moe", "glm4_moe", of_glm4_moe},
    Architecture{"granitemoe", "granitemoe", of_granite_moe},
    Architecture{"granitehybrid", "granitemoehybrid", of_granite_hybrid},
    Architecture{"hunyuan-dense", "hunyuan_v1_dense", of_hunyuan_dense},
    Architecture{"hunyuan-moe", "hunyuan_v1_moe", of_hunyuan_moe},
    Architecture{"ernie4_5", "ernie4_5", of_ernie4_5},
    Architecture{"ernie4_5-moe", "ernie4_5_moe", of_ernie4_5_moe},
    Architecture{"exaone4", "exaone4", of_exaone4},
    Architecture{"command-r", "cohere", of_cohere},
    Architecture{"cohere2", "cohere2", of_cohere2},
    Architecture{"starcoder2", "starcoder2", of_starcoder2},
    Architecture{"falcon-h1", "falcon_h1", of_falcon_h1},
    Architecture{"mamba", "mamba", of_mamba},
    Architecture{"mamba2", "mamba2", of_mamba2},
    Architecture{"jamba", "jamba", of_jamba},
    Architecture{"seed_oss", "seed_oss", of_seed_oss},
    Architecture{"minimax-m2", "minimax_m2", of_minimax_m2},
    Architecture{"bailingmoe2", "bailing_moe_v2", of_bailing_moe2},
    Architecture{"dots1", "dots1", of_dots1},
    Architecture{"arcee", "arcee", of_arcee},
    Architecture{"olmo", "olmo", of_olmo},
    Architecture{"olmoe", "olmoe", of_olmoe},
    Architecture{"stablelm", "stablelm", of_stablelm},
    Architecture{"phi2", "phi", of_phi2},
    Architecture{"gptneox", "gpt_neox", of_gpt_neox},
    Architecture{"nemotron", "nemotron", of_nemotron},
    Architecture{"lfm2moe", "lfm2_moe", of_lfm2_moe}};

// A window that the architecture is not known to have would make another cache.
void refuse_unread_window(KeyReader& keys, const json& config) {
  if (stated_window(keys).is_null() || !config.value("sliding_window", json()).is_null()) return;
  keys.refuse(fmt::format("key '{}.{}' states a window, which models of this architecture are not "
                          "known to have",
                          keys.architecture(), kWindow),
              "import the model's config.json, which says which layers have it");
}

// Keys that change what is computed and leave no trace in the tensors. A model that states one
// which its architecture is not read to have would be run as another.
constexpr std::array<std::string_view, 16> kArithmetic{"attn_logit_softcapping",
                                                       "final_logit_softcapping",
                                                       "router_logit_softcapping",
                                                       "logit_scale",
                                                       "embedding_scale",
                                                       "residual_scale",
                                                       "attention.scale",
                                                       "attention.clamp_kqv",
                                                       "attention.max_alibi_bias",
                                                       "attention.temperature_scale",
                                                       "attention.shared_kv_layers",
                                                       "expert_weights_scale",
                                                       "expert_group_count",
                                                       "swiglu_clamp_exp",
                                                       "swiglu_clamp_shexp",
                                                       "use_parallel_residual"};

void refuse_unread_arithmetic(KeyReader& keys) {
  for (const std::string_view key : kArithmetic) {
    if (!keys.changes_unread(key)) continue;
    keys.refuse(fmt::format("key '{}.{}' changes what is computed, and models of this architecture "
                            "are not known to have it",
                            keys.architecture(), key),
                "import the model's config.json");
  }
}

}  // namespace

std::string architecture_of(const GgufModel& file) {
  const auto found = file.keys().find("general.architecture");
  if (found == file.keys().end()) return "";
  const auto* const name = std::get_if<std::string>(&found->second);
  return name == nullptr ? "" : *name;
}

GgufConfig config_of(const GgufModel& file) {
  GgufConfig read;
  KeyReader keys(file, architecture_of(file), read.problems);
  const auto* const found =
      std::ranges::find(kArchitectures, keys.architecture(), &Architecture::name);
  if (found == kArchitectures.end()) {
    std::vector<std::string_view> known;
    for (const Architecture& each : kArchitectures) known.push_back(each.name);
    keys.refuse(
        fmt::format("general.architecture {} is not supported", quote_name(keys.architecture())),
        fmt::format("supported: {}", fmt::join(known, ", ")));
    return read;
  }
  json config = common_config(keys);
  config["model_type"] = found->model_type;
  found->complete(keys, config);
  refuse_unread_window(keys, config);
  refuse_unread_arithmetic(keys);
  if (read.problems.empty()) read.config = std::move(config);
  return read;
}

}  // namespace llmarch
