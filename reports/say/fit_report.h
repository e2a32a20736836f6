// The contexts and batches that fit into a memory, as a document.
#pragma once

#include <string>
#include <vector>

#include "reports/document/document.h"
#include "reports/say/cells.h"
#include "sim/study/fit.h"

namespace llmarch::reports {

struct ModelFits {
  const Model* model;
  std::vector<Fit> contexts;  // the largest context at each batch
  std::vector<Fit> batches;   // the largest batch at each context
};

// The question asked for every model.
struct FitQuestion {
  Setting setting;  // its context and batch are not used
  Room room;
  std::string memory_name;  // "24 GiB", "8 × 80 GiB", "h100-sxm: 80 GiB"
};

// A model that the setting's deployment does not fit, and why.
struct Undivided {
  const Model* model;
  std::string why;
};

// What was asked of one memory, and what was found for each model.
struct FitAnswer {
  FitQuestion question;
  std::vector<ModelFits> models;
  std::vector<Undivided> undivided = {};
};

// Best first: those that fit at the first batch and the first context, the largest model first,
// then the others, the least short of memory first.
std::vector<ModelFits> ranked(std::vector<ModelFits> models, const FitQuestion& question);

// A row for each model, in the order in which they are given, and after them those that do not
// divide; one memory after another.
Document fit_ranking(const std::vector<FitAnswer>& answers, Digits digits);

// What is added to what a model needs, one by one.
Table additions_table(std::string caption, const std::vector<Addition>& additions, Digits digits);

Document fit_document(const std::vector<FitAnswer>& answers, Digits digits);

}  // namespace llmarch::reports
