// The bytes of whole models against what their makers, or those who quantised them, publish.
#include <gtest/gtest.h>

#include "sim/study/beside_memory.h"
#include "sim/study/point_figures.h"
#include "tests/support/model_specs.h"

namespace llmarch {
namespace {

Scheme scheme(std::string_view name) {
  return read_scheme(name).value.value();
}

Model model(const std::string& name) {
  return make_model(model_spec(name), {});
}

Bytes stored_bytes(const Model& model, std::string_view weights) {
  return weight_bytes(stored(model, {.weights = scheme(weights)})).total;
}

// The index of mlx-community's folder: 14,768,307,200 parameters.
TEST(StoredBytes, AreThoseOfAnMlxFolderToTheByte) {
  EXPECT_EQ(stored_bytes(model("qwen3-14b"), "mlx-4bit"), Bytes(8'307'783'680));
}

TEST(StoredBytes, AreThoseOfABitsandbytesFolderToTheByte) {
  EXPECT_EQ(stored_bytes(model("llama-3.1-8b"), "bnb-int8"), Bytes(9'086'705'888));
}

// The index of deepseek-ai/DeepSeek-V3 has 688,574,839,360 bytes. They include its prediction layer
// and, stored again for it in bf16, an embedding and a head of 129,280 rows of 7,168.
TEST(StoredBytes, OfDeepSeekV3AreThoseOfItsIndex) {
  const Model deepseek = model("deepseek-v3");
  const Setting setting{.weights = scheme("fp8-block")};
  const BesideMemory beside(deepseek, stored(deepseek, setting), setting);
  EXPECT_EQ(stored_bytes(deepseek, "fp8-block") + beside.weights() +
                Bytes(Integer(2) * 129'280 * 7168 * 2),
            Bytes(688'574'839'360));
}

double gib(Bytes bytes) {
  return bytes.amount().as_double() / (1 << 30);
}

// Their model card (arXiv 2508.10925, table 1): checkpoints of 12.8 and 60.8 GiB.
TEST(StoredBytes, OfGptOssAreThoseOfItsCard) {
  EXPECT_NEAR(gib(stored_bytes(model("gpt-oss-20b"), "mxfp4")), 12.8, 0.05);
  EXPECT_NEAR(gib(stored_bytes(model("gpt-oss-120b"), "mxfp4")), 60.8, 0.05);
}

TEST(ThePolicyOfGptOss, CanBeWrittenOutAndIsTheSame) {
  const Model twenty = model("gpt-oss-20b");
  EXPECT_EQ(stored_bytes(twenty,
                         "experts=mxfp4,expert-gate-bias=bf16,expert-up-bias=bf16,"
                         "expert-down-bias=bf16,rest=bf16"),
            stored_bytes(twenty, "experts=mxfp4,rest=bf16"));
}

struct Published {
  std::string model, weights;
  double gigabytes;
};
class PublishedFile : public testing::TestWithParam<Published> {};

// A file holds its vocabulary too: 6 to 8 MB. Sizes as lists of files on the Hub round them, so
// that half of the last digit is added to what the sizes may depart by.
TEST_P(PublishedFile, HasTheBytesOfItsMixture) {
  const auto& [name, weights, gigabytes] = GetParam();
  const double bytes = stored_bytes(model(name), weights).amount().as_double() / 1e9;
  EXPECT_NEAR((bytes + 0.007) / gigabytes, 1, 0.003) << bytes;
}

// Llama 3.1: bartowski/Meta-Llama-3.1-8B-Instruct-GGUF. Qwen3: bartowski/Qwen_Qwen3-30B-A3B-GGUF
// (q8_0, q6_k, q5_k_m) and 17.28 GiB as llama-bench prints for q4_k_m. Gemma 3:
// bartowski/google_gemma-3-27b-it-GGUF, and for q4_0 the 15.6 GB of
// stduhpf/google-gemma-3-27b-it-qat-q4_0-gguf-small. Llama 3.1 70B q4_0: 37.22 GiB (llama-bench).
INSTANTIATE_TEST_SUITE_P(
    Files, PublishedFile,
    testing::Values(
        Published{"llama-3.1-8b", "q8_0", 8.54}, Published{"llama-3.1-8b", "q6_k", 6.60},
        Published{"llama-3.1-8b", "q5_k_m", 5.73}, Published{"llama-3.1-8b", "q4_k_m", 4.92},
        Published{"llama-3.1-8b", "q4_0", 4.66}, Published{"llama-3.1-8b", "iq4_xs", 4.45},
        Published{"llama-3.1-8b", "q3_k_m", 4.02}, Published{"qwen3-30b-a3b", "q8_0", 32.48},
        Published{"qwen3-30b-a3b", "q6_k", 25.10}, Published{"qwen3-30b-a3b", "q5_k_m", 21.74},
        Published{"qwen3-30b-a3b", "q4_k_m", 17.28 * 1.073741824},
        Published{"qwen3-30b-a3b", "iq4_xs-static", 16.6}, Published{"gemma-3-27b", "q4_0", 15.6},
        Published{"gemma-3-27b", "q8_0", 28.71}, Published{"gemma-3-27b", "q4_k_m", 16.55},
        Published{"llama-3.1-70b", "q4_0", 37.22 * 1.073741824},
        Published{"qwen3-32b", "iq4_xs-static", 17.9}, Published{"qwen3-4b", "q4_k_m", 2.50}));

// The files of unsloth/Qwen3-30B-A3B-GGUF at revision d5b1d57 in bytes, as the Hub lists them. All
// have one header, of the same keys, names and shapes: 5,970,496 bytes before their tensors.
struct PublishedBytes {
  std::string weights;
  std::int64_t file;
};
class PublishedToTheByte : public testing::TestWithParam<PublishedBytes> {};

TEST_P(PublishedToTheByte, HasTheTensorsOfItsMixtureAfterTheHeader) {
  const auto& [weights, file] = GetParam();
  EXPECT_EQ(stored_bytes(model("qwen3-30b-a3b"), weights), Bytes(file - 5'970'496));
}

INSTANTIATE_TEST_SUITE_P(
    Files, PublishedToTheByte,
    testing::Values(
        PublishedBytes{"q8_0", 32'483'932'736}, PublishedBytes{"q6_k", 25'092'532'800},
        PublishedBytes{"q5_k_m", 21'725'581'888}, PublishedBytes{"q5_k_s", 21'080'511'040},
        PublishedBytes{"q4_1", 19'192'500'800}, PublishedBytes{"q4_k_m", 18'556'686'912},
        PublishedBytes{"q4_k_s", 17'456'009'792}, PublishedBytes{"q4_0-imatrix", 17'379'988'032},
        PublishedBytes{"iq4_nl", 17'310'782'016}, PublishedBytes{"q3_k_m", 14'711'847'488},
        PublishedBytes{"q3_k_s", 13'292'468'800}, PublishedBytes{"q2_k", 11'258'610'240}));

// Four bits for each of 13,015,864,320 parameters, and 10.7 % more in nf4.
TEST(FourBitsFlat, AreLessThanAnySchemeOfFourBitsTakes) {
  const Model qwen = model("qwen3-14b");
  EXPECT_EQ(stored_bytes(qwen, "int4"), Bytes(14'768'307'200 / 2));
  EXPECT_NEAR(stored_bytes(qwen, "mlx-4bit").amount().as_double() /
                  stored_bytes(qwen, "int4").amount().as_double(),
              1.125, 0.0005);
}

TEST(BitsPerWeight, AreThoseOfEveryWeight) {
  EXPECT_EQ(stored_bytes(model("llama-3.1-8b"), "5.0bpw"), Bytes(Integer(8'030'261'248) * 5 / 8));
  EXPECT_EQ(stored_bytes(model("llama-3.1-8b"), "16bpw"), Bytes(Integer(8'030'261'248) * 2));
}

// 56 layers, 8 key heads of 128: keys and values of 1,024 elements in 32 blocks of 34 bytes.
TEST(ACacheInQ8_0, TakesEightAndAHalfBits) {
  ArchSpec spec = model_spec("mistral-7b-v0.1");
  std::get<GroupedAttention>(spec.attention.front().value).window.reset();
  spec.stack.front().repeat = 56;
  const Model model = make_model(std::move(spec), {});
  const Setting setting{.context = 49'152, .kv = read_cache_scheme("q8_0").value.value()};
  EXPECT_EQ(cache_bytes(stored(model, setting), 49'152, 1), Bytes(Integer(5712) * 1024 * 1024));
  const Setting apart{.context = 49'152, .kv = read_cache_scheme("k=q8_0,v=q4_0").value.value()};
  EXPECT_EQ(cache_bytes(stored(model, apart), 49'152, 1),
            Bytes(Integer(56) * 49'152 * 32 * (34 + 18)));
}

Hardware with_peaks() {
  Hardware hardware{.name = "toy", .title = "Toy", .memory = {1, "-"}, .bandwidth = {1e12, "-"}};
  hardware.peak.f32 = PeakRate{1e12, "-"};
  hardware.peak.bf16 = PeakRate{2e12, "-"};
  hardware.peak.fp8 = PeakRate{4e12, "-"};
  hardware.peak.int8 = PeakRate{5e12, "-"};
  hardware.peak.int4 = PeakRate{9e12, "-"};
  hardware.peak.fp4 = PeakRate{8e12, "-"};
  return hardware;
}

// The floor of arithmetic of a prompt that is long enough for nothing else to matter.
double prefill_floor(const Model& model, std::string_view weights, std::optional<DType> compute) {
  const Setting setting{.context = 4096,
                        .weights = scheme(weights),
                        .compute = compute,
                        .machine = std::make_shared<const Hardware>(with_peaks())};
  const ModelCurves curves(model, setting);
  return PointFigures(curves, 4096, 4096).prefill_floor().arithmetic_seconds;
}

TEST(Arithmetic, IsThatOfSixteenBitsWhereOnlyWeightsAreNarrow) {
  const Model small = model("llama-3.2-1b");
  const double bf16 = prefill_floor(small, "bf16", {});
  for (const char* weights : {"int4", "awq", "gptq", "q4_k_m", "bnb-nf4", "mxfp4", "mlx-4bit",
                              "nvfp4-w4a16", "5.0bpw", "value-projection=nvfp4,rest=q4_k"}) {
    EXPECT_EQ(prefill_floor(small, weights, {}), bf16) << weights;
  }
}

TEST(Arithmetic, IsNarrowWhereActivationsAreToo) {
  const Model small = model("llama-3.2-1b");
  const double bf16 = prefill_floor(small, "bf16", {});
  EXPECT_DOUBLE_EQ(prefill_floor(small, "fp8-block", {}), bf16 / 2);
  EXPECT_DOUBLE_EQ(prefill_floor(small, "w8a8-int8", {}), bf16 / 2.5);
  EXPECT_DOUBLE_EQ(prefill_floor(small, "int8", {}), bf16 / 2.5);
  EXPECT_DOUBLE_EQ(prefill_floor(small, "nvfp4", {}), bf16 / 4);
}

TEST(Arithmetic, CanBeAskedFor) {
  const Model small = model("llama-3.2-1b");
  const double bf16 = prefill_floor(small, "bf16", {});
  EXPECT_DOUBLE_EQ(prefill_floor(small, "q4_k_m", DType::int8), bf16 / 2.5);
  EXPECT_DOUBLE_EQ(prefill_floor(small, "fp8-block", DType::bf16), bf16);
}

class StoredSpec : public testing::TestWithParam<std::string> {};

// Blocks that are split by formats are still the model: the same work, and every weight once.
TEST_P(StoredSpec, DoesTheSameWorkInAMixture) {
  const Model whole = model(GetParam());
  const Setting setting{.context = 1000, .weights = scheme("q4_k_m")};
  const OpGraph mixed = stored(whole, setting);
  const Workload workload = decode(1000, 3);
  const Work plain = predict_total(whole.graph, workload);
  const Work work = predict_total(mixed, workload);
  EXPECT_EQ(work.flops(), plain.flops());
  EXPECT_EQ(work.cache_read, plain.cache_read);
  EXPECT_EQ(predict_parameters(mixed).total, whole.parameters.total);
  EXPECT_EQ(cache_bytes(mixed, 1000, 3), cache_bytes(whole.graph, 1000, 3));
  EXPECT_LT(weight_bytes(mixed).total, weight_bytes(whole.graph).total);
}

INSTANTIATE_TEST_SUITE_P(Specs, StoredSpec, testing::ValuesIn(model_names()), test_name);

}  // namespace
}  // namespace llmarch
