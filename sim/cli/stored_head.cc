#include "sim/cli/stored_head.h"

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "kernels/weight_files/safetensors.h"
#include "sim/cli/text_files.h"
#include "sim/huggingface/config_load.h"
#include "sim/huggingface/hf_json.h"
#include "sim/spec/file_error.h"

namespace llmarch::cli {
namespace {

namespace fs = std::filesystem;

std::vector<std::string> names_in_index(const fs::path& index) {
  const JsonObject parsed =
      parse_json_object(read_text(index, kLargestConfigFile, "an index of tensors"));
  std::vector<std::string> names;
  if (parsed.problem || !parsed.value.contains("weight_map")) return names;
  for (const auto& [name, file] : parsed.value.at("weight_map").items()) names.push_back(name);
  return names;
}

std::vector<std::string> names_in(const fs::path& folder) {
  std::error_code error;
  const fs::path index = folder / "model.safetensors.index.json";
  if (fs::exists(index, error)) return names_in_index(index);
  std::vector<std::string> names;
  const fs::path only = folder / "model.safetensors";
  if (!fs::exists(only, error)) return names;
  const auto file = SafetensorsFile::open(only);
  for (const TensorInfo& tensor : file.tensors()) names.push_back(tensor.name);
  return names;
}

// Whether the tensor is part of the output head. Only the beginning of the name, or of one of its
// parts, is looked at, since a quantised head is several tensors: lm_head.qweight, lm_head.scales.
bool is_head(const std::string& name) {
  if (name.starts_with("output.")) return true;  // Mistral's own files, InternLM2
  if (name.starts_with("head.")) return true;    // DeepSeek V4's own files
  constexpr auto kHeads =
      std::to_array<std::string_view>({"lm_head.", "embed_out.", "output_layer."});
  return std::any_of(kHeads.begin(), kHeads.end(), [&](std::string_view head) {
    return name.starts_with(head) || name.find("." + std::string(head)) != std::string::npos;
  });
}

}  // namespace

StoredHead stored_head(const fs::path& folder) {
  try {
    const std::vector<std::string> names = names_in(folder);
    if (names.empty()) return StoredHead::unknown;
    return std::any_of(names.begin(), names.end(), is_head) ? StoredHead::present
                                                            : StoredHead::absent;
  } catch (const FileError&) {
    return StoredHead::unknown;  // what reads the weights reports it
  }
}

}  // namespace llmarch::cli
