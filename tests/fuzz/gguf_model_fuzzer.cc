// Models from headers of GGUF files: keys to a spec, types of tensors to formats. A header that is
// taken makes a sound spec, which can be priced as its tensors are stored.
#include "sim/gguf/gguf_model.h"

#include "sim/cost/predict.h"
#include "sim/spec/file_error.h"
#include "sim/study/step.h"
#include "tests/fuzz/memory_file.h"

namespace {

using namespace llmarch;

void require_priced(const GgufLoad& load) {
  fuzz::require(load.spec.has_value() == load.problems.empty(), "a spec or problems");
  fuzz::require(load.spec.has_value() == load.storage.has_value(), "a spec has its formats");
  fuzz::require_said("", load.problems);
  if (!load.spec) return;
  fuzz::require_sound(*load.spec);
  Model model = make_model(*load.spec, {});
  model.published_in = *load.storage;
  fuzz::require(weight_bytes(stored(model, Setting{})).total > Bytes(), "a model has bytes");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const fuzz::MemoryFile memory;
  memory.hold(fuzz::text_of(data, size));
  try {
    require_priced(load_gguf(GgufModel::open(memory.path()), "fuzzed"));
  } catch (const FileError&) {
    // The header itself is refused, of which the target gguf knows more.
  } catch (const Overflow&) {
    // The parameters exceed 64 bits.
  }
  return 0;
}
