#include "sim/huggingface/hf_beside.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "sim/huggingface/hf_import.h"
#include "sim/huggingface/hf_json.h"

namespace llmarch {
namespace {

using nlohmann::json;

constexpr Range kPredictionLayers{0, 1000};
// No tower comes near these, and no product of a few of them leaves 64 bits.
constexpr Range kTowerSize{1, 65'536};
constexpr Range kFew{1, 64};
constexpr Range kMerged{1, 16};

// Parameters of the parts that towers are made of.
Integer matrix(Integer in, Integer out) {
  return in * out;
}
Integer linear(Integer in, Integer out) {
  return in * out + out;  // with its bias
}
// How many vectors of parameters a norm has.
constexpr std::int64_t kRmsNormVectors = 1;
constexpr std::int64_t kLayerNormVectors = 2;

// A tower's own config, and the outer one with the projector's fields. What a class fills for an
// absent field is the reader's second argument.
struct Vision {
  ConfigReader& tower;
  ConfigReader& outer;
  Integer text_hidden;

  [[nodiscard]] Integer size(std::string_view key, std::int64_t absent,
                             const Range& range = kTowerSize) const {
    return tower.size_or(key, absent, "the tower's default", range);
  }
};

struct Counted {
  Integer tower, projector;
};

// Queries, keys, values and output with biases, two layer norms, and two layers with biases.
Integer biased_block(Integer hidden, Integer width) {
  return 4 * linear(hidden, hidden) + 2 * kLayerNormVectors * hidden + linear(hidden, width) +
         linear(width, hidden);
}

Integer patches(const Vision& vision, std::int64_t image, std::int64_t patch) {
  const Integer side = vision.size("image_size", image) / vision.size("patch_size", patch);
  return side * side;
}

Integer pixels(const Vision& vision, std::int64_t patch) {
  const Integer side = vision.size("patch_size", patch);
  return vision.size("num_channels", 3) * side * side;
}

// modeling_siglip.py, without the head that pools.
Integer siglip(const Vision& vision) {
  const Integer hidden = vision.size("hidden_size", 768);
  return linear(pixels(vision, 16), hidden) + patches(vision, 224, 16) * hidden +
         vision.size("num_hidden_layers", 12) *
             biased_block(hidden, vision.size("intermediate_size", 3072)) +
         kLayerNormVectors * hidden;
}

// modeling_gemma3.py: a matrix and a norm.
Counted gemma3(const Vision& vision) {
  const Integer hidden = vision.size("hidden_size", 768);
  return {siglip(vision), matrix(hidden, vision.text_hidden) + kRmsNormVectors * hidden};
}

// modeling_paligemma.py: a layer with a bias.
Counted paligemma(const Vision& vision) {
  return {siglip(vision), linear(vision.size("hidden_size", 768), vision.text_hidden)};
}

// modeling_clip.py, and the two layers of modeling_llava.py.
Counted llava(const Vision& vision) {
  const Integer hidden = vision.size("hidden_size", 768);
  const Integer positions = patches(vision, 224, 32) + 1;  // and that of the class
  const Integer tower = matrix(pixels(vision, 32), hidden) + hidden + positions * hidden +
                        vision.size("num_hidden_layers", 12) *
                            biased_block(hidden, vision.size("intermediate_size", 3072)) +
                        2 * kLayerNormVectors * hidden;
  return {tower,
          linear(hidden, vision.text_hidden) + linear(vision.text_hidden, vision.text_hidden)};
}

// modeling_pixtral.py: Llama's block without biases. modeling_mistral3.py: patches are merged
// before two layers without biases.
Counted mistral3(const Vision& vision) {
  const Integer hidden = vision.size("hidden_size", 1024);
  const Integer block = 4 * matrix(hidden, hidden) +
                        3 * matrix(hidden, vision.size("intermediate_size", 4096)) +
                        2 * kRmsNormVectors * hidden;
  const Integer merged = vision.outer.size_or("spatial_merge_size", 2, kTypeDefault, kMerged);
  vision.outer.only("multimodal_projector_bias", false);
  const Integer text = vision.text_hidden;
  return {matrix(pixels(vision, 16), hidden) + kRmsNormVectors * hidden +
              vision.size("num_hidden_layers", 24) * block,
          kRmsNormVectors * hidden + matrix(hidden * merged * merged, hidden) +
              matrix(hidden, text) + matrix(text, text)};
}

// modeling_llama4.py: the layers that shuffle pixels are part of the tower.
Counted llama4(const Vision& vision) {
  const Integer hidden = vision.size("hidden_size", 768);
  const Integer width = vision.size("intermediate_size", 5632);
  const Integer out = vision.size("vision_output_dim", 7680);
  const Integer shuffled = vision.size("projector_input_dim", 4096);
  const Integer positions = patches(vision, 448, 14) + 1;
  return {matrix(pixels(vision, 14), hidden) + hidden + positions * hidden +
              2 * kLayerNormVectors * hidden +
              vision.size("num_hidden_layers", 34) * biased_block(hidden, width) +
              matrix(width, shuffled) + matrix(shuffled, vision.size("projector_output_dim", 4096)),
          matrix(out, vision.text_hidden)};
}

// A patch of two pictures in time, and the merger of Qwen's towers: a norm, and two layers on as
// many patches side by side as are merged.
Integer qwen_patch(const Vision& vision, std::string_view channels, std::int64_t patch) {
  const Integer side = vision.size("patch_size", patch);
  return vision.size(channels, 3) * vision.size("temporal_patch_size", 2, kFew) * side * side;
}
Integer qwen_merger(const Vision& vision, Integer hidden, Integer norm, std::string_view out) {
  const Integer merge = vision.size("spatial_merge_size", 2, kMerged);
  const Integer merged = hidden * merge * merge;
  return norm + linear(merged, merged) + linear(merged, vision.size(out, 3584));
}

// modeling_qwen2_vl.py
Counted qwen2_vl(const Vision& vision) {
  const Integer hidden = vision.size("embed_dim", 1280);
  const Integer width = hidden * vision.size("mlp_ratio", 4, kFew);
  return {matrix(qwen_patch(vision, "in_channels", 14), hidden) +
              vision.size("depth", 32) * biased_block(hidden, width),
          qwen_merger(vision, hidden, kLayerNormVectors * hidden, "hidden_size")};
}

// modeling_qwen2_5_vl.py: RMS norms, and a gated feed-forward with biases.
Counted qwen2_5_vl(const Vision& vision) {
  const Integer hidden = vision.size("hidden_size", 3584);
  const Integer width = vision.size("intermediate_size", 3420);
  const Integer block = 4 * linear(hidden, hidden) + 2 * linear(hidden, width) +
                        linear(width, hidden) + 2 * kRmsNormVectors * hidden;
  return {matrix(qwen_patch(vision, "in_channels", 14), hidden) + vision.size("depth", 32) * block,
          qwen_merger(vision, hidden, kRmsNormVectors * hidden, "out_hidden_size")};
}

// modeling_qwen3_vl.py, and modeling_qwen3_5.py: a merger for the last layer, whose norm comes
// before patches are merged, and one for each of "deepstack_visual_indexes", whose norm comes
// after.
Counted qwen3_vl(const Vision& vision) {
  const Integer hidden = vision.size("hidden_size", 1152);
  const Integer merge = vision.size("spatial_merge_size", 2, kMerged);
  const json* deep = vision.tower.optional_array("deepstack_visual_indexes");
  const Integer mergers = deep == nullptr ? 3 : std::ssize(*deep);
  const std::string_view out = "out_hidden_size";
  return {
      linear(qwen_patch(vision, "in_channels", 16), hidden) +
          vision.size("num_position_embeddings", 2304) * hidden +
          vision.size("depth", 27) * biased_block(hidden, vision.size("intermediate_size", 4304)),
      qwen_merger(vision, hidden, kLayerNormVectors * hidden, out) +
          mergers * qwen_merger(vision, hidden, kLayerNormVectors * hidden * merge * merge, out)};
}

struct Tower {
  std::string_view type;   // of the outer config
  std::string_view tower;  // the tower's own type, where its class could be another
  Counted (*count)(const Vision&);
};

constexpr std::array kTowers{Tower{"gemma3", "siglip_vision_model", gemma3},
                             Tower{"paligemma", "siglip_vision_model", paligemma},
                             Tower{"llava", "clip_vision_model", llava},
                             Tower{"mistral3", "pixtral", mistral3},
                             Tower{"llama4", "llama4_vision_model", llama4},
                             Tower{"qwen2_vl", "qwen2_vl", qwen2_vl},
                             Tower{"qwen2_5_vl", "qwen2_5_vl", qwen2_5_vl},
                             Tower{"qwen3_vl", "qwen3_vl", qwen3_vl},
                             Tower{"qwen3_vl_moe", "qwen3_vl_moe", qwen3_vl},
                             Tower{"qwen3_5", "qwen3_5", qwen3_vl},
                             Tower{"qwen3_5_moe", "qwen3_5_moe", qwen3_vl}};

constexpr std::string_view kType = "model_type";

const Tower* find_tower(const json& outer, const json& vision) {
  const std::string type = text_in(outer, kType);
  const std::string own = text_in(vision, kType);
  const auto* const found = std::find_if(kTowers.begin(), kTowers.end(), [&](const Tower& row) {
    return row.type == type && (own.empty() || own == row.tower);
  });
  return found == kTowers.end() ? nullptr : found;
}

void count_tower(const json& outer, const json& vision, ConfigLoad& load, ArchSpec& spec) {
  const Tower* known = find_tower(outer, vision);
  if (known == nullptr) {
    load.notes.push_back(fmt::format("the parts of {} beside its text model are not counted",
                                     printable(text_in(outer, kType))));
    return;
  }
  ConfigReader tower(vision, "vision_config", load);
  ConfigReader around(outer, "the config", load);
  const auto [parameters, projector] = known->count({tower, around, spec.hidden});
  tower.finish_unknowing();
  spec.beside = Beside{parameters, projector, std::nullopt};
}

// --- Prediction layers.

bool any_mixer(const Mixer&) {
  return true;
}
bool is_windowed(const Mixer& mixer) {
  const auto* grouped = std::get_if<GroupedAttention>(&mixer);
  return grouped != nullptr && grouped->window;
}
bool has_index(const Mixer& mixer) {
  const auto* latent = std::get_if<LatentAttention>(&mixer);
  return latent != nullptr && latent->key_index;
}
bool is_grouped(const Mixer& mixer) {
  return std::holds_alternative<GroupedAttention>(mixer);
}
bool is_dense(const FeedForward& feed_forward) {
  return !is_mixture(feed_forward);
}

// Step's config lists the types of its prediction layers after those of the model's own.
bool follow_with_windows(const json& text) {
  const auto types = text.find("layer_types");
  const auto layers = text.find("num_hidden_layers");
  if (types == text.end() || !types->is_array()) return false;
  if (layers == text.end() || !layers->is_number_unsigned()) return false;
  const auto count = layers->get<std::size_t>();
  return count < types->size() &&
         std::all_of(types->begin() + static_cast<std::ptrdiff_t>(count), types->end(),
                     [](const json& type) { return type == "sliding_attention"; });
}
// Nemotron's names the blocks of one, in either of two ways.
bool are_attention_and_mixture(const json& text) {
  const auto pattern = text.find("mtp_hybrid_override_pattern");
  const auto blocks = text.find("mtp_layers_block_type");
  return (pattern != text.end() && *pattern == "*E") ||
         (blocks != text.end() && *blocks == json{"attention", "moe"});
}

// What a type's prediction layers are: one more layer of the last kind, or the model's first
// attention and feed-forward of which these hold.
struct Predicting {
  std::string_view type;
  bool (*attention)(const Mixer&) = nullptr;
  bool (*feed_forward)(const FeedForward&) = nullptr;
  bool own_head = false;
  bool no_final_norm = false;
  bool (*stated)(const json& text) = nullptr;  // where the config says so, and may say otherwise
};

constexpr Predicting step(std::string_view type) {
  return {.type = type,
          .attention = is_windowed,
          .feed_forward = is_dense,
          .own_head = true,
          .stated = follow_with_windows};
}

// Held to the totals of repositories that hold them: DeepSeek-V3 and V3.2, Ling-3.0-flash,
// GLM-4.5-Air, GLM-4.7- Flash, GLM-5 and 5.2, Hy3, Qwen3-Next, Qwen3.6-27B and 35B-A3B,
// Step-3.5-Flash, ERNIE-4.5-300B, LongCat-Flash and Nemotron-3-Super. The layers of the latter four
// are in vLLM's step3p5_mtp.py, ernie_mtp.py, longcat_flash_mtp.py and nemotron_h_mtp.py, and
// GLM-5.2's has an index where the last layer takes another's. The layers that MiniMax-M2's configs
// count were not published.
constexpr std::array kPredicting{Predicting{"deepseek_v3"},
                                 Predicting{"deepseek_v32"},
                                 Predicting{"kimi_k2"},
                                 Predicting{"glm4_moe"},
                                 Predicting{"glm4_moe_lite"},
                                 Predicting{"hy_v3"},
                                 Predicting{"qwen3_next"},
                                 Predicting{"qwen3_5_text"},
                                 Predicting{"qwen3_5_moe_text"},
                                 Predicting{"bailing_hybrid"},
                                 Predicting{"glm_moe_dsa", has_index, is_mixture},
                                 step("step3p5"),
                                 step("step3p7"),
                                 Predicting{.type = "ernie4_5_moe",
                                            .attention = any_mixer,
                                            .feed_forward = is_dense,
                                            .no_final_norm = true},
                                 Predicting{"longcat_flash", any_mixer, is_dense},
                                 Predicting{.type = "nemotron_h",
                                            .attention = is_grouped,
                                            .feed_forward = is_mixture,
                                            .stated = are_attention_and_mixture}};

// The first of the definitions for which the property holds.
template <class Value>
std::optional<Reference> first_where(const std::vector<Named<Value>>& definitions,
                                     bool (*property)(const Value&)) {
  for (std::size_t i = 0; i < definitions.size(); ++i) {
    if (property(definitions[i].value)) return Reference{definitions[i].name, i};
  }
  return std::nullopt;
}

// Adds so many prediction layers. False where it is not known what they are.
bool add_prediction_layers(Integer layers, const json& text, ArchSpec& spec) {
  const std::string type = text_in(text, kType);
  const auto* const row = std::find_if(kPredicting.begin(), kPredicting.end(),
                                       [&](const Predicting& each) { return each.type == type; });
  if (row == kPredicting.end() || (row->stated != nullptr && !row->stated(text))) return false;
  std::optional<PredictionLayer> own;
  if (row->attention != nullptr) {
    const auto attention = first_where(spec.attention, row->attention);
    const auto feed_forward = first_where(spec.feed_forward, row->feed_forward);
    if (!attention || !feed_forward) return false;
    own = PredictionLayer{*attention, *feed_forward, row->own_head, row->no_final_norm};
  }
  if (!spec.beside) spec.beside.emplace();
  spec.beside->prediction_layers = layers;
  spec.beside->prediction_layer = std::move(own);
  return true;
}

constexpr auto kPredictionKeys = std::to_array<std::string_view>(
    {"num_nextn_predict_layers", "mtp_num_hidden_layers", "num_mtp_modules"});

void count_prediction_layers(std::string_view key, const json& text, ConfigLoad& load,
                             ArchSpec& spec) {
  ConfigReader reader(text, "the config", load);
  if (!reader.contains(key) || reader.is_null(key)) return;
  const Integer layers = reader.size(key, kPredictionLayers);
  if (layers == 0 || !reader.all_read({key})) return;
  if (add_prediction_layers(layers, text, spec)) return;
  load.notes.push_back(fmt::format("{} = {}: these layers of {} are not counted", key,
                                   layers.value(), printable(text_in(text, kType))));
}

}  // namespace

void read_beside(const json& outer, const json& text, ConfigLoad& load, ArchSpec& spec) {
  ConfigReader around(outer, "the config", load);
  const json* vision = around.optional_object("vision_config");
  if (vision != nullptr) count_tower(outer, *vision, load, spec);
  for (const std::string_view key : kPredictionKeys) {
    count_prediction_layers(key, text, load, spec);
  }
}

}  // namespace llmarch
