// The table and the notes of a comparison.
#include "reports/say/compare_report.h"

#include <gmock/gmock.h>

#include "sim/study/quantities.h"
#include "tests/support/model_specs.h"
#include "tests/support/toy_machine.h"

namespace llmarch::reports {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;

Model model(const std::string& name) {
  return make_model(model_spec(name), {});
}

template <class Kind>
Kind only(const Document& document) {
  std::vector<Kind> found;
  for (const Block& block : document.blocks) {
    if (const auto* one = std::get_if<Kind>(&block)) found.push_back(*one);
  }
  EXPECT_EQ(found.size(), 1U);
  return found.at(0);
}

Document compared(const std::vector<const Model*>& models, Section section) {
  return compare_document(compare(models, {}), {section}, Digits::exact);
}

class EveryComparison : public ::testing::TestWithParam<std::string> {};

// Rows of components are indented below the total that they add up to.
TEST_P(EveryComparison, HasComponentsThatAddUpToTheTotal) {
  const Model one = model(GetParam());
  std::int64_t sum = 0;
  std::int64_t predicted = 0;
  const Table table = only<Table>(compared({&one}, Section::parameters));
  for (const Row& row : table.rows) {
    const auto* cells = std::get_if<CellRow>(&row);
    if (cells == nullptr) continue;
    const auto* value = std::get_if<std::int64_t>(&cells->cells.at(1).value);
    if (cells->cells.front().text == "predicted") predicted = *value;
    if (cells->cells.front().text.starts_with("  ")) sum += *value;
  }
  EXPECT_EQ(sum, predicted);
  EXPECT_EQ(sum, one.parameters.total.value());
}

// What a page asks for by the name of a row is the figure in the row.
TEST_P(EveryComparison, NamesTheQuantitiesThatComeToItsFigures) {
  const Model one = model(GetParam());
  const Setting setting{.context = 3'000, .batch = 2, .machine = toy_machine()};
  const ModelCurves curves(one, setting);
  std::size_t named = 0;
  const Table table = only<Table>(compare_document(
      compare({&one}, setting),
      {Section::parameters, Section::memory, Section::decode, Section::prefill}, Digits::exact));
  for (const Row& row : table.rows) {
    const auto* cells = std::get_if<CellRow>(&row);
    if (cells == nullptr || cells->quantity.empty()) continue;
    const QuantityValue value = evaluate(*find_quantity(cells->quantity), curves, 3'000, 3'000);
    const Value& shown = cells->cells.at(1).value;
    if (const auto* whole = std::get_if<Integer>(&value)) {
      EXPECT_EQ(std::get<std::int64_t>(shown), whole->value()) << cells->quantity;
    } else {
      EXPECT_DOUBLE_EQ(std::get<double>(shown), std::get<double>(value)) << cells->quantity;
    }
    ++named;
  }
  EXPECT_GE(named, 30U);
}

INSTANTIATE_TEST_SUITE_P(Specs, EveryComparison, ::testing::ValuesIn(model_names()), test_name);

// Both models have latent attention and a mixture: the conventions of each appear once.
TEST(TheNotesOfAComparison, SayAConventionOnceForAllModels) {
  const Model deepseek = model("deepseek-v3");
  const Model kimi = model("kimi-k2");
  const auto lines = only<Notes>(compared({&deepseek, &kimi}, Section::decode)).lines;
  EXPECT_EQ(std::ranges::count_if(
                lines, [](const auto& line) { return line.starts_with("Latent attention:"); }),
            1);
  EXPECT_EQ(std::ranges::count_if(
                lines, [](const auto& line) { return line.starts_with("Experts' weights"); }),
            1);
}

TEST(TheNotesOfAComparison, LeaveOutWhatNoModelHas) {
  const Model llama = model("llama-3.1-8b");
  const auto lines = only<Notes>(compared({&llama}, Section::decode)).lines;
  EXPECT_THAT(lines, Not(Contains(HasSubstr("Latent attention:"))));
  EXPECT_THAT(lines, Not(Contains(HasSubstr("Experts' weights"))));
}

TEST(TheNotesOfAComparison, NameTheModelWhoseLayersHaveChunksOrShareCaches) {
  const Model scout = model("llama-4-scout");
  const Model gemma = model("gemma-3n-e2b");
  const auto lines = only<Notes>(compared({&scout, &gemma}, Section::memory)).lines;
  EXPECT_THAT(lines, Contains(HasSubstr("llama-4-scout: in layers with chunks")));
  EXPECT_THAT(lines, Contains(HasSubstr("gemma-3n-e2b: 10 of 30 layers read another")));
}

}  // namespace
}  // namespace llmarch::reports
