// GGUF headers: what is written is read back, and every way to break the format is refused.
#include <gmock/gmock.h>

#include "kernels/weight_files/gguf_file.h"
#include "tests/weights/written_gguf.h"

namespace llmarch::weights_test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class AGgufFile : public WrittenFiles {
 protected:
  [[nodiscard]] GgufModel opened(const WrittenGguf& parts) const {
    return GgufModel::open(write("model.gguf", gguf(parts)));
  }
  // The problem reported when a file of these bytes is opened; "" if it opens.
  [[nodiscard]] std::string problem(std::string_view bytes) const {
    return problem_of([&] { GgufModel::open(write("broken.gguf", bytes)); });
  }
  [[nodiscard]] std::string problem(const WrittenGguf& parts) const { return problem(gguf(parts)); }
  [[nodiscard]] std::string problem_of_key(const std::string& key) const {
    return problem({.keys = {key}, .tensors = {}});
  }
  [[nodiscard]] std::string problem_of_tensor(const std::string& tensor) const {
    return problem({.keys = {}, .tensors = {tensor}});
  }
};

template <class Value>
Value value_of(const GgufModel& model, const std::string& key) {
  return std::get<Value>(model.keys().at(key));
}

TEST_F(AGgufFile, GivesItsKeys) {
  const GgufModel model = opened(
      {.keys = {gguf_u32("a", 7), gguf_key("b", kString, gguf_string("llama")),
                gguf_key("c", kBool, std::string(1, '\1')), gguf_key("d", kF32, bytes_of({0.5F})),
                gguf_array("e", kU32, 2, bytes_of({3U, 4U})),
                gguf_array("f", kString, 1, gguf_string("x"))},
       .tensors = {}});
  EXPECT_EQ(value_of<std::int64_t>(model, "a"), 7);
  EXPECT_EQ(value_of<std::string>(model, "b"), "llama");
  EXPECT_EQ(value_of<bool>(model, "c"), true);
  EXPECT_EQ(value_of<double>(model, "d"), 0.5);
  EXPECT_THAT(value_of<std::vector<std::int64_t>>(model, "e"), ElementsAre(3, 4));
  EXPECT_THAT(value_of<std::vector<std::string>>(model, "f"), ElementsAre("x"));
}

// 2 rows of 64 elements in q4_0: two blocks of 18 bytes each, 72 bytes. The next begins at 96.
TEST_F(AGgufFile, GivesItsTensorsWithRowsFirst) {
  const GgufModel model =
      opened({.keys = {},
              .tensors = {gguf_tensor("w", {64, 2}, 2, 0), gguf_tensor("v", {3}, 0, 96)},
              .data = std::string(96 + 12, 'x')});
  const GgufTensor& w = model.find("w")->tensor;
  EXPECT_THAT(w.shape, ElementsAre(2, 64));
  EXPECT_EQ(w.type.name, "q4_0");
  EXPECT_EQ(w.end - w.begin, 72U);
  EXPECT_EQ(w.elements(), 128);
  EXPECT_EQ(model.find("v")->tensor.begin, 96U);
  EXPECT_EQ(model.find("u"), nullptr);
  EXPECT_TRUE(model.holds_data());
}

TEST_F(AGgufFile, GivesATensorsBytes) {
  const GgufModel model =
      opened({.keys = {},
              .tensors = {gguf_tensor("a", {1}, 0, 0), gguf_tensor("b", {2}, 1, 32)},
              .data = std::string(32, '.') + "data"});
  const std::vector<std::byte> bytes = model.read(*model.find("b"));
  EXPECT_THAT(bytes, ElementsAre(std::byte('d'), std::byte('a'), std::byte('t'), std::byte('a')));
}

TEST_F(AGgufFile, IsDescribedByItsBeginning) {
  const GgufModel model = opened({.keys = {}, .tensors = {gguf_tensor("a", {1024}, 0, 0)}});
  EXPECT_FALSE(model.holds_data());
  EXPECT_EQ(model.find("a")->tensor.end, 4096U);
  EXPECT_THAT(problem_of([&] { (void)model.read(*model.find("a")); }),
              HasSubstr("ends before the data of tensor 'a'; fetch all of it"));
}

TEST_F(AGgufFile, KeepsOnlyTheLengthOfALongArray) {
  std::string tokens;
  for (int i = 0; i < 5000; ++i) tokens += gguf_string("token");
  const GgufModel model = opened(
      {.keys = {gguf_array("tokens", kString, 5000, tokens),
                gguf_array("bytes", kU8, 4097, std::string(4097, '\0')), gguf_u32("after", 1)},
       .tensors = {}});
  EXPECT_EQ(value_of<GgufLongArray>(model, "tokens").length, 5000U);
  EXPECT_EQ(value_of<GgufLongArray>(model, "bytes").length, 4097U);
  EXPECT_EQ(value_of<std::int64_t>(model, "after"), 1);
}

