// The kernels of recurrences against the mathematics of kernels/reference in double.
#include "kernels/fast/recurrence.h"

#include "kernels/reference/recurrence_kernels.h"
#include "tests/fast_kernels/guarded.h"

namespace llmarch::fast {
namespace {

constexpr double kRecurrenceTolerance = 3e-6;

class RecurrenceKernels : public OnEveryIsa {};
ON_EVERY_ISA(RecurrenceKernels);

std::vector<double> part_of(const GuardedRows& rows, std::size_t row, std::size_t index,
                            std::size_t width) {
  const float* const start = rows.view().row(row) + index * width;
  return {start, start + width};
}

TEST_P(RecurrenceKernels, BringVectorsToLengthOne) {
  Team team(2, GetParam());
  for (const std::size_t width : {1U, 7U, 8U, 33U}) {
    const GuardedRows in = GuardedRows::random(3, 2 * width, 1);
    GuardedRows out(3, 2 * width);
    normalize_length(team, in.view(), 2, 1e-6F, out.view());
    const auto plain = [&](std::size_t r, std::size_t i) {
      std::vector<double> result(width);
      reference::normalize_length<double>(part_of(in, r, i / width, width), 1e-6, result);
      return result[i % width];
    };
    EXPECT_LT(largest_difference(out, plain), kRecurrenceTolerance);
    EXPECT_TRUE(out.sentinels_stand());
  }
}

TEST_P(RecurrenceKernels, DecayByTheRateOfEachVector) {
  Team team(2, GetParam());
  const GuardedRows in = GuardedRows::random(3, 6, 1);
  const std::vector<float> rates{-1, 0.5};
  GuardedRows out(3, 6);
  decay(team, Decay{}, in.view(), rates, out.view());
  const auto plain = [&](std::size_t r, std::size_t i) {
    return reference::decay_of(static_cast<double>(in.at(r, i)),
                               std::exp(static_cast<double>(rates[i / 3])));
  };
  EXPECT_LT(largest_difference(out, plain), kRecurrenceTolerance);
  EXPECT_TRUE(out.sentinels_stand());
}

enum class Rule { delta, sum };
enum class DecayOf { head, row };

// Two sequences of three tokens.
struct RecurrentRun {
  static constexpr Places kPlaces{2, 3, 0};

  RecurrentRun(const RecurrenceShape& of, Rule the_rule, DecayOf decay_of)
      : shape(of),
        rule(the_rule),
        keys(size(of.key_heads * of.key_dim)),
        values(size(of.value_heads * of.value_dim)),
        heads(size(of.value_heads)),
        decays(decay_of == DecayOf::head ? 1 : size(of.key_dim)),
        memory(HugeMemory::rounded(FixedState::bytes(state_shape()))),
        state(memory, state_shape()) {
    state.fill_synthetic(7);
  }
  [[nodiscard]] StateShape state_shape() const {
    return {CacheFormat::f32, kPlaces.sequences, size(shape.state_elements())};
  }
  std::size_t run(Team& team) { return run_recurrence(team, shape, kPlaces, rows(), state); }
  ChunkedCounts run_by_chunks(Team& team, std::size_t chunk) {
    std::vector<float> scratch(chunked_recurrence_floats(shape, chunk, team.size()));
    return run_chunked_recurrence(team, shape, chunk, kPlaces, rows(), state, scratch.data());
  }
  RecurrenceRows rows() {
    RecurrenceRows all{query.view(), key.view(), value.view(), decayed.view(), {}, out.view()};
    if (rule == Rule::delta) all.strength = strength.view();
    return all;
  }

