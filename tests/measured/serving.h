// What the rows of serving.csv are of: models, machines and degrees.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "sim/study/model.h"
#include "tests/measured/rows.h"

namespace llmarch::measured {

// The spec of the same text model, and the scheme that its checkpoint is published in.
struct Served {
  std::string spec;
  std::string published = "bf16";
};
// By the names of the measurements; of others no spec is in the tree.
const std::map<std::string, Served>& served_models();
const Model& model_called(const std::string& spec);

// A degree of a row, 1 where it is blank, and the devices that all of them take.
std::int64_t degree_of(const Row& row, const char* column);
std::int64_t devices_of(const Row& row);

// The scheme that an estimate takes: the published one, where that has as many bits as the row
// says.
std::string stored_scheme(const std::string& precision, const std::string& published);
// One device with the times of its class; null where none were measured.
Machine timed_machine(const std::string& gpu, const std::vector<MachineTimes>& machines);
// Without what is estimated of it.
ServedRow as_measured(const Row& row, const std::string& spec);

}  // namespace llmarch::measured
