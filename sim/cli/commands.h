// The table of subcommands. Each has a file of its own, <name>_command.cc, with its options, its
// help and its work; this file knows only that they exist.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sim/cli/arguments.h"
#include "sim/cli/errors.h"
#include "sim/cli/kept_models.h"

namespace llmarch::cli {

// What the words after a command's name are.
enum class CommandWords { none, models, studies, files };

struct Command {
  std::string_view name;
  std::string_view summary;  // one line
  std::string_view usage;    // "llmarch compare MODEL... [options]"
  std::string_view details;  // what it does, with examples
  Options (*options)();
  ExitStatus (*run)(const Arguments& arguments, KeptModels& kept);
  CommandWords words;
};

// In the order in which a newcomer needs them.
const std::vector<Command>& commands();

Command list_command();
Command show_command();
Command compare_command();
Command eval_command();
Command report_command();
Command sweep_command();
// The figures of a sweep alone, in the order of its points (for_each_point) and in each of the
// quantities; `arguments` are those of the command. A page draws curves from them, for which the
// text of a report takes too long to read back. Throws as the command does.
std::vector<double> swept_figures(const Arguments& arguments, KeptModels& kept);
Command fit_command();
Command mix_command();
Command check_command();
Command import_command();
Command mcp_command();

// The commands that need kernels, from sim/cli/run, or from sim/cli/dry, which refuses them where
// there are none. Listed in every program, so that the help of one names what another can do.
struct RunningCommand {
  std::string_view name;
  std::string_view summary;
  std::string_view usage;
};
inline constexpr RunningCommand kMeasure{
    "measure", "run a model here: predicted, counted and timed side by side",
    "llmarch measure MODEL [options]"};
inline constexpr RunningCommand kProbe{
    "probe", "this machine's read bandwidth and peaks, as a hardware file",
    "llmarch probe [-o FILE] [options]"};
inline constexpr RunningCommand kVerify{
    "verify", "run a checkpoint's tensors and compare with the reference's results",
    "llmarch verify DIR|FILE.gguf [options]"};

Command measure_command();
Command probe_command();
Command verify_command();

// What 'llmarch help' takes beside the commands: each prints a reference.
struct HelpTopic {
  std::string_view name;
  std::string_view summary;  // one line
  std::string (*text)();
};
const std::vector<HelpTopic>& help_topics();

// What can stand for the last of these words of a command line, which may be begun: commands,
// options, models, machines, studies, quantities, formats; in alphabetical order. Empty where
// anything can, or the name of a file. The completions of shells ask for it.
std::vector<std::string> completions(const Arguments& words);

// Help for one command, and for all of them, in lines of at most `width` columns where they can be
// broken.
std::string command_help(const Command& command, std::size_t width);
std::string overview(std::size_t width);

// The whole program, called by main. `arguments` do not include the program's name; `kept` are the
// models that earlier command lines have read.
ExitStatus run_program(const Arguments& arguments, KeptModels& kept);

}  // namespace llmarch::cli
