// Each field of a published config of each model type removed, misspelt, or given a wrong value,
// one after another: a problem or a recorded fill names it, or it does not matter; never a silent
// change.
#include <gmock/gmock.h>

#include "tests/spec/configs.h"

namespace llmarch::spec_test {
namespace {

using testing::AnyOf;
using testing::Contains;
using testing::HasSubstr;
using Pointer = Json::json_pointer;

// The fields of the config and of the object on rotary scaling in it.
std::vector<Pointer> fields_of(const Json& config) {
  std::vector<Pointer> fields;
  for (const auto& [key, value] : config.items()) {
    fields.push_back(Pointer() / key);
    if (key != "rope_scaling" || !value.is_object()) continue;
    for (const auto& inner : value.items()) fields.push_back(Pointer() / key / inner.key());
  }
  return fields;
}

bool says(const std::vector<Diagnostic>& problems, const std::string& name) {
  return std::any_of(problems.begin(), problems.end(), [&](const Diagnostic& problem) {
    return problem.message.find("'" + name + "'") != std::string::npos;
  });
}

bool fills(const ConfigLoad& load, const std::string& name) {
  return std::any_of(load.filled.begin(), load.filled.end(),
                     [&](const std::string& fill) { return fill.starts_with(name + " = "); });
}

class ConfigField : public testing::TestWithParam<std::filesystem::path> {
 protected:
  const Json original = config(GetParam().stem().string());
  const std::map<std::string, std::string> architecture = architecture_of(spec_of(original));

  // Refused by name, and only for that; or without an effect.
  void expect_refused_or_inert(const Json& changed, const std::string& name) const {
    const ConfigLoad result = load(changed);
    if (result.spec) {
      EXPECT_EQ(architecture_of(*result.spec), architecture) << name << " in " << changed.dump();
    } else {
      EXPECT_TRUE(says(result.problems, name)) << name << ": " << report(changed);
      EXPECT_EQ(result.problems.size(), 1U) << report(changed);
    }
  }
  // Nothing was read and nothing filled in the place of a field whose name is misspelt.
  void expect_inert(const ConfigLoad& result, const std::string& name,
                    const std::string& misspelt) const {
    EXPECT_EQ(architecture_of(*result.spec), architecture) << misspelt;
    EXPECT_FALSE(fills(result, name)) << misspelt;
    EXPECT_THAT(result.passed_over, Contains(misspelt));
  }
  // The same for every field whose value `applies` to; `value` takes its place.
  template <class Applies>
  void refuse_everywhere(const Json& value, const Applies& applies) const {
    for (const Pointer& field : fields_of(original)) {
      if (!applies(field.back(), original.at(field))) continue;
      Json changed = original;
      changed.at(field) = value;
      expect_refused_or_inert(changed, field.back());
    }
  }
};

TEST_P(ConfigField, IsNamedWhenItIsMissing) {
  for (const Pointer& field : fields_of(original)) {
    Json changed = original;
    changed.at(field.parent_pointer()).erase(field.back());
    const ConfigLoad result = load(changed);
    if (fills(result, field.back())) continue;
    // Where two names mean one thing, the problem asks for the newer one.
    expect_refused_or_inert(changed, field.back() == "type" ? "rope_type" : field.back());
  }
}

TEST_P(ConfigField, IsRefusedWhenItIsMisspelt) {
  for (const Pointer& field : fields_of(original)) {
    Json changed = original;
    Json& object = changed.at(field.parent_pointer());
    object.erase(field.back());
    const std::string misspelt = field.back() + "x";
    object[misspelt] = original.at(field);
    const ConfigLoad result = load(changed);
    if (result.spec) {
      expect_inert(result, field.back(), misspelt);
      continue;
    }
    const std::vector<Diagnostic>& problems = result.problems;
    EXPECT_TRUE(says(problems, misspelt)) << report(changed);
    const bool older_name = field.back() == "type";
    EXPECT_EQ(problems.size(), older_name ? 2U : 1U) << report(changed);
    EXPECT_THAT(report(changed), AnyOf(HasSubstr("did you mean '" + field.back() + "'?"),
                                       HasSubstr("--pass-over " + misspelt)));
  }
}

TEST_P(ConfigField, IsRefusedWhenItsTypeIsWrong) {
  for (const Json& value : {Json("12"), Json(Json::array({1.5})), Json(true), Json(12)}) {
    refuse_everywhere(value, [&](const std::string&, const Json& was) {
      return !was.is_null() && was.type_name() != std::string(value.type_name());
    });
  }
  refuse_everywhere(Json::object({{"a", 1}}), [](const std::string&, const Json& was) {
    return !was.is_null() && !was.is_object();
  });
}

TEST_P(ConfigField, IsRefusedWhenItIsOutOfBounds) {
  const std::uint64_t past_64_bits = std::uint64_t{1} << 63U;
  for (const Json& value : {Json(0), Json(-1), Json(past_64_bits), Json(1e300)}) {
    refuse_everywhere(value, [&](const std::string& key, const Json& was) {
      const bool may_be_zero =
          value == 0 && (key == "first_k_dense_replace" || key == "n_shared_experts" ||
                         key.starts_with("mscale"));
      return was.is_number() && !may_be_zero;
    });
  }
}

TEST_P(ConfigField, IsRefusedWhenAWholeNumberHasAFraction) {
  refuse_everywhere(3.5, [](const std::string& key, const Json& was) {
    const bool real = key == "rope_theta" || key == "factor" || key.starts_with("beta_");
    return was.is_number_integer() && !real;
  });
}

TEST_P(ConfigField, IsRefusedWhenItIsEmpty) {
  refuse_everywhere("", [](const std::string&, const Json& was) { return was.is_string(); });
}

const std::vector<std::filesystem::path> kOneOfEachType{"gpt2.json",        "llama-3.2-1b.json",
                                                        "qwen3-0.6b.json",  "qwen3-30b-a3b.json",
                                                        "deepseek-v3.json", "kimi-k2.json"};

INSTANTIATE_TEST_SUITE_P(ModelTypes, ConfigField, testing::ValuesIn(kOneOfEachType), test_name);

}  // namespace
}  // namespace llmarch::spec_test
