// The tensor names of families with recurrences.
#pragma once

#include "kernels/weights/decoder_names.h"

namespace llmarch::tensor_names {

inline constexpr std::array kQueryAndGate{Role::query, Role::attention_gate};
inline constexpr std::array kRecurrenceTaps{Role::recurrence_query_taps, Role::recurrence_key_taps,
                                            Role::recurrence_value_taps};
inline constexpr std::array kRecurrenceAndGate{Role::recurrence_query, Role::recurrence_key,
                                               Role::recurrence_value, Role::recurrence_gate};
inline constexpr std::array kRecurrence{Role::recurrence_query, Role::recurrence_key,
                                        Role::recurrence_value};
inline constexpr std::array kStrengthAndDecay{Role::recurrence_strength, Role::recurrence_decay};

inline constexpr Fused kFusedQueryAndGate{FusedBy::query_head, kQueryAndGate};
inline constexpr Fused kFusedTaps{FusedBy::whole, kRecurrenceTaps};
inline constexpr Fused kFusedRecurrenceByHead{FusedBy::recurrence_key_head, kRecurrenceAndGate};
inline constexpr Fused kFusedRecurrence{FusedBy::whole, kRecurrence};
inline constexpr Fused kFusedStrengthAndDecay{FusedBy::recurrence_key_head, kStrengthAndDecay};

constexpr TensorName taps(WeightRole role) {
  return {role, "linear_attn.conv1d.weight", &kFusedTaps, StoredLayout::depthwise};
}
constexpr TensorName attention_query(WeightRole role) {
  return {role, "self_attn.q_proj.weight", &kFusedQueryAndGate};
}
constexpr TensorName by_key_head(WeightRole role) {
  return {role, "linear_attn.in_proj_qkvz.weight", &kFusedRecurrenceByHead};
}
constexpr TensorName strength_or_decay(WeightRole role) {
  return {role, "linear_attn.in_proj_ba.weight", &kFusedStrengthAndDecay};
}
constexpr TensorName query_key_or_value(WeightRole role) {
  return {role, "linear_attn.in_proj_qkv.weight", &kFusedRecurrence};
}
// The one norm that is not published less one.
inline constexpr TensorName kQwenNorm{
    Role::recurrence_norm, "linear_attn.norm.weight", nullptr, StoredLayout::as_is, {}, 0.0F};

inline constexpr std::array kQwen3Next{
    attention_query(Role::query),
    attention_query(Role::attention_gate),
    by_key_head(Role::recurrence_query),
    by_key_head(Role::recurrence_key),
    by_key_head(Role::recurrence_value),
    by_key_head(Role::recurrence_gate),
    strength_or_decay(Role::recurrence_strength),
    strength_or_decay(Role::recurrence_decay),
    taps(Role::recurrence_query_taps),
    taps(Role::recurrence_key_taps),
    taps(Role::recurrence_value_taps),
    TensorName{Role::recurrence_decay_bias, "linear_attn.dt_bias"},
    TensorName{Role::recurrence_decay_rate, "linear_attn.A_log"},
    kQwenNorm,
    TensorName{Role::recurrence_output, "linear_attn.out_proj.weight"},
    TensorName{Role::shared_gate, "mlp.shared_expert.gate_proj.weight"},
    TensorName{Role::shared_up, "mlp.shared_expert.up_proj.weight"},
    TensorName{Role::shared_down, "mlp.shared_expert.down_proj.weight"},
    TensorName{Role::shared_gate_vector, "mlp.shared_expert_gate.weight"},
};

inline constexpr std::array kQwen35{
    attention_query(Role::query),
    attention_query(Role::attention_gate),
    query_key_or_value(Role::recurrence_query),
    query_key_or_value(Role::recurrence_key),
    query_key_or_value(Role::recurrence_value),
    TensorName{Role::recurrence_gate, "linear_attn.in_proj_z.weight"},
    TensorName{Role::recurrence_strength, "linear_attn.in_proj_b.weight"},
    TensorName{Role::recurrence_decay, "linear_attn.in_proj_a.weight"},
    taps(Role::recurrence_query_taps),
    taps(Role::recurrence_key_taps),
    taps(Role::recurrence_value_taps),
    TensorName{Role::recurrence_decay_bias, "linear_attn.dt_bias"},
    TensorName{Role::recurrence_decay_rate, "linear_attn.A_log"},
    kQwenNorm,
    TensorName{Role::recurrence_output, "linear_attn.out_proj.weight"},
    TensorName{Role::expert_gate, "mlp.experts.gate_up_proj", &kFusedExperts},
    TensorName{Role::expert_up, "mlp.experts.gate_up_proj", &kFusedExperts},
    TensorName{Role::expert_down, "mlp.experts.down_proj"},
    TensorName{Role::shared_gate, "mlp.shared_expert.gate_proj.weight"},
    TensorName{Role::shared_up, "mlp.shared_expert.up_proj.weight"},
    TensorName{Role::shared_down, "mlp.shared_expert.down_proj.weight"},
    TensorName{Role::shared_gate_vector, "mlp.shared_expert_gate.weight"},
};

constexpr TensorName own_taps(WeightRole role, std::string_view name) {
  return {role, name, nullptr, StoredLayout::depthwise};
}

// Layers of attention have norms after their blocks, recurrent ones before.
inline constexpr std::array kOlmoHybrid{
    TensorName{Role::attention_norm, "attention_layer_norm.weight"},
    TensorName{Role::feed_forward_norm, "feedforward_layer_norm.weight"},
    TensorName{Role::recurrence_query, "linear_attn.q_proj.weight"},
    TensorName{Role::recurrence_key, "linear_attn.k_proj.weight"},
    TensorName{Role::recurrence_value, "linear_attn.v_proj.weight"},
    TensorName{Role::recurrence_gate, "linear_attn.g_proj.weight"},
    TensorName{Role::recurrence_strength, "linear_attn.b_proj.weight"},
    TensorName{Role::recurrence_decay, "linear_attn.a_proj.weight"},
    own_taps(Role::recurrence_query_taps, "linear_attn.q_conv1d.weight"),
    own_taps(Role::recurrence_key_taps, "linear_attn.k_conv1d.weight"),
    own_taps(Role::recurrence_value_taps, "linear_attn.v_conv1d.weight"),
    TensorName{Role::recurrence_decay_bias, "linear_attn.dt_bias"},
    TensorName{Role::recurrence_decay_rate, "linear_attn.A_log"},
    TensorName{Role::recurrence_norm, "linear_attn.o_norm.weight"},
    TensorName{Role::recurrence_output, "linear_attn.o_proj.weight"},
};

}  // namespace llmarch::tensor_names
