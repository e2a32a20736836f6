// What the program asks of the operating system beyond the standard library: open files, the
// terminal, large memory, another program. posix/ is for Linux, macOS and WebAssembly and windows/
// for Windows; each defines all of it, and no other file includes a header of a system. What a
// system does not have is none here, and never guessed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace llmarch::system {

// An open file; negative where it could not be opened. A function that fails sets errno.
using Descriptor = int;
inline constexpr Descriptor kStandardOutput = 1;
inline constexpr Descriptor kStandardError = 2;

// Does not wait until somebody writes to a pipe.
Descriptor open_to_read(const std::filesystem::path& path);
// Something that is there: a device, a pipe.
Descriptor open_to_write(const std::filesystem::path& path);
// A file that is not there yet; EEXIST where it is.
Descriptor open_new(const std::filesystem::path& path);
// Whether all that was written has reached the file.
bool close(Descriptor file);
// May be called in a signal handler.
void remove(const char* path);

enum class FileKind { regular, folder, pipe, device, other };
struct FileStatus {
  FileKind kind;
  std::uint64_t size;
};
std::optional<FileStatus> status_of(Descriptor file);

// How many bytes were read or written, which may be fewer than asked for; negative where it failed.
std::int64_t read_at(Descriptor file, std::uint64_t offset, std::span<std::byte> into);
std::int64_t write(Descriptor file, std::string_view text);

// Makes a folder that only this user can enter, whose name replaces the X's at the end of `name`.
bool make_folder(std::string& name);

// Called once at the start: what is written is passed on as it is, and a write that fails is an
// error to report, where the system would otherwise end the process.
void prepare_streams();
bool is_terminal(Descriptor file);
std::optional<std::size_t> columns(Descriptor file);

int process_id();
// "x86_64"
std::string processor_kind();
// On how many processors this process may run, where the system can restrict that.
std::optional<int> allowed_processors();

// Addresses of `bytes` bytes, all zeros, that begin at a multiple of `alignment`, a power of two.
// They take up memory when they are first touched, on huge pages where the system has them. Null
// where the system refuses.
std::byte* reserve_memory(std::size_t bytes, std::size_t alignment);
void release_memory(std::byte* start, std::size_t bytes);

// Whether the shell would find that program.
bool has_program(const std::string& name);
// What the program of a shell's command writes to its standard output, if it ends well; it is given
// `input` as the file that is named after its last argument. None where it cannot be started too.
std::optional<std::string> output_of(const std::string& command, std::string_view input);

}  // namespace llmarch::system
