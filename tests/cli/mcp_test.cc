// `mcp`: a client's messages and what comes back, a line each.
#include <gmock/gmock.h>

#include <nlohmann/json.hpp>
#include <sstream>

#include "tests/support/run_program.h"

namespace llmarch::testing {
namespace {

using Json = nlohmann::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::vector<Json> answers_to(const std::vector<std::string>& lines) {
  const TemporaryFolder folder;
  std::string asked;
  for (const std::string& line : lines) asked += line + "\n";
  write_file(folder.file("asked"), asked);
  const Seen seen = run_llmarch("mcp <'" + folder.file("asked") + "'");
  EXPECT_EQ(seen.status, 0);
  EXPECT_EQ(seen.errors, "");
  std::vector<Json> answers;
  std::istringstream output(seen.output);
  for (std::string line; std::getline(output, line);) answers.push_back(Json::parse(line));
  return answers;
}

Json request(const std::string& method, const Json& parameters) {
  return {{"jsonrpc", "2.0"}, {"id", 7}, {"method", method}, {"params", parameters}};
}

Json called(const std::string& tool, const Json& arguments) {
  const Json call = request("tools/call", {{"name", tool}, {"arguments", arguments}});
  return answers_to({call.dump()}).at(0).at("result");
}

std::string text_of(const Json& result) {
  return result.at("content").at(0).at("text");
}

TEST(TheServer, GreetsAndListsToolsWithTheirSchemas) {
  const std::vector<Json> answers =
      answers_to({request("initialize", {{"protocolVersion", "2025-06-18"}}).dump(),
                  R"({"jsonrpc": "2.0", "method": "notifications/initialized"})",
                  request("tools/list", Json::object()).dump()});
  ASSERT_EQ(answers.size(), 2U);
  EXPECT_EQ(answers[0]["id"], 7);
  EXPECT_EQ(answers[0]["result"]["serverInfo"]["name"], "llmarch");
  EXPECT_EQ(answers[0]["result"]["protocolVersion"], "2025-06-18");
  std::vector<std::string> names;
  for (const Json& tool : answers[1]["result"]["tools"]) names.push_back(tool["name"]);
  EXPECT_THAT(names, ElementsAre("list", "show", "compare", "sweep", "fit", "explain"));
  const Json schema = answers[1]["result"]["tools"][2]["inputSchema"];
  EXPECT_EQ(schema["required"], Json({"models"}));
  EXPECT_EQ(schema["properties"]["models"]["type"], "array");
  EXPECT_EQ(schema["properties"]["exact"]["type"], "boolean");
  EXPECT_TRUE(schema["properties"].contains("context"));
  EXPECT_FALSE(schema["properties"].contains("output"));
}

TEST(ATool, AnswersWithTheJsonOfItsCommand) {
  const Json asked = {{"models", {"gpt2", "qwen3-0.6b"}},
                      {"context", "4k"},
                      {"batch", 3},
                      {"text-only", true},
                      {"exact", false}};
  const Json result = called("compare", asked);
  EXPECT_FALSE(result["isError"]);
  EXPECT_EQ(text_of(result), run_llmarch("compare gpt2 qwen3-0.6b --context 4k --batch 3 "
                                         "--text-only --format json")
                                 .output);
  EXPECT_EQ(text_of(called("list", Json::object())), run_llmarch("list --format json").output);
  EXPECT_EQ(text_of(called("explain", {{"expressions", {"kv_bytes(gpt2)"}}})),
            run_llmarch("eval 'kv_bytes(gpt2)' --explain --format json").output);
}

// A model's name that begins with hyphens is no option, and no call says where a file is written.
TEST(ATool, SaysWhatIsWrongWithACall) {
  const Json unknown = called("show", {{"models", {"gtp2"}}});
  EXPECT_TRUE(unknown["isError"]);
  EXPECT_THAT(text_of(unknown), HasSubstr("did you mean 'gpt2'?"));
  EXPECT_THAT(text_of(called("compare", {{"models", {"gpt2"}}, {"contxt", 5}})),
              HasSubstr("did you mean '--context'?"));
  EXPECT_THAT(text_of(called("show", {{"models", {"--output=stolen.md"}}})),
              HasSubstr("unknown model '--output=stolen.md'"));
  EXPECT_THAT(text_of(called("show", {{"models", {"gpt2"}}, {"output", "stolen.md"}})),
              HasSubstr("no argument 'output'"));
  EXPECT_THAT(text_of(called("show", {{"models", "gpt2"}})), HasSubstr("'models' is an array"));
}

TEST(TheServer, AnswersWhatItCannotReadWithAFault) {
  const auto code = [](const std::string& line) {
    return answers_to({line}).at(0)["error"]["code"];
  };
  EXPECT_EQ(code("{"), -32700);
  EXPECT_EQ(code("[]"), -32600);
  EXPECT_EQ(code(request("resources/list", Json::object()).dump()), -32601);
  EXPECT_EQ(code(request("tools/call", {{"name", "measure"}}).dump()), -32602);
  EXPECT_EQ(code(request("tools/call", Json::array()).dump()), -32602);
  EXPECT_EQ(code(request("tools/call", {{"name", 5}}).dump()), -32602);
}

}  // namespace
}  // namespace llmarch::testing
