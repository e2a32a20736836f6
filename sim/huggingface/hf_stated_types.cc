// Plain decoders of 2026 whose classes fill a field in a way that the table of plain decoders
// cannot say, or two classes of one type in two ways. Their configs must state it.
#include <array>

#include "sim/huggingface/hf_decoder.h"
#include "sim/huggingface/hf_mixture.h"
#include "sim/huggingface/hf_model_types.h"

namespace llmarch {
namespace {

// --- Mellum: Qwen3's mixture with a window in most layers, and a rotation for each type of layer.

Router mellum_router(ConfigReader& config) {
  Router router;
  router.scoring = Scoring::softmax;
  router.normalized_weights = read_flag(config, {"norm_topk_prob", Flag::Absent::on});
  return router;
}

constexpr MixtureClass kMellumMixture{.experts = {"num_experts", 64},
                                      .experts_too = "num_local_experts",
                                      .experts_per_token = {"num_experts_per_tok", 8},
                                      .expert_width = {"moe_intermediate_size", 896},
                                      .router = mellum_router,
                                      .layers = SparseLayers::by_mlp_types_or_every};
constexpr std::array kMellumFixed{FixedField{"use_sliding_window", "true"}};
// A period of one layer: without layer_types, no layer has a window.
constexpr Decoder kMellum{.type = "mellum",
                          .sizes = {98304, 2304, 7168, 28, 32, 4, 131072, 1e-6},
                          .qkv_bias = {"attention_bias"},
                          .head_dim = 128,
                          .qk_norm = QkNorm::per_head,
                          .window = {Windows::by_period, 1024, 1},
                          .rotary = {.theta = 500000, .local_theta = "rope_local_base_freq"},
                          .rotated = Rotated::by_layer_type,
                          .mixture = &kMellumMixture,
                          .fixed = kMellumFixed};

// --- Sarvam's mixture: Ling's decoder without groups of experts. Its makers' class and that of
// transformers fill other heads and another context.

constexpr MixtureClass kSarvamMixture{
    .experts = {"num_experts", 128},
    .experts_too = "num_local_experts",
    .experts_per_token = {"num_experts_per_tok", 6},
    .expert_width = {"moe_intermediate_size", 1024},
    .shared = {.as = SharedClass::Stated::count, .field = {"num_shared_experts", 1}},
    .router = glm_moe_dsa_router,
    .layers = SparseLayers::after_the_first,
    .first_dense = 1};
constexpr std::array kSarvamFixed{FixedField{"moe_router_enable_expert_bias", "true"},
                                  FixedField{"attention_bias", "false"}};
constexpr std::array<std::string_view, 4> kSarvamInert{"output_dropout", "attn_implementation",
                                                       "max_window_layers", "sliding_window"};
constexpr Decoder kSarvam{.type = "sarvam_moe",
                          .naming = CheckpointNaming::bailing,
                          .sizes = {262144, 4096, 8192, 19, 0, 4, 0, 1e-6},
                          .qkv_bias = {"use_qkv_bias"},
                          .output_bias = Flag{"use_bias"},
                          .qk_norm = QkNorm::per_head,
                          .has_qk_norm = {"use_qk_norm", Flag::Absent::on},
                          .mixture = &kSarvamMixture,
                          .fixed = kSarvamFixed,
                          .inert = kSarvamInert};

}  // namespace

// modular_mellum.py
void import_mellum(Import& import, ArchSpec& spec) {
  require_rope_parameters(import);
  import_decoder(import, kMellum, spec);
}

// configuration_sarvam_moe.py, modular_sarvam_moe.py
void import_sarvam_moe(Import& import, ArchSpec& spec) {
  import.config.stated("head_dim");
  import_decoder(import, kSarvam, spec);
}

}  // namespace llmarch
