// The steps of which an independent count is made: what each does to one token.
#pragma once

#include <stdexcept>

#include "tests/cost/independent_count.h"

namespace llmarch::independent {

// FLOPs and transcendentals for each number.
struct Function {
  Integer flops, transcendentals;
};

inline constexpr Function kProduct{1, 0}, kSum{1, 0}, kCap{2, 1};  // c tanh(x / c)
// x - max, the exponential, into the sum, over the sum.
inline constexpr Function kSoftmax{3, 1};

inline Function function_of(Activation activation) {
  switch (activation) {
    case Activation::gelu_tanh: return {8, 1};     // x/2 (1 + tanh(a (x + b x x x)))
    case Activation::gelu_erf: return {4, 1};      // x/2 (1 + erf(a x))
    case Activation::silu: return {2, 1};          // x / (1 + e^-x)
    case Activation::quick_gelu: return {3, 1};    // x / (1 + e^(-a x))
    case Activation::sigmoid: return {2, 1};       // 1 / (1 + e^-x)
    case Activation::softplus: return {2, 2};      // max(x, 0) + ln(1 + e^-|x|)
    case Activation::relu_squared: return {1, 0};  // max(x, 0) squared
    case Activation::tanh: return {0, 1};
    case Activation::relu: return {0, 0};
  }
  throw std::logic_error("an activation outside the enumeration");
}

inline Function gate_of(Activation activation) {
  const Function function = function_of(activation);
  return {function.flops + 1, function.transcendentals};
}

// SiTU: two caps, a sigmoid, its product with one cap, and that with the other.
inline Function gate_of(const auto& feed_forward) {
  if (feed_forward.situ) return {2 + 2 + 2 + 1 + 1, 3};
  const Function gate = gate_of(feed_forward.activation);
  return {gate.flops + (feed_forward.up_offset ? 1 : 0), gate.transcendentals};
}

class Steps : public Tally {
 public:
  void weights(Integer elements) { parameters += elements, weights_read += elements; }
  void moves(Integer read, Integer written) {
    activations_read += read;
    activations_written += written;
  }
  void compute(Integer numbers, const Function& function) {
    other += numbers * function.flops;
    transcendentals += numbers * function.transcendentals;
  }
  void apply(Integer numbers, const Function& function, Integer operands = 1) {
    moves(operands * numbers, numbers);
    compute(numbers, function);
  }
  void scale(const std::optional<double>& factor, Integer numbers) {
    if (factor) apply(numbers, kProduct);
  }
  void project(Integer in, Integer out) {
    weights(in * out);
    matrix += 2 * in * out;
    moves(in, out);
  }
  void add_vector(Integer width) { weights(width), other += width; }

  // So many vectors, each by itself. Into the sum of squares, times the inverse root twice and
  // once for each number; mean and epsilon. A layer norm has a mean besides, and subtracts it.
  void rms_without_weight(Integer vectors, Integer width) {
    apply(vectors * width, {3, 0});
    compute(vectors, {2, 1});
  }
  void rms(Integer vectors, Integer width) {
    rms_without_weight(vectors, width);
    weights(width);
    other += vectors * width;
  }
  void layer_norm_without_weight(Integer vectors, Integer width) {
    rms_without_weight(vectors, width);
    other += vectors * (2 * width + 1);
  }
  void layer_norm(Integer vectors, Integer width) {
    layer_norm_without_weight(vectors, width);
    weights(2 * width);
    other += 2 * vectors * width;
  }
  void norm(const Norm& norm, Integer width) {
    norm.kind == NormKind::rms ? rms_without_weight(1, width) : layer_norm_without_weight(1, width);
    if (norm.without != NormOmission::weight_and_bias) add_vector(width);
    if (norm.kind == NormKind::layer && !norm.without) add_vector(width);
  }

  // x' = x cos - y sin and y' = y cos + x sin: six for two elements of `dim` in each head.
  void rotate(const Rotary& rotary, Integer heads, Integer width, Integer dim) {
    apply(heads * width, {});
    other += 3 * heads * (rotary.turned_pairs ? 2 * *rotary.turned_pairs : dim);
  }
  // Products of a query with keys and of the weights with values; a scale and a softmax of scores.
  void score(Integer heads, Integer key, Integer value, Integer keys) {
    matrix += 2 * heads * (key + value) * keys;
    compute(heads * keys, {1 + kSoftmax.flops, kSoftmax.transcendentals});
  }
  void keep(Integer elements, Integer positions) {
    moves(elements, 0);
    cache_written += elements;
    kept_as_caches += elements * positions;
  }
  void rewrite(Integer state) { cache_read += state, cache_written += state; }

  // Every column by itself. The newest rows are kept, all but one of those that it spans.
  void convolve(Integer columns, Integer kernel) {
    weights(columns * kernel);
    apply(columns, {2 * kernel, 0});
    rewrite((kernel - 1) * columns);
  }
  // Each state decays, and so many products of it with a vector are made.
  void recur(Integer states, Integer inputs, Integer values, Integer products) {
    matrix += products * 2 * states;
    other += states;
    moves(inputs, values);
    rewrite(states);
    kept_in_f32 += states;
  }
};

// The mixers of a model whose residual stream is so wide, at such a context.
class Mixing {
 public:
  Mixing(Integer hidden, Integer context, Steps& token, std::set<std::string>& unknown)
      : hidden_(hidden), context_(context), token_(token), unknown_(unknown) {}

  void operator()(const GroupedAttention& attention) const;
  void operator()(const LatentAttention& attention) const;
  void operator()(const CompressedAttention&) const { unknown_.insert("compressed attention"); }
  void operator()(const ShortConvolution& convolution) const;
  void operator()(const GatedDeltaNet& delta) const;
  void operator()(const KimiDeltaAttention& delta) const;
  void operator()(const Mamba1& mamba) const;
  void operator()(const Mamba2& mamba) const;
  void operator()(const LightningAttention& lightning) const;

 private:
  void prepare(const GroupedAttention& attention, Integer heads, Integer width) const;
  void index_blocks(const GroupedAttention& attention) const;
  void index_keys(const LatentAttention& attention) const;
  void gate(const OutputGate& gate, Integer heads, Integer width) const;
  void convolved(Integer columns, Integer kernel) const;
  void delta_inputs(Integer keys, Integer heads, Integer values, Integer kernel) const;

  Integer hidden_, context_;
  Steps& token_;
  std::set<std::string>& unknown_;
};

}  // namespace llmarch::independent
