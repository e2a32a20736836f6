// A setting in words, for headings, for the names of a sweep's lines and of their crossovers.
#pragma once

#include <string>

#include "sim/setting/setting.h"
#include "sim/study/sweep.h"
#include "sim/study/sweep_crossovers.h"

namespace llmarch::reports {

// "context 8k, batch 1, weights bf16, KV bf16": the fields that are given, in their order.
std::string words_of(const PartialSetting& setting);

// The fields but context and prompt.
PartialSetting apart_from_lengths(PartialSetting setting);

// A line's name, with those parts of its setting in which lines differ: "gemma-3-27b, batch 8, KV
// fp8".
std::string name_of_line(const SweepPlan& plan, const SweepLine& line);

struct CrossingWords {
  std::string left, right;  // models, or quantities of one line
  std::string where;        // what the two have in common: "kv_bytes, batch 8", or the line
};

// `lines` are those of the crossing's plan.
CrossingWords words_of(const Crossing& crossing, const std::vector<SweepLine>& lines);

// "kv_bytes, batch 8": the two parts, with a comma between them where neither is empty.
std::string joined(const std::string& first, const std::string& rest);

}  // namespace llmarch::reports
