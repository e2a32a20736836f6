// null in a config: what the class of its type makes of it, or a refusal, but never the default
// that an absent field has. A field whose null changes nothing may not change anything in other
// ways.
#include <gmock/gmock.h>

#include <functional>
#include <map>

#include "tests/spec/configs.h"

namespace llmarch::spec_test {
namespace {

// The text model's own fields.
Json& own_fields(Json& config) {
  return config.contains("text_config") ? config["text_config"] : config;
}

// Changes a config with a null into one without it that means the same to its class.
using Meaning = std::function<void(Json& config)>;

Meaning set_to(const std::string& key, const Json& value) {
  return [=](Json& config) { config[key] = value; };
}
Meaning absent(const std::string& key) {
  return [=](Json& config) { config.erase(key); };
}

// By field: what null means in every class that takes it.
const std::map<std::string, Meaning>& meanings() {
  static const std::map<std::string, Meaning> all{
      {"num_key_value_heads",
       [](Json& config) { config["num_key_value_heads"] = config.at("num_attention_heads"); }},
      {"head_dim",
       [](Json& config) {
         config["head_dim"] = config.at("hidden_size").get<std::int64_t>() /
                              config.at("num_attention_heads").get<std::int64_t>();
       }},
      {"tie_word_embeddings", set_to("tie_word_embeddings", false)},
      {"use_sliding_window", set_to("use_sliding_window", false)},
      {"rope_scaling", set_to("rope_scaling", {{"rope_type", "default"}})},
      {"layer_types", absent("layer_types")},
      {"indexer_types", absent("indexer_types")},                      // GLM-5.2
      {"sparse_attention_config", absent("sparse_attention_config")},  // MiniMax M3
      {"num_mtp_modules", absent("num_mtp_modules")},                  // MiniMax
      {"no_rope_layers", absent("no_rope_layers")},
      {"mlp_only_layers", set_to("mlp_only_layers", Json::array())},
      {"intermediate_size", absent("intermediate_size")},  // Gemma 3n lists a width for each layer
      {"activation_sparsity_pattern", absent("activation_sparsity_pattern")},
      {"conv_bias", set_to("conv_bias", false)},
      {"full_attn_idxs", absent("full_attn_idxs")},
      // LFM2 then takes two thirds of the stated width as they are.
      {"block_ffn_dim_multiplier",
       [](Json& config) {
         config["block_ff_dim"] = 2 * config.at("block_ff_dim").get<std::int64_t>() / 3;
         config["block_auto_adjust_ff_dim"] = false;
       }},
      {"num_kv_heads",  // Falcon
       [](Json& config) { config["num_kv_heads"] = config.at("num_attention_heads"); }},
      {"attention_head_dim", absent("attention_head_dim")},
      {"attention_layers", absent("attention_layers")},
      {"mlp_layer_types", absent("mlp_layer_types")},
      {"alibi", set_to("alibi", false)},
      {"mlp_bias", set_to("mlp_bias", false)},
      {"attention_bias", set_to("attention_bias", false)},
      {"mla_use_output_gate", set_to("mla_use_output_gate", false)},  // Kimi K3
      {"latent_moe_use_norm", set_to("latent_moe_use_norm", false)},
      {"attn_res_block_size", absent("attn_res_block_size")},
      {"routed_expert_hidden_size", absent("routed_expert_hidden_size")},
      {"use_bias", set_to("use_bias", false)},
      {"mamba_proj_bias", set_to("mamba_proj_bias", false)},
      {"projectors_bias", set_to("projectors_bias", false)},
      {"mlp_multipliers", absent("mlp_multipliers")},  // Falcon-H1
      {"ssm_multipliers", absent("ssm_multipliers")},
      {"global_head_dim",  // Gemma 4
       [](Json& config) { config["global_head_dim"] = config.at("head_dim"); }},
      {"num_global_key_value_heads",
       [](Json& config) {
         config["num_global_key_value_heads"] = config.at("num_key_value_heads");
       }},
      {"use_bidirectional_attention",  // a flag of Gemma 3, a text of Gemma 4
       [](Json& config) {
         const bool flag = config.at("model_type") == "gemma3_text";
         config["use_bidirectional_attention"] = flag ? Json(false) : Json("vision");
       }},
      {"attention_value_scale", set_to("attention_value_scale", 1.0)},  // MiMo
      {"hybrid_layer_pattern", absent("hybrid_layer_pattern")},
      {"num_nextn_predict_layers", absent("num_nextn_predict_layers")},
      {"mtp_num_hidden_layers", absent("mtp_num_hidden_layers")},
      {"num_sliding_attention_heads", absent("num_sliding_attention_heads")},  // Step
      {"moe_layer_freq", absent("moe_layer_freq")},
      {"prefix_dense_intermediate_size", absent("prefix_dense_intermediate_size")},  // Cohere
      {"rms_norm_eps", absent("rms_norm_eps")},
      {"position_embedding_type", set_to("position_embedding_type", "nope")},  // Granite
      {"add_cross_attention", set_to("add_cross_attention", false)},
      {"is_encoder_decoder", set_to("is_encoder_decoder", false)},
      {"num_attention_heads_per_layer", absent("num_attention_heads_per_layer")},  // Laguna
      {"tied_embeddings", set_to("tied_embeddings", false)},
      {"word_embed_proj_dim",  // OPT
       [](Json& config) { config["word_embed_proj_dim"] = config.at("hidden_size"); }},
      {"attention_other_setting", absent("attention_other_setting")},  // Step
      {"partial_rotary_factors", absent("partial_rotary_factors")},
      {"sink", set_to("sink", false)},
      {"swiglu_limits", absent("swiglu_limits")},
      {"swiglu_limits_shared", absent("swiglu_limits_shared")},
      {"gqa_layers", absent("gqa_layers")},  // Solar
      {"linear_attn_config", absent("linear_attn_config")},
      {"use_gqa_gate_bias", set_to("use_gqa_gate_bias", false)},
      {"layer_rope_theta", absent("layer_rope_theta")},                          // Muse
      {"num_kv_heads_for_linear_attn", absent("num_kv_heads_for_linear_attn")},  // Ling
      {"use_qkv_bias", set_to("use_qkv_bias", false)},
      {"apply_residual_connection_post_layernorm",
       set_to("apply_residual_connection_post_layernorm", false)}};
  return all;
}

// Null takes these away, and nothing else says that they are not there.
bool is_taken_away(const std::string& key) {
  return key == "final_logit_softcapping" || key == "attn_logit_softcapping" ||
         key == "sliding_window" || key == "q_lora_rank" || key == "n_shared_experts" ||
         key == "num_shared_experts" || key == "moe_latent_size" || key == "altup_coef_clip" ||
         key == "gated_attention_proj_granularity_type" || key == "rope_parameters";
}

Json other_value(const Json& value) {
  if (value.is_boolean()) return !value.get<bool>();
  if (value.is_number()) return value.get<double>() + 1;
  if (value.is_string()) return value.get<std::string>() + "x";
  return Json::object({{"other", 1}});
}

class NullField : public testing::TestWithParam<std::filesystem::path> {
 protected:
  const Json original = config(GetParam().stem().string());
  const std::map<std::string, std::string> architecture = architecture_of(spec_of(original));

