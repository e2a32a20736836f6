// Routing, and the routed experts.
#pragma once

#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

#include "kernels/reference/arithmetic.h"
#include "kernels/reference/step.h"

namespace llmarch::reference {

// The indices of the `count` largest scores, in ascending order; on a tie, the lower index wins. A
// NaN ranks above every number, as in torch.topk.
template <class Scalar>
std::vector<std::size_t> largest(std::span<const Scalar> scores, std::size_t count) {
  std::vector<std::size_t> order(scores.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    const bool a_is_number = !std::isnan(plain(scores[a]));
    return scores[b] < scores[a] || (!a_is_number && !std::isnan(plain(scores[b])));
  });
  order.resize(count);
  std::sort(order.begin(), order.end());
  return order;
}

// A group's score is that of its best expert (DeepSeek-V2, arXiv 2405.04434, section 2.2.2), or the
// sum of its two best (DeepSeek-V3, arXiv 2412.19437, section 2.1.2).
template <class Scalar>
Scalar group_score(GroupScore score, std::span<const Scalar> members) {
  switch (score) {
    case GroupScore::best: return *std::max_element(members.begin(), members.end());
    case GroupScore::best_two: {
      const auto best = largest(members, 2);
      return members[best[0]] + members[best[1]];
    }
  }
  throw std::logic_error("group_score: a score outside the enumeration");
}

// Makes the experts outside the best groups impossible to choose.
template <class Scalar>
void keep_best_groups(const ExpertGroups& groups, std::span<Scalar> choice) {
  const std::size_t width = choice.size() / size(groups.count);
  std::vector<Scalar> group_scores;
  for (std::size_t group = 0; group < size(groups.count); ++group) {
    const std::span<const Scalar> members = choice.subspan(group * width, width);
    group_scores.push_back(group_score(groups.score, members));
  }
  std::vector<bool> kept(size(groups.count), false);
  for (const std::size_t group :
       largest(std::span<const Scalar>(group_scores), size(groups.chosen))) {
    kept[group] = true;
  }
  for (std::size_t expert = 0; expert < choice.size(); ++expert) {
    if (!kept[expert / width]) choice[expert] = -std::numeric_limits<double>::infinity();
  }
}

// The scores of all experts for one row, and the (possibly biased) scores by which they are chosen.
template <class Scalar>
struct Scores {
  std::vector<Scalar> weight;
  std::vector<Scalar> choice;
};

// What a router scores experts with besides its matrix; each empty or one for each expert.
struct RouterVectors {
  std::vector<float> bias, correction, expert_scale;
};

// The scores that follow from a router's products, in place.
template <class Scalar>
void score_products(const Router& router, std::span<Scalar> products) {
  if (router.product_soft_cap) {
    for (Scalar& product : products) product = soft_capped(product, *router.product_soft_cap);
  }
  switch (router.scoring) {
    case Scoring::softmax: softmax(products); return;
    case Scoring::sigmoid:
      for (Scalar& product : products) product = sigmoid(product);
      return;
    case Scoring::root_softplus:
      for (Scalar& product : products) product = root(softplus(product));
      return;
    // Weights that depend on which experts are chosen are made after the choice.
    case Scoring::chosen_softmax:
    case Scoring::sparsemixer: return;
  }
}

template <class Scalar>
Scores<Scalar> score_experts(const Route& op, std::span<const Scalar> row, WeightReader& router,
                             const RouterVectors& vectors) {
  std::vector<Scalar> scores(router.rows());
  for (std::size_t e = 0; e < scores.size(); ++e) scores[e] = dot(row, router.row(e));
  for (std::size_t e = 0; e < vectors.bias.size(); ++e) scores[e] += Scalar(vectors.bias[e]);
  score_products(op.router, std::span(scores));
  std::vector<Scalar> choice = scores;
  for (std::size_t e = 0; e < vectors.correction.size(); ++e) {
    choice[e] += Scalar(vectors.correction[e]);
  }
  if (op.router.groups) keep_best_groups(*op.router.groups, std::span(choice));
  return {std::move(scores), std::move(choice)};
}

