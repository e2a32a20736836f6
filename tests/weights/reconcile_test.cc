// Folders of checkpoints against the architecture that their config describes: what is the text
// model's, what is beside it, what is missing and what nobody knows.
#include "kernels/weights/reconcile.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "sim/graph/lower.h"
#include "sim/huggingface/hf_config.h"
#include "tests/weights/written_files.h"

namespace llmarch::weights_test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using Json = nlohmann::ordered_json;

struct Tensor {
  std::string name, dtype;
  std::vector<std::int64_t> shape;
  std::int64_t bytes;
};

// One layer of a Llama: 8 wide, two heads of 4, feed-forward 16, 32 tokens, a head of its own.
constexpr const char* kConfig = R"({"model_type": "llama", "architectures": ["LlamaForCausalLM"],
  "hidden_size": 8, "intermediate_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2,
  "num_key_value_heads": 2, "head_dim": 4, "vocab_size": 32, "max_position_embeddings": 128,
  "rms_norm_eps": 1e-6, "rope_theta": 10000.0, "hidden_act": "silu", "tie_word_embeddings": false,
  "attention_bias": false, "mlp_bias": false})";

std::vector<Tensor> vectors_and_tables() {
  return {{"model.embed_tokens.weight", "BF16", {32, 8}, 512},
          {"lm_head.weight", "BF16", {32, 8}, 512},
          {"model.norm.weight", "BF16", {8}, 16},
          {"model.layers.0.input_layernorm.weight", "BF16", {8}, 16},
          {"model.layers.0.post_attention_layernorm.weight", "BF16", {8}, 16}};
}

// The names of its seven matrices.
std::vector<std::string> matrices() {
  std::vector<std::string> names;
  for (const char* name : {"self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj",
                           "self_attn.o_proj", "mlp.gate_proj", "mlp.up_proj", "mlp.down_proj"}) {
    names.push_back(std::string("model.layers.0.") + name);
  }
  return names;
}

std::vector<Tensor> whole() {
  std::vector<Tensor> tensors = vectors_and_tables();
  for (const std::string& name : matrices()) {
    const bool attention = name.find("self_attn") != std::string::npos;
    tensors.push_back({name + ".weight", "BF16", {attention ? 8 : 16, 8}, attention ? 128 : 256});
  }
  return tensors;
}
constexpr std::int64_t kWhole = 512 + 512 + 3 * 16 + 4 * 128 + 3 * 256;

class AFolder : public WrittenFiles {
 protected:
  [[nodiscard]] Reconciled reconciled(const std::vector<Tensor>& tensors) const {
    Json header = Json::object();
    std::int64_t offset = 0;
    for (const Tensor& tensor : tensors) {
      header[tensor.name] = {{"dtype", tensor.dtype},
                             {"shape", tensor.shape},
                             {"data_offsets", {offset, offset + tensor.bytes}}};
      offset += tensor.bytes;
    }
    (void)write("model.safetensors",
                safetensors(header.dump(), std::string(static_cast<std::size_t>(offset), '\0')));
    const ConfigLoad load = load_hf_config(kConfig, "model");
    return reconcile(lower(load.spec.value()), SafetensorsCheckpoint::open(folder()),
                     load.naming.value(), load.spec->head);
  }
};

TEST_F(AFolder, OfThePlainModelHoldsEveryTensorAndNoOther) {
  const Reconciled found = reconciled(whole());
  EXPECT_EQ(found.text.bytes, Bytes(kWhole));
  EXPECT_EQ(found.text.tensors, 12);
  EXPECT_EQ(found.all.bytes, found.text.bytes);
  EXPECT_THAT(found.missing, IsEmpty());
  EXPECT_THAT(found.others, IsEmpty());
}

TEST_F(AFolder, OfAQuantisedModelHoldsWhatItsQuantiserKeeps) {
  std::vector<Tensor> tensors = vectors_and_tables();
  std::int64_t bytes = 512 + 512 + 3 * 16;
  for (const std::string& name : matrices()) {
    tensors.push_back({name + ".qweight", "I32", {1, 8}, 32});
    tensors.push_back({name + ".qzeros", "I32", {1, 1}, 4});
    tensors.push_back({name + ".scales", "F16", {1, 8}, 16});
    tensors.push_back({name + ".g_idx", "I32", {8}, 32});
    bytes += 32 + 4 + 16 + 32;
  }
  const Reconciled found = reconciled(tensors);
  EXPECT_EQ(found.text.bytes, Bytes(bytes));
  EXPECT_THAT(found.missing, IsEmpty());
  EXPECT_EQ(found.unknown.tensors, 0);
}

TEST_F(AFolder, IsSaidToLackWhatItLacks) {
  std::vector<Tensor> tensors = whole();
  tensors.erase(tensors.begin() + 1);  // the head
  tensors.pop_back();                  // the last matrix
  EXPECT_THAT(reconciled(tensors).missing, ElementsAre("lm_head", "model.layers.0.mlp.down_proj"));
}

TEST_F(AFolder, ShowsItsOtherPartsAndWhatIsNotKnown) {
  std::vector<Tensor> tensors = whole();
  tensors.push_back({"vision_tower.patch.weight", "BF16", {4, 2}, 16});
  tensors.push_back({"model.layers.1.eh_proj.weight", "BF16", {4, 4}, 32});
  tensors.push_back({"model.layers.0.mlp.secret.weight", "BF16", {4}, 8});
  const Reconciled found = reconciled(tensors);
  ASSERT_EQ(found.others.size(), 2U);
  EXPECT_EQ(found.others[0].what, "prediction layers");
  EXPECT_EQ(found.others[0].bytes, Bytes(32));
  EXPECT_EQ(found.others[1].what, "vision tower");
  EXPECT_EQ(found.others[1].bytes, Bytes(16));
  EXPECT_THAT(found.unknown_names, ElementsAre("model.layers.0.mlp.secret.weight"));
  EXPECT_EQ(found.all.bytes, Bytes(kWhole + 16 + 32 + 8));
}

}  // namespace
}  // namespace llmarch::weights_test
