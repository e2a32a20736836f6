// Which experts a row chooses, and with which weights.
#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <stdexcept>

#include "kernels/fast/row_kernels.h"

namespace llmarch::fast {
namespace {

// The indices of the `count` largest, ascending; on a tie, the lower index wins. A NaN counts as
// larger than every number, so that it is chosen and reaches the result.
std::vector<std::uint32_t> largest(std::span<const double> given, std::size_t count) {
  std::vector<double> scores(given.begin(), given.end());
  for (double& score : scores) {
    if (std::isnan(score)) score = std::numeric_limits<double>::infinity();
  }
  std::vector<std::uint32_t> order(scores.size());
  std::iota(order.begin(), order.end(), 0U);
  const auto middle = order.begin() + static_cast<std::ptrdiff_t>(count);
  std::partial_sort(order.begin(), middle, order.end(), [&](std::uint32_t a, std::uint32_t b) {
    return scores[a] != scores[b] ? scores[a] > scores[b] : a < b;
  });
  order.erase(middle, order.end());
  std::sort(order.begin(), order.end());
  return order;
}

// In double: a sigmoid of -100 is 0 in float, and normalised weights would divide 0 by 0.
void score(Scoring scoring, std::span<double> logits) {
  switch (scoring) {
    case Scoring::chosen_softmax: return;
    case Scoring::sigmoid:
      for (double& x : logits) x = 1 / (1 + std::exp(-x));
      return;
    case Scoring::root_softplus:
      for (double& x : logits) x = std::sqrt(std::max(x, 0.0) + std::log1p(std::exp(-std::abs(x))));
      return;
    case Scoring::softmax: {
      const double top = *std::max_element(logits.begin(), logits.end());
      double sum = 0;
      for (double& x : logits) sum += x = std::exp(x - top);
      for (double& x : logits) x /= sum;
      return;
    }
    case Scoring::sparsemixer: return;  // weights follow from the logits and the choice
  }
  throw std::logic_error("score: a scoring outside the enumeration");
}

double group_score(GroupScore score, std::span<const double> members) {
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
void keep_best_groups(const ExpertGroups& groups, std::span<double> choice) {
  const auto count = static_cast<std::size_t>(groups.count.value());
  const std::size_t width = choice.size() / count;
  std::vector<double> scores;
  for (std::size_t group = 0; group < count; ++group) {
    scores.push_back(group_score(groups.score, choice.subspan(group * width, width)));
  }
  const auto kept = largest(scores, static_cast<std::size_t>(groups.chosen.value()));
  for (std::size_t expert = 0; expert < choice.size(); ++expert) {
    if (!std::binary_search(kept.begin(), kept.end(), static_cast<std::uint32_t>(expert / width))) {
      choice[expert] = -std::numeric_limits<double>::infinity();
    }
  }
}

// One expert after the other, the largest logit first: its softmax among those that are left and
// not far below the largest of them.
std::vector<double> sparsemixer_weights(std::span<const double> logits,
                                        std::span<const std::uint32_t> experts, double jitter) {
  std::vector<double> left(logits.begin(), logits.end());
  std::vector<std::size_t> order(experts.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return logits[experts[a]] > logits[experts[b]];
  });
  std::vector<double> weights(experts.size());
  for (const std::size_t next : order) {
    const double most = *std::max_element(left.begin(), left.end());
    double sum = 0;
    double own = 0;
    for (std::size_t e = 0; e < left.size(); ++e) {
      const bool taken = std::isinf(left[e]);
      if (taken || (most - left[e]) / std::max(std::abs(left[e]), most) > 2 * jitter) continue;
      const double part = std::exp(left[e] - most);
      sum += part;
      if (e == experts[next]) own = part;
    }
    weights[next] = own / sum;
    left[experts[next]] = -std::numeric_limits<double>::infinity();
  }
  return weights;
}

std::vector<double> weights_of(const Router& router, std::span<const double> scores,
                               std::span<const std::uint32_t> experts) {
  if (router.scoring == Scoring::sparsemixer) {
    return sparsemixer_weights(scores, experts, router.jitter.value());
  }
  std::vector<double> weights;
  for (const std::uint32_t expert : experts) weights.push_back(scores[expert]);
  return weights;
}

void weigh(const Router& router, std::span<double> weights) {
  if (router.scoring == Scoring::chosen_softmax) score(Scoring::softmax, weights);
  if (router.normalized_weights) {
    const double sum = std::accumulate(weights.begin(), weights.end(), 0.0);
    for (double& weight : weights) weight /= sum;
  }
  if (router.weight_scale) {
    for (double& weight : weights) weight *= *router.weight_scale;
  }
}

// Appends the weights of a row's experts.
void add_weights(const Router& router, std::span<const double> scores,
                 std::span<const std::uint32_t> experts, std::span<const float> expert_scale,
                 std::vector<float>& sum) {
  std::vector<double> weights = weights_of(router, scores, experts);
  weigh(router, weights);
  for (std::size_t i = 0; i < weights.size(); ++i) {
    if (!expert_scale.empty()) weights[i] *= expert_scale[experts[i]];
    sum.push_back(static_cast<float>(weights[i]));
  }
}

std::vector<double> scores_of(const Router& router, ConstRows logits, std::size_t row) {
  std::vector<double> scores(logits.row(row), logits.row(row) + logits.columns);
  score(router.scoring, scores);
  return scores;
}

}  // namespace

Chosen choose_experts(const Router& router, std::size_t experts_per_token, ConstRows logits,
                      std::span<const float> correction, std::span<const float> expert_scale) {
  Chosen chosen;
  for (std::size_t row = 0; row < logits.rows; ++row) {
    const std::vector<double> scores = scores_of(router, logits, row);
    std::vector<double> choice = scores;
    for (std::size_t i = 0; i < correction.size(); ++i) choice[i] += correction[i];
    if (router.groups) keep_best_groups(*router.groups, choice);
    const auto experts = largest(choice, experts_per_token);
    add_weights(router, scores, experts, expert_scale, chosen.weights);
    chosen.experts.insert(chosen.experts.end(), experts.begin(), experts.end());
  }
  return chosen;
}

Chosen weigh_experts(const Router& router, ConstRows logits, std::vector<std::uint32_t> experts,
                     std::span<const float> expert_scale) {
  Chosen chosen{std::move(experts), {}};
  const std::size_t each = chosen.experts.size() / logits.rows;
  for (std::size_t row = 0; row < logits.rows; ++row) {
    const std::span own = std::span<const std::uint32_t>(chosen.experts).subspan(row * each, each);
    add_weights(router, scores_of(router, logits, row), own, expert_scale, chosen.weights);
  }
  return chosen;
}

}  // namespace llmarch::fast