// A header of more than a mebibyte is read in more than one go.
TEST_F(AGgufFile, MayHaveALargeHeader) {
  const std::string text(3'000'000, 't');
  const GgufModel model = opened(
      {.keys = {gguf_key("long", kString, gguf_string(text)), gguf_u32("a", 1)}, .tensors = {}});
  EXPECT_EQ(value_of<std::string>(model, "long").size(), 3'000'000U);
}

TEST_F(AGgufFile, AlignsAsItSays) {
  const GgufModel model =
      opened({.keys = {gguf_u32("general.alignment", 8)},
              .tensors = {gguf_tensor("a", {1}, 0, 0), gguf_tensor("b", {1}, 0, 8)},
              .data = "aaaa....bbbb",
              .alignment = 8});
  EXPECT_EQ(model.read(*model.find("b")).size(), 4U);
  EXPECT_EQ(std::to_integer<char>(model.read(*model.find("b")).front()), 'b');
}

// A key of one letter more each time, so that the header ends at each place between two multiples.
TEST_F(AGgufFile, BeginsItsDataWhereItsAlignmentSays) {
  for (const std::uint32_t alignment : {8U, 64U}) {
    for (std::size_t letters = 1; letters <= 32; ++letters) {
      const GgufModel model = opened({.keys = {gguf_u32("general.alignment", alignment),
                                               gguf_u32(std::string(letters, 'k'), 1)},
                                      .tensors = {gguf_tensor("a", {1}, 0, 0)},
                                      .data = "aaaa",
                                      .alignment = alignment});
      EXPECT_EQ(std::to_integer<char>(model.read(*model.find("a")).front()), 'a')
          << alignment << ", " << letters;
    }
  }
}

TEST_F(AGgufFile, ThatIsSplitIsReadWhole) {
  const auto part = [&](const char* name, std::uint32_t number, const std::string& more,
                        const std::string& tensor) {
    return write(name,
                 gguf({.keys = {gguf_u32("split.no", number), gguf_u32("split.count", 2), more},
                       .tensors = {tensor},
                       .data = std::string(4, static_cast<char>('0' + number))}));
  };
  part("m-00001-of-00002.gguf", 0, gguf_u32("layers", 5), gguf_tensor("a", {1}, 0, 0));
  const auto second =
      part("m-00002-of-00002.gguf", 1, gguf_u32("x", 0), gguf_tensor("b", {1}, 0, 0));
  const GgufModel model = GgufModel::open(second);
  EXPECT_EQ(value_of<std::int64_t>(model, "layers"), 5);
  EXPECT_EQ(model.tensors().size(), 2U);
  EXPECT_EQ(std::to_integer<char>(model.read(*model.find("b")).front()), '1');
}

TEST_F(AGgufFile, ThatIsSplitNamesThePartThatIsMissing) {
  const auto first =
      write("m-00001-of-00002.gguf", gguf({.keys = {gguf_u32("split.count", 2)}, .tensors = {}}));
  EXPECT_THAT(problem_of([&] { GgufModel::open(first); }),
              HasSubstr("is not there, and m-00001-of-00002.gguf says that it is one of 2 parts"));
  EXPECT_THAT(problem_of_key(gguf_u32("split.count", 2)), HasSubstr("is not called so"));
}

TEST_F(AGgufFile, ThatIsCutOffSaysSo) {
  const std::string whole =
      gguf({.keys = {gguf_u32("a", 7)}, .tensors = {gguf_tensor("t", {1}, 0, 0)}});
  ASSERT_EQ(problem(whole), "");
  // The header ends with the tensor: 24 bytes, the key's 8 + 1 + 4 + 4 and the tensor's 33.
  for (std::size_t bytes = 0; bytes < 24 + 17 + 33; ++bytes) {
    EXPECT_THAT(problem(std::string_view(whole).substr(0, bytes)), HasSubstr("; fetch")) << bytes;
  }
}

TEST_F(AGgufFile, OfAnotherFormatIsRefused) {
  EXPECT_THAT(problem("GGML" + std::string(100, '\0')),
              HasSubstr("does not begin with the letters"));
  EXPECT_THAT(problem({.version = 1, .keys = {}, .tensors = {}}),
              HasSubstr("version 1 is not read"));
  EXPECT_THAT(problem({.version = 4, .keys = {}, .tensors = {}}),
              HasSubstr("version 4 is not read"));
  EXPECT_THAT(problem({.version = 0x03000000, .keys = {}, .tensors = {}}), HasSubstr("big-endian"));
}

