#include "sim/cost/skew.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <stdexcept>

#include "sim/graph/operands.h"

namespace llmarch {
namespace {

std::vector<double> loads_of(const Skew& skew, Integer experts) {
  return std::visit(Overloaded{[&](const PowerLaw& law) {
                                 std::vector<double> loads;
                                 for (Integer n = 1; n <= experts; n += 1) {
                                   loads.push_back(std::pow(n.as_double(), -law.exponent));
                                 }
                                 return loads;
                               },
                               [](const MeasuredLoads& measured) { return measured.loads; }},
                    skew.loads);
}

// Scales the loads that are below 1 so that all add up to `sum`, and holds those at 1 that exceed
// it. Whether one did.
bool scale(std::vector<double>& loads, double sum) {
  double whole = 0;
  double rest = 0;
  for (const double load : loads) (load < 1 ? rest : whole) += load;
  if (rest == 0) return false;
  const double factor = (sum - whole) / rest;
  bool exceeded = false;
  for (double& load : loads) {
    if (load >= 1) continue;
    load *= factor;
    if (load < 1) continue;
    exceeded = load > 1 || exceeded;
    load = 1;
  }
  return exceeded;
}

}  // namespace

std::vector<double> chances(const Skew& skew, Integer experts, Integer chosen) {
  std::vector<double> loads = loads_of(skew, experts);
  if (std::ssize(loads) != experts.value()) {
    throw std::invalid_argument("loads of " + std::to_string(loads.size()) + " experts for " +
                                std::to_string(experts.value()));
  }
  const double sum = std::accumulate(loads.begin(), loads.end(), 0.0);
  std::int64_t used = 0;
  for (double& load : loads) {
    if (load > 0) ++used;
    load /= 2 * sum;  // below 1
  }
  if (used < chosen.value()) {
    throw std::invalid_argument("loads of " + std::to_string(used) +
                                " experts, of which a row chooses " +
                                std::to_string(chosen.value()));
  }
  while (scale(loads, chosen.as_double())) {
  }
  return loads;
}

std::vector<double> of_busiest(const std::vector<double>& chances, Integer ranks) {
  const auto share = static_cast<std::ptrdiff_t>(chances.size()) / ranks.value();
  std::vector<double> busiest;
  double most = -1;
  for (auto first = chances.begin(); first != chances.end(); first += share) {
    const double sum = std::accumulate(first, first + share, 0.0);
    if (sum <= most) continue;
    most = sum;
    busiest.assign(first, first + share);
  }
  return busiest;
}

double imbalance(const std::vector<double>& chances, Integer ranks) {
  const auto sum = [](const std::vector<double>& all) {
    return std::accumulate(all.begin(), all.end(), 0.0);
  };
  return sum(of_busiest(chances, ranks)) * ranks.as_double() / sum(chances);
}

double distinct_experts(const std::vector<double>& chances, Integer rows) {
  double distinct = 0;
  for (const double chance : chances) distinct += 1 - std::pow(1 - chance, rows.as_double());
  return distinct;
}

Work skewed_work(const ExpertReads& experts, const std::vector<double>& chances, Integer rows) {
  const double distinct = distinct_experts(chances, rows) * experts.layers.as_double();
  Work work;
  work.weights_read = Elements(std::llround(distinct * experts.each.amount().as_double()));
  work.weight_bytes_read = Bytes(std::llround(distinct * experts.each_bytes.amount().as_double()));
  if (experts.ranks == 1) return work;
  const double chosen = std::accumulate(chances.begin(), chances.end(), 0.0);
  const Integer all_rows = rows * experts.layers;
  work += experts.run * Integer(std::llround(chosen * all_rows.as_double()));
  return work;
}

}  // namespace llmarch
