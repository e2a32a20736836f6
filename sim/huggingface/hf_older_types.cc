// Model types that makers published with code of their own, and that are no plain decoders. Each
// function names the file that it follows.
#include <array>
#include <cmath>

#include "sim/huggingface/hf_decoder.h"
#include "sim/huggingface/hf_latent.h"
#include "sim/huggingface/hf_layers.h"
#include "sim/huggingface/hf_mixture.h"
#include "sim/huggingface/hf_model_types.h"

namespace llmarch {
namespace {

// --- MiniCPM: embeddings, residuals and logits are multiplied.

struct MiniCpmScales {
  double embedding = 1, depth = 1, base = 1;
};

MiniCpmScales read_minicpm_scales(ConfigReader& config) {
  config.inert({"mup_denominator"});
  return {config.real_or("scale_emb", 1, kTypeDefault),
          config.real_or("scale_depth", 1, kTypeDefault),
          config.real_or("dim_model_base", 1, kTypeDefault)};
}

std::optional<double> unless_one(double factor) {
  return factor == 1 ? std::nullopt : std::optional(factor);
}

void import_minicpm_like(Import& import, const Decoder& decoder, ArchSpec& spec) {
  const MiniCpmScales scales = read_minicpm_scales(import.config);
  import_decoder(import, decoder, spec);
  spec.embedding_multiplier = unless_one(scales.embedding);
  spec.residual_multiplier = unless_one(scales.depth / std::sqrt(layer_count(spec).as_double()));
  spec.logit_multiplier = unless_one(scales.base / spec.hidden.as_double());
}

constexpr Decoder kMiniCpm{.type = "minicpm",
                           .naming = std::nullopt,
                           .sizes = {32000, 4096, 11008, 32, 32, 0, 2048, 1e-6},
                           .tied = Flag::Absent::on,
                           .qkv_bias = {"attention_bias"}};
constexpr MixtureClass kMiniCpmMixture{.experts = {"num_experts"},
                                       .experts_per_token = {"num_experts_per_tok"},
                                       .expert_width = {"intermediate_size"},
                                       .router = normalized_softmax_router};

// --- Baichuan: Llama's block; in the larger models with ALiBi instead of a rotation.

constexpr auto kBaichuanInert =
    std::to_array<std::string_view>({"z_loss_weight", "gradient_checkpointing"});
constexpr Decoder kBaichuan{.type = "baichuan",
                            .naming = std::nullopt,
                            .sizes = {125696, 4096, 11008, 32, 32, kOnlyQueryHeads, 0, 1e-6},
                            .inert = kBaichuanInert};

// --- ChatGLM and Qwen, before their decoders were part of transformers.

constexpr auto kChatGlmInert = std::to_array<std::string_view>(
    {"apply_query_key_layer_scaling", "attention_softmax_in_fp32", "bias_dropout_fusion",
     "fp32_residual_connection", "classifier_dropout", "pre_seq_len", "prefix_projection",
     "interleaved_qkv"});

void refuse_chatglm_variants(ConfigReader& config) {
  config.inert(kChatGlmInert);
  config.only("rmsnorm", true);
  config.only("post_layer_norm", true);
  config.only("original_rope", true);
  config.only("apply_residual_connection_post_layernorm", false);
  config.only("tie_word_embeddings", false);  // the class never ties
}

GroupedAttention read_chatglm_attention(ConfigReader& config) {
  GroupedAttention attention;
  attention.query_heads = config.size("num_attention_heads");
  attention.head_dim = config.size("kv_channels");
  attention.kv_heads = attention.query_heads;
  if (read_flag(config, {"multi_query_attention"})) {
    attention.kv_heads = config.size("multi_query_group_num");
  } else {
    config.inert({"multi_query_group_num"});
  }
  const bool bias = read_flag(config, {"add_bias_linear"});
  attention.output_bias = bias;
  attention.qkv_bias = bias || read_flag(config, {"add_qkv_bias"});
  const double stretch = config.real_or("rope_ratio", 1, kTypeDefault);
  attention.rotary = Rotary{10000 * stretch, RotaryLayout::interleaved, std::nullopt,
                            attention.head_dim / 2, std::nullopt};
  return attention;
}

DenseFeedForward swiglu(Integer width, bool bias) {
  DenseFeedForward dense;
  dense.width = width;
  dense.gated = true;
  dense.bias = bias;
  return dense;
}

constexpr auto kQwenInert = std::to_array<std::string_view>(
    {"attn_dropout_prob", "emb_dropout_prob", "bf16", "fp16", "fp32", "use_flash_attn",
     "scale_attn_weights", "max_position_embeddings", "softmax_in_fp32", "onnx_safe",
     "use_cache_quantization", "use_cache_kernel", "padded_vocab_size", "rotary_emb_dim",
     "apply_residual_connection_post_layernorm", "params_dtype", "pos_emb",
     // Beyond seq_length, which is the context limit, the first two stretch positions and queries.
     "use_dynamic_ntk", "use_logn_attn"});

}  // namespace

// modeling_minicpm.py of openbmb/MiniCPM-2B-sft-bf16, and of MiniCPM-MoE-8x2B, which has experts.
void import_minicpm(Import& import, ArchSpec& spec) {
  constexpr std::string_view kCount = "num_experts";
  Decoder decoder = kMiniCpm;
  import.config.inert({kCount});
  if (import.config.contains(kCount) && !import.config.is_zero(kCount)) {
    decoder.mixture = &kMiniCpmMixture;
  }
  import_minicpm_like(import, decoder, spec);
}

// modeling_baichuan.py of baichuan-inc/Baichuan2-7B-Base, whose configs state how many positions
// are rotated, and of Baichuan2-13B-Base, whose configs state a model_max_length alone.
void import_baichuan(Import& import, ArchSpec& spec) {
  ConfigReader& config = import.config;
  constexpr std::string_view kLongest = "model_max_length";
  Decoder decoder = kBaichuan;
  const bool alibi = !config.contains("max_position_embeddings") && config.contains(kLongest);
  config.inert({kLongest});
  if (alibi) decoder.sizes.context = config.size(kLongest, kPositions).value();
  import_decoder(import, decoder, spec);
  if (!alibi) return;
  for (auto& [name, mixer] : spec.attention) {
    auto& attention = std::get<GroupedAttention>(mixer);
    attention.rotary.reset();
    attention.alibi = Alibi::after_scaling;
  }
}

// modeling_minicpm.py of openbmb/MiniCPM3-4B: DeepSeek's latents, rotated by halves.
void import_minicpm3(Import& import, ArchSpec& spec) {
  ConfigReader& config = import.config;
  LatentClass latent;
  if (!config.contains("v_head_dim")) {
    const Integer heads = config.size("num_attention_heads");
    latent.value_head_dim = (config.size("hidden_size") / heads).value();
  }
  Decoder decoder = kMiniCpm;
  decoder.type = "minicpm3";
  decoder.attention = Decoder::Attention::latent;
  decoder.latent = &latent;
  import_minicpm_like(import, decoder, spec);
  for (auto& [name, mixer] : spec.attention) {
    if (auto* mla = std::get_if<LatentAttention>(&mixer)) {
      mla->rotary.value().layout = RotaryLayout::half_split;
    }
  }
}

// modeling_chatglm.py of THUDM/chatglm3-6b and THUDM/glm-4-9b
void import_chatglm(Import& import, ArchSpec& spec) {
  ConfigReader& config = import.config;
  import.load.naming = std::nullopt;
  refuse_chatglm_variants(config);
  spec.vocabulary = config.size("padded_vocab_size");
  config.inert({"vocab_size"});
  spec.hidden = config.size("hidden_size");
  spec.context_limit = config.size("seq_length", kPositions);
  spec.head = Head::separate;
  spec.norm = {NormKind::rms, config.real("layernorm_epsilon", kEpsilon), NormPlacement::before};
  const GroupedAttention attention = read_chatglm_attention(config);
  const DenseFeedForward dense = swiglu(config.size("ffn_hidden_size"), attention.output_bias);
  const Integer layers = config.size("num_layers", kLayers);
  add_layers(spec, {{"gqa", attention}}, {{"mlp", dense}}, std::vector<LayerParts>(size(layers)));
}

// modeling_qwen.py of Qwen/Qwen-7B: the stated width is that of gate and up together.
void import_qwen(Import& import, ArchSpec& spec) {
  ConfigReader& config = import.config;
  import.load.naming = std::nullopt;
  config.inert(kQwenInert);
  config.only("rotary_pct", 1.0);
  config.only("no_bias", true);
  config.only("tie_word_embeddings", false);
  spec.vocabulary = config.size("vocab_size");
  spec.hidden = config.size("hidden_size");
  spec.context_limit = config.size("seq_length", kPositions);
  spec.head = Head::separate;
  spec.norm = {NormKind::rms, config.real_or("layer_norm_epsilon", 1e-6, kTypeDefault, kEpsilon),
               NormPlacement::before};
  GroupedAttention attention;
  attention.query_heads = config.size("num_attention_heads");
  attention.kv_heads = attention.query_heads;
  attention.head_dim = config.size_or("kv_channels", 128, kTypeDefault);
  attention.qkv_bias = true;
  attention.rotary.emplace();
  attention.rotary->theta = config.real_or("rotary_emb_base", 10000, kTypeDefault);
  const DenseFeedForward dense = swiglu(config.size("intermediate_size") / 2, false);
  const Integer layers = config.size("num_hidden_layers", kLayers);
  add_layers(spec, {{"mha", attention}}, {{"mlp", dense}}, std::vector<LayerParts>(size(layers)));
}

}  // namespace llmarch
