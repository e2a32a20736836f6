#include "sim/cli/unfinished_file.h"

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "sim/system/system.h"

namespace llmarch::cli {
namespace {

// A signal may come between any two instructions, so its handler reads only these atomics. A report
// writes one picture at a time and one file for each -o; a file beyond the last slot is merely not
// removed.
std::array<std::atomic<char*>, 256> unfinished{};

#ifdef SIGHUP
constexpr std::array kEndingSignals{SIGINT, SIGTERM, SIGHUP};
#else  // as on Windows
constexpr std::array kEndingSignals{SIGINT, SIGTERM};
#endif

void replace(char* old, char* with) {
  for (std::atomic<char*>& place : unfinished) {
    char* expected = old;
    if (place.compare_exchange_strong(expected, with)) return;
  }
}

void remove_all_and_end(int signal) {
  for (const std::atomic<char*>& place : unfinished) {
    if (const char* path = place.load()) system::remove(path);
  }
  std::signal(signal, SIG_DFL);
  std::raise(signal);  // so that the parent sees which signal ended the process
}

}  // namespace

UnfinishedFile::UnfinishedFile(const std::filesystem::path& path)
    : path_(::strdup(path.string().c_str())) {
  if (path_ != nullptr) replace(nullptr, path_);
}

UnfinishedFile::UnfinishedFile(UnfinishedFile&& other) noexcept
    : path_(std::exchange(other.path_, nullptr)) {}

UnfinishedFile& UnfinishedFile::operator=(UnfinishedFile&& other) noexcept {
  std::swap(path_, other.path_);
  return *this;
}

UnfinishedFile::~UnfinishedFile() {
  if (path_ != nullptr) system::remove(path_);
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
  for (const int signal : kEndingSignals) {
    if (std::signal(signal, remove_all_and_end) == SIG_IGN) std::signal(signal, SIG_IGN);
  }
}

}  // namespace llmarch::cli
