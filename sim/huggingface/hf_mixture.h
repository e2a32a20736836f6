// Mixtures of experts as configs state them: the sizes, the router, and which layers have one. One
// table row for each model type or group of types that reads the same fields.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "sim/huggingface/hf_parts.h"

namespace llmarch {

// A size by its key, and what the class fills; 0: the config must state it.
struct SizeField {
  std::string_view key;
  std::int64_t absent = 0;
};
Integer read_size(ConfigReader& config, const SizeField& field, const Range& range = kSize);

// Experts that every token runs beside the routed ones.
struct SharedClass {
  // flag: whether there is one, as wide as a routed expert.
  enum class Stated { none, width, count, flag } as = Stated::none;
  SizeField field = {};
  std::string_view width_again = {};  // a field that may only say how wide one of them is
  enum class Gate { absent, present } gate = Gate::absent;
};

enum class SparseLayers {
  every_layer,            // there is no dense feed-forward
  by_step,                // every decoder_sparse_step-th, but those that mlp_only_layers names
  after_the_first,        // all after the first_k_dense_replace first
  by_interval,            // ERNIE: every moe_layer_interval-th from a first to a last layer
  by_mlp_types,           // as mlp_layer_types lists them; all but the first where it is absent
  by_mlp_types_or_after,  // as mlp_layer_types lists them, or after the first_k_dense_replace first
  by_mlp_types_or_every,  // as mlp_layer_types lists them; all where it is absent
};

struct MixtureClass {
  SizeField experts{"num_experts"};
  std::string_view experts_too = {};  // another name that the class has for it
  SizeField experts_per_token{"num_experts_per_tok"};
  SizeField expert_width{"moe_intermediate_size"};
  SharedClass shared = {};
  Router (*router)(ConfigReader&);
  SparseLayers layers = SparseLayers::every_layer;
  std::optional<std::int64_t> first_dense = {};  // what an absent first_k_dense_replace means
  // after_the_first: a field; of the layers after the first, those are mixtures whose number, from
  // 0, it divides (DeepSeek's own modelling code).
  std::string_view frequency = {};
  // Whether each size may be a list with an entry for each layer; all must be alike. A token then
  // runs two experts at least, for the weight of a single one is not normalised.
  enum class Stated { once, for_each_layer } stated = Stated::once;
  std::string_view width_again = {};   // a field that may only say the same as expert_width
  std::string_view shared_again = {};  // a field that may only say that there is one shared expert
  std::string_view first_dense_key = "first_k_dense_replace";  // what the class calls that field
};

// Which of the types that "mlp_layer_types" names are mixtures. Any that is neither "dense" nor
// "sparse" is refused.
std::vector<bool> are_sparse(ConfigReader& config, const std::vector<std::string>& types);

// Which layers are mixtures: stated in "mlp_layer_types", or all but the first `dense`.
std::vector<bool> sparse_by_mlp_types(Import& import, Integer layers, Integer dense);

// Routers by what scores the experts and what else a class fixes.
Router softmax_router(ConfigReader& config);             // norm_topk_prob normalises the weights
Router normalized_softmax_router(ConfigReader& config);  // always normalised (Mixtral)
Router corrected_softmax_router(ConfigReader& config);   // with a bias for the choice (ERNIE)
Router corrected_sigmoid_router(ConfigReader& config);   // the same, normalised (MiniMax-M2)
// The router's products have a bias; the weights are a softmax over those of the chosen (gpt-oss).
Router chosen_softmax_router(ConfigReader& config);
// Softmax, the largest scores whatever their group (DeepSeek's first mixture).
Router greedy_softmax_router(ConfigReader& config);
// DeepSeek-V3's, scaled by 2.5 where the config states no scale.
Router exaone_moe_router(ConfigReader& config);
Router hy_v3_router(ConfigReader& config);  // the same, and scaled
Router deepseek_v2_router(ConfigReader& config);
Router deepseek_v3_router(ConfigReader& config);
Router glm4_moe_router(ConfigReader& config);  // DeepSeek-V3's, with fields left to the class
Router dots1_router(ConfigReader& config);     // the same, not normalised where nothing is stated
Router glm4_moe_lite_router(ConfigReader& config);  // the same as glm4_moe's, scaled by 1.8
Router bailing_router(ConfigReader& config);        // the same, always normalised, eight groups
Router deepseek_v32_router(ConfigReader& config);   // DeepSeek-V3's, with fields left to the class
Router glm_moe_dsa_router(ConfigReader& config);    // the same, without groups
Router mistral4_router(ConfigReader& config);       // softmax, no correction, groups
Router phimoe_router(ConfigReader& config);         // sparsemixer
Router only_normalized_softmax_router(ConfigReader& config);  // norm_topk_prob can only be true

MixtureFeedForward read_mixture(Import& import, const MixtureClass& of, Activation activation,
                                Integer layers);

// Whether each layer is a mixture.
std::vector<bool> sparse_layers(Import& import, const MixtureClass& of, Integer layers);

}  // namespace llmarch
