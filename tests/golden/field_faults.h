// Specs with one wrong field, and where a run of each must first depart.
#pragma once

#include <gmock/gmock.h>

#include <functional>
#include <string>
#include <vector>

#include "sim/spec/arch_spec.h"

namespace llmarch {

struct FieldFault {
  std::string field;
  testing::Matcher<std::string> departure;
  std::function<void(ArchSpec&)> make;
};

// Every fault that this architecture can have without needing weights that it lacks.
std::vector<FieldFault> faults_of(const ArchSpec& spec);

}  // namespace llmarch
