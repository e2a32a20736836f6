#include "kernels/weight_files/safetensors.h"

#include <gmock/gmock.h>

#include <cmath>
#include <cstdint>
#include <limits>
#include <utility>
#include <vector>

#include "tests/weights/written_files.h"

namespace llmarch::weights_test {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

class ATensorFile : public WrittenFiles {
 protected:
  // A file with one tensor `t` of one dimension.
  template <typename Stored>
  [[nodiscard]] SafetensorsFile file_of(std::string_view dtype,
                                        std::initializer_list<Stored> stored) const {
    const std::string data = bytes_of(stored);
    return SafetensorsFile::open(
        write("one", safetensors(R"({"t":{"dtype":")" + std::string(dtype) + R"(","shape":[)" +
                                     std::to_string(stored.size()) + R"(],"data_offsets":[0,)" +
                                     std::to_string(data.size()) + "]}}",
                                 data)));
  }
  template <typename Stored>
  [[nodiscard]] std::vector<float> floats(std::string_view dtype,
                                          std::initializer_list<Stored> stored) const {
    const SafetensorsFile file = file_of(dtype, stored);
    return file.read_floats(*file.find("t"));
  }
  template <typename Stored>
  [[nodiscard]] std::vector<std::int64_t> integers(std::string_view dtype,
                                                   std::initializer_list<Stored> stored) const {
    const SafetensorsFile file = file_of(dtype, stored);
    return file.read_integers(*file.find("t"));
  }
};

TEST_F(ATensorFile, ListsItsTensorsInTheOrderOfTheirData) {
  const SafetensorsFile file = SafetensorsFile::open(
      write("two", safetensors(R"({"__metadata__":{"format":"pt"},)"
                               R"("a":{"dtype":"F32","shape":[2,1],"data_offsets":[2,10]},)"
                               R"("b":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}}   )",
                               "\x07\x09" + bytes_of({1.5F, -2.0F}))));
  ASSERT_EQ(file.tensors().size(), 2U);
  EXPECT_EQ(file.tensors()[0], (TensorInfo{"b", "U8", {2}, 0, 2}));
  EXPECT_EQ(file.tensors()[1], (TensorInfo{"a", "F32", {2, 1}, 2, 10}));
  EXPECT_EQ(file.find("a"), &file.tensors()[1]);
  EXPECT_EQ(file.find("c"), nullptr);
  EXPECT_THAT(file.read_integers(*file.find("b")), ElementsAre(7, 9));
  EXPECT_THAT(file.read_floats(*file.find("a")), ElementsAre(1.5F, -2.0F));
}

TEST_F(ATensorFile, IsReadAfterItMoved) {
  SafetensorsFile file = file_of("F32", {4.25F});
  const TensorInfo* tensor = file.find("t");
  const SafetensorsFile moved = std::move(file);
  EXPECT_EQ(moved.find("t"), tensor);
  EXPECT_THAT(moved.read_floats(*tensor), ElementsAre(4.25F));
}

TEST_F(ATensorFile, WithoutTensorsIsLegal) {
  EXPECT_TRUE(SafetensorsFile::open(write("none", safetensors("{}", ""))).tensors().empty());
}

TEST_F(ATensorFile, MayHoldAScalarWhichHasNoDimensions) {
  const SafetensorsFile file = SafetensorsFile::open(write(
      "scalar",
      safetensors(R"({"t":{"dtype":"F32","shape":[],"data_offsets":[0,4]}})", bytes_of({0.5F}))));
  EXPECT_THAT(file.read_floats(file.tensors()[0]), ElementsAre(0.5F));
}

TEST_F(ATensorFile, MayHoldEmptyTensorsWhereverATensorMayBegin) {
  const SafetensorsFile file = SafetensorsFile::open(
      write("empty", safetensors(R"({"c":{"dtype":"F32","shape":[0],"data_offsets":[2,2]},)"
                                 R"("b":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},)"
                                 R"("a":{"dtype":"F64","shape":[3,0,9],"data_offsets":[0,0]}})",
                                 "xy")));
  EXPECT_EQ(file.tensors()[0].name, "a");
  EXPECT_EQ(file.tensors()[1].name, "b");
  EXPECT_EQ(file.tensors()[2].name, "c");
  EXPECT_THAT(file.read_floats(file.tensors()[0]), ElementsAre());
}

TEST_F(ATensorFile, GivesF32AsItIs) {
  EXPECT_THAT(floats("F32", {1.0F, -0.1F, 3.0e38F}), ElementsAre(1.0F, -0.1F, 3.0e38F));
}

TEST_F(ATensorFile, GivesF64RoundedToFloat) {
  EXPECT_THAT(floats("F64", {0.5, 0.1, 1e300}),
              ElementsAre(0.5F, 0.1F, std::numeric_limits<float>::infinity()));
}

TEST_F(ATensorFile, GivesF16AsFloat) {
  EXPECT_THAT(floats<std::uint16_t>("F16", {0x3c00, 0xc100, 0x0001}),
              ElementsAre(1.0F, -2.5F, std::ldexp(1.0F, -24)));
}

TEST_F(ATensorFile, GivesBf16AsFloat) {
  EXPECT_THAT(floats<std::uint16_t>("BF16", {0x3f80, 0xc020}), ElementsAre(1.0F, -2.5F));
}

TEST_F(ATensorFile, GivesSignedIntegersOfEveryWidth) {
  EXPECT_THAT(integers<std::int64_t>("I64", {1, -2, INT64_MIN}), ElementsAre(1, -2, INT64_MIN));
  EXPECT_THAT(integers<std::int32_t>("I32", {7, -8, INT32_MAX}), ElementsAre(7, -8, INT32_MAX));
  EXPECT_THAT(integers<std::int16_t>("I16", {258, -1}), ElementsAre(258, -1));
  EXPECT_THAT(integers<std::int8_t>("I8", {127, -128}), ElementsAre(127, -128));
}

TEST_F(ATensorFile, GivesBytesWithoutASign) {
  EXPECT_THAT(integers<std::uint8_t>("U8", {0, 200, 255}), ElementsAre(0, 200, 255));
}

// 600,000 halves are more than one piece of 1 MiB.
TEST_F(ATensorFile, GivesTensorsLargerThanOnePieceWhole) {
  std::string data;
  for (std::uint32_t i = 0; i < 600'000; ++i) {
    data += bytes_of({static_cast<std::uint16_t>(0x3f80U + i % 64U)});
  }
  const SafetensorsFile file =
      SafetensorsFile::open(write("large", safetensors(R"({"t":{"dtype":"BF16","shape":[600,1000],)"
                                                       R"("data_offsets":[0,1200000]}})",
                                                       data)));
  const std::vector<float> values = file.read_floats(file.tensors()[0]);
  ASSERT_EQ(values.size(), 600'000U);
  for (std::size_t i = 0; i < values.size(); ++i) {
    ASSERT_EQ(values[i], 1.0F + static_cast<float>(i % 64) / 128.0F) << i;
  }
}

TEST_F(ATensorFile, RefusesToReadADtypeThatIsNoPlainFloatAsFloats) {
  for (const char* dtype : {"BOOL", "U8", "I8", "F8_E4M3", "F8_E5M2"}) {
    EXPECT_THAT(problem_of([&] { (void)floats<std::uint8_t>(dtype, {1}); }),
                AllOf(HasSubstr("'t'"), HasSubstr(std::string("is ") + dtype)));
  }
}

TEST_F(ATensorFile, RefusesToReadADtypeThatIsNoIntegerAsIntegers) {
  EXPECT_THAT(problem_of([&] { (void)integers("F32", {1.0F}); }),
              AllOf(HasSubstr("'t'"), HasSubstr("is F32")));
}

TEST_F(ATensorFile, RefusesATensorThatIsNotItsOwn) {
  const SafetensorsFile file = file_of("U8", {std::uint8_t{1}});
  TensorInfo altered = file.tensors()[0];
  altered.end = 1'000'000'000;
  EXPECT_THAT(problem_of([&] { (void)file.read_integers(altered); }), HasSubstr("no such tensor"));
  EXPECT_THAT(problem_of([&] { (void)file.read_floats(altered); }), HasSubstr("no such tensor"));
}

TEST_F(ATensorFile, ReportsThatItWasTruncatedAfterItWasOpened) {
  const SafetensorsFile file = file_of("F32", {1.0F, 2.0F});
  std::filesystem::resize_file(file.path(), std::filesystem::file_size(file.path()) - 1);
  EXPECT_THAT(problem_of([&] { (void)file.read_floats(file.tensors()[0]); }),
              HasSubstr("1 bytes short"));
}

}  // namespace
}  // namespace llmarch::weights_test
