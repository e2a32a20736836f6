// Checks a property of many random specs. It does what RC_GTEST_PROP does, with any number of
// cases.
#pragma once

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <sstream>

namespace llmarch {

inline constexpr int kSpecs = 1000;

// A failure prints the smallest spec that shows it; RC_PARAMS="seed=..." draws the same specs
// again.
template <class Property>
void check_many(const Property& property, int specs = kSpecs) {
  rc::detail::TestParams params = rc::detail::configuration().testParams;
  params.maxSuccess = specs;
  const rc::detail::TestResult result =
      rc::detail::checkTestable(property, rc::detail::TestMetadata(), params);
  if (result.is<rc::detail::SuccessResult>()) return;
  std::ostringstream text;
  rc::detail::printResultMessage(result, text);
  FAIL() << text.str() << "\nseed=" << params.seed;
}

}  // namespace llmarch
