// Models with every kind of block, and the operations for which a comparison of two graphs reports
// a difference: one graph is predicted, the other counted.
#pragma once

#include <functional>
#include <set>
#include <string>
#include <vector>

#include "kernels/measure/agreement.h"
#include "kernels/reference/executor.h"
#include "sim/cost/predict.h"
#include "tests/support/tiny_models.h"

namespace llmarch {

// One token, so that the number of experts is no expectation; in both forms of latent attention.
inline const Workload kSteps[] = {{1, 4, 1, {LatentForm::absorbed}, Logits::last},
                                  {1, 4, 1, {LatentForm::expanded}, Logits::last}};

inline GroupedAttention& grouped(ArchSpec& spec) {
  return std::get<GroupedAttention>(spec.attention.front().value);
}
inline LatentAttention& latent(ArchSpec& spec) {
  return std::get<LatentAttention>(spec.attention.front().value);
}
inline MixtureFeedForward& mixture(ArchSpec& spec) {
  return std::get<MixtureFeedForward>(spec.feed_forward.front().value);
}
inline DenseFeedForward& dense(ArchSpec& spec) {
  return std::get<DenseFeedForward>(spec.feed_forward.front().value);
}

// Grouped-query attention, experts, and every option that adds an operation or a term.
inline ArchSpec grouped_model() {
  GroupedAttention attention = tiny_grouped();
  attention.kv_heads = 1;
  attention.qkv_bias = true;
  attention.output_bias = true;
  attention.qk_norm = QkNorm::per_head;
  attention.rotary = Rotary{10000, RotaryLayout::half_split, std::nullopt};
  MixtureFeedForward mixture = tiny_mixture();
  mixture.shared_width = 11;
  mixture.router = {Scoring::sigmoid, true, true, 2.5, ExpertGroups{4, 2}};
  ArchSpec spec = tiny_model(attention, mixture);
  spec.norm.kind = NormKind::layer;
  spec.learned_positions = 32;
  spec.stack.front().repeat = 2;
  return spec;
}

inline ArchSpec latent_model() {
  LatentAttention attention = tiny_latent();
  attention.query_latent_dim = 8;
  attention.compression_bias = true;
  attention.output_bias = true;
  DenseFeedForward dense = tiny_dense();
  dense.gated = true;
  dense.bias = true;
  ArchSpec spec = tiny_model(attention, dense);
  spec.stack.front().repeat = 2;
  return spec;
}

// Latent attention to 3 keys, which 2 index heads of width 4 choose.
inline ArchSpec indexed_model() {
  ArchSpec spec = latent_model();
  latent(spec).chosen_keys = 3;
  latent(spec).key_index = KeyIndex{2, 4, RotaryLayout::half_split, 1e-6};
  return spec;
}

// Attention to 2 blocks of 2 keys, and 4 identities beside the experts.
inline ArchSpec chosen_blocks_model() {
  GroupedAttention attention = tiny_grouped();
  attention.block_index = BlockIndex{5, 2, 2};
  MixtureFeedForward mixture = tiny_mixture();
  mixture.identity_experts = 4;
  return tiny_model(attention, mixture);
}

inline ArchSpec convolution_model() {
  ArchSpec spec = tiny_model(ShortConvolution{3}, tiny_dense());
  spec.stack.front().repeat = 2;
  return spec;
}

inline ArchSpec recurrent_model() {
  ArchSpec spec = tiny_model(tiny_delta_net(), tiny_dense());
  spec.stack.front().repeat = 2;
  return spec;
}

inline ArchSpec mamba_model() {
  MixtureFeedForward mixture = tiny_mixture();
  mixture.ungated = true;
  mixture.latent_width = 7;
  mixture.shared_width = 11;
  ArchSpec spec = tiny_model(tiny_mamba(), mixture);
  spec.stack.front().repeat = 2;
  return spec;
}

inline ArchSpec lightning_model() {
  ArchSpec spec = tiny_model(tiny_lightning(), tiny_dense());
  spec.stack.front().repeat = 2;
  return spec;
}

inline ArchSpec kimi_delta_model() {
  ArchSpec spec = tiny_model(tiny_kimi_delta(), tiny_dense());
  spec.stack.front().repeat = 2;
  return spec;
}

inline ArchSpec scan_model() {
  ArchSpec spec = tiny_model(tiny_mamba1(), tiny_dense());
  spec.stack.front().repeat = 2;
  return spec;
}

// Gates, sinks, biases of experts, and what else only some families have.
inline ArchSpec gated_model() {
  ArchSpec spec = grouped_model();
  GroupedAttention& attention = grouped(spec);
  attention.value_head_dim = 4;
  attention.value_scale = 0.7;
  attention.sinks = true;
  attention.alibi = Alibi::after_scaling;
  attention.output_gate = OutputGate{};
  attention.rotary->turned_pairs = 2;
  MixtureFeedForward& experts = mixture(spec);
  experts.expert_bias = true;
  experts.up_offset = 1.0;
  experts.router.bias = true;
  experts.router.product_soft_cap = 20.0;
  experts.router.own_input = true;
  experts.router.expert_scale = true;
  spec.layer_scale = true;
  spec.embedding_norm = true;
  return spec;
}

// A window of 3 after a past of 4, and every option that scales or caps a value.
inline ArchSpec local_model() {
  ArchSpec spec = grouped_model();
  spec.norm = {NormKind::rms, 1e-6, NormPlacement::before_and_after};
  spec.scaled_embedding = true;
  spec.logit_soft_cap = 30.0;
  GroupedAttention& attention = grouped(spec);
  attention.window = 3;
  attention.score_soft_cap = 50.0;
  attention.score_growth_length = 2;
  attention.temperature = Temperature{0.1, 2};
  mixture(spec).shared_gate = true;
  return spec;
}

// What multiplies, clips or adds beside the products, and a router whose weights depend on what it
// chooses.
inline ArchSpec multiplied_model() {
  ArchSpec spec = grouped_model();
  spec.embedding_multiplier = 2;
  spec.residual_multiplier = 0.5;
  spec.head_bias = true;
  spec.logit_multiplier = 0.25;
  grouped(spec).qkv_clip = 1.0;
  grouped(spec).qk_norm = QkNorm::layer_of_each_head;
  mixture(spec).sum_multiplier = 0.5;
  mixture(spec).router = {};
  mixture(spec).router.scoring = Scoring::sparsemixer;
  mixture(spec).router.jitter = 0.1;
  return spec;
}

// Attention and a mixture on a norm of their own each; then a feed-forward, whose sum is
// normalised; a second one of the first sublayer is added after it.
inline ArchSpec parallel_model() {
  ArchSpec spec = grouped_model();
  spec.feed_forward.push_back({"dense", tiny_dense()});
  const Norm norm{NormKind::layer, 1e-5, NormPlacement::before};
  const Norm both{NormKind::layer, 1e-5, NormPlacement::before_and_after, NormOmission::bias};
  const Norm after{NormKind::rms, 1e-5, NormPlacement::after, NormOmission::weight_and_bias};
  SublayerBlock attention{Reference{"mix", 0}, std::nullopt, norm};
  SublayerBlock mixture{std::nullopt, Reference{"feed", 0}, both};
  SublayerBlock delayed{std::nullopt, Reference{"dense", 1}, std::nullopt, Integer(1)};
  SublayerBlock dense{std::nullopt, Reference{"dense", 1}};
  spec.layer.front().value = {
      std::nullopt, std::nullopt,
      std::vector<Sublayer>{{{attention, mixture, delayed}}, {{dense}, after}}};
  return spec;
}

inline Book count(const OpGraph& graph, const Workload& step) {
  const WeightStore weights = synthetic_weights(graph, 9);
  KvCaches<Counted> caches(graph, 1);
  const std::vector<std::int64_t> past{3, 1, 4, 1};
  const std::vector<std::int64_t> token{5};
  execute(graph, weights, caches, past, prefill(4, 1));
  return execute(graph, weights, caches, token, step).book;
}

inline std::size_t node_count(const OpGraph& graph) {
  std::size_t count = 0;
  for (const Block& block : graph.blocks) count += block.nodes.size();
  return count;
}

// The operations in which one graph's prediction and the other's count differ.
inline std::set<std::string> reported(const OpGraph& predicted, const OpGraph& counted) {
  const bool predicted_names_all = node_count(predicted) >= node_count(counted);
  const OpGraph& names = predicted_names_all ? predicted : counted;
  std::set<std::string> operations;
  for (const Workload& step : kSteps) {
    for (const AgreementLine& line :
         lay_side_by_side(names, predict(predicted, step), count(counted, step))) {
      if (!line.holds()) operations.insert(line.operation);
    }
  }
  return operations;
}

// A fault, and the operation that the comparison must name for it.
template <class Model>
struct Fault {
  const char* what;
  const char* operation;
  std::function<void(Model&)> make;
};

}  // namespace llmarch
