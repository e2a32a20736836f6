// safetensors files, header and body: an accepted file is read to its last byte.
#include "kernels/weight_files/safetensors.h"
#include "sim/spec/file_error.h"
#include "tests/fuzz/memory_file.h"

namespace {

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
      // Not a floating-point dtype.
    }
    try {
      (void)file.read_integers(tensor);
    } catch (const llmarch::FileError&) {
      // Not an integer dtype.
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const llmarch::fuzz::MemoryFile memory;
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
