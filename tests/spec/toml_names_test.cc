// How many tables of one kind a spec may name.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include "tests/spec/small_spec.h"

namespace llmarch::spec_test {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

// With `local` there are as many as `count`; the others are reported as unused as well.
std::string with_attentions(int count) {
  std::string text(kSmallSpec);
  for (int i = 1; i < count; ++i) {
    text += fmt::format(
        "\n[attention.other{}]\nkind = \"grouped\"\nquery_heads = 1\nkv_heads = 1\nhead_dim = 8\n",
        i);
  }
  return text;
}

TEST(TomlNames, MayBe256OfAKind) {
  EXPECT_THAT(check_report(with_attentions(256)), Not(HasSubstr("may hold")));
}

TEST(TomlNames, AreRefusedBeyond256OfAKind) {
  EXPECT_THAT(check_report(with_attentions(257)),
              HasSubstr("error: [attention] holds 257 tables, and may hold 256\n"));
}

}  // namespace
}  // namespace llmarch::spec_test
