#include "sim/cli/models.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "sim/cli/embedded.h"
#include "sim/cli/errors.h"
#include "sim/cli/hub_cache.h"
#include "sim/cli/stored_head.h"
#include "sim/cli/text_files.h"
#include "sim/gguf/gguf_model.h"
#include "sim/huggingface/hf_adapter.h"
#include "sim/huggingface/hf_outer.h"
#include "sim/spec/file_error.h"
#include "sim/spec/meant_names.h"
#include "sim/spec/split.h"
#include "sim/toml/changed_spec.h"
#include "sim/toml/toml_loader.h"

namespace llmarch::cli {
namespace {

namespace fs = std::filesystem;

constexpr const char* kTooManyParameters = "the parameters of this architecture exceed 64 bits";
constexpr const char* kCheckSizes =
    "check vocabulary, hidden, the widths, the experts and the stack";

Model model_from_toml(const std::string& file, std::string_view text) {
  SpecLoad load = load_toml_spec(text);
  if (!load.spec) refuse_file(file, text, std::move(load.problems));
  try {
    return make_model(std::move(*load.spec), {});
  } catch (const Overflow&) {
    refuse_file(file, text, {{place_of(load.places, "stack"), kTooManyParameters, kCheckSizes}});
  }
}

bool names_a_model_file(const std::string& name) {
  return name.find('/') != std::string::npos || name.ends_with(".toml") ||
         name.ends_with(".json") || name.ends_with(".gguf");
}

// Built-in models can be named by their titles and by the other names of their specs too. A spec of
// the user's is known by its file's name only, since the file may not be readable.
std::vector<KnownName> known_names(const std::map<std::string, CatalogEntry>& entries) {
  std::vector<KnownName> known;
  for (const auto& [name, entry] : entries) {
    known.push_back({name});
    if (entry.file) continue;
    const ArchSpec spec = *load_toml_spec(entry.text).spec;
    known.back().also = other_names(spec);
    known.back().also.push_back(spec.title);
  }
  return known;
}

constexpr std::string_view kAdapter = "adapter=";

// A model made of `base`, whose weights are stored in the same way.
Model remade(const Model& base, ArchSpec spec) {
  Model model = make_model(std::move(spec), base.remarks);
  model.published_in = base.published_in;
  model.unknown_storage = base.unknown_storage;
  return model;
}

// A file, or the folder that holds it as PEFT names it.
fs::path adapter_file(const fs::path& path) {
  std::error_code error;
  return fs::is_directory(path, error) ? path / "adapter_config.json" : path;
}

// The model with the adapter beside it, and beside those that it has.
void add_adapter(const fs::path& path, Model& model) {
  const fs::path file = adapter_file(path);
  const std::string text = read_text(file, kLargestConfigFile, "an adapter_config.json");
  AdapterLoad load = load_adapter(text, model.graph);
  if (model.spec.beside && model.spec.beside->vision_tower) {
    load.problems.push_back({std::nullopt,
                             "whether the adapter is in the vision tower too is not known",
                             "name a model that has none"});
  }
  if (!load.problems.empty()) refuse_file(file.string(), text, std::move(load.problems));
  ArchSpec spec = model.spec;
  if (!spec.beside) spec.beside.emplace();
  spec.beside->adapter = spec.beside->adapter.value_or(0) + load.parameters->amount();
  model = remade(model, std::move(spec));
  model.remarks.push_back(fmt::format("an adapter of rank {}{}; its products are not priced",
                                      load.rank.value(),
                                      load.base.empty() ? "" : " for " + printable(load.base)));
}

// `name` is as it was typed, with its changes.
Model changed_model(const std::string& name, const Model& base,
                    const std::vector<std::string>& all_changes) {
  std::vector<std::string> changes;
  std::vector<std::string> adapters;
  for (const std::string& change : all_changes) {
    (change.starts_with(kAdapter) ? adapters : changes).push_back(change);
  }
  SpecLoad load = change_spec(base.spec, changes);
  if (!load.spec) {
    std::string text;
    for (const Diagnostic& problem : load.problems) {
      text += error_text(fmt::format("{}: {}", printable(name), problem.message), problem.remedy);
    }
    throw BadInput(text);
  }
  load.spec->name = printable(name);
  load.spec->title = fmt::format("{} with {}", base.spec.title,
                                 printable(fmt::format("{}", fmt::join(all_changes, ", "))));
  Model model = remade(base, std::move(*load.spec));
  for (const std::string& adapter : adapters) add_adapter(adapter.substr(kAdapter.size()), model);
  return model;
}

std::vector<fs::path> toml_files(const fs::path& folder) {
  std::error_code error;
  std::vector<fs::path> files;
  for (auto entry = fs::directory_iterator(folder, error);
       !error && entry != fs::directory_iterator(); entry.increment(error)) {
    if (entry->path().extension() == ".toml") files.push_back(entry->path());
  }
  if (error) throw FileError(folder, fmt::format("cannot be read: {}", error.message()));
  if (files.empty())
    throw FileError(folder, "holds no .toml file; --specs names a folder of specs");
  std::sort(files.begin(), files.end());
  return files;
}

[[noreturn]] void refuse_unknown(const std::string& name, const std::vector<KnownName>& known) {
  const bool on_hub = is_hub_name(name);
  std::string remedy = did_you_mean(name, known).value_or(on_hub ? "" : "'llmarch list' shows all");
  if (!remedy.empty()) remedy += "\n      = or ";
  if (on_hub) remedy += fmt::format("fetch its config: '{}'\n      = or ", fetching_command(name));
  throw UsageError(fmt::format("unknown model '{}'", name),
                   remedy + "give a path to a .toml, a config.json or a checkpoint folder");
}

// A config, and what its model is called: after the folder of a config.json, after any other file
// itself, and after the repository of a name of the Hub. Throws UsageError where such a name is not
// in the cache.
struct ConfigPlace {
  fs::path file;
  std::string name;
};
ConfigPlace place_of_config(const fs::path& path) {
  std::error_code error;
  if (!fs::exists(path, error) && is_hub_name(path.string())) {
    const auto cached = cached_config(path.string());
    if (!cached) refuse_unknown(path.string(), {});
    return {*cached, path.filename().string()};
  }
  const fs::path file = fs::is_directory(path, error) ? path / "config.json" : path;
  if (file.filename() != "config.json") return {file, file.stem().string()};
  return {file, fs::weakly_canonical(file, error).parent_path().filename().string()};
}

std::vector<std::string> remarks_of(const ConfigLoad& load) {
  std::vector<std::string> remarks = load.notes;
  for (const std::string& filled : load.filled) remarks.push_back("filled: " + filled);
  if (!load.passed_over.empty()) {
    remarks.push_back(fmt::format("passed over: {}; no {} of this model type",
                                  fmt::join(load.passed_over, ", "),
                                  load.passed_over.size() == 1 ? "field" : "fields"));
  }
  return remarks;
}

Model model_from_gguf(const fs::path& path) {
  try {
    GgufLoad load = load_gguf(GgufModel::open(path), printable(path.stem().string()));
    if (!load.spec) refuse_file(path.string(), "", std::move(load.problems));
    Model model = make_model(std::move(*load.spec), std::move(load.notes));
    model.published_in = *load.storage;
    return model;
  } catch (const Overflow&) {
    refuse_file(path.string(), "", {{std::nullopt, kTooManyParameters, kCheckSizes}});
  }
}

// A config names a head, and the checkpoint beside it may hold none.
void drop_head_that_is_not_stored(const fs::path& config, ConfigLoad& load) {
  ArchSpec& spec = *load.spec;
  const bool names_one = spec.head == Head::separate && !spec.head_labels;
  if (!names_one || config.filename() != "config.json") return;
  if (stored_head(config.parent_path()) != StoredHead::absent) return;
  replace_head(spec, Head::none);
  load.notes.push_back(
      fmt::format("head: not stored; the config names one of {} parameters, which llmarch import "
                  "--head separate counts",
                  (spec.vocabulary * spec.hidden).value()));
}

}  // namespace

Catalog::Catalog(const std::optional<fs::path>& folder, KeptModels& kept) : kept_(kept) {
  for (const auto& [name, text] : embedded_specs()) {
    entries_[std::string(name)] = {"built in", std::nullopt, text};
  }
  if (!folder) return;
  for (const fs::path& file : toml_files(*folder)) {
    entries_[file.stem().string()] = {file.string(), file, {}};
  }
}

const Model& Catalog::built_in(const std::string& name, std::string_view text) const {
  return kept_.find(name, text, [&] { return model_from_toml(name, text); });
}

// In a folder of specs a model is found by its file's name, so the spec's name must be the same.
Model Catalog::named_model(const std::string& name, const CatalogEntry& entry) const {
  if (!entry.file) return built_in(name, entry.text);
  Model model = file(*entry.file);
  if (model.spec.name != name) {
    throw FileError(*entry.file, fmt::format("name = \"{}\" in a file called {}.toml; the two must "
                                             "agree in a folder of specs",
                                             model.spec.name, name));
  }
  return model;
}

// The model of `name`, which is that of another and, from `plus` on, its changes. Kept where the
// other is built in and no adapter is added, since only then the name says all of it.
Model Catalog::changed(const std::string& name, std::size_t plus) const {
  const std::string base = name.substr(0, plus);
  const auto read = [&] {
    return changed_model(name, find(base), split(name.substr(plus + 1), '+'));
  };
  const auto entry = entries_.find(base);
  const bool reads_file = name.find(kAdapter, plus) != std::string::npos;
  if (entry == entries_.end() || entry->second.file || reads_file) return read();
  return kept_.find(name, entry->second.text, read);
}

// A config is read anew each time, since what it means depends on the files beside it.
Model Catalog::file(const fs::path& path) const {
  if (path.extension() != ".toml") return load_model_file(path);
  const std::string text = read_text(path, kLargestSpecFile, "a spec");
  return kept_.find(path.string(), text, [&] { return model_from_toml(path.string(), text); });
}

Model Catalog::find(const std::string& name) const {
  const auto found = entries_.find(name);
  if (found != entries_.end()) return named_model(name, found->second);
  if (!names_a_model_file(name) && name.find('+') == std::string::npos) {
    const auto others = other_names();
    if (const auto other = others.find(name); other != others.end()) {
      return called(find(other->second), name);
    }
  }
  std::error_code error;
  const bool exists = fs::exists(name, error) || cached_config(name);
  if (const std::size_t plus = name.find('+'); plus != std::string::npos && !exists) {
    return changed(name, plus);
  }
  const std::vector<KnownName> known = known_names(entries_);
  const bool is_path = names_a_model_file(name) && !is_hub_name(name);
  if (exists || (is_path && meant_names(name, known).empty())) return file(name);
  refuse_unknown(name, known);
}

std::vector<std::string> Catalog::names() const {
  std::vector<std::string> names;
  for (const auto& [name, entry] : entries_) names.push_back(name);
  return names;
}

// The whole built-in model is read for its names, since whoever asks for the names of all models
// nearly always asks for the models too.
std::vector<std::string> Catalog::other_names_of(const std::string& name,
                                                 const CatalogEntry& entry) const {
  if (!entry.file) return llmarch::other_names(built_in(name, entry.text).spec);
  const SpecLoad load = load_toml_spec(read_text(*entry.file, kLargestSpecFile, "a spec"));
  return load.spec ? llmarch::other_names(*load.spec) : std::vector<std::string>{};
}

std::map<std::string, std::string> Catalog::other_names() const {
  std::map<std::string, std::string> others;
  for (const auto& [name, entry] : entries_) {
    for (const std::string& other : other_names_of(name, entry)) {
      const auto [claimed, first] = others.try_emplace(other, name);
      if (first && !entries_.contains(other)) continue;
      throw BadInput(
          error_text(fmt::format("'{}' is the name of two models", other),
                     fmt::format("delete it from 'also' of {}, which is {}", name, entry.origin)));
    }
  }
  return others;
}

Model called(Model model, const std::string& other_name) {
  model.remarks.push_back(fmt::format("{}: another name of {}", other_name, model.spec.name));
  model.spec.name = other_name;
  model.spec.also.reset();
  return model;
}

std::string changed_name(const std::string& name, const std::vector<std::string>& changes) {
  return fmt::format("{}+{}", name, fmt::join(changes, "+"));
}

std::vector<Model> find_models(const Catalog& catalog, const std::vector<std::string>& names) {
  std::vector<Model> models;
  std::map<std::string, std::string> named_by;  // a model's name, and the argument that named it
  for (const std::string& name : names) {
    models.push_back(catalog.find(name));
    ArchSpec& spec = models.back().spec;
    const auto [entry, first] = named_by.try_emplace(spec.name, name);
    if (!first && entry->second != name) spec.name = printable(name);
  }
  return models;
}

Model load_model_file(const fs::path& path) {
  std::error_code error;
  const bool on_hub = !fs::exists(path, error) && is_hub_name(path.string());
  if (on_hub || fs::is_directory(path, error) || path.extension() == ".json") {
    return load_config_file(path).model;
  }
  return path.extension() == ".gguf" ? model_from_gguf(path) : load_spec_file(path);
}

Model load_spec_file(const fs::path& file) {
  const std::string text = read_text(file, kLargestSpecFile, "a spec");
  return model_from_toml(file.string(), text);
}

ConfiguredModel load_config_file(const fs::path& path, const ImportOptions& options) {
  const auto [file, name] = place_of_config(path);
  const std::string text = read_text(file, kLargestConfigFile, "a config.json");
  ImportOptions with_storage = options;
  const fs::path beside = file.parent_path() / "hf_quant_config.json";
  if (std::error_code error; file.filename() == "config.json" && fs::exists(beside, error)) {
    with_storage.quantization = read_text(beside, kLargestConfigFile, "a hf_quant_config.json");
  }
  ConfigLoad load = load_hf_config(text, printable(name), with_storage);
  if (!load.spec) refuse_file(file.string(), text, std::move(load.problems));
  if (!options.head) drop_head_that_is_not_stored(file, load);
  try {
    Model model = make_model(std::move(*load.spec), remarks_of(load));
    if (load.storage) model.published_in = *load.storage;
    model.unknown_storage = load.unknown_storage;
    return {std::move(model), load.naming};
  } catch (const Overflow&) {
    refuse_file(file.string(), text, {{std::nullopt, kTooManyParameters, kCheckSizes}});
  }
}

CheckpointNaming naming_for(const ConfiguredModel& configured, const fs::path& folder) {
  if (configured.naming) return *configured.naming;
  throw NotPossible(
      fmt::format("{}: how checkpoints of this model type name their tensors is not known",
                  folder.string()),
      "its figures need no checkpoint: llmarch show, compare, measure");
}

}  // namespace llmarch::cli
