#include <algorithm>
#include <utility>

#include "tests/golden/fault_lists.h"

namespace llmarch {
namespace {

void add_faults(Faults& faults, const DenseFeedForward& dense_kind, std::size_t index,
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
  } else if (dense_kind.situ) {
    add("situ gate", [](auto& wrong) { wrong.situ->gate /= 8; });
    add("situ up", [](auto& wrong) { wrong.situ->up /= 80; });
    add("situ dropped", [](auto& wrong) { wrong.situ.reset(); });
  } else {
    add("dense activation", [](auto& wrong) { wrong.activation = another(wrong.activation); });
  }
  if (dense_kind.gate_limit) {
    add("dense gate_limit dropped", [](auto& wrong) { wrong.gate_limit.reset(); });
  }
  if (dense_kind.gate_multiplier) {
    add("gate_multiplier", [](auto& wrong) { *wrong.gate_multiplier *= 2; });
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
  if (router.listed_by_token) {
    faults.emplace_back("listed_by_token off",
                        [](Router& wrong) { wrong.listed_by_token = false; });
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

void add_faults(Faults& faults, const MixtureFeedForward& mixture, std::size_t index,
                std::size_t layer) {
  const auto add = [&](const char* field, const testing::Matcher<std::string>& departure,
                       const std::function<void(MixtureFeedForward&)>& make) {
    faults.push_back({field, departure, [=](ArchSpec& spec) {
                        make(kind_at<MixtureFeedForward>(spec.feed_forward, index));
                      }});
  };
  if (mixture.situ) {
    add("situ of experts", out_of_layer(layer), [](auto& wrong) { wrong.situ.reset(); });
  } else {
    add("expert activation", out_of_layer(layer),
        [](auto& wrong) { wrong.activation = another(wrong.activation); });
  }
  if (mixture.latent_norm) {
    add("latent_norm dropped", out_of_layer(layer), [](auto& wrong) { wrong.latent_norm = false; });
  }
  add("scaled_input", out_of_layer(layer),
      [](auto& wrong) { wrong.scaled_input = !wrong.scaled_input; });
  if (mixture.shared_gate) {
    add("shared_gate off", out_of_layer(layer), [](auto& wrong) { wrong.shared_gate = false; });
  }
  if (mixture.shared_width) {
    add("shared experts dropped", out_of_layer(layer), [](auto& wrong) {
      wrong.shared_width.reset();
      wrong.shared_gate = false;
      wrong.sum_multiplier.reset();
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

// A multiple of all that a mixture gives is the same after a norm of it.
void add_sum_fault(Faults& faults, const ArchSpec& spec, std::size_t index, std::size_t layer) {
  const auto* mixture = std::get_if<MixtureFeedForward>(&spec.feed_forward[index].value);
  const NormPlacement placement = spec.norm.placement;
  const bool normed =
      placement == NormPlacement::after || placement == NormPlacement::before_and_after;
  if (mixture == nullptr || !mixture->shared_width || normed) return;
  faults.push_back({"sum_multiplier", out_of_layer(layer), [=](ArchSpec& wrong) {
                      auto& sum =
                          kind_at<MixtureFeedForward>(wrong.feed_forward, index).sum_multiplier;
                      sum = sum ? std::nullopt : std::optional(0.5);
                    }});
}

}  // namespace

void add_feed_forward_faults(Faults& faults, const ArchSpec& spec, std::size_t feed_forward,
                             std::size_t layer) {
  std::visit([&](const auto& kind) { add_faults(faults, kind, feed_forward, layer); },
             spec.feed_forward[feed_forward].value);
  add_sum_fault(faults, spec, feed_forward, layer);
}

}  // namespace llmarch
