// The article's report: all of it there, every verdict as expected, and the rendered copy in
// reports/ what the program makes.
#include <gmock/gmock.h>

#include <set>

#include "tests/support/run_program.h"

namespace llmarch::testing {
namespace {

namespace fs = std::filesystem;

const fs::path kRendered = fs::path(LLMARCH_PROJECT) / "reports" / "article";

std::set<std::string> files_in(const fs::path& folder) {
  std::set<std::string> names;
  for (const auto& entry : fs::directory_iterator(folder)) {
    names.insert(entry.path().filename().string());
  }
  return names;
}

TEST(TheArticle, StandsRenderedInReports) {
  const TemporaryFolder folder;
  const Seen seen = run_llmarch("report article -o '" + folder.file("article") + "'");
  ASSERT_EQ(seen.status, 0) << seen.errors;
  ASSERT_EQ(files_in(folder.path() / "article"), files_in(kRendered))
      << "make it anew: build/llmarch report article -o reports/article";
  for (const std::string& name : files_in(kRendered)) {
    EXPECT_EQ(read_file(folder.path() / "article" / name), read_file(kRendered / name))
        << name << ": make it anew: build/llmarch report article -o reports/article";
  }
}

TEST(TheArticle, HasEveryPairAndEveryClaim) {
  const std::string report = read_file(kRendered / "report.md");
  for (const int pair : {2, 3, 5, 8, 10, 11, 12, 14, 16, 17, 18, 19, 21, 25}) {
    EXPECT_THAT(report, ::testing::HasSubstr("\n## F" + std::to_string(pair) + ": "));
  }
  const std::set<int> unnumbered{16, 46, 48, 52};  // numbers that the list of claims skips
  for (int claim = 2; claim <= 53; ++claim) {
    if (unnumbered.contains(claim)) continue;
    EXPECT_THAT(report, ::testing::HasSubstr("\n### C" + std::to_string(claim) + ": "));
  }
}

TEST(TheArticle, NamesNoPictureThatIsNotThere) {
  const std::string report = read_file(kRendered / "report.md");
  std::size_t pictures = 0;
  for (std::size_t at = report.find("]("); at != std::string::npos;
       at = report.find("](", at + 1)) {
    const std::string name = report.substr(at + 2, report.find(')', at) - at - 2);
    if (!name.ends_with(".svg")) continue;
    EXPECT_TRUE(fs::exists(kRendered / name)) << name;
    ++pictures;
  }
  EXPECT_GE(pictures, 14U);
}

TEST(AStudy, EndsInStatusOneWhenAVerdictDeparts) {
  const TemporaryFolder folder;
  const std::string study =
      "name = \"s\"\ntitle = \"S\"\nsource = \"a test\"\n[claim.one]\nsection = \"x\"\n"
      "text = \"y\"\nkind = \"figure\"\ncheck = [\"layers(gpt2) = 12\"]\nexpect = \"";
  write_file(folder.file("right.toml"), study + "holds\"\n");
  write_file(folder.file("wrong.toml"), study + "does not hold\"\n");
  EXPECT_EQ(run_llmarch("report '" + folder.file("right.toml") + "'").status, 0);
  const Seen wrong = run_llmarch("report '" + folder.file("wrong.toml") + "'");
  EXPECT_EQ(wrong.status, 1);
  EXPECT_THAT(wrong.output, ::testing::HasSubstr("The study expects: does not hold."));
}

TEST(AStudy, RunsWhatItsClaimsAskAClockForWhenToldTo) {
  const TemporaryFolder folder;
  write_file(folder.file("s.toml"),
             "name = \"s\"\ntitle = \"S\"\nsource = \"a test\"\n"
             "[variant.small]\nof = \"gpt2\"\ntitle = \"one layer\"\nset.vocabulary = 64\n"
             "set.stack = [{ layers = [\"block\"], repeat = 1 }]\n"
             "[claim.one]\nsection = \"x\"\ntext = \"y\"\nkind = \"timed\"\n"
             "expect = \"needs a run\"\nexpect_timed = \"holds\"\n"
             "check = [\"timed_decode(small, context = 8) > 0\",\n"
             "  \"timed_prefill(small, prompt = 8) > 0\",\n"
             "  \"timed_norm_share(small, context = 8) <= 1\",\n"
             "  \"timed_decode(small, context = 1) > 0\",\n"
             "  \"timed_prefill(small, prompt = 1) > 0\"]\n");
  const std::string command = "report '" + folder.file("s.toml") + "'";
  const Seen untimed = run_llmarch(command);
  EXPECT_EQ(untimed.status, 0);
  EXPECT_THAT(untimed.output, ::testing::HasSubstr("1 needs a run on this machine."));
  const Seen timed = run_llmarch(command + " --timed --format md");
  EXPECT_EQ(timed.status, 0);
  EXPECT_THAT(timed.output, ::testing::HasSubstr("1 claim: 1 holds."));
  EXPECT_THAT(timed.output, ::testing::HasSubstr("## Timed on this machine"));
  EXPECT_THAT(timed.output, ::testing::HasSubstr("| small | decode at 8 |"));
  EXPECT_THAT(timed.output, ::testing::HasSubstr("| small | prefill of 8 |"));
  // These two are of one size, and yet they are two runs.
  EXPECT_THAT(timed.output, ::testing::HasSubstr("| small | decode at 1 |"));
  EXPECT_THAT(timed.output, ::testing::HasSubstr("| small | prefill of 1 |"));
}

TEST(AStudy, ThatCannotBeReadIsRefusedWithThePlace) {
  const TemporaryFolder folder;
  write_file(
      folder.file("s.toml"),
      "name = \"s\"\ntitle = \"S\"\nsource = \"a test\"\n[claim.one]\nsection = \"x\"\n"
      "text = \"y\"\nkind = \"figure\"\nexpect = \"holds\"\ncheck = [\"layrs(gpt2) = 12\"]\n");
  const Seen seen = run_llmarch("report '" + folder.file("s.toml") + "'");
  EXPECT_EQ(seen.status, 2);
  EXPECT_THAT(seen.errors, ::testing::HasSubstr("s.toml:9:11: error: unknown quantity 'layrs'\n"));
  EXPECT_THAT(seen.errors, ::testing::HasSubstr("= did you mean 'layers'?\n"));
}

TEST(AStudy, DrawsFiguresThatItsComparisonsName) {
  const TemporaryFolder folder;
  const std::string study =
      "name = \"s\"\ntitle = \"S\"\nsource = \"a test\"\n[comparison.one]\n"
      "title = \"x\"\ntext = \"y\"\nmodels = [\"gpt2\"]\nfigures = ";
  write_file(folder.file("right.toml"), study + "[\"masks\", \"latent\", \"cache\"]\n");
  write_file(folder.file("wrong.toml"), study + "[\"mask\"]\n");
  // gpt2 has no latent attention.
  ASSERT_EQ(run_llmarch("report '" + folder.file("right.toml") + "' -o '" + folder.file("a") + "'")
                .status,
            0);
  EXPECT_THAT(
      files_in(folder.path() / "a"),
      ::testing::ElementsAre("one-blocks.svg", "one-cache.svg", "one-masks.svg", "report.md"));
  const Seen wrong = run_llmarch("report '" + folder.file("wrong.toml") + "'");
  EXPECT_THAT(wrong.errors,
              ::testing::HasSubstr("wrong.toml:8:13: error: unknown figure 'mask'\n"));
  EXPECT_THAT(wrong.errors, ::testing::HasSubstr("= did you mean 'masks'?\n"));
}

}  // namespace
}  // namespace llmarch::testing
