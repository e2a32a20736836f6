// A checkpoint that holds less, more or other than its config asks for is refused by name.
#include <gmock/gmock.h>

#include <cctype>
#include <functional>
#include <set>

#include "sim/graph/lower.h"
#include "tests/golden/golden_models.h"
#include "tests/golden/tensor_file.h"
#include "tests/weights/written_files.h"

namespace llmarch {
namespace {

using testing::HasSubstr;

using Change = std::function<void(StoredTensors&)>;

class ACheckpointOfAModel : public weights_test::WrittenFiles {
 protected:
  // The problem reported for the checkpoint of `model` after a change; "" where it is accepted.
  std::string problem_of(const std::string& model, const Change& change) const {
    return weights_test::problem_of([&] { (void)load_changed(model, change); });
  }
  WeightStore load_changed(const std::string& model, const Change& change) const {
    StoredTensors tensors = read_tensors(golden_folder(model) / "model.safetensors");
    change(tensors);
    write_tensors(folder() / "model.safetensors", tensors);
    const ConfigLoad config = golden_config(model);
    return load_weights(lower(*config.spec), SafetensorsCheckpoint::open(folder()),
                        config.naming.value(), config.spec->head);
  }
};

// Masks, the constants of xIELU, and what the first layer of Kimi K3 does not use, which are no
// parameters.
bool is_mask(const std::string& name) {
  return name.ends_with(".attn.bias") || name.ends_with(".act_fn.beta") ||
         name.ends_with(".act_fn.eps") || name.starts_with("model.layers.0.self_attention_res_");
}

struct ModelTensor {
  std::string model, name;
};

// A tensor of each kind, with the first model that has it: names that differ only in numbers (of
// layers, of experts), in checkpoints whose tensors are named by one table, are of one kind.
std::vector<ModelTensor> one_of_each_kind() {
  std::set<std::pair<CheckpointNaming, std::string>> kinds;
  std::vector<ModelTensor> tensors;
  for (const std::string& model : golden_names()) {
    const CheckpointNaming naming = golden_config(model).naming.value();
    for (const StoredTensor& each : read_tensors(golden_folder(model) / "model.safetensors")) {
      std::string kind = each.name;
      std::erase_if(kind, [](unsigned char letter) { return std::isdigit(letter) != 0; });
      if (!is_mask(each.name) && kinds.emplace(naming, kind).second) {
        tensors.push_back({model, each.name});
      }
    }
  }
  return tensors;
}

TEST_F(ACheckpointOfAModel, IsTakenAsItIs) {
  for (const std::string& model : golden_names()) {
    EXPECT_EQ(problem_of(model, [](StoredTensors&) {}), "") << model;
  }
}

TEST_F(ACheckpointOfAModel, WithoutATensorOfAnyKindIsRefused) {
  for (const auto& [model, missing] : one_of_each_kind()) {
    const std::string& name = missing;
    const auto remove = [&](StoredTensors& tensors) {
      std::erase_if(tensors, [&](const auto& one) { return one.name == name; });
    };
    EXPECT_EQ(problem_of(model, remove), "tensor '" + name + "' is missing; the config asks for it")
        << model;
  }
}

TEST_F(ACheckpointOfAModel, WithATensorOfAnyKindOfAnotherShapeIsRefused) {
  for (const auto& [model, other] : one_of_each_kind()) {
    const std::string& name = other;
    const auto flatten = [&](StoredTensors& tensors) {
      auto& shape = tensor(tensors, name).shape;
      shape.insert(shape.begin(), 1);
    };
    EXPECT_THAT(problem_of(model, flatten), HasSubstr("tensor '" + name + "' has the shape"))
        << model;
  }
}

TEST_F(ACheckpointOfAModel, WithAMatrixLyingTheOtherWayIsRefused) {
  const auto turn = [](StoredTensors& tensors) {
    auto& shape = tensor(tensors, "model.layers.0.mlp.gate_proj.weight").shape;
    std::swap(shape[0], shape[1]);
  };
  EXPECT_EQ(problem_of("qwen3", turn),
            "tensor 'model.layers.0.mlp.gate_proj.weight' has the shape [40, 96], and the config "
            "asks for [96, 40]");
}

TEST_F(ACheckpointOfAModel, WithATensorTooManyIsRefused) {
  for (const std::string& model : golden_names()) {
    const auto add = [](StoredTensors& tensors) {
      tensors.push_back({"model.layers.0.self_attn.nobody", "F32", {1}, std::string(4, '\0')});
    };
    EXPECT_THAT(problem_of(model, add),
                HasSubstr("tensor 'model.layers.0.self_attn.nobody' is not part of"))
        << model;
  }
}

TEST_F(ACheckpointOfAModel, OfOneLayerTooManyIsRefused) {
  const auto add = [](StoredTensors& tensors) {
    StoredTensor norm = tensor(tensors, "model.layers.0.input_layernorm.weight");
    norm.name = "model.layers.4.input_layernorm.weight";
    tensors.push_back(norm);
  };
  EXPECT_THAT(problem_of("qwen3", add), HasSubstr("'model.layers.4.input_layernorm.weight'"));
}

TEST_F(ACheckpointOfAModel, MayHoldTheTiedTableTwice) {
  const auto copy_table = [](StoredTensors& tensors) {
    StoredTensor head = tensor(tensors, "model.embed_tokens.weight");
    head.name = "lm_head.weight";
    tensors.push_back(head);
  };
  EXPECT_EQ(problem_of("llama3_tied", copy_table), "");
}

TEST_F(ACheckpointOfAModel, MayHoldTheTablesThatItsLibraryMakes) {
  const auto add_frequencies = [](StoredTensors& tensors) {
    tensors.push_back(
        {"model.layers.0.self_attn.rotary_emb.inv_freq", "F32", {1}, std::string(4, '\0')});
  };
  EXPECT_EQ(problem_of("llama3_untied", add_frequencies), "");
}

TEST_F(ACheckpointOfAModel, OfGpt2MayHaveItsTensorsUnderAPrefix) {
  const auto prefix = [](StoredTensors& tensors) {
    for (StoredTensor& each : tensors) each.name = "transformer." + each.name;
  };
  EXPECT_EQ(problem_of("gpt2", prefix), "");
}

// The third byte of the second id: expert 65,536 and more.
TEST_F(ACheckpointOfAModel, ThatListsAnExpertWhichIsNotThereIsRefused) {
  const auto change = [](StoredTensors& tensors) {
    tensor(tensors, "layers.0.ffn.gate.tid2eid").bytes[8 + 2] = 1;
  };
  EXPECT_THAT(problem_of("deepseek_v4", change),
              testing::ContainsRegex("tensor 'layers.0.ffn.gate.tid2eid' lists expert 6553. for "
                                     "token 0, and there are 6"));
}

TEST_F(ACheckpointOfAModel, OfAnUnreadableFormatIsRefused) {
  const auto quantise = [](StoredTensors& tensors) {
    StoredTensor& norm = tensor(tensors, "model.norm.weight");
    norm.dtype = "F8_E4M3";
    norm.bytes.resize(norm.bytes.size() / 4);
  };
  EXPECT_THAT(problem_of("qwen3", quantise), HasSubstr("model.norm.weight"));
}

}  // namespace
}  // namespace llmarch
