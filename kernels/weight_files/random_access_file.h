// Reading byte ranges of a regular file through the operating system. Files are read, never mapped:
// a mapped file that someone truncates kills the process with SIGBUS, a short read is an error that
// can be reported. Nothing here knows what the bytes mean.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>

namespace llmarch {

class RandomAccessFile {
 public:
  // Throws FileError unless `path` is a regular file that may be read.
  static RandomAccessFile open(const std::filesystem::path& path);

  RandomAccessFile(RandomAccessFile&& other) noexcept;
  RandomAccessFile& operator=(RandomAccessFile&& other) noexcept;
  RandomAccessFile(const RandomAccessFile&) = delete;
  RandomAccessFile& operator=(const RandomAccessFile&) = delete;
  ~RandomAccessFile();

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  // The size when the file was opened.
  [[nodiscard]] std::uint64_t size() const { return size_; }

  // Fills `into` with the bytes from `offset` on; throws FileError when it cannot fill all of it.
  void read_at(std::uint64_t offset, std::span<std::byte> into) const;

 private:
  RandomAccessFile(std::filesystem::path path, int descriptor);

  std::filesystem::path path_;
  int descriptor_;
  std::uint64_t size_ = 0;
};

}  // namespace llmarch
