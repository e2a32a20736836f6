// The JSON of each command against its schema in schemas/, and the schemas against JSON that breaks
// them.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

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

Json json_of(const std::string& command) {
  const Seen seen = run_llmarch(command + " --format json");
  EXPECT_EQ(seen.status, 0) << seen.errors;
  return Json::parse(seen.output);
}

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
