// The tensor names of families with recurrences.
#pragma once

#include "kernels/weights/mixture_names.h"

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

// What both generations of Qwen's hybrids have: the shared experts are Qwen2's.
inline constexpr auto kQwenHybrid = joined(
    std::array{
        attention_query(Role::query),
        attention_query(Role::attention_gate),
        taps(Role::recurrence_query_taps),
        taps(Role::recurrence_key_taps),
        taps(Role::recurrence_value_taps),
        TensorName{Role::recurrence_decay_bias, "linear_attn.dt_bias"},
        TensorName{Role::recurrence_decay_rate, "linear_attn.A_log"},
        kQwenNorm,
        TensorName{Role::recurrence_output, "linear_attn.out_proj.weight"},
    },
    kQwen2Moe);

inline constexpr auto kQwen3Next = joined(
    std::array{
        by_key_head(Role::recurrence_query),
        by_key_head(Role::recurrence_key),
        by_key_head(Role::recurrence_value),
        by_key_head(Role::recurrence_gate),
        strength_or_decay(Role::recurrence_strength),
        strength_or_decay(Role::recurrence_decay),
    },
    kQwenHybrid);

inline constexpr auto kQwen35 = joined(
    std::array{
        query_key_or_value(Role::recurrence_query),
        query_key_or_value(Role::recurrence_key),
        query_key_or_value(Role::recurrence_value),
        TensorName{Role::recurrence_gate, "linear_attn.in_proj_z.weight"},
        TensorName{Role::recurrence_strength, "linear_attn.in_proj_b.weight"},
        TensorName{Role::recurrence_decay, "linear_attn.in_proj_a.weight"},
        TensorName{Role::expert_gate, "mlp.experts.gate_up_proj", &kFusedExperts},
        TensorName{Role::expert_up, "mlp.experts.gate_up_proj", &kFusedExperts},
        TensorName{Role::expert_down, "mlp.experts.down_proj"},
    },
    kQwenHybrid);

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

// --- Mamba-2: all inputs in one projection, and one convolution.

inline constexpr std::array kMambaInputs{Role::recurrence_gate, Role::recurrence_value,
                                         Role::recurrence_key, Role::recurrence_query,
                                         Role::recurrence_decay};
inline constexpr std::array kMambaTaps{Role::recurrence_value_taps, Role::recurrence_key_taps,
                                       Role::recurrence_query_taps};
inline constexpr Fused kFusedMambaInputs{FusedBy::whole, kMambaInputs};
inline constexpr Fused kFusedMambaTaps{FusedBy::whole, kMambaTaps};

inline constexpr std::array kSharedGateAndUp{Role::shared_gate, Role::shared_up};
inline constexpr Fused kFusedShared{FusedBy::whole, kSharedGateAndUp};

constexpr TensorName mamba_input(WeightRole role) {
  return {role, "mamba.in_proj.weight", &kFusedMambaInputs};
}
constexpr TensorName mamba_taps(WeightRole role) {
  return {role, "mamba.conv1d.weight", &kFusedMambaTaps, StoredLayout::depthwise};
}
constexpr TensorName mixer_input(WeightRole role) {
  return {role, "mixer.in_proj.weight", &kFusedMambaInputs};
}
constexpr TensorName mixer_taps(WeightRole role) {
  return {role, "mixer.conv1d.weight", &kFusedMambaTaps, StoredLayout::depthwise};
}

inline constexpr std::array kMamba2Blocks{
    mamba_input(Role::recurrence_gate),
    mamba_input(Role::recurrence_value),
    mamba_input(Role::recurrence_key),
    mamba_input(Role::recurrence_query),
    mamba_input(Role::recurrence_decay),
    mamba_taps(Role::recurrence_value_taps),
    mamba_taps(Role::recurrence_key_taps),
    mamba_taps(Role::recurrence_query_taps),
    TensorName{Role::recurrence_decay_bias, "mamba.dt_bias"},
    TensorName{Role::recurrence_decay_rate, "mamba.A_log"},
    TensorName{Role::recurrence_skip, "mamba.D"},
    TensorName{Role::recurrence_norm, "mamba.norm.weight"},
    TensorName{Role::recurrence_output, "mamba.out_proj.weight"},
};

// The norms and the feed-forward of families that set Mamba beside attention.
inline constexpr std::array kBesideMamba{
    TensorName{Role::final_norm, "final_layernorm.weight"},
    TensorName{Role::feed_forward_norm, "pre_ff_layernorm.weight"},
    TensorName{Role::gate, "feed_forward.gate_proj.weight"},
    TensorName{Role::up, "feed_forward.up_proj.weight"},
    TensorName{Role::down, "feed_forward.down_proj.weight"},
};

inline constexpr auto kBamba = joined(kBesideMamba, kMamba2Blocks);

inline constexpr auto kGraniteHybrid = joined(
    std::array{
        TensorName{Role::shared_gate, "shared_mlp.input_linear.weight", &kFusedShared},
        TensorName{Role::shared_up, "shared_mlp.input_linear.weight", &kFusedShared},
        TensorName{Role::shared_down, "shared_mlp.output_linear.weight"},
        TensorName{Role::gate, "shared_mlp.input_linear.weight", &kFusedGateAndUp},
        TensorName{Role::up, "shared_mlp.input_linear.weight", &kFusedGateAndUp},
        TensorName{Role::down, "shared_mlp.output_linear.weight"},
    },
    kMamba2Blocks, kGraniteMoe);