TEST_F(AGgufFile, WhoseCountsAreTooLargeIsRefusedBeforeAnythingIsAllocated) {
  const std::string start = "GGUF" + bytes_of({3U});
  const auto with = [&](std::uint64_t tensors, std::uint64_t keys) {
    return problem(start + bytes_of({tensors, keys}) + std::string(64, '\0'));
  };
  EXPECT_THAT(with(~std::uint64_t{0}, 0), HasSubstr("18446744073709551615 tensors"));
  EXPECT_THAT(with(0, ~std::uint64_t{0}), HasSubstr("18446744073709551615 keys"));
  EXPECT_THAT(with(1'000'000, 0), HasSubstr("ends within its GGUF header"));
  EXPECT_THAT(problem_of_key(gguf_array("a", kU32, std::uint64_t{1} << 62, "")),
              HasSubstr("4611686018427387904 values of 4 bytes are announced"));
  EXPECT_THAT(problem_of_key(gguf_array("a", kString, ~std::uint64_t{0}, "")),
              HasSubstr("ends within its GGUF header"));
  EXPECT_THAT(problem_of_key(bytes_of({std::uint64_t{1} << 63})),
              HasSubstr("a name of 9223372036854775808 bytes"));
  EXPECT_THAT(problem_of_key(gguf_key("a", kString, bytes_of({std::uint64_t{1} << 63}))),
              HasSubstr("ends within its GGUF header"));
}

TEST_F(AGgufFile, WithAKeyThatIsWrongIsRefused) {
  EXPECT_THAT(problem({.keys = {gguf_u32("a", 1), gguf_u32("a", 1)}, .tensors = {}}),
              HasSubstr("key 'a' appears twice"));
  EXPECT_THAT(problem_of_key(gguf_key("a", 13, "")), HasSubstr("a value of type 13 is not known"));
  EXPECT_THAT(problem_of_key(gguf_array("a", kArray, 1, "")), HasSubstr("arrays in arrays"));
  EXPECT_THAT(problem_of_key(gguf_key("a", kBool, "\2")), HasSubstr("2 is neither false"));
  EXPECT_THAT(problem_of_key(gguf_key("a", kU64, bytes_of({~std::uint64_t{0}}))),
              HasSubstr("does not fit in a signed number"));
  EXPECT_THAT(problem_of_key(gguf_key("", kU8, "x")), HasSubstr("a name of 0 bytes"));
}

TEST_F(AGgufFile, WhoseAlignmentIsNoPowerOfTwoIsRefused) {
  for (const std::uint32_t alignment : {0U, 3U, 48U, 1U << 21}) {
    EXPECT_THAT(problem_of_key(gguf_u32("general.alignment", alignment)),
                HasSubstr("no power of two"));
  }
  EXPECT_THAT(problem_of_key(gguf_key("general.alignment", kBool, "\1")),
              HasSubstr("no power of two"));
}

TEST_F(AGgufFile, WithATensorThatIsWrongIsRefused) {
  EXPECT_THAT(problem_of_tensor(gguf_tensor("t", {}, 0, 0)), HasSubstr("0 dimensions"));
  EXPECT_THAT(problem_of_tensor(gguf_tensor("t", {1, 1, 1, 1, 1}, 0, 0)),
              HasSubstr("5 dimensions"));
  EXPECT_THAT(problem_of_tensor(gguf_tensor("t", {0}, 0, 0)), HasSubstr("an extent of 0"));
  EXPECT_THAT(problem_of_tensor(gguf_tensor("t", {-1}, 0, 0)), HasSubstr("an extent of -1"));
  EXPECT_THAT(problem_of_tensor(gguf_tensor("t", {1}, 4, 0)), HasSubstr("type 4 is not known"));
  EXPECT_THAT(problem_of_tensor(gguf_tensor("t", {255}, 12, 0)),
              HasSubstr("no whole blocks of 256"));
  EXPECT_THAT(problem_of_tensor(gguf_tensor("t", {1}, 0, 32)), HasSubstr("begins at 32"));
  EXPECT_THAT(
      problem({.keys = {}, .tensors = {gguf_tensor("t", {1}, 0, 0), gguf_tensor("t", {1}, 0, 32)}}),
      HasSubstr("tensor 't' appears twice"));
  EXPECT_THAT(problem({.keys = {},
                       .tensors = {gguf_tensor("a", {16}, 0, 0), gguf_tensor("b", {1}, 0, 32)}}),
              HasSubstr("lets it begin at 64"));
}

// 2^31 x 2^31 x 4 bytes are 2^64, and 2^62 + 2^62 are more than 2^63. 2^63 elements of q4_0 have
// fewer bytes, but are more than a count can hold.
TEST_F(AGgufFile, WhoseSizesWrapIsRefused) {
  const std::int64_t large = std::int64_t{1} << 31;
  EXPECT_THAT(problem_of_tensor(gguf_tensor("t", {large, large}, 0, 0)),
              HasSubstr("does not fit in 64 bits"));
  EXPECT_THAT(problem_of_tensor(gguf_tensor("t", {large, 2 * large}, 2, 0)),
              HasSubstr("does not fit in 64 bits"));
  const std::int64_t huge = std::int64_t{1} << 60;
  EXPECT_THAT(problem({.keys = {},
                       .tensors = {gguf_tensor("a", {huge}, 0, 0),
                                   gguf_tensor("b", {huge}, 0, std::uint64_t{1} << 62)}}),
              HasSubstr("tensor 'b': its size does not fit in 64 bits"));
}

}  // namespace
}  // namespace llmarch::weights_test
