#include <array>
#include <cmath>

#include "sim/huggingface/hf_decoder.h"
#include "sim/huggingface/hf_mixture.h"
#include "sim/huggingface/hf_model_types.h"

namespace llmarch {
namespace {

Router grok_router(ConfigReader&) {
  Router router;
  router.scoring = Scoring::softmax;
  router.product_soft_cap = 30;
  return router;
}

constexpr MixtureClass kGrokMixture{
    .experts = {"num_local_experts"},
    .experts_per_token = {"num_experts_per_tok"},
    .expert_width = {"moe_intermediate_size"},
    .shared = {.as = SharedClass::Stated::width, .field = {"intermediate_size"}},
    .router = grok_router};

// The class could do otherwise, and no published config asks it to. Windows are not part of it.
constexpr std::array kGrokFixed{FixedField{"residual_moe", "true"},
                                FixedField{"rope_type", "\"original\""},
                                FixedField{"sliding_window_size", "-1"},
                                FixedField{"global_attn_every_n", "1"},
                                FixedField{"tie_word_embeddings", "false"},
                                FixedField{"router_logit_softcapping", "30.0"},
                                FixedField{"attn_logit_softcapping_method", "\"tanh\""}};
constexpr std::array<std::string_view, 2> kGrokOff{"context_len", "rope_rotate_half_dims"};
// A rotation of type "original" is not stretched, whatever these are.
constexpr std::array<std::string_view, 6> kGrokInert{"original_max_position_embeddings",
                                                     "scaling_factor",
                                                     "extrapolation_factor",
                                                     "attn_factor",
                                                     "beta_fast",
                                                     "beta_slow"};

// The names of its tensors are not known here: each is stored in eight parts, under one name.
constexpr Decoder kGrok{.type = "grok",
                        .naming = std::nullopt,
                        .norm = {.placement = NormPlacement::before_and_after},
                        .head_dim = 128,
                        // SGLang's kernel for experts has the GELU by erf, its dense layer and
                        // xAI's own code for Grok-1 (JAX) that by tanh.
                        .feed_forward = {.activation = "", .absent = Activation::gelu_tanh},
                        .mixture = &kGrokMixture,
                        .embedding_multiplier = {"embedding_multiplier_scale"},
                        .logit_multiplier = {"output_multiplier_scale"},
                        .logit_cap = {.key = "final_logit_softcapping", .none = "no cap"},
                        .off = kGrokOff,
                        .fixed = kGrokFixed,
                        .inert = kGrokInert};

// No growth is any number below 1.
std::optional<Integer> read_growth_length(ConfigReader& config) {
  constexpr std::string_view kKey = "attn_temperature_len";
  const Integer length = config.size_or(kKey, -1, kTypeDefault, {-1, kGrowthLength.most});
  if (length == 1) {
    config.refuse("'attn_temperature_len' in the config is 1, whose logarithm is 0",
                  "supported: -1, and 2 or more");
  }
  return length >= kGrowthLength.least ? std::optional(length) : std::nullopt;
}

}  // namespace

// SGLang's grok.py, which is the code that Grok 2.5 was published for: the type of its config is
// that of another model. A dense feed-forward stands beside the mixture as a shared expert does.
void import_grok(Import& import, ArchSpec& spec) {
  ConfigReader& config = import.config;
  for (const char* key :
       {"residual_moe", "embedding_multiplier_scale", "output_multiplier_scale"}) {
    config.stated(key);
  }
  import_decoder(import, kGrok, spec);
  const double cap = config.real_or("attn_logit_softcapping", 30, kTypeDefault);
  const std::optional<Integer> growth = read_growth_length(config);
  for (auto& [name, mixer] : spec.attention) {
    auto& attention = std::get<GroupedAttention>(mixer);
    attention.score_soft_cap = cap;
    attention.score_growth_length = growth;
  }
  for (auto& [name, feed_forward] : spec.feed_forward) {
    std::get<MixtureFeedForward>(feed_forward).sum_multiplier = std::sqrt(0.5);
  }
}

}  // namespace llmarch
