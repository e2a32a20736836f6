// Decode that drafts with the model's own prediction layers (multi-token prediction: DeepSeek-V3,
// arXiv 2412.19437, section 2.2; speculative decoding: arXiv 2211.17192). In a step the prediction
// layers draft K tokens, one after the other, and the model then runs on the newest token and the
// K drafts at once. The drafts that it would have chosen itself stand, up to the first that it
// would not, and the model's own choice comes after them.
#pragma once

#include <optional>

#include "sim/cost/roofline.h"
#include "sim/study/step.h"

namespace llmarch {

// The tokens that a step yields for each sequence, in expectation. `accepted` is as in Setting:
// with a share p it is 1 + p + p^2 + ... + p^K, and 1 more than the drafts that stand on average.
double tokens_per_step(Integer drafts, double accepted);

struct DraftedStep {
  double tokens = 1;  // tokens_per_step times the batch
  Work model;         // on the newest token and the drafts of each sequence
  Work drafts;        // of the prediction layers, with the embedding and the head
  // The floor of both, with the fewest experts, where the setting has a machine.
  std::optional<Floor> floor = {};

  [[nodiscard]] Work total() const;
  // For each token that the step yields, to the nearest whole number.
  [[nodiscard]] Flops flops_per_token() const;
  [[nodiscard]] Bytes bytes_per_token() const;
};

// Whether decode in the setting drafts: it says how much, and the model has prediction layers.
bool drafts_in(const Model& model, const Setting& setting);

// The newest token attends to the setting's context, itself among it, and each draft to one key
// more. Where nothing is drafted, the step is a plain step of decode. `stored` is the model's graph
// as the setting stores it. Throws Overflow.
DraftedStep drafted_step(const Model& model, const OpGraph& stored, const Setting& setting);

}  // namespace llmarch
