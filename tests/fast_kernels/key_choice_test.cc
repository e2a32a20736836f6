// The choice of keys against the reference's, score by score.
#include "kernels/fast/key_choice.h"

#include "kernels/reference/choice_kernels.h"
#include "tests/fast_kernels/guarded.h"

namespace llmarch::fast {
namespace {

using testing::ElementsAre;

class KeyChoices : public OnEveryIsa {};
ON_EVERY_ISA(KeyChoices);

struct IndexKeys {
  IndexKeys(Team& team, const GuardedRows& rows, std::size_t sequences)
      : shape{CacheLayout::keys,           CacheFormat::f32, sequences, 1, rows.view().columns,
              rows.view().rows / sequences},
        memory(Cache::bytes(shape)),
        cache(memory, shape) {
    cache.store(team, rows.view(), {sequences, shape.positions, 0});
  }
  CacheShape shape;
  HugeMemory memory;
  Cache cache;
};

std::vector<double> numbers(const float* from, std::size_t count) {
  return {from, from + count};
}

// What the reference chooses for one group of one row; `keys` are those of all sequences.
std::vector<std::size_t> chosen_plainly(const IndexShape& shape, const Places& places,
                                        const GuardedRows& keys, const std::vector<double>& query,
                                        const std::vector<double>& weights, std::size_t row) {
  const std::size_t first = places.sequence(row) * (places.past + places.tokens);
  std::vector<double> scores;
  for (std::size_t key = 0; key <= places.position(row); ++key) {
    const auto one = numbers(keys.view().row(first + key), shape.head_dim);
    scores.push_back(reference::index_score<double>(query, one, weights));
  }
  return reference::best(reference::block_scores(scores, shape.block), shape.blocks);
}

// Two sequences of 35 queries after 5 others: more than are scored at a time.
void expect_chosen_as_the_reference_does(Team& team, const IndexShape& shape, bool weighted) {
  const Places places{2, 35, 5};
  const std::size_t width = shape.heads * shape.head_dim;
  const GuardedRows keys = GuardedRows::random(80, shape.head_dim, 1);
  const GuardedRows queries = GuardedRows::random(70, shape.groups * width, 2);
  const GuardedRows weights = GuardedRows::random(70, shape.heads, 3);
  const IndexKeys cached(team, keys, 2);
  KeyChoice choice;
  const Scored scored =
      choose_keys(team, shape, queries.view(), weighted ? weights.view() : ConstRows{}, places,
                  cached.cache, choice);
  EXPECT_EQ(scored.pairs, 2 * (40 * 41 / 2 - 5 * 6 / 2));
  EXPECT_EQ(scored.keys, 2 * 40);
  for (std::size_t row = 0; row < 70; ++row) {
    const auto weight = numbers(weights.view().row(row), weighted ? shape.heads : 0);
    for (std::size_t group = 0; group < shape.groups; ++group) {
      const auto query = numbers(queries.view().row(row) + group * width, width);
      EXPECT_THAT(
          choice.blocks.at(row * shape.groups + group),
          testing::ElementsAreArray(chosen_plainly(shape, places, keys, query, weight, row)))
          << row << ", " << group;
    }
  }
}

TEST_P(KeyChoices, AreThoseOfTheReference) {
  Team team(2, GetParam());
  expect_chosen_as_the_reference_does(team, {2, 1, 20, 4, 3}, false);
  expect_chosen_as_the_reference_does(team, {1, 3, 33, 1, 8}, true);
}

// Blocks of two keys; the query is the seventh, and alone in its block.
TEST_P(KeyChoices, HaveTheBlockOfTheQueryBesideBlocksThatAreNotFinite) {
  Team team(1, GetParam());
  GuardedRows keys(7, 1);
  const float infinity = std::numeric_limits<float>::infinity();
  const std::vector<float> elements{std::nanf(""), 0, infinity, 0, 0, std::nanf(""), -9};
  for (std::size_t key = 0; key < 7; ++key) keys.view().row(key)[0] = elements[key];
  const IndexKeys cached(team, keys, 1);
  const float query = 1;
  KeyChoice choice;
  (void)choose_keys(team, {1, 1, 1, 2, 2}, {&query, 1, 1, 1}, {}, {1, 1, 6}, cached.cache, choice);
  EXPECT_THAT(choice.blocks.front(), ElementsAre(0, 3));
  EXPECT_THAT(choice.keys(0, 0, 6), ElementsAre(0, 1, 6));
}

TEST_P(KeyChoices, RefuseSizesThatDoNotAgree) {
  Team team(1, GetParam());
  const GuardedRows keys = GuardedRows::random(4, 3, 1);
  const GuardedRows queries = GuardedRows::random(4, 5, 2);
  const IndexKeys cached(team, keys, 1);
  KeyChoice choice;
  EXPECT_THROW(
      (void)choose_keys(team, {1, 1, 3, 1, 2}, queries.view(), {}, {1, 4, 0}, cached.cache, choice),
      std::invalid_argument);
}

}  // namespace
}  // namespace llmarch::fast
