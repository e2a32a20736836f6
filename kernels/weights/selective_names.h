// The names of families with a selective scan (Mamba-1), and of those that set Mamba-2 beside
// attention.
#pragma once

#include "kernels/weights/recurrent_names.h"

namespace llmarch::tensor_names {

inline constexpr std::array kScanInputs{Role::recurrence_value, Role::recurrence_gate};
inline constexpr std::array kSelection{Role::selection_step, Role::selection_key,
                                       Role::selection_query};
inline constexpr Fused kFusedScanInputs{FusedBy::whole, kScanInputs};
inline constexpr Fused kFusedSelection{FusedBy::whole, kSelection};

// Each layer is one block.
inline constexpr std::array kMamba{
    TensorName{Role::token_embedding, "embeddings.weight"},
    TensorName{Role::final_norm, "norm_f.weight"},
    TensorName{Role::attention_norm, "norm.weight"},
    TensorName{Role::recurrence_value, "mixer.in_proj.weight", &kFusedScanInputs},
    TensorName{Role::recurrence_gate, "mixer.in_proj.weight", &kFusedScanInputs},
    TensorName{Role::recurrence_value_taps, "mixer.conv1d.weight", nullptr,
               StoredLayout::depthwise},
    TensorName{Role::selection_step, "mixer.x_proj.weight", &kFusedSelection},
    TensorName{Role::selection_key, "mixer.x_proj.weight", &kFusedSelection},
    TensorName{Role::selection_query, "mixer.x_proj.weight", &kFusedSelection},
    TensorName{Role::selection_rate, "mixer.A_log"},
    TensorName{Role::recurrence_decay, "mixer.dt_proj.weight"},
    TensorName{Role::recurrence_skip, "mixer.D"},
    TensorName{Role::recurrence_output, "mixer.out_proj.weight"},
};

inline constexpr auto kJamba = joined(
    std::array{
        TensorName{Role::router, "feed_forward.router.weight"},
        TensorName{Role::expert_gate, "feed_forward.experts.*.gate_proj.weight"},
        TensorName{Role::expert_up, "feed_forward.experts.*.up_proj.weight"},
        TensorName{Role::expert_down, "feed_forward.experts.*.down_proj.weight"},
        TensorName{Role::recurrence_value, "mamba.in_proj.weight", &kFusedScanInputs},
        TensorName{Role::recurrence_gate, "mamba.in_proj.weight", &kFusedScanInputs},
        TensorName{Role::recurrence_value_taps, "mamba.conv1d.weight", nullptr,
                   StoredLayout::depthwise},
        TensorName{Role::selection_step, "mamba.x_proj.weight", &kFusedSelection},
        TensorName{Role::selection_key, "mamba.x_proj.weight", &kFusedSelection},
        TensorName{Role::selection_query, "mamba.x_proj.weight", &kFusedSelection},
        TensorName{Role::selection_step_norm, "mamba.dt_layernorm.weight"},
        TensorName{Role::selection_key_norm, "mamba.b_layernorm.weight"},
        TensorName{Role::selection_query_norm, "mamba.c_layernorm.weight"},
        TensorName{Role::selection_rate, "mamba.A_log"},
        TensorName{Role::recurrence_decay, "mamba.dt_proj.weight"},
        TensorName{Role::recurrence_skip, "mamba.D"},
        TensorName{Role::recurrence_output, "mamba.out_proj.weight"},
    },
    kBesideMamba);

// The norm's weights are those of all groups, one after the other.
inline constexpr auto kFalconH1 = joined(
    std::array{
        TensorName{Role::recurrence_norm, "mamba.norm.weight", nullptr, StoredLayout::joined},
    },
    kBesideMamba, kMamba2Blocks);

}  // namespace llmarch::tensor_names
