// The names of schemes: what is read, and what is said of what is not.
#include "sim/formats/scheme_names.h"

#include <gmock/gmock.h>

namespace llmarch {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(EverySchemeOfTheHelp, CanBeRead) {
  for (const SchemeHelp& help : scheme_help()) {
    const auto reading = read_scheme(help.name);
    ASSERT_TRUE(reading.value) << help.name << ": " << reading.problem;
    EXPECT_EQ(reading.value->name(), help.name);
  }
  for (const SchemeHelp& help : cache_scheme_help()) {
    EXPECT_TRUE(read_cache_scheme(help.name).value) << help.name;
  }
}

TEST(ANumberFormat, IsASchemeThatKnowsIt) {
  EXPECT_EQ(read_scheme("fp8").value->number_format(), DType::fp8);
  EXPECT_EQ(*read_scheme("bf16").value, Scheme(DType::bf16));
  EXPECT_EQ(read_scheme("q8_0").value->number_format(), std::nullopt);
}

TEST(AnUnknownScheme, IsRefusedWithWhatMayBeMeant) {
  EXPECT_EQ(read_scheme("q4_k_n").problem, "unknown format 'q4_k_n'");
  EXPECT_THAT(read_scheme("q4_k_n").remedy, HasSubstr("'q4_k'"));
  EXPECT_THAT(read_scheme("fp4").remedy, HasSubstr("mxfp4"));
  EXPECT_THAT(read_scheme("fp4").remedy, HasSubstr("nvfp4"));
  EXPECT_THAT(read_scheme("nf4").remedy, HasSubstr("'bnb-nf4'"));
  for (const char* text : {"", "gptq-g", "gptq-g0", "gptq-g-1", "bpw", "-1bpw", "0bpw", "99bpw",
                           "nanbpw", "1e9bpw", "5.0bpwx"}) {
    EXPECT_FALSE(read_scheme(text).value) << text;
  }
}

TEST(APolicy, NamesComponentsRolesAndLayers) {
  for (const char* text : {"experts=mxfp4,rest=bf16", "ffn=q4_k,head=q6_k,embedding=q8_0,rest=bf16",
                           "value-projection@0-3=q6_k,layers@0-0=bf16,rest=q4_k", "rest=awq"}) {
    EXPECT_TRUE(read_scheme(text).value) << text;
  }
}

TEST(APolicy, IsRefusedWhereItIsNotComplete) {
  EXPECT_THAT(read_scheme("experts=mxfp4").remedy, HasSubstr("experts=mxfp4,rest=bf16"));
  EXPECT_EQ(read_scheme("expert=mxfp4,rest=bf16").problem, "unknown part of a model 'expert'");
  EXPECT_EQ(read_scheme("experts=mxfp5,rest=bf16").problem, "unknown format 'mxfp5'");
  for (const char* text :
       {"layers@3-1=bf16,rest=q4_k", "layers@x=bf16,rest=q4_k", "layers@=bf16,rest=q4_k",
        "=bf16,rest=q4_k", "rest=", "rest=q4_k,rest=bf16", "a=b=c,rest=bf16"}) {
    EXPECT_FALSE(read_scheme(text).value) << text;
  }
}

TEST(ACache, HasOneFormatOrOneForKeysAndOneForValues) {
  EXPECT_EQ(read_cache_scheme("fp8").value->number_format(), DType::fp8);
  EXPECT_TRUE(read_cache_scheme("k=q8_0,v=q4_0").value);
  for (const char* text : {"q4_k", "k=q8_0", "v=q8_0", "k=q8_0,w=q4_0", "k=q8_0,v=q4_0,w=q4_0",
                           "k=q8_0,k=q4_0,v=q4_0", "k=q4_k_m,v=q8_0", "k="}) {
    EXPECT_FALSE(read_cache_scheme(text).value) << text;
  }
}

TEST(AListOfSchemes, KeepsPoliciesTogether) {
  EXPECT_THAT(
      split_schemes(
          {"bf16", "experts=mxfp4", "rest=bf16", "q8_0", "ffn=q4_k", "rest=bf16", "rest=q8_0"}),
      ElementsAre("bf16", "experts=mxfp4,rest=bf16", "q8_0", "ffn=q4_k,rest=bf16", "rest=q8_0"));
  EXPECT_THAT(split_schemes({"k=q8_0", "v=q4_0", "k=q4_0", "v=q4_0"}),
              ElementsAre("k=q8_0,v=q4_0", "k=q4_0,v=q4_0"));
}

}  // namespace
}  // namespace llmarch
