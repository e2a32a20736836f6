// Models whose layers are of several kinds, from headers of GGUF files: the tensors say which layer
// is which, and the bytes are those of the tensors.
#include "tests/gguf/written_model.h"

namespace llmarch::weights_test {
namespace {

void add_delta_net(Header& header, int layer) {
  header.vector(blk(layer, "attn_norm"), 512)
      .matrix(blk(layer, "attn_qkv"), 512, 512)
      .matrix(blk(layer, "attn_gate"), 256, 512)
      .matrix(blk(layer, "ssm_conv1d"), 512, 4, kFloat)
      .vector("blk." + std::to_string(layer) + ".ssm_dt.bias", 4)
      .vector("blk." + std::to_string(layer) + ".ssm_a", 4)
      .matrix(blk(layer, "ssm_beta"), 4, 512)
      .matrix(blk(layer, "ssm_alpha"), 4, 512)
      .vector(blk(layer, "ssm_norm"), 64)
      .matrix(blk(layer, "ssm_out"), 512, 256);
}

// Every fourth layer has attention, whose queries hold an output gate as well.
TEST_F(AGgufModel, OfQwen35HasRecurrencesWhereTheirTensorsAre) {
  Header header = with_sizes("qwen35", 2, 1024, 4, 2, 128);
  header.key("ssm.group_count", 2)
      .key("ssm.time_step_rank", 4)
      .key("ssm.state_size", 64)
      .key("ssm.inner_size", 256)
      .key("ssm.conv_kernel", 4)
      .key("rope.dimension_count", 32);
  header.matrix("token_embd.weight", 1000, 512, kQ6).vector("output_norm.weight", 512);
  add_delta_net(header, 0);
  header.vector(blk(1, "attn_norm"), 512)
      .matrix(blk(1, "attn_q"), 2 * 512, 512)
      .matrix(blk(1, "attn_k"), 256, 512)
      .matrix(blk(1, "attn_v"), 256, 512)
      .matrix(blk(1, "attn_output"), 512, 512)
      .vector(blk(1, "attn_q_norm"), 128)
      .vector(blk(1, "attn_k_norm"), 128);
  for (const int layer : {0, 1}) {
    header.vector(blk(layer, "post_attention_norm"), 512)
        .matrix(blk(layer, "ffn_gate"), 1024, 512)
        .matrix(blk(layer, "ffn_up"), 1024, 512)
        .matrix(blk(layer, "ffn_down"), 512, 1024);
  }
  expect_bytes(header);
}

// A recurrence, attention, a mixture and a plain feed-forward, each a layer by itself. The
// recurrence: 8 heads of 64 and 2 groups of 64, so 2 * 512 + 2 * 128 + 8 columns go into it.
Header nemotron() {
  Header header("nemotron_h_moe");
  header.key("block_count", 4)
      .key("embedding_length", 512)
      .list("feed_forward_length", {0, 0, 0, 1024})
      .key("context_length", 4096)
      .key("attention.head_count", 4)
      .list("attention.head_count_kv", {0, 2, 0, 0})
      .key("attention.key_length", 128)
      .real("attention.layer_norm_rms_epsilon", 1e-5F)
      .key("ssm.group_count", 2)
      .key("ssm.time_step_rank", 8)
      .key("ssm.state_size", 64)
      .key("ssm.inner_size", 512)
      .key("ssm.conv_kernel", 4)
      .key("expert_count", 4)
      .key("expert_used_count", 2)
      .key("expert_feed_forward_length", 256)
      .key("expert_shared_feed_forward_length", 512)
      .key("expert_shared_count", 1)
      .flag("expert_weights_norm")
      .real("expert_weights_scale", 2.5F);
  header.matrix("token_embd.weight", 1000, 512)
      .matrix("output.weight", 1000, 512, kQ6)
      .vector("output_norm.weight", 512)
      .vector(blk(0, "attn_norm"), 512)
      .matrix(blk(0, "ssm_in"), 1288, 512)
      .matrix(blk(0, "ssm_conv1d"), 768, 4, kFloat)
      .vector("blk.0.ssm_conv1d.bias", 768)
      .vector("blk.0.ssm_dt.bias", 8)
      .matrix("blk.0.ssm_a", 8, 1, kFloat)
      .matrix("blk.0.ssm_d", 8, 1, kFloat)
      .matrix(blk(0, "ssm_norm"), 2, 256, kFloat)
      .matrix(blk(0, "ssm_out"), 512, 512);
  add_attention(header, 1, 512, 256);
  header.vector(blk(2, "attn_norm"), 512)
      .matrix(blk(2, "ffn_gate_inp"), 4, 512, kFloat)
      .vector("blk.2.exp_probs_b.bias", 4)
      .experts(blk(2, "ffn_up_exps"), 4, 256, 512, kQ4)
      .experts(blk(2, "ffn_down_exps"), 4, 512, 256, kQ6)
      .matrix(blk(2, "ffn_up_shexp"), 512, 512)
      .matrix(blk(2, "ffn_down_shexp"), 512, 512)
      .vector(blk(3, "attn_norm"), 512)
      .matrix(blk(3, "ffn_up"), 1024, 512)
      .matrix(blk(3, "ffn_down"), 512, 1024);
  return header;
}

TEST_F(AGgufModel, OfNemotronHIsOneBlockALayer) {
  expect_bytes(nemotron());
}

TEST_F(AGgufModel, OfLlama4HasMixturesEverySecondLayer) {
  Header header = with_sizes("llama4", 2, 1024, 8, 2, 64);
  header.key("expert_count", 4)
      .key("expert_used_count", 1)
      .key("expert_feed_forward_length", 256)
      .key("interleave_moe_layer_step", 2);
  header.matrix("token_embd.weight", 1000, 512)
      .matrix("output.weight", 1000, 512, kQ6)
      .vector("output_norm.weight", 512);
  add_attention(header, 0, 512, 128);
  add_feed_forward(header, 0, 1024);
  add_attention(header, 1, 512, 128);
  header.vector(blk(1, "ffn_norm"), 512)
      .matrix(blk(1, "ffn_gate_inp"), 4, 512, kFloat)
      .experts(blk(1, "ffn_gate_exps"), 4, 256, 512, kQ4)
      .experts(blk(1, "ffn_up_exps"), 4, 256, 512, kQ4)
      .experts(blk(1, "ffn_down_exps"), 4, 512, 256, kQ6)
      .matrix(blk(1, "ffn_gate_shexp"), 256, 512)
      .matrix(blk(1, "ffn_up_shexp"), 256, 512)
      .matrix(blk(1, "ffn_down_shexp"), 512, 256);
  expect_bytes(header);
}

}  // namespace
}  // namespace llmarch::weights_test
