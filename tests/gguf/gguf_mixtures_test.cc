// Decoders with experts, from headers of GGUF files with the tensors that a converter writes.
#include "tests/gguf/written_model.h"

namespace llmarch::weights_test {
namespace {

void add_experts(Header& header, int layer) {
  header.matrix(blk(layer, "ffn_gate_inp"), 4, 512, kFloat)
      .experts(blk(layer, "ffn_gate_exps"), 4, 256, 512, kQ4)
      .experts(blk(layer, "ffn_up_exps"), 4, 256, 512, kQ4)
      .experts(blk(layer, "ffn_down_exps"), 4, 512, 256, kQ6);
}
void add_correction(Header& header, int layer) {
  header.vector("blk." + std::to_string(layer) + ".exp_probs_b.bias", 4);
}
void add_shared(Header& header, int layer, std::int64_t width) {
  header.matrix(blk(layer, "ffn_gate_shexp"), width, 512)
      .matrix(blk(layer, "ffn_up_shexp"), width, 512)
      .matrix(blk(layer, "ffn_down_shexp"), 512, width, kQ6);
}
void add_head_norms(Header& header, int layer) {
  header.vector(blk(layer, "attn_q_norm"), 64).vector(blk(layer, "attn_k_norm"), 64);
}

// Two of four experts of 256.
Header with_experts(const std::string& architecture, std::uint32_t layers) {
  Header header = with_sizes(architecture, layers, 1024, 8, 2, 64);
  header.key("expert_count", 4).key("expert_used_count", 2).key("expert_feed_forward_length", 256);
  header.matrix("token_embd.weight", 1000, 512)
      .matrix("output.weight", 1000, 512, kQ6)
      .vector("output_norm.weight", 512);
  return header;
}

// After one dense layer, with a shared expert, chosen by sigmoids.
Header after_one_dense(const std::string& architecture) {
  Header header = with_experts(architecture, 2);
  header.key("expert_shared_count", 1)
      .key("leading_dense_block_count", 1)
      .key("expert_gating_func", 2)
      .real("expert_weights_scale", 2.5F)
      .flag("expert_weights_norm");
  return header;
}

// The norm before the feed-forward is called as one after attention, and the last block of the
// file is a prediction layer, which is none of the model's.
TEST_F(AGgufModel, OfGlm4MoeHasADenseLayerFirst) {
  Header header = after_one_dense("glm4moe");
  header.key("rope.dimension_count", 32);
  for (const int layer : {0, 1}) {
    add_attention(header, layer, 512, 128);
    add_head_norms(header, layer);
    header.vector(blk(layer, "post_attention_norm"), 512);
  }
  header.matrix(blk(0, "ffn_gate"), 1024, 512)
      .matrix(blk(0, "ffn_up"), 1024, 512)
      .matrix(blk(0, "ffn_down"), 512, 1024);
  add_experts(header, 1);
  add_correction(header, 1);
  add_shared(header, 1, 256);
  expect_bytes(header);
}

TEST_F(AGgufModel, OfDots1HasSharedExperts) {
  Header header = after_one_dense("dots1");
  for (const int layer : {0, 1}) {
    add_attention(header, layer, 512, 128);
    add_head_norms(header, layer);
  }
  add_feed_forward(header, 0, 1024);
  header.vector(blk(1, "ffn_norm"), 512);
  add_experts(header, 1);
  add_correction(header, 1);
  add_shared(header, 1, 256);
  expect_bytes(header);
}

TEST_F(AGgufModel, OfBailingMoe2HasQueriesKeysAndValuesInOneTensor) {
  Header header = after_one_dense("bailingmoe2");
  header.key("expert_group_count", 2)
      .key("expert_group_used_count", 1)
      .key("rope.dimension_count", 32);
  for (const int layer : {0, 1}) {
    header.vector(blk(layer, "attn_norm"), 512)
        .matrix(blk(layer, "attn_qkv"), 512 + 2 * 128, 512)
        .matrix(blk(layer, "attn_output"), 512, 512);
    add_head_norms(header, layer);
  }
  add_feed_forward(header, 0, 1024);
  header.vector(blk(1, "ffn_norm"), 512);
  add_experts(header, 1);
  add_correction(header, 1);
  add_shared(header, 1, 256);
  expect_bytes(header);
}

TEST_F(AGgufModel, OfErnie45MoeHasSharedExpertsOfOneTensor) {
  Header header = with_experts("ernie4_5-moe", 2);
  header.key("expert_shared_count", 2)
      .key("leading_dense_block_count", 1)
      .key("interleave_moe_layer_step", 1);
  add_attention(header, 0, 512, 128);
  add_feed_forward(header, 0, 1024);
  add_attention(header, 1, 512, 128);
  header.vector(blk(1, "ffn_norm"), 512);
  add_experts(header, 1);
  add_correction(header, 1);
  add_shared(header, 1, 2 * 256);
  expect_bytes(header);
}

// Queries and keys are normed over all heads.
TEST_F(AGgufModel, OfMiniMaxM2NormsAllHeadsTogether) {
  Header header = with_experts("minimax-m2", 1);
  header.key("rope.dimension_count", 32).key("expert_gating_func", 2);
  add_attention(header, 0, 512, 128);
  header.vector(blk(0, "attn_q_norm"), 512)
      .vector(blk(0, "attn_k_norm"), 128)
      .vector(blk(0, "ffn_norm"), 512);
  add_experts(header, 0);
  add_correction(header, 0);
  expect_bytes(header);
}

TEST_F(AGgufModel, OfHunyuanMoeHasADenseFeedForwardBesideItsExperts) {
  Header header = with_experts("hunyuan-moe", 1);
  header.key("expert_shared_feed_forward_length", 256);
  add_attention(header, 0, 512, 128);
  add_head_norms(header, 0);
  header.vector(blk(0, "ffn_norm"), 512);
  add_experts(header, 0);
  add_shared(header, 0, 256);
  expect_bytes(header);
}

// The width of its experts is that of the feed-forward.
TEST_F(AGgufModel, OfOlmoeNormsAllHeadsTogether) {
  Header header = with_sizes("olmoe", 1, 256, 8, 8, 64);
  header.key("expert_count", 4).key("expert_used_count", 2);
  header.matrix("token_embd.weight", 1000, 512)
      .matrix("output.weight", 1000, 512, kQ6)
      .vector("output_norm.weight", 512);
  add_attention(header, 0, 512, 512);
  header.vector(blk(0, "attn_q_norm"), 512)
      .vector(blk(0, "attn_k_norm"), 512)
      .vector(blk(0, "ffn_norm"), 512);
  add_experts(header, 0);
  expect_bytes(header);
}

TEST_F(AGgufModel, OfGraniteMoeScalesLikeGranite) {
  Header header = with_sizes("granitemoe", 1, 256, 8, 2, 64);
  header.key("expert_count", 4)
      .key("expert_used_count", 2)
      .real("embedding_scale", 12.0F)
      .real("residual_scale", 0.22F)
      .real("attention.scale", 0.015625F)
      .real("logit_scale", 6.0F);
  header.matrix("token_embd.weight", 1000, 512, kQ6).vector("output_norm.weight", 512);
  add_attention(header, 0, 512, 128);
  header.vector(blk(0, "ffn_norm"), 512);
  add_experts(header, 0);
  expect_bytes(header);
}

TEST_F(AGgufModel, OfLfm2MoeHasConvolutionsAndExperts) {
  Header header = convolution_and_attention("lfm2moe");
  header.key("expert_feed_forward_length", 256)
      .key("expert_count", 4)
      .key("expert_used_count", 2)
      .key("expert_gating_func", 2)
      .key("leading_dense_block_count", 1);
  header.vector(blk(1, "ffn_norm"), 512);
  add_experts(header, 1);
  add_correction(header, 1);
  expect_bytes(header);
}

// --- Gemma 4.

Header gemma4(std::uint32_t layers) {
  Header header("gemma4");
  header.key("block_count", layers)
      .key("embedding_length", 512)
      .key("context_length", 4096)
      .key("attention.head_count", 4)
      .key("attention.key_length", 256)
      .key("attention.key_length_swa", 128)
      .key("attention.sliding_window", 512)
      .real("attention.layer_norm_rms_epsilon", 1e-6F)
      .real("final_logit_softcapping", 30.0F)
      .real("rope.freq_base", 1e6F)
      .real("rope.freq_base_swa", 1e4F);
  header.matrix("token_embd.weight", 1000, 512, kQ6).vector("output_norm.weight", 512);
  return header;
}

void add_gemma4_layer(Header& header, int layer, std::int64_t head, std::int64_t key_heads,
                      std::int64_t width) {
  header.vector(blk(layer, "attn_norm"), 512)
      .matrix(blk(layer, "attn_q"), 4 * head, 512)
      .matrix(blk(layer, "attn_output"), 512, 4 * head)
      .vector(blk(layer, "attn_q_norm"), head)
      .vector(blk(layer, "post_attention_norm"), 512)
      .vector(blk(layer, "ffn_norm"), 512)
      .matrix(blk(layer, "ffn_gate"), width, 512)
      .matrix(blk(layer, "ffn_up"), width, 512)
      .matrix(blk(layer, "ffn_down"), 512, width)
      .vector(blk(layer, "post_ffw_norm"), 512);
  if (key_heads == 0) return;
  header.matrix(blk(layer, "attn_k"), key_heads * head, 512)
      .vector(blk(layer, "attn_k_norm"), head);
}

// The last two layers share the keys of the first two, and have twice the width. Layers scale their
// output by a number each.
TEST_F(AGgufModel, OfGemma4SharesKeysAndHasInputsOfEachLayer) {
  Header header = gemma4(4);
  header.list("feed_forward_length", {1024, 1024, 2048, 2048})
      .key("attention.head_count_kv", 1)
      .key("attention.shared_kv_layers", 2)
      .key("embedding_length_per_layer_input", 256)
      .flags("attention.sliding_window_pattern", {true, false, true, false});
  header.matrix("per_layer_token_embd.weight", 1000, 4 * 256)
      .matrix("per_layer_model_proj.weight", 4 * 256, 512)
      .vector("per_layer_proj_norm.weight", 256);
  for (int layer = 0; layer < 4; ++layer) {
    const std::int64_t head = layer % 2 == 0 ? 128 : 256;
    add_gemma4_layer(header, layer, head, layer < 2 ? 1 : 0, layer < 2 ? 1024 : 2048);
    if (layer < 2) header.matrix(blk(layer, "attn_v"), head, 512);
    header.matrix(blk(layer, "inp_gate"), 256, 512)
        .matrix(blk(layer, "proj"), 512, 256)
        .vector(blk(layer, "post_norm"), 512)
        .vector(blk(layer, "layer_output_scale"), 1);
  }
  expect_bytes(header);
}

// Keys are values in layers without a window. A mixture stands beside the dense feed-forward, each
// between norms of its own; the router has an input and scales of its own.
TEST_F(AGgufModel, OfGemma4HasExpertsBesideItsFeedForward) {
  Header header = gemma4(2);
  header.key("feed_forward_length", 1024)
      .key("expert_feed_forward_length", 256)
      .key("expert_count", 4)
      .key("expert_used_count", 2)
      .list("attention.head_count_kv", {2, 1})
      .flags("attention.sliding_window_pattern", {true, false});
  for (int layer = 0; layer < 2; ++layer) {
    add_gemma4_layer(header, layer, layer == 0 ? 128 : 256, layer == 0 ? 2 : 1, 1024);
    if (layer == 0) header.matrix(blk(layer, "attn_v"), 2 * 128, 512);
    const std::string prefix = "blk." + std::to_string(layer) + ".";
    header.vector(blk(layer, "pre_ffw_norm_2"), 512)
        .vector(blk(layer, "post_ffw_norm_1"), 512)
        .vector(blk(layer, "post_ffw_norm_2"), 512)
        .matrix(blk(layer, "ffn_gate_inp"), 4, 512, kFloat)
        .vector(prefix + "ffn_gate_inp.scale", 512)
        .experts(blk(layer, "ffn_gate_up_exps"), 4, 2 * 256, 512, kQ4)
        .experts(blk(layer, "ffn_down_exps"), 4, 512, 256, kQ6)
        .vector(prefix + "ffn_down_exps.scale", 4)
        .vector(blk(layer, "layer_output_scale"), 1);
  }
  expect_bytes(header);
}

TEST_F(AGgufModel, OfGemma4IsRefusedWhereItsWindowsAreNotSaid) {
  Header header = gemma4(2);
  header.key("feed_forward_length", 1024).key("attention.head_count_kv", 1);
  EXPECT_EQ(problem(header),
            "key 'gemma4.attention.sliding_window_pattern' does not say of each layer whether it "
            "has a window");
}

}  // namespace
}  // namespace llmarch::weights_test
