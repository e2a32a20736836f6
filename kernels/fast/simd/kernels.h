// The innermost loops, one set for each instruction set. This file states their contract; their
// callers decide what is in which cache. The loops are templates (tiles.h, functions.h) over the
// lanes of an instruction set (lanes_*.h), compiled once for each set with flags of its own. So
// these headers include nothing with inline functions that other code shares: the linker might keep
// the copy compiled for an instruction set that the CPU lacks.
#pragma once

#include <cstddef>

#include "kernels/fast/isa.h"
#include "kernels/fast/matrix_format.h"
#include "kernels/fast/stored.h"

namespace llmarch::fast::simd {

// A piece of a matrix product, out = onto + left * right. The right operand is a packed one: a step
// is one element of the inner dimension in f32 and a pair in bf16, four bytes for each column.
struct Tile {
  std::size_t rows;     // 1 to ProductKernels::tile_rows
  std::size_t columns;  // 16, 32, 48 or 64
  std::size_t steps;
  const std::byte* left;  // converted rows
  std::size_t left_stride;
  const std::byte* right;
  std::size_t right_stride;  // bytes from step to step
  const float* onto;         // none: zeros
  std::size_t onto_stride;   // floats
  float* out;                // may be `onto`
  std::size_t out_stride;    // floats
  // multiply: what is worked on next, and is prefetched: with each step a line from `ahead` on into
  // the first-level cache, and two lines from `far` on into the second, each so many bytes after
  // those of the step before.
  const std::byte* ahead;
  std::size_t ahead_stride;
  const std::byte* far;
  std::size_t far_stride;
  // join_streams, part_streams: this many right operands, two or four, instead of `right`.
  const std::byte* streams[4];
  std::size_t stream_count;
  // part_streams: where the sums of each go, instead of `out`.
  float* outs[4];
  std::size_t out_strides[4];  // floats
  std::size_t left_gap;        // join_streams: bytes from one stream's left operand to the next's
};

// Scores of some rows against some blocks of 64 keys become the numerators of an online softmax.
struct SoftmaxTile {
  std::size_t rows;
  std::size_t keys;       // a multiple of 16
  float* scores;          // (rows, keys); overwritten where capped or hidden
  const int* first;       // of each row, the keys that it attends to: from first
  const int* last;        // to last; none where last < first
  float scale, cap;       // cap 0: none
  const float* growths;   // of each row, by which its scores are multiplied after the cap
  float* largest;         // of each row, over all blocks so far: the maximum, an exponent of two
  float* sums;            // of the numerators
  float* corrections;     // out: the factors by which earlier sums must be multiplied
  std::byte* numerators;  // out: a left operand
  std::size_t numerators_stride;
};

struct ProductKernels {
  std::size_t tile_rows;
  std::size_t left_bytes;  // of one row in one step
  // Converts a row into a left operand of `steps` steps, with zeros after its end.
  void (*convert)(const float* in, std::size_t columns, std::size_t steps, std::byte* left);
  void (*multiply)(const Tile& tile);
  // out = onto + the sum of `stream_count` products, each of `steps` steps; 64 columns.
  void (*join_streams)(const Tile& tile);
  // Multiplies at most `streams_rows` rows with several right operands, each with 64 columns of its
  // own in `outs`: two at once, or four where `streams_of[rows]` is four, as many as the registers
  // can hold.
  std::size_t streams_rows;
  std::size_t streams_of[4];
  void (*part_streams)(const Tile& tile);
  // out[i] = sum over o of left[o] * right(o, i), for the 16 inputs that `right` points to in the
  // first of `panels` panels.
  void (*transposed)(const float* left, std::size_t panels, const std::byte* right,
                     std::size_t panel_bytes, float* out);
  void (*softmax)(const SoftmaxTile& tile);
  // Transposes a block of 64 keys into one of values; `width` is a multiple of 16
  // (kernels/fast/cache.h).
  void (*turn)(const std::byte* keys, std::size_t width, std::byte* values);
};

// How a row of floats becomes the left operand of a quantised product: signed bytes in groups, then
// for each group the float by which they are multiplied, then for each the sum of its bytes. The
// last group is filled up with zeros.
struct QuantisedRow {
  std::size_t columns;
  std::size_t group;   // inputs of a group: 16 or 32
  std::size_t groups;  // of the row
  std::size_t shared;  // inputs that have a scale in common: a group's, or all of them