// The weight of the best of the experts that are not taken yet: a softmax over those of them whose
// logit s is not far below the largest m, (m - s) / max(|s|, m) <= 2 jitter.
template <class Scalar>
Scalar sparsemixer_weight(std::span<const Scalar> logits, const std::vector<bool>& taken,
                          std::size_t best, double jitter) {
  const Scalar none = -std::numeric_limits<double>::infinity();
  Scalar most = none;
  for (std::size_t e = 0; e < logits.size(); ++e) {
    if (!taken[e] && most < logits[e]) most = logits[e];
  }
  std::vector<Scalar> near(logits.begin(), logits.end());
  for (std::size_t e = 0; e < logits.size(); ++e) {
    const Scalar bound = std::max(std::abs(plain(logits[e])), plain(most));
    const Scalar distance = (most - logits[e]) / bound;
    if (taken[e] || plain(distance) > 2 * jitter) near[e] = none;
  }
  softmax(std::span(near));
  return near[best];
}

// The weights of `experts`, which are taken in the order of their logits; on a tie the first.
template <class Scalar>
std::vector<Scalar> sparsemixer_weights(std::span<const Scalar> logits,
                                        std::span<const std::size_t> experts, double jitter) {
  std::vector<std::size_t> order(experts.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return logits[experts[b]] < logits[experts[a]];
  });
  std::vector<Scalar> weights(experts.size());
  std::vector<bool> taken(logits.size(), false);
  for (const std::size_t next : order) {
    weights[next] = sparsemixer_weight(logits, taken, experts[next], jitter);
    taken[experts[next]] = true;
  }
  return weights;
}

// What the chosen experts' outputs are multiplied by, before normalisation and scale.
template <class Scalar>
std::vector<Scalar> weights_of(const Router& router, std::span<const Scalar> scores,
                               std::span<const std::size_t> experts) {
  if (router.scoring == Scoring::sparsemixer) {
    return sparsemixer_weights(scores, experts, router.jitter.value());
  }
  std::vector<Scalar> weights;
  for (const std::size_t expert : experts) weights.push_back(scores[expert]);
  return weights;
}

template <class Scalar>
void weight_chosen(const Router& router, std::span<Scalar> weights) {
  if (router.scoring == Scoring::chosen_softmax) softmax(weights);
  if (router.normalized_weights) {
    Scalar sum = 0.0;
    for (const Scalar weight : weights) sum += weight;
    for (Scalar& weight : weights) weight = weight / sum;
  }
  if (router.weight_scale) {
    const Scalar scale = *router.weight_scale;
    for (Scalar& weight : weights) weight = weight * scale;
  }
}

// The experts that the table lists for the token of row r, in ascending order.
template <class Scalar>
std::vector<std::size_t> listed_experts(const BlockRun<Scalar>& step, const Route& op,
                                        std::size_t r) {
  const std::size_t chosen = size(op.experts_per_token);
  const auto lists = step.weights->of(*op.listed, step.layer);
  std::vector<std::size_t> experts;
  for (const float id : part(lists, static_cast<std::size_t>(step.token_ids[r]), chosen)) {
    experts.push_back(static_cast<std::size_t>(id));
  }
  std::sort(experts.begin(), experts.end());
  return experts;
}

template <class Scalar>
void run(BlockRun<Scalar>& step, const Route& op) {
  auto in = step.read(op.in);
  auto router = step.weight(op.weight);
  auto out = step.write(op.out);
  const auto read = [&](const std::optional<WeightId>& id) {
    if (!id) return std::vector<float>();
    const auto vector = step.weight(*id).row(0);
    return std::vector<float>(vector.begin(), vector.end());
  };
  const RouterVectors vectors{read(op.bias), read(op.correction_bias), read(op.expert_scale)};
  const std::size_t chosen = size(op.experts_per_token);
  for (std::size_t r = 0; r < in.rows(); ++r) {
    const Scores<Scalar> scores = score_experts(op, in.row(r), router, vectors);
    const auto experts = op.listed ? listed_experts(step, op, r)
                                   : largest(std::span<const Scalar>(scores.choice), chosen);
    const auto weights = weights_of(op.router, std::span<const Scalar>(scores.weight), experts);
    const auto row = out.row(r);
    for (std::size_t i = 0; i < chosen; ++i) {
      row[i] = static_cast<double>(experts[i]);
      row[chosen + i] = weights[i];
    }
    weight_chosen(op.router, row.subspan(chosen));
    if (!op.expert_scale) continue;
    for (std::size_t i = 0; i < chosen; ++i) {
      row[chosen + i] = row[chosen + i] * Scalar(vectors.expert_scale[experts[i]]);
    }
  }
}

