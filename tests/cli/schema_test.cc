// The JSON of each command against its schema in schemas/, and the schemas against JSON that breaks
// them.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/support/json_output.h"
#include "tests/support/run_program.h"

namespace llmarch::testing {
namespace {

using Json = nlohmann::json;

// What the schemas of this folder use of JSON Schema, and no more.
class Schema {
 public:
  explicit Schema(const std::string& name)
      : root_(Json::parse(read_file(LLMARCH_PROJECT "/schemas/" + name + ".schema.json"))) {}

  // Where a value breaks the schema, and how; "" where it does not.
  [[nodiscard]] std::string fault(const Json& value) const { return fault(value, root_, "$"); }

 private:
  static bool is(const Json& value, const std::string& type) {
    if (type == "object") return value.is_object();
    if (type == "array") return value.is_array();
    if (type == "string") return value.is_string();
    if (type == "integer") return value.is_number_integer();
    if (type == "number") return value.is_number();
    if (type == "boolean") return value.is_boolean();
    return type == "null" && value.is_null();
  }
  static bool is_of(const Json& value, const Json& types) {
    if (types.is_string()) return is(value, types);
    return std::any_of(types.begin(), types.end(),
                       [&](const Json& type) { return is(value, type); });
  }

  [[nodiscard]] std::string fault(const Json& value, const Json& schema,
                                  const std::string& path) const {
    if (schema.contains("$ref")) {
      const std::string pointer = schema["$ref"].get<std::string>().substr(1);
      return fault(value, root_.at(Json::json_pointer(pointer)), path);
    }
    if (!is_of(value, schema.at("type"))) return path + " has another type";
    for (const Json& key : schema.value("required", Json::array())) {
      if (!value.contains(key.get<std::string>())) return path + " lacks " + key.get<std::string>();
    }
    std::string found;
    if (value.is_array()) {
      for (std::size_t i = 0; i < value.size() && found.empty(); ++i) {
        found = fault(value[i], schema.at("items"), path + "[" + std::to_string(i) + "]");
      }
    } else if (value.is_object()) {
      for (auto member = value.begin(); member != value.end() && found.empty(); ++member) {
        found = member_fault(member.key(), member.value(), schema, path);
      }
    }
    return found;
  }
  [[nodiscard]] std::string member_fault(const std::string& key, const Json& value,
                                         const Json& schema, const std::string& path) const {
    const Json properties = schema.value("properties", Json::object());
    const Json others = schema.value("additionalProperties", Json(true));
    const std::string below = path + "." + key;
    if (properties.contains(key)) return fault(value, properties[key], below);
    if (others.is_object()) return fault(value, others, below);
    return others == Json(true) ? "" : below + " is not in the schema";
  }

