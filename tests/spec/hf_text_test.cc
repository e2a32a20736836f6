// Texts that are no config: not JSON, not an object, ambiguous, too large or too deep.
#include <gtest/gtest.h>

#include "tests/spec/configs.h"
#include "tests/support/times.h"

namespace llmarch::spec_test {
namespace {

std::string text_report(std::string_view text) {
  return render_diagnostics("config.json", text, load_hf_config(text, "my-model").problems);
}

TEST(ConfigText, SaysWhereItIsNoJson) {
  EXPECT_EQ(
      text_report("{\"model_type\": \"llama\",\n \"hidden_size\": 64,}"),
      R"(config.json:2:20: error: not valid JSON: syntax error while parsing object key - unexpected '}'; expected string literal
    2 |  "hidden_size": 64,}
      |                    ^
      = a Hugging Face config.json is expected
)");
}

TEST(ConfigText, SaysWhereItEndsTooEarly) {
  EXPECT_EQ(
      text_report("{\"a\": 1"),
      R"(config.json:1:8: error: not valid JSON: syntax error while parsing object - unexpected end of input; expected '}'
    1 | {"a": 1
      |        ^
      = a Hugging Face config.json is expected
)");
}

TEST(ConfigText, IsAnObject) {
  EXPECT_EQ(text_report("[1, 2]"), R"(config.json: error: this is JSON, but a list and no object
      = a Hugging Face config.json is expected
)");
  EXPECT_EQ(text_report("12"), R"(config.json: error: this is JSON, but a single value and no object
      = a Hugging Face config.json is expected
)");
}

TEST(ConfigText, IsNotEmpty) {
  const char* const expected = R"(config.json: error: the file is empty
      = a Hugging Face config.json is expected
)";
  EXPECT_EQ(text_report(""), expected);
  EXPECT_EQ(text_report(" \r\n\t"), expected);
}

// The JSON library takes the last of the two, silently.
TEST(ConfigText, HasEveryFieldOnce) {
  EXPECT_EQ(text_report(R"({"hidden_size": 64, "vocab_size": 9, "hidden_size": 128})"),
            R"(config.json: error: the field 'hidden_size' stands twice
      = a Hugging Face config.json is expected
)");
  EXPECT_EQ(text_report(R"({"a": {"factor": 8, "b": {"factor": 1}, "factor": 8}})"),
            R"(config.json: error: the field 'factor' stands twice
      = a Hugging Face config.json is expected
)");
}

TEST(ConfigText, MayHaveOneNameInSeveralObjects) {
  const Json original = config("gpt2");
  const Json params{{"a", {{"b", 1}}}, {"b", {{"a", 1}}}, {"c", {{{"a", 1}}, {{"a", 1}}}}};
  EXPECT_EQ(report(with(original, {{"task_specific_params", params}})), "");
}

TEST(ConfigText, DoesNotNestWithoutEnd) {
  const char* const expected = R"(config.json: error: objects and lists nest more than 32 deep
      = a Hugging Face config.json is expected
)";
  EXPECT_EQ(text_report("{\"hidden_size\": " + times(100'000, "[") + times(100'000, "]") + "}"),
            expected);
  EXPECT_EQ(text_report(times(100'000, "{\"a\":")), expected);
}

TEST(ConfigText, HasNothingAfterAZeroByte) {
  EXPECT_EQ(text_report(std::string_view("{\"a\": 1}\0{", 10)),
            R"(config.json:1:9: error: not valid JSON: a zero byte
    1 | {"a": 1}\x00{
      |         ^~~~
      = a Hugging Face config.json is expected
)");
}

TEST(ConfigText, HasNumbersThatFitADouble) {
  EXPECT_EQ(text_report(R"({"rope_theta": 1e999})"),
            R"(config.json: error: not valid JSON: number overflow parsing '1e999'
      = a Hugging Face config.json is expected
)");
}

TEST(ConfigText, IsAFewMegabytes) {
  EXPECT_EQ(text_report("{}" + std::string(16 << 20, ' ')),
            R"(config.json: error: the file has 16777218 bytes, and a config.json at most 16777216
      = a Hugging Face config.json is expected
)");
}

// As Python writes them; a field that is read must be a number all the same.
TEST(ConfigText, MayHoldNumbersThatJsonDoesNotHave) {
  const std::string llama = config("llama-3.1-8b").dump();
  const auto with_field = [&](const std::string& field) {
    return llama.substr(0, llama.size() - 1) + ", " + field + "}";
  };
  EXPECT_EQ(text_report(with_field(R"("time_step_limit": [0.0, Infinity, -Infinity, NaN])")), "");
  EXPECT_EQ(text_report(with_field(R"("note": "Infinity, \"NaN\"")")), "");
  EXPECT_EQ(
      text_report(R"({"model_type": "llama", "rope_theta": Infinity})"),
      R"(config.json: error: 'rope_theta' in the config is 1e+308, and must be a number above 0 and at most 1000000000000000
)");
}

}  // namespace
}  // namespace llmarch::spec_test
