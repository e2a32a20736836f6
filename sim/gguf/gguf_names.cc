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
    RoleNames{Role::recurrence_decay, "ssm_alpha|ssm_ba|ssm_in"},
    RoleNames{Role::recurrence_decay_bias, "ssm_dt"},
    RoleNames{Role::recurrence_decay_rate, "ssm_a"},
    RoleNames{Role::recurrence_skip, "ssm_d"},
    RoleNames{Role::recurrence_norm, "ssm_norm"},
    RoleNames{Role::recurrence_gate, "attn_gate|ssm_in"},
    RoleNames{Role::recurrence_output, "ssm_out"},
    RoleNames{Role::feed_forward_norm, "ffn_norm|post_attention_norm|attn_norm"},
    RoleNames{Role::post_feed_forward_norm, "post_ffw_norm"},
    RoleNames{Role::gate, "ffn_gate|ffn_up"},
    RoleNames{Role::up, "ffn_up"},
    RoleNames{Role::down, "ffn_down"},
    RoleNames{Role::router, "ffn_gate_inp"},
    RoleNames{Role::router_correction_bias, "exp_probs_b"},
    RoleNames{Role::expert_gate, "ffn_gate_exps|ffn_gate_up_exps"},
    RoleNames{Role::expert_up, "ffn_up_exps|ffn_gate_up_exps"},
    RoleNames{Role::expert_down, "ffn_down_exps"},
    RoleNames{Role::shared_gate, "ffn_gate_shexp"},
    RoleNames{Role::shared_up, "ffn_up_shexp"},
    RoleNames{Role::shared_down, "ffn_down_shexp"},
    RoleNames{Role::shared_gate_vector, "ffn_gate_inp_shexp"},
    RoleNames{Role::final_norm, "output_norm|token_embd_norm"},
    RoleNames{Role::head, "output"}};

bool is_bias(Role role) {
  return kind_of(role) == WeightKind::bias && role != Role::attention_sinks;
}

// A bias without a row of its own is called as the weight to whose result it is added.
std::string_view stems_of(Role role) {
  const auto* found = std::ranges::find(kNames, role, &RoleNames::role);
  if (found == kNames.end() && added_to(role)) {
    found = std::ranges::find(kNames, *added_to(role), &RoleNames::role);
  }
  return found == kNames.end() ? "" : found->names;
}

}  // namespace

std::vector<std::string> gguf_names(WeightRole role, std::optional<std::size_t> layer) {
  std::vector<std::string> names;
  const std::string prefix = layer ? fmt::format("blk.{}.", *layer) : "";
  for (std::string_view stems = stems_of(role); !stems.empty();) {
    const std::size_t bar = std::min(stems.find('|'), stems.size());
    const std::string stem = prefix + std::string(stems.substr(0, bar));
    names.push_back(stem + (is_bias(role) ? ".bias" : ".weight"));
    // Older files, and the tensors of a state space.
    if (is_bias(role) || role == Role::recurrence_skip) names.push_back(stem);
    stems.remove_prefix(std::min(bar + 1, stems.size()));
  }
  return names;
}

}  // namespace llmarch
