// Decoders in which layers with a fixed state stand among those of attention: Qwen3-Next, Qwen3.5
// and 3.6, Olmo Hybrid. The sizes that each class fills are those of its configuration_*.py in
// transformers.
#include <array>

#include "sim/huggingface/hf_decoder.h"
#include "sim/huggingface/hf_mixture.h"
#include "sim/huggingface/hf_model_types.h"
#include "sim/huggingface/hf_recurrent.h"

namespace llmarch {
namespace {

constexpr std::array<std::string_view, 1> kOffInQwen{"use_sliding_window"};
// The output gate lies in the query projection; a bias of the two is not built.
constexpr std::array kQwen3NextFixed{FixedField{"attention_bias", "false"}};
constexpr OutputGate kQwenGate{GateWidth::element, Activation::sigmoid};

Router qwen3_next_router(ConfigReader& config) {
  Router router = normalized_softmax_router(config);
  router.normalized_weights = read_flag(config, {"norm_topk_prob", Flag::Absent::on});
  return router;
}

constexpr SharedClass kQwenShared{.as = SharedClass::Stated::width,
                                  .field = {"shared_expert_intermediate_size", 512},
                                  .gate = SharedClass::Gate::present};
constexpr MixtureClass kQwen3Next{.experts = {"num_experts", 512},
                                  .experts_too = "num_local_experts",
                                  .experts_per_token = {"num_experts_per_tok", 10},
                                  .expert_width = {"moe_intermediate_size", 512},
                                  .shared = kQwenShared,
                                  .router = qwen3_next_router,
                                  .layers = SparseLayers::by_step};
constexpr MixtureClass kQwen35Moe{.experts = {"num_experts", 256},
                                  .experts_too = "num_local_experts",
                                  .experts_per_token = {"num_experts_per_tok", 8},
                                  .expert_width = {"moe_intermediate_size", 512},
                                  .shared = kQwenShared,
                                  .router = only_normalized_softmax_router};

constexpr RotaryClass kQwen35Rotary{.partial = 0.25,
                                    .sections = RotaryClass::Sections::of_one_position};
// What engines read beside the class: it always has the gate, and always keeps the state in f32.
constexpr std::array kQwen35Fixed{FixedField{"attention_bias", "false"},
                                  FixedField{"attn_output_gate", "true"},
                                  FixedField{"mamba_ssm_dtype", "\"float32\""}};
// Fields that the class does not read: those of the layer that predicts further tokens, and those
// of Qwen3-Next's class.
constexpr std::array<std::string_view, 5> kQwen35Inert{
    "mtp_num_hidden_layers", "mtp_use_dedicated_embeddings", "mlp_only_layers",
    "decoder_sparse_step", "vision_end_token_id"};

constexpr Decoder qwen3_5(std::string_view type, const ClassSizes& sizes) {
  return {.type = type,
          .naming = CheckpointNaming::qwen3_5,
          .sizes = sizes,
          .head_dim = 256,
          .qk_norm = QkNorm::per_head,
          .rotary = kQwen35Rotary,
          .output_gate = kQwenGate,
          .recurrent = &kQwenDeltaNet,
          .off = kOffInQwen,
          .fixed = kQwen35Fixed,
          .inert = kQwen35Inert};
}

constexpr Decoder qwen3_5_moe() {
  Decoder decoder = qwen3_5("qwen3_5_moe_text", {248320, 2048, 0, 40, 16, 2, 32768, 1e-6});
  decoder.mixture = &kQwen35Moe;
  return decoder;
}

constexpr std::array kRecurrentDecoders{
    Decoder{.type = "qwen3_next",
            .naming = CheckpointNaming::qwen3_next,
            .sizes = {151936, 2048, 5632, 48, 16, 2, 32768, 1e-6},
            .head_dim = 256,
            .qk_norm = QkNorm::per_head,
            .rotary = {.partial = 0.25},
            .output_gate = kQwenGate,
            .recurrent = &kQwenDeltaNet,
            .mixture = &kQwen3Next,
            .off = kOffInQwen,
            .fixed = kQwen3NextFixed},
    qwen3_5("qwen3_5_text", {248320, 4096, 12288, 32, 16, 4, 32768, 1e-6}), qwen3_5_moe()};

// How Olmo's class draws the parameters of its recurrences.
constexpr std::array<std::string_view, 5> kOlmoInert{"linear_a_log_min", "linear_a_log_max",
                                                     "linear_dt_min", "linear_dt_max",
                                                     "linear_dt_init_floor"};

constexpr Decoder kOlmoHybrid{.type = "olmo_hybrid",
                              .naming = CheckpointNaming::olmo_hybrid,
                              .sizes = {100352, 3840, 11008, 32, 30, 0, 65536, 1e-6},
                              .qkv_bias = {"attention_bias"},
                              .head_dim_field = Decoder::HeadDim::always_derived,
                              .qk_norm = QkNorm::whole,
                              .rotated = Rotated::unless_theta_is_null,
                              .recurrent = &kOlmoDeltaNet,
                              .inert = kOlmoInert};

// The sublayers of a layer with the norm after each of them.
Layer with_norms_after(const Layer& layer, Norm norm) {
  norm.placement = NormPlacement::after;
  return {std::nullopt, std::nullopt,
          std::vector<Sublayer>{{{{layer.attention, std::nullopt}}, norm},
                                {{{std::nullopt, layer.feed_forward}}, norm}}};
}

}  // namespace

std::span<const Decoder> recurrent_decoders() {
  return kRecurrentDecoders;
}

// modeling_olmo_hybrid.py: norms before the blocks of a recurrent layer, and after those of a layer
// of attention.
void import_olmo_hybrid(Import& import, ArchSpec& spec) {
  import_decoder(import, kOlmoHybrid, spec);
  for (auto& [name, layer] : spec.layer) {
    const Mixer& mixer = spec.attention.at(layer.attention.value().index).value;
    if (std::holds_alternative<GroupedAttention>(mixer)) layer = with_norms_after(layer, spec.norm);
  }
}

}  // namespace llmarch
