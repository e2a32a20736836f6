// The ways in which a run can fail, as exceptions that carry the message; only main turns them into
// text and an exit status.
#pragma once

#include <stdexcept>
#include <string>

namespace llmarch::cli {

enum class ExitStatus : int {
  done = 0,
  check_failed = 1,  // a verification or an agreement did not hold
  bad_input = 2,     // usage, files, specs
  not_possible = 3,  // this machine lacks what the run needs
  our_bug = 70,
};

// The command line asks for something that cannot be done.
class UsageError : public std::runtime_error {
 public:
  UsageError(const std::string& problem, std::string remedy)
      : std::runtime_error(problem), remedy_(std::move(remedy)) {}
  [[nodiscard]] const std::string& remedy() const { return remedy_; }

 private:
  std::string remedy_;
};

// "llmarch: error: problem", and the remedy below it.
inline std::string error_text(const std::string& problem, const std::string& remedy) {
  std::string text = "llmarch: error: " + problem + "\n";
  if (!remedy.empty()) text += "      = " + remedy + "\n";
  return text;
}

// What was wrong with files, rendered: each with its place where it has one.
class BadInput : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// This machine cannot do what is asked. Thrown before anything was begun.
class NotPossible : public std::runtime_error {
 public:
  NotPossible(const std::string& problem, std::string remedy)
      : std::runtime_error(problem), remedy_(std::move(remedy)) {}
  [[nodiscard]] const std::string& remedy() const { return remedy_; }

 private:
  std::string remedy_;
};

}  // namespace llmarch::cli
