#include "kernels/fast/recurrence.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <span>
#include <stdexcept>
#include <vector>

#include "kernels/fast/simd/kernels.h"
#include "kernels/reference/recurrence_kernels.h"

namespace llmarch::fast {
namespace {

[[noreturn]] void refuse_sizes_of_recurrence() {
  throw std::invalid_argument("recurrence kernels: sizes that do not agree");
}

void step_state(const simd::RowKernels& kernels, const RecurrenceShape& shape,
                const RecurrentHead& head, float* state) {
  const std::size_t value_dim = size(shape.value_dim);
  kernels.step_state({head.key, head.query, head.decay, head.decay_stride, size(shape.key_dim),
                      value_dim, head.value, head.strength ? &*head.strength : nullptr, state,
                      value_dim, head.out});
}

void check_scan(const PackedMatrix& rates, const Places& places, const ScanRows& rows,
                const FixedState& state) {
  const auto fits = [&](ConstRows each, std::size_t columns) {
    return each.rows == places.rows() && each.columns == columns;
  };
  const std::size_t columns = rates.outputs();
  if (fits(rows.query, rates.inputs()) && fits(rows.key, rates.inputs()) &&
      fits(rows.step, columns) && fits(rows.in, columns) && fits(rows.out, columns) &&
      state.shape().sequences == places.sequences &&
      state.shape().columns == columns * rates.inputs()) {
    return;
  }
  refuse_sizes_of_recurrence();
}

// Some columns of a selective scan, those of one thread, with its scratch: the negative rates, as
// the states lie, and what each column adds.
class ColumnScan {
 public:
  ColumnScan(const simd::RowKernels& kernels, const PackedMatrix& rates, Share columns,
             float* scratch)
      : kernels_(kernels),
        columns_(columns),
        all_columns_(rates.outputs()),
        state_dim_(rates.inputs()),
        rates_(scratch),
        change_(scratch + state_dim_ * all_columns_) {
    std::vector<float> row(state_dim_);
    for (std::size_t i = columns.first; i < columns.last; ++i) {
      rates.read(i, row);
      for (std::size_t n = 0; n < state_dim_; ++n) {
        rates_[n * all_columns_ + i] = -std::exp(row[n]);
      }
    }
  }

  // One token, whose place among the rows is `r`.
  void run(const ScanRows& rows, std::size_t r, float* state) const {
    const std::size_t first = columns_.first;
    const std::size_t count = columns_.last - first;
    const float* const step = rows.step.row(r) + first;
    float* const out = rows.out.row(r) + first;
    const float* const in = rows.in.row(r) + first;
    for (std::size_t i = 0; i < count; ++i) change_[first + i] = step[i] * in[i];
    std::fill_n(out, count, 0.0F);
    for (std::size_t n = 0; n < state_dim_; ++n) {
      const std::size_t at = n * all_columns_ + first;
      kernels_.scan({rates_ + at, step, change_ + first, rows.key.row(r)[n], rows.query.row(r)[n],
                     count, state + at, out});
    }
  }

 private:
  const simd::RowKernels& kernels_;
  Share columns_;
  std::size_t all_columns_, state_dim_;
  float* rates_;   // (state_dim, columns)
  float* change_;  // (columns)
};

}  // namespace

void normalize_length(Team& team, ConstRows in, std::size_t vectors, float epsilon, Rows out) {
  if (in.rows != out.rows || in.columns != out.columns || in.columns % vectors != 0) {
    refuse_sizes_of_recurrence();
  }
  const simd::RowKernels& kernels = simd::kernels_of(team.isa()).rows;
  const std::size_t width = in.columns / vectors;
  team.run([&](std::size_t thread) {
    const Share share = share_of(in.rows, thread, team.size());
    for (std::size_t r = share.first; r < share.last; ++r) {
      for (std::size_t at = 0; at < in.columns; at += width) {
        const float* const x = in.row(r) + at;
        const float squares = kernels.squares(x, width, 0);
        kernels.scale(x, width, 1 / std::sqrt(squares + epsilon), out.row(r) + at);
      }
    }
  });
}

void decay(Team& team, const Decay& op, ConstRows in, std::span<const float> rates, Rows out) {
  if (in.rows != out.rows || in.columns != out.columns || in.columns % rates.size() != 0) {
    refuse_sizes_of_recurrence();
  }
  const std::size_t width = in.columns / rates.size();
  std::vector<double> exponentials;
  for (const float rate : rates) exponentials.push_back(std::exp(static_cast<double>(rate)));
  team.run([&](std::size_t thread) {
    const Share share = share_of(in.rows, thread, team.size());
    for (std::size_t r = share.first; r < share.last; ++r) {
      for (std::size_t i = 0; i < in.columns; ++i) {
        out.row(r)[i] = static_cast<float>(
            reference::decay_of(op, static_cast<double>(in.row(r)[i]), exponentials[i / width]));
      }
    }
  });
}

std::size_t run_recurrence(Team& team, const RecurrenceShape& shape, const Places& places,
                           const RecurrenceRows& rows, FixedState& state) {
  check_sizes(shape, places, rows, state);
  const simd::RowKernels& kernels = simd::kernels_of(team.isa()).rows;
  const RecurrentHeads all(shape, rows);
  const std::size_t heads = size(shape.value_heads);
  const std::size_t of_head = size(shape.key_dim * shape.value_dim);
  std::vector<std::size_t> changed(team.size(), 0);
  team.run([&](std::size_t thread) {
    const Share share = share_of(places.sequences * heads, thread, team.size());
    for (std::size_t item = share.first; item < share.last; ++item) {
      const std::size_t sequence = item / heads;
      const std::size_t head = item % heads;
      float* const of_item = state.floats(sequence).data() + head * of_head;
      for (std::size_t token = 0; token < places.tokens; ++token) {
        step_state(kernels, shape, all.at(sequence * places.tokens + token, head), of_item);
      }
      changed[thread] += places.tokens;
    }
  });
  return std::accumulate(changed.begin(), changed.end(), std::size_t{0});
}

std::size_t scan_floats(std::size_t columns, std::size_t state_dim) {
  return (state_dim + 1) * columns;
}

void run_scan(Team& team, const PackedMatrix& rates, const Places& places, const ScanRows& rows,
              FixedState& state, float* scratch) {
  check_scan(rates, places, rows, state);
  const simd::RowKernels& kernels = simd::kernels_of(team.isa()).rows;
  team.run([&](std::size_t thread) {
    const Share columns = share_of(rates.outputs(), thread, team.size());
    const ColumnScan scan(kernels, rates, columns, scratch);
    for (std::size_t r = 0; r < places.rows(); ++r) {
      scan.run(rows, r, state.floats(r / places.tokens).data());
    }
  });
}

}  // namespace llmarch::fast
