#include "sim/cli/unfinished_file.h"

#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <utility>

namespace llmarch::cli {
namespace {

// A signal may come between any two instructions, so its handler reads only these atomics. A report
// writes one picture at a time and one file for each -o; a file beyond the last slot is merely not
// removed.
std::array<std::atomic<char*>, 256> unfinished{};

void replace(char* old, char* with) {
  for (std::atomic<char*>& place : unfinished) {
    char* expected = old;
    if (place.compare_exchange_strong(expected, with)) return;
  }
}

void remove_all_and_end(int signal) {
  for (const std::atomic<char*>& place : unfinished) {
    if (const char* path = place.load()) ::unlink(path);
  }
  std::signal(signal, SIG_DFL);
  std::raise(signal);  // so that the parent sees which signal ended the process
}

}  // namespace

UnfinishedFile::UnfinishedFile(const std::filesystem::path& path) : path_(::strdup(path.c_str())) {
  if (path_ != nullptr) replace(nullptr, path_);
}

UnfinishedFile::UnfinishedFile(UnfinishedFile&& other) noexcept
    : path_(std::exchange(other.path_, nullptr)) {}

UnfinishedFile& UnfinishedFile::operator=(UnfinishedFile&& other) noexcept {
  std::swap(path_, other.path_);
  return *this;
}

UnfinishedFile::~UnfinishedFile() {
  if (path_ != nullptr) ::unlink(path_);
  release();
}

void UnfinishedFile::release() {
  if (path_ == nullptr) return;
  const int kept = errno;  // the error of the call that could not make the file
  replace(path_, nullptr);
  std::free(std::exchange(path_, nullptr));
  errno = kept;
}

void remove_unfinished_files_on_signals() {
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
    struct sigaction action {};
    if (::sigaction(signal, nullptr, &action) != 0 || action.sa_handler == SIG_IGN) continue;
    action = {};
    action.sa_handler = remove_all_and_end;
    ::sigaction(signal, &action, nullptr);
  }
}

}  // namespace llmarch::cli
