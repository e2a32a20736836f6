// Compiled with MinGW-w64. No program is started from here, so that a PNG picture is refused; and
// an open file cannot be removed, so that after Ctrl-C an unfinished file stays under its temporary
// name.
#include "sim/system/system.h"

#define WIN32_LEAN_AND_MEAN
#include <windows.h>

#include <fcntl.h>
#include <io.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <limits>

namespace llmarch::system {
namespace {

HANDLE handle_of(Descriptor file) {
  return reinterpret_cast<HANDLE>(::_get_osfhandle(file));
}

// What one call can read or write at most.
DWORD at_most(std::size_t bytes) {
  return static_cast<DWORD>(std::min<std::size_t>(bytes, std::numeric_limits<int>::max()));
}

FileKind kind_of(unsigned mode) {
  switch (mode & _S_IFMT) {
    case _S_IFREG: return FileKind::regular;
    case _S_IFDIR: return FileKind::folder;
    case _S_IFIFO: return FileKind::pipe;
    case _S_IFCHR: return FileKind::device;
    default: return FileKind::other;
  }
}

}  // namespace

Descriptor open_to_read(const std::filesystem::path& path) {
  return ::_wopen(path.c_str(), _O_RDONLY | _O_BINARY | _O_NOINHERIT);
}

Descriptor open_to_write(const std::filesystem::path& path) {
  return ::_wopen(path.c_str(), _O_WRONLY | _O_BINARY | _O_NOINHERIT);
}

Descriptor open_new(const std::filesystem::path& path) {
  return ::_wopen(path.c_str(), _O_WRONLY | _O_CREAT | _O_EXCL | _O_BINARY | _O_NOINHERIT,
                  _S_IREAD | _S_IWRITE);
}

bool close(Descriptor file) {
  return ::_close(file) == 0;
}

void remove(const char* path) {
  ::_unlink(path);
}

std::optional<FileStatus> status_of(Descriptor file) {
  struct _stat64 status {};
  if (::_fstat64(file, &status) != 0) return std::nullopt;
  return FileStatus{kind_of(status.st_mode), static_cast<std::uint64_t>(status.st_size)};
}

std::int64_t read_at(Descriptor file, std::uint64_t offset, std::span<std::byte> into) {
  OVERLAPPED place{};
  place.Offset = static_cast<DWORD>(offset);
  place.OffsetHigh = static_cast<DWORD>(offset >> 32U);
  DWORD got = 0;
  if (::ReadFile(handle_of(file), into.data(), at_most(into.size()), &got, &place) != 0) return got;
  if (::GetLastError() == ERROR_HANDLE_EOF) return 0;
  errno = EIO;
  return -1;
}

std::int64_t write(Descriptor file, std::string_view text) {
  return ::_write(file, text.data(), at_most(text.size()));
}

bool make_folder(std::string& name) {
  std::error_code error;
  return ::_mktemp(name.data()) != nullptr && std::filesystem::create_directory(name, error);
}

void prepare_streams() {
  for (const Descriptor stream : {0, kStandardOutput, kStandardError}) {
    ::_setmode(stream, _O_BINARY);
  }
  ::SetConsoleOutputCP(CP_UTF8);
}

bool is_terminal(Descriptor file) {
  DWORD mode = 0;
  return ::GetConsoleMode(handle_of(file), &mode) != 0;
}

std::optional<std::size_t> columns(Descriptor file) {
  CONSOLE_SCREEN_BUFFER_INFO screen{};
  if (::GetConsoleScreenBufferInfo(handle_of(file), &screen) == 0) return std::nullopt;
  return static_cast<std::size_t>(screen.srWindow.Right - screen.srWindow.Left + 1);
}

int process_id() {
  return static_cast<int>(::GetCurrentProcessId());
}

std::string processor_kind() {
  const char* const kind = std::getenv("PROCESSOR_IDENTIFIER");
  return kind == nullptr ? "unknown processor" : kind;
}

std::optional<int> allowed_processors() {
  return std::nullopt;
}

// Memory of this kind begins at multiples of 64 KiB. To begin at those of a larger alignment, more
// is reserved and the rest is left untouched.
std::byte* reserve_memory(std::size_t bytes, std::size_t alignment) {
  auto* const start = static_cast<std::byte*>(
      ::VirtualAlloc(nullptr, bytes + alignment, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE));
  if (start == nullptr) return nullptr;
  const std::size_t beyond = reinterpret_cast<std::size_t>(start) % alignment;
  return beyond == 0 ? start : start + (alignment - beyond);
}

void release_memory(std::byte* start, std::size_t /*bytes*/) {
  MEMORY_BASIC_INFORMATION region{};
  ::VirtualQuery(start, &region, sizeof(region));
  ::VirtualFree(region.AllocationBase, 0, MEM_RELEASE);
}

bool has_program(const std::string& /*name*/) {
  return false;
}

std::optional<std::string> output_of(const std::string& /*command*/, std::string_view /*input*/) {
  return std::nullopt;
}

}  // namespace llmarch::system
