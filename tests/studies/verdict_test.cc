// Verdicts, each from figures that can be redone by hand.
#include "reports/say/study_report.h"
#include "tests/studies/studies.h"

namespace llmarch::studies_test {
namespace {

// A narrower feed-forward: 32 x 3 x 4,096 x (14,336 - 4,096) parameters fewer.
TEST(AStudy, OfVariantsAlonePutsEachBesideTheModelThatItChanges) {
  const StudyRun run(
      study_with("[variant.narrow]\nof = \"llama-3.1-8b\"\ntitle = \"narrower\"\n"
                 "set.feed_forward.mlp.width = 4096\n"));
  ASSERT_EQ(run.result.comparisons.size(), 1U);
  const Comparison& figures = run.result.comparisons.front().figures;
  ASSERT_EQ(figures.models.size(), 2U);
  EXPECT_EQ(figures.models[0].model->parameters.total - figures.models[1].model->parameters.total,
            Elements(32LL * 3 * 4096 * (14336 - 4096)));
}

TEST(AVerdict, IsComputedAndNotTakenFromWhatIsExpected) {
  const StudyRun run(
      claim_with("expect = \"does not hold\"\ncheck = [\"layers(llama-3.1-8b) = 32\"]\n"));
  EXPECT_EQ(run.claim().verdict, Verdict::holds);
  EXPECT_FALSE(run.claim().as_expected());
}

TEST(AVerdict, FailsWhenOneCheckOfSeveralFails) {
  const StudyRun run(
      claim_with("expect = \"does not hold\"\ncheck = [\"layers(llama-3.1-8b) = "
                 "32\", \"layers(llama-3.1-8b) = 31\"]\n"));
  EXPECT_EQ(run.claim().verdict, Verdict::fails);
  ASSERT_EQ(run.claim().cases.at(0).sides.size(), 2U);
  EXPECT_TRUE(run.claim().cases[0].sides[0].holds);
  EXPECT_FALSE(run.claim().cases[0].sides[1].holds);
}

// Weights differ by (1,235,814,400 - 596,049,920) x 2 = 1,279,528,960 bytes, and caches grow by
// 114,688 - 32,768 = 81,920 bytes more per token: 15,619 of them still fit into the difference.
TEST(AVerdict, TurnsAtTheExactToken) {
  const StudyRun run(
      claim_with("expect = \"holds under a condition\"\ncheck = [\"weight_bytes(qwen3-0.6b) + "
                 "kv_bytes(qwen3-0.6b) < weight_bytes(llama-3.2-1b) + kv_bytes(llama-3.2-1b)\"]\n"
                 "over = { from = 1, to = 40960 }\n"));
  EXPECT_EQ(run.claim().verdict, Verdict::conditional);
  const std::vector<Stretch>& stretches = run.claim().cases.at(0).stretches;
  ASSERT_EQ(stretches.size(), 2U);
  EXPECT_EQ(stretches[0].to, Integer(15619));
  EXPECT_TRUE(stretches[0].holds);
  EXPECT_EQ(stretches[1].from, Integer(15620));
  EXPECT_FALSE(stretches[1].holds);
  const std::vector<Sides>& sides = run.claim().cases[0].sides;
  ASSERT_EQ(sides.size(), 2U);
  EXPECT_EQ(sides[0].context, Integer(15619));
  EXPECT_TRUE(sides[0].holds);
  EXPECT_EQ(sides[1].context, Integer(15620));
  EXPECT_FALSE(sides[1].holds);
}

// Chunks of 8,192 begin again: at 8,193 positions one is held, of the 8,193 of full attention.
TEST(AVerdict, FindsEveryTurnOfASawtooth) {
  const StudyRun run(
      study_with("[variant.whole]\nof = \"llama-4-maverick\"\ntitle = \"without chunks\"\n"
                 "remove = [\"attention.local.chunk\"]\n"
                 "[claim.one]\nsection = \"x\"\ntext = \"y\"\nkind = \"figure\"\n"
                 "expect = \"holds under a condition\"\n"
                 "check = [\"kv_bytes(llama-4-maverick) / kv_bytes(whole) >= 0.5\"]\n"
                 "over = { from = 1, to = 20000 }\n"));
  const std::vector<Stretch>& stretches = run.claim().cases.at(0).stretches;
  ASSERT_GE(stretches.size(), 3U);
  EXPECT_EQ(stretches[0].to, Integer(8192));
  EXPECT_FALSE(stretches[1].holds);
  EXPECT_EQ(stretches[1].from, Integer(8193));
}

TEST(AVerdict, DependsOnTheCaseWhereCasesDiffer) {
  const std::string head = "expect = \"holds\"\n";
  const std::string holds = "[claim.one.case.a]\ntitle = \"a\"\ncheck = [\"1 < 2\"]\n";
  const std::string fails = "[claim.one.case.b]\ntitle = \"b\"\ncheck = [\"2 < 1\"]\n";
  EXPECT_EQ(StudyRun(claim_with(head + holds)).claim().verdict, Verdict::holds);
  EXPECT_EQ(StudyRun(claim_with(head + fails)).claim().verdict, Verdict::fails);
  EXPECT_EQ(StudyRun(claim_with(head + holds + fails)).claim().verdict, Verdict::conditional);
}

TEST(AVerdict, WaitsForAClockAndIsThenMade) {
  const std::string text = claim_with(
      "expect = \"needs a run\"\nexpect_timed = \"holds\"\n"
      "check = [\"timed_decode(qwen3-0.6b) > 10\"]\n");
  const StudyRun without(text);
  EXPECT_EQ(without.claim().verdict, Verdict::needs_run);
  EXPECT_TRUE(without.claim().as_expected());
  EXPECT_EQ(without.claim().cases.at(0).unrun.size(), 1U);
  const StudyRun with(text, [](const Model&, const Setting&, TimedFigure) { return 11.0; });
  EXPECT_EQ(with.claim().verdict, Verdict::holds);
  EXPECT_TRUE(with.claim().as_expected());
}

TEST(AVerdict, OfAClockIsHeldAgainstWhatTheStudyExpectsOfIt) {
  const auto claim = [](const std::string& expected_of_clock) {
    return claim_with("expect = \"needs a run\"\n" + expected_of_clock +
                      "check = [\"timed_decode(qwen3-0.6b) > 10\"]\n");
  };
  const Clock slow = [](const Model&, const Setting&, TimedFigure) { return 9.0; };
  const StudyRun held(claim("expect_timed = \"holds\"\n"), slow);
  EXPECT_EQ(held.claim().verdict, Verdict::fails);
  EXPECT_FALSE(held.claim().as_expected());
  const StudyRun left_to_the_machine(claim(""), slow);
  EXPECT_EQ(left_to_the_machine.claim().verdict, Verdict::fails);
  EXPECT_TRUE(left_to_the_machine.claim().as_expected());
}

TEST(AVerdict, IsNoneWhereNoFigureDecides) {
  const StudyRun run(
      study_with("[claim.one]\nsection = \"x\"\ntext = \"y\"\nkind = \"undecidable\"\n"
                 "expect = \"not decidable by cost\"\nreason = \"because\"\n"));
  EXPECT_EQ(run.claim().verdict, Verdict::undecidable);
  EXPECT_TRUE(run.claim().as_expected());
}

TEST(AVariant, IsTheModelWithItsKeysChanged) {
  const StudyRun run(study_with(
      "[variant.mha]\nof = \"llama-3.1-8b\"\ntitle = \"MHA\"\nset.attention.gqa.kv_heads = 32\n"
      "[claim.one]\nsection = \"x\"\ntext = \"y\"\nkind = \"ratio\"\nexpect = \"holds\"\n"
      "check = [\"kv_bytes_per_token(mha) / kv_bytes_per_token(llama-3.1-8b) = 4\"]\n"));
  EXPECT_EQ(run.claim().verdict, Verdict::holds);
}

// Gemma 3 27B keeps 1,024 positions in 52 layers and all in 10; Mistral all in 40 of half the
// width: 2 (52 x 1024 + 10 c) = 40 c at c = 5,324.8.
TEST(AChart, MarksTheFirstTokenAtWhichAnotherLineIsLower) {
  const StudyRun run(
      study_with("[comparison.one]\ntitle = \"x\"\ntext = \"y\"\n"
                 "models = [\"gemma-3-27b\", \"mistral-small-3.1-24b\"]\n"
                 "chart = { quantity = \"kv_bytes\", from = 256, to = 131072 }\n"));
  const std::vector<ChartTurn>& turns = run.result.comparisons.at(0).turns;
  ASSERT_EQ(turns.size(), 1U);
  EXPECT_EQ(turns[0].context, Integer(5325));
  EXPECT_EQ(turns[0].model, 0U);
  EXPECT_EQ(turns[0].other, 1U);
}

}  // namespace
}  // namespace llmarch::studies_test
