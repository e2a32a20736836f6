#include <fmt/format.h>

#include "reports/document/format.h"
#include "reports/say/fit_report.h"
#include "sim/cli/commands.h"
#include "sim/cli/common_options.h"
#include "sim/cli/models.h"
#include "sim/cli/output.h"

namespace llmarch::cli {
namespace {

namespace po = boost::program_options;

constexpr std::int64_t kMostRows = 1'000;

TakenFields fit_fields() {
  return {
      {setting_field::batch, Arity::list, "1,8,64", ": for each, the largest context"},
      {setting_field::context, Arity::list, "8k,32k,128k", ": for each, the largest batch"},
      {setting_field::weights, Arity::one, "bf16", every_format()},
      {setting_field::kv, Arity::one, "bf16", ", likewise"},
      {setting_field::machine, Arity::one, "", fmt::format(", for its memory. {}", kMachineNames)}};
}

Options fit_options() {
  Options options("options");
  options.add_options()("memory,m", po::value<std::string>()->value_name("BYTES"),
                        "the memory to fit into: 24GiB, 80GB, or a number of bytes");
  declare_setting(options, fit_fields());
  declare_specs(options);
  declare_digits(options);
  Outputs::declare(options);
  return options;
}

reports::FitQuestion question_of(const Values& values) {
  Setting setting = laid_over(Setting{}, read_setting(values, fit_fields()));
  if ((setting.machine != nullptr) == (values.count("memory") > 0)) {
    throw UsageError("fit needs a memory: either --memory or --on",
                     "llmarch fit qwen3-8b --memory 24GiB");
  }
  if (setting.machine == nullptr) {
    const Bytes bytes = parse_bytes("memory", text_of(values, "memory"));
    return {std::move(setting), bytes, reports::binary_bytes(bytes.value())};
  }
  const Bytes bytes(setting.machine->memory.bytes);
  std::string name =
      fmt::format("{}: {}", setting.machine->name, reports::binary_bytes(bytes.value()));
  return {std::move(setting), bytes, std::move(name)};
}

std::vector<Integer> few(const Values& values, const SettingField& field) {
  const Lengths lengths = *read_lengths(values, field);  // given, or its default
  if (lengths.size() > kMostRows) {
    throw UsageError(fmt::format("--{} has {} values", field.key, lengths.size().value()),
                     fmt::format("give at most {}", kMostRows));
  }
  std::vector<Integer> numbers;
  for (Integer i = 0; i < lengths.size(); i += 1) numbers.push_back(lengths.at(i));
  return numbers;
}

ExitStatus run_fit(const Arguments& arguments) {
  const Values values = parse_arguments(fit_options(), "model", arguments);
  const std::vector<std::string> names =
      some_values(values, "model", "llmarch fit qwen3-8b --memory 24GiB");
  reports::FitQuestion question = question_of(values);
  const std::vector<Integer> batches = few(values, setting_field::batch);
  const std::vector<Integer> contexts = few(values, setting_field::context);
  Outputs outputs(values);
  const Catalog catalog(specs_folder(values));
  std::vector<Model> models;
  for (const std::string& name : names) models.push_back(catalog.find(name));
  std::vector<reports::ModelFits> fits;
  for (const Model& model : models) {
    fits.push_back({&model, {}, {}});
    Setting setting = question.setting;
    for (const Integer batch : batches) {
      setting.batch = batch;
      fits.back().contexts.push_back(largest_context(model, setting, question.memory));
    }
    for (const Integer context : contexts) {
      setting.context = context;
      fits.back().batches.push_back(largest_batch(model, setting, question.memory));
    }
  }
  outputs.write({reports::fit_document(fits, question, digits_of(values))});
  return ExitStatus::done;
}

}  // namespace

Command fit_command() {
  return {"fit",
          "the largest context and the largest batch that fit into a memory",
          "llmarch fit MODEL... --memory BYTES [options]",
          "Weights, KV cache and activations apart. Exact: one more does not fit.\n\n"
          "  llmarch fit llama-3.1-8b --memory 24GiB\n"
          "  llmarch fit gemma-3-27b qwen3-32b --on h100-sxm --weights fp8 --batch 1,16\n"
          "  llmarch fit deepseek-v3 --memory 1TiB --context 128k --kv fp8",
          fit_options,
          run_fit};
}

}  // namespace llmarch::cli
