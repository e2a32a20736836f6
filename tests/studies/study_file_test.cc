// Mistakes in a study's file, and the description of the format.
#include "sim/study/study_format.h"
#include "tests/studies/studies.h"
#include "tests/support/run_program.h"

namespace llmarch::studies_test {
namespace {

// Every problem reported for a study, as a user sees it.
std::string said_of(const std::string& text) {
  const StudyLoad load = load_toml_study(text, known_specs());
  EXPECT_EQ(load.study.has_value(), load.problems.empty());
  return render_diagnostics("s.toml", text, load.problems);
}

TEST(AStudy, ThatSaysNoMoreThanItMustIsRead) {
  EXPECT_EQ(said_of(study_with("")), "");
}

TEST(AStudy, MayNotHoldKeysThatAreNotKnown) {
  EXPECT_EQ(said_of(claim_with("expct = \"holds\"\ncheck = [\"1 < 2\"]\n")),
            "s.toml:8:1: error: unknown key 'expct' in claim 'one'\n"
            "    8 | expct = \"holds\"\n"
            "      | ^~~~~\n"
            "      = did you mean 'expect'?\n");
}

TEST(AStudy, NamesTheVerdictsThatThereAre) {
  EXPECT_EQ(said_of(claim_with("expect = \"hold\"\ncheck = [\"1 < 2\"]\n")),
            "s.toml:8:10: error: unknown expect 'hold' in claim 'one'\n"
            "    8 | expect = \"hold\"\n"
            "      |          ^~~~~~\n"
            "      = did you mean 'holds'?\n");
}

TEST(AClaim, IsDecidedInOneWay) {
  EXPECT_THAT(said_of(claim_with("expect = \"holds\"\n")),
              ::testing::HasSubstr("claim 'one' is decided in 0 ways"));
  EXPECT_THAT(said_of(claim_with("expect = \"holds\"\ncheck = [\"1 < 2\"]\n"
                                 "[claim.one.case.a]\ntitle = \"a\"\ncheck = [\"1 < 2\"]\n")),
              ::testing::HasSubstr("claim 'one' is decided in 2 ways"));
}

TEST(AClaim, ThatIsUndecidableSaysWhy) {
  EXPECT_THAT(
      said_of(study_with("[claim.one]\nsection = \"x\"\ntext = \"y\"\nkind = \"undecidable\"\n"
                         "expect = \"not decidable by cost\"\n")),
      ::testing::HasSubstr("claim 'one' is undecidable without a reason"));
}

TEST(ARange, IsOneThatCanBeChecked) {
  const std::string claim = "expect = \"holds\"\ncheck = [\"1 < 2\"]\n";
  EXPECT_THAT(said_of(claim_with(claim + "over = { from = 2, to = 1 }\n")),
              ::testing::HasSubstr("'to' lies before 'from'"));
  EXPECT_EQ(said_of(claim_with(claim + "over = { from = 1, to = 1048576 }\n")), "");
  EXPECT_THAT(said_of(claim_with(claim + "over = { from = 1, to = 1048577 }\n")),
              ::testing::HasSubstr("1048577 contexts are too many to check each"));
}

TEST(AStudy, IsToldAHundredOfItsMistakes) {
  std::string checks;
  for (int i = 0; i < 150; ++i) checks += "\"nothing < 2\", ";
  const StudyLoad load =
      load_toml_study(claim_with("expect = \"holds\"\ncheck = [" + checks + "]\n"), known_specs());
  ASSERT_TRUE(load.study.has_value());
  EXPECT_EQ(read_study(*load.study, {}).problems.size(), 100U);
}

// At 2^20 contexts each, checks of 2^11 characters come to 2^31.
TEST(AStudy, ChecksNoMoreThanTakesSeconds) {
  const auto claim = [](const std::string& id, std::size_t characters) {
    const std::string check = "1 < 2" + std::string(characters - 5, ' ');
    return "[claim." + id + "]\nsection = \"x\"\ntext = \"y\"\nkind = \"figure\"\n" +
           "expect = \"holds\"\ncheck = [\"" + check + "\"]\n" +
           "over = { from = 1, to = 1048576 }\n";
  };
  EXPECT_EQ(said_of(study_with(claim("one", 1024) + claim("two", 1024))), "");
  EXPECT_EQ(said_of(study_with(claim("one", 1024) + claim("two", 1025))),
            "s.toml:11:8: error: checking every context of every claim up to this one would take "
            "too long\n"
            "   11 | [claim.two]\n"
            "      |        ^~~\n"
            "      = name fewer contexts with 'over', or make two studies\n");
}

TEST(AVariant, IsOfAModelThatIsKnown) {
  EXPECT_EQ(said_of(study_with("[variant.v]\nof = \"gpt4\"\ntitle = \"V\"\n")),
            "s.toml:5:6: error: unknown model 'gpt4'\n"
            "    5 | of = \"gpt4\"\n"
            "      |      ^~~~~~\n"
            "      = did you mean 'gpt2'?\n");
}

TEST(AVariant, MustBeAValidSpec) {
  EXPECT_THAT(said_of(study_with("[variant.v]\nof = \"llama-3.1-8b\"\ntitle = \"V\"\n"
                                 "set.attention.gqa.kv_heads = 5\n")),
              ::testing::HasSubstr("variant 'v' is not a valid spec"));
  EXPECT_THAT(said_of(study_with("[variant.v]\nof = \"llama-3.1-8b\"\ntitle = \"V\"\n"
                                 "set.attention.gqa.kv_head = 8\n")),
              ::testing::HasSubstr("unknown key 'kv_head' in attention 'gqa'"));
  EXPECT_THAT(said_of(study_with("[variant.v]\nof = \"llama-3.1-8b\"\ntitle = \"V\"\n"
                                 "remove = [\"attention.gqa.window\"]\n")),
              ::testing::HasSubstr("there is no 'attention.gqa.window' to remove"));
}

TEST(AComparison, IsOfModelsThatAreKnown) {
  EXPECT_THAT(said_of(study_with("[comparison.c]\ntitle = \"x\"\ntext = \"y\"\n"
                                 "models = [\"gpt2\", \"gpt2-x\"]\n")),
              ::testing::HasSubstr("unknown model 'gpt2-x'"));
}

TEST(StudyFormat, StandsInArchSpecs) {
  EXPECT_EQ(llmarch::testing::read_file(LLMARCH_PROJECT "/arch_specs/studies/README.md"),
            describe_study_format())
      << "write the output of 'llmarch help study-format' to arch_specs/studies/README.md";
}

TEST(StudyFormat, BeginsWithAnExampleWhoseVerdictsAreAsItExpects) {
  const StudyRun run{std::string(example_study())};
  ASSERT_EQ(run.result.claims.size(), 2U);
  for (const ClaimResult& claim : run.result.claims) EXPECT_TRUE(claim.as_expected()) << claim.id;
  EXPECT_NE(describe_study_format().find(example_study()), std::string::npos);
}

}  // namespace
}  // namespace llmarch::studies_test
