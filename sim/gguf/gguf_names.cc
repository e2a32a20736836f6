#include "sim/gguf/gguf_names.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>

namespace llmarch {
namespace {

using Role = WeightRole;

struct RoleNames {
  Role role;
  std::string_view names;  // alternatives, with '|' between them
  // Only of the block of that number in a sublayer, which has several; it comes before a row
  // without one.
  std::optional<std::size_t> block = {};
};
constexpr std::array kNames{
    RoleNames{Role::token_embedding, "token_embd"},
    RoleNames{Role::embedding_norm, "token_embd_norm"},
    RoleNames{Role::position_embedding, "position_embd"},
    RoleNames{Role::attention_norm, "attn_norm"},
    RoleNames{Role::post_attention_norm, "post_attention_norm"},
    RoleNames{Role::query, "attn_q|attn_qkv"},
    RoleNames{Role::key, "attn_k|attn_qkv"},
    RoleNames{Role::value, "attn_v|attn_qkv"},
    RoleNames{Role::query_norm, "attn_q_norm"},
    RoleNames{Role::key_norm, "attn_k_norm"},
    RoleNames{Role::attention_sinks, "attn_sinks"},
    RoleNames{Role::attention_gate, "attn_gate|attn_q|attn_qkv"},
    RoleNames{Role::attention_output, "attn_output"},
    RoleNames{Role::query_down, "attn_q_a"},
    RoleNames{Role::query_latent_norm, "attn_q_a_norm"},
    RoleNames{Role::query_up, "attn_q_b|attn_q"},
    RoleNames{Role::latent_down, "attn_kv_a_mqa"},
    RoleNames{Role::rope_key, "attn_kv_a_mqa"},
    RoleNames{Role::latent_norm, "attn_kv_a_norm"},
    RoleNames{Role::key_up, "attn_k_b|attn_kv_b"},
    RoleNames{Role::value_up, "attn_v_b|attn_kv_b"},
    RoleNames{Role::convolution_input_gate, "shortconv.in_proj"},
    RoleNames{Role::convolution_output_gate, "shortconv.in_proj"},
    RoleNames{Role::convolution_values, "shortconv.in_proj"},
    RoleNames{Role::convolution_taps, "shortconv.conv"},
    RoleNames{Role::convolution_output, "shortconv.out_proj"},
    RoleNames{Role::recurrence_query, "attn_qkv|ssm_in"},
    RoleNames{Role::recurrence_key, "attn_qkv|ssm_in"},
    RoleNames{Role::recurrence_value, "attn_qkv|ssm_in"},
    RoleNames{Role::recurrence_query_taps, "ssm_conv1d"},
    RoleNames{Role::recurrence_key_taps, "ssm_conv1d"},
    RoleNames{Role::recurrence_value_taps, "ssm_conv1d"},
    RoleNames{Role::recurrence_strength, "ssm_beta|ssm_ba"},
    RoleNames{Role::recurrence_decay, "ssm_alpha|ssm_ba|ssm_dt|ssm_in"},
    RoleNames{Role::recurrence_decay_bias, "ssm_dt"},
    RoleNames{Role::recurrence_decay_rate, "ssm_a"},
    RoleNames{Role::recurrence_skip, "ssm_d"},
    RoleNames{Role::recurrence_norm, "ssm_norm"},
    RoleNames{Role::recurrence_gate, "attn_gate|ssm_in"},
    RoleNames{Role::recurrence_output, "ssm_out"},
    RoleNames{Role::selection_step, "ssm_x"},
    RoleNames{Role::selection_step_norm, "ssm_dt_norm"},
    RoleNames{Role::selection_key, "ssm_x"},
    RoleNames{Role::selection_key_norm, "ssm_b_norm"},
    RoleNames{Role::selection_query, "ssm_x"},
    RoleNames{Role::selection_query_norm, "ssm_c_norm"},
    RoleNames{Role::selection_rate, "ssm_a"},
    RoleNames{Role::feed_forward_norm, "pre_ffw_norm_2|ffn_norm", 1},
    RoleNames{Role::feed_forward_norm, "ffn_norm|post_attention_norm|attn_norm"},
    RoleNames{Role::post_feed_forward_norm, "post_ffw_norm_1", 0},
    RoleNames{Role::post_feed_forward_norm, "post_ffw_norm_2", 1},
    RoleNames{Role::post_feed_forward_norm, "post_ffw_norm"},
    RoleNames{Role::gate, "ffn_gate|ffn_up"},
    RoleNames{Role::up, "ffn_up"},
    RoleNames{Role::down, "ffn_down"},
    RoleNames{Role::router_input_norm, "ffn_gate_inp.scale"},
    RoleNames{Role::router, "ffn_gate_inp"},
    RoleNames{Role::router_correction_bias, "exp_probs_b"},
    RoleNames{Role::expert_gate, "ffn_gate_exps|ffn_gate_up_exps"},
    RoleNames{Role::expert_up, "ffn_up_exps|ffn_gate_up_exps"},
    RoleNames{Role::router_expert_scale, "ffn_down_exps.scale"},
    RoleNames{Role::expert_down, "ffn_down_exps"},
    RoleNames{Role::shared_gate, "ffn_gate_shexp"},
    RoleNames{Role::shared_up, "ffn_up_shexp"},
    RoleNames{Role::shared_down, "ffn_down_shexp"},
    RoleNames{Role::shared_gate_vector, "ffn_gate_inp_shexp"},
    RoleNames{Role::layer_scale, "layer_output_scale"},
    RoleNames{Role::per_layer_embedding, "per_layer_token_embd"},
    RoleNames{Role::per_layer_projection, "per_layer_model_proj"},
    RoleNames{Role::per_layer_projection_norm, "per_layer_proj_norm"},
    RoleNames{Role::per_layer_gate, "inp_gate"},
    RoleNames{Role::per_layer_output, "proj"},
    RoleNames{Role::per_layer_norm, "post_norm"},
    RoleNames{Role::final_norm, "output_norm|token_embd_norm"},
    RoleNames{Role::head, "output"}};

bool is_bias(Role role) {
  return kind_of(role) == WeightKind::bias && role != Role::attention_sinks;
}

std::string_view stems_of(Role role, const std::optional<std::size_t>& block) {
  const auto* const found = std::ranges::find_if(kNames, [&](const RoleNames& row) {
    return row.role == role && (!row.block || row.block == block);
  });
  return found == kNames.end() ? "" : found->names;
}

// A bias without a row of its own is called as the weight to whose result it is added.
std::string_view stems_of(const Weight& weight) {
  const std::string_view own = stems_of(weight.role, weight.place.block);
  if (!own.empty() || !added_to(weight.role)) return own;
  return stems_of(*added_to(weight.role), weight.place.block);
}

// Tensors whose names have no ending, or one of their own.
bool has_whole_name(std::string_view stem) {
  return stem.ends_with(".scale");
}

}  // namespace

std::vector<std::string> gguf_names(const Weight& weight, std::optional<std::size_t> layer) {
  std::vector<std::string> names;
  const Role role = weight.role;
  // Older files have biases without an ending, and all have the tensors of a state space so.
  const bool bare = is_bias(role) || role == Role::recurrence_skip || role == Role::selection_rate;
  const std::string prefix = layer ? fmt::format("blk.{}.", *layer) : "";
  for (std::string_view stems = stems_of(weight); !stems.empty();) {
    const std::size_t bar = std::min(stems.find('|'), stems.size());
    const std::string_view stem = stems.substr(0, bar);
    const std::string_view ending = is_bias(role) ? ".bias" : ".weight";
    names.push_back(fmt::format("{}{}{}", prefix, stem, has_whole_name(stem) ? "" : ending));
    if (bare) names.push_back(fmt::format("{}{}", prefix, stem));
    stems.remove_prefix(std::min(bar + 1, stems.size()));
  }
  return names;
}

}  // namespace llmarch
