// The Model Context Protocol over standard input and output: a JSON-RPC message a line. This file
// knows the protocol, tools.h what can be asked.
#include <iostream>
#include <nlohmann/json.hpp>
#include <string>

#include "sim/cli/commands.h"
#include "sim/cli/output.h"
#include "sim/cli/tools.h"

namespace llmarch::cli {
namespace {

using Json = nlohmann::ordered_json;

// The version of the protocol that is answered to every client. One that asked for another version
// decides whether it goes on with this one.
constexpr const char* kProtocol = "2025-06-18";

// The error codes that JSON-RPC 2.0 defines.
enum class Fault : int {
  unreadable = -32700,
  no_request = -32600,
  no_method = -32601,
  bad_call = -32602
};

Json reply(const Json& id, const char* member, Json content) {
  return {{"jsonrpc", "2.0"}, {"id", id}, {member, std::move(content)}};
}

Json fault(const Json& id, Fault code, const std::string& message) {
  return reply(id, "error", {{"code", static_cast<int>(code)}, {"message", message}});
}

Json greeting() {
  return {{"protocolVersion", kProtocol},
          {"capabilities", {{"tools", Json::object()}}},
          {"serverInfo", {{"name", "llmarch"}, {"version", LLMARCH_VERSION}}},
          {"instructions",
           "What LLM architectures cost, predicted from shapes as exact integers: parameters, KV "
           "cache, FLOPs, bytes, floors on hardware. 'list' names models and hardware."}};
}

// A refused call is an answer too: the model that asked reads what to write instead.
Json called(const Json& id, const Json& parameters, KeptModels& kept) {
  const std::string name = parameters.value("name", "");
  const auto answer = call_tool(name, parameters.value("arguments", Json::object()), kept);
  if (!answer) return fault(id, Fault::bad_call, "unknown tool: " + name);
  return reply(
      id, "result",
      {{"content", {{{"type", "text"}, {"text", answer->text}}}}, {"isError", answer->refused}});
}

Json answer_to(const Json& id, const std::string& method, const Json& parameters,
               KeptModels& kept) {
  if (method == "initialize") return reply(id, "result", greeting());
  if (method == "ping") return reply(id, "result", Json::object());
  if (method == "tools/list") return reply(id, "result", {{"tools", tools()}});
  if (method == "tools/call") return called(id, parameters, kept);
  return fault(id, Fault::no_method, "unknown method: " + method);
}

// Null for a notification, which is not answered.
Json answer_to(const std::string& line, KeptModels& kept) {
  const Json message = Json::parse(line, nullptr, false);
  if (message.is_discarded()) return fault(nullptr, Fault::unreadable, "this is no JSON");
  const bool is_request =
      message.is_object() && message.contains("method") && message["method"].is_string();
  if (!is_request) return fault(nullptr, Fault::no_request, "this is no request");
  if (!message.contains("id")) return nullptr;
  const Json parameters = message.value("params", Json::object());
  if (!parameters.is_object()) {
    return fault(message["id"], Fault::bad_call, "'params' is no object");
  }
  try {
    return answer_to(message["id"], message["method"], parameters, kept);
  } catch (const Json::type_error& error) {
    return fault(message["id"], Fault::bad_call, error.what());
  }
}

Options mcp_options() {
  return Options("options");
}

ExitStatus run_mcp(const Arguments& arguments, KeptModels& kept) {
  const Values values = parse_arguments(mcp_options(), "argument", arguments);
  if (!positional_values(values, "argument").empty()) {
    throw UsageError("mcp takes no arguments", "it reads requests from standard input");
  }
  for (std::string line; std::getline(std::cin, line);) {
    if (line.empty()) continue;
    const Json answer = answer_to(line, kept);
    if (answer.is_null()) continue;
    write_standard_output(answer.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n");
  }
  return ExitStatus::done;
}

}  // namespace

Command mcp_command() {
  return {
      "mcp",
      "answer a language model's questions, by the Model Context Protocol",
      "llmarch mcp",
      "A server over standard input and output, with the tools list, show, compare, sweep, fit\n"
      "and explain. They take the options of the commands, and answer with their JSON; models\n"
      "that were read once are kept. A client is told of it so:\n\n"
      "  {\"mcpServers\": {\"llmarch\": {\"command\": \"llmarch\", \"args\": [\"mcp\"]}}}",
      mcp_options,
      run_mcp,
      CommandWords::none};
}

}  // namespace llmarch::cli
