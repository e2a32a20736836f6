// Models from headers of GGUF files: their keys make the architecture, their tensors the formats,
// and the bytes are those of the tensors.
#include "sim/gguf/gguf_model.h"

#include <gmock/gmock.h>

#include "sim/study/step.h"
#include "tests/weights/written_gguf.h"

namespace llmarch::weights_test {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// The numbers of types, and the bytes of a block of as many elements.
struct Type {
  std::uint32_t id;
  std::int64_t elements, bytes;
};
constexpr Type kFloat{0, 1, 4};
constexpr Type kQ8{8, 32, 34};
constexpr Type kQ4{12, 256, 144};
constexpr Type kQ5{13, 256, 176};
constexpr Type kQ6{14, 256, 210};
constexpr Type kMx{39, 32, 17};

// A header with its keys and tensors, as a converter writes them one after the other.
class Header {
 public:
  explicit Header(std::string architecture) : architecture_(std::move(architecture)) {
    keys_.push_back(gguf_key("general.architecture", kString, gguf_string(architecture_)));
  }
  Header& key(const std::string& name, std::uint32_t value) {
    keys_.push_back(gguf_u32(architecture_ + "." + name, value));
    return *this;
  }
  Header& real(const std::string& name, float value) {
    keys_.push_back(
        gguf_key(architecture_ + "." + name, kF32, llmarch::weights_test::bytes_of({value})));
    return *this;
  }
  Header& flag(const std::string& name) {
    keys_.push_back(gguf_key(architecture_ + "." + name, kBool, std::string(1, '\1')));
    return *this;
  }
  Header& list(const std::string& name, std::initializer_list<std::uint32_t> values) {
    keys_.push_back(gguf_array(architecture_ + "." + name, kU32, values.size(),
                               llmarch::weights_test::bytes_of(values)));
    return *this;
  }
  Header& vector(const std::string& name, std::int64_t elements) {
    return add(name, {elements}, kFloat);
  }
  Header& matrix(const std::string& name, std::int64_t rows, std::int64_t columns,
                 const Type& type = kQ4) {
    return add(name, {columns, rows}, type);
  }
  Header& experts(const std::string& name, std::int64_t count, std::int64_t rows,
                  std::int64_t columns, const Type& type) {
    return add(name, {columns, rows, count}, type);
  }
  [[nodiscard]] std::string text() const {
    std::string text = "GGUF" + llmarch::weights_test::bytes_of({std::uint32_t{3}}) +
                       llmarch::weights_test::bytes_of(
                           {std::uint64_t{tensors_.size()}, std::uint64_t{keys_.size()}});
    for (const std::string& key : keys_) text += key;
    for (const std::string& tensor : tensors_) text += tensor;
    return text;
  }
  // Of all tensors added so far.
  [[nodiscard]] Bytes stored() const { return Bytes(bytes_); }

 private:
  Header& add(const std::string& name, std::initializer_list<std::int64_t> extents,
              const Type& type) {
    std::int64_t elements = 1;
    for (const std::int64_t extent : extents) elements *= extent;
    const std::int64_t bytes = elements / type.elements * type.bytes;
    tensors_.push_back(gguf_tensor(name, extents, type.id, offset_));
    offset_ += static_cast<std::uint64_t>((bytes + 31) / 32 * 32);
    bytes_ += bytes;
    return *this;
  }

