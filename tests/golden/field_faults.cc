#include "tests/golden/field_faults.h"

#include <stdexcept>
#include <utility>

#include "sim/spec/fields.h"
#include "tests/golden/departures.h"
#include "tests/golden/rotary_faults.h"

namespace llmarch {
namespace {

using testing::AnyOf;
using testing::Matcher;

using Faults = std::vector<FieldFault>;

template <class Kind, class Value>
Kind& kind_at(std::vector<Named<Value>>& all, std::size_t index) {
  return std::get<Kind>(all.at(index).value);
}

Activation another(Activation activation) {
  return activation == Activation::gelu_tanh ? Activation::gelu_erf : Activation::gelu_tanh;
}

// A router after attention may be the first to show its fault.
Matcher<std::string> behind_attention_of(std::size_t layer) {
  return AnyOf(out_of_layer(layer), routing_of_layer(layer));
}

// --- Attention.

template <class Kind>
using Attentions = std::vector<std::pair<const char*, std::function<void(Kind&)>>>;

void add_reach_faults(Attentions<GroupedAttention>& faults, const GroupedAttention& attention) {
  // A longer window than the vectors reaches every key, as none does.
  if (attention.window && *attention.window < kVectorTokens) {
    faults.emplace_back("window one longer", [](auto& wrong) { *wrong.window += 1; });
    faults.emplace_back("window one shorter", [](auto& wrong) { *wrong.window += -1; });
    faults.emplace_back("window dropped", [](auto& wrong) { wrong.window.reset(); });
    faults.emplace_back("window for a chunk",
                        [](auto& wrong) { std::swap(wrong.window, wrong.chunk); });
  }
  if (attention.chunk) {
    faults.emplace_back("chunk one longer", [](auto& wrong) { *wrong.chunk += 1; });
    faults.emplace_back("chunk one shorter", [](auto& wrong) { *wrong.chunk += -1; });
    faults.emplace_back("chunk dropped", [](auto& wrong) { wrong.chunk.reset(); });
    faults.emplace_back("chunk for a window",
                        [](auto& wrong) { std::swap(wrong.window, wrong.chunk); });
  }
}

template <class Kind>
void add_temperature_faults(Attentions<Kind>& faults) {
  faults.emplace_back("temperature strength",
                      [](Kind& wrong) { wrong.temperature->strength *= 2; });
  faults.emplace_back("temperature floor", [](Kind& wrong) { wrong.temperature->floor *= 2; });
  faults.emplace_back("temperature positions", [](Kind& wrong) {
    wrong.temperature->from_zero = !wrong.temperature->from_zero;
  });
}

// With the same weights, so that only the order differs, or what is divided by.
void add_qk_norm_faults(Attentions<GroupedAttention>& faults, const GroupedAttention& attention) {
  if (!attention.qk_norm) return;
  faults.emplace_back("qk_norm dropped", [](auto& wrong) { wrong.qk_norm.reset(); });
  if (attention.qk_norm == QkNorm::per_head_after_rotation) {
    faults.emplace_back("qk_norm before rotation",
                        [](auto& wrong) { wrong.qk_norm = QkNorm::per_head; });
  }
  if (attention.qk_norm == QkNorm::per_head && attention.rotary) {
    faults.emplace_back("qk_norm after rotation",
                        [](auto& wrong) { wrong.qk_norm = QkNorm::per_head_after_rotation; });
  }
  if (attention.qk_norm == QkNorm::layer_per_head) {
    faults.emplace_back("qk_norm rms", [](auto& wrong) { wrong.qk_norm = QkNorm::per_head; });
  }
}

// What happens to values and to attention's output.
void add_output_faults(Attentions<GroupedAttention>& faults, const GroupedAttention& attention) {
  if (attention.value_scale) {
    faults.emplace_back("value_scale dropped", [](auto& wrong) { wrong.value_scale.reset(); });
  }
  if (attention.sinks) {
    faults.emplace_back("sinks dropped", [](auto& wrong) { wrong.sinks = false; });
  }
  if (attention.alibi) {
    faults.emplace_back("alibi dropped", [](auto& wrong) { wrong.alibi.reset(); });
    faults.emplace_back("alibi at the other place", [](auto& wrong) {
      const bool after = wrong.alibi == Alibi::after_scaling;
      wrong.alibi = after ? Alibi::before_scaling : Alibi::after_scaling;
    });
  }
  if (!attention.output_gate) return;
  faults.emplace_back("output_gate dropped", [](auto& wrong) { wrong.output_gate.reset(); });
  faults.emplace_back("output_gate activation", [](auto& wrong) {
    const bool sigmoid = wrong.output_gate->activation == Activation::sigmoid;
    wrong.output_gate->activation = sigmoid ? Activation::softplus : Activation::sigmoid;
  });
}

Attentions<GroupedAttention> faults_of_attention(const GroupedAttention& attention) {
  Attentions<GroupedAttention> faults;
  if (!attention.kv_from) add_reach_faults(faults, attention);
  if (attention.rotary) {
    for (const auto& [field, make] : faults_of_rotary(*attention.rotary)) {
      faults.emplace_back(field, [make = make](auto& wrong) { make(*wrong.rotary); });
    }
    faults.emplace_back("rotary dropped", [](auto& wrong) { wrong.rotary.reset(); });
  } else {
    faults.emplace_back("rotated", [](auto& wrong) {
      wrong.rotary = Rotary{10'000, RotaryLayout::half_split, std::nullopt};
    });
  }
  add_qk_norm_faults(faults, attention);
  if (attention.value_norm) {
    faults.emplace_back("value_norm dropped", [](auto& wrong) { wrong.value_norm = false; });
  }
  if (attention.score_multiplier) {
    faults.emplace_back("score_multiplier", [](auto& wrong) { *wrong.score_multiplier *= 2; });
    faults.emplace_back("score_multiplier dropped",
                        [](auto& wrong) { wrong.score_multiplier.reset(); });
  } else {
    faults.emplace_back("query_scalar", [](auto& wrong) {
      wrong.query_scalar = wrong.query_scalar.value_or(wrong.head_dim) * 2;
    });
  }
  if (attention.query_scalar.value_or(attention.head_dim) != attention.head_dim) {
    faults.emplace_back("query_scalar dropped", [](auto& wrong) { wrong.query_scalar.reset(); });
  }
  if (attention.score_soft_cap) {
    faults.emplace_back("score_soft_cap", [](auto& wrong) { *wrong.score_soft_cap *= 2; });
    faults.emplace_back("score_soft_cap dropped",
                        [](auto& wrong) { wrong.score_soft_cap.reset(); });
  }
  add_output_faults(faults, attention);
  if (attention.temperature) {
    faults.emplace_back("temperature dropped", [](auto& wrong) { wrong.temperature.reset(); });
    add_temperature_faults(faults);
  }
  return faults;
}

Attentions<LatentAttention> faults_of_attention(const LatentAttention& attention) {
  Attentions<LatentAttention> faults;
  for (const auto& [field, make] : faults_of_rotary(attention.rotary)) {
    faults.emplace_back(field, [make = make](auto& wrong) { make(wrong.rotary); });
  }
  faults.emplace_back("latent_norm_epsilon",
                      [](auto& wrong) { wrong.latent_norm_epsilon *= 1000; });
  if (attention.temperature) {
    faults.emplace_back("latent temperature dropped",
                        [](auto& wrong) { wrong.temperature.reset(); });
    add_temperature_faults(faults);
  }
  return faults;
}

// Another kernel is another shape of the taps, which no checkpoint here has.
Attentions<ShortConvolution> faults_of_attention(const ShortConvolution&) {
  return {};
}

// A layer that reads another's cache reaches only as far as that cache holds.
void pass_reach_on(ArchSpec& spec, std::size_t owner) {
  for (auto& [name, mixer] : spec.attention) {
    auto* sharing = std::get_if<GroupedAttention>(&mixer);
    if (sharing == nullptr || !sharing->kv_from || sharing->kv_from->index != owner) continue;
    sharing->window = kind_at<GroupedAttention>(spec.attention, owner).window;
    sharing->chunk = kind_at<GroupedAttention>(spec.attention, owner).chunk;
  }
}

template <class Kind>
void add_attention_faults(Faults& faults, const Kind& attention, std::size_t index,
                          std::size_t layer) {
  for (const auto& [field, make] : faults_of_attention(attention)) {
    faults.push_back({field, behind_attention_of(layer), [=, make = make](ArchSpec& spec) {
                        make(kind_at<Kind>(spec.attention, index));
                        pass_reach_on(spec, index);
                      }});
  }
}

// --- Feed-forwards.

void add_feed_forward_faults(Faults& faults, const DenseFeedForward& dense_kind, std::size_t index,
                             std::size_t layer) {
  if (dense_kind.activation_sparsity) {
    faults.push_back({"activation_sparsity", out_of_layer(layer), [=](ArchSpec& spec) {
                        auto& dense = kind_at<DenseFeedForward>(spec.feed_forward, index);
                        dense.activation_sparsity = 0.9;
                      }});
    faults.push_back({"activation_sparsity dropped", out_of_layer(layer), [=](ArchSpec& spec) {
                        auto& dense = kind_at<DenseFeedForward>(spec.feed_forward, index);
                        dense.activation_sparsity.reset();
                      }});
  }
  const auto add = [&](const char* field, const std::function<void(DenseFeedForward&)>& make) {
    faults.push_back({field, out_of_layer(layer), [=](ArchSpec& spec) {
                        make(kind_at<DenseFeedForward>(spec.feed_forward, index));
                      }});
  };
  if (dense_kind.xielu) {
    add("xielu beta", [](auto& wrong) { wrong.xielu->beta *= 2; });
    add("xielu dropped", [](auto& wrong) { wrong.xielu.reset(); });
  } else {
    add("dense activation", [](auto& wrong) { wrong.activation = another(wrong.activation); });
  }
  if (dense_kind.gate_limit) {
    add("dense gate_limit dropped", [](auto& wrong) { wrong.gate_limit.reset(); });
  }
}

using Routers = std::vector<std::pair<const char*, std::function<void(Router&)>>>;

Routers faults_of_router(const Router& router) {
  Routers faults{{"scoring",
                  [](Router& wrong) {
                    const bool softmax = wrong.scoring == Scoring::softmax;
                    wrong.scoring = softmax ? Scoring::sigmoid : Scoring::softmax;
                  }},
                 {"weight_scale", [](Router& wrong) {
                    wrong.weight_scale = wrong.weight_scale.value_or(1) * 1.5;
                  }}};
  // A softmax over the chosen sums to 1 by itself.
  if (router.scoring != Scoring::chosen_softmax) {
    faults.emplace_back("normalized_weights", [](Router& wrong) {
      wrong.normalized_weights = !wrong.normalized_weights;
    });
  }
  if (router.bias) faults.emplace_back("bias", [](Router& wrong) { wrong.bias = false; });
  if (router.product_soft_cap) {
    faults.emplace_back("product_soft_cap dropped",
                        [](Router& wrong) { wrong.product_soft_cap.reset(); });
  }
  if (router.own_input) {
    faults.emplace_back("own_input dropped", [](Router& wrong) { wrong.own_input = false; });
  }
  if (router.expert_scale) {
    faults.emplace_back("expert_scale dropped", [](Router& wrong) { wrong.expert_scale = false; });
  }
  if (router.jitter) {
    faults.emplace_back("jitter", [](Router& wrong) { *wrong.jitter /= 10; });
  }
  if (router.weight_scale) {
    faults.emplace_back("weight_scale dropped", [](Router& wrong) { wrong.weight_scale.reset(); });
  }
  if (router.groups) {
    faults.emplace_back("groups dropped", [](Router& wrong) { wrong.groups.reset(); });
    faults.emplace_back("fewer groups", [](Router& wrong) { wrong.groups->chosen += -1; });
  }
  return faults;
}

void add_feed_forward_faults(Faults& faults, const MixtureFeedForward& mixture, std::size_t index,
                             std::size_t layer) {
  const auto add = [&](const char* field, const Matcher<std::string>& departure,
                       const std::function<void(MixtureFeedForward&)>& make) {
    faults.push_back({field, departure, [=](ArchSpec& spec) {
                        make(kind_at<MixtureFeedForward>(spec.feed_forward, index));
                      }});
  };
  add("expert activation", out_of_layer(layer),
      [](auto& wrong) { wrong.activation = another(wrong.activation); });
  add("scaled_input", out_of_layer(layer),
      [](auto& wrong) { wrong.scaled_input = !wrong.scaled_input; });
  if (mixture.shared_gate) {
    add("shared_gate off", out_of_layer(layer), [](auto& wrong) { wrong.shared_gate = false; });
  }
  if (mixture.shared_width) {
    add("shared experts dropped", out_of_layer(layer), [](auto& wrong) {
      wrong.shared_width.reset();
      wrong.shared_gate = false;
      wrong.shared_average = false;
    });
  }
  if (mixture.expert_bias) {
    add("expert_bias dropped", out_of_layer(layer), [](auto& wrong) { wrong.expert_bias = false; });
  }
  if (mixture.gate_limit) {
    add("gate_limit", out_of_layer(layer),
        [](auto& wrong) { wrong.gate_limit->limit = std::min(wrong.gate_limit->limit / 2, 0.05); });
  }
  if (mixture.shared_gate_limit) {
    add("shared_gate_limit dropped", out_of_layer(layer),
        [](auto& wrong) { wrong.shared_gate_limit.reset(); });
  }
  if (mixture.up_offset) {
    add("up_offset dropped", out_of_layer(layer), [](auto& wrong) { wrong.up_offset.reset(); });
  }
  if (mixture.router.groups) {
    // It need not change a choice in the first of these layers.
    add("group score", testing::StartsWith("experts of layer "), [](auto& wrong) {
      GroupScore& score = wrong.router.groups->score;
      score = score == GroupScore::best ? GroupScore::best_two : GroupScore::best;
    });
  }
  for (const auto& [field, make] : faults_of_router(mixture.router)) {
    add(field, routing_of_layer(layer), [make = make](auto& wrong) { make(wrong.router); });
  }
}

// Half of all that a mixture gives is the same behind a norm of it.
void add_average_fault(Faults& faults, const ArchSpec& spec, std::size_t index, std::size_t layer) {
  const auto* mixture = std::get_if<MixtureFeedForward>(&spec.feed_forward[index].value);
  const NormPlacement placement = spec.norm.placement;
  const bool normed =
      placement == NormPlacement::after || placement == NormPlacement::before_and_after;
  if (mixture == nullptr || !mixture->shared_width || normed) return;
  faults.push_back({"shared_average", out_of_layer(layer), [=](ArchSpec& wrong) {
                      bool& average =
                          kind_at<MixtureFeedForward>(wrong.feed_forward, index).shared_average;
                      average = !average;
                    }});
}

// --- The whole model.

// What a norm may have wrong with the weights that it has.
using Norms = std::vector<std::pair<std::string, std::function<void(Norm&)>>>;

Norms faults_of_norm(const Norm& norm) {
  Norms faults{{"norm epsilon", [](Norm& wrong) { wrong.epsilon *= 1000; }}};
  if (norm.kind == NormKind::layer) {
    faults.emplace_back("norm kind", [](Norm& wrong) {
      wrong.kind = NormKind::rms;
      if (wrong.without == NormOmission::bias) wrong.without.reset();
    });
  }
  if (norm.kind == NormKind::layer && !norm.without) {
    faults.emplace_back("norm bias dropped",
                        [](Norm& wrong) { wrong.without = NormOmission::bias; });
  }
  if (norm.without != NormOmission::weight_and_bias) {
    faults.emplace_back("norm weight dropped",
                        [](Norm& wrong) { wrong.without = NormOmission::weight_and_bias; });
  }
  return faults;
}

Norms faults_of_placement(const Norm& norm) {
  Norms faults;
  for (const auto& [name, placement] : Names<NormPlacement>::values) {
    if (placement == norm.placement) continue;
    if (placement == NormPlacement::before_and_after) continue;  // which has weights of its own
    faults.emplace_back("placement " + std::string(name),
                        [placement = placement](Norm& wrong) { wrong.placement = placement; });
  }
  return faults;
}

// The first layer with a sublayer that has the spec's norm around it; none where each has its own.
std::optional<std::size_t> first_with_the_norm(const ArchSpec& spec) {
  const std::vector<std::size_t> sequence = layer_sequence(spec);
  for (std::size_t layer = 0; layer < sequence.size(); ++layer) {
    for (const Sublayer& sublayer : sublayers_of(spec.layer.at(sequence[layer]).value)) {
      if (!sublayer.norm && norm_around(spec, sublayer)) return layer;
    }
  }
  return std::nullopt;
}

void add_norm_faults(Faults& faults, const ArchSpec& spec) {
  const auto first = first_with_the_norm(spec);
  const Matcher<std::string> around =
      first ? behind_attention_of(*first) : Matcher<std::string>("logits");
  const Matcher<std::string> of_any =
      spec.embedding_norm ? Matcher<std::string>("hidden state into layer 0") : around;
  const auto add = [&](const Norms& some, const Matcher<std::string>& seen) {
    for (const auto& [field, make] : some) {
      faults.push_back({field, seen, [make = make](ArchSpec& wrong) { make(wrong.norm); }});
    }
  };
  add(faults_of_norm(spec.norm), of_any);
  if (first) add(faults_of_placement(spec.norm), around);
}

// The norms of blocks; one of the residual stream would be the sublayer's.
void add_block_norm_faults(Faults& faults, const ArchSpec& spec, std::size_t kind,
                           std::size_t layer) {
  const Layer& right = spec.layer.at(kind).value;
  if (!right.sublayers) return;
  for (std::size_t s = 0; s < right.sublayers->size(); ++s) {
    for (std::size_t b = 0; b < right.sublayers->at(s).blocks.size(); ++b) {
      const std::optional<Norm>& norm = right.sublayers->at(s).blocks[b].norm;
      if (!norm) continue;
      Norms all = faults_of_norm(*norm);
      for (auto& fault : faults_of_placement(*norm)) all.push_back(std::move(fault));
      for (const auto& [field, make] : all) {
        if (field == "placement after_residual" || field == "placement before_residual") continue;
        faults.push_back(
            {"block " + field, behind_attention_of(layer), [=, make = make](ArchSpec& wrong) {
               make(*wrong.layer[kind].value.sublayers->at(s).blocks[b].norm);
             }});
      }
    }
  }
}

// Blocks one after the other instead of side by side, or the other way round, each with the norm
// that it has.
void add_arrangement_fault(Faults& faults, const ArchSpec& spec, std::size_t kind,
                           std::size_t layer) {
  const Layer& right = spec.layer.at(kind).value;
  if (!right.sublayers && right.attention && right.feed_forward && !spec.low_rank_residual &&
      spec.norm.placement != NormPlacement::after_residual) {
    faults.push_back({"side by side", behind_attention_of(layer), [=](ArchSpec& wrong) {
                        Layer& changed = wrong.layer[kind].value;
                        const Sublayer both{{{changed.attention, std::nullopt, wrong.norm},
                                             {std::nullopt, changed.feed_forward, wrong.norm}}};
                        changed = {std::nullopt, std::nullopt, std::vector<Sublayer>{both}};
                      }});
  }
  const bool two = right.sublayers && right.sublayers->size() == 1 &&
                   right.sublayers->front().blocks.size() == 2 &&
                   right.sublayers->front().blocks.back().norm;
  if (!two) return;
  faults.push_back({"in sequence", behind_attention_of(layer), [=](ArchSpec& wrong) {
                      std::vector<Sublayer> apart;
                      for (const SublayerBlock& block :
                           wrong.layer[kind].value.sublayers->front().blocks) {
                        apart.push_back({{block}});
                      }
                      wrong.layer[kind].value.sublayers = apart;
                    }});
}

// Twice the number, and none.
void add_multiplier_faults(Faults& faults, const std::string& field,
                           std::optional<double> ArchSpec::*member, const ArchSpec& spec,
                           const Matcher<std::string>& departure) {
  if (!(spec.*member)) return;
  faults.push_back({field, departure, [=](ArchSpec& wrong) { *(wrong.*member) *= 2; }});
  faults.push_back(
      {field + " dropped", departure, [=](ArchSpec& wrong) { (wrong.*member).reset(); }});
}

void add_model_faults(Faults& faults, const ArchSpec& spec) {
  add_norm_faults(faults, spec);
  add_multiplier_faults(faults, "embedding_multiplier", &ArchSpec::embedding_multiplier, spec,
                        "hidden state into layer 0");
  add_multiplier_faults(faults, "residual_multiplier", &ArchSpec::residual_multiplier, spec,
                        behind_attention_of(0));
  add_multiplier_faults(faults, "logit_multiplier", &ArchSpec::logit_multiplier, spec, "logits");
  if (spec.head_bias) {
    faults.push_back(
        {"head_bias dropped", "logits", [](ArchSpec& wrong) { wrong.head_bias = false; }});
  }
  faults.push_back({"scaled_embedding", "hidden state into layer 0",
                    [](ArchSpec& wrong) { wrong.scaled_embedding = !wrong.scaled_embedding; }});
  if (spec.layer_scale) {
    faults.push_back({"layer_scale dropped", out_of_layer(0),
                      [](ArchSpec& wrong) { wrong.layer_scale = false; }});
  }
  if (spec.embedding_norm) {
    faults.push_back({"embedding_norm dropped", "hidden state into layer 0",
                      [](ArchSpec& wrong) { wrong.embedding_norm = false; }});
  }
  if (spec.position_offset) {
    faults.push_back({"position_offset dropped", "hidden state into layer 0",
                      [](ArchSpec& wrong) { wrong.position_offset.reset(); }});
  }
  if (spec.parallel_streams) {
    faults.push_back({"active stream", behind_attention_of(0),
                      [](ArchSpec& wrong) { wrong.parallel_streams->active = 1; }});
    faults.push_back({"coefficient_clip", behind_attention_of(0),
                      [](ArchSpec& wrong) { wrong.parallel_streams->coefficient_clip = 0.01; }});
  }
  if (spec.per_layer_embedding) {
    faults.push_back({"per-layer activation", behind_attention_of(0), [](ArchSpec& wrong) {
                        wrong.per_layer_embedding->activation =
                            another(wrong.per_layer_embedding->activation);
                      }});
  }
  faults.push_back({"logit_soft_cap", "logits", [](ArchSpec& wrong) {
                      wrong.logit_soft_cap = wrong.logit_soft_cap.value_or(1) * 2;
                    }});
  if (!spec.logit_soft_cap) return;
  faults.push_back(
      {"logit_soft_cap dropped", "logits", [](ArchSpec& wrong) { wrong.logit_soft_cap.reset(); }});
}

// --- Norms of sublayers and of blocks.

void add_layer_faults(Faults& faults, const Layer& layer, std::size_t kind, std::size_t first) {
  if (!layer.sublayers) return;
  for (std::size_t i = 0; i < layer.sublayers->size(); ++i) {
    const auto add = [&](const char* field, const std::function<void(Sublayer&)>& make) {
      faults.push_back({field, behind_attention_of(first), [=](ArchSpec& wrong) {
                          make(wrong.layer.at(kind).value.sublayers->at(i));
                        }});
    };
    const Sublayer& sublayer = layer.sublayers->at(i);
    if (sublayer.norm) {
      add("norm of a sublayer dropped", [](Sublayer& wrong) { wrong.norm.reset(); });
    }
    for (std::size_t k = 0; k < sublayer.blocks.size(); ++k) {
      if (!sublayer.blocks[k].norm) continue;
      add("norm of a block dropped", [k](Sublayer& wrong) { wrong.blocks[k].norm.reset(); });
    }
  }
}

bool contains(const std::vector<std::size_t>& indices, std::size_t wanted) {
  return std::ranges::find(indices, wanted) != indices.end();
}

template <class IsOne>
std::size_t first_layer(const ArchSpec& spec, const IsOne& is_one) {
  const std::vector<std::size_t> sequence = layer_sequence(spec);
  for (std::size_t layer = 0; layer < sequence.size(); ++layer) {
    if (is_one(spec.layer.at(sequence[layer]).value)) return layer;
  }
  throw std::logic_error("a kind that no layer has");
}

}  // namespace

std::vector<FieldFault> faults_of(const ArchSpec& spec) {
  Faults faults;
  add_model_faults(faults, spec);
  for (std::size_t i = 0; i < spec.layer.size(); ++i) {
    const auto is_one = [&](const Layer& kind) { return &kind == &spec.layer[i].value; };
    const std::size_t layer = first_layer(spec, is_one);
    add_block_norm_faults(faults, spec, i, layer);
    add_arrangement_fault(faults, spec, i, layer);
    add_layer_faults(faults, spec.layer[i].value, i, layer);
  }
  for (std::size_t i = 0; i < spec.attention.size(); ++i) {
    const std::size_t layer =
        first_layer(spec, [&](const Layer& kind) { return contains(mixers_of(kind), i); });
    std::visit([&](const auto& kind) { add_attention_faults(faults, kind, i, layer); },
               spec.attention[i].value);
  }
  for (std::size_t i = 0; i < spec.feed_forward.size(); ++i) {
    const std::size_t layer =
        first_layer(spec, [&](const Layer& kind) { return contains(feed_forwards_of(kind), i); });
    std::visit([&](const auto& kind) { add_feed_forward_faults(faults, kind, i, layer); },
               spec.feed_forward[i].value);
    add_average_fault(faults, spec, i, layer);
  }
  return faults;
}

}  // namespace llmarch
