#include "sim/system/system.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <sstream>
#ifdef __linux__
#include <sched.h>
#endif

namespace llmarch::system {
namespace {

FileKind kind_of(mode_t mode) {
  if (S_ISREG(mode)) return FileKind::regular;
  if (S_ISDIR(mode)) return FileKind::folder;
  if (S_ISFIFO(mode)) return FileKind::pipe;
  if (S_ISCHR(mode) || S_ISBLK(mode)) return FileKind::device;
  return FileKind::other;
}

using File = std::unique_ptr<FILE, int (*)(FILE*)>;

// A file without a name disappears however this process ends.
File nameless_file(std::string_view text) {
  File file(std::tmpfile(), &std::fclose);
  if (file == nullptr) return file;
  const bool written = std::fwrite(text.data(), 1, text.size(), file.get()) == text.size();
  if (!written || std::fflush(file.get()) != 0) file.reset();
  return file;
}

}  // namespace

Descriptor open_to_read(const std::filesystem::path& path) {
  return ::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
}

Descriptor open_to_write(const std::filesystem::path& path) {
  return ::open(path.c_str(), O_WRONLY | O_CLOEXEC);
}

Descriptor open_new(const std::filesystem::path& path) {
  return ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
}

bool close(Descriptor file) {
  return ::close(file) == 0;
}

void remove(const char* path) {
  ::unlink(path);
}

std::optional<FileStatus> status_of(Descriptor file) {
  struct stat status {};
  if (::fstat(file, &status) != 0) return std::nullopt;
  return FileStatus{kind_of(status.st_mode), static_cast<std::uint64_t>(status.st_size)};
}

std::int64_t read_at(Descriptor file, std::uint64_t offset, std::span<std::byte> into) {
  return ::pread(file, into.data(), into.size(), static_cast<off_t>(offset));
}

std::int64_t write(Descriptor file, std::string_view text) {
  return ::write(file, text.data(), text.size());
}

bool make_folder(std::string& name) {
  return ::mkdtemp(name.data()) != nullptr;
}

// SIGPIPE: the reader of a pipe is gone. SIGXFSZ: the file exceeds this process's limit.
void prepare_streams() {
  for (const int signal : {SIGPIPE, SIGXFSZ}) std::signal(signal, SIG_IGN);
}

bool is_terminal(Descriptor file) {
  return ::isatty(file) == 1;
}

std::optional<std::size_t> columns(Descriptor file) {
  winsize size{};
  if (!is_terminal(file) || ::ioctl(file, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) {
    return std::nullopt;
  }
  return size.ws_col;
}

int process_id() {
  return ::getpid();
}

std::string processor_kind() {
  utsname names{};
  return ::uname(&names) == 0 ? names.machine : "unknown processor";
}

std::optional<int> allowed_processors() {
#ifdef __linux__
  cpu_set_t set;
  CPU_ZERO(&set);
  if (::sched_getaffinity(0, sizeof(set), &set) == 0) return CPU_COUNT(&set);
#endif
  return std::nullopt;
}

// The mapping is cut to begin and end at a multiple of the alignment, which is that of huge pages.
std::byte* reserve_memory(std::size_t bytes, std::size_t alignment) {
  void* const mapped = ::mmap(nullptr, bytes + alignment, PROT_READ | PROT_WRITE,
                              MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (mapped == MAP_FAILED) return nullptr;
  const std::size_t beyond =
      reinterpret_cast<std::size_t>(mapped) % alignment;  // NOLINT: an address
  const std::size_t before = beyond == 0 ? 0 : alignment - beyond;
  std::byte* const start = static_cast<std::byte*>(mapped) + before;
  if (before > 0) ::munmap(mapped, before);
  if (before < alignment) ::munmap(start + bytes, alignment - before);
#ifdef MADV_HUGEPAGE
  ::madvise(start, bytes, MADV_HUGEPAGE);  // only advice: without huge pages, small ones do
#endif
  return start;
}

void release_memory(std::byte* start, std::size_t bytes) {
  ::munmap(start, bytes);
}

bool has_program(const std::string& name) {
  const char* path = std::getenv("PATH");
  std::istringstream folders(path == nullptr ? "" : path);
  for (std::string folder; std::getline(folders, folder, ':');) {
    if (::access((std::filesystem::path(folder) / name).c_str(), X_OK) == 0) return true;
  }
  return false;
}

std::optional<std::string> output_of(const std::string& command, std::string_view input) {
  const File file = nameless_file(input);
  if (file == nullptr) return std::nullopt;
  const std::string opened = " /dev/fd/" + std::to_string(::fileno(file.get()));
  FILE* const pipe = ::popen((command + opened).c_str(), "r");
  if (pipe == nullptr) return std::nullopt;
  std::string output;
  std::array<char, 65536> buffer{};
  for (std::size_t count = 0; (count = std::fread(buffer.data(), 1, buffer.size(), pipe)) > 0;) {
    output.append(buffer.data(), count);
  }
  return ::pclose(pipe) == 0 ? std::optional(std::move(output)) : std::nullopt;
}

}  // namespace llmarch::system
