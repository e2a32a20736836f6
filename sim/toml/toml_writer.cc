#include "sim/toml/toml_writer.h"

#include "sim/toml/field_writer.h"

namespace llmarch {

std::string write_toml_spec(const ArchSpec& spec, const std::vector<std::string>& remarks) {
  return write_toml_fields(spec, remarks);
}

}  // namespace llmarch