  RecurrenceShape shape;
  Rule rule;
  std::size_t keys, values, heads, decays;
  GuardedRows query = GuardedRows::random(kPlaces.rows(), keys, 1);
  GuardedRows key = GuardedRows::random(kPlaces.rows(), keys, 2);
  GuardedRows value = GuardedRows::random(kPlaces.rows(), values, 3);
  GuardedRows strength = GuardedRows::random(kPlaces.rows(), heads, 4);
  GuardedRows decayed = GuardedRows::random(kPlaces.rows(), heads* decays, 5);
  GuardedRows out{kPlaces.rows(), values};
  HugeMemory memory;
  FixedState state;
};

// What one head of one sequence gives at its tokens, and leaves in its state.
struct PlainHead {
  std::vector<double> state;
  std::vector<std::vector<double>> out;
};

PlainHead plain_head(const RecurrentRun& run, std::vector<double> state, std::size_t sequence,
                     std::size_t head) {
  const std::size_t key_dim = size(run.shape.key_dim);
  const std::size_t value_dim = size(run.shape.value_dim);
  const std::size_t shared = head / size(run.shape.value_heads / run.shape.key_heads);
  PlainHead plain{std::move(state), {}};
  for (std::size_t token = 0; token < RecurrentRun::kPlaces.tokens; ++token) {
    const std::size_t r = sequence * RecurrentRun::kPlaces.tokens + token;
    const std::vector<double> query = part_of(run.query, r, shared, key_dim);
    const std::vector<double> key = part_of(run.key, r, shared, key_dim);
    const std::vector<double> value = part_of(run.value, r, head, value_dim);
    const std::vector<double> decay = part_of(run.decayed, r, head, run.decays);
    plain.out.emplace_back(value_dim);
    reference::RecurrentInput<double> in{query, key, value, decay, {}};
    if (run.rule == Rule::delta) in.strength = run.strength.at(r, head);
    reference::step_state<double>(in, plain.state, plain.out.back());
  }
  return plain;
}

// Runs it with `run`, and compares what comes out, and the states, with plain loops token by token.
template <class Run>
void expect_as_plain_loops_give(RecurrentRun of, const Run& run) {
  const std::size_t elements = size(of.shape.key_dim * of.shape.value_dim);
  std::vector<std::vector<double>> before;
  for (std::size_t sequence = 0; sequence < 2; ++sequence) {
    const auto row = of.state.floats(sequence);
    before.emplace_back(row.begin(), row.end());
  }
  run(of);
  EXPECT_TRUE(of.out.sentinels_stand());
  for (std::size_t item = 0; item < 2 * of.heads; ++item) {
    const std::size_t sequence = item / of.heads;
    const std::size_t head = item % of.heads;
    const auto first = before[sequence].begin() + static_cast<std::ptrdiff_t>(head * elements);
    const PlainHead plain =
        plain_head(of, {first, first + static_cast<std::ptrdiff_t>(elements)}, sequence, head);
    const auto after = of.state.floats(sequence).subspan(head * elements, elements);
    for (std::size_t i = 0; i < elements; ++i) EXPECT_NEAR(after[i], plain.state[i], 1e-5);
    for (std::size_t token = 0; token < 3; ++token) {
      const auto out = part_of(of.out, sequence * 3 + token, head, size(of.shape.value_dim));
      for (std::size_t i = 0; i < out.size(); ++i) EXPECT_NEAR(out[i], plain.out[token][i], 1e-5);
    }
  }
}

TEST_P(RecurrenceKernels, ChangeEachStateTokenByToken) {
  Team team(2, GetParam());
  for (const RecurrenceShape& shape :
       {RecurrenceShape{1, 1, 1, 1}, RecurrenceShape{2, 6, 5, 7}, RecurrenceShape{1, 2, 8, 16},
        RecurrenceShape{3, 3, 9, 33}, RecurrenceShape{1, 2, 3, 85}}) {
    for (const Rule rule : {Rule::delta, Rule::sum}) {
      for (const DecayOf decay_of : {DecayOf::head, DecayOf::row}) {
        expect_as_plain_loops_give({shape, rule, decay_of}, [&](RecurrentRun& run) {
          EXPECT_EQ(run.run(team), 2 * 3 * run.heads) << "each head at each token";
        });
      }
    }
  }
}

// Three tokens in chunks of so many: how many these are, and the pairs of tokens within them.
struct InChunks {
  std::size_t of, chunks, pairs;
};

void expect_chunks_to_give_the_same(Team& team, RecurrentRun of, const InChunks& expected) {
  expect_as_plain_loops_give(std::move(of), [&](RecurrentRun& run) {
    const ChunkedCounts counts = run.run_by_chunks(team, expected.of);
    EXPECT_EQ(counts.tokens, 2 * 3 * run.heads);
    EXPECT_EQ(counts.chunks, 2 * expected.chunks * run.heads);
    EXPECT_EQ(counts.pairs, 2 * expected.pairs * run.heads);
  });
}

// The last chunk may be shorter, and a chunk longer than the step.
TEST_P(RecurrenceKernels, ChangeEachStateChunkByChunk) {
  Team team(2, GetParam());
  for (const RecurrenceShape& shape :
       {RecurrenceShape{1, 1, 1, 1}, RecurrenceShape{2, 6, 5, 7}, RecurrenceShape{3, 3, 9, 33}}) {
    for (const Rule rule : {Rule::delta, Rule::sum}) {
      for (const DecayOf decay_of : {DecayOf::head, DecayOf::row}) {
        for (const InChunks& chunks :
             {InChunks{1, 3, 0}, InChunks{2, 2, 1}, InChunks{3, 1, 3}, InChunks{5, 1, 3}}) {
          expect_chunks_to_give_the_same(team, {shape, rule, decay_of}, chunks);
        }
      }
    }
  }
}

// Two sequences of three tokens, whose columns are more or fewer than the lanes of a vector.
struct Scan {
  static constexpr Places kPlaces{2, 3, 0};

