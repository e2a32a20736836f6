// The operations of parallel residual streams, and others that treat a row as several vectors. They
// take a small part of any model's time, so they are plain loops, and they add up in double: a
// stream is corrected by the small difference of two others, and in float the rounding of that
// difference was half of the hidden states' deviation.
#include <algorithm>
#include <cmath>

#include "kernels/engine/step.h"
#include "kernels/fast/matrix_product.h"

namespace llmarch::fast {
namespace {

// Calls body(row) for every row, divided among the threads.
template <class Body>
void for_each_row(Team& team, std::size_t rows, const Body& body) {
  if (rows == 1) return body(std::size_t{0});
  team.run([&](std::size_t thread) {
    const Share share = share_of(rows, thread, team.size());
    for (std::size_t r = share.first; r < share.last; ++r) body(r);
  });
}

Rows columns_of(Rows rows, std::size_t first, std::size_t columns) {
  return {rows.data + first, rows.rows, columns, rows.stride};
}

double mean_square(const float* vector, std::size_t width) {
  double sum = 0;
  for (std::size_t i = 0; i < width; ++i) sum += static_cast<double>(vector[i]) * vector[i];
  return sum / static_cast<double>(width);
}

void count_rows(Step& step, ConstRows in, ConstRows out) {
  step.count_read(in);
  step.count_written(out);
  step.count_each(out.rows);
}

void sparsify(const float* in, std::size_t width, double deviations, float* out) {
  double sum = 0;
  for (std::size_t i = 0; i < width; ++i) sum += in[i];
  const double mean = sum / static_cast<double>(width);
  double squares = 0;
  for (std::size_t i = 0; i < width; ++i) squares += (in[i] - mean) * (in[i] - mean);
  const double bound = mean + deviations * std::sqrt(squares / static_cast<double>(width));
  for (std::size_t i = 0; i < width; ++i) {
    out[i] = std::max(static_cast<float>(in[i] - bound), 0.0F);  // in this order a NaN stays
  }
}

}  // namespace

void run(Step& step, const ProjectEach& op) {
  const Rows in = step.value(op.in);
  const Rows out = step.value(op.out);
  const Weight& weight = step.graph.weight(op.weight);
  const std::size_t columns = size(weight.columns);
  const std::size_t rows = size(weight.rows);
  std::vector<Product> products;
  for (std::size_t copy = 0; copy < size(weight.copies); ++copy) {
    const std::size_t from = in.columns == columns ? 0 : copy * columns;
    products.push_back({&step.matrix(op.weight, copy), 0, columns_of(in, from, columns),
                        columns_of(out, copy * rows, rows)});
    step.count_weight(op.weight, copy);
  }
  multiply(step.team, products);
  count_rows(step, in, out);
}

void run(Step& step, const ScaleColumns& op) {
  const Rows in = step.value(op.in);
  const Rows out = step.value(op.out);
  const std::span<const float> weight = step.vector(op.weight);
  const std::size_t width = in.columns / weight.size();
  for_each_row(step.team, in.rows, [&](std::size_t r) {
    for (std::size_t i = 0; i < in.columns; ++i) out.row(r)[i] = in.row(r)[i] * weight[i / width];
  });
  step.count_weight(op.weight);
  step.count_read(in);
  step.count_written(out);
  step.count_elements(out);
}

void run(Step& step, const Sparsify& op) {
  const Rows in = step.value(op.in);
  const Rows out = step.value(op.out);
  for_each_row(step.team, in.rows,
               [&](std::size_t r) { sparsify(in.row(r), in.columns, op.deviations, out.row(r)); });
  count_rows(step, in, out);
}

void run(Step& step, const SelectColumns& op) {
  const Rows in = step.value(op.in);
  const Rows out = step.value(op.out);
  for_each_row(step.team, in.rows, [&](std::size_t r) {
    std::copy_n(in.row(r) + size(op.offset), out.columns, out.row(r));
  });
  count_rows(step, in, out);
}

void run(Step& step, const JoinColumns& op) {
  const Rows left = step.value(op.left);
  const Rows right = step.value(op.right);
  const Rows out = step.value(op.out);
  for_each_row(step.team, left.rows, [&](std::size_t r) {
    float* behind = std::copy_n(left.row(r), left.columns, out.row(r));
    std::copy_n(right.row(r), right.columns, behind);
  });
  step.count_read(left);
  count_rows(step, right, out);
}

void run(Step& step, const MatchMagnitude& op) {
  const Rows in = step.value(op.in);
  const Rows reference = step.value(op.reference);
  const Rows out = step.value(op.out);
  const std::size_t vectors = size(op.vectors);
  const std::size_t width = in.columns / vectors;
  for_each_row(step.team, in.rows, [&](std::size_t r) {
    const double wanted = std::sqrt(mean_square(reference.row(r), reference.columns));
    for (std::size_t v = 0; v < vectors; ++v) {
      const float* from = in.row(r) + v * width;
      float* to = out.row(r) + v * width;
      const auto factor =
          static_cast<float>(wanted / std::sqrt(std::max(mean_square(from, width), op.least)));
      for (std::size_t k = 0; k < width; ++k) to[k] = from[k] * factor;
    }
  });
  step.count_read(reference);
  count_rows(step, in, out);
}

void run(Step& step, const AverageVectors& op) {
  const Rows in = step.value(op.in);
  const Rows out = step.value(op.out);
  const std::size_t vectors = size(op.vectors);
  for_each_row(step.team, in.rows, [&](std::size_t r) {
    for (std::size_t k = 0; k < out.columns; ++k) {
      float sum = 0;
      for (std::size_t v = 0; v < vectors; ++v) sum += in.row(r)[v * out.columns + k];
      out.row(r)[k] = sum / static_cast<float>(vectors);
    }
  });
  count_rows(step, in, out);
}

void run(Step& step, const PredictStreams& op) {
  const Rows in = step.value(op.in);
  const Rows coefficients = step.value(op.coefficients);
  const Rows out = step.value(op.out);
  const std::size_t streams = size(op.streams);
  const std::size_t width = in.columns / streams;
  for_each_row(step.team, in.rows, [&](std::size_t r) {
    const float* from = in.row(r);
    for (std::size_t j = 0; j < streams; ++j) {
      float* to = out.row(r) + j * width;
      for (std::size_t k = 0; k < width; ++k) {
        double sum = from[j * width + k];
        for (std::size_t i = 0; i < streams; ++i) {
          sum += static_cast<double>(coefficients.row(r)[j * streams + i]) * from[i * width + k];
        }
        to[k] = static_cast<float>(sum);
      }
    }
  });
  step.count_read(coefficients);
  count_rows(step, in, out);
}

void run(Step& step, const CorrectStreams& op) {
  const Rows in = step.value(op.in);
  const Rows activated = step.value(op.activated);
  const Rows coefficients = step.value(op.coefficients);
  const Rows out = step.value(op.out);
  const std::size_t width = activated.columns;
  for_each_row(step.team, in.rows, [&](std::size_t r) {
    const float* done = activated.row(r);
    const float* predicted = in.row(r) + size(op.active) * width;
    for (std::size_t j = 0; j < size(op.streams); ++j) {
      const double factor = 1 + static_cast<double>(coefficients.row(r)[j]);
      const float* before = in.row(r) + j * width;
      float* to = out.row(r) + j * width;
      for (std::size_t k = 0; k < width; ++k) {
        to[k] =
            static_cast<float>(before[k] + factor * (static_cast<double>(done[k]) - predicted[k]));
      }
    }
  });
  step.count_read(activated);
  step.count_read(coefficients);
  count_rows(step, in, out);
}

void run(Step& step, const AddToOtherStreams& op) {
  const Rows in = step.value(op.in);
  const Rows added = step.value(op.added);
  const Rows out = step.value(op.out);
  const std::size_t width = added.columns;
  for_each_row(step.team, in.rows, [&](std::size_t r) {
    std::copy_n(in.row(r), width, out.row(r));
    for (std::size_t k = width; k < in.columns; ++k) {
      out.row(r)[k] = in.row(r)[k] + added.row(r)[k % width];
    }
  });
  step.count_read(added);
  count_rows(step, in, out);
}

}  // namespace llmarch::fast
