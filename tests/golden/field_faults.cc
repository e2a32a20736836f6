#include "tests/golden/field_faults.h"

#include <stdexcept>

#include "tests/golden/fault_lists.h"

namespace llmarch {
namespace {

// Blocks one after the other instead of side by side, or the other way round, each with the norm
// that it has.
void add_arrangement_fault(Faults& faults, const ArchSpec& spec, std::size_t kind,
                           std::size_t layer) {
  const Layer& right = spec.layer.at(kind).value;
  if (!right.sublayers && right.attention && right.feed_forward && !spec.low_rank_residual &&
      spec.norm.placement != NormPlacement::after_residual) {
    faults.push_back({"side by side", after_attention_of(layer), [=](ArchSpec& wrong) {
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
  faults.push_back({"in sequence", after_attention_of(layer), [=](ArchSpec& wrong) {
                      std::vector<Sublayer> apart;
                      for (const SublayerBlock& block :
                           wrong.layer[kind].value.sublayers->front().blocks) {
                        apart.push_back({{block}});
                      }
                      wrong.layer[kind].value.sublayers = apart;
                    }});
}

// Twice the factor on what a block is given, and on what it gives.
void add_block_factor_faults(Faults& faults, const ArchSpec& spec, std::size_t kind,
                             std::size_t layer) {
  const auto& sublayers = spec.layer.at(kind).value.sublayers;
  for (std::size_t i = 0; sublayers && i < sublayers->size(); ++i) {
    for (std::size_t k = 0; k < (*sublayers)[i].blocks.size(); ++k) {
      for (const auto member :
           {&SublayerBlock::input_multiplier, &SublayerBlock::output_multiplier}) {
        if (!((*sublayers)[i].blocks[k].*member)) continue;
        faults.push_back({"factor of a block", out_of_layer(layer), [=](ArchSpec& wrong) {
                            auto& changed = wrong.layer[kind].value.sublayers.value();
                            *(changed[i].blocks[k].*member) *= 2;
                          }});
      }
    }
  }
}

// Twice the number, and none.
void add_multiplier_faults(Faults& faults, const std::string& field,
                           std::optional<double> ArchSpec::*member, const ArchSpec& spec,
                           const testing::Matcher<std::string>& departure) {
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
                        after_attention_of(0));
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
    faults.push_back({"active stream", after_attention_of(0),
                      [](ArchSpec& wrong) { wrong.parallel_streams->active = 1; }});
    faults.push_back({"coefficient_clip", after_attention_of(0),
                      [](ArchSpec& wrong) { wrong.parallel_streams->coefficient_clip = 0.01; }});
  }
  if (spec.hyper_connections) {
    faults.push_back({"stream iterations", after_attention_of(0),
                      [](ArchSpec& wrong) { wrong.hyper_connections->iterations = 1; }});
    faults.push_back({"stream epsilon", after_attention_of(0),
                      [](ArchSpec& wrong) { wrong.hyper_connections->epsilon = 0.01; }});
  }
  if (spec.per_layer_embedding) {
    faults.push_back({"per-layer activation", after_attention_of(0), [](ArchSpec& wrong) {
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
    add_layer_norm_faults(faults, spec, i, layer);
    add_arrangement_fault(faults, spec, i, layer);
    add_block_factor_faults(faults, spec, i, layer);
  }
  for (std::size_t i = 0; i < spec.attention.size(); ++i) {
    const std::size_t layer =
        first_layer(spec, [&](const Layer& kind) { return contains(mixers_of(kind), i); });
    add_mixer_faults(faults, spec, i, layer);
  }
  for (std::size_t i = 0; i < spec.feed_forward.size(); ++i) {
    const std::size_t layer =
        first_layer(spec, [&](const Layer& kind) { return contains(feed_forwards_of(kind), i); });
    add_feed_forward_faults(faults, spec, i, layer);
  }
  return faults;
}

}  // namespace llmarch
