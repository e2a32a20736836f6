// The ranks of a deployment as JSON.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "sim/study/ranks.h"

namespace llmarch::reports {

// Null for an infinite time: the machine's file states no link.
nlohmann::ordered_json seconds_json(double seconds);
// The figures of the fullest rank and of a step of all stages.
nlohmann::ordered_json ranks_json(const RankFigures& ranks, Bytes replicated_weights);
// For each stage its first rank, with every kind of exchange.
nlohmann::ordered_json stages_json(const RankFigures& ranks);

}  // namespace llmarch::reports
