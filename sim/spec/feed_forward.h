// The feed-forwards of a layer, which take each position by itself: dense, or a mixture of experts
// with its router.
#pragma once

#include <optional>
#include <variant>

#include "sim/spec/activation.h"
#include "sim/units.h"

namespace llmarch {

enum class GroupScore { best, best_two };
// sparsemixer (arXiv 2409.12136, as transformers' modeling_phimoe.py runs it): the experts of a
// token are taken one by one, the largest logit first. The weight of each is a softmax over those
// that are left and not far below it; see Router::jitter.
// chosen_softmax: experts are chosen by the router's products themselves, and a softmax over those
// of the chosen makes their weights. root_softplus: the root of softplus (DeepSeek-V4).
enum class Scoring { softmax, sigmoid, sparsemixer, chosen_softmax, root_softplus };
// Where a bound on a gated feed-forward's gate stands: before its activation or after.
enum class GateLimitPlace { before_activation, after_activation };

// A gated feed-forward act(gate) * up whose gate is held below `limit`, before or after its
// activation, and whose other factor is held within -limit and limit.
struct GateLimit {
  double limit = 0;
  GateLimitPlace place = GateLimitPlace::before_activation;
  bool operator==(const GateLimit&) const = default;
};

// SiTU (Kimi K3), a gated product whose factors grow no further than these two numbers b and l:
// b tanh(gate / b) sigmoid(gate) * l tanh(up / l).
struct Situ {
  double gate = 0;
  double up = 0;
};

// xIELU (arXiv 2411.13010): x a_p x + beta x where x is above 0, else a_n (e^min(x, epsilon) - 1 -
// x) + beta x, with two learned numbers p and n in each layer: a_p = softplus(p), a_n = beta +
// softplus(n).
struct Xielu {
  double beta = 0;
  double epsilon = 0;  // below 0
};

struct DenseFeedForward {
  Integer width;
  Activation activation = Activation::silu;
  bool gated = false;  // act(gate(x)) * up(x) instead of act(up(x))
  bool bias = false;
  // Statistical top-k (Spark Transformer, arXiv 2506.06644): of what enters the activation only
  // what lies above mean + quantile(this) deviations of its row is kept, less that bound.
  std::optional<double> activation_sparsity = {};
  std::optional<GateLimit> gate_limit = {};
  std::optional<double> up_offset = {};  // added to what the activated gate multiplies
  std::optional<Xielu> xielu = {};       // instead of `activation`
  // The gate is multiplied by it before it is activated.
  std::optional<double> gate_multiplier = {};
  std::optional<Situ> situ = {};  // instead of act(gate) * up
};

struct ExpertGroups {
  Integer count;                            // the experts are split into this many groups
  Integer chosen;                           // and only the best of them may be chosen from
  GroupScore score = GroupScore::best_two;  // by their best expert, or the sum of their two best
};

struct Router {
  Scoring scoring = Scoring::softmax;
  bool correction_bias = false;     // added to the scores for the choice, not for the weights
  bool normalized_weights = false;  // the chosen weights are divided by their sum
  std::optional<double> weight_scale;
  std::optional<ExpertGroups> groups;
  // sparsemixer: an expert is far below the largest logit m if (m - s) / max(|s|, m) > 2 jitter.
  std::optional<double> jitter = {};
  bool bias = false;                            // added to the router's products
  std::optional<double> product_soft_cap = {};  // products s become cap tanh(s / cap)
  // The router reads the sublayer's input through a norm of its own, scaled by 1 / the root of
  // hidden, and each expert's weight is multiplied by a learned number (Gemma 4).
  bool own_input = false;
  bool expert_scale = false;
  // The experts of a token are those that a table lists for its id, whatever their scores, which
  // only make the weights (DeepSeek-V4's hash layers).
  bool listed_by_token = false;
};

struct MixtureFeedForward {
  Integer experts;
  Integer experts_per_token;
  Integer expert_width;
  std::optional<Integer> shared_width;  // all shared experts together, run for every token
  bool shared_gate = false;  // what they give is multiplied by a sigmoid of the token's own
  std::optional<double> sum_multiplier = {};  // the sum of routed and shared experts is, by this
  bool scaled_input = false;  // an expert's weight multiplies what it is given, not what it gives
  Activation activation = Activation::silu;
  Router router;
  bool expert_bias = false;                  // the projections of the experts have a bias
  std::optional<GateLimit> gate_limit = {};  // of the routed experts
  std::optional<GateLimit> shared_gate_limit = {};
  std::optional<double> up_offset = {};  // added to what an activated gate multiplies
  bool ungated = false;                  // experts are act(up(x)) instead of act(gate(x)) * up(x)
  // Routed experts read a projection of their input into so many columns, and a projection of their
  // sum leads back (Nemotron 3 Super).
  std::optional<Integer> latent_width = {};
  bool latent_norm = false;  // the sum is normalised first (Kimi K3)
  // The router chooses among this many more, which give what they are given (LongCat-Flash's zero
  // experts). How many experts with weights a token runs then depends on its routing.
  std::optional<Integer> identity_experts = {};
  std::optional<Situ> situ = {};  // instead of act(gate) * up, in all experts
};

using FeedForward = std::variant<DenseFeedForward, MixtureFeedForward>;

// Not overloads of is_mixture: an alternative without one would convert to the variant, and the
// call would never end.
constexpr bool has_routed_experts(const DenseFeedForward&) {
  return false;
}
constexpr bool has_routed_experts(const MixtureFeedForward&) {
  return true;
}
inline bool is_mixture(const FeedForward& feed_forward) {
  return std::visit([](const auto& kind) { return has_routed_experts(kind); }, feed_forward);
}

}  // namespace llmarch
