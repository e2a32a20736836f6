#include "sim/huggingface/hf_outer.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "sim/huggingface/hf_json.h"
#include "sim/spec/fields.h"

namespace llmarch {
namespace {

using nlohmann::json;

constexpr std::string_view kPlaces[]{"text_config", "llm_config", "language_config",
                                     "thinker_config.text_config"};

// The types of outer configs whose classes know the type of the decoder within.
constexpr std::array kInnerTypes{
    std::pair{std::string_view("qwen2_vl"), "qwen2_vl_text"},
    std::pair{std::string_view("qwen2_5_vl"), "qwen2_5_vl_text"},
    std::pair{std::string_view("qwen3_vl"), "qwen3_vl_text"},
    std::pair{std::string_view("qwen3_vl_moe"), "qwen3_vl_moe_text"},
    std::pair{std::string_view("qwen3_5"), "qwen3_5_text"},
    std::pair{std::string_view("qwen3_5_moe"), "qwen3_5_moe_text"},
    std::pair{std::string_view("kimi_k25"), "kimi_k2"},
    std::pair{std::string_view("gemma3"), "gemma3_text"},
    std::pair{std::string_view("gemma3n"), "gemma3n_text"},
    std::pair{std::string_view("llama4"), "llama4_text"},
    std::pair{std::string_view("gemma4"), "gemma4_text"},
    std::pair{std::string_view("gemma4_unified"), "gemma4_unified_text"},
    std::pair{std::string_view("glm4v"), "glm4v_text"},
    std::pair{std::string_view("glm4v_moe"), "glm4v_moe_text"},
    std::pair{std::string_view("llava"), "llama"},
    std::pair{std::string_view("llava_next"), "llama"},
    std::pair{std::string_view("llava_next_video"), "llama"},
    std::pair{std::string_view("vipllava"), "llama"},
    std::pair{std::string_view("video_llava"), "llama"},
    std::pair{std::string_view("idefics3"), "llama"},
    std::pair{std::string_view("smolvlm"), "llama"},
    std::pair{std::string_view("voxtral"), "llama"},
    std::pair{std::string_view("deepseek_vl"), "llama"},
    std::pair{std::string_view("janus"), "llama"},
    std::pair{std::string_view("idefics2"), "mistral"},
    std::pair{std::string_view("llava_onevision"), "qwen2"},
    std::pair{std::string_view("internvl"), "qwen2"},
    std::pair{std::string_view("qwen2_audio"), "qwen2"},
    std::pair{std::string_view("got_ocr2"), "qwen2"},
    std::pair{std::string_view("aya_vision"), "cohere2"},
    std::pair{std::string_view("cohere2_vision"), "cohere2"},
    std::pair{std::string_view("kimi_vl"), "deepseek_v3"},
    std::pair{std::string_view("mistral3"), "mistral"},
    std::pair{std::string_view("minimax_m3_vl"), "minimax_m3_vl_text"},
    std::pair{std::string_view("muse_glimmer"), "muse_glimmer_text"},
    std::pair{std::string_view("paligemma"), "gemma"}};

// The object at a path of keys with dots between them; null where there is none.
const json* object_at(const json& config, std::string_view path) {
  const json* at = &config;
  while (!path.empty()) {
    const std::size_t dot = std::min(path.find('.'), path.size());
    const auto found = at->find(path.substr(0, dot));
    if (found == at->end() || !found->is_object()) return nullptr;
    at = &*found;
    path.remove_prefix(std::min(dot + 1, path.size()));
  }
  return at;
}

// The outer config decides, as it does in the reference, and a contradiction is said.
void resolve_tie(const json& outer, std::string_view place, json& text, ConfigLoad& load) {
  constexpr const char* kTiedKey = "tie_word_embeddings";
  const auto around = outer.find(kTiedKey);
  if (around == outer.end()) return;
  const auto within = text.find(kTiedKey);
  if (within != text.end() && *within != *around) {
    load.notes.push_back(fmt::format("{} is {} in the config and {} in its {}: the former holds",
                                     kTiedKey, around->dump(), within->dump(), place));
  }
  text[kTiedKey] = *around;
}

std::string first_architecture(const json& config) {
  const auto found = config.find("architectures");
  if (found == config.end() || !found->is_array() || found->empty()) return "";
  return found->front().is_string() ? found->front().get<std::string>() : "";
}

bool holds(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

bool is_draft(const json& config) {
  const std::string name = first_architecture(config);
  constexpr std::string_view kDrafts[]{"Eagle", "EAGLE", "DFlash", "Medusa", "Speculator"};
  return config.contains("draft_vocab_size") || config.contains("medusa_num_heads") ||
         std::any_of(std::begin(kDrafts), std::end(kDrafts),
                     [&](std::string_view draft) { return holds(name, draft); });
}

// The labels of a classifier: stated, or as many as have names, or the library's two.
Integer label_count(const json& config) {
  const auto count = config.find("num_labels");
  if (count != config.end() && count->is_number_integer()) return count->get<std::int64_t>();
  const auto names = config.find("id2label");
  if (names != config.end() && names->is_object()) return std::ssize(*names);
  return 2;
}

}  // namespace

json text_config(const json& config, ConfigLoad& load) {
  for (const std::string_view place : kPlaces) {
    const json* inner = object_at(config, place);
    if (inner == nullptr) continue;
    json text = *inner;
    const std::string outer = text_in(config, "model_type");
    for (const auto& [type, inner_type] : kInnerTypes) {
      if (type == outer && !text.contains("model_type")) text["model_type"] = inner_type;
    }
    if (!text.contains("architectures") && config.contains("architectures")) {
      text["architectures"] = config["architectures"];
    }
    resolve_tie(config, place, text, load);
    load.notes.push_back(fmt::format("the text model{}: its {}",
                                     outer.empty() ? "" : " of " + printable(outer), place));
    return text;
  }
  return config;
}

std::optional<Diagnostic> no_model(const json& config) {
  if (config.contains("peft_type")) {
    const auto rank = config.find("r");
    return Diagnostic{
        std::nullopt,
        fmt::format("this is an adapter ({}{}) for {}, and no model",
                    printable(text_in(config, "peft_type")),
                    rank != config.end() ? fmt::format(" of rank {}", rank->dump()) : "",
                    quote_name(text_in(config, "base_model_name_or_path"))),
        "name the model that it adapts, and this file after it: MODEL+adapter=FILE"};
  }
  if (!is_draft(config)) return std::nullopt;
  return Diagnostic{std::nullopt,
                    fmt::format("{} is a draft model, which proposes tokens to another one",
                                quote_name(first_architecture(config))),
                    "draft models are not priced: name the config of the model that it drafts for"};
}

bool has_own_code(const json& config) {
  const auto map = config.find("auto_map");
  return map != config.end() && map->is_object() && !map->empty();
}

// A head of another kind, or none: what the class does to its logits goes with its head.
void replace_head(ArchSpec& spec, Head head) {
  spec.head = head;
  spec.head_bias = false;
  if (head != Head::none && !spec.head_labels) return;
  spec.logit_multiplier = spec.logit_soft_cap = std::nullopt;
}

void apply_architecture(const json& config, ConfigLoad& load, ArchSpec& spec) {
  const std::string name = first_architecture(config);
  // ChatGLM's own class holds its head.
  const bool causal = name == "ChatGLMModel" || holds(name, "ForCausalLM") ||
                      holds(name, "ForConditionalGeneration") || name.ends_with("LMHeadModel") ||
                      name.ends_with("ChatModel");
  if (name.empty() || causal) return;
  if (name.ends_with("ForSequenceClassification")) {
    spec.head_labels = label_count(config);
    replace_head(spec, Head::separate);
    load.notes.push_back(
        fmt::format("{}: a head of {} labels", printable(name), spec.head_labels->value()));
    if (*spec.head_labels < kSize.least || *spec.head_labels > kSize.most) {
      load.problems.push_back({std::nullopt, "'num_labels' is no size", "check num_labels"});
    }
  } else if (holds(name, "For")) {
    load.problems.push_back({std::nullopt,
                             fmt::format("the head of {} is not known", quote_name(name)),
                             "say which there is: --head none, tied or separate"});
  } else if (name.ends_with("Model")) {
    replace_head(spec, Head::none);
    load.notes.push_back(fmt::format("{}: there is no head", printable(name)));
  }
}

}  // namespace llmarch
