#include "sim/cli/tools.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>
#include <stdexcept>
#include <string_view>

#include "sim/cli/commands.h"
#include "sim/cli/guarded_run.h"
#include "sim/cli/temporary_folder.h"
#include "sim/cli/text_files.h"

namespace llmarch::cli {
namespace {

using Json = nlohmann::ordered_json;

// A command as a tool: the member that holds what the command takes without an option's name, and
// the option that is always given.
struct Tool {
  std::string_view name;
  std::string_view command;
  std::string_view words;    // the member that holds them; empty: it takes none
  std::string_view meaning;  // of these words
  std::string_view always = {};
};

constexpr std::string_view kModels =
    "models by the names that the tool 'list' gives, or files; changes may follow a name: "
    "gemma-3-27b+attention.local.window=512";
constexpr std::array kTools{
    Tool{"list", "list", "", ""},
    Tool{"show", "show", "models", "one model, by a name that the tool 'list' gives, or a file"},
    Tool{"compare", "compare", "models", kModels},
    Tool{"sweep", "sweep", "models", kModels},
    Tool{"fit", "fit", "models", kModels},
    Tool{"explain", "eval", "expressions", "figures of models: kv_bytes(gpt2) / parameters(gpt2)",
         "--explain"}};

// Where a report goes is not the caller's to say.
const std::set<std::string, std::less<>> kNotOffered{"output", "format", "explain"};

const Command& command_of(const Tool& tool) {
  for (const Command& command : commands()) {
    if (command.name == tool.command) return command;
  }
  throw std::logic_error(fmt::format("no command is called {}", tool.command));
}

// A number may be written as one, but most options take more: "32k", "1k..128k:x2".
Json option_schema(const boost::program_options::option_description& option) {
  const bool is_flag = option.semantic()->max_tokens() == 0;
  return {{"type", is_flag ? Json("boolean") : Json({"string", "number"})},
          {"description", option.description()}};
}

Json input_schema(const Tool& tool) {
  const Options options = command_of(tool).options();
  Json properties = Json::object();
  Json required = Json::array();
  if (!tool.words.empty()) {
    properties[std::string(tool.words)] = {
        {"type", "array"}, {"items", {{"type", "string"}}}, {"description", tool.meaning}};
    // Where there is --all, it can take the place of names.
    if (options.find_nothrow("all", false) == nullptr) required.push_back(tool.words);
  }
  for (const auto& option : options.options()) {
    if (kNotOffered.contains(option->long_name())) continue;
    properties[option->long_name()] = option_schema(*option);
  }
  return {{"type", "object"},
          {"properties", std::move(properties)},
          {"required", std::move(required)},
          {"additionalProperties", false}};
}

std::string plain_text(const nlohmann::json& value) {
  return value.is_string() ? value.get<std::string>() : value.dump();
}

// The command line that the arguments stand for. Throws UsageError.
Arguments command_line(const Tool& tool, const nlohmann::json& arguments) {
  Arguments line;
  Arguments words;
  if (!tool.always.empty()) line.emplace_back(tool.always);
  for (const auto& [name, value] : arguments.items()) {
    if (kNotOffered.contains(name)) throw UsageError(fmt::format("no argument '{}'", name), "");
    if (!tool.words.empty() && name == tool.words) {
      if (!value.is_array()) throw UsageError(fmt::format("'{}' is an array", name), "");
      for (const auto& word : value) words.push_back(plain_text(word));
    } else if (!value.is_boolean()) {
      line.push_back(fmt::format("--{}={}", name, plain_text(value)));
    } else if (value.get<bool>()) {
      line.push_back("--" + name);
    }
  }
  line.emplace_back("--");
  line.insert(line.end(), words.begin(), words.end());
  return line;
}

constexpr std::int64_t kLongestAnswer = std::int64_t{1} << 26;

}  // namespace

Json tools() {
  Json listed = Json::array();
  for (const Tool& tool : kTools) {
    const Command& command = command_of(tool);
    listed.push_back({{"name", tool.name},
                      {"description", fmt::format("{}\n\n{}", command.summary, command.details)},
                      {"inputSchema", input_schema(tool)}});
  }
  return listed;
}

std::optional<ToolAnswer> call_tool(const std::string& name, const nlohmann::json& arguments,
                                    KeptModels& kept) {
  const auto* tool = std::ranges::find(kTools, name, &Tool::name);
  if (tool == kTools.end()) return std::nullopt;
  const TemporaryFolder folder;
  const std::filesystem::path answer = folder.path() / "answer.json";
  const Ending ending = ending_of([&] {
    Arguments line = command_line(*tool, arguments);
    line.insert(line.begin(), "--output=" + answer.string());
    return command_of(*tool).run(line, kept);
  });
  if (ending.status != ExitStatus::done) return ToolAnswer{ending.message, true};
  return ToolAnswer{read_text(answer, kLongestAnswer, "an answer")};
}

}  // namespace llmarch::cli
