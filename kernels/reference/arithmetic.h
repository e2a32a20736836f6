// The reference kernels: plain loops over a scalar, one function per piece of mathematics, as the
// papers write them. They are slow and obvious on purpose: with `double` they are what every
// faster kernel is judged by, with `Counted` they say how much arithmetic there is.
#pragma once

#include <algorithm>
#include <cstddef>
#include <limits>
#include <optional>
#include <span>
#include <stdexcept>
#include <utility>
#include <vector>

#include "kernels/reference/counted.h"
#include "sim/graph/op.h"
#include "sim/spec/arch_spec.h"

namespace llmarch::reference {

// The vector at `index` among vectors of `width` elements that lie one after another.
template <class Span>
auto part(Span row, std::size_t index, std::size_t width) {
  return row.subspan(index * width, width);
}

template <class Scalar, class Other>
Scalar dot(std::span<const Scalar> left, std::span<const Other> right) {
  [[maybe_unused]] const MatrixProduct<Scalar> product;
  Scalar sum = 0.0;
  for (std::size_t i = 0; i < left.size(); ++i) sum += left[i] * Scalar(right[i]);
  return sum;
}

// sum += factor * row: one step of a column-wise matrix product
template <class Scalar, class Other>
void accumulate_product(Scalar factor, std::span<const Other> row, std::span<Scalar> sum) {
  [[maybe_unused]] const MatrixProduct<Scalar> product;
  for (std::size_t i = 0; i < row.size(); ++i) sum[i] += factor * Scalar(row[i]);
}

// x / rms(x) * weight; x / rms(x) where the weight is empty
template <class Scalar>
void normalize_rms(std::span<const Scalar> in, std::span<const float> weight, double epsilon,
                   std::span<Scalar> out) {
  Scalar squares = 0.0;
  for (const Scalar x : in) squares += x * x;
  const Scalar mean = squares / Scalar(static_cast<double>(in.size()));
  const Scalar inverse = inverse_root(mean + Scalar(epsilon));
  for (std::size_t i = 0; i < in.size(); ++i) out[i] = in[i] * inverse;
  for (std::size_t i = 0; i < weight.size(); ++i) out[i] = out[i] * Scalar(weight[i]);
}

// (x - mean) / deviation * weight + bias; without the weight or the bias where it is empty
template <class Scalar>
void normalize_layer(std::span<const Scalar> in, std::span<const float> weight,
                     std::span<const float> bias, double epsilon, std::span<Scalar> out) {
  const auto count = Scalar(static_cast<double>(in.size()));
  Scalar sum = 0.0;
  for (const Scalar x : in) sum += x;
  const Scalar mean = sum / count;
  Scalar squares = 0.0;
  for (std::size_t i = 0; i < in.size(); ++i) {
    out[i] = in[i] - mean;
    squares += out[i] * out[i];
  }
  const Scalar inverse = inverse_root(squares / count + Scalar(epsilon));
  for (Scalar& x : out) x = x * inverse;
  for (std::size_t i = 0; i < weight.size(); ++i) out[i] = out[i] * Scalar(weight[i]);
  for (std::size_t i = 0; i < bias.size(); ++i) out[i] = out[i] + Scalar(bias[i]);
}

template <class Scalar>
Scalar sigmoid(Scalar x) {
  return Scalar(1.0) / (Scalar(1.0) + exponential(-x));
}

template <class Scalar>
Scalar silu(Scalar x) {
  return x / (Scalar(1.0) + exponential(-x));
}

template <class Scalar>
Scalar gelu_tanh(Scalar x) {
  const Scalar root_two_over_pi = 0.7978845608028654;
  const Scalar inner = root_two_over_pi * (x + Scalar(0.044715) * (x * x * x));
  return Scalar(0.5) * x * (Scalar(1.0) + hyperbolic_tangent(inner));
}

template <class Scalar>
Scalar gelu_erf(Scalar x) {
  const Scalar inverse_root_two = 0.7071067811865476;
  return Scalar(0.5) * x * (Scalar(1.0) + error_function(x * inverse_root_two));
}

// log(1 + exp(x)), so written that no exponential overflows
template <class Scalar>
Scalar softplus(Scalar x) {
  const bool negative = x < Scalar(0.0);
  const Scalar above = negative ? Scalar(0.0) : x;
  return above + logarithm(Scalar(1.0) + exponential(negative ? x : -x));
}

template <class Scalar>
Scalar quick_gelu(Scalar x) {
  return x / (Scalar(1.0) + exponential(-(Scalar(1.702) * x)));
}

template <class Scalar>
Scalar relu(Scalar x) {
  return x < Scalar(0.0) ? Scalar(0.0) : x;
}

template <class Scalar>
Scalar squared(Scalar x) {
  return x * x;
}

template <class Scalar>
Scalar activate(Activation activation, Scalar x) {
  switch (activation) {
    case Activation::gelu_tanh: return gelu_tanh(x);
    case Activation::gelu_erf: return gelu_erf(x);
    case Activation::silu: return silu(x);
    case Activation::relu: return relu(x);
    case Activation::tanh: return hyperbolic_tangent(x);
    case Activation::sigmoid: return sigmoid(x);
    case Activation::softplus: return softplus(x);
    case Activation::quick_gelu: return quick_gelu(x);
    case Activation::relu_squared: return squared(relu(x));
  }
  throw std::logic_error("activate: an activation outside the enumeration");
}

template <class Scalar>
Scalar soft_capped(Scalar x, double cap) {
  return Scalar(cap) * hyperbolic_tangent(x / Scalar(cap));
}

template <class Scalar>
Scalar at_most(Scalar x, double limit) {
  return Scalar(limit) < x ? Scalar(limit) : x;
}

// f(gate) (up + offset), within the form's limit; or SiTU
template <class Scalar>
Scalar gated(const GateForm& form, Scalar gate, Scalar up) {
  if (form.situ) {
    return soft_capped(gate, form.situ->gate) * sigmoid(gate) * soft_capped(up, form.situ->up);
  }
  const auto held_at = [&](GateLimitPlace place, Scalar x) {
    return form.limit && form.limit->place == place ? at_most(x, form.limit->limit) : x;
  };
  gate = activate(form.activation, held_at(GateLimitPlace::before_activation, gate));
  gate = held_at(GateLimitPlace::after_activation, gate);
  if (form.limit) up = -at_most(-at_most(up, form.limit->limit), form.limit->limit);
  if (form.up_offset) up = up + Scalar(*form.up_offset);
  return gate * up;
}

// What xIELU multiplies, made from the two numbers of a layer: softplus of the first, and beta +
// softplus of the second.
struct XieluSlopes {
  double positive, negative;
};
inline XieluSlopes xielu_slopes(const Xielu& xielu, double positive, double negative) {
  return {softplus(positive), xielu.beta + softplus(negative)};
}

template <class Scalar>
Scalar activate_xielu(const Xielu& xielu, const XieluSlopes& slopes, Scalar x) {
  const Scalar grown = exponential_less_one(at_most(x, xielu.epsilon));
  const Scalar curved =
      Scalar(0.0) < x ? Scalar(slopes.positive) * x * x : Scalar(slopes.negative) * (grown - x);
  return curved + Scalar(xielu.beta) * x;
}

// The numerator of a score to which no value belongs.
template <class Scalar>
void add_sink(Scalar sink, Scalar largest, Scalar& sum) {
  sum += exponential(sink - largest);
}

// What the exponentials of a softmax were made with, and their sum: that of exp(score) is the sum
// times exp(largest).
template <class Scalar>
struct SoftmaxSum {
  Scalar largest, sum;
};

// In place. The largest score is subtracted first, so that no exponential overflows. A sink is one
// more score, which takes part in the sum alone. Without scores the sum is 0.
template <class Scalar>
SoftmaxSum<Scalar> softmax(std::span<Scalar> scores, std::optional<Scalar> sink = std::nullopt) {
  Scalar largest = -std::numeric_limits<double>::infinity();
  if (!scores.empty()) largest = *std::max_element(scores.begin(), scores.end());
  if (sink && largest < *sink) largest = *sink;
  Scalar sum = 0.0;
  if (sink) add_sink(*sink, largest, sum);
  for (Scalar& score : scores) {
    score = exponential(score - largest);
    sum += score;
  }
  for (Scalar& score : scores) score = score / sum;
  return {largest, sum};
}

// (x, y) rotated by an angle
template <class Scalar>
std::pair<Scalar, Scalar> turned(Scalar x, Scalar y, double cosine, double sine) {
  const Scalar c = cosine;
  const Scalar s = sine;
  return {x * c - y * s, y * c + x * s};
}

}  // namespace llmarch::reference