  [[nodiscard]] std::size_t bytes() const { return (groups * (group + 8) + 63) / 64 * 64; }
};

// How the blocks of a panel hold unsigned quants (kernels/fast/quantised_panel.h).
// bytes: each has a byte. halves: a byte has input i of a group of 32 and input i + 16; in
// halves_of_iq4 and halves_of_fp4 codes of the quants, and in fifths four bits of them, with the
// fifth elsewhere. The others are the blocks of the formats that they are called after.
enum class Packing {
  bytes,
  halves,
  halves_of_iq4,
  halves_of_fp4,
  fifths,
  q2_k,
  q3_k,
  q4_k,
  q5_k,
  q6_k
};

// A piece of a quantised product, sums = onto + left * right, with 64 columns. A group of the right
// operand is `group` / 4 steps of unsigned quants, and for each column a scale and, where there are
// minima, a minimum. Products are added up as integers within a group and as floats beyond it.
struct QuantisedTile {
  std::size_t rows;  // 1 to QuantisedKernels::tile_rows
  std::size_t group, groups;
  const std::byte* left;  // bytes of the first group
  const float* left_scales;
  const int* left_sums;
  std::size_t left_stride;  // bytes from row to row, of each of the three
  const std::byte* quants;
  Packing packing;            // of the quants: bytes, unless the tile has one row
  std::size_t quants_stride;  // bytes from groups that share bytes to the next
  // One row of bytes or halves: what lies so many bytes after the quants is prefetched.
  std::size_t ahead;
  int offset;  // is subtracted from every quant
  const float* scales;
  std::size_t scales_stride;  // floats from group to group: 64, or 0 where all have the same
  const float* minima;        // as the scales; or null
  const float* onto;          // none: zeros
  float* sums;                // may be `onto`
  std::size_t sums_stride;    // floats
};

struct QuantisedKernels {
  std::size_t tile_rows;
  // A value that is not finite makes the scale of its group a NaN.
  void (*convert)(const float* in, const QuantisedRow& row, std::byte* left);
  // The quants of one block of a panel as bytes. To be called only where they are none.
  void (*unpack)(MatrixFormat format, const std::byte* block, std::byte* quants);
  // The scales of the block's groups, and the minima where the format has some.
  void (*scales)(MatrixFormat format, const std::byte* block, float* scales, float* minima);
  void (*multiply)(const QuantisedTile& tile);
};

// A block of a narrow cache becomes one of bf16 pairs (kernels/fast/cache.h). `count` elements, or
// a width that is a multiple of 32.
struct NarrowKernels {
  void (*f16)(const std::byte* codes, std::size_t count, std::byte* pairs);
  void (*fp8)(const std::byte* codes, std::size_t count, std::byte* pairs);
  void (*q8_keys)(const std::byte* block, std::size_t width, std::byte* pairs);
  void (*q8_values)(const std::byte* block, std::size_t width, std::byte* pairs);
};

enum class Function { gelu_tanh, gelu_erf, silu, relu, tanh, sigmoid, quick_gelu, relu_squared };

// One element of the state of each of `count` columns in a selective scan: state = exp(rate step)
// state + key change, and out += query state. The rates are at most 0.
struct ScanRow {
  const float *rate, *step, *change;
  float key, query;
  std::size_t count;
  float *state, *out;
};

// One token of a recurrence: some columns of the state of a head, and what is added to each of
// them. state = decay state + key change, with change = (value - key decay state) strength where
// there is a strength, or else the value; and out = query state.
struct StateStep {
  const float *key, *query, *decay;  // (rows); decay_stride 0: one decay for all rows
  std::size_t decay_stride, rows, columns;
  const float* value;     // (columns)
  const float* strength;  // or null
  float* state;           // (rows, columns), `state_stride` floats from row to row
  std::size_t state_stride;
  float* out;  // (columns)
};

struct RowKernels {
  void (*activate)(Function function, const float* in, std::size_t count, float* out);
  void (*gate)(Function function, const float* gate, const float* up, std::size_t count,
               float* out);
  void (*soft_cap)(const float* in, std::size_t count, float cap, float* out);
  float (*sum)(const float* in, std::size_t count);
  // of (in - mean)^2
  float (*squares)(const float* in, std::size_t count, float mean);
  // out = (in - mean) * factor * weight + bias; without weight or bias where they are null
  void (*normalize)(const float* in, std::size_t count, float mean, float factor,
                    const float* weight, const float* bias, float* out);
  void (*add)(const float* left, const float* right, std::size_t count, float* out);
  void (*scale)(const float* in, std::size_t count, float factor, float* out);
  void (*accumulate)(const float* in, std::size_t count, float factor, float* sum);
  // (x, y) rotated, pair by pair
  void (*turn_pairs)(const float* x, const float* y, const float* cosines, const float* sines,
                     std::size_t count, float* out_x, float* out_y);
  void (*scan)(const ScanRow& row);
  void (*step_state)(const StateStep& step);
};

// The loops of the probe, which read memory and multiply on registers as fast as they can.
struct LimitKernels {
  // Reads `bytes`, a multiple of 4 KiB, in that many streams (1, 2, 4 or 8), prefetching `ahead`
  // bytes ahead of each. Returns a sum, so that the compiler does not remove the reading.
  float (*read)(const std::byte* data, std::size_t bytes, std::size_t streams, std::size_t ahead);
  // Runs `rounds` rounds on registers alone. The variants 0, 1 and 2 differ in how many sums are
  // made at once. Returns the number of operations; a multiply and an add are two.
  double (*multiply_f32)(std::size_t rounds, std::size_t variant);
  double (*multiply_bf16)(std::size_t rounds, std::size_t variant);
  double (*multiply_int8)(std::size_t rounds, std::size_t variant);
};

struct Kernels {
  ProductKernels f32, bf16;
  QuantisedKernels quantised;
  NarrowKernels narrow;
  RowKernels rows;
  LimitKernels limits;
  [[nodiscard]] const ProductKernels& products(Stored stored) const {
    return stored == Stored::f32 ? f32 : bf16;
  }
};

extern const Kernels kPortable, kAvx2, kAvx512, kAvx512Bf16;

// `isa` must be available.
const Kernels& kernels_of(Isa isa);

}  // namespace llmarch::fast::simd
