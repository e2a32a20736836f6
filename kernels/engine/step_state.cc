// The operations on fixed states, and the gates around them.
#include <vector>

#include "kernels/engine/step.h"

namespace llmarch::fast {
namespace {

// out = left * right, for each thread's share of the rows
void multiply_rows(Team& team, ConstRows left, ConstRows right, Rows out) {
  team.run([&](std::size_t thread) {
    const Share share = share_of(out.rows, thread, team.size());
    for (std::size_t r = share.first; r < share.last; ++r) {
      for (std::size_t i = 0; i < out.columns; ++i)
        out.row(r)[i] = left.row(r)[i] * right.row(r)[i];
    }
  });
}

// A convolution of some columns, those of one thread, with its scratch: the taps by position, and
// the rows that a state has kept.
class ColumnConvolution {
 public:
  ColumnConvolution(const PackedMatrix& taps, Share columns, float* scratch)
      : columns_(columns),
        kernel_(taps.inputs()),
        all_columns_(taps.outputs()),
        taps_(scratch),
        kept_(scratch + kernel_ * all_columns_) {
    std::vector<float> row(kernel_);
    for (std::size_t i = columns.first; i < columns.last; ++i) {
      taps.read(i, row);
      for (std::size_t k = 0; k < kernel_; ++k) taps_[k * all_columns_ + i] = row[k];
    }
  }

  // The rows of one sequence. Its state is what was kept before them, and then the newest rows.
  void run(FixedState& state, std::size_t sequence, ConstRows in, Rows out) const {
    for (std::size_t k = 0; k + 1 < kernel_; ++k) {
      const std::size_t first = k * all_columns_ + columns_.first;
      state.read(sequence, first, {kept_ + first, count()});
    }
    for (std::size_t token = 0; token < in.rows; ++token) convolve(in, token, out.row(token));
    for (std::size_t k = 0; k + 1 < kernel_; ++k) {
      const float* newest = row_at(in, in.rows + k) + columns_.first;
      state.write(sequence, k * all_columns_ + columns_.first, {newest, count()});
    }
  }

 private:
  [[nodiscard]] std::size_t count() const { return columns_.last - columns_.first; }
  // Row `index` of what was kept and then the rows of the step.
  [[nodiscard]] const float* row_at(ConstRows in, std::size_t index) const {
    return index + 1 < kernel_ ? kept_ + index * all_columns_ : in.row(index + 1 - kernel_);
  }
  void convolve(ConstRows in, std::size_t token, float* out) const {
    for (std::size_t i = columns_.first; i < columns_.last; ++i) out[i] = 0;
    for (std::size_t k = 0; k < kernel_; ++k) {
      const float* row = row_at(in, token + k);
      const float* taps = taps_ + k * all_columns_;
      for (std::size_t i = columns_.first; i < columns_.last; ++i) out[i] += taps[i] * row[i];
    }
  }

  Share columns_;
  std::size_t kernel_, all_columns_;
  float* taps_;  // (kernel, columns)
  float* kept_;  // (kernel - 1, columns)
};

std::size_t convolution_floats(std::size_t columns, std::size_t kernel) {
  return (2 * kernel - 1) * columns;
}

}  // namespace

Scratch ScratchOf::operator()(const Convolve& op) const {
  return {convolution_floats(columns(op.in), size(graph.weight(op.taps).columns)), 0};
}

void run(Step& step, const Multiply& op) {
  const Rows left = step.value(op.left);
  const Rows right = step.value(op.right);
  const Rows out = step.value(op.out);
  multiply_rows(step.team, left, right, out);
  step.count_read(left);
  step.count_read(right);
  step.count_written(out);
  step.count_elements(out);
}

void run(Step& step, const Convolve& op) {
  const Rows in = step.value(op.in);
  const Rows out = step.value(op.out);
  const PackedMatrix& taps = step.matrix(op.taps);
  FixedState& state = step.state(op.state);
  const Places& places = step.places;
  float* const scratch = step.scratch(convolution_floats(taps.outputs(), taps.inputs()));
  step.team.run([&](std::size_t thread) {
    const Share columns = share_of(in.columns, thread, step.team.size());
    const ColumnConvolution convolution(taps, columns, scratch);
    for (std::size_t sequence = 0; sequence < places.sequences; ++sequence) {
      const std::size_t first = sequence * places.tokens;
      convolution.run(state, sequence, {in.row(first), places.tokens, in.columns, in.stride},
                      {out.row(first), places.tokens, out.columns, out.stride});
    }
  });
  if (op.bias) {
    add_bias(step.team, out, step.vector(*op.bias), out);
    step.count_weight(*op.bias);
  }
  step.count_state(op.state);
  step.count_weight(op.taps);
  step.count_read(in);
  step.count_written(out);
  step.count_elements(out);
}

}  // namespace llmarch::fast
