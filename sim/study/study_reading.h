// A study whose expressions have been read against the known models, each with its setting. A case
// takes from its claim whatever it does not set itself, and a claim from its study.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sim/study/expression_reader.h"
#include "sim/study_spec/study_spec.h"

namespace llmarch {

// `path` of each is its place in the file: "claim.C8", "claim.C8.case.mean", "comparison.F2".
struct ReadCase {
  std::string path;
  std::string title;  // empty where a claim has no cases
  std::vector<Check> checks;
  std::optional<ContextRange> over;
  Setting setting;
};
struct ReadClaim {
  std::string path;
  std::string id;
  const Claim* claim;
  std::vector<ReadCase> cases;
  std::vector<LabelledExpression> show;
  Setting setting;
};
struct ReadComparison {
  std::string path;
  std::string id;
  const StudyComparison* comparison;
  std::vector<const Model*> models;
  std::vector<LabelledExpression> show;
  const Quantity* charted = nullptr;
  std::vector<FigureKind> figures;
  Setting setting;
};
struct ReadStudy {
  const Study* study;
  std::vector<ReadComparison> comparisons;
  std::vector<ReadClaim> claims;
};

// Why an expression cannot be read or has no value: its place in the study, and the offset within
// its text.
struct StudyProblem {
  std::string path;  // "claim.C8.check.0"
  std::size_t offset = 0;
  std::string message;
  std::string remedy;
};
struct StudyReading {
  ReadStudy study;
  std::vector<StudyProblem> problems;
};

// Nobody reads beyond a hundred problems, and a malicious file can have a hundred thousand.
inline constexpr std::size_t kMostProblems = 100;

// Calls `read`, and adds the ExpressionError that it throws to `problems`, at `path`.
template <class Read>
void attempt(std::vector<StudyProblem>& problems, const std::string& path, const Read& read) {
  if (problems.size() >= kMostProblems) return;
  try {
    read();
  } catch (const ExpressionError& error) {
    problems.push_back({path, error.offset(), error.what(), error.remedy()});
  }
}

// `study` and `models` must outlive what is read.
StudyReading read_study(const Study& study, const StudyModels& models);

}  // namespace llmarch
