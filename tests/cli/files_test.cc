#include <gtest/gtest.h>
#include <sys/stat.h>

#include "tests/support/run_program.h"

namespace llmarch::testing {
namespace {

namespace fs = std::filesystem;

std::size_t files_in(const fs::path& folder) {
  return static_cast<std::size_t>(
      std::distance(fs::directory_iterator(folder), fs::directory_iterator()));
}

TEST(Files, AreWrittenInTheFormatOfTheirEnding) {
  const TemporaryFolder folder;
  const Seen seen = run_llmarch("compare gpt2 kimi-k2 -o '" + folder.file("a.md") + "' -o '" +
                                folder.file("a.csv") + "' -o '" + folder.file("a.json") + "' -o '" +
                                folder.file("a.txt") + "'");
  EXPECT_EQ(seen.status, 0) << seen.errors;
  EXPECT_EQ(seen.output, "");
  EXPECT_EQ(files_in(folder.path()), 5U);  // and the picture that a.md names
  EXPECT_EQ(read_file(folder.file("a.csv")),
            run_llmarch("compare gpt2 kimi-k2 --format csv").output);
  EXPECT_EQ(read_file(folder.file("a.json")),
            run_llmarch("compare gpt2 kimi-k2 --format json").output);
  EXPECT_EQ(read_file(folder.file("a.txt")), run_llmarch("compare gpt2 kimi-k2").output);
}

TEST(Files, OfMarkdownHaveTheirPicturesBesideThem) {
  const TemporaryFolder folder;
  EXPECT_EQ(run_llmarch("compare gpt2 kimi-k2 -o '" + folder.file("a.md") + "'").status, 0);
  EXPECT_NE(read_file(folder.file("a.md")).find("](a-blocks.svg)"), std::string::npos);
  EXPECT_EQ(read_file(folder.file("a-blocks.svg")),
            run_llmarch("compare gpt2 kimi-k2 --format svg").output);
}

TEST(Folders, HoldAReportAndItsPictures) {
  const TemporaryFolder folder;
  const std::string report = folder.file("made/");
  EXPECT_EQ(run_llmarch("show gpt2 -o '" + report + "'").status, 0);
  EXPECT_EQ(files_in(report), 2U);
  EXPECT_NE(read_file(report + "report.md").find("](blocks.svg)"), std::string::npos);
  EXPECT_EQ(run_llmarch("show gpt2-xl -o '" + folder.file("made") + "'").status, 0);
  EXPECT_NE(read_file(report + "report.md").find("gpt2-xl"), std::string::npos);
}

TEST(Folders, ThatCannotBeMadeAreReportedBeforeTheWorkBegins) {
  const TemporaryFolder folder;
  const std::string missing = folder.file("missing/made/");
  const Seen seen = run_llmarch("compare gpt3 -o '" + missing + "'");
  EXPECT_EQ(seen.status, 2);
  EXPECT_EQ(seen.errors, "llmarch: error: " + missing +
                             ": cannot be made a folder: No such file or directory\n");
}

TEST(Pictures, ThatAReportDoesNotHaveAreAClearError) {
  const TemporaryFolder folder;
  const Seen seen = run_llmarch("list -o '" + folder.file("a.svg") + "'");
  EXPECT_EQ(seen.status, 2);
  EXPECT_EQ(seen.errors,
            "llmarch: error: a list has no picture: 'llmarch show MODEL -o FILE.svg' draws one "
            "model\n"
            "      = use .txt, .md, .html, .csv or .json\n");
  EXPECT_EQ(files_in(folder.path()), 0U);
}

TEST(Pictures, OfASweepThatCannotBeDrawnSayWhy) {
  const TemporaryFolder folder;
  const std::string file = " -o '" + folder.file("a.svg") + "'";
  EXPECT_NE(run_llmarch("sweep gpt2 --context 8k" + file).errors.find("a chart needs 3 contexts"),
            std::string::npos);
  EXPECT_NE(run_llmarch("sweep gpt2 --context 1..4:+1 --batch 1..9:+1" + file)
                .errors.find("a chart has at most 8 lines, and 9 are asked for"),
            std::string::npos);
  EXPECT_NE(run_llmarch("sweep gpt2 --context 1..4:+1 --show parameters" + file)
                .errors.find("no quantity that is shown changes with the context"),
            std::string::npos);
  EXPECT_EQ(files_in(folder.path()), 0U);
}

TEST(Pictures, AsPngNeedAProgramAndSaySo) {
  const TemporaryFolder folder;
  const Seen seen =
      run_shell("PATH=/nowhere '" LLMARCH_PROGRAM "' show gpt2 -o '" + folder.file("a.png") + "'");
  EXPECT_EQ(seen.status, 2);
  EXPECT_EQ(seen.errors,
            "llmarch: error: PNG pictures are made by rsvg-convert, which is not installed\n"
            "      = install it (Debian: librsvg2-bin), or write .svg\n");
}

TEST(Pictures, AreWrittenAsPng) {
  const TemporaryFolder folder;
  const Seen seen = run_llmarch("show gpt2 -o '" + folder.file("a.png") + "'");
  ASSERT_EQ(seen.status, 0) << seen.errors;
  EXPECT_TRUE(read_file(folder.file("a.png")).starts_with("\x89PNG\r\n"));
}

TEST(Figures, StandInPlaceOfTheReport) {
  const TemporaryFolder folder;
  const Seen seen =
      run_llmarch("show gemma-3-27b --figure masks,layers -o - -o '" + folder.file("a.svg") + "'");
  EXPECT_EQ(seen.status, 0) << seen.errors;
  EXPECT_NE(seen.output.find("the last 1,024 positions"), std::string::npos);
  EXPECT_EQ(seen.output.find("Token embedding"), std::string::npos);
  EXPECT_NE(read_file(folder.file("a.svg")).find("Layers stand in this order"), std::string::npos);
  EXPECT_NE(run_llmarch("compare deepseek-v3 gpt2 --figure cache").output.find("549 MiB"),
            std::string::npos);
}

TEST(Figures, ThatCannotBeDrawnSayWhy) {
  EXPECT_EQ(run_llmarch("show gpt2 --figure latent").errors,
            "llmarch: error: there is no latent attention to draw in gpt2\n"
            "      = '--figure layers' draws every model\n");
  EXPECT_EQ(run_llmarch("show gpt2 --figure mask").errors,
            "llmarch: error: unknown figure 'mask' for --figure\n"
            "      = did you mean 'masks'?\n");
}

TEST(Pages, AsPdfNeedABrowserAndSaySo) {
  const TemporaryFolder folder;
  const Seen seen =
      run_shell("PATH=/nowhere '" LLMARCH_PROGRAM "' show gpt2 -o '" + folder.file("a.pdf") + "'");
  EXPECT_EQ(seen.status, 2);
  EXPECT_EQ(seen.errors,
            "llmarch: error: PDF pages are printed by chromium, which is not installed\n"
            "      = install it (Debian: chromium), or write .html and print it in a browser\n");
  EXPECT_EQ(files_in(folder.path()), 0U);
}

// A browser that prints what it is given, since not every machine that runs tests has one.
TEST(Pages, ArePrintedByTheBrowser) {
  const TemporaryFolder folder;
  write_file(folder.file("chromium"), "#!/bin/sh\ncp page.html page.pdf\n");
  const Seen seen =
      run_shell("chmod +x '" + folder.file("chromium") + "'; PATH='" + folder.path().string() +
                "':$PATH '" LLMARCH_PROGRAM "' list -o '" + folder.file("a.pdf") + "'");
  EXPECT_EQ(seen.status, 0) << seen.errors;
  EXPECT_EQ(read_file(folder.file("a.pdf")), run_llmarch("list --format html").output);
  write_file(folder.file("chromium"), "#!/bin/sh\nexit 1\n");
  EXPECT_EQ(run_shell("PATH='" + folder.path().string() +
                      "':$PATH '" LLMARCH_PROGRAM "' list --format pdf")
                .errors,
            "llmarch: error: the pages: chromium failed\n");
}

// The reader is gone before anything is written.
TEST(StandardOutput, ThatIsClosedIsAClearError) {
  const Seen seen = run_shell("{ sleep 0.2; '" LLMARCH_PROGRAM "' list; echo $? >&2; } | true");
  EXPECT_EQ(seen.errors, "llmarch: error: standard output: cannot be written: Broken pipe\n2\n");
}

TEST(Files, GoBesideStandardOutputWhenItIsAskedFor) {
  const TemporaryFolder folder;
  const std::string file = " -o '" + folder.file("a.csv") + "'";
  EXPECT_EQ(run_llmarch("list -o -" + file).output, run_llmarch("list").output);
  EXPECT_EQ(run_llmarch("list --format md" + file).output, run_llmarch("list --format md").output);
}

TEST(Files, KeepTheirOldContentWhenTheWorkFails) {
  const TemporaryFolder folder;
  write_file(folder.file("a.md"), "precious\n");
  EXPECT_EQ(run_llmarch("compare gpt3 -o '" + folder.file("a.md") + "'").status, 2);
  EXPECT_EQ(read_file(folder.file("a.md")), "precious\n");
  EXPECT_EQ(files_in(folder.path()), 1U);
}

TEST(Files, ThatCannotBeWrittenAreReportedBeforeTheWorkBegins) {
  const TemporaryFolder folder;
  const std::string missing = folder.file("missing/a.md");
  const Seen seen = run_llmarch("compare gpt3 -o '" + missing + "'");
  EXPECT_EQ(seen.status, 2);
  EXPECT_EQ(seen.errors,
            "llmarch: error: " + missing + ": cannot be written: No such file or directory\n");
}

// The others are written, and the exit status still tells that one was not.
TEST(Files, ThatCannotBeWrittenDoNotStopTheOthers) {
  const TemporaryFolder folder;
  const Seen seen =
      run_llmarch("list -o '" + folder.file("a.xyz") + "' -o '" + folder.file("a.csv") + "' -o '" +
                  folder.file("a.svg") + "' -o '" + folder.file("missing/a.md") + "'");
  EXPECT_EQ(seen.status, 2);
  for (const char* problem :
       {"cannot tell the format of", "a list has no picture", "missing/a.md"}) {
    EXPECT_NE(seen.errors.find(problem), std::string::npos) << seen.errors;
  }
  EXPECT_EQ(read_file(folder.file("a.csv")), run_llmarch("list --format csv").output);
  EXPECT_EQ(files_in(folder.path()), 1U);
}

TEST(Folders, AreNotLeftByACommandThatFails) {
  const TemporaryFolder folder;
  EXPECT_EQ(run_llmarch("compare gpt3 -o '" + folder.file("report") + "'").status, 2);
  EXPECT_EQ(files_in(folder.path()), 0U);
  fs::create_directory(folder.file("report"));
  EXPECT_EQ(run_llmarch("compare gpt3 -o '" + folder.file("report") + "'").status, 2);
  EXPECT_TRUE(fs::is_directory(folder.file("report")));  // it was there before
}

TEST(Files, ThatAreLinksToNothingYetAreWrittenWhereTheyLead) {
  const TemporaryFolder folder;
  fs::create_directory(folder.file("there"));
  fs::create_symlink("there/real.md", folder.file("second.md"));
  fs::create_symlink("second.md", folder.file("first.md"));
  EXPECT_EQ(run_llmarch("list -o '" + folder.file("first.md") + "'").status, 0);
  EXPECT_TRUE(fs::is_symlink(folder.file("first.md")));
  EXPECT_TRUE(fs::is_symlink(folder.file("second.md")));
  EXPECT_EQ(read_file(folder.file("there/real.md")), run_llmarch("list --format md").output);
}

TEST(Files, ThatAreLinksKeepBeingLinks) {
  const TemporaryFolder folder;
  write_file(folder.file("real.md"), "old\n");
  fs::create_symlink("real.md", folder.file("link.md"));
  EXPECT_EQ(run_llmarch("list -o '" + folder.file("link.md") + "'").status, 0);
  EXPECT_TRUE(fs::is_symlink(folder.file("link.md")));
  EXPECT_EQ(read_file(folder.file("real.md")), run_llmarch("list --format md").output);
}

TEST(Files, OfAFullDiskAreAClearError) {
  const Seen seen = run_llmarch("list >/dev/full");
  EXPECT_EQ(seen.status, 2);
  EXPECT_EQ(seen.errors,
            "llmarch: error: standard output: cannot be written: No space left on device\n");
}

TEST(Files, AreNotNeededByTheProgramItself) {
  const TemporaryFolder folder;
  fs::copy_file(LLMARCH_PROGRAM, folder.file("alone"));
  const Seen seen = run_shell("cd / && '" + folder.file("alone") + "' list");
  EXPECT_EQ(seen.status, 0) << seen.errors;
  EXPECT_EQ(seen.output, run_llmarch("list").output);
}

}  // namespace
}  // namespace llmarch::testing
