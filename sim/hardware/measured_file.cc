#include "sim/hardware/measured_file.h"

#include "sim/hardware/measured_fields.h"
#include "sim/toml/field_writer.h"
#include "sim/toml/toml_document.h"
#include "sim/toml/toml_reader.h"

namespace llmarch {
namespace {

constexpr DocumentKind kMeasurements{"a file of measurements", "tests/measured writes it",
                                     "toml.io describes TOML, and tests/measured writes the file"};

}  // namespace

MeasurementsLoad load_toml_measurements(std::string_view text) {
  auto parsed = parse_toml(text, kMeasurements);
  if (auto* problem = std::get_if<Diagnostic>(&parsed)) {
    return {std::nullopt, {std::move(*problem)}};
  }
  Measurements measurements;
  TomlReading reading;
  TableReader reader(std::get<toml::table>(parsed), "the file of measurements", reading);
  visit_fields(reader, measurements);
  reader.finish();
  MeasurementsLoad load{std::nullopt, std::move(reading.problems).take()};
  if (load.problems.empty()) load.measurements = std::move(measurements);
  return load;
}

std::string write_toml_measurements(const Measurements& measurements,
                                    const std::vector<std::string>& remarks) {
  return write_toml_fields(measurements, remarks);
}

}  // namespace llmarch
