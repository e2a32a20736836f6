// The JSON that a command writes.
#pragma once

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "tests/support/run_program.h"

namespace llmarch::testing {

inline nlohmann::json json_of(const std::string& command) {
  const Seen seen = run_llmarch(command + " --format json");
  EXPECT_EQ(seen.status, 0) << command << "\n" << seen.errors;
  return nlohmann::json::parse(seen.output);
}

}  // namespace llmarch::testing
