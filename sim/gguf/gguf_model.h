// A model from the header of a GGUF file: its keys make a spec, and its tensors say how each weight
// is stored. The data is not needed, so the beginning of a file suffices. The header itself is read
// and checked by kernels/weight_files/gguf_header.h.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "kernels/weight_files/gguf_file.h"
#include "sim/formats/scheme.h"
#include "sim/spec/arch_spec.h"
#include "sim/spec/diagnostics.h"

namespace llmarch {

// Either a spec and the scheme that its tensors are stored in, or at least one problem.
struct GgufLoad {
  std::optional<ArchSpec> spec;
  std::optional<Scheme> storage;
  std::vector<Diagnostic> problems;
  std::vector<std::string> notes;  // what else the file holds, and what was not read
};

// `name` becomes the spec's name. Every weight of the spec must be in the file, with as many
// elements; what is there besides is noted.
GgufLoad load_gguf(const GgufModel& file, const std::string& name);

}  // namespace llmarch
