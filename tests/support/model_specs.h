// The specs of spec_folder.h as parameters of tests.
#pragma once

#include <gtest/gtest.h>

#include "tests/support/spec_folder.h"

namespace llmarch {

// For the names of tests, in which only letters, digits and underscores may stand.
inline std::string test_name(const ::testing::TestParamInfo<std::string>& info) {
  std::string name = info.param;
  std::replace_if(
      name.begin(), name.end(), [](unsigned char c) { return std::isalnum(c) == 0; }, '_');
  return name;
}

}  // namespace llmarch
