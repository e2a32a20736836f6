#include "sim/cli/commands.h"

#include <fmt/format.h>

#include <algorithm>
#include <sstream>

#include "reports/document/text.h"
#include "sim/cli/output.h"
#include "sim/formats/scheme_names.h"
#include "sim/hardware/hardware_format.h"
#include "sim/spec/meant_names.h"
#include "sim/study/quantities.h"
#include "sim/study/study_format.h"
#include "sim/toml/spec_format.h"

namespace llmarch::cli {
namespace {

constexpr std::string_view kVersion = "llmarch " LLMARCH_VERSION "\n";

const Command& find_command(const std::string& name) {
  std::vector<std::string> names;
  for (const Command& command : commands()) {
    if (command.name == name) return command;
    names.emplace_back(command.name);
  }
  throw UsageError(fmt::format("unknown command '{}'", name),
                   suggest(name, names) + " 'llmarch help' lists them");
}

std::string_view needed_options(Needs needs) {
  switch (needs) {
    case Needs::nothing: return "";
    case Needs::machine:
    case Needs::times: return " (--on)";
    case Needs::deployment: return " (--on, --parallel)";
    case Needs::placement: return " (--on, --place, --host)";
  }
  throw std::logic_error("needed_options: a need outside the enumeration");
}

// Every quantity that a sweep can show.
std::string quantities_help() {
  std::string text = "Quantities, for 'llmarch sweep --show' and the expressions of studies:\n\n";
  for (const Quantity& quantity : quantities()) {
    text += fmt::format("  {:<30} {}{}\n", quantity.name, quantity.meaning,
                        needed_options(quantity.needs));
  }
  return text;
}

// The bits of a weight in a matrix that is as large as those of models are.
double usual_bits(const StorageFormat& format) {
  constexpr std::int64_t kExtent = 4096;
  return bits_per_element(kExtent, kExtent, format);
}

// How weights and caches can be stored, and the formats that this is made of.
std::string formats_help() {
  std::string text =
      "Schemes for --weights. Embedding, head, routers and norms stay in 16 bits unless it says\n"
      "otherwise; 'experts=mxfp4,rest=bf16' names parts of a model, 'layers@0-2=bf16,rest=q4_k'\n"
      "layers, and '5.0bpw' so many bits for every weight:\n\n";
  for (const auto& [name, meaning] : scheme_help()) {
    text += fmt::format("  {:<14} {}\n", name, meaning);
  }
  text += "\nSchemes for --kv; 'k=q8_0,v=q4_0' for keys and values apart:\n\n ";
  for (const auto& [name, meaning] : cache_scheme_help()) text += " " + name;
  text +=
      "\n\nFormats, with the bits of a weight in a matrix of 4,096 x 4,096, and their source:\n\n";
  for (const auto& [format, meaning, source] : storage_formats()) {
    text += fmt::format("  {:<17} {:>8.4f}  {}{}{}\n", format.name, usual_bits(format), meaning,
                        source.empty() ? "" : "; ", source);
  }
  return text;
}

// The reference of that name, the help of the command, or that of the program.
std::string help_on(const std::string& name) {
  // Longer lines are hard to read, however wide the terminal.
  const std::size_t width = std::min<std::size_t>(terminal_width(), 100);
  if (name == "llmarch") return overview(width);
  for (const HelpTopic& topic : help_topics()) {
    if (topic.name == name) return topic.text();
  }
  return command_help(find_command(name), width);
}

ExitStatus help(const Arguments& topics) {
  if (topics.size() > 1) throw UsageError("help takes one command", "llmarch help compare");
  write_standard_output(help_on(topics.empty() ? "llmarch" : topics.front()));
  return ExitStatus::done;
}

// 'llmarch complete -- WORD...', for the completions of shells: what can stand for the last word.
ExitStatus complete(const Arguments& words) {
  std::string text;
  for (const std::string& word : completions({words.begin() + 1, words.end()})) text += word + "\n";
  write_standard_output(text);
  return ExitStatus::done;
}

bool asks_for_help(const Arguments& arguments) {
  for (const std::string& argument : arguments) {
    if (argument == "--") return false;
    if (argument == "--help" || argument == "-h") return true;
  }
  return false;
}

}  // namespace

const std::vector<Command>& commands() {
  static const std::vector<Command> table{
      list_command(),   show_command(),  compare_command(), sweep_command(),   eval_command(),
      fit_command(),    mix_command(),   report_command(),  measure_command(), probe_command(),
      verify_command(), check_command(), import_command(),  mcp_command()};
  return table;
}

const std::vector<HelpTopic>& help_topics() {
  static const std::vector<HelpTopic> topics{
      {"spec-format", "how a spec is written", describe_spec_format},
      {"study-format", "how a study is written", describe_study_format},
      {"hardware-format", "how a machine is written", describe_hardware_format},
      {"quantities", "what a sweep can show", quantities_help},
      {"formats", "how weights and caches can be stored", formats_help}};
  return topics;
}

std::string overview(std::size_t width) {
  std::string text =
      "llmarch computes what an LLM architecture costs, and proves it.\n\n"
      "usage: llmarch COMMAND [ARGUMENTS]\n\n";
  for (const Command& command : commands()) {
    text += fmt::format("  {:<9} {}\n", command.name, command.summary);
  }
  std::string rest =
      "\nA MODEL is a name that 'llmarch list' shows, a .toml spec, a Hugging Face config.json, a "
      "GGUF file or its beginning, a checkpoint folder, or a name on the Hugging Face Hub whose "
      "config is in the local cache. It may be changed: gemma-3-27b+attention.local.window=512, "
      "llama-3.1-8b+gqa=2, llama-3.1-8b+mla=512, llama-3.1-8b+window=1k:3 (three layers of four), "
      "gemma-2-9b+adapter=adapter_config.json (a LoRA beside its weights). Figures are of "
      "inference: what training takes "
      "cannot be asked.\n\n"
      "  llmarch help COMMAND         what a command does, its options, examples\n";
  for (const HelpTopic& topic : help_topics()) {
    rest += fmt::format("  llmarch help {:<15} {}\n", topic.name, topic.summary);
  }
  rest +=
      "  llmarch --version\n\n"
      "exit status: 0 done, 1 a verification did not hold, 2 usage or bad input, 3 this machine "
      "cannot do it, 70 a bug in llmarch\n";
  return text + reports::reflow(rest, width);
}

std::string command_help(const Command& command, std::size_t width) {
  std::string text = fmt::format("{}\n\nusage: {}\n\n{}\n", command.summary, command.usage,
                                 reports::reflow(command.details, width));
  const Options declared = command.options();
  if (declared.options().empty()) return text;
  Options options("options", static_cast<unsigned>(width), static_cast<unsigned>(width / 2));
  for (const auto& option : declared.options()) options.add(option);
  std::ostringstream table;
  table << options;
  return text + "\n" + table.str();
}

ExitStatus run_program(const Arguments& arguments, KeptModels& kept) {
  if (arguments.empty()) return help({});
  const std::string& name = arguments.front();
  const Arguments rest(arguments.begin() + 1, arguments.end());
  if (name == "help" || name == "--help" || name == "-h") return help(rest);
  if (name == "--version" || name == "-V") {
    write_standard_output(std::string(kVersion));
    return ExitStatus::done;
  }
  if (name == "complete" && !rest.empty() && rest.front() == "--") return complete(rest);
  const Command& command = find_command(name);
  if (asks_for_help(rest)) return help({name});
  return command.run(rest, kept);
}

}  // namespace llmarch::cli
