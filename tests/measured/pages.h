// The two halves of reports/measured.md: how far measured times lie above their floors, and how far
// estimates are off.
#pragma once

#include <string>
#include <vector>

#include "tests/measured/fit.h"
#include "tests/measured/rows.h"

namespace llmarch::measured {

// Rows of bounds below their floor for which no reason is known.
std::int64_t unexplained(const Holding& holding);

std::string floors_page(const Holding& holding);

// All errors of estimates, of rows that were fitted to and of those that were not.
struct Errors {
  std::vector<Error> operations;
  std::vector<Error> served;
  std::vector<Error> first;
  std::vector<Error> without_model;
  std::vector<Error> ranks;  // of several devices, by factors of their own, in no file
  std::vector<Error> ranks_without_model;
};

std::string errors_page(const Errors& errors);

}  // namespace llmarch::measured
