// Decoders with one kind of layer, from headers of GGUF files with the tensors that a converter
// writes: the bytes are those of the tensors.
#include <gmock/gmock.h>

#include "tests/gguf/written_model.h"

namespace llmarch::weights_test {
namespace {

using testing::HasSubstr;

void add_biases(Header& header, int layer, std::int64_t queries, std::int64_t keys) {
  const std::string prefix = "blk." + std::to_string(layer) + ".";
  header.vector(prefix + "attn_q.bias", queries)
      .vector(prefix + "attn_k.bias", keys)
      .vector(prefix + "attn_v.bias", keys);
}

// Norms with weight and bias, and a feed-forward of two matrices with biases.
void add_norm_with_bias(Header& header, const std::string& stem) {
  header.vector(stem + ".weight", 512).vector(stem + ".bias", 512);
}
void add_plain_feed_forward(Header& header, std::int64_t width) {
  header.matrix(blk(0, "ffn_up"), width, 512).matrix(blk(0, "ffn_down"), 512, width);
}
void add_feed_forward_biases(Header& header, std::int64_t width) {
  header.vector("blk.0.ffn_up.bias", width).vector("blk.0.ffn_down.bias", 512);
}

Header untied(const std::string& architecture, std::uint32_t head_size = 64) {
  Header header = with_sizes(architecture, 1, 1024, 8, 2, head_size);
  header.matrix("token_embd.weight", 1000, 512)
      .matrix("output.weight", 1000, 512, kQ6)
      .vector("output_norm.weight", 512);
  return header;
}

Header tied(const std::string& architecture) {
  Header header = with_sizes(architecture, 1, 1024, 8, 2, 64);
  header.matrix("token_embd.weight", 1000, 512, kQ6).vector("output_norm.weight", 512);
  return header;
}

const GroupedAttention& attention_of(const GgufLoad& loaded) {
  return std::get<GroupedAttention>(loaded.spec->attention.front().value);
}

// Gate and up in one tensor, and norms before and after; half of a head is rotated.
TEST_F(AGgufModel, OfGlm4NormsBeforeAndAfter) {
  Header header = untied("glm4", 128);
  header.key("rope.dimension_count", 64);
  header.vector(blk(0, "attn_norm"), 512)
      .matrix(blk(0, "attn_q"), 1024, 512)
      .matrix(blk(0, "attn_k"), 256, 512)
      .matrix(blk(0, "attn_v"), 256, 512)
      .matrix(blk(0, "attn_output"), 512, 1024)
      .vector(blk(0, "post_attention_norm"), 512)
      .vector(blk(0, "ffn_norm"), 512)
      .matrix(blk(0, "ffn_up"), 2 * 1024, 512)
      .matrix(blk(0, "ffn_down"), 512, 1024)
      .vector(blk(0, "post_ffw_norm"), 512);
  expect_bytes(header);
  EXPECT_EQ(attention_of(load(header)).rotary->dim, 64);
}

TEST_F(AGgufModel, OfChatGlmHasBiasesInItsJoinedTensor) {
  Header header = untied("chatglm");
  header.key("rope.dimension_count", 32);
  header.vector(blk(0, "attn_norm"), 512)
      .matrix(blk(0, "attn_qkv"), 512 + 2 * 128, 512)
      .vector("blk.0.attn_qkv.bias", 512 + 2 * 128)
      .matrix(blk(0, "attn_output"), 512, 512)
      .vector(blk(0, "ffn_norm"), 512)
      .matrix(blk(0, "ffn_up"), 2 * 1024, 512)
      .matrix(blk(0, "ffn_down"), 512, 1024);
  expect_bytes(header);
}

TEST_F(AGgufModel, OfHunyuanHasNormsOfQueriesAndKeys) {
  Header header = tied("hunyuan-dense");
  add_attention(header, 0, 512, 128);
  header.vector(blk(0, "attn_q_norm"), 64).vector(blk(0, "attn_k_norm"), 64);
  add_feed_forward(header, 0, 1024);
  expect_bytes(header);
}

TEST_F(AGgufModel, OfErnie45IsAPlainDecoder) {
  Header header = tied("ernie4_5");
  add_attention(header, 0, 512, 128);
  add_feed_forward(header, 0, 1024);
  expect_bytes(header);
}

TEST_F(AGgufModel, OfSeedOssHasBiasesOfQueriesKeysAndValues) {
  Header header = untied("seed_oss");
  header.vector(blk(0, "attn_norm"), 512)
      .matrix(blk(0, "attn_q"), 512, 512)
      .matrix(blk(0, "attn_k"), 128, 512)
      .matrix(blk(0, "attn_v"), 128, 512)
      .matrix(blk(0, "attn_output"), 512, 512)
      .vector(blk(0, "post_attention_norm"), 512)
      .matrix(blk(0, "ffn_gate"), 1024, 512)
      .matrix(blk(0, "ffn_up"), 1024, 512)
      .matrix(blk(0, "ffn_down"), 512, 1024);
  add_biases(header, 0, 512, 128);
  expect_bytes(header);
}

TEST_F(AGgufModel, OfArceeHasNoGate) {
  Header header = untied("arcee");
  add_attention(header, 0, 512, 128);
  header.vector(blk(0, "ffn_norm"), 512);
  add_plain_feed_forward(header, 1024);
  expect_bytes(header);
}

// Three layers of four have the window; norms stand after attention and feed-forward.
Header exaone4() {
  Header header = with_sizes("exaone4", 4, 1024, 8, 2, 64);
  header.matrix("token_embd.weight", 1000, 512)
      .matrix("output.weight", 1000, 512, kQ6)
      .vector("output_norm.weight", 512);
  for (int layer = 0; layer < 4; ++layer) add_layer_normed_after(header, layer, 128, 64);
  return header;
}

TEST_F(AGgufModel, OfExaone4HasAWindowWhereItsHeaderStatesOne) {
  expect_bytes(exaone4());
  EXPECT_EQ(load(exaone4()).spec->attention.size(), 1U);
  Header windowed = exaone4();
  windowed.key("attention.sliding_window", 1024);
  expect_bytes(windowed);
  const GgufLoad loaded = load(windowed);
  EXPECT_EQ(loaded.spec->attention.size(), 2U);
}

// Attention and feed-forward stand side by side after one norm.
TEST_F(AGgufModel, OfCohereIsParallelAndScalesItsLogits) {
  for (const std::string architecture : {"command-r", "cohere2"}) {
    Header header = with_sizes(architecture, 1, 1024, 8, 2, 64);
    header.real("attention.layer_norm_epsilon", 1e-5F).real("logit_scale", 0.0625F);
    if (architecture == "cohere2") header.key("attention.sliding_window", 1024);
    header.matrix("token_embd.weight", 1000, 512, kQ6).vector("output_norm.weight", 512);
    add_attention(header, 0, 512, 128);
    header.matrix(blk(0, "ffn_gate"), 1024, 512)
        .matrix(blk(0, "ffn_up"), 1024, 512)
        .matrix(blk(0, "ffn_down"), 512, 1024);
    expect_bytes(header);
  }
}

TEST_F(AGgufModel, OfStarcoder2HasBiasesEverywhere) {
  Header header = tied("starcoder2");
  header.real("attention.layer_norm_epsilon", 1e-5F);
  header.vector("output_norm.bias", 512);
  add_attention(header, 0, 512, 128);
  header.vector("blk.0.attn_norm.bias", 512).vector("blk.0.attn_output.bias", 512);
  add_biases(header, 0, 512, 128);
  add_norm_with_bias(header, "blk.0.ffn_norm");
  add_plain_feed_forward(header, 1024);
  add_feed_forward_biases(header, 1024);
  expect_bytes(header);
}

TEST_F(AGgufModel, OfOlmoHasNormsWithoutWeights) {
  Header header = with_sizes("olmo", 1, 1024, 8, 8, 64);
  header.matrix("token_embd.weight", 1000, 512, kQ6)
      .matrix(blk(0, "attn_q"), 512, 512)
      .matrix(blk(0, "attn_k"), 512, 512)
      .matrix(blk(0, "attn_v"), 512, 512)
      .matrix(blk(0, "attn_output"), 512, 512)
      .matrix(blk(0, "ffn_gate"), 1024, 512)
      .matrix(blk(0, "ffn_up"), 1024, 512)
      .matrix(blk(0, "ffn_down"), 512, 1024);
  expect_bytes(header);
  EXPECT_EQ(attention_of(load(header.real("attention.clamp_kqv", 8.0F))).qkv_clip, 8.0);
}

TEST_F(AGgufModel, OfStableLmRotatesAPartOfItsHeads) {
  Header header = untied("stablelm");
  header.real("attention.layer_norm_epsilon", 1e-5F).key("rope.dimension_count", 16);
  header.vector("output_norm.bias", 512);
  add_attention(header, 0, 512, 128);
  add_biases(header, 0, 512, 128);
  header.vector("blk.0.attn_norm.bias", 512);
  add_feed_forward(header, 0, 1024);
  header.vector("blk.0.ffn_norm.bias", 512);
  expect_bytes(header);
  EXPECT_EQ(attention_of(load(header)).rotary->dim, 16);
}

TEST_F(AGgufModel, OfPhi2IsParallelWithABiasOfItsHead) {
  Header header = with_sizes("phi2", 1, 2048, 8, 8, 64);
  header.real("attention.layer_norm_epsilon", 1e-5F).key("rope.dimension_count", 32);
  header.matrix("token_embd.weight", 1000, 512)
      .matrix("output.weight", 1000, 512, kQ6)
      .vector("output.bias", 1000);
  add_norm_with_bias(header, "output_norm");
  add_norm_with_bias(header, "blk.0.attn_norm");
  header.matrix(blk(0, "attn_qkv"), 3 * 512, 512)
      .vector("blk.0.attn_qkv.bias", 3 * 512)
      .matrix(blk(0, "attn_output"), 512, 512)
      .vector("blk.0.attn_output.bias", 512);
  add_plain_feed_forward(header, 2048);
  add_feed_forward_biases(header, 2048);
  expect_bytes(header);
}

TEST_F(AGgufModel, OfGptNeoXHasTwoNormsBesideEachOther) {
  Header header = with_sizes("gptneox", 1, 2048, 8, 8, 64);
  header.real("attention.layer_norm_epsilon", 1e-5F)
      .key("rope.dimension_count", 16)
      .flag("use_parallel_residual");
  header.matrix("token_embd.weight", 1000, 512).matrix("output.weight", 1000, 512, kQ6);
  add_norm_with_bias(header, "output_norm");
  add_norm_with_bias(header, "blk.0.attn_norm");
  add_norm_with_bias(header, "blk.0.ffn_norm");
  header.matrix(blk(0, "attn_qkv"), 3 * 512, 512)
      .vector("blk.0.attn_qkv.bias", 3 * 512)
      .matrix(blk(0, "attn_output"), 512, 512)
      .vector("blk.0.attn_output.bias", 512);
  add_plain_feed_forward(header, 2048);
  add_feed_forward_biases(header, 2048);
  expect_bytes(header);
}

TEST_F(AGgufModel, OfNemotronSquaresWhatIsPositive) {
  Header header = untied("nemotron");
  header.real("attention.layer_norm_epsilon", 1e-5F).key("rope.dimension_count", 32);
  header.vector("output_norm.bias", 512);
  add_attention(header, 0, 512, 128);
  header.vector("blk.0.attn_norm.bias", 512);
  add_norm_with_bias(header, "blk.0.ffn_norm");
  add_plain_feed_forward(header, 1024);
  expect_bytes(header);
}

// Keys of arithmetic leave no trace in the tensors.
TEST_F(AGgufModel, IsRefusedWhereAKeyChangesWhatIsComputedUnread) {
  const auto ernie = [] {
    Header header = tied("ernie4_5");
    add_attention(header, 0, 512, 128);
    add_feed_forward(header, 0, 1024);
    return header;
  };
  EXPECT_THAT(problem(ernie().real("attn_logit_softcapping", 50.0F)),
              HasSubstr("key 'ernie4_5.attn_logit_softcapping' changes what is computed"));
  EXPECT_THAT(problem(ernie().flag("use_parallel_residual")), HasSubstr("use_parallel_residual"));
  EXPECT_EQ(problem(ernie().real("logit_scale", 1.0F)), "");
}

}  // namespace
}  // namespace llmarch::weights_test
