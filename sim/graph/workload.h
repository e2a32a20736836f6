// What is asked of a model: how many sequences, how many positions their caches already hold, how
// many new tokens each brings. Decode and prefill are two values of one type, so that every rule is
// written once. The graph does not know the workload.
#pragma once

#include <optional>
#include <variant>

#include "sim/units.h"

namespace llmarch {

// How latent attention is computed. absorbed: attention runs over the cached latents, and the
// up-projections are moved to the query and the output (DeepSeek-V2, section 2.1.2). expanded: keys
// and values of every position are made from the latents first. The results are the same; the work
// is not.
enum class LatentForm { absorbed, expanded };

// How a linear recurrence runs over the tokens of a step. by_step: token by token, each of which
// reads and overwrites the state. by_chunk: the tokens of a chunk attend to each other, so that a
// chunk reads and overwrites the state once. The results are the same; the work is not.
enum class RecurrenceForm { by_step, by_chunk };

// One form of one kind of mixer that can be computed in several.
using Form = std::variant<LatentForm, RecurrenceForm>;

// The form in which each such kind of mixer runs.
struct Forms {
  LatentForm latent = LatentForm::expanded;
  RecurrenceForm recurrence = RecurrenceForm::by_step;
};

// Whether it is the one that `forms` chooses for its kind of mixer.
constexpr bool is_chosen(const Forms& forms, LatentForm form) {
  return forms.latent == form;
}
constexpr bool is_chosen(const Forms& forms, RecurrenceForm form) {
  return forms.recurrence == form;
}
inline bool is_chosen(const Forms& forms, const Form& form) {
  return std::visit([&](const auto& kind) { return is_chosen(forms, kind); }, form);
}

// Positions whose logits are wanted.
enum class Logits { last, all };

struct Workload {
  Integer batch = 1;   // sequences, all of the same length
  Integer past = 0;    // positions that each cache holds before the step
  Integer tokens = 1;  // new positions of each sequence
  Forms forms = {};
  Logits logits = Logits::last;
  // The ranks that bring their tokens together to run experts on them, each with as many as this
  // one.
  Integer token_ranks = 1;
  // The positions that the sequences will have in the end, where that is known: rotary scalings
  // that depend on the length rotate every position for it. Absent: those after this step.
  std::optional<Integer> sequence_length = {};
};

inline Integer sequence_length(const Workload& workload) {
  return workload.sequence_length.value_or(workload.past + workload.tokens);
}

// One new token that attends to `context` keys, itself among them. `context` is at least 1.
constexpr Workload decode(Integer context, Integer batch) {
  return {batch, context - 1, 1, {LatentForm::absorbed, RecurrenceForm::by_step}, Logits::last};
}

// `tokens` new tokens into an empty cache, logits for the last; recurrences by step.
constexpr Workload prefill(Integer tokens, Integer batch) {
  return {batch, 0, tokens, {LatentForm::expanded, RecurrenceForm::by_step}, Logits::last};
}

enum class Phase { decode, prefill };

// `length` is the context of a decode step or the tokens of a prefill, at least 1.
constexpr Workload workload_of(Phase phase, Integer length, Integer batch) {
  switch (phase) {
    case Phase::decode: return decode(length, batch);
    case Phase::prefill: return prefill(length, batch);
  }
  throw std::logic_error("workload_of: a phase outside the enumeration");
}

}  // namespace llmarch
