#include <gmock/gmock.h>

#include <utility>

#include "kernels/weight_files/checkpoint_files.h"
#include "tests/weights/written_files.h"

namespace llmarch::weights_test {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

class ACheckpoint : public WrittenFiles {
 protected:
  // A file with one F32 tensor of one number.
  void write_tensor(std::string_view file, const std::string& name, float value) const {
    (void)write(
        file, safetensors(R"({")" + name + R"(":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})",
                          bytes_of({value})));
  }
  void write_index(std::string_view json) const {
    (void)write("model.safetensors.index.json", json);
  }
  [[nodiscard]] SafetensorsCheckpoint open() const { return SafetensorsCheckpoint::open(folder()); }
  [[nodiscard]] std::string problem() const {
    return problem_of([&] { (void)open(); });
  }
  [[nodiscard]] std::string problem_of_index(std::string_view json) const {
    write_index(json);
    return problem();
  }
};

TEST_F(ACheckpoint, OfOneFileGivesItsTensorsByName) {
  write_tensor("model.safetensors", "a", 1.5F);
  const SafetensorsCheckpoint checkpoint = open();
  EXPECT_THAT(checkpoint.names(), ElementsAre("a"));
  ASSERT_NE(checkpoint.find("a"), nullptr);
  EXPECT_THAT(checkpoint.find("a")->shape, ElementsAre(1));
  EXPECT_EQ(checkpoint.find("b"), nullptr);
  EXPECT_THAT(checkpoint.read_floats("a"), ElementsAre(1.5F));
}

TEST_F(ACheckpoint, OfShardsGivesTheTensorsOfAll) {
  write_tensor("one.safetensors", "b", 1.0F);
  write_tensor("two.safetensors", "a", 2.0F);
  (void)write("three.safetensors",
              safetensors(R"({"c":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}})", "\x03\x04"));
  write_index(R"({"metadata":{"total_size":1e1,"more":[{"weight_map":{"z":1}}]},)"
              R"("weight_map":{"a":"two.safetensors","b":"one.safetensors",)"
              R"("c":"three.safetensors"}})");
  SafetensorsCheckpoint first = open();
  const SafetensorsCheckpoint checkpoint = std::move(first);
  EXPECT_THAT(checkpoint.names(), ElementsAre("a", "b", "c"));
  EXPECT_THAT(checkpoint.read_floats("a"), ElementsAre(2.0F));
  EXPECT_THAT(checkpoint.read_floats("b"), ElementsAre(1.0F));
  EXPECT_THAT(checkpoint.read_integers("c"), ElementsAre(3, 4));
}

TEST_F(ACheckpoint, MayHaveATensorCalledLikeTheKeysOfAnIndex) {
  write_tensor("one.safetensors", "weight_map", 1.0F);
  write_index(R"({"weight_map":{"weight_map":"one.safetensors"},"metadata":{}})");
  EXPECT_THAT(open().read_floats("weight_map"), ElementsAre(1.0F));
}

TEST_F(ACheckpoint, LeavesOutWhatItsIndexDoesNotName) {
  (void)write("one.safetensors",
              safetensors(R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},)"
                          R"("b":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}})",
                          "xy"));
  write_index(R"({"weight_map":{"a":"one.safetensors"}})");
  EXPECT_THAT(open().names(), ElementsAre("a"));
  EXPECT_EQ(open().find("b"), nullptr);
}

TEST_F(ACheckpoint, TakesTheWholeFileWhereShardsLieBesideIt) {
  write_tensor("model.safetensors", "a", 1.0F);
  write_index("no index");
  EXPECT_THAT(open().names(), ElementsAre("a"));
}

TEST_F(ACheckpoint, FollowsLinksAsDownloadCachesUseThem) {
  write_tensor("blob", "a", 3.0F);
  std::filesystem::create_symlink("blob", folder() / "model.safetensors");
  EXPECT_THAT(open().read_floats("a"), ElementsAre(3.0F));
}

TEST_F(ACheckpoint, WithABrokenLinkNamesTheLink) {
  std::filesystem::create_symlink("nowhere", folder() / "model.safetensors");
  EXPECT_THAT(problem(), HasSubstr("cannot be opened"));
}

TEST_F(ACheckpoint, ReportsATensorThatItDoesNotHave) {
  write_tensor("model.safetensors", "a", 1.0F);
  EXPECT_THAT(problem_of([&] { (void)open().read_floats("b"); }), HasSubstr("has no tensor 'b'"));
  EXPECT_THAT(problem_of([&] { (void)open().read_integers("b"); }), HasSubstr("has no tensor 'b'"));
}

TEST_F(ACheckpoint, WithoutFilesSaysWhatWasLookedFor) {
  EXPECT_THAT(problem(),
              HasSubstr("has neither model.safetensors nor model.safetensors.index.json"));
}

