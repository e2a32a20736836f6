// Checkpoints as an attacker would write them, given to `verify` with a good config. How the format
// can be broken is tested one way at a time in tests/weights; this is what a user sees of it.
#include <gmock/gmock.h>
#include <sys/stat.h>

#include <cstdint>

#include "tests/support/run_program.h"
#include "tests/weights/written_files.h"

namespace llmarch::testing {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using weights_test::bytes_of;
using weights_test::safetensors;

class AHostileCheckpoint : public ::testing::Test {
 protected:
  AHostileCheckpoint() {
    fs::copy_file(LLMARCH_PROJECT "/tests/golden/vectors/gpt2/config.json",
                  folder_.file("config.json"));
  }

  [[nodiscard]] std::string weights() const { return folder_.file("model.safetensors"); }

  // `offence` is reported for the file called `name`, and nothing is called a bug of the program.
  void expect_refused(const std::string& name, const std::string& offence) const {
    const Seen seen =
        run_shell("timeout 20 '" LLMARCH_PROGRAM "' verify '" + folder_.path().string() + "'");
    EXPECT_EQ(seen.status, 2) << seen.errors;
    EXPECT_THAT(seen.errors,
                HasSubstr(name.empty() ? folder_.path().string() : folder_.file(name)));
    EXPECT_THAT(seen.errors, HasSubstr(offence));
    EXPECT_LT(seen.errors.size(), 1000U);
  }
  void expect_refused(const std::string& offence) const {
    expect_refused("model.safetensors", offence);
  }
  void expect_bytes_refused(const std::string& bytes, const std::string& offence) const {
    write_file(weights(), bytes);
    expect_refused(offence);
  }
  // Tensors of U8 over four bytes of data.
  void expect_header_refused(const std::string& header, const std::string& offence) const {
    expect_bytes_refused(safetensors(header, "data"), offence);
  }

