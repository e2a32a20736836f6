// Which models are known, and how an argument becomes one: a built-in name, a name from --specs, a
// path, or a name on the Hugging Face Hub whose config is in the local cache. The only code that
// reads spec and config files.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/cli/kept_models.h"
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
  // FileError. Models that are read from their texts stay in `kept`, which must outlive the
  // catalog.
  Catalog(const std::optional<std::filesystem::path>& folder, KeptModels& kept);

  // The model with that name: one of the catalog by its name or another of its names, a path as
  // load_model_file takes it, or a cached name of the Hub. Changes of it may follow the name, each
  // after a '+' and written as change_spec takes them. Throws UsageError, FileError or BadInput.
  [[nodiscard]] Model find(const std::string& name) const;
  [[nodiscard]] const std::map<std::string, CatalogEntry>& entries() const { return entries_; }
  // The names of all entries, in order.
  [[nodiscard]] std::vector<std::string> names() const;
  // The entry that each name in the specs' `also` stands for. Throws BadInput where such a name is
  // that of another spec too. A file of the user's that is no valid spec has no other names.
  [[nodiscard]] std::map<std::string, std::string> other_names() const;

 private:
  // A built-in model, which stays where it is kept.
  [[nodiscard]] const Model& built_in(const std::string& name, std::string_view text) const;
  [[nodiscard]] Model named_model(const std::string& name, const CatalogEntry& entry) const;
  [[nodiscard]] std::vector<std::string> other_names_of(const std::string& name,
                                                        const CatalogEntry& entry) const;
  [[nodiscard]] Model changed(const std::string& name, std::size_t plus) const;
  [[nodiscard]] Model file(const std::filesystem::path& path) const;

  KeptModels& kept_;
  std::map<std::string, CatalogEntry> entries_;
};

// The models that the arguments name, in their order. Two of one name, such as a built-in model and
// a file that changes it, are told apart: the later one is called by its path.
std::vector<Model> find_models(const Catalog& catalog, const std::vector<std::string>& names);

// The model as it is shown where it was asked for by another of its names.
Model called(Model model, const std::string& other_name);

// "gemma-3-27b+attention.local.window=512": the name that stands for a model with changes.
std::string changed_name(const std::string& name, const std::vector<std::string>& changes);

// Reads a spec from its path. Throws FileError or BadInput.
Model load_spec_file(const std::filesystem::path& file);

// A .toml, a .gguf, a config.json, a folder that holds one, or a cached name of the Hub. Throws
// UsageError, FileError or BadInput.
Model load_model_file(const std::filesystem::path& path);

// A model read from a Hugging Face config, and how its checkpoint names its tensors. `path` is the
// config.json, the folder that holds it, or a cached name of the Hub. Throws UsageError, FileError
// or BadInput.
struct ConfiguredModel {
  Model model;
  std::optional<CheckpointNaming> naming;
};
ConfiguredModel load_config_file(const std::filesystem::path& path,
                                 const ImportOptions& options = {});
// How the checkpoint in `folder` names its tensors. Throws NotPossible where that is not known.
CheckpointNaming naming_for(const ConfiguredModel& configured, const std::filesystem::path& folder);

}  // namespace llmarch::cli
