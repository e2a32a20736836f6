// What JavaScript calls of the core that has files of its own in memory: command lines, one after
// another, of one program that keeps the models it has read. packaging/npm/index.mjs is the caller.
#include <emscripten.h>

#include <cstddef>
#include <vector>

#include "sim/cli/commands.h"
#include "sim/cli/guarded_run.h"

namespace {

using llmarch::cli::Arguments;
using llmarch::cli::ExitStatus;

struct Session {
  llmarch::cli::KeptModels models;
  std::vector<double> figures;  // of the last sweep
};

Arguments arguments_of(int count, char** words) {
  return {words, words + count};
}

}  // namespace

extern "C" {

EMSCRIPTEN_KEEPALIVE Session* llmarch_open() {
  return new Session;
}

// The exit status of the command line, whose first word is the command.
EMSCRIPTEN_KEEPALIVE int llmarch_run(Session* session, int count, char** words) {
  return llmarch::cli::guarded(
      [&] { return llmarch::cli::run_program(arguments_of(count, words), session->models); });
}

// The exit status of a sweep, whose words are those that follow 'sweep'. Its figures are there
// until the next sweep.
EMSCRIPTEN_KEEPALIVE int llmarch_sweep(Session* session, int count, char** words) {
  session->figures.clear();
  return llmarch::cli::guarded([&] {
    session->figures = llmarch::cli::swept_figures(arguments_of(count, words), session->models);
    return ExitStatus::done;
  });
}

EMSCRIPTEN_KEEPALIVE const double* llmarch_figures(const Session* session) {
  return session->figures.data();
}

EMSCRIPTEN_KEEPALIVE std::size_t llmarch_figure_count(const Session* session) {
  return session->figures.size();
}

}  // extern "C"
