// Every way to break the format, one test each, with the message that the user sees.
#include <gmock/gmock.h>

#include <cstdint>

#include "kernels/weight_files/safetensors.h"
#include "tests/weights/written_files.h"

namespace llmarch::weights_test {
namespace {

using testing::HasSubstr;
using testing::Not;

class ABrokenFile : public WrittenFiles {
 protected:
  // The problem reported when a file of these bytes is opened; "" if it opens.
  [[nodiscard]] std::string problem(std::string_view bytes) const {
    return problem_of([&] { SafetensorsFile::open(write("broken", bytes)); });
  }
  [[nodiscard]] std::string problem(std::string_view header, std::string_view data) const {
    return problem(safetensors(header, data));
  }
  // The same for a file of 4 bytes of data and one tensor `t` with this entry.
  [[nodiscard]] std::string problem_of_entry(std::string_view entry) const {
    return problem(R"({"t":)" + std::string(entry) + "}", "data");
  }
  [[nodiscard]] std::string problem_of_shape(const std::string& shape) const {
    return problem_of_entry(R"({"dtype":"U8","data_offsets":[0,4],"shape":)" + shape + "}");
  }
  [[nodiscard]] std::string problem_of_offsets(const std::string& offsets) const {
    return problem_of_entry(R"({"dtype":"U8","shape":[4],"data_offsets":)" + offsets + "}");
  }
  // Tensors of U8, each given as its name, shape and offsets, over `data`.
  [[nodiscard]] std::string problem_of_layout(
      std::initializer_list<std::array<std::string, 3>> tensors, std::string_view data) const {
    std::string header = "{";
    for (const auto& [name, shape, offsets] : tensors) {
      header += header.size() == 1 ? "" : ",";
      header += "\"" + name + R"(":{"dtype":"U8","shape":)" + shape + R"(,"data_offsets":)" +
                offsets + "}";
    }
    return problem(header + "}", data);
  }
};

TEST_F(ABrokenFile, IsFineBeforeItIsBroken) {
  EXPECT_EQ(problem_of_shape("[4]"), "");
  EXPECT_EQ(problem_of_offsets("[0,4]"), "");
  EXPECT_EQ(problem_of_layout({{"a", "[2]", "[0,2]"}, {"b", "[2]", "[2,4]"}}, "data"), "");
}

TEST_F(ABrokenFile, SaysWhatToDo) {
  EXPECT_THAT(problem(""), HasSubstr("; it is damaged or not a safetensors file: fetch"));
  EXPECT_THAT(problem("[]", ""), HasSubstr("; it is damaged or not a safetensors file: fetch"));
}

TEST_F(ABrokenFile, IsShorterThanTheLengthOfItsHeader) {
  EXPECT_THAT(problem(""), HasSubstr("has 0 bytes, fewer than the 8"));
  EXPECT_THAT(problem("\x02{}"), HasSubstr("has 3 bytes, fewer than the 8"));
}

TEST_F(ABrokenFile, HasAHeaderOfLengthZero) {
  EXPECT_THAT(problem(bytes_of({std::uint64_t{0}}) + "{}"), HasSubstr("header of length 0"));
}

TEST_F(ABrokenFile, HasAHeaderThatGoesPastTheEndOfTheFile) {
  EXPECT_THAT(problem(bytes_of({std::uint64_t{3}}) + "{}"),
              HasSubstr("claims a header of 3 bytes, but only 2 follow"));
}

TEST_F(ABrokenFile, HasAHeaderOverTheFormatsLimit) {
  EXPECT_THAT(problem(bytes_of({std::uint64_t{100'000'001}}) + "{}"),
              HasSubstr("over the limit of 100000000"));
  EXPECT_THAT(problem(bytes_of({UINT64_MAX}) + "{}"), HasSubstr("over the limit"));
  EXPECT_THAT(problem(bytes_of({std::uint64_t{100'000'000}}) + "{}"), HasSubstr("only 2 follow"));
}

TEST_F(ABrokenFile, HasAHeaderThatIsNoObject) {
  EXPECT_THAT(problem("[]", ""), HasSubstr("does not start with '{'"));
  EXPECT_THAT(problem(" {}", ""), HasSubstr("does not start with '{'"));
  EXPECT_THAT(problem("\xef\xbb\xbf{}", ""), HasSubstr("does not start with '{'"));
}

TEST_F(ABrokenFile, HasAHeaderThatIsNoJson) {
  EXPECT_THAT(problem(R"({"t":})", ""), HasSubstr("not valid JSON at byte 6"));
  EXPECT_THAT(problem("{", ""), HasSubstr("not valid JSON at byte 2"));
  EXPECT_THAT(problem("{}{}", ""), HasSubstr("not valid JSON at byte 3"));
}

TEST_F(ABrokenFile, HasAHeaderThatIsNoUtf8) {
  EXPECT_THAT(problem("{\"\xff\":{}}", ""), HasSubstr("ill-formed UTF-8"));
  EXPECT_THAT(problem("{\"\xc0\xaf\":{}}", ""), HasSubstr("ill-formed UTF-8"));
  EXPECT_THAT(problem("{\"\xed\xa0\x80\":{}}", ""), HasSubstr("ill-formed UTF-8"));
}

TEST_F(ABrokenFile, HidesTextAfterAZeroByte) {
  EXPECT_THAT(problem(std::string_view("{}\0{}", 5), ""), HasSubstr("byte 3 is zero"));
}

TEST_F(ABrokenFile, NestsDeeperThanTheFormatNeeds) {
  EXPECT_THAT(problem_of_shape("[[4]]"),
              HasSubstr("tensor 't': its shape must hold whole numbers from 0 on, not an array"));
  const std::string deep(10'000'000, '[');
  EXPECT_THAT(problem_of_shape(deep), HasSubstr("not an array"));
  EXPECT_THAT(problem(R"({"t":)" + deep, ""), HasSubstr("not an array"));
  EXPECT_THAT(problem(R"({"__metadata__":{"k":)" + deep, ""),
              HasSubstr("the metadata of 'k' must be a string, not an array"));
}

TEST_F(ABrokenFile, NamesATensorTwice) {
  EXPECT_THAT(problem_of_layout(
                  {{"a", "[2]", "[0,2]"}, {"b", "[0]", "[2,2]"}, {"a", "[2]", "[2,4]"}}, "data"),
              HasSubstr("the tensor 'a' appears twice"));
  EXPECT_THAT(problem_of_layout({{"a", "[2]", "[0,2]"}, {"\\u0061", "[2]", "[2,4]"}}, "data"),
              HasSubstr("the tensor 'a' appears twice"));
}

TEST_F(ABrokenFile, SaysTheSameThingOfATensorTwice) {
  EXPECT_THAT(problem_of_entry(R"({"dtype":"U8","dtype":"U8","shape":[4],"data_offsets":[0,4]})"),
              HasSubstr("tensor 't': its key 'dtype' appears twice"));
  EXPECT_THAT(problem_of_entry(R"({"dtype":"U8","shape":[2],"shape":[2],"data_offsets":[0,4]})"),
              HasSubstr("its key 'shape' appears twice"));
}

TEST_F(ABrokenFile, HasMetadataTwice) {
  EXPECT_THAT(problem(R"({"__metadata__":{},"__metadata__":{}})", ""),
              HasSubstr("the key '__metadata__' appears twice"));
  EXPECT_THAT(problem(R"({"__metadata__":{"k":"1","k":"2"}})", ""),
              HasSubstr("the metadata key 'k' appears twice"));
}

TEST_F(ABrokenFile, HasMetadataThatIsNotText) {
  EXPECT_THAT(problem(R"({"__metadata__":"x"})", ""),
              HasSubstr("the value of '__metadata__' must be an object, not a string"));
  EXPECT_THAT(problem(R"({"__metadata__":{"k":1}})", ""),
              HasSubstr("the metadata of 'k' must be a string, not a number"));
  EXPECT_THAT(problem(R"({"__metadata__":{"k":null}})", ""), HasSubstr("not null"));
}

TEST_F(ABrokenFile, HasATensorThatIsNoObject) {
  EXPECT_THAT(problem_of_entry("[]"),
              HasSubstr("the value of 't' must be an object, not an array"));
  EXPECT_THAT(problem_of_entry("1"), HasSubstr("the value of 't' must be an object, not a number"));
  EXPECT_THAT(problem_of_entry("true"), HasSubstr("not true"));
}

TEST_F(ABrokenFile, HasAnUnknownKey) {
  EXPECT_THAT(problem_of_entry(R"({"dtype":"U8","shape":[4],"data_offsets":[0,4],"strides":[1]})"),
              HasSubstr("tensor 't': its key 'strides' is not known"));
}

TEST_F(ABrokenFile, LacksAKey) {
  EXPECT_THAT(problem_of_entry(R"({"shape":[4],"data_offsets":[0,4]})"),
              HasSubstr("tensor 't': its key 'dtype' is missing"));
  EXPECT_THAT(problem_of_entry(R"({"dtype":"U8","data_offsets":[0,4]})"),
              HasSubstr("its key 'shape' is missing"));
  EXPECT_THAT(problem_of_entry(R"({"dtype":"U8","shape":[4]})"),
              HasSubstr("its key 'data_offsets' is missing"));
}

TEST_F(ABrokenFile, HasValuesOfTheWrongKind) {
  EXPECT_THAT(problem_of_entry(R"({"dtype":["U8"]})"),
              HasSubstr("its dtype must be a string, not an array"));
  EXPECT_THAT(problem_of_entry(R"({"dtype":8})"),
              HasSubstr("its dtype must be a string, not a number"));
  EXPECT_THAT(problem_of_shape("4"), HasSubstr("its shape must be an array, not a number"));
  EXPECT_THAT(problem_of_shape("{}"), HasSubstr("its shape must be an array, not an object"));
  EXPECT_THAT(problem_of_shape(R"("4")"), HasSubstr("its shape must be an array, not a string"));
  EXPECT_THAT(problem_of_shape(R"(["4"])"), HasSubstr("not a string"));
  EXPECT_THAT(problem_of_offsets("null"), HasSubstr("its data_offsets must be an array, not null"));
}

TEST_F(ABrokenFile, HasNegativeNumbers) {
  EXPECT_THAT(problem_of_shape("[-4]"), HasSubstr("not a negative number"));
  EXPECT_THAT(problem_of_shape("[-0]"), HasSubstr("not minus zero"));
  EXPECT_THAT(problem_of_offsets("[-4,0]"),
              HasSubstr("its data_offsets must hold whole numbers from 0 on, not a negative"));
}

TEST_F(ABrokenFile, HasFractions) {
  EXPECT_THAT(problem_of_shape("[4.0]"), HasSubstr("not a number with a fraction"));
  EXPECT_THAT(problem_of_offsets("[0,4e0]"), HasSubstr("not a number with a fraction"));
}

TEST_F(ABrokenFile, HasNumbersThatAreTooLarge) {
  EXPECT_THAT(problem_of_shape("[9223372036854775808]"),
              HasSubstr("its dimension 9223372036854775808 is too large"));
  EXPECT_THAT(problem_of_shape("[18446744073709551616]"), HasSubstr("not fit in 64 bits"));
  EXPECT_THAT(problem_of_offsets("[0,18446744073709551620]"), HasSubstr("not fit in 64 bits"));
  EXPECT_THAT(problem_of_offsets("[0,1e999]"), HasSubstr("is too large"));
  EXPECT_THAT(problem_of_offsets("[0," + std::string(1'000'000, '9') + "]"),
              HasSubstr("is too large"));
}

TEST_F(ABrokenFile, HasTooManyDimensions) {
  EXPECT_EQ(problem_of_shape("[4,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1]"), "");
  EXPECT_THAT(problem_of_shape("[4,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1]"),
              HasSubstr("more than 16 dimensions"));
}

// Multiplied in 64 bits without a check, the three wrap to 4: just the bytes that the file has.
TEST_F(ABrokenFile, HasAShapeWhoseSizeWraps) {
  EXPECT_THAT(problem_of_shape("[4194305,4194305,211106198978564]"),
              HasSubstr("tensor 't': the size of its shape does not fit in 64 bits"));
  EXPECT_THAT(problem_of_shape("[4294967296,4294967296]"), HasSubstr("not fit in 64 bits"));
}

TEST_F(ABrokenFile, HasAShapeWhoseSizeOnlyWrapsInBytes) {
  EXPECT_THAT(
      problem_of_entry(R"({"dtype":"F64","shape":[2305843009213693952],"data_offsets":[0,0]})"),
      HasSubstr("not fit in 64 bits"));
}

TEST_F(ABrokenFile, HidesAHugeShapeBehindAZero) {
  EXPECT_THAT(problem_of_shape("[0,4294967296,4294967296]"), HasSubstr("not fit in 64 bits"));
  EXPECT_THAT(problem_of_shape("[4294967296,4294967296,0]"), HasSubstr("not fit in 64 bits"));
}

TEST_F(ABrokenFile, HasAnUnknownDtype) {
  EXPECT_THAT(problem_of_entry(R"({"dtype":"F31","shape":[1],"data_offsets":[0,4]})"),
              HasSubstr("tensor 't': its dtype 'F31' is not known"));
  EXPECT_THAT(problem_of_entry(R"({"dtype":"u8","shape":[4],"data_offsets":[0,4]})"),
              HasSubstr("'u8' is not known"));
}

TEST_F(ABrokenFile, HasOffsetsThatAreNotTwo) {
  EXPECT_THAT(problem_of_offsets("[]"), HasSubstr("its data_offsets must be two numbers"));
  EXPECT_THAT(problem_of_offsets("[0]"), HasSubstr("its data_offsets must be two numbers"));
  EXPECT_THAT(problem_of_offsets("[0,4,4]"), HasSubstr("its data_offsets must be two numbers"));
  // Refused at the third, not after all of them have been kept.
  EXPECT_THAT(problem_of_offsets("[0,4,4,no JSON"), HasSubstr("must be two numbers"));
}

TEST_F(ABrokenFile, HasATensorThatEndsBeforeItBegins) {
  EXPECT_THAT(problem_of_offsets("[4,0]"), HasSubstr("its data ends at 0, before it begins at 4"));
}

TEST_F(ABrokenFile, HasATensorWhoseDataDoesNotMatchItsShape) {
  EXPECT_THAT(problem_of_shape("[3]"),
              HasSubstr("its data has 4 bytes, but its dtype and shape need 3"));
  EXPECT_THAT(problem_of_shape("[5]"), HasSubstr("shape need 5"));
  EXPECT_THAT(problem_of_shape("[0]"), HasSubstr("shape need 0"));
}

TEST_F(ABrokenFile, IsHeldToTheWidthOfEachDtype) {
  for (const auto& [dtype, bytes] :
       std::initializer_list<std::pair<std::string, int>>{{"BOOL", 1},
                                                          {"U8", 1},
                                                          {"I8", 1},
                                                          {"F8_E4M3", 1},
                                                          {"F8_E5M2", 1},
                                                          {"I16", 2},
                                                          {"U16", 2},
                                                          {"F16", 2},
                                                          {"BF16", 2},
                                                          {"I32", 4},
                                                          {"U32", 4},
                                                          {"F32", 4},
                                                          {"I64", 8},
                                                          {"U64", 8},
                                                          {"F64", 8}}) {
    EXPECT_THAT(
        problem_of_entry(R"({"dtype":")" + dtype + R"(","shape":[5],"data_offsets":[0,4]})"),
        HasSubstr("shape need " + std::to_string(5 * bytes)));
  }
}

TEST_F(ABrokenFile, HasOffsetsPastItsData) {
  EXPECT_THAT(problem_of_offsets("[1,5]"), HasSubstr("ends at 5, past the 4 bytes of data"));
  EXPECT_THAT(problem_of_offsets("[18446744073709551612,18446744073709551615]"),
              HasSubstr("past the 4 bytes of data"));
}

TEST_F(ABrokenFile, HasTensorsThatOverlap) {
  EXPECT_THAT(problem_of_layout({{"a", "[3]", "[0,3]"}, {"b", "[2]", "[2,4]"}}, "data"),
              HasSubstr("tensor 'b': its data begins at 2, inside the tensor before it"));
  EXPECT_THAT(problem_of_layout({{"a", "[4]", "[0,4]"}, {"b", "[4]", "[0,4]"}}, "data"),
              HasSubstr("tensor 'b': its data begins at 0, inside the tensor before it"));
  EXPECT_THAT(problem_of_layout({{"a", "[4]", "[0,4]"}, {"b", "[1]", "[1,2]"}}, "data"),
              HasSubstr("tensor 'b': its data begins at 1, inside the tensor before it"));
}

TEST_F(ABrokenFile, HasAnEmptyTensorInTheMiddleOfAnother) {
  EXPECT_THAT(problem_of_layout({{"a", "[4]", "[0,4]"}, {"b", "[0]", "[2,2]"}}, "data"),
              HasSubstr("tensor 'b': its data begins at 2, inside the tensor before it"));
}

TEST_F(ABrokenFile, HasAHoleBetweenTensors) {
  EXPECT_THAT(problem_of_layout({{"a", "[1]", "[0,1]"}, {"b", "[2]", "[2,4]"}}, "data"),
              HasSubstr("tensor 'b': its data begins at 2, but the bytes from 1 on belong to no"));
  EXPECT_THAT(problem_of_layout({{"a", "[3]", "[1,4]"}}, "data"),
              HasSubstr("the bytes from 0 on belong to no tensor"));
  EXPECT_THAT(problem_of_layout({{"a", "[1]", "[0,1]"}, {"b", "[0]", "[4,4]"}}, "data"),
              HasSubstr("the bytes from 1 on belong to no tensor"));
}

TEST_F(ABrokenFile, HasBytesAfterItsLastTensor) {
  EXPECT_THAT(problem_of_layout({{"a", "[3]", "[0,3]"}}, "data"),
              HasSubstr("the last 1 bytes of data belong to no tensor"));
  EXPECT_THAT(problem("{}", "data"), HasSubstr("the last 4 bytes of data belong to no tensor"));
}

TEST_F(ABrokenFile, HasMoreTensorsThanAnyModel) {
  std::string header = "{";
  for (int i = 0; i <= 1'000'000; ++i) {
    header += '"' + std::to_string(i) + R"(":{"dtype":"U8","shape":[0],"data_offsets":[0,0]},)";
  }
  header.back() = '}';
  EXPECT_THAT(problem(header, ""), HasSubstr("it has more than 1000000 tensors"));
}

TEST_F(ABrokenFile, HasMoreMetadataThanAnyModel) {
  std::string header = R"({"__metadata__":{)";
  for (int i = 0; i <= 1'000'000; ++i) header += '"' + std::to_string(i) + R"(":"",)";
  header.back() = '}';
  EXPECT_THAT(problem(header + "}", ""), HasSubstr("more than 1000000 entries in __metadata__"));
}

TEST_F(ABrokenFile, CannotSteerATerminalOrFloodItThroughTheMessage) {
  const std::string name = R"(\u001b[2J)" + std::string(1'000'000, 'x');
  const std::string message = problem(R"({")" + name + R"(":1})", "");
  EXPECT_THAT(message, HasSubstr(R"('\x1b[2Jxxx)"));
  EXPECT_LT(message.size(), 400U);
  const std::string syntax = problem("{\"\x1b[2J\x9b" + std::string(1'000'000, 'x'), "");
  EXPECT_THAT(syntax, Not(HasSubstr("\x1b")));
  EXPECT_THAT(syntax, Not(HasSubstr("\x9b")));
  EXPECT_LT(syntax.size(), 500U);
}

}  // namespace
}  // namespace llmarch::weights_test
