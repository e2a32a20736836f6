// Mixtures of experts as configs state them: the sizes, the router, and which layers have one. One
// table row for each model type or group of types that reads the same fields.
#pragma once

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
  enum class Stated { none, width, count } as = Stated::none;
  SizeField field = {};
  enum class Gate { absent, present } gate = Gate::absent;
};

enum class SparseLayers {
  every_layer,
  by_step,          // every decoder_sparse_step-th, but those that mlp_only_layers names
  after_the_first,  // all after the first_k_dense_replace first
};

struct MixtureClass {
  SizeField experts{"num_experts"};
  std::string_view experts_too = "";  // another name that the class has for it
  SizeField experts_per_token{"num_experts_per_tok"};
  SizeField expert_width{"moe_intermediate_size"};
  SharedClass shared = {};
  Router (*router)(ConfigReader&);
  SparseLayers layers = SparseLayers::every_layer;
};

// Routers: softmax over all experts, whose weights norm_topk_prob normalises; and those of
// DeepSeek.
Router softmax_router(ConfigReader& config);
Router deepseek_v2_router(ConfigReader& config);
Router deepseek_v3_router(ConfigReader& config);

MixtureFeedForward read_mixture(Import& import, const MixtureClass& of, Activation activation);

// Of each layer whether it is a mixture.
std::vector<bool> sparse_layers(Import& import, const MixtureClass& of, Integer layers);

}  // namespace llmarch
