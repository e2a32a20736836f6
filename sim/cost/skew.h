// How unevenly the tokens of a step choose experts, and how many distinct ones they then choose: an
// expectation, as that under uniform routing is, and no bound.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "sim/cost/price.h"

namespace llmarch {

// The load of the n-th most chosen expert is in proportion to 1 / n^exponent; 0 is uniform routing.
struct PowerLaw {
  double exponent;
};

// How often each expert of a layer was chosen, in any unit: one figure for each.
struct MeasuredLoads {
  std::vector<double> loads;
};

struct Skew {
  std::string name;  // "a power law of 1.2", "loads.txt"
  std::variant<PowerLaw, MeasuredLoads> loads;
};

// With which probability a row chooses each of the experts: in proportion to their loads and at
// most 1, so that they add up to `chosen`. Throws std::invalid_argument where loads were measured
// of another number of experts, or of fewer than are chosen.
std::vector<double> chances(const Skew& skew, Integer experts, Integer chosen);

// The chances of the experts of the busiest of `ranks` ranks, among which all are divided evenly,
// in the order of their numbers.
std::vector<double> of_busiest(const std::vector<double>& chances, Integer ranks);

// How often experts of the busiest of `ranks` ranks are chosen, over the mean of the ranks, among
// which they are divided evenly, in the order of their numbers. The n-th expert of a power law is
// its n-th most chosen, so that the most chosen ones lie on one rank: no placement is less even.
double imbalance(const std::vector<double>& chances, Integer ranks);

// How many experts at least one of `rows` rows chooses, each with its chance: the sum of
// 1 - (1 - chance)^rows.
double distinct_experts(const std::vector<double>& chances, Integer rows);

// What a step reads of experts that are chosen so, each with its chance; and where they are those
// of one rank of several, the work of the rows that choose them. Without other identities.
Work skewed_work(const ExpertReads& experts, const std::vector<double>& chances, Integer rows);

}  // namespace llmarch
