// `--format page`: what a page needs of a report beside its texts.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/support/json_output.h"
#include "tests/support/run_program.h"

namespace llmarch::testing {
namespace {

using Json = nlohmann::json;

Json page_of(const std::string& arguments) {
  const Seen seen = run_llmarch(arguments + " --format page");
  EXPECT_EQ(seen.status, 0) << seen.errors;
  return Json::parse(seen.output);
}

std::vector<Json> blocks(const std::string& arguments, const std::string& kind) {
  const Json page = page_of(arguments);
  std::vector<Json> found;
  for (const Json& block : page.at("blocks")) {
    if (block["kind"] == kind) found.push_back(block);
  }
  return found;
}

// 12 layers keep keys and values of 768 elements of two bytes: 36,864 bytes a position, 288 MiB at
// 8,192 of them.
TEST(APage, HasTextsAndValuesAndTheNamesToAskForThem) {
  const Json table = blocks("compare gpt2 --only memory", "table").at(0);
  EXPECT_EQ(table["columns"][1]["heading"], "gpt2");
  EXPECT_EQ(table["columns"][1]["alignment"], "right");
  EXPECT_EQ(table["rows"][0], Json({{"group", "Memory"}}));
  const auto row = std::find_if(table["rows"].begin(), table["rows"].end(), [](const Json& one) {
    return one.value("quantity", "") == "kv_bytes";
  });
  ASSERT_NE(row, table["rows"].end());
  EXPECT_EQ((*row)["cells"][1],
            Json({{"text", "288 MiB"}, {"value", 36'864 * 8'192}, {"unit", "bytes"}}));
}

// gemma-3-27b overtakes at 5,325 tokens, as the README says.
TEST(APage, HasChartsWithTheirAxesAndCrossovers) {
  const Json chart =
      blocks("sweep gemma-3-27b mistral-small-3.1-24b --context 1k..64k:x4 --show kv_bytes",
             "chart")
          .at(0);
  EXPECT_EQ(chart["series"][1]["label"], "mistral-small-3.1-24b");
  EXPECT_EQ(chart["series"][1]["x"][0], 1'024);
  EXPECT_EQ(chart["series"][1]["x"].back(), 65'536);
  EXPECT_EQ(chart["series"][1]["y"][0], 160 << 20);
  EXPECT_EQ(chart["marks"][0]["x"], 5'325);
  EXPECT_TRUE(chart["x"]["logarithmic"]);
  EXPECT_EQ(chart["x"]["ticks"][0], Json({{"value", 1'024}, {"text", "1k"}}));
}

TEST(APage, HasDiagramsDrawnAndTheirStyleOnce) {
  const Json page = page_of("compare gpt2 --only structure");
  EXPECT_NE(page["style"].get<std::string>().find(".ll-text"), std::string::npos);
  const std::string svg = blocks("compare gpt2 --only structure", "diagram").at(0)["svg"];
  EXPECT_TRUE(svg.starts_with("<svg"));
  EXPECT_EQ(svg.find("<style"), std::string::npos);
  EXPECT_FALSE(page_of("compare gpt2 --only memory").contains("style"));
}

// Three layers of DeepSeek-V3 are dense, and the other 58 have experts.
TEST(Show, SaysTheKindOfEachLayer) {
  const Json layers = json_of("show deepseek-v3")["layers"];
  EXPECT_EQ(layers["order"].size(), 61U);
  EXPECT_EQ(layers["order"][2], "dense");
  EXPECT_EQ(layers["order"][3], "moe");
  EXPECT_EQ(layers["kinds"], Json({{"dense", Json::array()}, {"moe", {"experts"}}}));
  const Json gemma = json_of("show gemma-3-27b")["layers"];
  EXPECT_EQ(gemma["kinds"]["local"], Json({"window"}));
}

}  // namespace
}  // namespace llmarch::testing
