// Which models are known, and how an argument becomes one: a built-in name, a name from --specs, or
// a path. The only code that reads spec and config files.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/huggingface/hf_config.h"
#include "sim/study/model.h"

namespace llmarch::cli {

struct CatalogEntry {
  std::string origin;  // "built in", or the file
  std::optional<std::filesystem::path> file;
  std::string_view text;  // of a built-in spec
};

class Catalog {
 public:
  // The built-in specs and those of `folder`, which replace built-in ones of the same name. Throws
  // FileError.
  explicit Catalog(const std::optional<std::filesystem::path>& folder);

  // A name of the catalog, or a path to a .toml, a config.json or a checkpoint folder. Throws
  // UsageError, FileError or BadInput.
  [[nodiscard]] Model find(const std::string& name) const;
  [[nodiscard]] const std::map<std::string, CatalogEntry>& entries() const { return entries_; }

 private:
  std::map<std::string, CatalogEntry> entries_;
};

// Reads a spec from its path. Throws FileError or BadInput.
Model load_spec_file(const std::filesystem::path& file);

// A model read from a Hugging Face config, and how its checkpoint names its tensors. `path` is the
// config.json or the folder that holds it. Throws FileError or BadInput.
struct ConfiguredModel {
  Model model;
  CheckpointNaming naming;
};
ConfiguredModel load_config_file(const std::filesystem::path& path,
                                 const ImportOptions& options = {});

}  // namespace llmarch::cli
