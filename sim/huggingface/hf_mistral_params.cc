#include "sim/huggingface/hf_mistral_params.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "sim/spec/printable.h"

namespace llmarch {
namespace {

using nlohmann::json;
using Renamed = std::pair<std::string_view, std::string_view>;

constexpr std::array kSizes{Renamed{"dim", "hidden_size"},
                            Renamed{"n_layers", "num_hidden_layers"},
                            Renamed{"hidden_dim", "intermediate_size"},
                            Renamed{"n_heads", "num_attention_heads"},
                            Renamed{"n_kv_heads", "num_key_value_heads"},
                            Renamed{"norm_eps", "rms_norm_eps"},
                            Renamed{"tied_embeddings", "tie_word_embeddings"},
                            Renamed{"max_seq_len", "max_position_embeddings"},
                            Renamed{"max_position_embeddings", "max_position_embeddings"},
                            Renamed{"head_dim", "head_dim"},
                            Renamed{"vocab_size", "vocab_size"},
                            Renamed{"rope_theta", "rope_theta"},
                            Renamed{"vision_encoder", "vision_config"}};
constexpr std::array kExpertNames{Renamed{"num_experts", "num_local_experts"},
                                  Renamed{"num_experts_per_tok", "num_experts_per_tok"}};
constexpr std::array kYarn{
    Renamed{"factor", "factor"},
    Renamed{"original_max_position_embeddings", "original_max_position_embeddings"},
    Renamed{"beta", "beta_fast"}, Renamed{"alpha", "beta_slow"}};

void refuse_field(ConfigLoad& load, std::string_view key, std::string_view where) {
  load.problems.push_back(
      {std::nullopt, fmt::format("unknown field {} in {}", quote_name(key), where),
       "what it changes is not known: use the repository's config.json, if it has one"});
}

// Renames the fields of an object; those that `taken` names are left to others.
template <class Names, class Taken>
void rename(const json& from, const Names& names, const Taken& taken, std::string_view where,
            json& to, ConfigLoad& load) {
  for (const auto& [key, value] : from.items()) {
    const auto found = std::ranges::find(names, std::string_view(key), &Renamed::first);
    if (found != names.end()) {
      to[std::string(found->second)] = value;
    } else if (std::ranges::find(taken, std::string_view(key)) == taken.end()) {
      refuse_field(load, key, where);
    }
  }
}

// A switch that must be as the class has it.
void require(const json& params, const char* key, bool value, ConfigLoad& load) {
  const auto found = params.find(key);
  if (found == params.end() || found->is_null() || *found == value) return;
  load.problems.push_back(
      {std::nullopt,
       fmt::format("'{}' in params.json is {}; only {} is supported", key, found->dump(), value),
       "it changes the arithmetic"});
}

// The cosines and sines are multiplied by m(1) where "apply_scale" says so.
void add_yarn(const json& yarn, json& rope, ConfigLoad& load) {
  constexpr std::array<std::string_view, 1> kTaken{"apply_scale"};
  rename(yarn, kYarn, kTaken, "yarn", rope, load);
  rope["rope_type"] = "yarn";
  if (yarn.value("apply_scale", json(true)) != json(false)) return;
  rope["mscale"] = 1.0;
  rope["mscale_all_dim"] = 1.0;
}

void add_growth(const json& growth, json& config, json& rope, ConfigLoad& load) {
  constexpr const char* kOriginal = "original_max_position_embeddings";
  constexpr std::array kGrowth{Renamed{"beta", "llama_4_scaling_beta"},
                               Renamed{kOriginal, kOriginal}};
  json own = json::object();
  rename(growth, kGrowth, std::array<std::string_view, 0>{}, "llama_4_scaling", own, load);
  if (rope.contains(kOriginal) && own.contains(kOriginal) && rope[kOriginal] != own[kOriginal]) {
    load.problems.push_back({std::nullopt,
                             "'original_max_position_embeddings' of yarn and of llama_4_scaling "
                             "differ",
                             "queries that grow by another floor are not supported"});
  }
  rope.update(own);
  config["model_type"] = "ministral3";
}

bool is_object(const json& params, const char* key) {
  const auto found = params.find(key);
  return found != params.end() && found->is_object();
}

}  // namespace

bool is_mistral_params(const json& config) {
  return !config.contains("model_type") && config.contains("dim") && config.contains("n_layers") &&
         config.contains("n_heads") && config.contains("hidden_dim");
}

json config_of_mistral_params(const json& params, ConfigLoad& load) {
  // The last three have no effect on what is computed.
  constexpr std::array<std::string_view, 10> kTaken{
      "yarn",        "llama_4_scaling", "moe",          "sliding_window", "use_biases",
      "use_qk_norm", "causal",          "quantization", "model_parallel", "ragged_attention"};
  json config{{"model_type", "mistral"}, {"sliding_window", nullptr}};
  rename(params, kSizes, kTaken, "params.json", config, load);
  if (params.contains("sliding_window")) config["sliding_window"] = params["sliding_window"];
  require(params, "use_biases", false, load);
  require(params, "use_qk_norm", false, load);
  require(params, "causal", true, load);
  json rope = json::object();
  if (is_object(params, "yarn")) add_yarn(params["yarn"], rope, load);
  if (is_object(params, "llama_4_scaling")) {
    add_growth(params["llama_4_scaling"], config, rope, load);
  }
  if (!rope.empty()) {
    rope["rope_theta"] = params.value("rope_theta", json(10000.0));
    config["rope_parameters"] = rope;
  } else if (!config.contains("rope_theta")) {
    config["rope_theta"] = 10000.0;
  }
  if (is_object(params, "moe")) {
    if (is_object(params, "llama_4_scaling")) {
      load.problems.push_back({std::nullopt, "experts beside 'llama_4_scaling' in params.json",
                               "no class with both is known: use the repository's config.json"});
    }
    config["model_type"] = "mixtral";
    rename(params["moe"], kExpertNames, std::array<std::string_view, 0>{}, "moe", config, load);
  }
  load.notes.push_back(fmt::format("Mistral's params.json, read as a config of {}",
                                   config["model_type"].get<std::string>()));
  return config;
}

}  // namespace llmarch