// Each layer is one block, whatever its kind.
inline constexpr std::array kNemotronH{
    TensorName{Role::token_embedding, "embeddings.weight"},
    TensorName{Role::final_norm, "norm_f.weight"},
    TensorName{Role::attention_norm, "norm.weight"},
    TensorName{Role::feed_forward_norm, "norm.weight"},
    mixer_input(Role::recurrence_gate),
    mixer_input(Role::recurrence_value),
    mixer_input(Role::recurrence_key),
    mixer_input(Role::recurrence_query),
    mixer_input(Role::recurrence_decay),
    mixer_taps(Role::recurrence_value_taps),
    mixer_taps(Role::recurrence_key_taps),
    mixer_taps(Role::recurrence_query_taps),
    TensorName{Role::recurrence_decay_bias, "mixer.dt_bias"},
    TensorName{Role::recurrence_decay_rate, "mixer.A_log"},
    TensorName{Role::recurrence_skip, "mixer.D"},
    TensorName{Role::recurrence_norm, "mixer.norm.weight", nullptr, StoredLayout::joined},
    TensorName{Role::recurrence_output, "mixer.out_proj.weight"},
    TensorName{Role::query, "mixer.q_proj.weight"},
    TensorName{Role::key, "mixer.k_proj.weight"},
    TensorName{Role::value, "mixer.v_proj.weight"},
    TensorName{Role::attention_output, "mixer.o_proj.weight"},
    TensorName{Role::up, "mixer.up_proj.weight"},
    TensorName{Role::down, "mixer.down_proj.weight"},
    TensorName{Role::router, "mixer.gate.weight"},
    TensorName{Role::router_correction_bias, "mixer.gate.e_score_correction_bias"},
    TensorName{Role::expert_up, "mixer.experts.*.up_proj.weight"},
    TensorName{Role::expert_down, "mixer.experts.*.down_proj.weight"},
    TensorName{Role::expert_latent_down, "mixer.fc1_latent_proj.weight"},
    TensorName{Role::expert_latent_up, "mixer.fc2_latent_proj.weight"},
    TensorName{Role::shared_up, "mixer.shared_experts.up_proj.weight"},
    TensorName{Role::shared_down, "mixer.shared_experts.down_proj.weight"},
};

// --- Lightning attention: query, key and value of a head one after the other.

inline constexpr Fused kFusedLightning{FusedBy::recurrence_key_head, kRecurrence};

constexpr TensorName lightning_input(WeightRole role) {
  return {role, "self_attn.qkv_proj.weight", &kFusedLightning};
}

inline constexpr auto kMiniMax = joined(
    std::array{
        lightning_input(Role::recurrence_query),
        lightning_input(Role::recurrence_key),
        lightning_input(Role::recurrence_value),
        TensorName{Role::recurrence_norm, "self_attn.norm.weight"},
        TensorName{Role::recurrence_gate, "self_attn.output_gate.weight"},
        TensorName{Role::recurrence_output, "self_attn.out_proj.weight"},
    },
    kMixtral);

// --- Kimi delta attention: query, key and value with taps of their own.

inline constexpr auto kKimiLinear = joined(
    std::array{
        TensorName{Role::recurrence_query, "self_attn.q_proj.weight"},
        TensorName{Role::recurrence_key, "self_attn.k_proj.weight"},
        TensorName{Role::recurrence_value, "self_attn.v_proj.weight"},
        own_taps(Role::recurrence_query_taps, "self_attn.q_conv1d.weight"),
        own_taps(Role::recurrence_key_taps, "self_attn.k_conv1d.weight"),
        own_taps(Role::recurrence_value_taps, "self_attn.v_conv1d.weight"),
        TensorName{Role::recurrence_strength, "self_attn.b_proj.weight"},
        TensorName{Role::recurrence_decay_down, "self_attn.f_a_proj.weight"},
        TensorName{Role::recurrence_decay, "self_attn.f_b_proj.weight"},
        TensorName{Role::recurrence_decay_bias, "self_attn.dt_bias"},
        TensorName{Role::recurrence_decay_rate, "self_attn.A_log", nullptr,
                   StoredLayout::along_heads},
        TensorName{Role::recurrence_gate_down, "self_attn.g_a_proj.weight"},
        TensorName{Role::recurrence_gate, "self_attn.g_b_proj.weight"},
        TensorName{Role::recurrence_norm, "self_attn.o_norm.weight"},
        TensorName{Role::recurrence_output, "self_attn.o_proj.weight"},
        TensorName{Role::router_correction_bias, "block_sparse_moe.gate.e_score_correction_bias"},
    },
    kMixtral, kBlockSparseShared);

// The query of an attention residual is a projection to one column.
constexpr TensorName residual_query(WeightRole role, std::string_view name) {
  return {role, name, nullptr, StoredLayout::one_row};
}

inline constexpr auto kKimiK3 = joined(
    std::array{
        TensorName{Role::attention_gate, "self_attn.g_proj.weight"},
        TensorName{Role::recurrence_gate, "self_attn.g_proj.weight"},
        TensorName{Role::recurrence_decay_rate, "self_attn.A_log"},
        TensorName{Role::expert_latent_down, "block_sparse_moe.routed_expert_down_proj.weight"},
        TensorName{Role::expert_latent_norm, "block_sparse_moe.routed_expert_norm.weight"},
        TensorName{Role::expert_latent_up, "block_sparse_moe.routed_expert_up_proj.weight"},
        TensorName{Role::attention_residual_norm, "self_attention_res_norm.weight"},
        residual_query(Role::attention_residual_query, "self_attention_res_proj.weight"),
        TensorName{Role::feed_forward_residual_norm, "mlp_res_norm.weight"},
        residual_query(Role::feed_forward_residual_query, "mlp_res_proj.weight"),
        TensorName{Role::head_residual_norm, "output_attn_res_norm.weight"},
        residual_query(Role::head_residual_query, "output_attn_res_proj.weight"),
    },
    kKimiLinear);

}  // namespace llmarch::tensor_names
