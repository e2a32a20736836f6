// What stands in place of sim/cli/run in a program without kernels, as the one for WebAssembly is:
// each command that runs a model is refused by name.
#include "sim/cli/commands.h"
#include "sim/cli/study_timer.h"

namespace llmarch::cli {
namespace {

constexpr std::string_view kDetails =
    "Needs the program that is built for a processor: this one, for WebAssembly, has no kernels.";

[[noreturn]] void refuse_run() {
  throw NotPossible("this program, for WebAssembly, has no kernels that run a model",
                    "use the program that is built for your processor");
}

ExitStatus refuse(const Arguments& /*arguments*/, KeptModels& /*kept*/) {
  refuse_run();
}

Options no_options() {
  return Options("options");
}

Command refused(const RunningCommand& command) {
  return {command.name, command.summary, command.usage,     kDetails,
          no_options,   refuse,          CommandWords::none};
}

}  // namespace

Command measure_command() {
  return refused(kMeasure);
}

Command probe_command() {
  return refused(kProbe);
}

Command verify_command() {
  return refused(kVerify);
}

std::unique_ptr<StudyTimer> study_timer() {
  refuse_run();
}

}  // namespace llmarch::cli
