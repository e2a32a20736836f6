// The command line, one argument per line: every command's options are parsed; commands that only
// compute are run as well, with standard output thrown away. Nothing is written, timed, or drawn by
// another program.
#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <sstream>

#include "sim/cli/commands.h"
#include "sim/cli/guarded_run.h"
#include "sim/cli/ranges.h"
#include "tests/fuzz/properties.h"

namespace {

using namespace llmarch;
using namespace llmarch::cli;

Arguments arguments_of(std::string_view text) {
  Arguments arguments;
  std::istringstream lines{std::string(text)};
  for (std::string line; std::getline(lines, line);) arguments.push_back(std::move(line));
  return arguments;
}

// Errors are told apart as the program does, so that what it calls a bug of its own is one here.
template <class Action>
bool ends_well(const Action& action) {
  const Ending ending = ending_of([&] {
    action();
    return ExitStatus::done;
  });
  if (ending.status == ExitStatus::our_bug) std::fputs(ending.message.c_str(), stderr);
  fuzz::require(ending.status != ExitStatus::our_bug, "what is thrown is known");
  return ending.status == ExitStatus::done;
}

// A sweep of millions of points is what a user may ask for, and takes what it takes; other commands
// refuse ranges.
bool is_short(const Command& command, const Values& values) {
  if (command.name != "sweep") return true;
  Integer points = 1;
  for (const char* name : {"context", "prompt", "batch"}) {
    if (values.count(name) == 0) continue;
    ends_well([&] { points *= parse_axis(name, values[name].as<std::string>()).size(); });
    if (points > 1'000) return false;
  }
  return true;
}

bool may_run(const Command& command, const Values& values) {
  constexpr std::array<std::string_view, 7> kCheap{"list",  "show",   "compare", "sweep",
                                                   "check", "import", "fit"};
  if (std::find(kCheap.begin(), kCheap.end(), command.name) == kCheap.end()) return false;
  if (values.count("output") > 0 || values.count("all") > 0) return false;
  if (values.count("format") > 0) {
    const std::string format = values["format"].as<std::string>();
    if (format == "png" || format == "pdf") return false;
  }
  return is_short(command, values);
}

void try_command(const Command& command, const Arguments& arguments) {
  Values values;
  const bool parsed =
      ends_well([&] { values = parse_arguments(command.options(), "argument", arguments); });
  if (!parsed || !may_run(command, values)) return;
  ends_well([&] {
    KeptModels kept;
    command.run(arguments, kept);
  });
}

}  // namespace

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  const int nowhere = ::open("/dev/null", O_WRONLY);
  fuzz::require(nowhere >= 0 && ::dup2(nowhere, STDOUT_FILENO) == STDOUT_FILENO,
                "standard output can be thrown away");
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Arguments arguments = arguments_of(fuzz::text_of(data, size));
  if (arguments.empty()) return 0;
  const std::string name = arguments.front();
  arguments.erase(arguments.begin());
  for (const Command& command : commands()) {
    if (command.name == name) {
      try_command(command, arguments);
      return 0;
    }
  }
  ends_well([&] {
    KeptModels kept;
    run_program({name}, kept);
  });
  return 0;
}
