#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "kernels/weight_files/gguf_file.h"
#include "kernels/weight_files/safetensors.h"
#include "reports/document/format.h"
#include "sim/cli/commands.h"
#include "sim/cli/models.h"
#include "sim/cli/output.h"
#include "sim/cli/studies.h"
#include "sim/cli/text_files.h"
#include "sim/hardware/hardware_file.h"
#include "sim/spec/diagnostics.h"
#include "sim/spec/file_error.h"
#include "sim/toml/toml_document.h"
#include "sim/toml/toml_loader.h"

namespace llmarch::cli {
namespace {

namespace fs = std::filesystem;

Options check_options() {
  return Options("options");
}

// What kind of file a .toml is, by the tables that no other kind has. One that cannot be parsed is
// checked as a spec, which says where it breaks off.
enum class Kind { spec, study, hardware };
Kind kind_of(const std::string& text) {
  constexpr DocumentKind kAny{"a file", "", ""};
  const auto parsed = parse_toml(text, kAny);
  const auto* table = std::get_if<toml::table>(&parsed);
  if (table == nullptr) return Kind::spec;
  const auto has = [&](const char* key) { return table->contains(key); };
  if (has("claim") || has("comparison") || has("variant")) return Kind::study;
  return has("memory") || has("bandwidth") || has("peak") ? Kind::hardware : Kind::spec;
}

std::string describe(const Model& model) {
  return fmt::format("{}, {} layers, {} parameters", model.spec.name,
                     layer_count(model.spec).value(),
                     reports::grouped(model.parameters.total.value()));
}

// Also evaluates what needs no clock, since an expression may have no value.
std::string describe_study(const std::string& file, KeptModels& kept) {
  const auto loaded = load_study(file, Catalog(std::nullopt, kept));
  const StudyOutcome outcome = run_study(loaded->read, {});
  if (!outcome.result) refuse_study(*loaded, outcome.problems);
  return fmt::format("study {}: {} comparisons, {} claims", loaded->study.name,
                     outcome.result->comparisons.size(), outcome.result->claims.size());
}

std::string describe_hardware(const std::string& file, const std::string& text) {
  HardwareLoad load = load_toml_hardware(text);
  if (!load.hardware) refuse_file(file, text, std::move(load.problems));
  return fmt::format("hardware {}: {}", load.hardware->name,
                     reports::binary_bytes(load.hardware->memory.bytes.value()));
}

std::string describe_toml(const std::string& file, KeptModels& kept) {
  const std::string text = read_text(file, kLargestSpecFile, "a spec");
  switch (kind_of(text)) {
    case Kind::spec: return describe(load_model_file(file));
    case Kind::study: return describe_study(file, kept);
    case Kind::hardware: return describe_hardware(file, text);
  }
  throw std::logic_error("describe_toml: a kind outside the enumeration");
}

template <class Tensors>
std::string describe_tensors(const char* kind, const Tensors& tensors) {
  return fmt::format("{}: {} tensors", kind, tensors.size());
}

std::string describe_file(const std::string& file, KeptModels& kept) {
  const std::string ending = fs::path(file).extension().string();
  if (ending == ".toml") return describe_toml(file, kept);
  if (ending == ".gguf") return describe_tensors("GGUF", GgufModel::open(file).tensors());
  if (ending == ".safetensors") {
    return describe_tensors("safetensors", SafetensorsFile::open(file).tensors());
  }
  return describe(load_model_file(file));
}

// A folder of specs, studies or hardware stands for the files in it; one with a config is a model.
std::vector<std::string> files_of(const std::string& name) {
  std::error_code error;
  if (!fs::is_directory(name, error) || fs::exists(fs::path(name) / "config.json", error)) {
    return {name};
  }
  std::vector<std::string> files;
  for (const auto& entry : fs::directory_iterator(name, error)) {
    if (entry.path().extension() == ".toml") files.push_back(entry.path().string());
  }
  std::sort(files.begin(), files.end());
  return files.empty() ? std::vector<std::string>{name} : files;
}

// A line for each file without problems, and the problems of the others, rendered.
class CheckedFiles {
 public:
  explicit CheckedFiles(KeptModels& kept) : kept_(kept) {}

  void add(const std::string& file) {
    try {
      good_ += fmt::format("{}: ok: {}\n", printable(file), describe_file(file, kept_));
    } catch (const BadInput& error) {
      problems_ += error.what();
    } catch (const UsageError& error) {
      problems_ += error_text(error.what(), error.remedy());
    } catch (const FileError& error) {
      problems_ += error_text(error.what(), "");
    }
  }
  [[nodiscard]] const std::string& good() const { return good_; }
  [[nodiscard]] const std::string& problems() const { return problems_; }

 private:
  KeptModels& kept_;
  std::string good_, problems_;
};

ExitStatus run_check(const Arguments& arguments, KeptModels& kept) {
  const Values values = parse_arguments(check_options(), "file", arguments);
  CheckedFiles checked(kept);
  for (const std::string& name : some_values(values, "file", "llmarch check my-model.toml")) {
    for (const std::string& file : files_of(name)) checked.add(file);
  }
  write_standard_output(checked.good());
  if (!checked.problems().empty()) throw BadInput(checked.problems());
  return ExitStatus::done;
}

}  // namespace

Command check_command() {
  return {
      "check",
      "every problem of a file, with its place and remedy",
      "llmarch check FILE...",
      "FILE is a .toml (a spec, a study or hardware), a Hugging Face config.json or its folder, a\n"
      ".gguf or .safetensors, whose header is read, or a folder of .toml files. One without\n"
      "problems gets a line on standard output, problems go to standard error, and then the exit\n"
      "status is 2.\n\n"
      "  llmarch check my-model.toml",
      check_options,
      run_check,
      CommandWords::files};
}

}  // namespace llmarch::cli
