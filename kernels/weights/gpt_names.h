// The tensor names of GPT-2 and of the families before Llama: what each calls differently from
// GPT-2 or from most decoders.
#pragma once

#include "kernels/weights/decoder_names.h"

namespace llmarch::tensor_names {

inline constexpr std::array kGpt2{
    TensorName{Role::token_embedding, "wte.weight"},
    TensorName{Role::position_embedding, "wpe.weight"},
    TensorName{Role::final_norm, "ln_f.weight"},
    TensorName{Role::head, "/lm_head.weight"},
    TensorName{Role::attention_norm, "ln_1.weight"},
    TensorName{Role::query, "attn.c_attn.weight", &kFusedQueryKeyValue, StoredLayout::transposed},
    TensorName{Role::key, "attn.c_attn.weight", &kFusedQueryKeyValue, StoredLayout::transposed},
    TensorName{Role::value, "attn.c_attn.weight", &kFusedQueryKeyValue, StoredLayout::transposed},
    TensorName{Role::attention_output, "attn.c_proj.weight", nullptr, StoredLayout::transposed},
    TensorName{Role::feed_forward_norm, "ln_2.weight"},
    TensorName{Role::up, "mlp.c_fc.weight", nullptr, StoredLayout::transposed},
    TensorName{Role::down, "mlp.c_proj.weight", nullptr, StoredLayout::transposed},
};

// StarCoder: GPT-2's names, and matrices that are not transposed.
inline constexpr std::array kGptBigcode{
    TensorName{Role::query, "attn.c_attn.weight", &kQueryKeyValueByHead},
    TensorName{Role::key, "attn.c_attn.weight", &kQueryKeyValueByHead},
    TensorName{Role::value, "attn.c_attn.weight", &kQueryKeyValueByHead},
    TensorName{Role::attention_output, "attn.c_proj.weight"},
    TensorName{Role::up, "mlp.c_fc.weight"},
    TensorName{Role::down, "mlp.c_proj.weight"},
};

inline constexpr std::array kGptNeoX{
    TensorName{Role::token_embedding, "embed_in.weight"},
    TensorName{Role::final_norm, "final_layer_norm.weight"},
    TensorName{Role::head, "/embed_out.weight"},
    TensorName{Role::query, "attention.query_key_value.weight", &kQueryKeyValueByHead},
    TensorName{Role::key, "attention.query_key_value.weight", &kQueryKeyValueByHead},
    TensorName{Role::value, "attention.query_key_value.weight", &kQueryKeyValueByHead},
    TensorName{Role::attention_output, "attention.dense.weight"},
    TensorName{Role::up, "mlp.dense_h_to_4h.weight"},
    TensorName{Role::down, "mlp.dense_4h_to_h.weight"},
};

inline constexpr std::array kGptJ{
    TensorName{Role::query, "attn.q_proj.weight"},
    TensorName{Role::key, "attn.k_proj.weight"},
    TensorName{Role::value, "attn.v_proj.weight"},
    TensorName{Role::attention_output, "attn.out_proj.weight"},
    TensorName{Role::up, "mlp.fc_in.weight"},
    TensorName{Role::down, "mlp.fc_out.weight"},
};

inline constexpr std::array kGptNeo{
    TensorName{Role::query, "attn.attention.q_proj.weight"},
    TensorName{Role::key, "attn.attention.k_proj.weight"},
    TensorName{Role::value, "attn.attention.v_proj.weight"},
    TensorName{Role::attention_output, "attn.attention.out_proj.weight"},
    TensorName{Role::up, "mlp.c_fc.weight"},
    TensorName{Role::down, "mlp.c_proj.weight"},
};

inline constexpr std::array kFalcon{
    TensorName{Role::token_embedding, "word_embeddings.weight"},
    TensorName{Role::attention_norm, "input_layernorm.weight"},
    TensorName{Role::feed_forward_norm, "post_attention_layernorm.weight"},
    TensorName{Role::query, "self_attention.query_key_value.weight", &kQueryKeyValueByHead},
    TensorName{Role::key, "self_attention.query_key_value.weight", &kQueryKeyValueByHead},
    TensorName{Role::value, "self_attention.query_key_value.weight", &kQueryKeyValueByHead},
    TensorName{Role::attention_output, "self_attention.dense.weight"},
    TensorName{Role::up, "mlp.dense_h_to_4h.weight"},
    TensorName{Role::down, "mlp.dense_4h_to_h.weight"},
};

inline constexpr std::array kFalconTwoNorms{
    TensorName{Role::token_embedding, "word_embeddings.weight"},
    TensorName{Role::attention_norm, "ln_attn.weight"},
    TensorName{Role::feed_forward_norm, "ln_mlp.weight"},
    TensorName{Role::query, "self_attention.query_key_value.weight", &kQueryKeyValueByHead},
    TensorName{Role::key, "self_attention.query_key_value.weight", &kQueryKeyValueByHead},
    TensorName{Role::value, "self_attention.query_key_value.weight", &kQueryKeyValueByHead},
    TensorName{Role::attention_output, "self_attention.dense.weight"},
    TensorName{Role::up, "mlp.dense_h_to_4h.weight"},
    TensorName{Role::down, "mlp.dense_4h_to_h.weight"},
};

inline constexpr std::array kOpt{
    TensorName{Role::position_embedding, "embed_positions.weight"},
    TensorName{Role::embedding_projection, "project_in.weight"},
    TensorName{Role::output_projection, "project_out.weight"},
    TensorName{Role::final_norm, "final_layer_norm.weight"},
    TensorName{Role::attention_norm, "self_attn_layer_norm.weight"},
    TensorName{Role::post_attention_norm, "self_attn_layer_norm.weight"},
    TensorName{Role::feed_forward_norm, "final_layer_norm.weight"},
    TensorName{Role::post_feed_forward_norm, "final_layer_norm.weight"},
    TensorName{Role::attention_output, "self_attn.out_proj.weight"},
    TensorName{Role::up, "fc1.weight"},
    TensorName{Role::down, "fc2.weight"},
};

inline constexpr std::array kBloom{
    TensorName{Role::token_embedding, "word_embeddings.weight"},
    TensorName{Role::embedding_norm, "word_embeddings_layernorm.weight"},
    TensorName{Role::final_norm, "ln_f.weight"},
    TensorName{Role::query, "self_attention.query_key_value.weight", &kQueryKeyValueByHead},
    TensorName{Role::key, "self_attention.query_key_value.weight", &kQueryKeyValueByHead},
    TensorName{Role::value, "self_attention.query_key_value.weight", &kQueryKeyValueByHead},
    TensorName{Role::attention_output, "self_attention.dense.weight"},
    TensorName{Role::up, "mlp.dense_h_to_4h.weight"},
    TensorName{Role::down, "mlp.dense_4h_to_h.weight"},
};

}  // namespace llmarch::tensor_names
