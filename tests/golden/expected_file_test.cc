// An expected.safetensors that holds less, more or other than the config asks for is refused.
#include <gmock/gmock.h>

#include <cstring>
#include <functional>

#include "sim/graph/lower.h"
#include "tests/golden/golden_models.h"
#include "tests/golden/tensor_file.h"
#include "tests/weights/written_files.h"

namespace llmarch {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;

class AnExpectedFile : public weights_test::WrittenFiles {
 protected:
  // The problem reported for the file of `model` after a change.
  std::string problem_of(const std::string& model,
                         const std::function<void(StoredTensors&)>& change) const {
    StoredTensors tensors = read_tensors(golden_folder(model) / "expected.safetensors");
    change(tensors);
    const auto file = folder() / "expected.safetensors";
    write_tensors(file, tensors);
    const OpGraph graph = lower(*golden_config(model).spec);
    return weights_test::problem_of([&] { (void)load_expected(file, graph); });
  }
};

// One number more, of `width` bytes, in a tensor of one dimension.
void lengthen(StoredTensor& tensor, std::size_t width) {
  tensor.shape.front() += 1;
  tensor.bytes.append(width, '\0');
}

TEST_F(AnExpectedFile, IsReadAsItWasWritten) {
  for (const std::string& model : golden_names()) {
    EXPECT_EQ(problem_of(model, [](StoredTensors&) {}), "") << model;
  }
}

TEST_F(AnExpectedFile, WithoutAnyOneOfItsTensorsIsRefused) {
  for (const std::string& model : golden_names()) {
    for (const StoredTensor& each : read_tensors(golden_folder(model) / "expected.safetensors")) {
      EXPECT_EQ(problem_of(model,
                           [&](StoredTensors& tensors) {
                             std::erase_if(tensors,
                                           [&](const auto& one) { return one.name == each.name; });
                           }),
                "tensor '" + each.name + "' is missing")
          << model;
    }
  }
}

TEST_F(AnExpectedFile, WithATensorThatNothingIsComparedWithIsRefused) {
  EXPECT_EQ(problem_of("qwen3",
                       [](StoredTensors& tensors) {
                         tensors.push_back({"attentions", "F32", {1}, std::string(4, '\0')});
                       }),
            "tensor 'attentions' is nothing that can be compared");
  // A dense model has no routing to compare.
  EXPECT_EQ(problem_of("qwen3",
                       [](StoredTensors& tensors) {
                         tensors.push_back({"moe_layers", "I64", {1}, std::string(8, '\0')});
                       }),
            "tensor 'moe_layers' is nothing that can be compared");
}

TEST_F(AnExpectedFile, WithATensorOfAnotherShapeIsRefused) {
  for (const auto* name : {"hidden_states", "logits", "experts", "expert_weights"}) {
    const auto turn = [&](StoredTensors& tensors) {
      auto& shape = tensor(tensors, name).shape;
      std::swap(shape.front(), shape.back());
    };
    EXPECT_THAT(problem_of("deepseek_v3", turn),
                AllOf(StartsWith("tensor '" + std::string(name) + "' has the shape ["),
                      HasSubstr("and the config asks for [")));
  }
}

TEST_F(AnExpectedFile, WithTokensThatAreNoSequenceIsRefused) {
  EXPECT_THAT(problem_of("qwen3",
                         [](StoredTensors& tensors) {
                           tensor(tensors, "input_ids").shape = {4, 6};
                         }),
              HasSubstr("must have one dimension"));
  EXPECT_THAT(problem_of("qwen3",
                         [](StoredTensors& tensors) { lengthen(tensor(tensors, "input_ids"), 8); }),
              StartsWith("tensor 'logits' has the shape [24, 128], and the config asks for [25"));
}

TEST_F(AnExpectedFile, WithATokenOutsideTheVocabularyIsRefused) {
  const auto with_first_id = [](const char* bytes) {
    return [bytes](StoredTensors& tensors) {
      tensor(tensors, "input_ids").bytes.replace(0, 8, std::string(bytes, 8));
    };
  };
  EXPECT_EQ(problem_of("qwen3", with_first_id("\x80\0\0\0\0\0\0\0")),
            "token id 128 is outside the vocabulary of 128");
  EXPECT_EQ(problem_of("qwen3", with_first_id("\xff\xff\xff\xff\xff\xff\xff\xff")),
            "token id -1 is outside the vocabulary of 128");
}

TEST_F(AnExpectedFile, WithMoreTokensThanLearnedPositionsIsRefused) {
  // gpt2 has 64 of them.
  const auto lengthen_all = [](StoredTensors& tensors) {
    tensors = {{"input_ids", "I64", {65}, std::string(65 * 8, '\0')}};
  };
  EXPECT_EQ(problem_of("gpt2", lengthen_all),
            "65 tokens, and the model has learned only 64 positions");
}

TEST_F(AnExpectedFile, WithOtherMixtureLayersIsRefused) {
  // deepseek_v3: layer 0 is dense, layers 1 to 3 are mixtures.
  const auto from_layer_0 = [](StoredTensors& tensors) {
    tensor(tensors, "moe_layers").bytes[0] = '\0';
  };
  EXPECT_EQ(problem_of("deepseek_v3", from_layer_0),
            "moe_layers says layer 0, and the config says layer 1");
}

// Runs in bf16 go on with the file's choices.
TEST_F(AnExpectedFile, WithAChoiceThatCannotBeMadeIsRefused) {
  const auto with_last = [](const std::string& name, std::int64_t number) {
    return [=](StoredTensors& tensors) {
      std::string& bytes = tensor(tensors, name).bytes;
      std::memcpy(bytes.data() + bytes.size() - sizeof(number), &number, sizeof(number));
    };
  };
  // deepseek_v3 has 16 experts.
  for (const std::int64_t expert : {-1, 16}) {
    EXPECT_THAT(problem_of("deepseek_v3", with_last("experts", expert)),
                AllOf(StartsWith("experts says " + std::to_string(expert)), HasSubstr("among 16")));
  }
  // The last of 24 tokens attends to keys 0 to 23.
  for (const auto& [model, name] :
       {std::pair("deepseek_v32", "dsa_topk"), std::pair("minimax_m3", "sparse_blocks")}) {
    for (const std::int64_t chosen : {-1, 0, 24}) {
      EXPECT_THAT(problem_of(model, with_last(name, chosen)),
                  StartsWith("the keys of token 23 in layer"))
          << model << ", " << chosen;
    }
  }
}

TEST_F(AnExpectedFile, OfAnotherKindOfNumbersIsRefused) {
  EXPECT_NE(problem_of("qwen3",
                       [](StoredTensors& tensors) { tensor(tensors, "input_ids").dtype = "F64"; }),
            "");
}

TEST_F(AnExpectedFile, CannotHoldMixturesThatChooseDifferently) {
  ArchSpec spec = *golden_config("deepseek_v3").spec;
  spec.feed_forward.push_back(spec.feed_forward.at(1));
  std::get<MixtureFeedForward>(spec.feed_forward.back().value).experts_per_token = 3;
  spec.layer.push_back(spec.layer.at(1));
  spec.layer.back().value.feed_forward->index = 2;
  spec.stack = {{{{"dense", 0}, {"moe", 1}, {"moe", 1}, {"other", 2}}, 1}};
  const OpGraph graph = lower(spec);
  EXPECT_EQ(weights_test::problem_of([&] {
              (void)load_expected(golden_folder("deepseek_v3") / "expected.safetensors", graph);
            }),
            "layers that run 4 and 3 experts per token do not fit in one tensor");
}

}  // namespace
}  // namespace llmarch
