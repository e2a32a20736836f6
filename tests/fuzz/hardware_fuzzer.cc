// TOML hardware files.
#include "sim/hardware/hardware_file.h"
#include "tests/fuzz/properties.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace llmarch;
  const std::string_view text = fuzz::text_of(data, size);
  const HardwareLoad load = load_toml_hardware(text);
  fuzz::require(load.hardware.has_value() == load.problems.empty(), "hardware or problems");
  fuzz::require_said(text, load.problems);
  if (!load.hardware) return 0;
  const std::string written = write_toml_hardware(*load.hardware, {});
  const HardwareLoad again = load_toml_hardware(written);
  fuzz::require(again.hardware.has_value(), "a written hardware file can be read");
  fuzz::require(write_toml_hardware(*again.hardware, {}) == written, "and reads the same");
  return 0;
}
