// Models with state spaces, from headers of GGUF files with the tensors that a converter writes.
#include <gmock/gmock.h>

#include "tests/gguf/written_model.h"

namespace llmarch::weights_test {
namespace {

using testing::HasSubstr;

// 1024 columns, states of 16, steps from 32 numbers.
void add_scan(Header& header, int layer) {
  const std::string prefix = "blk." + std::to_string(layer) + ".";
  header.vector(blk(layer, "attn_norm"), 512)
      .matrix(blk(layer, "ssm_in"), 2 * 1024, 512)
      .matrix(blk(layer, "ssm_conv1d"), 1024, 4, kFloat)
      .vector(prefix + "ssm_conv1d.bias", 1024)
      .matrix(blk(layer, "ssm_x"), 32 + 2 * 16, 1024)
      .matrix(blk(layer, "ssm_dt"), 1024, 32, kFloat)
      .vector(prefix + "ssm_dt.bias", 1024)
      .matrix(prefix + "ssm_a", 1024, 16, kFloat)
      .vector(prefix + "ssm_d", 1024)
      .matrix(blk(layer, "ssm_out"), 512, 1024);
}

Header& add_scan_keys(Header& header) {
  return header.key("ssm.conv_kernel", 4)
      .key("ssm.inner_size", 1024)
      .key("ssm.state_size", 16)
      .key("ssm.time_step_rank", 32);
}

Header without_attention(const std::string& architecture) {
  Header header(architecture);
  header.key("block_count", 2)
      .key("embedding_length", 512)
      .key("feed_forward_length", 0)
      .key("context_length", 1U << 20U)
      .key("attention.head_count", 0)
      .real("attention.layer_norm_rms_epsilon", 1e-5F);
  header.matrix("token_embd.weight", 1000, 512, kQ6).vector("output_norm.weight", 512);
  return header;
}

TEST_F(AGgufModel, OfMambaIsAScanInEachLayer) {
  Header header = without_attention("mamba");
  add_scan_keys(header);
  for (const int layer : {0, 1}) add_scan(header, layer);
  expect_bytes(header);
}

TEST_F(AGgufModel, OfFalconMambaNormsWhatGoesIntoItsScans) {
  Header header = without_attention("mamba");
  add_scan_keys(header).flag("ssm.dt_b_c_rms");
  for (const int layer : {0, 1}) add_scan(header, layer);
  expect_bytes(header);
  const GgufLoad loaded = load(header);
  const auto& mamba = std::get<Mamba1>(loaded.spec->attention.front().value);
  EXPECT_TRUE(mamba.selection_norm.has_value());
}

// A state space of the second kind: 16 heads of 64 and a group of 64; 2 * 1024 + 2 * 64 + 16
// columns go into it.
void add_state_space(Header& header, int layer) {
  const std::string prefix = "blk." + std::to_string(layer) + ".";
  header.matrix(blk(layer, "ssm_in"), 2 * 1024 + 2 * 64 + 16, 512)
      .matrix(blk(layer, "ssm_conv1d"), 1024 + 2 * 64, 4, kFloat)
      .vector(prefix + "ssm_conv1d.bias", 1024 + 2 * 64)
      .vector(prefix + "ssm_dt.bias", 16)
      .matrix(prefix + "ssm_a", 16, 1, kFloat)
      .matrix(prefix + "ssm_d", 16, 1, kFloat)
      .matrix(blk(layer, "ssm_norm"), 1, 1024, kFloat)
      .matrix(blk(layer, "ssm_out"), 512, 1024);
}

Header& add_state_space_keys(Header& header) {
  return header.key("ssm.conv_kernel", 4)
      .key("ssm.inner_size", 1024)
      .key("ssm.state_size", 64)
      .key("ssm.time_step_rank", 16)
      .key("ssm.group_count", 1);
}

TEST_F(AGgufModel, OfMamba2IsAStateSpaceInEachLayer) {
  Header header = without_attention("mamba2");
  add_state_space_keys(header);
  for (const int layer : {0, 1}) {
    header.vector(blk(layer, "attn_norm"), 512);
    add_state_space(header, layer);
  }
  expect_bytes(header);
}

// Attention in the third layer of four, experts in every second.
Header jamba() {
  Header header("jamba");
  header.key("block_count", 4)
      .key("embedding_length", 512)
      .key("feed_forward_length", 1024)
      .key("context_length", 4096)
      .key("attention.head_count", 8)
      .list("attention.head_count_kv", {0, 0, 2, 0})
      .key("expert_count", 4)
      .key("expert_used_count", 2)
      .real("attention.layer_norm_rms_epsilon", 1e-6F);
  add_scan_keys(header);
  header.matrix("token_embd.weight", 1000, 512)
      .matrix("output.weight", 1000, 512, kQ6)
      .vector("output_norm.weight", 512);
  return header;
}

void add_jamba_layers(Header& header) {
  for (const int layer : {0, 1, 3}) {
    add_scan(header, layer);
    header.vector(blk(layer, "ssm_dt_norm"), 32)
        .vector(blk(layer, "ssm_b_norm"), 16)
        .vector(blk(layer, "ssm_c_norm"), 16);
  }
  add_attention(header, 2, 512, 128);
  for (const int layer : {0, 2}) add_feed_forward(header, layer, 1024);
  for (const int layer : {1, 3}) {
    header.vector(blk(layer, "ffn_norm"), 512)
        .matrix(blk(layer, "ffn_gate_inp"), 4, 512, kFloat)
        .experts(blk(layer, "ffn_gate_exps"), 4, 1024, 512, kQ4)
        .experts(blk(layer, "ffn_up_exps"), 4, 1024, 512, kQ4)
        .experts(blk(layer, "ffn_down_exps"), 4, 512, 1024, kQ6);
  }
}

TEST_F(AGgufModel, OfJambaHasAttentionAndExpertsWhereTheirTensorsAre) {
  Header header = jamba();
  add_jamba_layers(header);
  expect_bytes(header);
}

// Experts in the first and second layer of four recur with no period.
TEST_F(AGgufModel, OfJambaIsRefusedWhereItsLayersDoNotRecur) {
  Header header = jamba();
  add_attention(header, 2, 512, 128);
  for (const int layer : {0, 1}) header.matrix(blk(layer, "ffn_gate_inp"), 4, 512, kFloat);
  EXPECT_THAT(problem(header), HasSubstr("'ffn_gate_inp.weight' do not recur with one period"));
}

TEST_F(AGgufModel, OfFalconH1HasAStateSpaceBesideAttention) {
  Header header = with_sizes("falcon-h1", 1, 1024, 8, 2, 64);
  add_state_space_keys(header);
  header.matrix("token_embd.weight", 1000, 512)
      .matrix("output.weight", 1000, 512, kQ6)
      .vector("output_norm.weight", 512);
  add_attention(header, 0, 512, 128);
  add_state_space(header, 0);
  add_feed_forward(header, 0, 1024);
  expect_bytes(header);
}

// Layers without experts have the width of all feed-forwards, or of shared experts alone.
TEST_F(AGgufModel, OfGraniteHybridWithoutAWidthIsRefused) {
  Header header("granitehybrid");
  header.key("block_count", 1)
      .key("embedding_length", 512)
      .key("context_length", 4096)
      .key("attention.head_count", 8)
      .list("attention.head_count_kv", {2})
      .real("attention.layer_norm_rms_epsilon", 1e-5F);
  header.matrix("token_embd.weight", 1000, 512).vector("output_norm.weight", 512);
  add_attention(header, 0, 512, 128);
  std::vector<std::string> messages;
  for (const Diagnostic& each : load(header).problems) messages.push_back(each.message);
  EXPECT_THAT(messages, Contains(HasSubstr("granitehybrid.feed_forward_length")));
}

Header granite_hybrid() {
  Header header("granitehybrid");
  header.key("block_count", 2)
      .key("embedding_length", 512)
      .key("feed_forward_length", 256)
      .key("context_length", 4096)
      .key("attention.head_count", 8)
      .list("attention.head_count_kv", {0, 2})
      .real("attention.layer_norm_rms_epsilon", 1e-5F)
      .real("embedding_scale", 12.0F)
      .real("residual_scale", 0.22F)
      .real("attention.scale", 0.015625F)
      .real("logit_scale", 8.0F);
  add_state_space_keys(header);
  header.matrix("token_embd.weight", 1000, 512, kQ6)
      .vector("output_norm.weight", 512)
      .vector(blk(0, "attn_norm"), 512);
  add_state_space(header, 0);
  add_attention(header, 1, 512, 128);
  return header;
}

TEST_F(AGgufModel, OfGraniteHybridHasExpertsBesideAFeedForward) {
  Header header = granite_hybrid();
  header.key("expert_count", 4)
      .key("expert_used_count", 2)
      .key("expert_shared_feed_forward_length", 512);
  for (const int layer : {0, 1}) {
    header.vector(blk(layer, "ffn_norm"), 512)
        .matrix(blk(layer, "ffn_gate_inp"), 4, 512, kFloat)
        .experts(blk(layer, "ffn_gate_exps"), 4, 256, 512, kQ4)
        .experts(blk(layer, "ffn_up_exps"), 4, 256, 512, kQ4)
        .experts(blk(layer, "ffn_down_exps"), 4, 512, 256, kQ6)
        .matrix(blk(layer, "ffn_gate_shexp"), 512, 512)
        .matrix(blk(layer, "ffn_up_shexp"), 512, 512)
        .matrix(blk(layer, "ffn_down_shexp"), 512, 512);
  }
  expect_bytes(header);
}

TEST_F(AGgufModel, OfGraniteHybridMayHaveNoExperts) {
  Header header = granite_hybrid();
  for (const int layer : {0, 1}) add_feed_forward(header, layer, 256);
  expect_bytes(header);
}

}  // namespace
}  // namespace llmarch::weights_test
