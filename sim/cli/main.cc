// The program: one command line, and the exit status of its process.
#include "sim/cli/commands.h"
#include "sim/cli/guarded_run.h"
#include "sim/cli/kept_models.h"
#include "sim/cli/unfinished_file.h"
#include "sim/system/system.h"

int main(int argc, char** argv) {
  llmarch::system::prepare_streams();
  llmarch::cli::remove_unfinished_files_on_signals();
  return llmarch::cli::guarded([&] {
    llmarch::cli::KeptModels models;
    return llmarch::cli::run_program({argv + 1, argv + argc}, models);
  });
}
