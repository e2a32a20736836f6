// What the classes of the library call the modules that hold the matrices of a layer. Lists of
// modules in quantised configs and in adapters are matched against these names; the names of stored
// tensors, family by family, are known by kernels/weights.
#pragma once

#include <array>
#include <string_view>

#include "sim/graph/weight_role.h"

namespace llmarch {

// A module that holds the matrices of several roles, side by side, has its name at each of them.
struct ModuleNames {
  WeightRole role;
  std::string_view in_layer;  // alternatives with '|' between them
};
inline constexpr std::array kLayerModules{
    ModuleNames{WeightRole::query,
                "self_attn.q_proj|self_attn.qkv_proj|attention.wq|attn.c_attn|mixer.q_proj"},
    ModuleNames{WeightRole::key,
                "self_attn.k_proj|self_attn.qkv_proj|attention.wk|attn.c_attn|mixer.k_proj"},
    ModuleNames{WeightRole::value,
                "self_attn.v_proj|self_attn.qkv_proj|attention.wv|attn.c_attn|mixer.v_proj"},
    ModuleNames{WeightRole::attention_output,
                "self_attn.o_proj|attention.wo|attn.c_proj|mixer.o_proj"},
    ModuleNames{WeightRole::query_down, "self_attn.q_a_proj"},
    ModuleNames{WeightRole::query_up, "self_attn.q_b_proj|self_attn.q_proj"},
    ModuleNames{WeightRole::latent_down, "self_attn.kv_a_proj_with_mqa"},
    ModuleNames{WeightRole::rope_key, "self_attn.kv_a_proj_with_mqa"},
    ModuleNames{WeightRole::key_up, "self_attn.kv_b_proj"},
    ModuleNames{WeightRole::value_up, "self_attn.kv_b_proj"},
    ModuleNames{WeightRole::convolution_input_gate, "conv.in_proj"},
    ModuleNames{WeightRole::convolution_output_gate, "conv.in_proj"},
    ModuleNames{WeightRole::convolution_values, "conv.in_proj"},
    ModuleNames{WeightRole::convolution_output, "conv.out_proj"},
    ModuleNames{WeightRole::gate,
                "mlp.gate_proj|mlp.gate_up_proj|feed_forward.w1|feed_forward.gate_proj"},
    ModuleNames{WeightRole::up,
                "mlp.up_proj|mlp.gate_up_proj|mlp.c_fc|feed_forward.w3|feed_forward.up_proj|"
                "mixer.up_proj"},
    ModuleNames{WeightRole::down,
                "mlp.down_proj|mlp.c_proj|feed_forward.w2|feed_forward.down_proj|mixer.down_proj"},
    ModuleNames{WeightRole::router,
                "mlp.gate|mlp.router|block_sparse_moe.gate|feed_forward.router|mixer.gate"},
    ModuleNames{
        WeightRole::expert_gate,
        "mlp.experts.0.gate_proj|block_sparse_moe.experts.0.w1|feed_forward.experts.gate_up"},
    ModuleNames{WeightRole::expert_up,
                "mlp.experts.0.up_proj|block_sparse_moe.experts.0.w3|feed_forward.experts.gate_up|"
                "mixer.experts.0.up_proj"},
    ModuleNames{WeightRole::expert_down,
                "mlp.experts.0.down_proj|block_sparse_moe.experts.0.w2|feed_forward.experts.down|"
                "mixer.experts.0.down_proj"},
    ModuleNames{WeightRole::shared_gate,
                "mlp.shared_experts.gate_proj|mlp.shared_expert.gate_proj|"
                "feed_forward.shared_expert.gate_proj|"
                "block_sparse_moe.shared_experts.gate_proj"},
    ModuleNames{WeightRole::shared_up,
                "mlp.shared_experts.up_proj|mlp.shared_expert.up_proj|"
                "feed_forward.shared_expert.up_proj|"
                "block_sparse_moe.shared_experts.up_proj|mixer.shared_experts.up_proj"},
    ModuleNames{WeightRole::shared_down,
                "mlp.shared_experts.down_proj|mlp.shared_expert.down_proj|"
                "feed_forward.shared_expert.down_proj|"
                "block_sparse_moe.shared_experts.down_proj|mixer.shared_experts.down_proj"},
    ModuleNames{WeightRole::shared_gate_vector, "mlp.shared_expert_gate"}};

// Modules that differ from family to family, so that a target of an adapter does not say which
// matrix it names: they are looked for in the lists of quantised configs alone, where the list
// names the modules of one model. Of DeepSeek-V4 the makers' names are known, and what the library
// calls its attention as a whole.
inline constexpr std::array kModulesOfFamilies{
    ModuleNames{WeightRole::attention_output, "self_attn.out_proj"},
    ModuleNames{WeightRole::attention_gate,
                "self_attn.g_proj|self_attn.gate_proj|self_attn.q_proj"},
    ModuleNames{WeightRole::shared_key_value, "attn.wkv|self_attn"},
    ModuleNames{WeightRole::attention_output_latent, "attn.wo_a|self_attn"},
    ModuleNames{WeightRole::entry_value, "attn.compressor.wkv|self_attn"},
    ModuleNames{WeightRole::entry_value_before, "attn.compressor.wkv|self_attn"},
    ModuleNames{WeightRole::entry_gate, "attn.compressor.wgate|self_attn"},
    ModuleNames{WeightRole::entry_gate_before, "attn.compressor.wgate|self_attn"},
    ModuleNames{WeightRole::index_entry_value, "attn.indexer.compressor.wkv|self_attn"},
    ModuleNames{WeightRole::index_entry_value_before, "attn.indexer.compressor.wkv|self_attn"},
    ModuleNames{WeightRole::index_entry_gate, "attn.indexer.compressor.wgate|self_attn"},
    ModuleNames{WeightRole::index_entry_gate_before, "attn.indexer.compressor.wgate|self_attn"},
    ModuleNames{WeightRole::index_query,
                "self_attn.indexer.wq_b|self_attn.index_q_proj|attn.indexer.wq_b"},
    ModuleNames{WeightRole::index_key, "self_attn.indexer.wk|self_attn.index_k_proj"},
    ModuleNames{WeightRole::index_weights,
                "self_attn.indexer.weights_proj|attn.indexer.weights_proj"},
    ModuleNames{WeightRole::recurrence_query,
                "self_attn.q_proj|self_attn.qkv_proj|linear_attn.q_proj|linear_attn.in_proj_qkv|"
                "linear_attn.in_proj_qkvz|mamba.in_proj|mixer.in_proj"},
    ModuleNames{WeightRole::recurrence_key,
                "self_attn.k_proj|self_attn.qkv_proj|linear_attn.k_proj|linear_attn.in_proj_qkv|"
                "linear_attn.in_proj_qkvz|mamba.in_proj|mixer.in_proj"},
    ModuleNames{WeightRole::recurrence_value,
                "self_attn.v_proj|self_attn.qkv_proj|linear_attn.v_proj|linear_attn.in_proj_qkv|"
                "linear_attn.in_proj_qkvz|mamba.in_proj|mixer.in_proj"},
    ModuleNames{WeightRole::recurrence_gate,
                "self_attn.g_proj|self_attn.g_b_proj|self_attn.output_gate|linear_attn.g_proj|"
                "linear_attn.in_proj_z|linear_attn.in_proj_qkvz|mamba.in_proj|mixer.in_proj"},
    ModuleNames{WeightRole::recurrence_gate_down, "self_attn.g_a_proj"},
    ModuleNames{WeightRole::recurrence_strength,
                "self_attn.b_proj|linear_attn.b_proj|linear_attn.in_proj_b|"
                "linear_attn.in_proj_ba"},
    ModuleNames{WeightRole::recurrence_decay_down, "self_attn.f_a_proj"},
    ModuleNames{WeightRole::recurrence_decay,
                "self_attn.f_b_proj|linear_attn.a_proj|linear_attn.in_proj_a|"
                "linear_attn.in_proj_ba|mamba.in_proj|mixer.in_proj|mamba.dt_proj|mixer.dt_proj"},
    ModuleNames{WeightRole::recurrence_output,
                "self_attn.o_proj|self_attn.out_proj|linear_attn.o_proj|linear_attn.out_proj|"
                "mamba.out_proj|mixer.out_proj"},
    ModuleNames{WeightRole::selection_step, "mamba.x_proj|mixer.x_proj"},
    ModuleNames{WeightRole::selection_key, "mamba.x_proj|mixer.x_proj"},
    ModuleNames{WeightRole::selection_query, "mamba.x_proj|mixer.x_proj"},
    ModuleNames{WeightRole::expert_latent_down,
                "mixer.fc1_latent_proj|block_sparse_moe.routed_expert_down_proj"},
    ModuleNames{WeightRole::expert_latent_up,
                "mixer.fc2_latent_proj|block_sparse_moe.routed_expert_up_proj"}};

// Gemma 4 has its experts and their router beside the feed-forward that others have them in.
inline constexpr std::array kGemma4Modules{
    ModuleNames{WeightRole::router, "router.proj"},
    ModuleNames{WeightRole::expert_gate, "experts.0.gate_proj|experts.gate_up_proj"},
    ModuleNames{WeightRole::expert_up, "experts.0.up_proj|experts.gate_up_proj"},
    ModuleNames{WeightRole::expert_down, "experts.0.down_proj|experts.down_proj"}};

}  // namespace llmarch
