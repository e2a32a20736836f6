// How a config says that weights are stored: the scheme that is read, what it leaves as it is, and
// what is said of a scheme that is not known.
#include <gmock/gmock.h>

#include "sim/formats/formats.h"
#include "sim/graph/lower.h"
#include "sim/huggingface/hf_ignored_modules.h"
#include "tests/spec/configs.h"

namespace llmarch::spec_test {
namespace {

using testing::Contains;
using testing::Each;
using testing::ElementsAre;

Json stored(const Json& how) {
  return with(config("qwen3-0.6b"), {{"quantization_config", how}});
}

std::string scheme_name(const Json& how) {
  const ConfigLoad loaded = load(stored(how));
  return loaded.storage ? loaded.storage->name() : "";
}

Json group(const Json& weights, const Json& inputs, const std::string& format) {
  return {{"quant_method", "compressed-tensors"},
          {"format", format},
          {"config_groups",
           {{"group_0",
             {{"targets", {"Linear"}}, {"weights", weights}, {"input_activations", inputs}}}}}};
}

TEST(AStoredFormat, IsReadFromEachMethod) {
  EXPECT_EQ(scheme_name({{"quant_method", "fp8"}, {"weight_block_size", {128, 128}}}), "fp8-block");
  EXPECT_EQ(scheme_name({{"quant_method", "fp8"}, {"weight_block_size", nullptr}}), "fp8-tensor");
  EXPECT_EQ(scheme_name({{"quant_method", "bitsandbytes"}, {"load_in_8bit", true}}), "bnb-int8");
  EXPECT_EQ(scheme_name({{"quant_method", "bitsandbytes"},
                         {"load_in_4bit", true},
                         {"bnb_4bit_quant_type", "nf4"},
                         {"bnb_4bit_use_double_quant", true}}),
            "bnb-nf4");
  EXPECT_EQ(scheme_name({{"quant_method", "gptq"}, {"bits", 4}, {"group_size", 128}}),
            "gptq-4bit-g128");
  EXPECT_EQ(scheme_name({{"quant_method", "gptq"}, {"bits", 8}, {"group_size", -1}}),
            "gptq-8bit-by-row");
  EXPECT_EQ(scheme_name({{"quant_method", "awq"}, {"bits", 4}, {"group_size", 64}}), "awq-g64");
  EXPECT_EQ(scheme_name({{"quant_method", "mxfp4"}}), "mxfp4");
  EXPECT_EQ(scheme_name({{"quant_method", "modelopt"}, {"quant_algo", "NVFP4"}}), "nvfp4");
  EXPECT_EQ(scheme_name({{"group_size", 64}, {"bits", 4}}), "mlx-4bit-g64");
}

TEST(AStoredFormat, IsReadFromTheGroupsOfCompressedTensors) {
  const Json none = nullptr;
  const Json inputs = {{"num_bits", 8}};
  EXPECT_EQ(scheme_name(group({{"num_bits", 8}, {"type", "float"}, {"strategy", "channel"}}, inputs,
                              "float-quantized")),
            "fp8-channel");
  EXPECT_EQ(scheme_name(group({{"num_bits", 8}, {"type", "int"}, {"strategy", "channel"}}, inputs,
                              "int-quantized")),
            "w8a8-int8");
  EXPECT_EQ(scheme_name(group({{"num_bits", 4},
                               {"type", "int"},
                               {"strategy", "group"},
                               {"group_size", 32},
                               {"symmetric", true}},
                              none, "pack-quantized")),
            "w4a16-g32");
  const Json blocks = {{"num_bits", 8}, {"type", "float"}, {"strategy", "block"}};
  EXPECT_EQ(scheme_name(group(blocks, inputs, "float-quantized")), "fp8-block");
  EXPECT_EQ(
      scheme_name(group(with(blocks, {{"block_structure", {64, 128}}}), inputs, "float-quantized")),
      "fp8-64x128");
  EXPECT_EQ(scheme_name(group({{"num_bits", 4}, {"type", "float"}, {"group_size", 16}}, inputs,
                              "nvfp4-pack-quantized")),
            "nvfp4");
}

TEST(AStoredFormat, IsMultipliedAsItsInputsAre) {
  const auto arithmetic = [](const Json& how) { return load(stored(how)).storage->arithmetic(); };
  const Json eight = {{"num_bits", 8}, {"type", "float"}, {"strategy", "channel"}};
  EXPECT_EQ(arithmetic(group(eight, {{"num_bits", 8}}, "float-quantized")), DType::fp8);
  EXPECT_EQ(arithmetic(group(eight, nullptr, "naive-quantized")), DType::bf16);
  EXPECT_EQ(arithmetic({{"quant_method", "awq"}, {"bits", 4}}), DType::bf16);
}

TEST(AStoredFormat, IsThatOfTheWholeRepositoryOrOfItsTextModel) {
  EXPECT_EQ(load(config("gpt-oss-20b")).storage->name(), "mxfp4");
  EXPECT_EQ(load(config("deepseek-v3")).storage->name(), "fp8-block");
  EXPECT_THAT(load(config("deepseek-v3")).notes,
              Contains("published in fp8-block (quantization_config)"));
  EXPECT_FALSE(load(config("qwen3-0.6b")).storage);
}

TEST(AStoredFormat, StandsInAFileBesideTheConfigToo) {
  ImportOptions options;
  options.quantization =
      R"({"quantization": {"quant_algo": "NVFP4", "exclude_modules": ["lm_head"]}})";
  const ConfigLoad loaded = load_hf_config(config("qwen3-0.6b").dump(), "my-model", options);
  ASSERT_TRUE(loaded.storage);
  EXPECT_EQ(loaded.storage->name(), "nvfp4");
  options.quantization = "{}";
  EXPECT_FALSE(load_hf_config(config("qwen3-0.6b").dump(), "my-model", options).spec);
}

// What is not known is named, and no other scheme is taken in its place.
TEST(AStoredFormat, IsSaidWhereItIsNotKnown) {
  for (const Json& how :
       {Json{{"quant_method", "aqlm"}}, Json{{"quant_method", "gptq"}, {"bits", 5}},
        Json{{"quant_method", "awq"}, {"group_size", 0}}, Json{{"bits", 7}, {"group_size", 64}},
        Json{{"quant_method", "fp8"}, {"weight_block_size", {0, 128}}},
        Json{{"quant_method", "compressed-tensors"}}, Json::object(),
        Json{{"quant_method", "fp8"}, {"ignore", {"re:(a{2})"}}}}) {
    const ConfigLoad loaded = load(stored(how));
    EXPECT_TRUE(loaded.spec) << how;
    EXPECT_FALSE(loaded.storage) << how;
    EXPECT_TRUE(loaded.unknown_storage) << how;
  }
  // Groups of compressed-tensors that store more or less than the bits of their elements.
  const Json grouped = {{"num_bits", 4}, {"type", "int"}, {"group_size", 32}};
  EXPECT_EQ(scheme_name(group(grouped, nullptr, "pack-quantized")), "w4a16-g32");
  for (const Json& how :
       {group(with(grouped, {{"actorder", "group"}}), nullptr, "pack-quantized"),
        group(with(grouped, {{"strategy", "tensor"}}), nullptr, "pack-quantized"),
        group(grouped, nullptr, "marlin-24"), group(grouped, nullptr, "naive-quantized"),
        with(group(grouped, nullptr, "pack-quantized"),
             {{"sparsity_config", {{"format", "sparse-24-bitmask"}}}})}) {
    EXPECT_TRUE(load(stored(how)).unknown_storage) << how;
  }
  EXPECT_THAT(
      load(stored({{"quant_method", "exl2"}, {"bits", 4.65}})).notes,
      Contains("quantised by exl2 of 4.65 bits (quantization_config): how that stores weights "
               "is not known here"));
}

TEST(AStoredFormat, IsNotKnownWhereExpertsHaveOneOfTheirOwn) {
  Json flash = config("deepseek-v4-flash");
  flash["quantization_config"] = {{"quant_method", "fp8"}, {"weight_block_size", {128, 128}}};
  flash["expert_dtype"] = "fp4";
  EXPECT_EQ(load(flash).unknown_storage, "quantised by fp8 (quantization_config), experts in fp4");
  flash.erase("quantization_config");
  EXPECT_EQ(load(flash).unknown_storage, "experts in fp4");
}

TEST(AStoredFormat, ChangesNoParameter) {
  const Json awq = stored({{"quant_method", "awq"}, {"bits", 4}});
  EXPECT_EQ(architecture_of(spec_of(awq)), architecture_of(spec_of(config("qwen3-0.6b"))));
}

// The formats of a role, layer by layer; those outside of layers once.
std::vector<std::string_view> formats_of(const ConfigLoad& loaded, WeightRole role) {
  const OpGraph whole = lower(*loaded.spec);
  const OpGraph graph = with_formats(with_layers_stored_alike(*loaded.spec, whole, *loaded.storage),
                                     {*loaded.storage, DType::bf16});
  std::vector<std::string_view> formats;
  for (std::size_t block : graph.layers) {
    for (const Weight& weight : graph.weights) {
      if (weight.block == block && weight.role == role) formats.push_back(weight.format.name);
    }
  }
  if (!formats.empty()) return formats;
  for (const Weight& weight : graph.weights) {
    if (weight.role == role) formats.push_back(weight.format.name);
  }
  return formats;
}

Json small(const Json& how) {
  return with(stored(how), {{"num_hidden_layers", 4}, {"max_window_layers", 4}});
}

TEST(IgnoredModules, KeepSixteenBitsLayerByLayer) {
  const ConfigLoad loaded = load(
      small({{"quant_method", "fp8"},
             {"weight_block_size", {128, 128}},
             {"modules_to_not_convert", {"model.layers.1.self_attn.q_proj", "model.layers.2"}}}));
  EXPECT_THAT(formats_of(loaded, WeightRole::query),
              ElementsAre("fp8-block", "bf16", "bf16", "fp8-block"));
  EXPECT_THAT(formats_of(loaded, WeightRole::down),
              ElementsAre("fp8-block", "fp8-block", "bf16", "fp8-block"));
}

// Some families have modules of their own, or elsewhere than most, whose names lists hold too.
TEST(IgnoredModules, KeepSixteenBitsUnderTheNamesOfEachFamily) {
  const ConfigLoad kimi = load(config("kimi-k3"));  // leaves all of self_attn
  for (const WeightRole role : {WeightRole::recurrence_query, WeightRole::recurrence_gate,
                                WeightRole::recurrence_output, WeightRole::attention_gate}) {
    EXPECT_THAT(formats_of(kimi, role), Each("bf16"));
  }
  EXPECT_THAT(formats_of(kimi, WeightRole::expert_up), Each("mxfp4"));
  const auto stored_with = [](const std::string& name, const Json& ignored) {
    return load(with(
        config(name),
        {{"quantization_config",
          {{"quant_method", "modelopt"}, {"quant_algo", "NVFP4"}, {"exclude_modules", ignored}}}}));
  };
  const ConfigLoad gemma = stored_with(
      "gemma-4-26b-a4b",
      {"model.language_model.layers.0.mlp*", "model.language_model.layers.0.self_attn*"});
  EXPECT_EQ(formats_of(gemma, WeightRole::up).front(), "bf16");
  EXPECT_THAT(formats_of(gemma, WeightRole::expert_up), Each("nvfp4"));
  const ConfigLoad nemotron = stored_with(
      "nemotron-3-nano-30b", {"backbone.layers.0.mixer.in_proj", "backbone.layers.5.mixer.q_proj"});
  EXPECT_EQ(formats_of(nemotron, WeightRole::recurrence_value).front(), "bf16");
  EXPECT_EQ(formats_of(nemotron, WeightRole::recurrence_value).back(), "nvfp4");
  EXPECT_EQ(formats_of(nemotron, WeightRole::query).front(), "bf16");
  const ConfigLoad glm = stored_with("glm-5", {"model.layers.0.self_attn.indexer*"});
  EXPECT_EQ(formats_of(glm, WeightRole::index_query).front(), "bf16");
  const ConfigLoad qwen =
      stored_with("qwen3.5-27b", {"model.language_model.layers.0.linear_attn*"});
  EXPECT_EQ(formats_of(qwen, WeightRole::recurrence_key).front(), "bf16");
}

TEST(Mlx, StatesOtherBitsForSomeModules) {
  const ConfigLoad loaded =
      load(small({{"group_size", 64},
                  {"bits", 4},
                  {"model.layers.0.mlp.down_proj", {{"group_size", 64}, {"bits", 6}}},
                  {"model.layers.3.mlp.down_proj", false}}));
  ASSERT_TRUE(loaded.storage);
  const OpGraph graph =
      with_formats(with_layers_stored_alike(*loaded.spec, lower(*loaded.spec), *loaded.storage),
                   {*loaded.storage, DType::bf16});
  std::vector<Integer> bits;
  for (std::size_t block : graph.layers) {
    for (const Weight& weight : graph.weights) {
      if (weight.block == block && weight.role == WeightRole::down)
        bits.push_back(weight.format.bits);
    }
  }
  EXPECT_THAT(bits, ElementsAre(Integer(6), Integer(4), Integer(4), Integer(16)));
}

bool matches(const std::string& pattern, std::string_view module) {
  return IgnoredModules::read({pattern}).value().match(module);
}

TEST(ANameOfAModule, MatchesAtItsDots) {
  EXPECT_TRUE(matches("lm_head", "lm_head"));
  EXPECT_TRUE(matches("gate", "model.layers.0.mlp.gate"));
  EXPECT_FALSE(matches("gate", "model.layers.0.mlp.gate_proj"));
  EXPECT_TRUE(matches("model.layers.1", "model.layers.1.mlp.gate"));
  EXPECT_FALSE(matches("model.layers.1", "model.layers.11.mlp.gate"));
  EXPECT_TRUE(matches("model.layers.*.mlp.router", "model.layers.7.mlp.router"));
}

TEST(APatternOfModules, IsReadAsAnExpression) {
  const std::string kimi = "re:.*mlp\\.(gate|up|gate_up|down)_proj.*";
  EXPECT_TRUE(matches(kimi, "model.layers.0.mlp.gate_up_proj"));
  EXPECT_TRUE(matches(kimi, "model.layers.0.mlp.down_proj.weight"));
  EXPECT_FALSE(matches(kimi, "model.layers.1.mlp.experts.0.gate_proj"));
  EXPECT_TRUE(matches("re:.*self_attn.*", "model.layers.1.self_attn.q_proj"));
  EXPECT_TRUE(matches("re:^model\\.layers\\.[0-2]\\.", "model.layers.2.mlp"));
  EXPECT_FALSE(matches("re:^model\\.layers\\.[0-2]\\.", "model.layers.3.mlp"));
  EXPECT_TRUE(matches("re:model.layers.\\d+.mlp.gate$", "model.layers.31.mlp.gate"));
  EXPECT_FALSE(matches("re:model.layers.\\d+.mlp.gate$", "model.layers.31.mlp.gate_proj"));
  EXPECT_FALSE(matches("re:self_attn", "model.layers.1.self_attn"));  // from the beginning
}

// An expression that would take the age of the universe is given up.
TEST(APatternOfModules, TakesNoTimeHoweverItIsWritten) {
  std::string expression = "re:";
  for (int i = 0; i < 60; ++i) expression += ".*a";
  EXPECT_FALSE(matches(expression + "b", std::string(200, 'a')));
}

TEST(APatternOfModules, IsRefusedWhereItIsNotUnderstood) {
  for (const char* pattern :
       {"re:(a", "re:a)", "re:(?!a)", "re:a{2}", "re:[^a]", "re:\\w+", "re:(a)*", "re:[a"}) {
    EXPECT_FALSE(IgnoredModules::read({pattern})) << pattern;
  }
}

}  // namespace
}  // namespace llmarch::spec_test
