// The operations that treat each row by itself: look-ups, norms, projections, activations, sums;
// and the convolution, which treats each column by itself.
#pragma once

#include <algorithm>
#include <cmath>

#include "kernels/reference/arithmetic.h"
#include "kernels/reference/step.h"

namespace llmarch::reference {

template <class Scalar>
void run(BlockRun<Scalar>& step, const Embed& op) {
  auto table = step.weight(op.table);
  auto out = step.write(op.out);
  const std::size_t first = op.share ? size(op.share->first) : 0;
  for (std::size_t r = 0; r < out.rows(); ++r) {
    const auto id = static_cast<std::size_t>(step.token_ids[r]);
    const bool held = id >= first && id - first < table.rows();
    const auto row = table.look_up(held ? id - first : 0);
    const auto target = out.row(r);
    if (held) std::copy(row.begin(), row.end(), target.begin());
  }
}

template <class Scalar>
void run(BlockRun<Scalar>& step, const AddPositions& op) {
  auto table = step.weight(op.table);
  auto in = step.read(op.in);
  auto out = step.write(op.out);
  for (std::size_t r = 0; r < in.rows(); ++r) {
    const auto position = table.look_up(step.place(r).position + size(op.offset));
    for (std::size_t i = 0; i < position.size(); ++i) {
      out.row(r)[i] = in.row(r)[i] + Scalar(position[i]);
    }
  }
}

// out = in, each row times a factor of its own
template <class Scalar, class Factor>
void scale_rows(BlockRun<Scalar>& step, ValueId from, ValueId to, const Factor& factor) {
  auto in = step.read(from);
  auto out = step.write(to);
  for (std::size_t r = 0; r < in.rows(); ++r) {
    const Scalar by = factor(r);
    const auto row = in.row(r);
    const auto target = out.row(r);
    for (std::size_t i = 0; i < row.size(); ++i) target[i] = row[i] * by;
  }
}

template <class Scalar>
void run(BlockRun<Scalar>& step, const Scale& op) {
  scale_rows(step, op.in, op.out, [&](std::size_t) { return Scalar(op.factor); });
}

template <class Scalar>
void run(BlockRun<Scalar>& step, const ScaleByPosition& op) {
  scale_rows(step, op.in, op.out, [&](std::size_t r) {
    return Scalar(growth_at(op.temperature, static_cast<double>(step.place(r).position)));
  });
}

template <class Scalar>
void run(BlockRun<Scalar>& step, const GateRows& op) {
  auto gate = step.read(op.gate);
  auto in = step.read(op.in);
  auto out = step.write(op.out);
  for (std::size_t r = 0; r < in.rows(); ++r) {
    const auto gates = gate.row(r);
    const std::size_t width = in.row(r).size() / gates.size();
    for (std::size_t g = 0; g < gates.size(); ++g) {
      const Scalar by = op.activation ? activate(*op.activation, gates[g]) : gates[g];
      const auto source = part(in.row(r), g, width);
      const auto target = part(out.row(r), g, width);
      for (std::size_t i = 0; i < width; ++i) target[i] = source[i] * by;
    }
  }
}

template <class Scalar>
void run(BlockRun<Scalar>& step, const ScaleByConstant& op) {
  const Scalar by = step.weights->of(op.factor, step.layer)[0];
  scale_rows(step, op.in, op.out, [&](std::size_t) { return by; });
}

// The weight of each group of a norm: the same for all, each group's own, or none.
template <class Scalar>
std::vector<std::span<const float>> weights_of_groups(BlockRun<Scalar>& step, const Normalize& op) {
  std::vector<std::span<const float>> weights(size(op.groups));
  if (!op.weight) return weights;
  auto weight = step.weight(*op.weight);
  const bool own = step.graph->weight(*op.weight).copies > 1;
  for (std::size_t group = 0; group < weights.size(); ++group) {
    weights[group] = weight.row(0, own ? group : 0);
  }
  return weights;
}

template <class Scalar>
void run(BlockRun<Scalar>& step, const Normalize& op) {
  auto in = step.read(op.in);
  const std::vector<std::span<const float>> weights = weights_of_groups(step, op);
  std::span<const float> bias;
  if (op.bias) bias = step.weight(*op.bias).row(0);
  auto out = step.write(op.out);
  for (std::size_t r = 0; r < in.rows(); ++r) {
    for (std::size_t group = 0; group < size(op.groups); ++group) {
      const std::span<const float> weight = weights[group];
      const std::size_t width = in.row(r).size() / size(op.groups);
      const auto source = in.row(r).subspan(group * width, width);
      const auto target = out.row(r).subspan(group * width, width);
      switch (op.kind) {
        case NormKind::rms: normalize_rms(source, weight, op.epsilon, target); break;
        case NormKind::layer: normalize_layer(source, weight, bias, op.epsilon, target); break;
      }
    }
  }
}

// The product with weights that are clipped to [-clip, clip].
template <class Scalar>
Scalar clipped_dot(std::span<const Scalar> row, std::span<const float> weights, double clip) {
  std::vector<double> clipped(weights.begin(), weights.end());
  for (double& weight : clipped) weight = std::clamp(weight, -clip, clip);
  return dot(row, std::span<const double>(clipped));
}

template <class Scalar>
void add_to_rows(RowWriter<Scalar>& out, std::span<const float> bias) {
  for (std::size_t r = 0; r < out.rows(); ++r) {
    const auto row = out.row(r);
    for (std::size_t i = 0; i < bias.size(); ++i) row[i] += Scalar(bias[i]);
  }
}

template <class Scalar>
void run(BlockRun<Scalar>& step, const Project& op) {
  auto in = step.read(op.in);
  auto weight = step.weight(op.weight);
  auto out = step.write(op.out);
  for (std::size_t r = 0; r < in.rows(); ++r) {
    const auto row = in.row(r);
    const auto target = out.row(r);
    for (std::size_t i = 0; i < weight.rows(); ++i) {
      target[i] = op.weight_clip ? clipped_dot(row, weight.row(i), *op.weight_clip)
                                 : dot(row, weight.row(i));
    }
  }
  if (op.bias) add_to_rows(out, step.weight(*op.bias).row(0));
}

// out = f(in), element by element
template <class Scalar, class Function>
void map_elements(BlockRun<Scalar>& step, ValueId from, ValueId to, const Function& f) {
  auto in = step.read(from);
  auto out = step.write(to);
  for (std::size_t r = 0; r < in.rows(); ++r) {
    const auto row = in.row(r);
    std::transform(row.begin(), row.end(), out.row(r).begin(), f);
  }
}

// out = f(left, right), element by element
template <class Scalar, class Function>
void combine_elements(BlockRun<Scalar>& step, ValueId first, ValueId second, ValueId to,
                      const Function& f) {
  auto left = step.read(first);
  auto right = step.read(second);
  auto out = step.write(to);
  for (std::size_t r = 0; r < left.rows(); ++r) {
    const auto row = left.row(r);
    std::transform(row.begin(), row.end(), right.row(r).begin(), out.row(r).begin(), f);
  }
}

template <class Scalar>
void run(BlockRun<Scalar>& step, const SoftCap& op) {
  map_elements(step, op.in, op.out, [&](Scalar x) { return soft_capped(x, op.cap); });
}

// A copy where it is within the bounds, so that no arithmetic is counted.
template <class Scalar>
void run(BlockRun<Scalar>& step, const Clip& op) {
  map_elements(step, op.in, op.out, [&](Scalar x) {
    const double value = plain(x);
    return value < -op.bound ? Scalar(-op.bound) : value > op.bound ? Scalar(op.bound) : x;
  });
}

template <class Scalar>
void run(BlockRun<Scalar>& step, const Activate& op) {
  map_elements(step, op.in, op.out, [&](Scalar x) { return activate(op.activation, x); });
}

template <class Scalar>
void run(BlockRun<Scalar>& step, const Gate& op) {
  combine_elements(step, op.gate, op.up, op.out,
                   [&](Scalar gate, Scalar up) { return gated(op.form, gate, up); });
}

template <class Scalar>
void run(BlockRun<Scalar>& step, const ActivateXielu& op) {
  const XieluSlopes slopes = xielu_slopes(op.xielu, step.weight(op.positive).row(0)[0],
                                          step.weight(op.negative).row(0)[0]);
  map_elements(step, op.in, op.out, [&](Scalar x) { return activate_xielu(op.xielu, slopes, x); });
}

template <class Scalar>
void run(BlockRun<Scalar>& step, const Add& op) {
  combine_elements(step, op.left, op.right, op.out, [](Scalar a, Scalar b) { return a + b; });
}

template <class Scalar>
void run(BlockRun<Scalar>& step, const Multiply& op) {
  combine_elements(step, op.left, op.right, op.out, [](Scalar a, Scalar b) { return a * b; });
}

// The sum of each value times its tap: one column of a convolution at one position.
template <class Scalar>
Scalar tapped_sum(std::span<const Scalar> values, std::span<const float> taps) {
  Scalar sum = 0.0;
  for (std::size_t k = 0; k < values.size(); ++k) sum += values[k] * Scalar(taps[k]);
  return sum;
}

// The rows of a sequence follow those that its state has kept, and the newest of them are kept for
// the next step.
template <class Scalar>
void run(BlockRun<Scalar>& step, const Convolve& op) {
  auto in = step.read(op.in);
  auto taps = step.weight(op.taps);
  auto state = step.state(op.state);
  auto out = step.write(op.out);
  const std::size_t columns = taps.rows();
  for (std::size_t sequence = 0; sequence < step.batch(); ++sequence) {
    std::vector<Scalar> rows = state.read(sequence);
    const std::size_t kept = rows.size();
    const std::size_t first = sequence * step.tokens();
    for (std::size_t token = 0; token < step.tokens(); ++token) {
      const auto row = in.row(first + token);
      rows.insert(rows.end(), row.begin(), row.end());
      for (std::size_t column = 0; column < columns; ++column) {
        std::vector<Scalar> values;
        for (std::size_t at = token * columns + column; at < rows.size(); at += columns) {
          values.push_back(rows[at]);
        }
        out.row(first + token)[column] =
            tapped_sum(std::span<const Scalar>(values), taps.row(column));
      }
    }
    state.overwrite(sequence, std::span<const Scalar>(rows).last(kept));
  }
  if (op.bias) add_to_rows(out, step.weight(*op.bias).row(0));
}

template <class Scalar>
void run(BlockRun<Scalar>& step, const SelectRows& op) {
  auto in = step.read(op.in);
  auto out = step.write(op.out);
  const std::size_t wanted = out.rows() / step.batch();
  for (std::size_t r = 0; r < out.rows(); ++r) {
    const std::size_t sequence = r / wanted;
    const std::size_t token = step.tokens() - wanted + r % wanted;
    const auto row = in.row(sequence * step.tokens() + token);
    std::copy(row.begin(), row.end(), out.row(r).begin());
  }
}

}  // namespace llmarch::reference
