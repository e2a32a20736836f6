// With caches in narrow formats: is what the engine counts what is predicted, to the byte, and are
// its numbers those of the reference kernels over what the stored codes mean?
#include <gmock/gmock.h>

#include "kernels/engine/held_caches.h"
#include "kernels/measure/holding.h"
#include "sim/cost/predict.h"
#include "sim/formats/scheme_names.h"
#include "tests/engine/engine_agreement.h"
#include "tests/engine/engine_options.h"
#include "tests/engine/wide_models.h"

namespace llmarch::fast {
namespace {

ArchSpec wide_window() {
  GroupedAttention attention = tiny_grouped();
  attention.head_dim = 64;
  attention.window = 3;
  return wide(attention, DenseFeedForward{.width = 512});
}

CacheScheme scheme(const std::string& kv) {
  return read_cache_scheme(kv).value.value();
}

OpGraph graph_with(const ArchSpec& spec, const std::string& kv) {
  return with_formats(lower(spec), {DType::f32, scheme(kv)});
}

struct NarrowCase {
  const char* name;
  ArchSpec (*spec)();
};

class NarrowCaches : public testing::TestWithParam<std::tuple<NarrowCase, const char*>> {
 protected:
  const OpGraph graph_ = graph_with(std::get<0>(GetParam()).spec(), std::get<1>(GetParam()));
};

TEST_P(NarrowCaches, CountTheBytesThatArePredicted) {
  ASSERT_EQ(why_no_cache_kernels(graph_), std::nullopt);
  Engine engine = Engine::synthetic(graph_, whole_options(graph_, 6), 1);
  const StepRun prompt = engine.run(prefill(5, 1), std::vector<std::int64_t>{1, 2, 3, 4, 5});
  const StepRun step = engine.run(decode(6, 1), std::vector<std::int64_t>{6});
  EXPECT_EQ(different_work(graph_, prefill(5, 1), prompt), "");
  EXPECT_EQ(different_work(graph_, decode(6, 1), step), "");
  EXPECT_EQ(step.cache.bytes, cache_bytes(graph_, 6, 1));
}

// Attention rounds queries, numerators and what it widens to bf16, which is 1 in 512, and eight
// layers add their roundings up. A number that lies between two codes may fall to either: that
// moves an element by a 16th in fp8 and by 1/127 of the largest in q8_0. They departed by up to 2.2
// and 1.0 % when this was written.
TEST_P(NarrowCaches, AreNearTheReferenceOverWhatTheCodesMean) {
  const WeightStore weights = synthetic_weights(graph_, 7);
  Engine engine = Engine::of(graph_, whole_options(graph_, 6), weights);
  KvCaches<double> caches(graph_, 1);
  const std::vector<std::int64_t> prompt{1, 2, 3, 4, 5};
  (void)execute(graph_, weights, caches, prompt, prefill(5, 1));
  (void)engine.run(prefill(5, 1), prompt);
  const std::vector<std::int64_t> next{6};
  const Execution expected = execute(graph_, weights, caches, next, decode(6, 1));
  const StepRun step = engine.run(decode(6, 1), next, Keep::logits);
  const bool coarse = std::string(std::get<1>(GetParam())).find("fp8") != std::string::npos;
  EXPECT_LT(largest_departure(step.trace.logits, expected.trace.logits),
            (coarse ? 0.05 : 0.02) * largest(expected.trace.logits));
}

std::string narrow_case_name(const testing::TestParamInfo<NarrowCaches::ParamType>& info) {
  std::string name = std::string(std::get<0>(info.param).name) + "_" + std::get<1>(info.param);
  std::ranges::replace_if(
      name, [](char c) { return std::isalnum(c) == 0; }, '_');
  return name;
}

INSTANTIATE_TEST_SUITE_P(Formats, NarrowCaches,
                         testing::Combine(testing::Values(NarrowCase{"dense", wide_dense},
                                                          NarrowCase{"window", wide_window},
                                                          NarrowCase{"latent", wide_latent}),
                                          testing::Values("f16", "fp8", "q8_0", "k=q8_0,v=f16",
                                                          "k=bf16,v=fp8")),
                         narrow_case_name);

std::string reason(ArchSpec (*spec)(), const std::string& kv) {
  return why_no_cache_kernels(graph_with(spec(), kv)).value_or("");
}

TEST(CachesWithoutKernels, AreNamed) {
  EXPECT_EQ(reason(wide_dense, "k=q8_0,v=q4_0"), "there are no kernels for caches in q4_0");
  EXPECT_EQ(reason(wide_dense, "k=f32,v=q8_0"),
            "keys in f32 are not multiplied in the format of values in q8_0");
  EXPECT_EQ(reason([] { return tiny_model(tiny_grouped(), tiny_dense()); }, "q8_0"),
            "q8_0 scales 32 elements together, and the keys have heads of 6");
}

}  // namespace
}  // namespace llmarch::fast
