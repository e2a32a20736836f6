// The operations of hyper-connections and attention residuals, which treat a row as several
// vectors.
#include <algorithm>
#include <vector>

#include "kernels/engine/step.h"
#include "kernels/reference/connection_kernels.h"

namespace llmarch::fast {
namespace {

// Runs body(row) for every row; each thread does its share of them.
template <class Body>
void for_rows_of(Step& step, ConstRows rows, const Body& body) {
  step.team.run([&](std::size_t thread) {
    const Share share = share_of(rows.rows, thread, step.team.size());
    for (std::size_t r = share.first; r < share.last; ++r) body(r);
  });
}

// sum += factor * vector
void accumulate_vector(float factor, const float* vector, std::size_t width, float* sum) {
  for (std::size_t k = 0; k < width; ++k) sum[k] += factor * vector[k];
}

// What every operation here enters: what it read and wrote, and so many rows.
void enter(Step& step, std::initializer_list<ConstRows> read, ConstRows written) {
  for (const ConstRows& rows : read) step.count_read(rows);
  step.count_written(written);
  step.count_each(written.rows);
}

}  // namespace

void run(Step& step, const RepeatVector& op) {
  const Rows in = step.value(op.in);
  const Rows out = step.value(op.out);
  for_rows_of(step, in, [&](std::size_t r) {
    float* to = out.row(r);
    for (std::size_t i = 0; i < size(op.times); ++i) to = std::copy_n(in.row(r), in.columns, to);
  });
  enter(step, {in}, out);
}

// In double, as the few weights of a row are made of each other many times.
void run(Step& step, const WeighStreams& op) {
  const Rows in = step.value(op.in);
  const Rows out = step.value(op.out);
  const std::span<const float> scale = step.vector(op.scale);
  const std::span<const float> bias = step.vector(op.bias);
  for_rows_of(step, in, [&](std::size_t r) {
    std::vector<double> weights(in.columns);
    for (std::size_t i = 0; i < in.columns; ++i) {
      const double factor = scale[reference::scale_of(i, size(op.streams))];
      weights[i] = factor * in.row(r)[i] + bias[i];
    }
    reference::weigh_streams(op, std::span(weights));
    for (std::size_t i = 0; i < in.columns; ++i) out.row(r)[i] = static_cast<float>(weights[i]);
  });
  step.count_weight(op.scale);
  step.count_weight(op.bias);
  enter(step, {in}, out);
}

void run(Step& step, const CollapseStreams& op) {
  const Rows in = step.value(op.in);
  const Rows weights = step.value(op.weights);
  const Rows out = step.value(op.out);
  for_rows_of(step, in, [&](std::size_t r) {
    std::fill_n(out.row(r), out.columns, 0.0F);
    for (std::size_t i = 0; i < size(op.streams); ++i) {
      accumulate_vector(weights.row(r)[i], in.row(r) + i * out.columns, out.columns, out.row(r));
    }
  });
  enter(step, {in, weights}, out);
}

void run(Step& step, const MixStreams& op) {
  const Rows in = step.value(op.in);
  const Rows added = step.value(op.added);
  const Rows weights = step.value(op.weights);
  const Rows out = step.value(op.out);
  const std::size_t count = size(op.streams);
  const std::size_t width = added.columns;
  for_rows_of(step, in, [&](std::size_t r) {
    const float* const own = weights.row(r) + count;
    const float* const matrix = own + count;
    for (std::size_t j = 0; j < count; ++j) {
      float* const to = out.row(r) + j * width;
      std::fill_n(to, width, 0.0F);
      for (std::size_t i = 0; i < count; ++i) {
        accumulate_vector(matrix[i * count + j], in.row(r) + i * width, width, to);
      }
      accumulate_vector(own[j], added.row(r), width, to);
    }
  });
  enter(step, {in, added, weights}, out);
}

void run(Step& step, const AttendVectors& op) {
  const Rows keys = step.value(op.keys);
  const Rows values = step.value(op.values);
  const Rows out = step.value(op.out);
  const std::span<const float> query = step.vector(op.query);
  const std::size_t width = out.columns;
  for_rows_of(step, values, [&](std::size_t r) {
    std::vector<double> weights(size(op.vectors), 0.0);
    for (std::size_t i = 0; i < weights.size(); ++i) {
      const float* const key = keys.row(r) + i * width;
      for (std::size_t k = 0; k < width; ++k) weights[i] += static_cast<double>(key[k]) * query[k];
    }
    reference::softmax(std::span(weights));
    std::fill_n(out.row(r), width, 0.0F);
    for (std::size_t i = 0; i < weights.size(); ++i) {
      accumulate_vector(static_cast<float>(weights[i]), values.row(r) + i * width, width,
                        out.row(r));
    }
  });
  step.count_weight(op.query);
  enter(step, {keys, values}, out);
}

void run(Step& step, const AddToLastVector& op) {
  const Rows in = step.value(op.in);
  const Rows added = step.value(op.added);
  const Rows out = step.value(op.out);
  const std::size_t first = in.columns - added.columns;
  for_rows_of(step, in, [&](std::size_t r) {
    std::copy_n(in.row(r), in.columns, out.row(r));
    accumulate_vector(1, added.row(r), added.columns, out.row(r) + first);
  });
  enter(step, {in, added}, out);
}

}  // namespace llmarch::fast