  TemporaryFolder folder_;
};

std::string entry(const std::string& shape, const std::string& offsets) {
  return R"({"dtype":"U8","shape":)" + shape + R"(,"data_offsets":)" + offsets + "}";
}

TEST_F(AHostileCheckpoint, HasAShapeWhoseProductWrapsToFour) {
  expect_header_refused(R"({"t":)" + entry("[4194305,4194305,211106198978564]", "[0,4]") + "}",
                        "the size of its shape does not fit in 64 bits");
}

TEST_F(AHostileCheckpoint, HasARangeShorterThanItsShape) {
  expect_header_refused(R"({"t":)" + entry("[5]", "[0,4]") + "}",
                        "its data has 4 bytes, but its dtype and shape need 5");
}

TEST_F(AHostileCheckpoint, HasARangeThatEndsBeforeItBegins) {
  expect_header_refused(R"({"t":)" + entry("[4]", "[4,0]") + "}", "before it begins at 4");
}

TEST_F(AHostileCheckpoint, HasAnEmptyTensorWithinAnother) {
  expect_header_refused(
      R"({"t":)" + entry("[4]", "[0,4]") + R"(,"e":)" + entry("[0]", "[2,2]") + "}",
      "its data begins at 2, inside the tensor before it");
}

TEST_F(AHostileCheckpoint, HasTwoEmptyTensorsOfOneName) {
  expect_header_refused(R"({"e":)" + entry("[0]", "[0,0]") + R"(,"e":)" + entry("[0]", "[0,0]") +
                            R"(,"t":)" + entry("[4]", "[0,4]") + "}",
                        "the tensor 'e' appears twice");
}

TEST_F(AHostileCheckpoint, HasAHeaderPastItsEnd) {
  expect_bytes_refused(bytes_of({std::uint64_t{1000}}) + "{}",
                       "claims a header of 1000 bytes, but only 2 follow");
}

TEST_F(AHostileCheckpoint, HasAHeaderOfAHundredMegabytesOrExabytes) {
  expect_bytes_refused(bytes_of({std::uint64_t{100'000'001}}) + "{}",
                       "over the limit of 100000000");
  expect_bytes_refused(bytes_of({std::uint64_t{1} << 60}) + "{}", "over the limit of 100000000");
  expect_bytes_refused(bytes_of({UINT64_MAX}) + "{}", "over the limit of 100000000");
}

TEST_F(AHostileCheckpoint, HasOffsetsThatOverlap) {
  expect_header_refused(
      R"({"a":)" + entry("[3]", "[0,3]") + R"(,"b":)" + entry("[2]", "[2,4]") + "}",
      "inside the tensor before it");
}

// Offsets count from the data on, so the header can only be reached by a number that wraps.
TEST_F(AHostileCheckpoint, HasOffsetsThatReachBackIntoTheHeader) {
  expect_header_refused(R"({"t":)" + entry("[4]", "[-4,0]") + "}", "not a negative number");
  expect_header_refused(
      R"({"t":)" + entry("[4]", "[18446744073709551612,18446744073709551615]") + "}",
      "past the 4 bytes of data");
}

TEST_F(AHostileCheckpoint, LeavesHoles) {
  expect_header_refused(
      R"({"a":)" + entry("[1]", "[0,1]") + R"(,"b":)" + entry("[2]", "[2,4]") + "}",
      "belong to no tensor");
  expect_header_refused(R"({"a":)" + entry("[1]", "[0,1]") + "}",
                        "the last 3 bytes of data belong to no tensor");
}

TEST_F(AHostileCheckpoint, HasADtypeThatDisagreesWithItsSize) {
  expect_header_refused(R"({"t":{"dtype":"F64","shape":[4],"data_offsets":[0,4]}})", "need 32");
  expect_header_refused(R"({"t":{"dtype":"F99","shape":[4],"data_offsets":[0,4]}})",
                        "its dtype 'F99' is not known");
}

TEST_F(AHostileCheckpoint, NestsADeepHeader) {
  expect_header_refused(R"({"t":)" + std::string(1'000'000, '[') + "}", "not an array");
}

TEST_F(AHostileCheckpoint, HasNamesThatAreNoUtf8) {
  expect_header_refused("{\"\xff\xfe\":" + entry("[4]", "[0,4]") + "}", "ill-formed UTF-8");
}

TEST_F(AHostileCheckpoint, HasANumberOfAMillionDigits) {
  expect_header_refused(R"({"t":)" + entry("[" + std::string(1'000'000, '9') + "]", "[0,4]") + "}",
                        "is too large");
}

TEST_F(AHostileCheckpoint, HasANameThatSteersTheTerminal) {
  write_file(weights(), safetensors("{\"\\u001b[2J\":" + entry("[5]", "[0,4]") + "}", "data"));
  expect_refused("its data has 4 bytes");
  const Seen seen = run_llmarch("verify '" + folder_.path().string() + "'");
  EXPECT_EQ(seen.errors.find('\x1b'), std::string::npos);
}

TEST_F(AHostileCheckpoint, IsEmptyOrCut) {
  expect_bytes_refused("", "has 0 bytes, fewer than the 8 of the header's length");
  const std::string whole =
      read_file(LLMARCH_PROJECT "/tests/golden/vectors/gpt2/model.safetensors");
  expect_bytes_refused(whole.substr(0, whole.size() - 1), "past the");
  expect_bytes_refused(whole.substr(0, 100), "but only 92 follow");
  expect_bytes_refused(whole + "x", "the last 1 bytes of data belong to no tensor");
}

TEST_F(AHostileCheckpoint, IsASparseFileOfATerabyte) {
  write_file(weights(), "");
  fs::resize_file(weights(), std::uintmax_t{1} << 40);
  expect_refused("has a header of length 0");
  write_file(weights(),
             safetensors(R"({"t":)" + entry("[1099511627776]", "[0,1099511627776]") + "}", ""));
  fs::resize_file(weights(), fs::file_size(weights()) + (std::uintmax_t{1} << 40));
  fs::copy_file(LLMARCH_PROJECT "/tests/golden/vectors/gpt2/expected.safetensors",
                folder_.file("expected.safetensors"));
  expect_refused("", "the config asks for");  // other tensors: this one is never read
}

TEST_F(AHostileCheckpoint, IsAPipeAFolderOrADevice) {
  ASSERT_EQ(::mkfifo(weights().c_str(), 0600), 0);
  expect_refused("is a pipe; name a regular file");
  fs::remove(weights());
  fs::create_directory(weights());
  expect_refused("is a folder; name a regular file");
  fs::remove(weights());
  for (const char* device : {"/dev/zero", "/dev/null", "/dev/full"}) {
    fs::create_symlink(device, weights());
    expect_refused("is a device; name a regular file");
    fs::remove(weights());
  }
}

TEST_F(AHostileCheckpoint, IsALinkThatLeadsNowhereOrToItself) {
  fs::create_symlink("model.safetensors", weights());
  expect_refused("cannot be opened: Too many levels of symbolic links");
  fs::remove(weights());
  fs::create_symlink("gone", weights());
  expect_refused("cannot be opened: No such file or directory");
}

TEST_F(AHostileCheckpoint, HasAnIndexThatLeadsOutOfItsFolder) {
  write_file(folder_.file("model.safetensors.index.json"),
             R"({"weight_map":{"t":"../../../etc/passwd"}})");
  expect_refused("model.safetensors.index.json", "is not a plain file name");
}

// A thousand names for one file of a thousand tensors: each would be read and kept.
TEST_F(AHostileCheckpoint, HasAnIndexThatNamesOneFileAThousandTimes) {
  std::string header = "{";
  for (int i = 0; i < 20'000; ++i) {
    header += "\"e" + std::to_string(i) + "\":" + entry("[0]", "[0,0]") + ",";
  }
  write_file(folder_.file("shard"),
             safetensors(header + R"("t":)" + entry("[4]", "[0,4]") + "}", "data"));
  std::string index = R"({"weight_map":{)";
  for (int i = 0; i < 60; ++i) {
    fs::create_symlink("shard", folder_.file("s" + std::to_string(i)));
    index += (i == 0 ? "\"e" : ",\"e") + std::to_string(i) + "\":\"s" + std::to_string(i) + "\"";
  }
  write_file(folder_.file("model.safetensors.index.json"), index + "}}");
  expect_refused("model.safetensors.index.json", "hold more than 1000000 tensors");
}

TEST_F(AHostileCheckpoint, HasAConfigOfMoreMemoryThanThereIs) {
  std::string config = read_file(folder_.file("config.json"));
  const std::string key = "\"vocab_size\": ";
  const std::size_t at = config.find(key) + key.size();
  config.replace(at, config.find_first_of(",\n}", at) - at, "16777216");
  const std::string width = "\"n_embd\": ";
  const std::size_t wide = config.find(width) + width.size();
  config.replace(wide, config.find_first_of(",\n}", wide) - wide, "1048576");
  write_file(folder_.file("config.json"), config);
  fs::copy_file(LLMARCH_PROJECT "/tests/golden/vectors/gpt2/model.safetensors", weights());
  const Seen seen = run_llmarch("verify '" + folder_.path().string() + "'");
  EXPECT_EQ(seen.status, 3) << seen.errors;
  EXPECT_THAT(seen.errors, HasSubstr(folder_.path().string() + ": the weights of its config take"));
}

}  // namespace
}  // namespace llmarch::testing
