#include "sim/cli/guarded_run.h"

#include <cstdio>
#include <exception>
#include <new>
#include <sstream>
#include <stdexcept>
#include <string>
#include <system_error>

#include "kernels/ranks/rank_failure.h"
#include "sim/graph/shard.h"
#include "sim/spec/diagnostics.h"
#include "sim/spec/file_error.h"
#include "sim/study/step.h"
#include "sim/units.h"

namespace llmarch::cli {
namespace {

constexpr const char* kNoMemory =
    "llmarch: error: this machine does not have enough memory for that\n";

constexpr const char* kNoThread =
    "llmarch: error: the system refuses another thread\n      = ask for fewer with --threads\n";

constexpr const char* kWaysToDivide =
    "the ways that divide a model: llmarch fit MODEL --on 8xh100-sxm --parallel best";

// Written line by line without control characters that could steer a terminal: a message may quote
// what was typed, or the name of a file.
void say(const std::string& text) {
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    std::fputs((printable(line) + "\n").c_str(), stderr);
  }
}

Ending bug(const std::exception& error) {
  return {ExitStatus::our_bug,
          std::string("llmarch: bug: ") + error.what() +
              "\n      = this is a bug in llmarch; please report the command and this line\n"};
}

template <class Error>
std::string with_remedy(const Error& error) {
  return error_text(error.what(), error.remedy());
}

}  // namespace

Ending ending_of(const std::function<ExitStatus()>& run) {
  try {
    return {run()};
  } catch (const UsageError& error) {
    return {ExitStatus::bad_input, with_remedy(error)};
  } catch (const NotPossible& error) {
    return {ExitStatus::not_possible, with_remedy(error)};
  } catch (const BadInput& error) {
    return {ExitStatus::bad_input, error.what()};
  } catch (const FileError& error) {
    return {ExitStatus::bad_input, error_text(error.what(), "")};
  } catch (const RankFailure& error) {
    return {ExitStatus::not_possible, error_text(error.what(), "")};
  } catch (const RefusedSetting& error) {
    return {ExitStatus::bad_input, with_remedy(error)};
  } catch (const CannotShard& error) {
    return {ExitStatus::bad_input, error_text(error.what(), kWaysToDivide)};
  } catch (const Overflow& error) {
    return {ExitStatus::bad_input,
            std::string("llmarch: error: a figure exceeds 64 bits: ") + error.what() + "\n"};
  } catch (const std::bad_alloc&) {
    return {ExitStatus::not_possible, kNoMemory};
  } catch (const std::length_error&) {  // an array larger than any machine can address
    return {ExitStatus::not_possible, kNoMemory};
  } catch (const std::system_error& error) {
    if (error.code() != std::errc::resource_unavailable_try_again) return bug(error);
    return {ExitStatus::not_possible, kNoThread};
  } catch (const std::exception& error) {
    return bug(error);
  }
}

int guarded(const std::function<ExitStatus()>& run) {
  const Ending ending = ending_of(run);
  say(ending.message);
  return static_cast<int>(ending.status);
}

}  // namespace llmarch::cli
