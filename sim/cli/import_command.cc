#include <fmt/format.h>

#include "sim/cli/commands.h"
#include "sim/cli/errors.h"
#include "sim/cli/models.h"
#include "sim/cli/output.h"
#include "sim/spec/names.h"
#include "sim/toml/toml_writer.h"

namespace llmarch::cli {
namespace {

namespace po = boost::program_options;

Options import_options() {
  Options options("options");
  options.add_options()("output,o", po::value<std::string>()->value_name("FILE"),
                        "write the spec to FILE instead of standard output");
  options.add_options()(
      "head", po::value<std::string>()->value_name("KIND"),
      "the kind of head, in place of what the config says: none, tied or separate");
  options.add_options()(
      "pass-over", po::value<std::vector<std::string>>()->value_name("FIELD"),
      "ignore this field, which the repository's own code does not read; may be repeated");
  return options;
}

Head head_of(const std::string& name) {
  return value_named(Names<Head>::values, name, fmt::format("unknown kind '{}' for --head", name));
}

ImportOptions import_options_of(const Values& values) {
  ImportOptions options;
  if (values.count("head") > 0) options.head = head_of(values["head"].as<std::string>());
  if (values.count("pass-over") > 0) {
    options.pass_over = values["pass-over"].as<std::vector<std::string>>();
  }
  return options;
}

// Whether `name` stands for a model that is known already, in whole or up to its changes, or for
// one whose file says everything that a spec does.
bool is_known(const std::string& name, const Catalog& catalog) {
  return catalog.entries().contains(name.substr(0, name.find('+'))) || name.ends_with(".toml") ||
         name.ends_with(".gguf");
}

void refuse_config_options(const Values& values) {
  if (values.count("head") + values.count("pass-over") == 0) return;
  throw UsageError("--head and --pass-over are about a config, and this is none",
                   "leave them out; 'llmarch import' writes the spec of any model, to be changed");
}

std::vector<std::string> remarks(const std::string& path, const Model& model) {
  std::vector<std::string> lines{"Imported from " + path + "."};
  lines.insert(lines.end(), model.remarks.begin(), model.remarks.end());
  return lines;
}

// A built-in spec as it stands, with its comments; every other as it is written anew.
std::string spec_text(const std::string& name, const Values& values, const Catalog& catalog) {
  if (!is_known(name, catalog)) {
    const Model model = load_config_file(name, import_options_of(values)).model;
    return write_toml_spec(model.spec, remarks(name, model));
  }
  refuse_config_options(values);
  const auto built_in = catalog.entries().find(name);
  if (built_in != catalog.entries().end()) return std::string(built_in->second.text);
  const Model model = catalog.find(name);
  return write_toml_spec(model.spec, remarks(name, model));
}

ExitStatus run_import(const Arguments& arguments, KeptModels& kept) {
  const Values values = parse_arguments(import_options(), "config", arguments);
  const std::string path =
      only_value(values, "config", "import", "llmarch import path/to/config.json -o my-model.toml");
  std::optional<OutputFile> file = output_file(values);
  write_to(file, spec_text(path, values, Catalog(std::nullopt, kept)));
  return ExitStatus::done;
}

}  // namespace

Command import_command() {
  return {
      "import",
      "a spec from a Hugging Face config.json, or of any model",
      "llmarch import CONFIG|MODEL [--head KIND] [--pass-over FIELD ...] [-o FILE]",
      "CONFIG is a config.json, the folder that holds it, or a name on the Hugging Face Hub whose\n"
      "config is in the local cache. What the config leaves to its library is filled in by that\n"
      "library's rules and noted at the top of the spec. Any other MODEL, as a built-in one, a "
      "GGUF\n"
      "file or a model with changes, has its spec written too, to be read and changed.\n\n"
      "  llmarch import path/to/config.json -o my-model.toml\n"
      "  llmarch import gemma-3-27b+window=512 -o my-gemma.toml",
      import_options,
      run_import,
      CommandWords::files};
}

}  // namespace llmarch::cli
