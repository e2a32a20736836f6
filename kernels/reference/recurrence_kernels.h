// The operations of recurrences: what is made of the input, and the states that it changes.
#pragma once

#include <algorithm>
#include <vector>

#include "kernels/reference/arithmetic.h"
#include "kernels/reference/step.h"

namespace llmarch::reference {

// x / sqrt(x . x + epsilon)
template <class Scalar>
void normalize_length(std::span<const Scalar> in, double epsilon, std::span<Scalar> out) {
  Scalar squares = 0.0;
  for (const Scalar x : in) squares += x * x;
  const Scalar inverse = inverse_root(squares + Scalar(epsilon));
  for (std::size_t i = 0; i < in.size(); ++i) out[i] = in[i] * inverse;
}

template <class Scalar>
void run(BlockRun<Scalar>& step, const NormalizeLength& op) {
  auto in = step.read(op.in);
  auto out = step.write(op.out);
  for (std::size_t r = 0; r < in.rows(); ++r) {
    const auto source = in.row(r);
    const auto target = out.row(r);
    const std::size_t width = source.size() / size(op.vectors);
    for (std::size_t i = 0; i < size(op.vectors); ++i) {
      normalize_length(part(source, i, width), op.epsilon, part(target, i, width));
    }
  }
}

// `rate` is the exponential of what the model has learned.
template <class Scalar>
Scalar decay_of(Scalar x, double rate) {
  return exponential(-(Scalar(rate) * softplus(x)));
}

template <class Scalar>
void run(BlockRun<Scalar>& step, const Decay& op) {
  auto in = step.read(op.in);
  const auto rates = step.weight(op.rate).row(0);
  auto out = step.write(op.out);
  for (std::size_t r = 0; r < in.rows(); ++r) {
    const auto source = in.row(r);
    const auto target = out.row(r);
    const std::size_t width = source.size() / rates.size();
    for (std::size_t i = 0; i < source.size(); ++i) {
      target[i] = decay_of(source[i], exponential(static_cast<double>(rates[i / width])));
    }
  }
}

// What one value head reads at one token.
template <class Scalar>
struct DeltaInput {
  std::span<const Scalar> query, key, value;
  Scalar strength, decay;
};

// One token of one value head. `state` is (key_dim, value_dim).
template <class Scalar>
void delta_rule(const DeltaInput<Scalar>& in, std::span<Scalar> state, std::span<Scalar> out) {
  const std::size_t width = in.value.size();
  const auto row = [&](std::size_t i) { return part(state, i, width); };
  const auto const_row = [&](std::size_t i) { return std::span<const Scalar>(row(i)); };
  for (Scalar& element : state) element = element * in.decay;
  std::vector<Scalar> recalled(width, Scalar(0.0));
  for (std::size_t i = 0; i < in.key.size(); ++i) {
    accumulate_product(in.key[i], const_row(i), std::span<Scalar>(recalled));
  }
  std::vector<Scalar> change(width);
  for (std::size_t j = 0; j < width; ++j) change[j] = (in.value[j] - recalled[j]) * in.strength;
  for (std::size_t i = 0; i < in.key.size(); ++i) {
    accumulate_product(in.key[i], std::span<const Scalar>(change), row(i));
  }
  std::fill(out.begin(), out.end(), Scalar(0.0));
  for (std::size_t i = 0; i < in.query.size(); ++i) {
    accumulate_product(in.query[i], const_row(i), out);
  }
}

template <class Scalar>
void run(BlockRun<Scalar>& step, const DeltaRule& op) {
  auto query = step.read(op.query);
  auto key = step.read(op.key);
  auto value = step.read(op.value);
  auto strength = step.read(op.strength);
  auto decay = step.read(op.decay);
  auto state = step.stepped_state(op.state);
  auto out = step.write(op.out);
  const std::size_t key_dim = size(op.shape.key_dim);
  const std::size_t value_dim = size(op.shape.value_dim);
  const std::size_t sharing = size(op.shape.value_heads / op.shape.key_heads);
  for (std::size_t r = 0; r < value.rows(); ++r) {
    const auto states = state.step(step.place(r).sequence);
    for (std::size_t head = 0; head < size(op.shape.value_heads); ++head) {
      const DeltaInput<Scalar> in{
          part(query.row(r), head / sharing, key_dim), part(key.row(r), head / sharing, key_dim),
          part(value.row(r), head, value_dim), strength.row(r)[head], decay.row(r)[head]};
      delta_rule(in, part(states, head, key_dim * value_dim), part(out.row(r), head, value_dim));
    }
  }
}

}  // namespace llmarch::reference
