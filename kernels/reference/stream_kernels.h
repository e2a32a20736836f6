// The operations on parallel residual streams and beside the residual (sim/graph/stream_ops.h).
#pragma once

#include <algorithm>

#include "kernels/reference/arithmetic.h"
#include "kernels/reference/step.h"

namespace llmarch::reference {

template <class Scalar>
void run(BlockRun<Scalar>& step, const TakeColumns& op) {
  auto out = step.write(op.out);
  const std::size_t columns = step.values.at(op.out).columns;
  auto in = step.read_part(op.in, size(op.offset), columns);
  for (std::size_t r = 0; r < out.rows(); ++r) {
    const auto row = in.row(r);
    std::copy(row.begin(), row.end(), out.row(r).begin());
  }
}

template <class Scalar>
void run(BlockRun<Scalar>& step, const JoinColumns& op) {
  auto out = step.write(op.out);
  std::size_t offset = 0;
  for (const ValueId each : op.in) {
    auto in = step.read(each);
    for (std::size_t r = 0; r < in.rows(); ++r) {
      const auto row = in.row(r);
      std::copy(row.begin(), row.end(), out.row(r).subspan(offset).begin());
    }
    offset += step.values.at(each).columns;
  }
}

template <class Scalar>
void run(BlockRun<Scalar>& step, const MatchMagnitude& op) {
  auto reference = step.read(op.reference);
  auto in = step.read(op.in);
  auto out = step.write(op.out);
  for (std::size_t r = 0; r < in.rows(); ++r) {
    const Scalar own = mean_square(in.row(r));
    const Scalar floored = own < Scalar(op.floor) ? Scalar(op.floor) : own;
    const Scalar ratio = root(mean_square(reference.row(r))) / root(floored);
    const auto row = in.row(r);
    std::transform(row.begin(), row.end(), out.row(r).begin(), [&](Scalar x) { return x * ratio; });
  }
}

// The `stream`th of `streams` vectors in a row.
template <class Span>
auto stream_of(Span row, std::size_t streams, std::size_t stream) {
  const std::size_t width = row.size() / streams;
  return row.subspan(stream * width, width);
}

template <class Scalar>
void run(BlockRun<Scalar>& step, const MixStreams& op) {
  auto coefficients = step.read(op.coefficients);
  auto in = step.read(op.in);
  auto out = step.write(op.out);
  const std::size_t streams = size(op.streams);
  for (std::size_t r = 0; r < in.rows(); ++r) {
    const auto row = in.row(r);
    for (std::size_t j = 0; j < streams; ++j) {
      const auto target = stream_of(out.row(r), streams, j);
      for (std::size_t i = 0; i < streams; ++i) {
        accumulate_product(coefficients.row(r)[j * streams + i], stream_of(row, streams, i),
                           target);
      }
      const auto before = stream_of(row, streams, j);
      for (std::size_t c = 0; c < target.size(); ++c) target[c] += before[c];
    }
  }
}

template <class Scalar>
void run(BlockRun<Scalar>& step, const CorrectStreams& op) {
  auto coefficients = step.read(op.coefficients);
  auto result = step.read(op.result);
  auto in = step.read(op.in);
  auto out = step.write(op.out);
  const std::size_t streams = size(op.streams);
  for (std::size_t r = 0; r < in.rows(); ++r) {
    const auto row = in.row(r);
    const auto found = result.row(r);
    const auto predicted = stream_of(row, streams, size(op.active));
    std::vector<Scalar> innovation(found.size(), Scalar(0.0));
    for (std::size_t c = 0; c < found.size(); ++c) innovation[c] = found[c] - predicted[c];
    for (std::size_t j = 0; j < streams; ++j) {
      const Scalar by = coefficients.row(r)[j] + Scalar(1.0);
      const auto before = stream_of(row, streams, j);
      const auto target = stream_of(out.row(r), streams, j);
      for (std::size_t c = 0; c < target.size(); ++c) {
        target[c] = before[c] + by * innovation[c];
      }
    }
  }
}

template <class Scalar>
void run(BlockRun<Scalar>& step, const AddToStreams& op) {
  auto in = step.read(op.in);
  auto addend = step.read(op.addend);
  auto out = step.write(op.out);
  const std::size_t streams = size(op.streams);
  for (std::size_t r = 0; r < in.rows(); ++r) {
    const auto row = in.row(r);
    const auto target = out.row(r);
    std::copy(row.begin(), row.end(), target.begin());
    for (std::size_t j = size(op.first); j < streams; ++j) {
      const auto stream = stream_of(target, streams, j);
      for (std::size_t c = 0; c < stream.size(); ++c) stream[c] += addend.row(r)[c];
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
    for (std::size_t c = 0; c < row.size(); ++c) target[c] = row[c] * Scalar(weight[c]);
  }
}

template <class Scalar>
void run(BlockRun<Scalar>& step, const Sparsify& op) {
  auto in = step.read(op.in);
  auto out = step.write(op.out);
  for (std::size_t r = 0; r < in.rows(); ++r) sparsify(in.row(r), op.deviations, out.row(r));
}

}  // namespace llmarch::reference
