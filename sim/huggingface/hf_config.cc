#include "sim/huggingface/hf_config.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>

#include "sim/huggingface/hf_decoder.h"
#include "sim/huggingface/hf_json.h"
#include "sim/huggingface/hf_model_types.h"
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

// The types that are no plain decoders.
constexpr std::array kOtherTypes{ModelType{"gpt2", import_gpt2},
                                 ModelType{"llama4_text", import_llama4_text},
                                 ModelType{"gemma3n_text", import_gemma3n_text}};

std::vector<std::string> supported_types() {
  std::vector<std::string> names;
  for (const ModelType& type : kOtherTypes) names.emplace_back(type.name);
  for (const Decoder& decoder : decoders()) names.emplace_back(decoder.type);
  std::sort(names.begin(), names.end());
  return names;
}

// A near name is named for a slip of the pen, but it is another architecture: so the whole list
// stands before it.
void refuse_type(ConfigReader& config, const std::string& name) {
  const std::vector<std::string> known = supported_types();
  const auto nearest = nearest_name(name, known);
  config.refuse(fmt::format("model type {} is not supported", quote_name(name)),
                fmt::format("supported: {}{}", fmt::join(known, ", "),
                            nearest ? fmt::format("; the nearest is '{}'", *nearest) : ""));
}

// Reads the fields of the type that the config names. Whether there is such a type.
bool import_by_type(Import& import, ArchSpec& spec) {
  const std::string name = import.config.text("model_type");
  for (const Decoder& decoder : decoders()) {
    if (decoder.type == name) return import_decoder(import, decoder, spec), true;
  }
  for (const ModelType& type : kOtherTypes) {
    if (type.name == name) return type.import(import, spec), true;
  }
  if (!name.empty()) refuse_type(import.config, name);
  return false;
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
  ArchSpec spec;
  spec.name = name;
  spec.title = name;
  spec.source = "config.json";
  Import import{reader, load};
  pass_over_inert_fields(reader);
  import_by_type(import, spec) ? reader.finish() : reader.finish_unknowing();
  if (load.problems.empty()) check_rules(spec, load);
  if (load.problems.empty()) load.spec = std::move(spec);
  return load;
}

}  // namespace llmarch
