// The tensor names of DeepSeek-V4.
#pragma once

#include "kernels/weights/mixture_names.h"

namespace llmarch::tensor_names {

// What each position gives for the next group comes first, and is only there where groups overlap.
inline constexpr std::array kEntryValues{Role::entry_value_before, Role::entry_value};
inline constexpr std::array kEntryGates{Role::entry_gate_before, Role::entry_gate};
inline constexpr std::array kEntryBiases{Role::entry_gate_bias_before, Role::entry_gate_bias};
inline constexpr std::array kIndexEntryValues{Role::index_entry_value_before,
                                              Role::index_entry_value};
inline constexpr std::array kIndexEntryGates{Role::index_entry_gate_before, Role::index_entry_gate};
inline constexpr std::array kIndexEntryBiases{Role::index_entry_gate_bias_before,
                                              Role::index_entry_gate_bias};
inline constexpr Fused kFusedEntryValues{FusedBy::whole, kEntryValues};
inline constexpr Fused kFusedEntryGates{FusedBy::whole, kEntryGates};
inline constexpr Fused kFusedEntryBiases{FusedBy::whole, kEntryBiases};
inline constexpr Fused kFusedIndexEntryValues{FusedBy::whole, kIndexEntryValues};
inline constexpr Fused kFusedIndexEntryGates{FusedBy::whole, kIndexEntryGates};
inline constexpr Fused kFusedIndexEntryBiases{FusedBy::whole, kIndexEntryBiases};

constexpr TensorName entry_value(WeightRole role) {
  return {role, "attn.compressor.wkv.weight", &kFusedEntryValues};
}
constexpr TensorName entry_gate(WeightRole role) {
  return {role, "attn.compressor.wgate.weight", &kFusedEntryGates};
}
constexpr TensorName entry_bias(WeightRole role) {
  return {role, "attn.compressor.ape", &kFusedEntryBiases};
}
constexpr TensorName index_entry_value(WeightRole role) {
  return {role, "attn.indexer.compressor.wkv.weight", &kFusedIndexEntryValues};
}
constexpr TensorName index_entry_gate(WeightRole role) {
  return {role, "attn.indexer.compressor.wgate.weight", &kFusedIndexEntryGates};
}
constexpr TensorName index_entry_bias(WeightRole role) {
  return {role, "attn.indexer.compressor.ape", &kFusedIndexEntryBiases};
}

inline constexpr std::array kDeepseekV4{
    TensorName{Role::token_embedding, "embed.weight"},
    TensorName{Role::final_norm, "norm.weight"},
    TensorName{Role::head, "/head.weight"},
    TensorName{Role::attention_norm, "attn_norm.weight"},
    TensorName{Role::feed_forward_norm, "ffn_norm.weight"},
    TensorName{Role::query_down, "attn.wq_a.weight"},
    TensorName{Role::query_latent_norm, "attn.q_norm.weight"},
    TensorName{Role::query_up, "attn.wq_b.weight"},
    TensorName{Role::shared_key_value, "attn.wkv.weight"},
    TensorName{Role::shared_key_value_norm, "attn.kv_norm.weight"},
    TensorName{Role::attention_sinks, "attn.attn_sink"},
    TensorName{Role::attention_output_latent, "attn.wo_a.weight", nullptr, StoredLayout::joined},
    TensorName{Role::attention_output, "attn.wo_b.weight"},
    entry_value(Role::entry_value_before),
    entry_value(Role::entry_value),
    entry_gate(Role::entry_gate_before),
    entry_gate(Role::entry_gate),
    entry_bias(Role::entry_gate_bias_before),
    entry_bias(Role::entry_gate_bias),
    TensorName{Role::entry_norm, "attn.compressor.norm.weight"},
    index_entry_value(Role::index_entry_value_before),
    index_entry_value(Role::index_entry_value),
    index_entry_gate(Role::index_entry_gate_before),
    index_entry_gate(Role::index_entry_gate),
    index_entry_bias(Role::index_entry_gate_bias_before),
    index_entry_bias(Role::index_entry_gate_bias),
    TensorName{Role::index_entry_norm, "attn.indexer.compressor.norm.weight"},
    TensorName{Role::index_query, "attn.indexer.wq_b.weight"},
    TensorName{Role::index_weights, "attn.indexer.weights_proj.weight"},
    TensorName{Role::router, "ffn.gate.weight"},
    TensorName{Role::router_correction_bias, "ffn.gate.bias"},
    TensorName{Role::router_list, "ffn.gate.tid2eid"},
    TensorName{Role::expert_gate, "ffn.experts.*.w1.weight"},
    TensorName{Role::expert_up, "ffn.experts.*.w3.weight"},
    TensorName{Role::expert_down, "ffn.experts.*.w2.weight"},
    TensorName{Role::shared_gate, "ffn.shared_experts.w1.weight"},
    TensorName{Role::shared_up, "ffn.shared_experts.w3.weight"},
    TensorName{Role::shared_down, "ffn.shared_experts.w2.weight"},
    TensorName{Role::attention_stream_weights, "hc_attn_fn"},
    TensorName{Role::attention_stream_scale, "hc_attn_scale"},
    TensorName{Role::attention_stream_bias, "hc_attn_base"},
    TensorName{Role::feed_forward_stream_weights, "hc_ffn_fn"},
    TensorName{Role::feed_forward_stream_scale, "hc_ffn_scale"},
    TensorName{Role::feed_forward_stream_bias, "hc_ffn_base"},
    TensorName{Role::head_stream_weights, "hc_head_fn"},
    TensorName{Role::head_stream_scale, "hc_head_scale"},
    TensorName{Role::head_stream_bias, "hc_head_base"},
};

}  // namespace llmarch::tensor_names