TEST_F(ACheckpoint, ThatIsNoFolderIsRefused) {
  EXPECT_THAT(problem_of([&] { SafetensorsCheckpoint::open(folder() / "none"); }),
              HasSubstr("is not a folder"));
  EXPECT_THAT(problem_of([&] { SafetensorsCheckpoint::open(write("file", "")); }),
              HasSubstr("is not a folder"));
}

TEST_F(ACheckpoint, WithAMissingShardIsRefused) {
  EXPECT_THAT(problem_of_index(R"({"weight_map":{"a":"one.safetensors"}})"),
              HasSubstr("the shard 'one.safetensors' is not in the folder"));
}

TEST_F(ACheckpoint, WithABrokenShardNamesTheShard) {
  const auto path = write("one.safetensors", "");
  write_index(R"({"weight_map":{"a":"one.safetensors"}})");
  try {
    (void)open();
    FAIL() << "it opened";
  } catch (const FileError& error) {
    EXPECT_EQ(error.path(), path);
  }
}

TEST_F(ACheckpoint, WithATensorInAnotherShardThanItsIndexSaysIsRefused) {
  write_tensor("one.safetensors", "a", 1.0F);
  write_tensor("two.safetensors", "b", 1.0F);
  EXPECT_THAT(problem_of_index(R"({"weight_map":{"a":"two.safetensors","b":"two.safetensors"}})"),
              HasSubstr("the tensor 'a' is not in its shard 'two.safetensors'"));
}

TEST_F(ACheckpoint, CannotLeadOutOfItsFolder) {
  for (const char* shard : {"../x", "/etc/passwd", "sub/x", "..", ".", "", "a\\\\b", "x\\u0000y"}) {
    EXPECT_THAT(problem_of_index(R"({"weight_map":{"a":")" + std::string(shard) + R"("}})"),
                AllOf(HasSubstr("of tensor 'a'"), HasSubstr("is not a plain file name")))
        << shard;
  }
}

TEST_F(ACheckpoint, WithAnIndexThatIsNoJsonIsRefused) {
  EXPECT_THAT(problem_of_index(""), HasSubstr("does not start with '{'"));
  EXPECT_THAT(problem_of_index("{"), HasSubstr("not valid JSON"));
}

TEST_F(ACheckpoint, WithAnIndexThatNestsDeeplyIsRefusedWithoutHarm) {
  const std::string deep(10'000'000, '[');
  EXPECT_THAT(problem_of_index(R"({"metadata":)" + deep), HasSubstr("not valid JSON"));
  EXPECT_THAT(problem_of_index(R"({"weight_map":{"a":)" + deep), HasSubstr("must be a string"));
}

TEST_F(ACheckpoint, WithAnIndexOfAnotherFormIsRefused) {
  EXPECT_THAT(problem_of_index("{}"), HasSubstr("it has no weight_map"));
  EXPECT_THAT(problem_of_index(R"({"metadata":{"weight_map":{}}})"),
              HasSubstr("it has no weight_map"));
  for (const char* map : {"[]", "1", "null", R"("x")"}) {
    EXPECT_THAT(problem_of_index(R"({"weight_map":)" + std::string(map) + "}"),
                HasSubstr("its weight_map must be an object"));
  }
  for (const char* shard : {"[]", "{}", "1", "-1", "null"}) {
    EXPECT_THAT(problem_of_index(R"({"weight_map":{"a":)" + std::string(shard) + "}}"),
                HasSubstr("the shard of tensor 'a' must be a string"));
  }
}

TEST_F(ACheckpoint, WithAnIndexThatRepeatsItselfIsRefused) {
  EXPECT_THAT(problem_of_index(R"({"weight_map":{"a":"x","a":"y"}})"),
              HasSubstr("the tensor 'a' appears twice"));
  EXPECT_THAT(problem_of_index(R"({"weight_map":{},"weight_map":{}})"),
              HasSubstr("weight_map appears twice"));
}

TEST_F(ACheckpoint, WithAnIndexOfMoreTensorsThanAnyModelIsRefused) {
  std::string json = R"({"weight_map":{)";
  for (int i = 0; i <= 1'000'000; ++i) json += '"' + std::to_string(i) + R"(":"x",)";
  json.back() = '}';
  EXPECT_THAT(problem_of_index(json + "}"), HasSubstr("it names more than 1000000 tensors"));
}

TEST_F(ACheckpoint, WithAnIndexLargerThanAnyModelsIsRefused) {
  write_index("{}");
  std::filesystem::resize_file(folder() / "model.safetensors.index.json", 100'000'001);
  EXPECT_THAT(problem(), HasSubstr("over the limit of 100000000"));
}

}  // namespace
}  // namespace llmarch::weights_test
