#include "tests/cost/independent_count.h"

#include <algorithm>

#include "tests/cost/independent_steps.h"

namespace llmarch::independent {
namespace {

class Model {
 public:
  Model(const ArchSpec& spec, Integer context, ModelCount& count)
      : spec_(spec),
        hidden_(spec.hidden),
        width_(spec.embedding_width.value_or(spec.hidden)),
        context_(context),
        unknown_(count.unknown) {}

  void embed();
  void layer(const Layer& layer);
  void name_token();
  [[nodiscard]] const Tally& tally() const { return token_; }

 private:
  void sublayer(const Sublayer& sublayer);
  void block(const SublayerBlock& block);
  void feed(const DenseFeedForward& dense);
  void feed(const MixtureFeedForward& mixture);
  void route(const MixtureFeedForward& mixture);
  void run_experts(const MixtureFeedForward& mixture, Integer in);
  void run_shared(const MixtureFeedForward& mixture);
  void norms(const std::optional<Norm>& norm) {
    if (!norm) return;
    token_.norm(*norm, hidden_);
    if (norm->placement == NormPlacement::before_and_after) token_.norm(*norm, hidden_);
  }

  const ArchSpec& spec_;
  Integer hidden_, width_, context_;
  Steps token_;
  std::set<std::string>& unknown_;
};

void Model::embed() {
  token_.parameters += spec_.vocabulary * width_;
  token_.weights_read += width_;
  token_.moves(0, width_);
  if (spec_.embedding_width) token_.project(width_, hidden_);
  if (spec_.scaled_embedding) token_.apply(hidden_, kProduct);
  token_.scale(spec_.embedding_multiplier, hidden_);
  if (spec_.embedding_norm) {
    Norm norm = spec_.norm;
    if (spec_.embedding_norm_without) norm.without = spec_.embedding_norm_without;
    token_.norm(norm, hidden_);
  }
  if (!spec_.learned_positions) return;
  token_.parameters += *spec_.learned_positions * hidden_;
  token_.weights_read += hidden_;
  token_.apply(hidden_, kSum);
}

void Model::name_token() {
  token_.moves(hidden_, hidden_);  // the row whose logits are wanted
  if (!spec_.no_final_norm) token_.norm(spec_.norm, hidden_);
  if (spec_.embedding_width) token_.project(hidden_, width_);
  if (spec_.head == Head::none) return;
  const Integer labels = spec_.head_labels.value_or(spec_.vocabulary);
  token_.project(width_, labels);
  if (spec_.head == Head::tied) token_.parameters += -1 * width_ * labels;
  if (spec_.head_bias) token_.add_vector(labels);
  token_.scale(spec_.logit_multiplier, labels);
  if (spec_.logit_soft_cap) token_.apply(labels, kCap);
}

void Model::feed(const DenseFeedForward& dense) {
  const auto project = [&](Integer in, Integer out) {
    token_.project(in, out);
    if (dense.bias) token_.add_vector(out);
  };
  project(hidden_, dense.width);
  if (dense.gated) project(hidden_, dense.width);
  token_.scale(dense.gate_multiplier, dense.width);
  if (dense.activation_sparsity) {
    token_.apply(dense.width, {5, 0});  // into the mean, thrice into the deviation, less the bound
    token_.compute(1, {4, 1});
  }
  if (dense.xielu) {
    token_.weights(2);
    token_.apply(dense.width, {4, 1});  // a (e^x - 1 - x) + b x, or a x x + b x
  } else if (dense.gated) {
    token_.apply(dense.width, gate_of(dense), 2);
  } else {
    token_.apply(dense.width, function_of(dense.activation));
  }
  project(dense.width, hidden_);
}

void Model::route(const MixtureFeedForward& mixture) {
  const Router& router = mixture.router;
  const Integer experts = mixture.experts, chosen = mixture.experts_per_token;
  if (router.own_input) {
    token_.rms(1, hidden_);
    token_.apply(hidden_, kProduct);
  }
  token_.weights(hidden_ * experts);
  token_.matrix += 2 * hidden_ * experts;
  token_.moves(hidden_, 2 * chosen);  // the experts and their weights
  if (router.bias) token_.add_vector(experts);
  if (router.correction_bias) token_.add_vector(experts);
  if (router.product_soft_cap) token_.compute(experts, kCap);
  switch (router.scoring) {
    case Scoring::softmax: token_.compute(experts, kSoftmax); break;
    case Scoring::chosen_softmax: token_.compute(chosen, kSoftmax); break;
    case Scoring::sigmoid: token_.compute(experts, function_of(Activation::sigmoid)); break;
    case Scoring::root_softplus: token_.compute(experts, {2, 3}); break;
    case Scoring::sparsemixer:  // for each that is chosen (m - s) / max(|s|, m), and a softmax
      token_.compute(experts * chosen, {2, 0});
      token_.compute(experts * chosen, kSoftmax);
  }
  if (router.groups && router.groups->score == GroupScore::best_two) {
    token_.compute(router.groups->count, kSum);
  }
  if (router.normalized_weights) token_.compute(chosen, {2, 0});  // into the sum, over the sum
  if (router.weight_scale) token_.compute(chosen, kProduct);
  if (router.expert_scale) token_.weights(experts), token_.compute(chosen, kProduct);
}

void Model::run_experts(const MixtureFeedForward& mixture, Integer in) {
  const Integer experts = mixture.experts, chosen = mixture.experts_per_token;
  const Integer products = (mixture.ungated ? 2 : 3) * in * mixture.expert_width;
  const Integer biases = mixture.expert_bias ? 2 * mixture.expert_width + in : 0;
  token_.parameters += experts * (products + biases);
  token_.idle += (experts - chosen) * (products + biases);
  token_.weights_read += chosen * (products + biases);
  token_.matrix += chosen * 2 * products;
  token_.compute(chosen * mixture.expert_width,
                 mixture.ungated ? function_of(mixture.activation) : gate_of(mixture));
  token_.compute(chosen, {biases + 2 * in, 0});  // each is weighed, and goes into the sum
  token_.moves(in + 2 * chosen, in);
}

void Model::run_shared(const MixtureFeedForward& mixture) {
  DenseFeedForward dense{*mixture.shared_width, mixture.activation, !mixture.ungated, false};
  dense.up_offset = mixture.up_offset;
  dense.situ = mixture.situ;
  feed(dense);
  if (mixture.shared_gate) {
    token_.project(hidden_, 1);
    token_.moves(1, 0);
    token_.compute(1, function_of(Activation::sigmoid));
    token_.apply(hidden_, kProduct);
  }
  token_.apply(hidden_, kSum, 2);
  token_.scale(mixture.sum_multiplier, hidden_);
}

void Model::feed(const MixtureFeedForward& mixture) {
  if (mixture.identity_experts) unknown_.insert("identity experts");
  route(mixture);
  const Integer in = mixture.latent_width.value_or(hidden_);
  if (mixture.latent_width) token_.project(hidden_, in);
  run_experts(mixture, in);
  if (mixture.latent_norm) token_.rms(1, in);
  if (mixture.latent_width) token_.project(in, hidden_);
  if (mixture.shared_width) run_shared(mixture);
}

void Model::block(const SublayerBlock& block) {
  norms(block.norm);
  token_.scale(block.input_multiplier, hidden_);
  if (block.attention) {
    std::visit(Mixing(hidden_, context_, token_, unknown_),
               spec_.attention.at(block.attention->index).value);
  } else {
    std::visit([&](const auto& kind) { feed(kind); },
               spec_.feed_forward.at(block.feed_forward->index).value);
  }
  token_.scale(block.output_multiplier, hidden_);
  token_.apply(hidden_, kSum, 2);  // with what other blocks add, or the stream
  if (block.delay) token_.scale(spec_.residual_multiplier, hidden_);
}

// A norm of the sublayer's; or where its blocks have none either, of the spec's.
void Model::sublayer(const Sublayer& sublayer) {
  const bool within = std::ranges::any_of(
      sublayer.blocks, [](const SublayerBlock& block) { return block.norm.has_value(); });
  norms(sublayer.norm || within ? sublayer.norm : spec_.norm);
  for (const SublayerBlock& each : sublayer.blocks) block(each);
  token_.scale(spec_.residual_multiplier, hidden_);
  token_.scale(sublayer.stream_multiplier, hidden_);
  token_.scale(sublayer.branch_multiplier, hidden_);
}

void Model::layer(const Layer& layer) {
  if (layer.attention) sublayer({{{layer.attention, std::nullopt}}});
  if (layer.feed_forward) sublayer({{{std::nullopt, layer.feed_forward}}});
  for (const Sublayer& each : layer.sublayers.value_or(std::vector<Sublayer>{})) sublayer(each);
  if (spec_.layer_scale) token_.apply(hidden_, kProduct);
}

std::set<std::string> unknown_streams(const ArchSpec& spec) {
  std::set<std::string> unknown;
  if (spec.parallel_streams) unknown.insert("alternating updates");
  if (spec.hyper_connections) unknown.insert("hyper-connections");
  if (spec.residual_block) unknown.insert("attention residuals");
  if (spec.per_layer_embedding) unknown.insert("per-layer embeddings");
  if (spec.low_rank_residual) unknown.insert("learned augmented residual");
  return unknown;
}

}  // namespace

ModelCount count(const ArchSpec& spec, Integer context) {
  ModelCount count;
  count.unknown = unknown_streams(spec);
  Model layers(spec, context, count);
  layers.embed();
  for (const Segment& segment : spec.stack) {
    for (Integer round = 0; round < segment.repeat; round += 1) {
      for (const Reference& each : segment.layers) layers.layer(spec.layer.at(each.index).value);
    }
  }
  Model head(spec, context, count);
  head.name_token();
  count.layers = layers.tally();
  count.head = head.tally();
  const Integer width = spec.embedding_width.value_or(spec.hidden);
  count.input_table = spec.vocabulary * width;
  if (spec.head == Head::separate) {
    count.head_matrix = spec.head_labels.value_or(spec.vocabulary) * width;
  }
  return count;
}

}  // namespace llmarch::independent
