// Files that must not outlive this process: what is being written beside its place. Ctrl-C, SIGTERM
// and a terminal that closes end the process, and take them along; nothing can after SIGKILL.
#pragma once

#include <filesystem>

namespace llmarch::cli {

// Removes `path` when it is destroyed or when a signal ends the process, whichever comes first. It
// is made before the file is: between the two no signal may find a file that nobody removes.
class UnfinishedFile {
 public:
  UnfinishedFile() = default;
  explicit UnfinishedFile(const std::filesystem::path& path);
  UnfinishedFile(UnfinishedFile&& other) noexcept;
  UnfinishedFile& operator=(UnfinishedFile&& other) noexcept;
  UnfinishedFile(const UnfinishedFile&) = delete;
  UnfinishedFile& operator=(const UnfinishedFile&) = delete;
  ~UnfinishedFile();

  // The file is finished, or was never made: it is no longer this object's.
  void release();

 private:
  char* path_ = nullptr;
};

// From here on those signals remove what is unfinished before they end the process. A signal that
// is ignored (by nohup) stays ignored.
void remove_unfinished_files_on_signals();

}  // namespace llmarch::cli
