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

std::vector<std::string> remarks(const std::string& path, const Model& model) {
  std::vector<std::string> lines{"Imported from " + path + "."};
  lines.insert(lines.end(), model.remarks.begin(), model.remarks.end());
  return lines;
}

ExitStatus run_import(const Arguments& arguments) {
  const Values values = parse_arguments(import_options(), "config", arguments);
  const std::string path =
      only_value(values, "config", "import", "llmarch import path/to/config.json -o my-model.toml");
  std::optional<OutputFile> file = output_file(values);
  const Model model = load_config_file(path, import_options_of(values)).model;
  const std::string text = write_toml_spec(model.spec, remarks(path, model));
  write_to(file, text);
  return ExitStatus::done;
}

}  // namespace

Command import_command() {
  return {
      "import",
      "a spec from a Hugging Face config.json",
      "llmarch import CONFIG [--head KIND] [--pass-over FIELD ...] [-o FILE]",
      "CONFIG is a config.json, the folder that holds it, or a name on the Hugging Face Hub whose\n"
      "config is in the local cache. What the config leaves to its library is filled in by that\n"
      "library's rules and noted at the top of the spec.\n\n"
      "  llmarch import path/to/config.json -o my-model.toml",
      import_options,
      run_import,
      CommandWords::files};
}

}  // namespace llmarch::cli
