// The files of arch_specs that are compiled in, so that the program runs from anywhere, alone. The
// build makes the functions (cmake/embed_specs.cmake).
#pragma once

#include <string_view>
#include <vector>

namespace llmarch::cli {

struct EmbeddedFile {
  std::string_view name;  // without its ending
  std::string_view text;
};

const std::vector<EmbeddedFile>& embedded_specs();     // arch_specs/models
const std::vector<EmbeddedFile>& embedded_hardware();  // arch_specs/hardware
const std::vector<EmbeddedFile>& embedded_studies();   // arch_specs/studies
const std::vector<EmbeddedFile>& embedded_measured();  // arch_specs/measured

}  // namespace llmarch::cli
