// Hugging Face configs.
#include "sim/huggingface/hf_config.h"
#include "tests/fuzz/properties.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace llmarch;
  const std::string_view text = fuzz::text_of(data, size);
  const ConfigLoad load = load_hf_config(text, "fuzzed");
  fuzz::require(load.spec.has_value() == load.problems.empty(), "a spec or problems");
  fuzz::require_said(text, load.problems);
  if (load.spec) fuzz::require_sound(*load.spec);
  return 0;
}