// The weights of all experts; each expert has the copies of its own.
struct ExpertWeights {
  struct Biases {
    WeightReader gate, up;
    std::optional<WeightReader> down;
  };
  std::optional<WeightReader> gate;
  WeightReader up, down;
  std::optional<Biases> biases;
};

template <class Scalar>
ExpertWeights expert_weights(BlockRun<Scalar>& step, const RunExperts& op) {
  ExpertWeights weights{{}, step.weight(op.up), step.weight(op.down), {}};
  if (op.gate) weights.gate.emplace(step.weight(*op.gate));
  if (op.biases) {
    weights.biases.emplace(
        ExpertWeights::Biases{step.weight(op.biases->gate), step.weight(op.biases->up), {}});
    if (op.biases->down) weights.biases->down.emplace(step.weight(*op.biases->down));
  }
  return weights;
}

// The projection of a row by one expert, with its bias where it has one.
template <class Scalar>
std::vector<Scalar> projected(std::span<const Scalar> row, std::size_t expert, WeightReader& weight,
                              WeightReader* bias) {
  std::vector<Scalar> out(weight.rows());
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = dot(row, weight.row(i, expert));
  if (bias == nullptr) return out;
  const auto added = bias->row(0, expert);
  for (std::size_t i = 0; i < out.size(); ++i) out[i] += Scalar(added[i]);
  return out;
}

// One expert's feed-forward for one row.
template <class Scalar>
std::vector<Scalar> run_expert(const GateForm& form, std::size_t expert,
                               std::span<const Scalar> row, ExpertWeights& weights) {
  auto* const biases = weights.biases ? &*weights.biases : nullptr;
  std::vector<Scalar> inner =
      projected(row, expert, weights.up, biases == nullptr ? nullptr : &biases->up);
  if (weights.gate) {
    const std::vector<Scalar> gate =
        projected(row, expert, *weights.gate, biases == nullptr ? nullptr : &biases->gate);
    for (std::size_t i = 0; i < inner.size(); ++i) inner[i] = gated(form, gate[i], inner[i]);
  } else {
    for (Scalar& element : inner) element = activate(form.activation, element);
  }
  return projected(std::span<const Scalar>(inner), expert, weights.down,
                   biases == nullptr || !biases->down ? nullptr : &*biases->down);
}

// The place of a chosen expert among those that are held; none where another rank holds it.
inline std::optional<std::size_t> held_expert(const RunExperts& op, std::size_t chosen) {
  if (!op.share) return chosen;
  const std::size_t first = size(op.share->first);
  const bool held = chosen >= first && chosen - first < size(op.experts);
  return held ? std::optional(chosen - first) : std::nullopt;
}

// What the choice gives for one row: an expert's feed-forward, or the row itself.
template <class Scalar>
std::vector<Scalar> given_by(BlockRun<Scalar>& step, const RunExperts& op, std::size_t choice,
                             std::vector<Scalar> row, ExpertWeights& weights) {
  if (choice >= size(op.experts)) return row;
  step.ledger->note_expert_run();
  return run_expert(op.form, choice, std::span<const Scalar>(row), weights);
}

template <class Scalar>
void run(BlockRun<Scalar>& step, const RunExperts& op) {
  auto in = step.read(op.in);
  auto choice = step.read(op.choice);
  ExpertWeights weights = expert_weights(step, op);
  auto out = step.write(op.out);
  const std::size_t chosen = size(op.experts_per_token);
  for (std::size_t r = 0; r < in.rows(); ++r) {
    const auto source = in.row(r);
    const auto sum = out.row(r);
    for (std::size_t i = 0; i < chosen; ++i) {
      const auto expert = held_expert(op, static_cast<std::size_t>(plain(choice.row(r)[i])));
      if (!expert) continue;
      const Scalar weight = choice.row(r)[chosen + i];
      std::vector<Scalar> row(source.begin(), source.end());
      if (op.weighted == Weighted::input) {
        for (Scalar& element : row) element = element * weight;
      }
      const auto given = given_by(step, op, *expert, std::move(row), weights);
      for (std::size_t k = 0; k < given.size(); ++k) {
        sum[k] += op.weighted == Weighted::output ? weight * given[k] : given[k];
      }
    }
  }
}

}  // namespace llmarch::reference
