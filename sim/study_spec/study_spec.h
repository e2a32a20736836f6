// A study as plain values: comparisons of models, and claims about them with the verdict expected
// of each. Its file's keys are declared in study_fields.h, its expressions are read by
// sim/study/expression.h, and verdicts are made by sim/study/claims.h.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sim/setting/setting.h"
#include "sim/spec/arch_spec.h"
#include "sim/spec/spec_keys.h"

namespace llmarch {

// A model with some fields changed: `remove` is applied first, then `set`. `spec` is the result.
struct Variant {
  std::string of;
  std::string title;
  std::optional<std::vector<std::string>> remove;
  std::optional<SpecKeys> set;
  ArchSpec spec;
};

// One quantity over contexts, with one line for each model.
struct StudyChart {
  std::string quantity;
  Integer from;
  Integer to;
};

// What can be drawn of models side by side, beside their blocks and charts.
enum class FigureKind { heads, latent, masks, layers, cache, parameters };

struct StudyComparison {
  std::string title;
  std::string text;                              // what is compared
  std::vector<std::string> models;               // shown side by side
  std::optional<std::vector<std::string>> show;  // "label: expression", beside the usual figures
  std::optional<StudyChart> chart;
  std::optional<std::vector<std::string>> figures;  // names of FigureKind
  std::optional<PartialSetting> at;
};

enum class ClaimKind { figure, ratio, ordering, structure, timed, undecidable };

// conditional: holds at some contexts or in some cases. needs_run: decided by a timed run.
enum class Verdict { holds, conditional, fails, needs_run, undecidable };

// A claim is checked at every context of its range; a larger range would take too long.
inline constexpr std::int64_t kMostContexts = std::int64_t{1} << 20;
// The most work of all claims of a study together: contexts times the characters checked at each. A
// study at this bound takes seconds; the article's claims come to a thirtieth of it.
inline constexpr std::int64_t kMostChecking = std::int64_t{1} << 31;

// An inclusive range of contexts, at each of which a claim is checked.
struct ContextRange {
  Integer from;
  Integer to;
};

// One of several readings of a claim.
struct ClaimCase {
  std::string title;
  std::vector<std::string> check;
  std::optional<ContextRange> over;
  std::optional<PartialSetting> at;
};

// Decided by `check` or by `cases`; or not decidable, and then `reason` says why.
struct Claim {
  std::string section;  // of the study's source
  std::string text;
  ClaimKind kind = ClaimKind::figure;
  Verdict expect = Verdict::holds;
  std::optional<Verdict> expect_timed;  // expected of a timed run; absent: any verdict
  std::optional<std::string> reading;   // how the claim's words are read as figures
  std::optional<std::string> reason;
  std::optional<std::vector<std::string>> check;  // "label: expression < expression"
  std::optional<ContextRange> over;
  std::optional<PartialSetting> at;
  std::optional<std::vector<Named<ClaimCase>>> cases;
  std::optional<std::vector<std::string>> show;  // "label: expression"
};

// Tables are in the order of the file.
struct Study {
  std::string name;
  std::string title;
  std::string source;
  std::optional<std::string> text;
  std::optional<PartialSetting> at;
  std::optional<std::vector<Named<Variant>>> variant;
  std::optional<std::vector<Named<StudyComparison>>> comparison;
  std::optional<std::vector<Named<Claim>>> claim;
};

}  // namespace llmarch
