// safetensors files, header and body: what is accepted is read to its last byte.
#include <sys/mman.h>
#include <unistd.h>

#include "kernels/weight_files/safetensors.h"
#include "sim/spec/file_error.h"
#include "tests/fuzz/properties.h"

namespace {

// A regular file that lives in memory.
class MemoryFile {
 public:
  MemoryFile() : descriptor_(::memfd_create("fuzzed", MFD_CLOEXEC)) {
    llmarch::fuzz::require(descriptor_ >= 0, "memory for a file");
  }
  void hold(std::string_view bytes) const {
    llmarch::fuzz::require(::ftruncate(descriptor_, 0) == 0, "the file can be emptied");
    const auto size = static_cast<ssize_t>(bytes.size());
    llmarch::fuzz::require(::pwrite(descriptor_, bytes.data(), bytes.size(), 0) == size,
                           "the file can be written");
  }
  [[nodiscard]] std::string path() const { return "/proc/self/fd/" + std::to_string(descriptor_); }

 private:
  int descriptor_;
};

// Offsets fill the data without overlap or hole, whatever was asked of them one by one.
void require_layout(const std::vector<llmarch::TensorInfo>& tensors) {
  std::uint64_t covered = 0;
  for (const llmarch::TensorInfo& tensor : tensors) {
    llmarch::fuzz::require(tensor.begin == covered && tensor.end >= tensor.begin,
                           "tensors lie one behind the other");
    covered = tensor.end;
  }
}

void read_all(const llmarch::SafetensorsFile& file) {
  for (const llmarch::TensorInfo& tensor : file.tensors()) {
    try {
      const std::size_t floats = file.read_floats(tensor).size();
      llmarch::fuzz::require(floats <= tensor.end - tensor.begin, "no more floats than bytes");
    } catch (const llmarch::FileError&) {
      // A dtype that is no float.
    }
    try {
      (void)file.read_integers(tensor);
    } catch (const llmarch::FileError&) {
      // A dtype that is no integer.
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const MemoryFile memory;
  memory.hold(llmarch::fuzz::text_of(data, size));
  try {
    const auto file = llmarch::SafetensorsFile::open(memory.path());
    require_layout(file.tensors());
    read_all(file);
  } catch (const llmarch::FileError& refused) {
    llmarch::fuzz::require(refused.problem().find(';') != std::string::npos,
                           "a refusal says what is wrong and what to do");
  }
  return 0;
}
