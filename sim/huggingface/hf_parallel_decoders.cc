// Decoders whose blocks stand side by side, whose norms lack something, or that multiply what goes
// through them. The sizes that each class fills, and what it does with each field, are those of its
// configuration_*.py and modeling_*.py in transformers.
#include <array>

#include "sim/huggingface/hf_decoder.h"
#include "sim/huggingface/hf_mixture.h"
#include "sim/huggingface/hf_model_types.h"

namespace llmarch {
namespace {

constexpr Flag kBiases{"attention_bias"};
constexpr NormClass kCohereNorm{NormKind::layer, "layer_norm_eps", NormPlacement::before,
                                NormOmission::bias};
constexpr NormClass kLayerNorm{NormKind::layer, "layer_norm_eps"};
constexpr MultiplierClass kCohereLogits{"logit_scale", 0.0625};
constexpr MultiplierClass kGraniteEmbedding{"embedding_multiplier"};
constexpr MultiplierClass kGraniteResidual{"residual_multiplier"};
constexpr MultiplierClass kGraniteScores{"attention_multiplier"};
constexpr MultiplierClass kGraniteLogits{"logits_scaling", 1, MultiplierClass::As::divisor};

constexpr std::array<std::string_view, 3> kNeoXInert{
    "classifier_dropout", "attention_probs_dropout_prob", "hidden_dropout_prob"};

// Fields of the makers' own code, which transformers' class does not read, at their only value.
constexpr std::array kCohere2Fixed{
    FixedField{"order_of_interleaved_layers", "\"local_attn_first\""},
    FixedField{"position_embedding_type", "\"rope_gptj\""},
    FixedField{"rotary_pct", "1.0"},
    FixedField{"use_qk_norm", "false"},
    FixedField{"use_parallel_block", "true"},
    FixedField{"use_gated_activation", "true"}};
constexpr std::array<std::string_view, 1> kCohereInert{"model_max_length"};
constexpr std::array<std::string_view, 3> kCohere2Inert{
    "use_embedding_sharing", "use_parallel_embedding", "model_max_length"};

// The largest logits, and a softmax over them: the same weights as a softmax over all, normalised.
constexpr MixtureClass kGraniteMoe{.experts = {"num_local_experts", 8},
                                   .experts_too = "num_experts",
                                   .experts_per_token = {"num_experts_per_tok", 2},
                                   .expert_width = {"intermediate_size", 11008},
                                   .router = normalized_softmax_router};

constexpr MixtureClass granite_with_shared() {
  MixtureClass mixture = kGraniteMoe;
  mixture.shared = {.as = SharedClass::Stated::width, .field = {"shared_intermediate_size", 1024}};
  return mixture;
}
constexpr MixtureClass kGraniteShared = granite_with_shared();

constexpr Decoder granite_moe(std::string_view type, CheckpointNaming naming,
                              const MixtureClass& mixture) {
  return {.type = type,
          .naming = naming,
          .sizes = {32000, 4096, 0, 32, 32, 0, 2048, 1e-6},
          .qkv_bias = kBiases,
          .score_multiplier = kGraniteScores,
          .mixture = &mixture,
          .embedding_multiplier = kGraniteEmbedding,
          .residual_multiplier = kGraniteResidual,
          .logit_multiplier = kGraniteLogits};
}

constexpr std::array kParallelDecoders{
    Decoder{.type = "olmo",
            .sizes = {50304, 4096, 11008, 32, 32, 0, 2048, 1e-5},
            .norm = {NormKind::layer, "", NormPlacement::before, NormOmission::weight_and_bias},
            .qkv_bias = kBiases,
            .qkv_clip = {"clip_qkv"}},
    Decoder{.type = "granite",
            .sizes = {32000, 4096, 11008, 32, 32, 0, 2048, 1e-6},
            .qkv_bias = kBiases,
            .score_multiplier = kGraniteScores,
            .feed_forward = {.bias = {"mlp_bias"}},
            .embedding_multiplier = kGraniteEmbedding,
            .residual_multiplier = kGraniteResidual,
            .logit_multiplier = kGraniteLogits},
    granite_moe("granitemoe", CheckpointNaming::granite_moe, kGraniteMoe),
    granite_moe("granitemoeshared", CheckpointNaming::granite_hybrid, kGraniteShared),
    Decoder{.type = "jais2",
            .naming = std::nullopt,
            .sizes = {150272, 3328, 26624, 32, 26, 0, 8192, 1e-5},
            .norm = kLayerNorm,
            .qkv_bias = {"attention_bias", Flag::Absent::on},
            .rotary = {.theta = 500000},
            .feed_forward = {FeedForwardClass::Form::plain,
                             "hidden_act",
                             Activation::relu_squared,
                             {"mlp_bias", Flag::Absent::on}}},
    Decoder{.type = "cohere",
            .sizes = {256000, 8192, 22528, 40, 64, 0, 8192, 1e-5},
            .norm = kCohereNorm,
            .tied = Flag::Absent::on,
            .qkv_bias = kBiases,
            .qk_norm = QkNorm::layer_of_each_head,
            .has_qk_norm = {"use_qk_norm"},
            .rotary = {RotaryLayout::interleaved, 500000},
            .blocks = {BlocksClass::Form::on_one_norm},
            .logit_multiplier = kCohereLogits,
            .inert = kCohereInert},
    Decoder{.type = "cohere2",
            .sizes = {256000, 8192, 22528, 40, 64, 0, 8192, 1e-5},
            .norm = kCohereNorm,
            .tied = Flag::Absent::on,
            .qkv_bias = kBiases,
            .head_dim_field = Decoder::HeadDim::always_derived,
            .window = {Windows::by_period, 4096, 4, "sliding_window_pattern"},
            .rotary = {RotaryLayout::interleaved, 10000},
            .rotated = Rotated::only_windowed,
            .blocks = {BlocksClass::Form::on_one_norm},
            .logit_multiplier = kCohereLogits,
            .fixed = kCohere2Fixed,
            .inert = kCohere2Inert},
    Decoder{.type = "phi",
            .naming = CheckpointNaming::phi,
            .sizes = {51200, 2048, 8192, 24, 32, 0, 2048, 1e-5},
            .norm = kLayerNorm,
            .qkv_bias = kAlways,
            .qk_norm = QkNorm::layer_per_head,
            .has_qk_norm = {"qk_layernorm"},
            .rotary = {.partial = 0.5},
            .blocks = {BlocksClass::Form::on_one_norm},
            .feed_forward = {FeedForwardClass::Form::plain, "hidden_act", Activation::gelu_tanh,
                             kAlways},
            .head_bias = kAlways},
    Decoder{.type = "gpt_neox",
            .naming = CheckpointNaming::gpt_neox,
            .sizes = {50432, 6144, 24576, 44, 64, kOnlyQueryHeads, 2048, 1e-5},
            .norm = kLayerNorm,
            .qkv_bias = {"attention_bias", Flag::Absent::on},
            .head_dim_field = Decoder::HeadDim::always_derived,
            .rotary = {.partial = 0.25, .theta_key = "rotary_emb_base", .share_key = "rotary_pct"},
            .blocks = {BlocksClass::Form::on_norms_of_their_own,
                       {"use_parallel_residual", Flag::Absent::on}},
            .feed_forward = {FeedForwardClass::Form::plain, "hidden_act", Activation::gelu_erf,
                             kAlways},
            .inert = kNeoXInert}};

constexpr Decoder kHyperClovaX{.type = "hyperclovax",
                               .naming = std::nullopt,
                               .sizes = {32000, 4096, 11008, 32, 32, 0, 2048, 1e-6},
                               .qkv_bias = kBiases,
                               .feed_forward = {.bias = {"mlp_bias"}}};

}  // namespace

std::span<const Decoder> parallel_decoders() {
  return kParallelDecoders;
}

// modular_hyperclovax.py: Granite with its factors left out where they are null or absent, logits
// that are multiplied instead of divided, and a norm after each block if the config says so.
void import_hyperclovax(Import& import, ArchSpec& spec) {
  ConfigReader& config = import.config;
  Decoder decoder = kHyperClovaX;
  const auto take = [&](const MultiplierClass& multiplier, MultiplierClass& into) {
    config.inert({multiplier.key});
    if (config.contains(multiplier.key) && !config.is_null(multiplier.key)) into = multiplier;
  };
  take(kGraniteScores, decoder.score_multiplier);
  take(kGraniteResidual, decoder.residual_multiplier);
  take(kGraniteEmbedding, decoder.embedding_multiplier);
  take({"logits_scaling"}, decoder.logit_multiplier);
  if (config.flag_or("use_post_norm", false, kTypeDefault)) {
    decoder.norm.placement = NormPlacement::before_and_after;
  }
  import_decoder(import, decoder, spec);
}

}  // namespace llmarch
