#include <array>

#include "sim/huggingface/hf_decoder.h"
#include "sim/huggingface/hf_mixture.h"
#include "sim/huggingface/hf_model_types.h"

namespace llmarch {
namespace {

constexpr Flag kBias{"attention_bias"};

constexpr Decoder kArcee{.type = "arcee",
                         .sizes = {32000, 2560, 18432, 32, 32, 0, 4096, 1e-5},
                         .qkv_bias = kBias,
                         .feed_forward = {.form = FeedForwardClass::Form::plain,
                                          .absent = Activation::relu_squared,
                                          .bias = {"mlp_bias"}}};

constexpr Decoder kNemotron{.type = "nemotron",
                            .naming = CheckpointNaming::nemotron,
                            .sizes = {256000, 6144, 24576, 32, 48, 0, 4096, 1e-5},
                            .norm = {NormKind::layer, "norm_eps"},
                            .qkv_bias = kBias,
                            .rotary = {.partial = 0.5},
                            .feed_forward = {.form = FeedForwardClass::Form::plain,
                                             .absent = Activation::relu_squared,
                                             .bias = {"mlp_bias"}}};

constexpr Decoder kCwm{.type = "cwm",
                       .sizes = {128256, 6144, 21504, 64, 48, 8, 131072, 1e-5},
                       .null_kv_heads = NullKvHeads::query_heads,
                       .head_dim = 128,
                       .window = {Windows::by_period, 8192, 4, {}, 0},
                       .rotary = {.theta = 1000000},
                       .feed_forward = {.bias = {"mlp_bias"}}};

constexpr std::array<std::string_view, 2> kApertusInert{"mlp_bias", "hidden_act"};
constexpr std::array kApertusFixed{FixedField{"hidden_act", "\"xielu\""},
                                   FixedField{"qk_norm", "true"}, FixedField{"post_norm", "false"}};
constexpr Decoder kApertus{
    .type = "apertus",
    .naming = CheckpointNaming::apertus,
    .sizes = {131072, 4096, 14336, 32, 32, 0, 65536, 1e-5},
    .qkv_bias = kBias,
    .qk_norm = QkNorm::per_head,
    .rotary = {.theta = 12000000},
    .feed_forward = {.form = FeedForwardClass::Form::plain, .activation = ""},
    .fixed = kApertusFixed,
    .inert = kApertusInert};

constexpr std::array<std::string_view, 3> kExaoneInert{"is_moe_layer", "scoring_func",
                                                       "topk_method"};
constexpr MixtureClass kExaoneMixture{
    .experts = {"num_experts", 64},
    .experts_too = "num_local_experts",
    .experts_per_token = {"num_experts_per_tok", 8},
    .expert_width = {"moe_intermediate_size", 1024},
    .shared = {.as = SharedClass::Stated::count, .field = {"num_shared_experts", 1}},
    .router = exaone_moe_router,
    .layers = SparseLayers::by_mlp_types};
constexpr Decoder kExaoneMoe{.type = "exaone_moe",
                             .naming = CheckpointNaming::exaone_moe,
                             .sizes = {102400, 4096, 16384, 32, 32, 32, 2048, 1e-5},
                             .qk_norm = QkNorm::per_head,
                             .window = {Windows::by_period, 4096, 4, "sliding_window_pattern"},
                             .rotated = Rotated::if_windowed,
                             .mixture = &kExaoneMixture,
                             .inert = kExaoneInert};

}  // namespace

// modeling_arcee.py, modeling_nemotron.py: a squared ReLU between two projections.
void import_arcee(Import& import, ArchSpec& spec) {
  import_decoder(import, kArcee, spec);
}

void import_nemotron(Import& import, ArchSpec& spec) {
  import_decoder(import, kNemotron, spec);
}

// configuration_cwm.py, modeling_cwm.py
void import_cwm(Import& import, ArchSpec& spec) {
  import_decoder(import, kCwm, spec);
  fill_rope_scaling(import, Llama3Scaling{16, 1, 4, 8192}, spec);
}

// configuration_apertus.py, modeling_apertus.py; the two constants are those of activations.py.
void import_apertus(Import& import, ArchSpec& spec) {
  import_decoder(import, kApertus, spec);
  fill_rope_scaling(import, Llama3Scaling{8, 1, 4, 8192}, spec);
  for (auto& [name, feed_forward] : spec.feed_forward) {
    std::get<DenseFeedForward>(feed_forward).xielu = Xielu{0.5, -1e-6};
  }
}

// configuration_exaone_moe.py, modeling_exaone_moe.py
void import_exaone_moe(Import& import, ArchSpec& spec) {
  import_decoder(import, kExaoneMoe, spec);
}

}  // namespace llmarch