  // The config with one of its own fields changed.
  Json changed(const std::function<void(Json&)>& change) const {
    Json config = original;
    change(own_fields(config));
    return config;
  }
  std::optional<std::map<std::string, std::string>> architecture_with(
      const std::function<void(Json&)>& change) const {
    const ConfigLoad result = load(changed(change));
    return result.spec ? std::optional(architecture_of(*result.spec)) : std::nullopt;
  }
};

TEST_P(NullField, IsReadAsItsClassReadsItOrRefused) {
  Json copy = original;
  for (const auto& [key, value] : own_fields(copy).items()) {
    if (value.is_null()) continue;
    const std::string field = key;
    const auto with_null = architecture_with(set_to(field, nullptr));
    if (!with_null || is_taken_away(field)) continue;
    if (const auto meaning = meanings().find(field); meaning != meanings().end()) {
      EXPECT_EQ(with_null, architecture_with(meaning->second)) << field;
      continue;
    }
    EXPECT_EQ(*with_null, architecture) << field;
    EXPECT_EQ(architecture_with(set_to(field, other_value(value))), architecture)
        << field << ": null stands for a default that the class does not fill";
  }
}

std::vector<std::filesystem::path> published_configs() {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(LLMARCH_TEST_CONFIGS)) {
    files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

INSTANTIATE_TEST_SUITE_P(Models, NullField, testing::ValuesIn(published_configs()), test_name);

}  // namespace
}  // namespace llmarch::spec_test
