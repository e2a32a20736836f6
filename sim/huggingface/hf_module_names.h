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
    ModuleNames{WeightRole::query, "self_attn.q_proj|self_attn.qkv_proj|attention.wq|attn.c_attn"},
    ModuleNames{WeightRole::key, "self_attn.k_proj|self_attn.qkv_proj|attention.wk|attn.c_attn"},
    ModuleNames{WeightRole::value, "self_attn.v_proj|self_attn.qkv_proj|attention.wv|attn.c_attn"},
    ModuleNames{WeightRole::attention_output, "self_attn.o_proj|attention.wo|attn.c_proj"},
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
    ModuleNames{WeightRole::gate, "mlp.gate_proj|mlp.gate_up_proj|feed_forward.w1"},
    ModuleNames{WeightRole::up, "mlp.up_proj|mlp.gate_up_proj|feed_forward.w3"},
    ModuleNames{WeightRole::down, "mlp.down_proj|feed_forward.w2"},
    ModuleNames{WeightRole::router,
                "mlp.gate|mlp.router|block_sparse_moe.gate|feed_forward.router"},
    ModuleNames{
        WeightRole::expert_gate,
        "mlp.experts.0.gate_proj|block_sparse_moe.experts.0.w1|feed_forward.experts.gate_up"},
    ModuleNames{WeightRole::expert_up,
                "mlp.experts.0.up_proj|block_sparse_moe.experts.0.w3|feed_forward.experts.gate_up"},
    ModuleNames{WeightRole::expert_down,
                "mlp.experts.0.down_proj|block_sparse_moe.experts.0.w2|feed_forward.experts.down"},
    ModuleNames{WeightRole::shared_gate,
                "mlp.shared_experts.gate_proj|mlp.shared_expert.gate_proj|"
                "feed_forward.shared_expert.gate_proj"},
    ModuleNames{WeightRole::shared_up,
                "mlp.shared_experts.up_proj|mlp.shared_expert.up_proj|"
                "feed_forward.shared_expert.up_proj"},
    ModuleNames{WeightRole::shared_down,
                "mlp.shared_experts.down_proj|mlp.shared_expert.down_proj|"
                "feed_forward.shared_expert.down_proj"},
    ModuleNames{WeightRole::shared_gate_vector, "mlp.shared_expert_gate"}};

}  // namespace llmarch
