// What formats make of a model's bytes: which tensor has which, and what an operation then moves.
// Elements and FLOPs do not depend on them.
#include "sim/formats/formats.h"

#include <gtest/gtest.h>

#include "sim/cost/price.h"
#include "tests/cost/priced.h"

namespace llmarch {
namespace {

constexpr StorageFormat kTiles{"tiles", 8, {ScaleGrid{4, 4, 2}}};
constexpr StorageFormat kGroups{"groups", 4, {ScaleGrid{1, 4, 1}}};

Work line_of(const OpGraph& graph, const Workload& workload, std::string_view operation) {
  for (const BookLine& line : predict(graph, workload).lines) {
    if (graph.blocks[line.block].nodes[line.node].name == operation) return line.work;
  }
  ADD_FAILURE() << "no operation is called " << operation;
  return Work::none();
}

GroupedAttention with_bias() {
  GroupedAttention attention = tiny_grouped();
  attention.qkv_bias = true;
  return attention;
}

class AModelInFormats : public ::testing::Test {
 protected:
  const OpGraph lowered_ = lower(tiny_model(with_bias(), tiny_dense()));
  const OpGraph stored_ =
      with_formats(lowered_, {matrices_and_vectors("tiles", DType::fp8, kTiles, plain(DType::f32)),
                              CacheScheme("groups", kGroups, kGroups)});
};

TEST_F(AModelInFormats, IsStoredInBf16UntilAPolicyIsLaidOverIt) {
  EXPECT_EQ(weight_bytes(lowered_).total.amount(), 2 * predict_parameters(lowered_).total.amount());
  EXPECT_EQ(cache_bytes(lowered_, 9, 2).amount(), 2 * cache_elements(lowered_, 9, 2).amount());
}

// 24 x 10 elements in tiles of 4 x 4 are 6 x 3 tiles; the bias is 24 floats.
TEST_F(AModelInFormats, ReadsAMatrixWithItsScalesAndABiasAsAVector) {
  const Work work = line_of(stored_, kDecode, "query projection");
  EXPECT_EQ(work.weight_bytes_read, Bytes(24 * 10 + 6 * 3 * 2 + 24 * 4));
}

// A row of 10 elements takes three scales, whatever other rows share them; 2 x 4 tokens look up.
TEST_F(AModelInFormats, LooksUpARowWithTheScalesItTakes) {
  const Work work = line_of(stored_, kPrefill, "token embedding");
  EXPECT_EQ(work.weight_bytes_read, Bytes(2 * 4 * (10 + 3 * 2)));
}

// 12 columns for keys are 6 bytes and 3 scales, and as many for values.
TEST_F(AModelInFormats, MovesItsCacheByPositions) {
  EXPECT_EQ(line_of(stored_, kDecode, "attention").cache_bytes_read, Bytes(2 * 9 * 2 * (6 + 3)));
  EXPECT_EQ(line_of(stored_, kPrefill, "store keys").cache_bytes_written, Bytes(2 * 4 * (6 + 3)));
  EXPECT_EQ(cache_bytes_per_token(stored_), Bytes(2 * (6 + 3)));
  EXPECT_EQ(cache_bytes(stored_, 9, 2), Bytes(2 * 9 * 2 * (6 + 3)));
}

// The only layer holds the whole cache, and the three blocks all weights.
TEST_F(AModelInFormats, KeepsItsBytesInItsBlocks) {
  const std::vector<BlockBytes> blocks = bytes_of_blocks(stored_, 9, 2);
  ASSERT_EQ(blocks.size(), 3U);
  EXPECT_EQ(blocks[0].cache + blocks[2].cache, Bytes(0));
  EXPECT_EQ(blocks[1].cache, Bytes(2 * 9 * 2 * (6 + 3)));
  EXPECT_EQ(blocks[0].weights + blocks[1].weights + blocks[2].weights, weight_bytes(stored_).total);
}

TEST_F(AModelInFormats, DoesTheSameWorkHoweverItIsStored) {
  Work plain_work = predict_total(lowered_, kDecode);
  Work stored_work = predict_total(stored_, kDecode);
  for (Work* work : {&plain_work, &stored_work}) {
    work->weight_bytes_read = {};
    work->cache_bytes_read = {};
    work->cache_bytes_written = {};
  }
  EXPECT_EQ(plain_work, stored_work);
}

// Two tokens choose 8 (1 - (6/8)^2) = 3.5 of 8 experts of 3 elements: 11 elements, of 5 bytes for
// three of them, are 18 1/3 bytes.
TEST(TheBytesOfExpectedExperts, AreInProportionToTheirElements) {
  Price price;
  price.add(ExpertReads{Driver::token, 8, 2, Elements(3), Bytes(5), 1});
  EXPECT_EQ(evaluate(price, decode(9, 2), 1).weight_bytes_read, Bytes(19));
  EXPECT_EQ(evaluate(price, decode(9, 1), 1).weight_bytes_read, Bytes(2 * 5));
}

}  // namespace
}  // namespace llmarch
