#include "sim/hardware/hardware_file.h"

#include "sim/hardware/hardware_fields.h"
#include "sim/toml/field_writer.h"
#include "sim/toml/toml_document.h"
#include "sim/toml/toml_reader.h"

namespace llmarch {
namespace {

constexpr DocumentKind kHardware{
    "a hardware file", "'llmarch help hardware-format' describes what it holds",
    "toml.io describes TOML, 'llmarch help hardware-format' what a hardware file holds"};

}  // namespace

HardwareLoad load_toml_hardware(std::string_view text) {
  auto parsed = parse_toml(text, kHardware);
  if (auto* problem = std::get_if<Diagnostic>(&parsed)) {
    return {std::nullopt, {std::move(*problem)}};
  }
  Hardware hardware;
  TomlReading reading;
  TableReader reader(std::get<toml::table>(parsed), "the hardware file", reading);
  visit_fields(reader, hardware);
  reader.finish();
  HardwareLoad load{std::nullopt, std::move(reading.problems).take()};
  if (load.problems.empty()) load.hardware = std::move(hardware);
  return load;
}

std::string write_toml_hardware(const Hardware& hardware, const std::vector<std::string>& remarks) {
  return write_toml_fields(hardware, remarks);
}

}  // namespace llmarch
