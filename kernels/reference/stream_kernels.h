// The operations of parallel residual streams, and others that treat a row as several vectors:
// per-copy projections, magnitudes, selections of columns.
#pragma once

#include <algorithm>

#include "kernels/reference/arithmetic.h"
#include "kernels/reference/step.h"

namespace llmarch::reference {

template <class Scalar>
void run(BlockRun<Scalar>& step, const ProjectEach& op) {
  auto in = step.read(op.in);
  auto weight = step.weight(op.weight);
  auto out = step.write(op.out);
  const std::size_t copies = size(step.graph->weight(op.weight).copies);
  const std::size_t columns = size(step.graph->weight(op.weight).columns);
  for (std::size_t r = 0; r < in.rows(); ++r) {
    const auto row = in.row(r);
    const bool one_for_all = row.size() == columns;
    for (std::size_t copy = 0; copy < copies; ++copy) {
      const auto source = part(row, one_for_all ? 0 : copy, columns);
      const auto target = part(out.row(r), copy, weight.rows());
      for (std::size_t i = 0; i < target.size(); ++i) target[i] = dot(source, weight.row(i, copy));
    }
  }
}

template <class Scalar>
void run(BlockRun<Scalar>& step, const ScaleColumns& op) {
  auto in = step.read(op.in);
  const auto weight = step.weight(op.weight).row(0);
  auto out = step.write(op.out);
  for (std::size_t r = 0; r < in.rows(); ++r) {
    const auto row = in.row(r);
    const auto target = out.row(r);
    const std::size_t width = row.size() / weight.size();
    for (std::size_t i = 0; i < row.size(); ++i) target[i] = row[i] * Scalar(weight[i / width]);
  }
}

// max(0, x - (mean + deviations * standard deviation)), over a row
template <class Scalar>
void sparsify(std::span<const Scalar> in, double deviations, std::span<Scalar> out) {
  const auto count = Scalar(static_cast<double>(in.size()));
  Scalar sum = 0.0;
  for (const Scalar x : in) sum += x;
  const Scalar mean = sum / count;
  Scalar squares = 0.0;
  for (const Scalar x : in) {
    const Scalar distance = x - mean;
    squares += distance * distance;
  }
  const Scalar bound = mean + Scalar(deviations) * root(squares / count);
  for (std::size_t i = 0; i < in.size(); ++i) {
    const Scalar above = in[i] - bound;
    out[i] = above < Scalar(0.0) ? Scalar(0.0) : above;
  }
}

template <class Scalar>
void run(BlockRun<Scalar>& step, const Sparsify& op) {
  auto in = step.read(op.in);
  auto out = step.write(op.out);
  for (std::size_t r = 0; r < in.rows(); ++r) sparsify(in.row(r), op.deviations, out.row(r));
}

// A row that is read in part counts whole, since the books count rows.
template <class Scalar>
void run(BlockRun<Scalar>& step, const SelectColumns& op) {
  auto in = step.read(op.in);
  auto out = step.write(op.out);
  for (std::size_t r = 0; r < in.rows(); ++r) {
    const auto target = out.row(r);
    const auto source = in.row(r).subspan(size(op.offset), target.size());
    std::copy(source.begin(), source.end(), target.begin());
  }
}

template <class Scalar>
void run(BlockRun<Scalar>& step, const JoinColumns& op) {
  auto left = step.read(op.left);
  auto right = step.read(op.right);
  auto out = step.write(op.out);
  for (std::size_t r = 0; r < left.rows(); ++r) {
    const auto first = left.row(r);
    const auto second = right.row(r);
    const auto behind = std::copy(first.begin(), first.end(), out.row(r).begin());
    std::copy(second.begin(), second.end(), behind);
  }
}

template <class Scalar>
Scalar mean_square(std::span<const Scalar> vector) {
  Scalar sum = 0.0;
  for (const Scalar x : vector) sum += x * x;
  return sum / Scalar(static_cast<double>(vector.size()));
}

template <class Scalar>
void run(BlockRun<Scalar>& step, const MatchMagnitude& op) {
  auto in = step.read(op.in);
  auto reference = step.read(op.reference);
  auto out = step.write(op.out);
  for (std::size_t r = 0; r < in.rows(); ++r) {
    const Scalar wanted = root(mean_square(reference.row(r)));
    const std::size_t width = in.row(r).size() / size(op.vectors);
    for (std::size_t i = 0; i < size(op.vectors); ++i) {
      const auto source = part(in.row(r), i, width);
      const auto target = part(out.row(r), i, width);
      const Scalar found = mean_square(source);
      const Scalar factor = wanted / root(found < Scalar(op.least) ? Scalar(op.least) : found);
      for (std::size_t k = 0; k < width; ++k) target[k] = source[k] * factor;
    }
  }
}

template <class Scalar>
void run(BlockRun<Scalar>& step, const AverageVectors& op) {
  auto in = step.read(op.in);
  auto out = step.write(op.out);
  for (std::size_t r = 0; r < in.rows(); ++r) {
    const auto target = out.row(r);
    const auto first = part(in.row(r), 0, target.size());
    std::copy(first.begin(), first.end(), target.begin());
    for (std::size_t i = 1; i < size(op.vectors); ++i) {
      const auto source = part(in.row(r), i, target.size());
      for (std::size_t k = 0; k < source.size(); ++k) target[k] += source[k];
    }
    for (Scalar& x : target) x = x / Scalar(op.vectors.as_double());
  }
}

template <class Scalar>
void run(BlockRun<Scalar>& step, const PredictStreams& op) {
  auto in = step.read(op.in);
  auto coefficients = step.read(op.coefficients);
  auto out = step.write(op.out);
  const std::size_t streams = size(op.streams);
  for (std::size_t r = 0; r < in.rows(); ++r) {
    const auto row = in.row(r);
    const std::size_t width = row.size() / streams;
    for (std::size_t j = 0; j < streams; ++j) {
      const auto target = part(out.row(r), j, width);
      const auto own = part(coefficients.row(r), j, streams);
      for (std::size_t i = 0; i < streams; ++i) {
        accumulate_product(own[i], part(row, i, width), target);
      }
      const auto before = part(row, j, width);
      for (std::size_t k = 0; k < width; ++k) target[k] += before[k];
    }
  }
}

template <class Scalar>
void run(BlockRun<Scalar>& step, const CorrectStreams& op) {
  auto in = step.read(op.in);
  auto activated = step.read(op.activated);
  auto coefficients = step.read(op.coefficients);
  auto out = step.write(op.out);
  for (std::size_t r = 0; r < in.rows(); ++r) {
    const auto done = activated.row(r);
    const auto predicted = part(in.row(r), size(op.active), done.size());
    std::vector<Scalar> news(done.begin(), done.end());
    for (std::size_t k = 0; k < news.size(); ++k) news[k] = news[k] - predicted[k];
    for (std::size_t j = 0; j < size(op.streams); ++j) {
      const Scalar factor = Scalar(1.0) + coefficients.row(r)[j];
      const auto before = part(in.row(r), j, news.size());
      const auto target = part(out.row(r), j, news.size());
      for (std::size_t k = 0; k < news.size(); ++k) target[k] = before[k] + factor * news[k];
    }
  }
}

template <class Scalar>
void run(BlockRun<Scalar>& step, const AddToOtherStreams& op) {
  auto in = step.read(op.in);
  auto added = step.read(op.added);
  auto out = step.write(op.out);
  for (std::size_t r = 0; r < in.rows(); ++r) {
    const auto row = in.row(r);
    const auto more = added.row(r);
    const auto target = out.row(r);
    std::copy(row.begin(), row.end(), target.begin());
    for (std::size_t k = more.size(); k < row.size(); ++k) {
      target[k] = row[k] + more[k % more.size()];
    }
  }
}

}  // namespace llmarch::reference