  Scan(std::size_t of_columns, std::size_t of_state_dim)
      : columns(of_columns),
        state_dim(of_state_dim),
        rate_memory(
            HugeMemory::rounded(PackedMatrix::bytes(MatrixFormat::f32, columns, state_dim))),
        rates(rate_memory, MatrixFormat::f32, columns, state_dim),
        memory(HugeMemory::rounded(FixedState::bytes(state_shape()))),
        state(memory, state_shape()) {
    rates.fill(0, learned.view());
    state.fill_synthetic(7);
    for (std::size_t r = 0; r < kPlaces.rows(); ++r) {
      for (std::size_t i = 0; i < columns; ++i) {
        float& each = step.view().row(r)[i];
        each = std::abs(each);
      }
    }
  }
  [[nodiscard]] StateShape state_shape() const {
    return {CacheFormat::f32, kPlaces.sequences, columns * state_dim};
  }
  void run(Team& team) {
    std::vector<float> scratch(scan_floats(columns, state_dim));
    run_scan(team, rates, kPlaces, {query.view(), key.view(), step.view(), in.view(), out.view()},
             state, scratch.data());
  }

  std::size_t columns, state_dim;
  GuardedRows learned = GuardedRows::random(columns, state_dim, 1);
  GuardedRows query = GuardedRows::random(kPlaces.rows(), state_dim, 2);
  GuardedRows key = GuardedRows::random(kPlaces.rows(), state_dim, 3);
  GuardedRows step = GuardedRows::random(kPlaces.rows(), columns, 4);
  GuardedRows in = GuardedRows::random(kPlaces.rows(), columns, 5);
  GuardedRows out{kPlaces.rows(), columns};
  HugeMemory rate_memory;
  PackedMatrix rates;
  HugeMemory memory;
  FixedState state;
};

// The state of one column of one sequence, which lies one element in each row of columns.
std::vector<double> column_state(Scan& scan, std::size_t sequence, std::size_t column) {
  std::vector<double> state;
  for (std::size_t n = 0; n < scan.state_dim; ++n) {
    state.push_back(scan.state.floats(sequence)[n * scan.columns + column]);
  }
  return state;
}

void expect_scanned_as_plain_loops_do(Team& team, Scan scan) {
  std::vector<std::vector<double>> states;
  for (std::size_t item = 0; item < 2 * scan.columns; ++item) {
    states.push_back(column_state(scan, item / scan.columns, item % scan.columns));
  }
  scan.run(team);
  EXPECT_TRUE(scan.out.sentinels_stand());
  for (std::size_t item = 0; item < states.size(); ++item) {
    const std::size_t sequence = item / scan.columns;
    const std::size_t column = item % scan.columns;
    std::vector<double> rates = part_of(scan.learned, column, 0, scan.state_dim);
    for (double& rate : rates) rate = std::exp(rate);
    for (std::size_t token = 0; token < 3; ++token) {
      const std::size_t r = sequence * 3 + token;
      const std::vector<double> query = part_of(scan.query, r, 0, scan.state_dim);
      const std::vector<double> key = part_of(scan.key, r, 0, scan.state_dim);
      const reference::ScanInput<double> in{query, key, scan.step.at(r, column),
                                            scan.in.at(r, column), rates};
      EXPECT_NEAR(scan.out.at(r, column), reference::scan_column<double>(in, states[item]), 1e-5);
    }
    const std::vector<double> after = column_state(scan, sequence, column);
    for (std::size_t n = 0; n < after.size(); ++n) EXPECT_NEAR(after[n], states[item][n], 1e-5);
  }
}

TEST_P(RecurrenceKernels, ScanEachColumnTokenByToken) {
  Team team(2, GetParam());
  for (const std::size_t columns : {1U, 5U, 16U, 50U}) {
    for (const std::size_t state_dim : {1U, 3U, 16U}) {
      expect_scanned_as_plain_loops_do(team, {columns, state_dim});
    }
  }
}

TEST_P(RecurrenceKernels, RefuseAScanWhoseSizesDoNotAgree) {
  Team team(1, GetParam());
  Scan scan(6, 3);
  scan.key = GuardedRows::random(Scan::kPlaces.rows(), 4, 3);
  EXPECT_THROW(scan.run(team), std::invalid_argument);
}

TEST_P(RecurrenceKernels, RefuseSizesThatDoNotAgree) {
  Team team(1, GetParam());
  RecurrentRun run({2, 4, 3, 5}, Rule::delta, DecayOf::head);
  run.key = GuardedRows::random(RecurrentRun::kPlaces.rows(), 7, 2);
  EXPECT_THROW(run.run(team), std::invalid_argument);
  EXPECT_THROW(run.run_by_chunks(team, 2), std::invalid_argument);
  GuardedRows out(3, 6);
  const GuardedRows in = GuardedRows::random(3, 6, 1);
  EXPECT_THROW(normalize_length(team, in.view(), 4, 0, out.view()), std::invalid_argument);
  EXPECT_THROW(decay(team, Decay{}, in.view(), std::vector<float>(4), out.view()),
               std::invalid_argument);
}

TEST(AState, IsChangedInPlaceOnlyInF32) {
  const StateShape shape{CacheFormat::bf16, 1, 4};
  HugeMemory memory(HugeMemory::rounded(FixedState::bytes(shape)));
  FixedState state(memory, shape);
  EXPECT_THROW((void)state.floats(0), std::invalid_argument);
}

}  // namespace
}  // namespace llmarch::fast
