#include <fmt/format.h>

#include "reports/document/format.h"
#include "reports/say/fit_report.h"
#include "sim/cli/commands.h"
#include "sim/cli/common_options.h"
#include "sim/cli/hardware_files.h"
#include "sim/cli/models.h"
#include "sim/cli/output.h"
#include "sim/cli/ranges.h"

namespace llmarch::cli {
namespace {

namespace po = boost::program_options;

constexpr std::int64_t kMostRows = 1'000;

Options fit_options() {
  const auto list = [](const char* name, const char* value) {
    return po::value<std::string>()->value_name(name)->default_value(value);
  };
  Options options("options");
  options.add_options()("memory,m", po::value<std::string>()->value_name("BYTES"),
                        "what there is: 24GiB, 80GB, or a number of bytes")(
      "batch,b", list("LIST", "1,8,64"), "batches to find the largest context for")(
      "context,c", list("LIST", "8k,32k,128k"), "contexts to find the largest batch for")(
      "weights", list("FORMAT", "bf16"), "weights are stored as f32, bf16, f16, fp8, int8 or int4")(
      "kv", list("FORMAT", "bf16"), "the KV cache likewise");
  options.add_options()("on", po::value<std::string>()->value_name("HARDWARE"),
                        "the memory of HARDWARE: a name that 'llmarch list' shows, or a .toml");
  declare_specs(options);
  declare_digits(options);
  Outputs::declare(options);
  return options;
}

struct Memory {
  Bytes bytes;
  std::string name;
};

Memory memory_of(const Values& values) {
  const std::optional<Hardware> hardware = hardware_of(values);
  if (hardware.has_value() == (values.count("memory") > 0)) {
    throw UsageError("fit needs a memory: either --memory or --on",
                     "llmarch fit qwen3-8b --memory 24GiB");
  }
  if (hardware) {
    const Bytes bytes(hardware->memory.bytes);
    return {bytes, fmt::format("{}: {}", hardware->name, reports::binary_bytes(bytes.value()))};
  }
  const Bytes bytes = parse_bytes("memory", text_of(values, "memory"));
  return {bytes, reports::binary_bytes(bytes.value())};
}

std::vector<Integer> few_numbers(const Values& values, const char* name) {
  std::vector<Integer> numbers = parse_numbers(name, text_of(values, name));
  if (std::ssize(numbers) > kMostRows) {
    throw UsageError(fmt::format("--{} has {} values", name, numbers.size()),
                     fmt::format("give at most {}", kMostRows));
  }
  return numbers;
}

ExitStatus run_fit(const Arguments& arguments) {
  const Values values = parse_arguments(fit_options(), "model", arguments);
  const std::vector<std::string> names = positional_values(values, "model");
  if (names.empty()) {
    throw UsageError("no models are given", "llmarch fit qwen3-8b --memory 24GiB");
  }
  const Memory memory = memory_of(values);
  const FitSettings settings{memory.bytes, parse_dtype("weights", text_of(values, "weights")),
                             parse_dtype("kv", text_of(values, "kv"))};
  const std::vector<Integer> batches = few_numbers(values, "batch");
  const std::vector<Integer> contexts = few_numbers(values, "context");
  Outputs outputs(values);
  const Catalog catalog(specs_folder(values));
  std::vector<Model> models;
  for (const std::string& name : names) models.push_back(catalog.find(name));
  std::vector<reports::ModelFits> fits;
  for (const Model& model : models) {
    fits.push_back({&model, {}, {}});
    for (const Integer batch : batches) {
      fits.back().contexts.push_back(largest_context(model, batch, settings));
    }
    for (const Integer context : contexts) {
      fits.back().batches.push_back(largest_batch(model, context, settings));
    }
  }
  outputs.write({reports::fit_document(fits, settings, memory.name, digits_of(values))});
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
