#include "sim/huggingface/hf_config.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>

#include "sim/huggingface/hf_beside.h"
#include "sim/huggingface/hf_decoder.h"
#include "sim/huggingface/hf_json.h"
#include "sim/huggingface/hf_kindred.h"
#include "sim/huggingface/hf_mistral_params.h"
#include "sim/huggingface/hf_model_types.h"
#include "sim/huggingface/hf_outer.h"
#include "sim/huggingface/hf_quantization.h"
#include "sim/huggingface/hf_rotary_scaling.h"
#include "sim/huggingface/hf_unbuilt_types.h"
#include "sim/spec/rules.h"

namespace llmarch {
namespace {

using nlohmann::json;

// Fields of every model type that say how it was trained, stored or sampled from, or that the
// library's base class writes out in full.
constexpr auto kInert = std::to_array<std::string_view>({"architectures",
                                                         "model_type",
                                                         "auto_map",
                                                         "name_or_path",
                                                         "transformers_version",
                                                         "torch_dtype",
                                                         "dtype",
                                                         "torchscript",
                                                         "use_bfloat16",
                                                         "tf_legacy_loss",
                                                         "use_cache",
                                                         "initializer_range",
                                                         "attention_dropout",
                                                         "hidden_dropout",
                                                         "embedding_dropout",
                                                         "residual_dropout",
                                                         "resid_pdrop",
                                                         "embd_pdrop",
                                                         "attn_pdrop",
                                                         "quantization_config",
                                                         "compression_config",
                                                         "quantization",
                                                         "pretraining_tp",
                                                         "output_attentions",
                                                         "output_hidden_states",
                                                         "output_scores",
                                                         "return_dict",
                                                         "return_dict_in_generate",
                                                         "chunk_size_feed_forward",
                                                         "attn_implementation",
                                                         "bos_token_id",
                                                         "eos_token_id",
                                                         "pad_token_id",
                                                         "sep_token_id",
                                                         "decoder_start_token_id",
                                                         "forced_bos_token_id",
                                                         "forced_eos_token_id",
                                                         "is_decoder",
                                                         "tie_encoder_decoder",
                                                         "finetuning_task",
                                                         "problem_type",
                                                         "id2label",
                                                         "label2id",
                                                         "num_labels",
                                                         "tokenizer_class",
                                                         "prefix",
                                                         "task_specific_params",
                                                         "cache_implementation",
                                                         "max_length",
                                                         "min_length",
                                                         "max_new_tokens",
                                                         "do_sample",
                                                         "early_stopping",
                                                         "num_beams",
                                                         "num_beam_groups",
                                                         "diversity_penalty",
                                                         "temperature",
                                                         "top_k",
                                                         "top_p",
                                                         "typical_p",
                                                         "repetition_penalty",
                                                         "length_penalty",
                                                         "no_repeat_ngram_size",
                                                         "encoder_no_repeat_ngram_size",
                                                         "bad_words_ids",
                                                         "num_return_sequences",
                                                         "remove_invalid_values",
                                                         "exponential_decay_length_penalty",
                                                         "suppress_tokens",
                                                         "begin_suppress_tokens",
                                                         "output_router_logits",
                                                         "router_aux_loss_coef",
                                                         "aux_loss_alpha",
                                                         "seq_aux",
                                                         "ep_size",
                                                         "num_nextn_predict_layers",
                                                         "vision_config",
                                                         "image_token_id",
                                                         "video_token_id",
                                                         "vision_start_token_id"});

void pass_over_inert_fields(ConfigReader& config) {
  config.inert(kInert);
  // The base class could do these for any type; no decoder here does.
  config.only("pruned_heads", json::object());
  for (const char* key : {"add_cross_attention", "is_encoder_decoder",
                          "cross_attention_hidden_size", "per_layer_config"}) {
    config.off(key);
  }
}

// Passes over the fields that, as the user says, are not read, although the repository's own code
// might read them.
void pass_over(ConfigReader& config, const std::vector<std::string>& fields, ConfigLoad& load) {
  for (const std::string& field : fields) {
    config.inert({field});
    if (config.contains(field)) load.passed_over.push_back(field);
  }
}

struct ModelType {
  std::string_view name;
  void (*import)(Import&, ArchSpec&);
};

// The types that are not plain decoders.
constexpr std::array kOtherTypes{ModelType{"gpt2", import_gpt2},
                                 ModelType{"gpt_bigcode", import_gpt_bigcode},
                                 ModelType{"llama4_text", import_llama4_text},
                                 ModelType{"gemma3n_text", import_gemma3n_text},
                                 ModelType{"lfm2", import_lfm2},
                                 ModelType{"lfm2_moe", import_lfm2_moe},
                                 ModelType{"gptj", import_gptj},
                                 ModelType{"gpt_neo", import_gpt_neo},
                                 ModelType{"falcon", import_falcon},
                                 ModelType{"cohere2_moe", import_cohere2_moe},
                                 ModelType{"gpt_oss", import_gpt_oss},
                                 ModelType{"arcee", import_arcee},
                                 ModelType{"nemotron", import_nemotron},
                                 ModelType{"cwm", import_cwm},
                                 ModelType{"apertus", import_apertus},
                                 ModelType{"exaone_moe", import_exaone_moe},
                                 ModelType{"afmoe", import_afmoe},
                                 ModelType{"laguna", import_laguna},
                                 ModelType{"mimo_v2_flash", import_mimo_v2_flash},
                                 ModelType{"mimo_v2", import_mimo_v2},
                                 ModelType{"mellum", import_mellum},
                                 ModelType{"sarvam_moe", import_sarvam_moe},
                                 ModelType{"step3p5", import_step3p5},
                                 ModelType{"step3p7", import_step3p5},
                                 ModelType{"gemma4_text", import_gemma4_text},
                                 ModelType{"gemma4_unified_text", import_gemma4_text},
                                 ModelType{"opt", import_opt},
                                 ModelType{"bloom", import_bloom},
                                 ModelType{"olmo_hybrid", import_olmo_hybrid},
                                 ModelType{"minicpm", import_minicpm},
                                 ModelType{"minicpm3", import_minicpm3},
                                 ModelType{"baichuan", import_baichuan},
                                 ModelType{"chatglm", import_chatglm},
                                 ModelType{"qwen", import_qwen},
                                 ModelType{"nemotron-nas", import_nemotron_nas},
                                 ModelType{"deci", import_nemotron_nas},
                                 ModelType{"mpt", import_mpt},
                                 ModelType{"dbrx", import_dbrx},
                                 ModelType{"bamba", import_bamba},
                                 ModelType{"granitemoehybrid", import_granitemoehybrid},
                                 ModelType{"nemotron_h", import_nemotron_h},
                                 ModelType{"minimax_m3", import_minimax_m3},
                                 ModelType{"minimax_m3_vl_text", import_minimax_m3},
                                 ModelType{"minimax", import_minimax},
                                 ModelType{"minimax_m1", import_minimax_m1},
                                 ModelType{"kimi_linear", import_kimi_linear},
                                 ModelType{"mamba2", import_mamba2},
                                 ModelType{"falcon_h1", import_falcon_h1},
                                 ModelType{"mamba", import_mamba},
                                 ModelType{"falcon_mamba", import_falcon_mamba},
                                 ModelType{"jamba", import_jamba},
                                 ModelType{"longcat_flash", import_longcat_flash},
                                 ModelType{"deepseek_v4", import_deepseek_v4},
                                 ModelType{"bailing_hybrid", import_bailing_hybrid},
                                 ModelType{"solar_open2", import_solar_open2},
                                 ModelType{"hyperclovax", import_hyperclovax},
                                 ModelType{"muse_glimmer_text", import_muse_glimmer},
                                 ModelType{"grok", import_grok}};

std::vector<std::string> supported_types() {
  std::vector<std::string> names = decoder_types();
  for (const ModelType& type : kOtherTypes) names.emplace_back(type.name);
  std::sort(names.begin(), names.end());
  return names;
}

// The nearest name may be a slip of the pen, but is another architecture, so it comes after the
// list.
void refuse_type(ConfigReader& config, const std::string& name) {
  if (const std::string_view reason = reason_against(name); !reason.empty()) {
    return config.refuse(
        fmt::format("model type {} is not supported: {}", quote_name(name), reason),
        "it is never counted by the formulas of another type");
  }
  const std::vector<std::string> known = supported_types();
  const auto nearest = nearest_name(name, known);
  config.refuse(fmt::format("model type {} is not supported", quote_name(name)),
                fmt::format("supported: {}{}", fmt::join(known, ", "),
                            nearest ? fmt::format("; the nearest is '{}'", *nearest) : ""));
}

// What was published under another model's type: Ling 2.0 and Ring 2.0 under their predecessor's,
// and Grok 2.5. Which class is meant is told by the architecture that they name.
struct TypeOfClass {
  std::string_view type, architecture, meant;
};
constexpr std::array kByClass{
    TypeOfClass{"bailing_moe", "BailingMoeV2ForCausalLM", "bailing_moe_v2"},
    TypeOfClass{"git", "Grok1ForCausalLM", "grok"}};

std::string type_of_class(ConfigReader& config) {
  std::string type = config.text("model_type");
  for (const TypeOfClass& row : kByClass) {
    if (type != row.type) continue;
    const std::vector<std::string> classes = config.optional_texts("architectures");
    if (!classes.empty() && classes.front() == row.architecture) return std::string(row.meant);
  }
  return type;
}

// Reads the fields of the config's type. False where there is no such type.
bool import_by_type(Import& import, ArchSpec& spec) {
  const std::string name = type_of_class(import.config);
  if (const Decoder* decoder = find_decoder(name)) {
    return import_decoder(import, *decoder, spec), true;
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

// ModelOpt writes how weights are stored into a file of its own beside the config.
void add_quantization(std::string_view text, json& config, ConfigLoad& load) {
  if (text.empty() || config.contains("quantization_config")) return;
  JsonObject file = parse_json_object(text);
  if (!file.problem && file.value.contains("quantization")) {
    config["quantization_config"] = std::move(file.value["quantization"]);
    return;
  }
  load.problems.push_back({std::nullopt, "hf_quant_config.json holds no object 'quantization'",
                           "fetch it again, or remove it"});
}

}  // namespace

ConfigLoad load_hf_config(std::string_view text, const std::string& name,
                          const ImportOptions& options) {
  ConfigLoad load;
  JsonObject config = parse_json_object(text);
  std::optional<Diagnostic> refused =
      config.problem ? std::move(config.problem) : no_model(config.value);
  if (refused) {
    load.problems.push_back(std::move(*refused));
    return load;
  }
  if (is_mistral_params(config.value)) config.value = config_of_mistral_params(config.value, load);
  add_quantization(options.quantization, config.value, load);
  const json decoder = text_config(config.value, load);
  const json own = as_known_type(decoder, load);
  const bool own_code = has_own_code(config.value) || has_own_code(own);
  ConfigReader reader(own, "the config", load,
                      own_code ? UnknownFields::refused : UnknownFields::passed_over);
  ArchSpec spec;
  spec.name = name;
  spec.title = name;
  spec.source = "config.json";
  Import import{reader, load};
  pass_over(reader, options.pass_over, load);
  pass_over_inert_fields(reader);
  import_by_type(import, spec) ? reader.finish() : reader.finish_unknowing();
  if (!has_known_names(decoder)) load.naming = std::nullopt;
  stretch_context_limit(load, spec);
  if (options.head) {
    if (*options.head != spec.head) replace_head(spec, *options.head);
  } else {
    apply_architecture(own, load, spec);
  }
  if (load.problems.empty()) read_beside(config.value, own, load, spec);
  if (load.problems.empty()) check_rules(spec, load);
  if (load.problems.empty()) read_storage(config.value, own, spec, load);
  if (load.problems.empty()) load.spec = std::move(spec);
  return load;
}

}  // namespace llmarch
