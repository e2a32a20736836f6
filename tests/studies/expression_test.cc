// Expressions: their values, computed by hand, and the messages for those that cannot be read.
#include "sim/study/expression_reader.h"

#include <gmock/gmock.h>

#include "sim/study/evaluator.h"
#include "tests/support/tiny_models.h"

namespace llmarch {
namespace {

class Expressions : public ::testing::Test {
 protected:
  Expressions() {
    models_.models["tiny"] = &tiny_;
    models_.models["tiny-0.6b"] = &tiny_;
    models_.families = {&tiny_};
  }

  FigureValue value_of(const std::string& text) const {
    return Evaluator(setting_, {})(read_labelled(text, models_).expression);
  }
  double number(const std::string& text) const { return as_double(value_of(text)); }

  bool holds_at_8k(const std::string& text) const {
    const Check check = read_check(text, models_);
    Evaluator evaluate(setting_, no_clock_);
    return holds(evaluate(check.left), check.relation, evaluate(check.right), check.tolerance);
  }

  // "offset: problem (remedy)"
  std::string problem_of(const std::string& text) const {
    try {
      read_check(text, models_);
    } catch (const ExpressionError& error) {
      return std::to_string(error.offset()) + ": " + error.what() + " (" + error.remedy() + ")";
    }
    return "none";
  }

