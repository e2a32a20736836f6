#include "kernels/weight_files/random_access_file.h"

#include <fmt/core.h>

#include <cerrno>
#include <stdexcept>
#include <string>
#include <system_error>
#include <utility>

#include "sim/spec/file_error.h"
#include "sim/system/system.h"

namespace llmarch {
namespace {

std::string reason(int error) {
  return std::generic_category().message(error);
}

std::string text_of(system::FileKind kind) {
  switch (kind) {
    case system::FileKind::folder: return "a folder";
    case system::FileKind::pipe: return "a pipe";
    case system::FileKind::device: return "a device";
    case system::FileKind::regular:
    case system::FileKind::other: return "not a regular file";
  }
  throw std::logic_error("text_of: a kind of file outside the enumeration");
}

}  // namespace

RandomAccessFile RandomAccessFile::open(const std::filesystem::path& path) {
  const system::Descriptor descriptor = system::open_to_read(path);
  if (descriptor < 0) {
    throw FileError(path, fmt::format("cannot be opened: {}; check the name and the permissions",
                                      reason(errno)));
  }
  return RandomAccessFile(path, descriptor);
}

// The descriptor is judged, not the name: between two looks at a name the file may be exchanged.
RandomAccessFile::RandomAccessFile(std::filesystem::path path, int descriptor)
    : path_(std::move(path)), descriptor_(descriptor) {
  const auto status = system::status_of(descriptor_);
  const int error = errno;
  if (status && status->kind == system::FileKind::regular) {
    size_ = status->size;
    return;
  }
  system::close(descriptor_);  // the destructor does not run when a constructor throws
  if (!status) {
    throw FileError(path_, fmt::format("cannot be examined: {}; try again", reason(error)));
  }
  throw FileError(path_, fmt::format("is {}; name a regular file", text_of(status->kind)));
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
  if (descriptor_ >= 0) system::close(descriptor_);
}

void RandomAccessFile::read_at(std::uint64_t offset, std::span<std::byte> into) const {
  while (!into.empty()) {
    const std::int64_t got = system::read_at(descriptor_, offset, into);
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
