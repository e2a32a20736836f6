// Models from headers of GGUF files: their keys make the architecture, their tensors the formats,
// and the bytes are those of the tensors.
#include <gmock/gmock.h>

#include "tests/gguf/written_model.h"

namespace llmarch::weights_test {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// The layers differ in the types of two tensors, as in every mixture.
Header llama() {
  Header header = with_sizes("llama", 2, 1024, 8, 2, 64);
  header.matrix("token_embd.weight", 1000, 512)
      .matrix("output.weight", 1000, 512, kQ6)
      .vector("output_norm.weight", 512);
  add_attention(header, 0, 512, 128, kQ6);
  add_feed_forward(header, 0, 1024, kQ6);
  add_attention(header, 1, 512, 128);
  add_feed_forward(header, 1, 1024);
  return header;
}

TEST_F(AGgufModel, OfLlamaTakesTheBytesOfItsTensors) {
  expect_bytes(llama());
}

// The windows of the layers, in order; 0: a layer has none.
std::vector<Integer> windows_of(const GgufLoad& loaded) {
  std::vector<Integer> windows;
  for (const std::size_t kind : layer_sequence(*loaded.spec)) {
    const std::size_t mixer = mixers_of(loaded.spec->layer.at(kind).value).front();
    const auto& attention = std::get<GroupedAttention>(loaded.spec->attention.at(mixer).value);
    windows.push_back(attention.window.value_or(0));
  }
  return windows;
}

TEST_F(AGgufModel, HasTheWindowThatItsHeaderStates) {
  EXPECT_THAT(windows_of(load(llama())), ElementsAre(Integer(0), Integer(0)));
  EXPECT_THAT(windows_of(load(llama().key("attention.sliding_window", 1024))),
              ElementsAre(Integer(1024), Integer(1024)));
}

// Olmo 3: every fourth layer sees everything.
TEST_F(AGgufModel, OfOlmo2WithAWindowIsOlmo3) {
  Header header = with_sizes("olmo2", 4, 1024, 8, 8, 64);
  header.matrix("token_embd.weight", 1000, 512)
      .matrix("output.weight", 1000, 512, kQ6)
      .vector("output_norm.weight", 512)
      .key("attention.sliding_window", 1024);
  for (int layer = 0; layer < 4; ++layer) add_layer_normed_after(header, layer, 512, 512);
  expect_bytes(header);
  EXPECT_THAT(windows_of(load(header)),
              ElementsAre(Integer(1024), Integer(1024), Integer(1024), Integer(0)));
}

TEST_F(AGgufModel, IsRefusedWhereItStatesAWindowThatItsArchitectureHasNot) {
  EXPECT_EQ(problem(with_sizes("qwen3", 1, 1024, 8, 4, 128).key("attention.sliding_window", 1024)),
            "key 'qwen3.attention.sliding_window' states a window, which models of this "
            "architecture are not known to have");
}

TEST_F(AGgufModel, NamesWhatItHoldsBesideTheTextModel) {
  Header header = llama();
  header.vector("rope_freqs.weight", 32);
  EXPECT_THAT(load(header).notes, Contains("beside the text model, 128 bytes: rope_freqs.weight"));
  expect_bytes(header, Bytes(128));
}

TEST_F(AGgufModel, MayBeABeginningThatEndsAfterTheHeader) {
  const GgufLoad loaded = load(llama());
  ASSERT_TRUE(loaded.spec);
  EXPECT_EQ(loaded.spec->vocabulary, 1000);
  EXPECT_EQ(loaded.spec->head, Head::separate);
  EXPECT_EQ(layer_count(*loaded.spec), 2);
}

TEST_F(AGgufModel, OfQwen3HasNormsOfQueriesAndKeysAndATiedHead) {
  Header header = with_sizes("qwen3", 1, 1024, 8, 4, 128);
  header.matrix("token_embd.weight", 1000, 512, kQ6).vector("output_norm.weight", 512);
  add_attention(header, 0, 1024, 512);
  header.vector(blk(0, "attn_q_norm"), 128).vector(blk(0, "attn_k_norm"), 128);
  add_feed_forward(header, 0, 1024);
  expect_bytes(header);
  EXPECT_EQ(load(header).spec->head, Head::tied);
}

TEST_F(AGgufModel, OfAMixtureHasItsExpertsAsOneTensor) {
  Header header = with_sizes("qwen3moe", 1, 512, 8, 4, 128);
  header.key("expert_count", 4).key("expert_used_count", 2).key("expert_feed_forward_length", 256);
  header.matrix("token_embd.weight", 1000, 512)
      .matrix("output.weight", 1000, 512, kQ6)
      .vector("output_norm.weight", 512);
  add_attention(header, 0, 1024, 512);
  header.vector(blk(0, "attn_q_norm"), 128)
      .vector(blk(0, "attn_k_norm"), 128)
      .vector(blk(0, "ffn_norm"), 512)
      .matrix(blk(0, "ffn_gate_inp"), 4, 512, kFloat)
      .experts(blk(0, "ffn_gate_exps"), 4, 256, 512, kQ4)
      .experts(blk(0, "ffn_up_exps"), 4, 256, 512, kQ4)
      .experts(blk(0, "ffn_down_exps"), 4, 512, 256, kQ6);
  expect_bytes(header);
}

TEST_F(AGgufModel, OfGptOssKeepsItsBiasesAndSinks) {
  Header header = with_sizes("gpt-oss", 1, 256, 8, 2, 64);
  header.key("expert_count", 4)
      .key("expert_used_count", 2)
      .key("expert_feed_forward_length", 256)
      .key("attention.sliding_window", 128);
  header.matrix("token_embd.weight", 1000, 512, kQ8)
      .matrix("output.weight", 1000, 512, kQ8)
      .vector("output_norm.weight", 512);
  add_attention(header, 0, 512, 128);
  header.vector("blk.0.attn_q.bias", 512)
      .vector("blk.0.attn_k.bias", 128)
      .vector("blk.0.attn_v.bias", 128)
      .vector("blk.0.attn_output.bias", 512)
      .vector(blk(0, "attn_sinks"), 8)
      .vector(blk(0, "post_attention_norm"), 512)
      .matrix(blk(0, "ffn_gate_inp"), 4, 512, kFloat)
      .vector("blk.0.ffn_gate_inp.bias", 4)
      .experts(blk(0, "ffn_gate_exps"), 4, 256, 512, kMx)
      .experts(blk(0, "ffn_up_exps"), 4, 256, 512, kMx)
      .experts(blk(0, "ffn_down_exps"), 4, 512, 256, kMx)
      .matrix("blk.0.ffn_gate_exps.bias", 4, 256, kFloat)
      .matrix("blk.0.ffn_up_exps.bias", 4, 256, kFloat)
      .matrix("blk.0.ffn_down_exps.bias", 4, 512, kFloat);
  expect_bytes(header);
}

TEST_F(AGgufModel, OfPhi3HasQueriesKeysAndValuesInOneTensor) {
  Header header = with_sizes("phi3", 1, 1024, 8, 8, 64);
  header.key("rope.dimension_count", 64);
  header.matrix("token_embd.weight", 1000, 512)
      .matrix("output.weight", 1000, 512, kQ6)
      .vector("output_norm.weight", 512)
      .vector(blk(0, "attn_norm"), 512)
      .matrix(blk(0, "attn_qkv"), 3 * 512, 512, kQ5)
      .matrix(blk(0, "attn_output"), 512, 512)
      .vector(blk(0, "ffn_norm"), 512)
      .matrix(blk(0, "ffn_up"), 2 * 1024, 512)
      .matrix(blk(0, "ffn_down"), 512, 1024, kQ6);
  expect_bytes(header);
  EXPECT_THAT(windows_of(load(header.key("attention.sliding_window", 2047))),
              ElementsAre(Integer(2047)));
}

TEST_F(AGgufModel, OfGemma3NormsBeforeAndAfter) {
  Header header = with_sizes("gemma3", 1, 1024, 4, 2, 256);
  header.key("attention.sliding_window", 1024);
  header.matrix("token_embd.weight", 1000, 512, kQ6).vector("output_norm.weight", 512);
  add_attention(header, 0, 1024, 512);
  header.vector(blk(0, "attn_q_norm"), 256)
      .vector(blk(0, "attn_k_norm"), 256)
      .vector(blk(0, "post_attention_norm"), 512)
      .vector(blk(0, "post_ffw_norm"), 512);
  add_feed_forward(header, 0, 1024);
  expect_bytes(header);
}

// Layers without key heads are convolutions.
TEST_F(AGgufModel, OfLfm2HasConvolutionsWhereTheyStand) {
  Header header = convolution_and_attention("lfm2");
  add_feed_forward(header, 1, 1024);
  expect_bytes(header);
}

Header deepseek() {
  Header header = with_sizes("deepseek2", 2, 1024, 4, 1, 576);
  header.key("attention.value_length_mla", 128)
      .key("attention.key_length_mla", 192)
      .key("attention.q_lora_rank", 256)
      .key("attention.kv_lora_rank", 512)
      .key("rope.dimension_count", 64)
      .key("expert_count", 4)
      .key("expert_used_count", 2)
      .key("expert_shared_count", 1)
      .key("expert_feed_forward_length", 256)
      .key("leading_dense_block_count", 1)
      .key("expert_gating_func", 2)
      .real("expert_weights_scale", 2.5F)
      .flag("expert_weights_norm");
  header.matrix("token_embd.weight", 1000, 512)
      .matrix("output.weight", 1000, 512, kQ6)
      .vector("output_norm.weight", 512);
  for (const int layer : {0, 1}) {
    header.vector(blk(layer, "attn_norm"), 512)
        .matrix(blk(layer, "attn_q_a"), 256, 512)
        .vector(blk(layer, "attn_q_a_norm"), 256)
        .matrix(blk(layer, "attn_q_b"), 4 * 192, 256)
        .matrix(blk(layer, "attn_kv_a_mqa"), 512 + 64, 512)
        .vector(blk(layer, "attn_kv_a_norm"), 512)
        .experts(blk(layer, "attn_k_b"), 4, 512, 128, kQ8)
        .experts(blk(layer, "attn_v_b"), 4, 128, 512, kQ4)
        .matrix(blk(layer, "attn_output"), 512, 4 * 128);
  }
  add_feed_forward(header, 0, 1024, kQ6);
  header.vector(blk(1, "ffn_norm"), 512)
      .matrix(blk(1, "ffn_gate_inp"), 4, 512, kFloat)
      .vector("blk.1.exp_probs_b.bias", 4)
      .experts(blk(1, "ffn_gate_exps"), 4, 256, 512, kQ4)
      .experts(blk(1, "ffn_up_exps"), 4, 256, 512, kQ4)
      .experts(blk(1, "ffn_down_exps"), 4, 512, 256, kQ6)
      .matrix(blk(1, "ffn_gate_shexp"), 256, 512)
      .matrix(blk(1, "ffn_up_shexp"), 256, 512)
      .matrix(blk(1, "ffn_down_shexp"), 512, 256, kQ6);
  return header;
}

TEST_F(AGgufModel, OfDeepSeekHasLatentAttention) {
  expect_bytes(deepseek());
}

// 2 key heads and 4 value heads of 64: queries, keys and values of 128 + 128 + 256 columns.
TEST_F(AGgufModel, IsRefusedByNameWhereItIsNotSupported) {
  EXPECT_EQ(problem(Header("rwkv7")), "general.architecture 'rwkv7' is not supported");
}

TEST_F(AGgufModel, IsRefusedWhereAKeyIsMissingOrOfAnotherType) {
  EXPECT_EQ(problem(Header("llama")), "missing key 'llama.embedding_length'");
  EXPECT_THAT(problem(Header("llama").flag("embedding_length")),
              HasSubstr("'llama.embedding_length' is not a whole number"));
}

TEST_F(AGgufModel, IsRefusedWhereTensorsAreMissingOrOfOtherSizes) {
  Header header = with_sizes("llama", 1, 1024, 8, 2, 64);
  header.matrix("token_embd.weight", 1000, 512).matrix("output.weight", 1000, 512);
  EXPECT_THAT(problem(header), HasSubstr("the file has no tensor 'blk.0.attn_norm.weight'"));
  header.vector("output_norm.weight", 512);
  add_attention(header, 0, 512, 256);  // the keys say 2 x 64
  add_feed_forward(header, 0, 1024);
  EXPECT_EQ(problem(header),
            "tensor 'blk.0.attn_k.weight' has 131072 elements, and the keys make 65536 of it");
}

}  // namespace
}  // namespace llmarch::weights_test
