// The program: one command line, and the exit status of its process.
#include <csignal>

#include "sim/cli/commands.h"
#include "sim/cli/guarded_run.h"
#include "sim/cli/kept_models.h"
#include "sim/cli/unfinished_file.h"

int main(int argc, char** argv) {
  // A closed pipe becomes a write error that is reported, as for a full disk, instead of a silent
  // death.
  std::signal(SIGPIPE, SIG_IGN);
  // So does a file that exceeds this process's size limit.
  std::signal(SIGXFSZ, SIG_IGN);
  llmarch::cli::remove_unfinished_files_on_signals();
  return llmarch::cli::guarded([&] {
    llmarch::cli::KeptModels models;
    return llmarch::cli::run_program({argv + 1, argv + argc}, models);
  });
}
