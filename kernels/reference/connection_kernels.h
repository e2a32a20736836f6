// The operations of hyper-connections and attention residuals, which treat a row as several
// vectors.
#pragma once

#include <algorithm>
#include <span>
#include <vector>

#include "kernels/reference/arithmetic.h"
#include "kernels/reference/step.h"

namespace llmarch::reference {

template <class Scalar>
void run(BlockRun<Scalar>& step, const RepeatVector& op) {
  auto in = step.read(op.in);
  auto out = step.write(op.out);
  for (std::size_t r = 0; r < in.rows(); ++r) {
    const auto source = in.row(r);
    for (std::size_t i = 0; i < size(op.times); ++i) {
      std::copy(source.begin(), source.end(), part(out.row(r), i, source.size()).begin());
    }
  }
}

// Divides the elements that lie `apart` from each other, beginning with each of `first`, by their
// sum.
template <class Scalar>
void divide_by_sums(std::span<Scalar> matrix, std::size_t count, std::size_t between,
                    std::size_t apart, double epsilon) {
  for (std::size_t line = 0; line < count; ++line) {
    Scalar sum = epsilon;
    for (std::size_t i = 0; i < count; ++i) sum += matrix[line * between + i * apart];
    for (std::size_t i = 0; i < count; ++i) {
      Scalar& element = matrix[line * between + i * apart];
      element = element / sum;
    }
  }
}

// Makes the weights of one row of what they are made of, scaled and biased, in place.
template <class Scalar>
void weigh_streams(const WeighStreams& op, std::span<Scalar> row) {
  const std::size_t count = size(op.streams);
  const Scalar epsilon = op.epsilon;
  for (Scalar& weight : row.first(count)) weight = sigmoid(weight) + epsilon;
  if (!op.iterations) return;
  for (Scalar& weight : row.subspan(count, count)) weight = Scalar(2.0) * sigmoid(weight);
  const auto matrix = row.subspan(2 * count);
  for (std::size_t i = 0; i < count; ++i) {
    softmax(part(matrix, i, count));
    for (Scalar& weight : part(matrix, i, count)) weight += epsilon;
  }
  for (std::size_t i = 0; i < size(*op.iterations); ++i) {
    if (i > 0) divide_by_sums(matrix, count, count, 1, op.epsilon);
    divide_by_sums(matrix, count, 1, count, op.epsilon);
  }
}

// Which of the scales a weight has: that of the weights a, b or c.
inline std::size_t scale_of(std::size_t weight, std::size_t streams) {
  return std::min<std::size_t>(weight / streams, 2);
}

template <class Scalar>
void run(BlockRun<Scalar>& step, const WeighStreams& op) {
  auto in = step.read(op.in);
  const auto scale = step.weight(op.scale).row(0);
  const auto bias = step.weight(op.bias).row(0);
  auto out = step.write(op.out);
  for (std::size_t r = 0; r < in.rows(); ++r) {
    const auto source = in.row(r);
    const auto target = out.row(r);
    for (std::size_t i = 0; i < source.size(); ++i) {
      const double factor = scale[scale_of(i, size(op.streams))];
      target[i] = Scalar(factor) * source[i] + Scalar(bias[i]);
    }
    weigh_streams(op, target);
  }
}

template <class Scalar>
void run(BlockRun<Scalar>& step, const CollapseStreams& op) {
  auto in = step.read(op.in);
  auto weights = step.read(op.weights);
  auto out = step.write(op.out);
  for (std::size_t r = 0; r < in.rows(); ++r) {
    const auto target = out.row(r);
    for (std::size_t i = 0; i < size(op.streams); ++i) {
      accumulate_product(weights.row(r)[i], part(in.row(r), i, target.size()), target);
    }
  }
}

template <class Scalar>
void run(BlockRun<Scalar>& step, const MixStreams& op) {
  auto in = step.read(op.in);
  auto added = step.read(op.added);
  auto weights = step.read(op.weights);
  auto out = step.write(op.out);
  const std::size_t count = size(op.streams);
  for (std::size_t r = 0; r < in.rows(); ++r) {
    const auto more = added.row(r);
    const auto own = weights.row(r).subspan(count, count);
    const auto matrix = weights.row(r).subspan(2 * count);
    for (std::size_t j = 0; j < count; ++j) {
      const auto target = part(out.row(r), j, more.size());
      for (std::size_t i = 0; i < count; ++i) {
        accumulate_product(matrix[i * count + j], part(in.row(r), i, more.size()), target);
      }
      for (std::size_t k = 0; k < more.size(); ++k) target[k] += own[j] * more[k];
    }
  }
}

template <class Scalar>
void run(BlockRun<Scalar>& step, const AttendVectors& op) {
  auto keys = step.read(op.keys);
  auto values = step.read(op.values);
  const auto query = step.weight(op.query).row(0);
  auto out = step.write(op.out);
  for (std::size_t r = 0; r < values.rows(); ++r) {
    const auto target = out.row(r);
    std::vector<Scalar> weights;
    for (std::size_t i = 0; i < size(op.vectors); ++i) {
      weights.push_back(dot(part(keys.row(r), i, target.size()), query));
    }
    softmax(std::span(weights));
    for (std::size_t i = 0; i < weights.size(); ++i) {
      accumulate_product(weights[i], part(values.row(r), i, target.size()), target);
    }
  }
}

template <class Scalar>
void run(BlockRun<Scalar>& step, const AddToLastVector& op) {
  auto in = step.read(op.in);
  auto added = step.read(op.added);
  auto out = step.write(op.out);
  for (std::size_t r = 0; r < in.rows(); ++r) {
    const auto row = in.row(r);
    const auto more = added.row(r);
    const auto target = out.row(r);
    const std::size_t first = row.size() - more.size();
    std::copy(row.begin(), row.end(), target.begin());
    for (std::size_t k = 0; k < more.size(); ++k) target[first + k] = row[first + k] + more[k];
  }
}

}  // namespace llmarch::reference
