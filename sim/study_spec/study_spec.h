// A study as plain values: models side by side, and claims about them with the verdict that is
// expected of each. The keys of its file are declared in study_fields.h, its expressions are read
// by sim/study/expression.h; no verdict is known here.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sim/setting/setting.h"
#include "sim/spec/arch_spec.h"
#include "sim/spec/spec_keys.h"

namespace llmarch {

// A model with some fields changed: `remove` first, then `set`. `spec` is what comes of it.
struct Variant {
  std::string of;
  std::string title;
  std::optional<std::vector<std::string>> remove;
  std::optional<SpecKeys> set;
  ArchSpec spec;
};

// One quantity over contexts that double, drawn as a line for each model.
struct StudyChart {
  std::string quantity;
  Integer from;
  Integer to;
};

struct StudyComparison {
  std::string title;
  std::string text;                              // what is looked at
  std::vector<std::string> models;               // drawn side by side
  std::optional<std::vector<std::string>> show;  // "label: expression", beside the usual figures
  std::optional<StudyChart> chart;
  std::optional<PartialSetting> at;
};

enum class ClaimKind { figure, ratio, ordering, structure, timed, undecidable };

// conditional: at some of the contexts, or in some of the cases. needs_run: a clock decides.
enum class Verdict { holds, conditional, fails, needs_run, undecidable };

// A claim is checked at each context of a range; more of them would take too long.
inline constexpr std::int64_t kMostContexts = std::int64_t{1} << 20;
// What is looked at in all the claims of a study: contexts, times the characters of what is checked
// at each. Seconds; the article's claims come to a thirtieth of it.
inline constexpr std::int64_t kMostChecking = std::int64_t{1} << 31;

// Contexts, each of which is checked.
struct ContextRange {
  Integer from;
  Integer to;
};

// One reading of a claim among several.
struct ClaimCase {
  std::string title;
  std::vector<std::string> check;
  std::optional<ContextRange> over;
  std::optional<PartialSetting> at;
};

// Decided by `check`, or by cases, or by nothing: then `reason` says why.
struct Claim {
  std::string section;  // of the study's source
  std::string text;
  ClaimKind kind = ClaimKind::figure;
  Verdict expect = Verdict::holds;
  std::optional<Verdict> expect_timed;  // when a clock has decided; absent: any
  std::optional<std::string> reading;   // how its words are read as figures
  std::optional<std::string> reason;
  std::optional<std::vector<std::string>> check;  // "label: expression < expression"
  std::optional<ContextRange> over;
  std::optional<PartialSetting> at;
  std::optional<std::vector<Named<ClaimCase>>> cases;
  std::optional<std::vector<std::string>> show;  // "label: expression"
};

// Everything in the order of the file.
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
