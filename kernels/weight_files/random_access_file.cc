#include "kernels/weight_files/random_access_file.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <system_error>
#include <utility>

#include "sim/spec/file_error.h"

namespace llmarch {
namespace {

std::string reason(int error) {
  return std::generic_category().message(error);
}

std::string kind_of(mode_t mode) {
  if (S_ISDIR(mode)) return "a folder";
  if (S_ISFIFO(mode)) return "a pipe";
  if (S_ISCHR(mode) || S_ISBLK(mode)) return "a device";
  return "not a regular file";
}

}  // namespace

RandomAccessFile RandomAccessFile::open(const std::filesystem::path& path) {
  // O_NONBLOCK: opening a pipe that nobody writes to would otherwise wait for ever.
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
  if (descriptor < 0) {
    throw FileError(path, fmt::format("cannot be opened: {}; check the name and the permissions",
                                      reason(errno)));
  }
  return RandomAccessFile(path, descriptor);
}

// The descriptor is judged, not the name: between two looks at a name the file may be exchanged.
RandomAccessFile::RandomAccessFile(std::filesystem::path path, int descriptor)
    : path_(std::move(path)), descriptor_(descriptor) {
  struct stat status {};
  const int error = ::fstat(descriptor_, &status) == 0 ? 0 : errno;
  if (error == 0 && S_ISREG(status.st_mode)) {
    size_ = static_cast<std::uint64_t>(status.st_size);
    return;
  }
  ::close(descriptor_);  // the destructor does not run when a constructor throws
  if (error != 0) {
    throw FileError(path_, fmt::format("cannot be examined: {}; try again", reason(error)));
  }
  throw FileError(path_, fmt::format("is {}; name a regular file", kind_of(status.st_mode)));
}

RandomAccessFile::RandomAccessFile(RandomAccessFile&& other) noexcept
    : path_(std::move(other.path_)),
      descriptor_(std::exchange(other.descriptor_, -1)),
      size_(other.size_) {}

RandomAccessFile& RandomAccessFile::operator=(RandomAccessFile&& other) noexcept {
  std::swap(path_, other.path_);
  std::swap(descriptor_, other.descriptor_);
  std::swap(size_, other.size_);
  return *this;
}

RandomAccessFile::~RandomAccessFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

void RandomAccessFile::read_at(std::uint64_t offset, std::span<std::byte> into) const {
  while (!into.empty()) {
    const ssize_t got = ::pread(descriptor_, into.data(), into.size(), static_cast<off_t>(offset));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) {
      throw FileError(path_, fmt::format("cannot be read at byte {}: {}; check the disk", offset,
                                         reason(errno)));
    }
    if (got == 0) {
      throw FileError(path_,
                      fmt::format("ends at byte {}, {} bytes short of what was there when it "
                                  "was opened; wait until nothing writes to it",
                                  offset, into.size()));
    }
    offset += static_cast<std::uint64_t>(got);
    into = into.subspan(static_cast<std::size_t>(got));
  }
}

}  // namespace llmarch
