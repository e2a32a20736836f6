#include "sim/cli/guarded_run.h"

#include <cstdio>
#include <exception>
#include <new>
#include <sstream>
#include <stdexcept>
#include <string>
#include <system_error>

#include "sim/spec/diagnostics.h"
#include "sim/spec/file_error.h"
#include "sim/units.h"

namespace llmarch::cli {
namespace {

constexpr const char* kNoMemory =
    "llmarch: error: this machine does not have enough memory for that\n";

constexpr const char* kNoThread =
    "llmarch: error: the system refuses another thread\n      = ask for fewer with --threads\n";

// Written line by line without control characters that could steer a terminal: a message may quote
// what was typed, or the name of a file.
int say(const std::string& text, ExitStatus status) {
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    std::fputs((printable(line) + "\n").c_str(), stderr);
  }
  return static_cast<int>(status);
}

int say_bug(const std::exception& error) {
  return say(std::string("llmarch: bug: ") + error.what() +
                 "\n      = this is a bug in llmarch; please report the command and this line\n",
             ExitStatus::our_bug);
}

template <class Error>
std::string with_remedy(const Error& error) {
  return error_text(error.what(), error.remedy());
}

}  // namespace

int guarded(const std::function<ExitStatus()>& run) {
  try {
    return static_cast<int>(run());
  } catch (const UsageError& error) {
    return say(with_remedy(error), ExitStatus::bad_input);
  } catch (const NotPossible& error) {
    return say(with_remedy(error), ExitStatus::not_possible);
  } catch (const BadInput& error) {
    return say(error.what(), ExitStatus::bad_input);
  } catch (const FileError& error) {
    return say(error_text(error.what(), ""), ExitStatus::bad_input);
  } catch (const Overflow& error) {
    return say(std::string("llmarch: error: a figure exceeds 64 bits: ") + error.what() + "\n",
               ExitStatus::bad_input);
  } catch (const std::bad_alloc&) {
    return say(kNoMemory, ExitStatus::not_possible);
  } catch (const std::length_error&) {  // an array larger than any machine can address
    return say(kNoMemory, ExitStatus::not_possible);
  } catch (const std::system_error& error) {
    if (error.code() != std::errc::resource_unavailable_try_again) return say_bug(error);
    return say(kNoThread, ExitStatus::not_possible);
  } catch (const std::exception& error) {
    return say_bug(error);
  }
}

}  // namespace llmarch::cli
