#include <array>

#include "sim/huggingface/hf_decoder.h"
#include "sim/huggingface/hf_mixture.h"
#include "sim/huggingface/hf_model_types.h"

namespace llmarch {
namespace {

Router afmoe_router(ConfigReader& config) {
  Router router = corrected_sigmoid_router(config);
  const double scale = config.real_or("route_scale", 1, kTypeDefault);
  if (scale != 1) router.weight_scale = scale;
  return router;
}

constexpr std::array<std::string_view, 2> kInertOfAfmoe{"load_balance_coeff",
                                                        "score_before_experts"};
// Fields of the makers' own code, which transformers' class does not read.
constexpr std::array kFixedOfAfmoe{FixedField{"score_func", "\"sigmoid\""},
                                   FixedField{"route_norm", "true"},
                                   FixedField{"n_group", "1"},
                                   FixedField{"topk_group", "1"},
                                   FixedField{"num_expert_groups", "1"},
                                   FixedField{"num_limited_groups", "1"}};

constexpr MixtureClass kAfmoeMixture{
    .experts = {"num_experts", 64},
    .experts_per_token = {"num_experts_per_tok", 6},
    .expert_width = {"moe_intermediate_size", 1408},
    .shared = {.as = SharedClass::Stated::count, .field = {"num_shared_experts", 2}},
    .router = afmoe_router,
    .layers = SparseLayers::after_the_first,
    .first_dense = 1,
    .first_dense_key = "num_dense_layers"};

constexpr Decoder kAfmoe{.type = "afmoe",
                         .naming = CheckpointNaming::afmoe,
                         .sizes = {200192, 2048, 6144, 32, 16, 0, 16384, 1e-5},
                         .norm = {.placement = NormPlacement::before_and_after},
                         .qkv_bias = {"attention_bias"},
                         .head_dim = 128,
                         .qk_norm = QkNorm::per_head,
                         .window = {Windows::by_period, 1024, 4, "global_attn_every_n_layers"},
                         .rotated = Rotated::if_windowed,
                         .mixture = &kAfmoeMixture,
                         .fixed = kFixedOfAfmoe,
                         .inert = kInertOfAfmoe};

}  // namespace

// configuration_afmoe.py, modeling_afmoe.py: layers without a window are not rotated.
void import_afmoe(Import& import, ArchSpec& spec) {
  import_decoder(import, kAfmoe, spec);
  spec.scaled_embedding = read_flag(import.config, {"mup_enabled"});
  for (auto& [name, mixer] : spec.attention) {
    auto& attention = std::get<GroupedAttention>(mixer);
    attention.output_gate = OutputGate{GateWidth::element, Activation::sigmoid};
    if (!attention.window) attention.rotary.reset();
  }
}

}  // namespace llmarch