  Json root_;
};

TEST(TheJson, OfListIsThatOfItsSchema) {
  const Json list = json_of("list");
  EXPECT_EQ(Schema("list").fault(list), "");
  for (const Json& model : list["models"]) {
    if (model["name"] != "gpt2") continue;
    EXPECT_EQ(model["parameters"], 124'439'808);
  }
}

TEST(TheJson, OfCompareIsThatOfItsSchemaForEveryModel) {
  std::string models;
  const Json list = json_of("list");
  for (const Json& model : list["models"]) {
    models += " " + model["name"].get<std::string>();
  }
  EXPECT_EQ(Schema("compare").fault(json_of("compare" + models + " --on h100-sxm")), "");
  EXPECT_EQ(Schema("compare").fault(json_of("compare gpt2 --prompt 512")), "");
  EXPECT_EQ(Schema("compare").fault(json_of("compare gpt-oss-120b --on l40s --skew 1")), "");
  EXPECT_EQ(Schema("compare").fault(json_of("compare deepseek-v3 gpt2 --draft 1 --accepted 0.9 "
                                            "--on h100-sxm")),
            "");
  const Json divided = json_of("compare deepseek-v3 --on 8xh200 --parallel dp=8,ep=8 --batch 8");
  EXPECT_TRUE(divided["models"][0]["on_hardware"].contains("ranks"));
  EXPECT_EQ(Schema("compare").fault(divided), "");
  const Json placed = json_of("compare gpt-oss-20b --on l40s --place experts=host --host grace");
  EXPECT_TRUE(placed["models"][0]["on_hardware"]["decode"].contains("placed"));
  EXPECT_EQ(Schema("compare").fault(placed), "");
  const Json stored = json_of("compare gpt2 --weights fp8-block");
  EXPECT_TRUE(stored["models"][0].contains("storage"));
  EXPECT_EQ(Schema("compare").fault(stored), "");
}

TEST(TheJson, OfEvalIsThatOfItsSchema) {
  const std::string expressions =
      "'layers(gpt2) / 5' 'published_total(gpt2)' "
      "'structure(gpt2, \"head\")'";
  EXPECT_EQ(Schema("eval").fault(json_of("eval --explain " + expressions)), "");
}

TEST(TheJson, OfFitIsThatOfItsSchema) {
  EXPECT_EQ(Schema("fit").fault(json_of("fit gpt2 --on h100-sxm,mi300x")), "");
  EXPECT_EQ(Schema("fit").fault(json_of("fit qwen3-8b --on 2xh100-sxm --parallel best")), "");
  EXPECT_EQ(
      Schema("fit").fault(json_of("fit gpt2 qwen3-8b --on 8xh100-sxm --parallel tp=8 --rank")), "");
  const Json fit = json_of("fit gpt2 llama-3.1-8b deepseek-v3 --memory 24GiB");
  EXPECT_EQ(Schema("fit").fault(fit), "");
  EXPECT_EQ(fit["models"][0]["largest_context"][0]["found"], 1024);
  EXPECT_EQ(fit["models"][2]["largest_context"][0]["left_over_bytes"], nullptr);
  // Its weights in two bytes, 36,864 bytes of cache a token, and a row of activations.
  const Json& gpt2 = fit["models"][0]["largest_context"][0];
  const std::int64_t held = 124'439'808LL * 2 + 1'024 * 36'864;
  EXPECT_EQ(gpt2["weight_bytes"].get<std::int64_t>() + gpt2["kv_bytes"].get<std::int64_t>(), held);
  EXPECT_EQ(gpt2["needed_bytes"], held + gpt2["activation_bytes"].get<std::int64_t>());
  EXPECT_EQ(gpt2["left_over_bytes"], (24LL << 30) - gpt2["needed_bytes"].get<std::int64_t>());
  const Json& deepseek = fit["models"][2]["largest_context"][0];
  EXPECT_EQ(deepseek["short_for_one_more_bytes"],
            deepseek["needed_bytes"].get<std::int64_t>() - (24LL << 30));
  const Json placed = json_of("fit gpt-oss-20b --on l40s --place experts=host --host grace");
  EXPECT_EQ(Schema("fit").fault(placed), "");
  const Json ranked = json_of("fit --all --on h100-sxm");
  EXPECT_EQ(Schema("fit").fault(ranked), "");
  EXPECT_GT(ranked["models"][0]["parameters"], ranked["models"][1]["parameters"]);
}

TEST(TheJson, OfSweepIsThatOfItsSchema) {
  const Schema schema("sweep");
  EXPECT_EQ(schema.fault(json_of("sweep gpt2 qwen3-0.6b --context 1k,2k --batch 1,8")), "");
  EXPECT_EQ(schema.fault(json_of("sweep gpt2 --context 4k --prompt 64,128 --on h100-sxm")), "");
}

// Both are read against the schema, and their parts against their totals.
TEST(TheJson, OfShowIsThatOfItsSchemaForEveryModelAndAddsUp) {
  const Schema schema("show");
  const Json list = json_of("list");
  ASSERT_GT(list["models"].size(), 90U);
  for (const Json& model : list["models"]) {
    const Json show = json_of("show " + model["name"].get<std::string>() + " --ops decode");
    EXPECT_EQ(schema.fault(show), "") << model["name"];
    std::int64_t parameters = 0, bytes = 0, flops = 0;
    for (const Json& weight : show["weights"]) {
      const auto layers = weight["layers"].get<std::int64_t>();
      parameters += layers * weight["parameters"].get<std::int64_t>();
      bytes += layers * weight["bytes"].get<std::int64_t>();
    }
    for (const Json& operation : show["operations"])
      flops += operation["flops"].get<std::int64_t>();
    EXPECT_EQ(show["memory"]["weight_bytes"], bytes) << model["name"];
    std::int64_t of_layers = 0;
    for (const Json& each : show["memory"]["one_layer"]) {
      of_layers += each["layers"].get<std::int64_t>() * each["weight_bytes"].get<std::int64_t>();
    }
    EXPECT_EQ(of_layers, bytes) << model["name"];
    EXPECT_EQ(show["total"]["flops"], flops) << model["name"];
    EXPECT_EQ(show["parameters"]["total"], parameters) << model["name"];
  }
}

std::vector<std::string> first_line(const std::string& command) {
  std::istringstream lines(run_llmarch(command + " --format csv").output);
  std::string line;
  std::getline(lines, line);
  std::vector<std::string> names;
  std::istringstream cells(line);
  for (std::string name; std::getline(cells, name, ',');) names.push_back(name);
  return names;
}

// One table, and every field of the setting: by these the files of several commands are joined.
TEST(TheCsv, OfEachCommandHasTheModelAndItsWholeSetting) {
  for (const char* command : {"sweep gpt2 --context 1k,2k", "fit gpt2 --memory 1GiB",
                              "compare gpt2 qwen3-0.6b", "show gpt2", "show gpt2 --ops prefill"}) {
    const std::vector<std::string> names = first_line(command);
    for (const char* key : {"model", "context", "prompt", "batch", "weights", "kv", "compute",
                            "draft", "accepted", "recurrence", "on", "parallel", "place", "host"}) {
      EXPECT_EQ(std::count(names.begin(), names.end(), key), 1) << command << ": " << key;
    }
    const std::string text = run_llmarch(std::string(command) + " --format csv").output;
    EXPECT_EQ(text.find("\n\n"), std::string::npos) << command << " has several tables";
  }
}

// A path of the JSON is a column of the CSV, and what a model lacks is empty.
TEST(TheCsv, OfCompareHasTheFiguresOfItsJson) {
  const std::string csv = run_llmarch("compare gpt2 qwen3-0.6b --format csv").output;
  const Json json = json_of("compare gpt2 qwen3-0.6b");
  const std::vector<std::string> names = first_line("compare gpt2 qwen3-0.6b");
  const auto column = std::find(names.begin(), names.end(), "decode_flops") - names.begin();
  std::istringstream lines(csv);
  std::string line, cell;
  std::getline(lines, line);
  for (const Json& model : json["models"]) {
    std::getline(lines, line);
    std::istringstream cells(line);
    for (auto i = 0; i <= column; ++i) std::getline(cells, cell, ',');
    EXPECT_EQ(cell, model["decode"]["flops"].dump());
  }
  EXPECT_NE(csv.find("parameters_components_position_embedding"), std::string::npos);
}

TEST(ASchema, IsBrokenByWhatLacksAMemberOrHasAnother) {
  const Json good = json_of("compare gpt2");
  const Schema schema("compare");
  ASSERT_EQ(schema.fault(good), "");
  Json lacking = good;
  lacking["models"][0]["decode"].erase("flops");
  EXPECT_EQ(schema.fault(lacking), "$.models[0].decode lacks flops");
  Json more = good;
  more["models"][0]["extra"] = 1;
  EXPECT_EQ(schema.fault(more), "$.models[0].extra is not in the schema");
  Json other = good;
  other["models"][0]["weight_bytes"] = "many";
  EXPECT_EQ(schema.fault(other), "$.models[0].weight_bytes has another type");
  other = good;
  other["models"][0]["parameters"]["components"]["head"] = 0.5;
  EXPECT_EQ(schema.fault(other), "$.models[0].parameters.components.head has another type");
}

}  // namespace
}  // namespace llmarch::testing
