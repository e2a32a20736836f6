// Files that must not outlive this process: reports under their temporary names. Ctrl-C, SIGTERM
// and a closed terminal end the process and remove these files; after SIGKILL nothing can.
#pragma once

#include <filesystem>

namespace llmarch::cli {

// Removes `path` when it is destroyed or when a signal ends the process, whichever comes first. It
// is made before the file, so that no signal comes while the file exists unregistered.
class UnfinishedFile {
 public:
  UnfinishedFile() = default;
  explicit UnfinishedFile(const std::filesystem::path& path);
  UnfinishedFile(UnfinishedFile&& other) noexcept;
  UnfinishedFile& operator=(UnfinishedFile&& other) noexcept;
  UnfinishedFile(const UnfinishedFile&) = delete;
  UnfinishedFile& operator=(const UnfinishedFile&) = delete;
  ~UnfinishedFile();

  // The file is finished or was never made, so it is not to be removed.
  void release();

 private:
  char* path_ = nullptr;
};

// From here on those signals remove unfinished files before they end the process. A signal that is
// ignored (by nohup) stays ignored.
void remove_unfinished_files_on_signals();

}  // namespace llmarch::cli
