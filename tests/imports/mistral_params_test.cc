// Mistral's own params.json of models with latent attention and experts.
#include <gmock/gmock.h>

#include "sim/cost/predict.h"
#include "sim/graph/lower.h"
#include "tests/spec/configs.h"

namespace llmarch::spec_test {
namespace {

using testing::HasSubstr;

// Mistral Large 3, as an engine's own test has its params.json (TensorRT-LLM, test of the config
// loader). Its makers say 675 B with a vision tower of 2.5 B, and 41 B of them active.
Json mistral_large_params() {
  return {{"dim", 7168},
          {"n_layers", 61},
          {"hidden_dim", 16384},
          {"head_dim", 192},
          {"n_heads", 128},
          {"n_kv_heads", 128},
          {"norm_eps", 1e-6},
          {"vocab_size", 131072},
          {"rope_theta", 10000.0},
          {"tied_embeddings", false},
          {"max_position_embeddings", 294912},
          {"q_lora_rank", 1536},
          {"kv_lora_rank", 512},
          {"qk_nope_head_dim", 128},
          {"qk_rope_head_dim", 64},
          {"v_head_dim", 128},
          {"yarn",
           {{"alpha", 1},
            {"apply_scale", false},
            {"beta", 32},
            {"factor", 36},
            {"original_max_position_embeddings", 8192}}},
          {"llama_4_scaling", {{"beta", 0.1}, {"original_max_position_embeddings", 8192}}},
          {"moe",
           {{"num_experts", 128},
            {"num_experts_per_tok", 4},
            {"num_shared_experts", 1},
            {"expert_hidden_dim", 4096},
            {"first_k_dense_replace", 3},
            {"route_every_n", 1},
            {"routed_scale", 1.0},
            {"num_expert_groups", 1},
            {"num_expert_groups_per_tok", 1}}}};
}

// Attention has 187,107,328 parameters with the norms of its latents and a layer two norms of
// 7,168; a dense feed-forward 3 x 7,168 x 16,384, a mixture 129 experts of 3 x 7,168 x 4,096 and a
// router.
TEST(MistralParams, HaveLatentAttentionWithExperts) {
  const ArchSpec spec = spec_of(mistral_large_params());
  ASSERT_TRUE(std::holds_alternative<LatentAttention>(spec.attention.front().value));
  const std::int64_t attention = 7168LL * 1536 + 1536 + 1536LL * 128 * 192 + 7168LL * (512 + 64) +
                                 512 + 512LL * 128 * 256 + 128LL * 128 * 7168;
  const std::int64_t dense = 3LL * 7168 * 16384;
  const std::int64_t mixture = 129LL * 3 * 7168 * 4096 + 128LL * 7168;
  EXPECT_EQ(predict_parameters(lower(spec)).total,
            Elements(61 * (attention + 2 * 7168) + 3 * dense + 58 * mixture + 7168 +
                     2LL * 131072 * 7168));
  Json json = mistral_large_params();
  json["yarn"]["apply_scale"] = true;
  EXPECT_THAT(report(json), HasSubstr("'apply_scale' in params.json is true"));
  EXPECT_THAT(report(without(mistral_large_params(), "moe")),
              HasSubstr("latent attention without experts"));
}

}  // namespace
}  // namespace llmarch::spec_test
