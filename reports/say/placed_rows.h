// What is said of a model of which a part lies in a host's memory: what each memory holds, what a
// step reads of it, and the least times of both.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "reports/say/cells.h"
#include "reports/say/comparison_writer.h"

namespace llmarch::reports {

// What is needed in the memories of machine `n` of the comparison and of its host, and whether it
// fits. The setting has a placement.
void write_placed_memory(const Comparison& comparison, std::size_t n, Digits digits,
                         const ComparisonWriter& write);
// The step that `which` names; `tokens` is how many it generates or processes.
void write_placed_step(const Comparison& comparison, std::size_t n, StepOnMachine OnMachine::*which,
                       Integer tokens, Digits digits, const ComparisonWriter& write);

// The rule by which these times are put together, and the rates of the host beside machine `n`.
std::string placed_note(const Comparison& comparison, std::size_t n);

// What lies in each memory at the setting's context, and what a decode step reads there. `stored`
// is the model's graph as the setting stores it.
Table placed_table(const OpGraph& stored, const Setting& setting, Digits digits);
nlohmann::ordered_json placed_json(const OpGraph& stored, const Setting& setting);

// Members of a step's and of a footprint's JSON.
nlohmann::ordered_json placed_step_json(const PlacedStep& step, Integer tokens);
nlohmann::ordered_json host_json(const HostShare& share, Bytes memory);

}  // namespace llmarch::reports
