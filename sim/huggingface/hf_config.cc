#include "sim/huggingface/hf_config.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>

#include "sim/huggingface/hf_json.h"
#include "sim/huggingface/hf_model_types.h"
#include "sim/huggingface/hf_reader.h"
#include "sim/spec/rules.h"

namespace llmarch {
namespace {

using nlohmann::json;

// Fields of every model type that say how it was trained, stored or sampled from.
void pass_over_inert_fields(ConfigReader& config) {
  config.inert({"architectures",
                "model_type",
                "bos_token_id",
                "eos_token_id",
                "pad_token_id",
                "torch_dtype",
                "dtype",
                "transformers_version",
                "use_cache",
                "initializer_range",
                "attention_dropout",
                "auto_map",
                "quantization_config",
                "pretraining_tp",
                "output_attentions",
                "output_hidden_states",
                "return_dict",
                "chunk_size_feed_forward",
                "is_encoder_decoder",
                "id2label",
                "label2id",
                "problem_type"});
}

struct ModelType {
  std::string_view name;
  void (*import)(Import&, ArchSpec&);
};

constexpr std::array kModelTypes{ModelType{"gpt2", import_gpt2},
                                 ModelType{"llama", import_llama},
                                 ModelType{"llama4_text", import_llama4_text},
                                 ModelType{"mistral", import_mistral},
                                 ModelType{"olmo2", import_olmo2},
                                 ModelType{"smollm3", import_smollm3},
                                 ModelType{"gemma2", import_gemma2},
                                 ModelType{"gemma3_text", import_gemma3_text},
                                 ModelType{"gemma3n_text", import_gemma3n_text},
                                 ModelType{"qwen2_moe", import_qwen2_moe},
                                 ModelType{"qwen3", import_qwen3},
                                 ModelType{"qwen3_moe", import_qwen3_moe},
                                 ModelType{"deepseek_v2", import_deepseek_v2},
                                 ModelType{"deepseek_v3", import_deepseek_v3},
                                 ModelType{"kimi_k2", import_deepseek_v3}};

// None when it is missing or not supported. A near name is named for a slip of the pen, but it is
// another architecture: so the whole list stands before it.
const ModelType* model_type(ConfigReader& config) {
  const std::string name = config.text("model_type");
  std::vector<std::string> known;
  for (const ModelType& type : kModelTypes) {
    if (type.name == name) return &type;
    known.emplace_back(type.name);
  }
  if (!name.empty()) {
    const auto nearest = nearest_name(name, known);
    config.refuse(fmt::format("model type {} is not supported", quote_name(name)),
                  fmt::format("supported: {}{}", fmt::join(known, ", "),
                              nearest ? fmt::format("; the nearest is '{}'", *nearest) : ""));
  }
  config.finish_unknowing();
  return nullptr;
}

void check_rules(const ArchSpec& spec, ConfigLoad& load) {
  for (Problem& problem : broken_rules(spec)) {
    load.problems.push_back({std::nullopt, fmt::format("{}: {}", problem.path, problem.message),
                             std::move(problem.remedy)});
  }
}

// Model types that put a text decoder beside other parts, and the type of that decoder.
constexpr std::array kNestedTypes{std::pair{std::string_view("gemma3"), "gemma3_text"},
                                  std::pair{std::string_view("gemma3n"), "gemma3n_text"},
                                  std::pair{std::string_view("llama4"), "llama4_text"},
                                  std::pair{std::string_view("mistral3"), "mistral"}};

// The text decoder's own config: that of `text_config` where there is one, with what the config
// around it says of both. Vision towers and projectors are another matter.
json text_config(const json& config, ConfigLoad& load) {
  const auto type = config.find("model_type");
  const auto nested = config.find("text_config");
  if (type == config.end() || nested == config.end() || !nested->is_object()) return config;
  for (const auto& [outer, inner] : kNestedTypes) {
    if (*type != outer) continue;
    json text = *nested;
    if (!text.contains("model_type")) text["model_type"] = inner;
    const auto tied = config.find("tie_word_embeddings");
    if (tied != config.end() && !text.contains("tie_word_embeddings")) {
      text["tie_word_embeddings"] = *tied;
    }
    load.filled.push_back(fmt::format("the text model of {}: its text_config", outer));
    return text;
  }
  return config;
}

}  // namespace

ConfigLoad load_hf_config(std::string_view text, const std::string& name) {
  ConfigLoad load;
  JsonObject config = parse_json_object(text);
  if (config.problem) {
    load.problems.push_back(std::move(*config.problem));
    return load;
  }
  const json own = text_config(config.value, load);
  ConfigReader reader(own, "the config", load.problems, load.filled);
  const ModelType* type = model_type(reader);
  if (type == nullptr) return load;
  ArchSpec spec;
  spec.name = name;
  spec.title = name;
  spec.source = "config.json";
  Import import{reader, load};
  pass_over_inert_fields(reader);
  type->import(import, spec);
  reader.finish();
  if (load.problems.empty()) check_rules(spec, load);
  if (load.problems.empty()) load.spec = std::move(spec);
  return load;
}

}  // namespace llmarch
