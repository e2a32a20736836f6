// Muse Glimmer's text model (transformers, modular_muse_glimmer.py): grouped attention with an
// output gate, a window in three layers of four, and a norm after each block whose epsilon is its
// own.
#include <fmt/format.h>

#include <array>
#include <cmath>

#include "sim/huggingface/hf_decoder.h"
#include "sim/huggingface/hf_layers.h"
#include "sim/huggingface/hf_model_types.h"

namespace llmarch {
namespace {

constexpr std::string_view kThetas = "layer_rope_theta";

constexpr Decoder kMuse{.type = "muse_glimmer_text",
                        .naming = std::nullopt,
                        .sizes = {202048, 6656, 19968, 52, 32, 2, 131072, 1e-5},
                        .qkv_bias = {"attention_bias"},
                        .head_dim = 128,
                        // Without a weight, a norm and a rotation may change places.
                        .qk_norm = QkNorm::unweighted_after_rotation,
                        .window = {Windows::by_period, 2048, 4},
                        .rotated = Rotated::only_windowed,
                        .output_gate = OutputGate{GateWidth::element, Activation::sigmoid},
                        .feed_forward = {.activation = "hidden_activation"},
                        .logit_multiplier = {"output_multiplier", 0.19611613513818404},
                        .logit_cap = {"final_logit_softcapping", 20}};

// Whether each layer has a window, and so is rotated.
std::vector<bool> layers_with_window(const ArchSpec& spec) {
  std::vector<bool> windowed;
  for (const std::size_t kind : layer_sequence(spec)) {
    const std::size_t mixer = spec.layer.at(kind).value.attention.value().index;
    const auto& attention = std::get<GroupedAttention>(spec.attention.at(mixer).value);
    windowed.push_back(attention.window.has_value());
  }
  return windowed;
}

// Layers whose theta is 0 are not rotated; absent, every fourth from the last back. It must be
// those without a window.
void check_thetas(ConfigReader& config, const ArchSpec& spec) {
  const std::vector<bool> windowed = layers_with_window(spec);
  const std::vector<double> stated = config.optional_reals(kThetas);
  if (!stated.empty()) one_for_each_layer(config, kThetas, stated.size(), std::ssize(windowed));
  if (!stated.empty() && stated.size() != windowed.size()) return;
  for (std::size_t i = 0; i < windowed.size(); ++i) {
    const bool rotated = stated.empty() ? (windowed.size() - 1 - i) % 4 != 0 : stated[i] != 0;
    if (rotated == windowed[i]) continue;
    return config.refuse(fmt::format("layer {} is rotated without a window, or the reverse", i),
                         "only layers that have both or neither are supported");
  }
}

// The norm `before` of each sublayer, and `after` its block.
Layer normed_around(const Layer& layer, const Norm& before, const Norm& after) {
  const auto sublayer = [&](std::optional<Reference> mixer, std::optional<Reference> feed_forward) {
    return Sublayer{{SublayerBlock{std::move(mixer), std::move(feed_forward), after}}, before};
  };
  return {std::nullopt, std::nullopt,
          std::vector<Sublayer>{sublayer(layer.attention, std::nullopt),
                                sublayer(std::nullopt, layer.feed_forward)}};
}

}  // namespace

void import_muse_glimmer(Import& import, ArchSpec& spec) {
  ConfigReader& config = import.config;
  for (const char* key : {"head_dim", "final_logit_softcapping"}) refuse_null(config, key);
  Decoder muse = kMuse;
  // Counted back from the last layer.
  if (config.contains("num_hidden_layers")) {
    muse.window.phase = 4 - (config.size("num_hidden_layers", kLayers).value() - 1) % 4;
  }
  import_decoder(import, muse, spec);
  // The class computes no other model, though nothing has that width.
  head_dim_of(config, spec.hidden,
              std::get<GroupedAttention>(spec.attention.front().value).query_heads);
  spec.embedding_norm = true;
  spec.embedding_norm_without = NormOmission::weight_and_bias;
  check_thetas(config, spec);
  const double factor = config.real_or("qk_scale_factor", 3.87, kTypeDefault);
  for (auto& [name, mixer] : spec.attention) {
    auto& attention = std::get<GroupedAttention>(mixer);
    attention.score_multiplier = factor / std::sqrt(attention.head_dim.as_double());
  }
  Norm after = spec.norm;
  after.placement = NormPlacement::after;
  after.epsilon = config.real_or("post_norm_eps", 1e-8, kTypeDefault, kEpsilon);
  for (auto& [name, layer] : spec.layer) layer = normed_around(layer, spec.norm, after);
}

}  // namespace llmarch