  std::string architecture_;
  std::vector<std::string> keys_, tensors_;
  std::uint64_t offset_ = 0;
  std::int64_t bytes_ = 0;
};

Header with_sizes(const std::string& architecture, std::uint32_t layers, std::uint32_t width,
                  std::uint32_t heads, std::uint32_t kv_heads, std::uint32_t head_size) {
  Header header(architecture);
  header.key("block_count", layers)
      .key("embedding_length", 512)
      .key("feed_forward_length", width)
      .key("context_length", 4096)
      .key("attention.head_count", heads)
      .key("attention.head_count_kv", kv_heads)
      .key("attention.key_length", head_size)
      .key("attention.value_length", head_size)
      .real("attention.layer_norm_rms_epsilon", 1e-6F)
      .real("rope.freq_base", 10000.0F);
  return header;
}

std::string blk(int layer, const std::string& name) {
  return "blk." + std::to_string(layer) + "." + name + ".weight";
}

void add_attention(Header& header, int layer, std::int64_t queries, std::int64_t keys,
                   const Type& values = kQ4) {
  header.vector(blk(layer, "attn_norm"), 512)
      .matrix(blk(layer, "attn_q"), queries, 512)
      .matrix(blk(layer, "attn_k"), keys, 512)
      .matrix(blk(layer, "attn_v"), keys, 512, values)
      .matrix(blk(layer, "attn_output"), 512, queries);
}

void add_feed_forward(Header& header, int layer, std::int64_t width, const Type& down = kQ4) {
  header.vector(blk(layer, "ffn_norm"), 512)
      .matrix(blk(layer, "ffn_gate"), width, 512)
      .matrix(blk(layer, "ffn_up"), width, 512)
      .matrix(blk(layer, "ffn_down"), 512, width, down);
}

class AGgufModel : public WrittenFiles {
 protected:
  [[nodiscard]] GgufLoad load(const Header& header) const {
    return load_gguf(GgufModel::open(write("model.gguf", header.text())), "model");
  }
  // Loads it, and expects it to take the bytes of its tensors but for `beside`.
  void expect_bytes(const Header& header, Bytes beside = Bytes()) const {
    GgufLoad loaded = load(header);
    ASSERT_TRUE(loaded.spec) << loaded.problems.front().message;
    Model model = make_model(std::move(*loaded.spec), {});
    model.published_in = *loaded.storage;
    EXPECT_EQ(weight_bytes(stored(model, Setting{})).total + beside, header.stored());
  }
  [[nodiscard]] std::string problem(const Header& header) const {
    const GgufLoad loaded = load(header);
    return loaded.problems.empty() ? "" : loaded.problems.front().message;
  }
};

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
  for (int layer = 0; layer < 4; ++layer) {
    header.matrix(blk(layer, "attn_q"), 512, 512)
        .matrix(blk(layer, "attn_k"), 512, 512)
        .matrix(blk(layer, "attn_v"), 512, 512)
        .matrix(blk(layer, "attn_output"), 512, 512)
        .vector(blk(layer, "attn_q_norm"), 512)
        .vector(blk(layer, "attn_k_norm"), 512)
        .vector(blk(layer, "post_attention_norm"), 512)
        .matrix(blk(layer, "ffn_gate"), 1024, 512)
        .matrix(blk(layer, "ffn_up"), 1024, 512)
        .matrix(blk(layer, "ffn_down"), 512, 1024)
        .vector(blk(layer, "post_ffw_norm"), 512);
  }
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
  Header header("lfm2");
  header.key("block_count", 2)
      .key("embedding_length", 512)
      .key("feed_forward_length", 1024)
      .key("context_length", 4096)
      .key("attention.head_count", 8)
      .list("attention.head_count_kv", {0, 4})
      .key("shortconv.l_cache", 3)
      .real("attention.layer_norm_rms_epsilon", 1e-5F);
  header.matrix("token_embd.weight", 1000, 512, kQ6)
      .vector("token_embd_norm.weight", 512)
      .vector(blk(0, "attn_norm"), 512)
      .matrix(blk(0, "shortconv.in_proj"), 3 * 512, 512)
      .matrix(blk(0, "shortconv.conv"), 512, 3, kFloat)
      .matrix(blk(0, "shortconv.out_proj"), 512, 512);
  add_feed_forward(header, 0, 1024);
  add_attention(header, 1, 512, 256);
  header.vector(blk(1, "attn_q_norm"), 64).vector(blk(1, "attn_k_norm"), 64);
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

TEST_F(AGgufModel, IsRefusedByNameWhereItIsNotSupported) {
  EXPECT_EQ(problem(Header("rwkv7")), "general.architecture 'rwkv7' is not supported");
}

TEST_F(AGgufModel, IsRefusedWhereAKeyIsMissingOrOfAnotherType) {
  EXPECT_EQ(problem(Header("llama")), "missing key 'llama.embedding_length'");
  Header header = with_sizes("llama", 1, 1024, 8, 2, 64);
  header.list("rope.freq_base", {1});
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
