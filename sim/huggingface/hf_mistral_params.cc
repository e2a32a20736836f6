#include "sim/huggingface/hf_mistral_params.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>
#include <utility>
#include <vector>

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
// Latent attention with experts (Mistral Large 3, Small 4): the class of mistral4.
constexpr std::array<std::string_view, 5> kLatentSizes{
    "q_lora_rank", "kv_lora_rank", "qk_nope_head_dim", "qk_rope_head_dim", "v_head_dim"};
constexpr std::array kLatentExpertNames{Renamed{"num_experts", "n_routed_experts"},
                                        Renamed{"num_experts_per_tok", "num_experts_per_tok"},
                                        Renamed{"expert_hidden_dim", "moe_intermediate_size"},
                                        Renamed{"num_shared_experts", "n_shared_experts"},
                                        Renamed{"first_k_dense_replace", "first_k_dense_replace"},
                                        Renamed{"routed_scale", "routed_scaling_factor"},
                                        Renamed{"num_expert_groups", "n_group"},
                                        Renamed{"num_expert_groups_per_tok", "topk_group"}};
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

// A field that must be as the class has it, if it is there.
void require(const json& params, const char* key, const json& value, ConfigLoad& load) {
  const auto found = params.find(key);
  if (found == params.end() || found->is_null() || *found == value) return;
  load.problems.push_back({std::nullopt,
                           fmt::format("'{}' in params.json is {}; only {} is supported", key,
                                       found->dump(), value.dump()),
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

bool has_latents(const json& params) {
  const auto found = params.find("kv_lora_rank");
  return found != params.end() && !found->is_null();
}

// Reads the experts' fields under the names of `type`, a class with these experts.
template <class Names>
void add_experts(const json& moe, std::string_view type, const Names& names, json& config,
                 ConfigLoad& load) {
  // How training spread the experts over devices changes nothing that is computed.
  constexpr std::array<std::string_view, 3> kTaken{"expert_parallel", "expert_model_parallel",
                                                   "route_every_n"};
  require(moe, "route_every_n", 1, load);
  config["model_type"] = type;
  rename(moe, names, kTaken, "moe", config, load);
}

// What a model with latent attention needs of the rest of its params.json.
void check_latents(const json& params, ConfigLoad& load) {
  const auto moe = params.find("moe");
  const auto yarn = params.find("yarn");
  if (moe == params.end() || !moe->is_object()) {
    load.problems.push_back({std::nullopt, "latent attention without experts in params.json",
                             "no class with it is known: use the repository's config.json"});
  }
  if (yarn != params.end() && yarn->is_object()) require(*yarn, "apply_scale", false, load);
}

bool is_object(const json& params, const char* key) {
  const auto found = params.find(key);
  return found != params.end() && found->is_object();
}

// The class is mistral4 where attention has latents, and mixtral elsewhere.
void add_mixture(const json& params, json& config, ConfigLoad& load) {
  const json& moe = params["moe"];
  if (has_latents(params)) {
    return add_experts(moe, "mistral4", kLatentExpertNames, config, load);
  }
  if (is_object(params, "llama_4_scaling")) {
    load.problems.push_back({std::nullopt, "experts beside 'llama_4_scaling' in params.json",
                             "no class with both is known: use the repository's config.json"});
  }
  add_experts(moe, "mixtral", kExpertNames, config, load);
}

}  // namespace

bool is_mistral_params(const json& config) {
  return !config.contains("model_type") && config.contains("dim") && config.contains("n_layers") &&
         config.contains("n_heads") && config.contains("hidden_dim");
}

json config_of_mistral_params(const json& params, ConfigLoad& load) {
  // The last three of this list have no effect on what is computed.
  std::vector<std::string_view> taken{
      "yarn",        "llama_4_scaling", "moe",          "sliding_window", "use_biases",
      "use_qk_norm", "causal",          "quantization", "model_parallel", "ragged_attention"};
  json config{{"model_type", "mistral"}, {"sliding_window", nullptr}};
  const bool latent = has_latents(params);
  if (latent) check_latents(params, load);
  for (const std::string_view key : kLatentSizes) {
    const json size = params.value(std::string(key), json());
    if (latent) config[std::string(key)] = size;
    if (latent || size.is_null()) taken.push_back(key);
  }
  rename(params, kSizes, taken, "params.json", config, load);
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
  if (is_object(params, "moe")) add_mixture(params, config, load);
  load.notes.push_back(fmt::format("Mistral's params.json, read as a config of {}",
                                   config["model_type"].get<std::string>()));
  return config;
}

}  // namespace llmarch
