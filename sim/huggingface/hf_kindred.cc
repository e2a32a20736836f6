#include "sim/huggingface/hf_kindred.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <span>

#include "sim/huggingface/hf_json.h"

namespace llmarch {
namespace {

using nlohmann::json;

struct OtherName {
  std::string_view key, to;
};

struct Kindred {
  std::string_view type;
  std::string_view as;
  std::span<const OtherName> renamed = {};
  // What the makers' code has besides, none of which is part of the decoder's arithmetic.
  std::span<const std::string_view> beside = {};
  // How checkpoints name their tensors: as those of the other type, or in a way that is not known.
  enum class TensorNames { of_the_other, not_known } names = TensorNames::of_the_other;
};

using TensorNames = Kindred::TensorNames;

constexpr std::array kExaone{OtherName{"num_layers", "num_hidden_layers"},
                             OtherName{"layer_norm_epsilon", "rms_norm_eps"},
                             OtherName{"activation_function", "hidden_act"}};
constexpr std::array<std::string_view, 1> kExaoneBeside{"embed_dropout"};
constexpr std::array<std::string_view, 1> kXverseBeside{"max_tokenizer_truncation"};
constexpr std::array<std::string_view, 2> kMimoBeside{"attention_bias", "use_mrope"};
constexpr std::array<std::string_view, 3> kPhiVisionBeside{"embd_layer", "img_processor",
                                                           "vision_embd_layer"};

// The adapters are added to the decoder's weights where a prompt holds images or speech.
constexpr std::array<std::string_view, 5> kPhi4Beside{
    "embd_layer", "img_processor", "audio_processor", "vision_lora", "speech_lora"};
constexpr std::array<std::string_view, 2> kExaone45Beside{"mtp_loss_scaling_factor",
                                                          "mtp_share_layers"};

constexpr const char* kWithoutLatents = "deepseek_v2 without latents";
constexpr auto kLatentFields = std::to_array<std::string_view>(
    {"use_mla", "kv_lora_rank", "q_lora_rank", "qk_nope_head_dim", "qk_rope_head_dim", "v_head_dim",
     "lm_head", "rm_head", "n_group", "topk_group"});

// The class of each inherits from the other's or repeats it; mimo's and dots_ocr's inherit from
// Qwen2's.
constexpr std::array kKindred{
    Kindred{"exaone", "llama", kExaone, kExaoneBeside, TensorNames::not_known},
    Kindred{"xverse", "llama", {}, kXverseBeside},
    Kindred{"aquila", "llama"},
    Kindred{"skywork", "llama"},
    Kindred{"Yi", "llama"},
    Kindred{"llava_llama", "llama"},
    Kindred{"llava_mistral", "mistral"},
    Kindred{"llava_qwen", "qwen2"},
    Kindred{"mimo", "qwen2", {}, kMimoBeside},
    Kindred{"dots_ocr", "qwen2", {}, kMimoBeside},
    Kindred{"qwen2_5_omni_text", "qwen2_5_vl_text"},
    Kindred{kWithoutLatents, "deepseek", {}, kLatentFields},
    Kindred{"codegen", "gptj", {}, {}, TensorNames::not_known},
    Kindred{"qwen3_omni_moe_text", "qwen3_vl_moe_text"},
    Kindred{"youtu_llm", "youtu"},
    Kindred{"phi3_v", "phi3", {}, kPhiVisionBeside},
    Kindred{"phi4mm", "phi3", {}, kPhi4Beside, TensorNames::not_known},
    Kindred{"exaone4_5_text", "exaone4", {}, kExaone45Beside}};

// The config's type. Two share theirs with what is no kin: the first LLaVA models, whose decoder's
// fields stand beside their own, and the DeepSeek-V2 decoders without latents of DeepSeek-VL2 and
// DeepSeek-OCR.
std::string type_of(const json& config) {
  std::string type = text_in(config, "model_type");
  if (type == "llava" && config.contains("mm_vision_tower")) return "llava_llama";
  if (type == "deepseek_v2" && config.value("use_mla", json(true)) == false) return kWithoutLatents;
  return type;
}

const Kindred* find_kindred(const std::string& type) {
  const auto* const found = std::find_if(kKindred.begin(), kKindred.end(),
                                         [&](const Kindred& row) { return row.type == type; });
  return found == kKindred.end() ? nullptr : found;
}

}  // namespace

json as_known_type(json config, ConfigLoad& load) {
  const std::string type = type_of(config);
  const Kindred* known = find_kindred(type);
  if (known == nullptr) return config;
  for (const auto& [key, to] : known->renamed) {
    const auto found = config.find(key);
    if (found == config.end()) continue;
    config[std::string(to)] = *found;
    config.erase(std::string(key));
  }
  for (const std::string_view key : known->beside) config.erase(std::string(key));
  config["model_type"] = known->as;
  load.notes.push_back(fmt::format("{}: its decoder is that of {}", type, known->as));
  return config;
}

bool has_known_names(const json& config) {
  const Kindred* known = find_kindred(type_of(config));
  return known == nullptr || known->names == TensorNames::of_the_other;
}

}  // namespace llmarch