  Model tiny_ = make_model(tiny_model(tiny_grouped(), tiny_dense()), {});
  StudyModels models_;
  Setting setting_;
  Clock no_clock_;
};

TEST_F(Expressions, FollowArithmeticAsItIsWritten) {
  EXPECT_EQ(number("1 + 2 * 3"), 7);
  EXPECT_EQ(number("(1 + 2) * 3"), 9);
  EXPECT_EQ(number("10 - 3 - 2"), 5);
  EXPECT_EQ(number("12 / 4 / 3"), 1);
  EXPECT_EQ(number("7 / 2"), 3.5);
}

TEST_F(Expressions, ReadNumbersInEveryForm) {
  EXPECT_EQ(number("8k"), 8192);
  EXPECT_EQ(number("1M"), 1048576);
  EXPECT_EQ(number("1_024"), 1024);
  EXPECT_EQ(number("671e9"), 671e9);
  EXPECT_EQ(number("0.5"), 0.5);
}

// 4 query heads and 2 of keys and values, each 6 wide: 2 x 2 x 6 elements of 2 bytes per token.
TEST_F(Expressions, AskQuantitiesOfAModel) {
  EXPECT_EQ(number("query_heads(tiny)"), 4);
  EXPECT_EQ(number("kv_bytes_per_token(tiny)"), 2 * 2 * 6 * 2);
  EXPECT_EQ(number("kv_bytes(tiny)"), 8192 * 48);
  EXPECT_EQ(number("layers(tiny-0.6b)"), 1);
}

TEST_F(Expressions, TakeSettingsOfTheirOwnBeforeThoseAround) {
  EXPECT_EQ(number("kv_bytes(tiny, context = 10)"), 10 * 48);
  EXPECT_EQ(number("kv_bytes(tiny, context = 1k, batch = 3)"), 1024 * 48 * 3);
  EXPECT_EQ(number("kv_bytes(tiny, kv = fp8)"), 8192 * 24);
}

TEST_F(Expressions, KeepWholeNumbersExact) {
  const FigureValue sum = value_of("parameters(tiny) * 1_000_000_000_000 + parameters(tiny)");
  const Integer parameters = std::get<Integer>(value_of("parameters(tiny)"));
  EXPECT_EQ(std::get<Integer>(sum), parameters * 1'000'000'000'001);
}

// 2^53 + 1 is the first whole number that no double is.
TEST_F(Expressions, CompareWholeNumbersExactly) {
  EXPECT_TRUE(holds_at_8k("9007199254740993 = 9007199254740992 + 1"));
  EXPECT_FALSE(holds_at_8k("9007199254740993 = 9007199254740992"));
  EXPECT_TRUE(holds_at_8k("9007199254740993 > 9007199254740992.0"));
  EXPECT_TRUE(holds_at_8k("9007199254740993 > 18014398509481984 / 2"));
  EXPECT_TRUE(holds_at_8k("9007199254740992 = 18014398509481984 / 2"));
  EXPECT_EQ(value_of("9.007199254740993e15"), FigureValue(Integer(9'007'199'254'740'993)));
  EXPECT_EQ(value_of("9223372036854775807"), FigureValue(Integer(9'223'372'036'854'775'807)));
  EXPECT_TRUE(std::holds_alternative<double>(value_of("9223372036854775808")));
  EXPECT_TRUE(holds_at_8k("9223372036854775807 < 9223372036854775808"));
}

TEST_F(Expressions, HaveNoValueWhereTheyDivideByZero) {
  const Expression expression = read_labelled("1 + 2 / (3 - 3)", models_).expression;
  try {
    Evaluator(setting_, no_clock_)(expression);
    FAIL() << "a quotient by zero has a value";
  } catch (const ExpressionError& error) {
    EXPECT_STREQ(error.what(), "division by zero at context 8192");
    EXPECT_EQ(error.offset(), 6U);
  }
  EXPECT_THROW(number("0 / 0"), ExpressionError);
  EXPECT_THROW(number("1e300 * 1e300"), ExpressionError);
}

// A prompt follows the context of the call that says none.
TEST_F(Expressions, TakeAPromptFromTheContextUnlessThereIsOne) {
  EXPECT_EQ(number("prefill_flops(tiny, context = 10)"),
            number("prefill_flops(tiny, prompt = 10)"));
  setting_.prompt = 20;
  EXPECT_EQ(number("prefill_flops(tiny, context = 10)"),
            number("prefill_flops(tiny, prompt = 20)"));
}

TEST_F(Expressions, SayWhatAModelIs) {
  EXPECT_EQ(value_of("structure(tiny, \"kind\")"), FigureValue("grouped-query"));
  EXPECT_EQ(value_of("structure(tiny, \"norm placement\")"), FigureValue("before"));
  EXPECT_EQ(number("kv_head_of(tiny, 2)"), 1);
  EXPECT_EQ(number("kv_head_of(tiny, 3)"), 2);
  EXPECT_EQ(number("block_norms(tiny)"), 2);
  EXPECT_EQ(number("attention_matrices(tiny)"), 4);
  EXPECT_EQ(number("known(\"ti*\")"), 1);
  EXPECT_EQ(number("known_mixtures(\"ti*\")"), 0);
}

TEST_F(Expressions, CompareWithinATolerance) {
  EXPECT_TRUE(holds_at_8k("99 = 100 within 1 %"));
  EXPECT_FALSE(holds_at_8k("98.9 = 100 within 1 %"));
  EXPECT_FALSE(holds_at_8k("99 != 100 within 1 %"));
  EXPECT_TRUE(holds_at_8k("layers(tiny) <= 1"));
  EXPECT_FALSE(holds_at_8k("layers(tiny) < 1"));
}

TEST_F(Expressions, AskAClockOnlyWhereThereIsOne) {
  const Check check = read_check("timed_decode(tiny) > 5", models_);
  Evaluator without(setting_, no_clock_);
  EXPECT_THROW(without(check.left), NeedsRun);
  const Clock clock = [](const Model&, const Setting&, TimedFigure) { return 6.0; };
  Evaluator with(setting_, clock);
  EXPECT_EQ(as_double(with(check.left)), 6.0);
}

TEST_F(Expressions, NameTheMistakeItsPlaceAndTheRemedy) {
  EXPECT_EQ(problem_of("kv_byte(tiny) < 1"),
            "0: unknown quantity 'kv_byte' (did you mean 'kv_bytes'?)");
  EXPECT_EQ(problem_of("kv_bytes(tini) < 1"), "9: unknown model 'tini' (did you mean 'tiny'?)");
  EXPECT_EQ(problem_of("layers(tiny)"),
            "12: a comparison is expected here (write one of < <= = != >= >)");
  EXPECT_EQ(problem_of("kv_bytes(tiny, contxt = 1) < 1"),
            "15: unknown setting 'contxt' (did you mean 'context'?)");
  EXPECT_EQ(problem_of("floor_time(tiny) < 1"),
            "0: 'floor_time' needs hardware (write floor_time(MODEL, on = h100-sxm))");
  EXPECT_EQ(problem_of("1 < 2 3"),
            "6: '3' is not expected here ('llmarch help study-format' describes expressions)");
}

TEST_F(Expressions, SayWhatAFunctionOfTheStructureCannotTell) {
  EXPECT_EQ(problem_of("published_total(tiny) < 1"),
            "0: the makers of 'tiny' state no total (use what is predicted, or add it to the spec "
            "under [published])");
  EXPECT_EQ(problem_of("structure(tiny, \"query head\") = \"4\""),
            "0: no model has a row called 'query head' (did you mean 'query heads'?)");
  EXPECT_EQ(problem_of("structure(tiny) = \"4\""),
            "0: 'structure' takes one text in quotes ('llmarch help study-format')");
  EXPECT_EQ(problem_of("kv_head_of(tiny) = 1"),
            "0: 'kv_head_of' takes one whole number ('llmarch help study-format')");
  // Four query heads read two key/value heads.
  EXPECT_EQ(number("kv_head_of(tiny, 2)"), 1);
  EXPECT_EQ(number("kv_head_of(tiny, 3)"), 2);
  EXPECT_EQ(problem_of("kv_head_of(tiny, 5) = 2"),
            "0: 'tiny' has query heads 1 to 4, and no head 5 (name one of them)");
  EXPECT_EQ(problem_of("kv_head_of(tiny, 0) = 1"),
            "17: a whole number of at least 1 is expected here (write 8192 or 8k)");
}

TEST_F(Expressions, RefuseToAddOrCompareFiguresOfDifferentUnits) {
  EXPECT_EQ(problem_of("kv_bytes(tiny) < decode_flops(tiny)"),
            "15: bytes and FLOPs cannot be compared (divide the two by figures of the same unit, "
            "or compare with a number)");
  EXPECT_EQ(problem_of("kv_bytes(tiny) + layers(tiny) < 1"),
            "15: bytes and a number cannot be added (add figures of one unit)");
  EXPECT_EQ(problem_of("structure(tiny, \"kind\") < \"x\""),
            "24: texts have no order (compare them with = or !=)");
  EXPECT_EQ(problem_of("kv_bytes(tiny) / kv_bytes(tiny) = 1"), "none");
  EXPECT_EQ(problem_of("kv_bytes(tiny) = 3"), "none");
}

TEST_F(Expressions, AreLabelledByWhatStandsBeforeTheColon) {
  EXPECT_EQ(read_check("cache at 8k: kv_bytes(tiny) < 1", models_).label, "cache at 8k");
  EXPECT_EQ(read_check("layers(tiny) < 2", models_).label, "layers(tiny)");
  EXPECT_EQ(read_check("layers(tiny) < hidden(tiny)", models_).label,
            "layers(tiny) < hidden(tiny)");
}

}  // namespace
}  // namespace llmarch
