#include "kernels/weights/naming.h"

#include <array>

#include "kernels/weights/compressed_names.h"
#include "kernels/weights/decoder_names.h"
#include "kernels/weights/dense_names.h"
#include "kernels/weights/gpt_names.h"
#include "kernels/weights/mixture_names.h"
#include "kernels/weights/recurrent_names.h"
#include "kernels/weights/selective_names.h"
#include "sim/enumerators.h"

namespace llmarch {
namespace {

using namespace tensor_names;

constexpr std::array<std::string_view, 1> kModelPrefix{"model."};
constexpr std::array<std::string_view, 2> kOptPrefixes{"model.decoder.", "decoder."};
// GPT-2's own repository has none; repositories made from it have one.
constexpr std::array<std::string_view, 2> kGpt2Prefixes{"", "transformer."};

constexpr std::array<std::string_view, 1> kNoPrefix{""};
constexpr std::array<std::string_view, 1> kNeoXPrefix{"gpt_neox."};
constexpr std::array<std::string_view, 1> kBackbonePrefix{"backbone."};
constexpr std::array<std::string_view, 2> kTransformerPrefixes{"transformer.", ""};

constexpr std::array<std::string_view, 1> kRotaryTables{".rotary_emb.inv_freq"};
constexpr std::array<std::string_view, 3> kNeoXMasks{".attention.rotary_emb.inv_freq",
                                                     ".attention.bias", ".attention.masked_bias"};
constexpr std::array<std::string_view, 3> kGptJMasks{".attn.bias", ".attn.masked_bias",
                                                     ".attn.embed_positions"};
constexpr std::array<std::string_view, 2> kGptNeoMasks{".attn.attention.bias",
                                                       ".attn.attention.masked_bias"};
constexpr std::array<std::string_view, 1> kFalconTables{".self_attention.rotary_emb.inv_freq"};
constexpr std::array<std::string_view, 2> kGpt2Masks{".attn.bias", ".attn.masked_bias"};
// The checkpoint has keys and values for layers that read another's cache, too. Those of the other
// layers are weights, and are found before this list is asked.
constexpr std::array<std::string_view, 6> kUnusedInGemma3n{
    ".rotary_emb.inv_freq",     ".self_attn.k_proj.weight", ".self_attn.v_proj.weight",
    ".self_attn.k_norm.weight", ".self_attn.k_proj.bias",   ".self_attn.v_proj.bias"};

// A family that calls its tensors as most decoders do, but for `own`.
constexpr Naming decoder(CheckpointNaming family, std::span<const TensorName> own) {
  return {family, kModelPrefix, "layers.", own, kDecoder, 0, kRotaryTables};
}

constexpr Naming falcon(CheckpointNaming family, std::span<const TensorName> own) {
  return {family, kTransformerPrefixes, "h.", own, kGpt2, 0, kFalconTables};
}

constexpr Naming gemma(Naming naming) {
  naming.added_to_norms = 1;
  return naming;
}

// What xIELU's library class keeps beside its two numbers.
constexpr std::array<std::string_view, 3> kConstantsOfApertus{
    ".rotary_emb.inv_freq", ".mlp.act_fn.beta", ".mlp.act_fn.eps"};

constexpr Naming apertus(Naming naming) {
  naming.not_parameters = kConstantsOfApertus;
  return naming;
}

// The buffers of lightning attention's class, which follow from its sizes.
constexpr std::array<std::string_view, 5> kDecaysOfMiniMax{
    ".rotary_emb.inv_freq", ".self_attn.slope_rate", ".self_attn.query_decay",
    ".self_attn.key_decay", ".self_attn.diagonal_decay"};

constexpr Naming minimax(Naming naming) {
  naming.not_parameters = kDecaysOfMiniMax;
  return naming;
}

// What the first layer would read with, were there anything put aside before it. Those of the other
// layers are weights, and are found before this list is asked.
constexpr std::array<std::string_view, 3> kUnusedInKimiK3{
    ".rotary_emb.inv_freq", ".self_attention_res_norm.weight", ".self_attention_res_proj.weight"};

constexpr Naming kimi_k3(Naming naming) {
  naming.not_parameters = kUnusedInKimiK3;
  return naming;
}

constexpr Naming gemma3n(Naming naming) {
  naming.not_parameters = kUnusedInGemma3n;
  return naming;
}

constexpr std::array kNamings{
    Naming{CheckpointNaming::gpt2, kGpt2Prefixes, "h.", kGpt2, {}, 0, kGpt2Masks},
    Naming{CheckpointNaming::gpt_bigcode, kGpt2Prefixes, "h.", kGptBigcode, kGpt2, 0, kGpt2Masks},
    decoder(CheckpointNaming::decoder, {}),
    gemma(decoder(CheckpointNaming::gemma, {})),
    gemma(decoder(CheckpointNaming::gemma2, kGemma2)),
    gemma3n(decoder(CheckpointNaming::gemma3n, kGemma3n)),
    decoder(CheckpointNaming::qwen2_moe, kQwen2Moe),
    decoder(CheckpointNaming::llama4, kLlama4),
    decoder(CheckpointNaming::mixtral, kMixtral),
    decoder(CheckpointNaming::phi3, kPhi3),
    decoder(CheckpointNaming::glm, kGlm),
    decoder(CheckpointNaming::starcoder2, kStarcoder2),
    decoder(CheckpointNaming::ernie_moe, kErnieMoe),
    decoder(CheckpointNaming::hy_v3, kHyV3),
    decoder(CheckpointNaming::lfm2, kLfm2),
    decoder(CheckpointNaming::stablelm, kStableLm),
    decoder(CheckpointNaming::granite_moe, kGraniteMoe),
    decoder(CheckpointNaming::phi, kPhi),
    Naming{CheckpointNaming::gpt_neox, kNeoXPrefix, "layers.", kGptNeoX, kDecoder, 0, kNeoXMasks},
    Naming{CheckpointNaming::gptj, kTransformerPrefixes, "h.", kGptJ, kGpt2, 0, kGptJMasks},
    Naming{CheckpointNaming::gpt_neo, kTransformerPrefixes, "h.", kGptNeo, kGpt2, 0, kGptNeoMasks},
    falcon(CheckpointNaming::falcon, kFalcon),
    falcon(CheckpointNaming::falcon_two_norms, kFalconTwoNorms),
    decoder(CheckpointNaming::hunyuan, kHunyuan),
    decoder(CheckpointNaming::hunyuan_moe, kHunyuanMoe),
    decoder(CheckpointNaming::bailing, kBailing),
    decoder(CheckpointNaming::gpt_oss, kGptOss),
    gemma(decoder(CheckpointNaming::nemotron, {})),
    apertus(decoder(CheckpointNaming::apertus, kApertus)),
    decoder(CheckpointNaming::exaone_moe, kExaoneMoe),
    decoder(CheckpointNaming::afmoe, kAfmoe),
    decoder(CheckpointNaming::laguna, kLaguna),
    decoder(CheckpointNaming::mimo, kMimo),
    gemma(decoder(CheckpointNaming::step3p5, kStep3p5)),
    gemma3n(decoder(CheckpointNaming::gemma4, kGemma4)),
    Naming{CheckpointNaming::opt, kOptPrefixes, "layers.", kOpt, kDecoder, 0, {}},
    Naming{CheckpointNaming::bloom, kGpt2Prefixes, "h.", kBloom, kDecoder, 0, {}},
    gemma(decoder(CheckpointNaming::qwen3_next, kQwen3Next)),
    gemma(decoder(CheckpointNaming::qwen3_5, kQwen35)),
    decoder(CheckpointNaming::olmo_hybrid, kOlmoHybrid),
    decoder(CheckpointNaming::bamba, kBamba),
    decoder(CheckpointNaming::granite_hybrid, kGraniteHybrid),
    Naming{CheckpointNaming::nemotron_h, kBackbonePrefix, "layers.", kNemotronH, kDecoder, 0, {}},
    gemma(decoder(CheckpointNaming::minimax_m3, kMiniMaxM3)),
    minimax(decoder(CheckpointNaming::minimax, kMiniMax)),
    decoder(CheckpointNaming::kimi_linear, kKimiLinear),
    Naming{CheckpointNaming::mamba, kBackbonePrefix, "layers.", kMamba, kDecoder, 0, {}},
    decoder(CheckpointNaming::jamba, kJamba),
    decoder(CheckpointNaming::falcon_h1, kFalconH1),
    decoder(CheckpointNaming::longcat_flash, kLongcatFlash),
    Naming{CheckpointNaming::deepseek_v4, kNoPrefix, "layers.", kDeepseekV4, kDecoder, 0, {}},
    kimi_k3(decoder(CheckpointNaming::kimi_k3, kKimiK3))};
static_assert(has_a_row_for_each(kNamings, &Naming::family), "every family has its row, in order");

}  // namespace

const Naming& naming_of(CheckpointNaming family) {
  return kNamings.at(static_cast<std::size_t>(family));
}

}  // namespace llmarch
