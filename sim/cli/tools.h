// Commands as tools that a language model calls by the Model Context Protocol: which there are,
// what each takes, and what it answers. A tool's schema is made of the command's own options, so
// that neither has one that the other lacks. mcp_command.cc knows how they are asked for.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "sim/cli/kept_models.h"

namespace llmarch::cli {

// Every tool with its description and the JSON schema of its arguments, as 'tools/list' answers.
nlohmann::ordered_json tools();

// What a call answers: the command's stable JSON, or what is wrong with the call.
struct ToolAnswer {
  std::string text;
  bool refused = false;
};

// None where no tool has that name. Members of `arguments` are options of the command by their long
// names; what the command takes without a name is an array.
std::optional<ToolAnswer> call_tool(const std::string& name, const nlohmann::json& arguments,
                                    KeptModels& kept);

}  // namespace llmarch::cli
