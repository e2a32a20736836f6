// Specs, configs, studies and hardware files that are made to be slow, deep or huge. Each is
// refused by name and offence within seconds; before its bound was set, each hung, crashed or
// filled a screen without end.
#include <gmock/gmock.h>
#include <sys/stat.h>

#include "tests/support/run_program.h"
#include "tests/support/times.h"

namespace llmarch::testing {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

class AHostileText : public ::testing::Test {
 protected:
  // `command` is given the file.
  void expect_refused(const std::string& command, const std::string& name,
                      const std::string& offence) const {
    const Seen seen =
        run_shell("timeout 20 '" LLMARCH_PROGRAM "' " + command + " '" + folder_.file(name) + "'");
    EXPECT_EQ(seen.status, 2) << command << " " << name << ": " << seen.errors.substr(0, 2000);
    EXPECT_THAT(seen.errors, HasSubstr(name));
    EXPECT_THAT(seen.errors, HasSubstr(offence));
    EXPECT_LT(seen.errors.size(), 200'000U);
  }
  void expect_text_refused(const std::string& command, const std::string& name,
                           const std::string& text, const std::string& offence) const {
    write_file(folder_.file(name), text);
    expect_refused(command, name, offence);
  }

  TemporaryFolder folder_;
};

const std::string kOn = "compare gpt2 gpt2-xl --on";

// "k0=1", "k1=1" ...
std::string keys(int count, const std::string& between) {
  std::string all;
  for (int i = 0; i < count; ++i) all += (i == 0 ? "" : between) + "k" + std::to_string(i) + "=1";
  return all;
}

std::string gpt2_spec() {
  return read_file(LLMARCH_PROJECT "/arch_specs/models/gpt2.toml");
}

std::string study(const std::string& checks, const std::string& more = "") {
  return "name = \"s\"\ntitle = \"t\"\ntext = \"x\"\nsource = \"s\"\n[claim.C1]\nsection = \"1\"\n"
         "text = \"x\"\nexpect = \"holds\"\nkind = \"figure\"\ncheck = [" +
         checks + "]\n" + more;
}

TEST_F(AHostileText, IsALargeFile) {
  const std::string spaces(1'048'577, ' ');
  expect_text_refused("check", "a.toml", spaces, "1,048,577 bytes are too many for a spec");
  expect_text_refused("check", "a.json", std::string((16 << 20) + 1, ' '),
                      "bytes are too many for a config.json");
  expect_text_refused("report", "s.toml", spaces, "bytes are too many for a study");
  expect_text_refused(kOn, "h.toml", spaces, "bytes are too many for a hardware file");
}

TEST_F(AHostileText, NestsWithoutEnd) {
  const std::string deep = "a=" + times(500'000, "[");
  expect_text_refused("check", "a.toml", deep, "exceeded maximum nested value depth");
  expect_text_refused("report", "s.toml", deep, "exceeded maximum nested value depth");
  expect_text_refused(kOn, "h.toml", deep, "exceeded maximum nested value depth");
  expect_text_refused("check", "b.toml", "a=" + times(300'000, "{a="), "nested value depth");
  expect_text_refused("check", "c.toml", times(300'000, "a.") + "a=1", "dots");
  expect_text_refused("check", "a.json", "{\"a\":" + times(500'000, "["), "nest more than 32");
}

TEST_F(AHostileText, HasProblemsWithoutEnd) {
  expect_text_refused("check", "lines.toml", keys(80'000, "\n") + "\n" + gpt2_spec(),
                      "there are 80000 problems; 100 of them follow");
  expect_text_refused(
      "check", "inline.toml",
      gpt2_spec() + "\n[layer.x]\nattention={" + keys(80'000, ",") + "}\nfeed_forward=\"mlp\"\n",
      "attention");
  std::string names;
  for (int i = 0; i < 80'000; ++i) names += "\"l" + std::to_string(i) + "\",";
  expect_text_refused("check", "names.toml", gpt2_spec() + "\n[[stack]]\nlayers=[" + names + "]\n",
                      "of them follow");
}

TEST_F(AHostileText, HasKindsWithoutEnd) {
  std::string kinds;
  for (int i = 0; i < 30'000; ++i) kinds += (i == 0 ? "a" : ",a") + std::to_string(i) + "={}";
  std::string spec = gpt2_spec();
  const std::size_t begin = spec.find("[layer.");
  expect_text_refused("check", "kinds.toml", "layer={" + kinds + "}\n" + spec.substr(0, begin),
                      "[layer] holds 30000 tables, and may hold 256");
}

TEST_F(AHostileText, HasLayersWithoutEnd) {
  expect_text_refused("check", "a.toml",
                      gpt2_spec() + times(9000, "[[stack]]\nrepeat=100000\nlayers=[\"block\"]\n"),
                      "layers, and may have at most 100000");
}

TEST_F(AHostileText, HasANumberOfHalfAMillionDigits) {
  expect_text_refused("check", "a.json",
                      R"({"model_type":"gpt2","n_layer":)" + std::string(500'000, '9') + "}",
                      "number overflow");
}

TEST_F(AHostileText, HasAnExpressionThatExhaustsTheStack) {
  expect_text_refused("report", "s.toml", study("\"" + times(900'000, "(") + "1 = 1\""),
                      "the expression has 900005 bytes, and may have 4096");
  expect_text_refused("report", "s.toml", study("\"1" + times(450'000, "+1") + " = 1\""),
                      "the expression has 900005 bytes, and may have 4096");
  expect_text_refused("report", "s.toml",
                      study("\"" + times(65, "(") + "1" + times(65, ")") + " = 1\""),
                      "parentheses nest more than 64 deep");
}

TEST_F(AHostileText, HasChecksWithoutEnd) {
  const std::string check = "\"kv_bytes(gpt2) + kv_bytes(gpt2-xl) + 1 = 1\",";
  expect_text_refused("report", "s.toml",
                      study(times(100, check), "over = { from = 1, to = 1048576 }\n"),
                      "would take too long");
  expect_text_refused("report", "s.toml", study("\"1 = 1\"", "over = { from = 1, to = 1048577 }\n"),
                      "1048577 contexts are too many to check each");
  expect_text_refused("report", "s.toml", study(times(100'000, "\"x(y)\",")), "unknown");
}

TEST_F(AHostileText, IsNoRegularFile) {
  for (const std::string& name : {std::string("a.toml"), std::string("a.json")}) {
    ASSERT_EQ(::mkfifo(folder_.file(name).c_str(), 0600), 0);
    expect_refused("check", name, "is a pipe; name a regular file");
    fs::remove(folder_.file(name));
    fs::create_symlink("/dev/zero", folder_.file(name));
    expect_refused("check", name, "is a device; name a regular file");
    fs::remove(folder_.file(name));
    fs::create_symlink(name, folder_.file(name));
    expect_refused("check", name, "Too many levels of symbolic links");
    fs::remove(folder_.file(name));
  }
}

}  // namespace
}  // namespace llmarch::testing
