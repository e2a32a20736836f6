// Routing, and the routed experts.
#pragma once

#include <limits>
#include <numeric>
#include <vector>

#include "kernels/reference/arithmetic.h"
#include "kernels/reference/step.h"

namespace llmarch::reference {

// The indices of the `count` largest scores, in ascending order; on a tie, the lower index wins.
template <class Scalar>
std::vector<std::size_t> largest(std::span<const Scalar> scores, std::size_t count) {
  std::vector<std::size_t> order(scores.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return scores[b] < scores[a]; });
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

template <class Scalar>
Scores<Scalar> score_experts(const Route& op, std::span<const Scalar> row, WeightReader& router,
                             const std::vector<float>& correction) {
  std::vector<Scalar> scores(router.rows());
  for (std::size_t e = 0; e < scores.size(); ++e) scores[e] = dot(row, router.row(e));
  switch (op.router.scoring) {
    case Scoring::softmax: softmax(std::span(scores)); break;
    case Scoring::sigmoid:
      for (Scalar& score : scores) score = sigmoid(score);
      break;
    case Scoring::sparsemixer: break;  // its weights depend on what is chosen
  }
  std::vector<Scalar> choice = scores;
  for (std::size_t e = 0; e < correction.size(); ++e) choice[e] += Scalar(correction[e]);
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

template <class Scalar>
void run(BlockRun<Scalar>& step, const Route& op) {
  auto in = step.read(op.in);
  auto router = step.weight(op.weight);
  auto out = step.write(op.out);
  std::vector<float> correction;
  if (op.correction_bias) {
    const auto bias = step.weight(*op.correction_bias).row(0);
    correction.assign(bias.begin(), bias.end());
  }
  const std::size_t chosen = size(op.experts_per_token);
  for (std::size_t r = 0; r < in.rows(); ++r) {
    const Scores<Scalar> scores = score_experts(op, in.row(r), router, correction);
    const auto experts = largest(std::span<const Scalar>(scores.choice), chosen);
    const auto weights = weights_of(op.router, std::span<const Scalar>(scores.weight), experts);
    const auto row = out.row(r);
    for (std::size_t i = 0; i < chosen; ++i) {
      row[i] = static_cast<double>(experts[i]);
      row[chosen + i] = weights[i];
    }
    weight_chosen(op.router, row.subspan(chosen));
  }
}

// One expert's gated feed-forward for one row; passes each element of the result to `take`.
template <class Scalar, class Take>
void run_expert(Activation activation, std::size_t expert, std::span<const Scalar> row,
                WeightReader& gate, WeightReader& up, WeightReader& down, const Take& take) {
  std::vector<Scalar> inner(gate.rows());
  for (std::size_t i = 0; i < inner.size(); ++i) {
    inner[i] = activate(activation, dot(row, gate.row(i, expert))) * dot(row, up.row(i, expert));
  }
  for (std::size_t i = 0; i < down.rows(); ++i) {
    take(i, dot(std::span<const Scalar>(inner), down.row(i, expert)));
  }
}

template <class Scalar>
void run(BlockRun<Scalar>& step, const RunExperts& op) {
  auto in = step.read(op.in);
  auto choice = step.read(op.choice);
  auto gate = step.weight(op.gate);
  auto up = step.weight(op.up);
  auto down = step.weight(op.down);
  auto out = step.write(op.out);
  const std::size_t chosen = size(op.experts_per_token);
  for (std::size_t r = 0; r < in.rows(); ++r) {
    for (std::size_t i = 0; i < chosen; ++i) {
      const auto expert = static_cast<std::size_t>(plain(choice.row(r)[i]));
      const Scalar weight = choice.row(r)[chosen + i];
      const auto sum = out.row(r);
      switch (op.weighted) {
        case Weighted::output:
          run_expert(op.activation, expert, in.row(r), gate, up, down,
                     [&](std::size_t k, Scalar given) { sum[k] += weight * given; });
          break;
        case Weighted::input: {
          std::vector<Scalar> scaled(in.row(r).begin(), in.row(r).end());
          for (Scalar& element : scaled) element = element * weight;
          run_expert(op.activation, expert, std::span<const Scalar>(scaled), gate, up, down,
                     [&](std::size_t k, Scalar given) { sum[k] += given; });
          break;
        }
      }
    }
  }
}

}  // namespace llmarch::reference
