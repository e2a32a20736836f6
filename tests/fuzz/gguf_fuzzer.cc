// GGUF files, header and body: an accepted file has tensors one after another, of as many bytes as
// their shapes say, and can be read to its last byte.
#include "kernels/weight_files/gguf_file.h"
#include "sim/spec/file_error.h"
#include "tests/fuzz/memory_file.h"

namespace {

void require_layout(const llmarch::GgufModel& model) {
  std::uint64_t covered = 0;
  for (const auto& [tensor, file] : model.tensors()) {
    llmarch::fuzz::require(tensor.begin >= covered && tensor.end > tensor.begin,
                           "tensors lie one after the other");
    const auto blocks = static_cast<std::uint64_t>(tensor.elements() / tensor.type.elements);
    llmarch::fuzz::require(
        tensor.end - tensor.begin == blocks * static_cast<std::uint64_t>(tensor.type.bytes),
        "a tensor has the bytes of its blocks");
    covered = tensor.end;
  }
}

void read_all(const llmarch::GgufModel& model) {
  for (const llmarch::GgufPlacedTensor& placed : model.tensors()) {
    try {
      const std::size_t bytes = model.read(placed).size();
      llmarch::fuzz::require(bytes == placed.tensor.end - placed.tensor.begin,
                             "all bytes are read");
    } catch (const llmarch::FileError&) {
      llmarch::fuzz::require(!model.holds_data(), "only a beginning lacks data");
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const llmarch::fuzz::MemoryFile memory;
  memory.hold(llmarch::fuzz::text_of(data, size));
  try {
    const auto model = llmarch::GgufModel::open(memory.path());
    require_layout(model);
    read_all(model);
  } catch (const llmarch::FileError& refused) {
    llmarch::fuzz::require(refused.problem().find(';') != std::string::npos,
                           "a refusal says what is wrong and what to do");
  }
  return 0;
}
