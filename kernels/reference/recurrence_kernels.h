// The operations of recurrences: what is made of the input, and the states that it changes.
#pragma once

#include <algorithm>
#include <optional>
#include <vector>

#include "kernels/reference/arithmetic.h"
#include "kernels/reference/lightning.h"
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
  return exponential(-(Scalar(rate) * x));
}

// The same with a bound on its logarithm.
template <class Scalar>
Scalar decay_of(const Decay& op, Scalar x, double rate) {
  if (!op.least_log) return decay_of(x, rate);
  return exponential(Scalar(*op.least_log) * sigmoid(Scalar(rate) * x));
}

template <class Scalar>
void run(BlockRun<Scalar>& step, const Decay& op) {
  auto in = step.read(op.in);
  std::vector<double> rates;
  for (const auto rate : step.weight(op.rate).row(0)) {
    rates.push_back(exponential(static_cast<double>(rate)));
  }
  auto out = step.write(op.out);
  for (std::size_t r = 0; r < in.rows(); ++r) {
    const auto source = in.row(r);
    const auto target = out.row(r);
    const std::size_t width = source.size() / rates.size();
    for (std::size_t i = 0; i < source.size(); ++i) {
      target[i] = decay_of(op, source[i], rates[i / width]);
    }
  }
}

// What one value head reads at one token.
template <class Scalar>
struct RecurrentInput {
  std::span<const Scalar> query, key, value;
  std::span<const Scalar> decay;   // one number, or one for each row of the state
  std::optional<Scalar> strength;  // of the delta rule
};

// strength (value - S^T key)
template <class Scalar>
std::vector<Scalar> delta_of(const RecurrentInput<Scalar>& in, Scalar strength,
                             std::span<const Scalar> state) {
  const std::size_t width = in.value.size();
  std::vector<Scalar> delta(width, Scalar(0.0));
  for (std::size_t i = 0; i < in.key.size(); ++i) {
    accumulate_product(in.key[i], part(state, i, width), std::span<Scalar>(delta));
  }
  for (std::size_t j = 0; j < width; ++j) delta[j] = (in.value[j] - delta[j]) * strength;
  return delta;
}

// One token of one value head. `state` is (key_dim, value_dim).
template <class Scalar>
void step_state(const RecurrentInput<Scalar>& in, std::span<Scalar> state, std::span<Scalar> out) {
  const std::size_t width = in.value.size();
  const std::size_t of_one_decay = state.size() / in.decay.size();
  for (std::size_t i = 0; i < state.size(); ++i) state[i] = state[i] * in.decay[i / of_one_decay];
  std::vector<Scalar> change(in.value.begin(), in.value.end());
  if (in.strength) change = delta_of(in, *in.strength, std::span<const Scalar>(state));
  for (std::size_t i = 0; i < in.key.size(); ++i) {
    accumulate_product(in.key[i], std::span<const Scalar>(change), part(state, i, width));
  }
  std::fill(out.begin(), out.end(), Scalar(0.0));
  for (std::size_t i = 0; i < in.query.size(); ++i) {
    accumulate_product(in.query[i], std::span<const Scalar>(part(state, i, width)), out);
  }
}

// The share that each head keeps where no value says it; else nothing.
template <class Scalar>
std::vector<Scalar> fixed_decays(const BlockRun<Scalar>& step, const Recurrence& op) {
  std::vector<Scalar> decays;
  if (op.decay) return decays;
  const Share heads = op.share.value_or(Share{0, op.shape.value_heads});
  for (std::size_t head = 0; head < size(op.shape.value_heads); ++head) {
    decays.push_back(lightning_decay({size(heads.first) + head, size(heads.all)},
                                     {step.place_in_stack, step.graph->depth()},
                                     op.full_slopes_at));
  }
  return decays;
}

// The operands of a recurrence, by value head.
template <class Scalar>
class RecurrentRows {
 public:
  RecurrentRows(BlockRun<Scalar>& step, const Recurrence& op)
      : query_(step.read(op.query)),
        key_(step.read(op.key)),
        value_(step.read(op.value)),
        out_(step.write(op.out)),
        fixed_(fixed_decays(step, op)),
        key_dim_(size(op.shape.key_dim)),
        value_dim_(size(op.shape.value_dim)),
        heads_(size(op.shape.value_heads)),
        sharing_(size(op.shape.value_heads / op.shape.key_heads)),
        decays_(op.decay ? size(step.block->values.at(*op.decay).columns) / heads_ : 1) {
    if (op.decay) decay_.emplace(step.read(*op.decay));
    if (op.strength) strength_.emplace(step.read(*op.strength));
  }

  RecurrentInput<Scalar> input(std::size_t row, std::size_t head) {
    const std::span<const Scalar> decays = decay_ ? decay_->row(row) : std::span(fixed_);
    RecurrentInput<Scalar> in{part(query_.row(row), head / sharing_, key_dim_),
                              part(key_.row(row), head / sharing_, key_dim_),
                              part(value_.row(row), head, value_dim_),
                              part(decays, head, decays_),
                              {}};
    if (strength_) in.strength = strength_->row(row)[head];
    return in;
  }
  std::span<Scalar> out(std::size_t row, std::size_t head) {
    return part(out_.row(row), head, value_dim_);
  }
  // The state of one head, which lies among those of all heads.
  [[nodiscard]] std::span<Scalar> state_of(std::span<Scalar> states, std::size_t head) const {
    return part(states, head, key_dim_ * value_dim_);
  }
  [[nodiscard]] std::size_t heads() const { return heads_; }
  [[nodiscard]] std::size_t key_dim() const { return key_dim_; }
  [[nodiscard]] std::size_t decays() const { return decays_; }  // of a head

 private:
  RowReader<Scalar> query_, key_, value_;
  RowWriter<Scalar> out_;
  std::optional<RowReader<Scalar>> decay_, strength_;
  std::vector<Scalar> fixed_;
  std::size_t key_dim_, value_dim_, heads_, sharing_, decays_;
};

template <class Scalar>
void run(BlockRun<Scalar>& step, const Recurrence& op) {
  RecurrentRows<Scalar> rows(step, op);
  auto state = step.stepped_state(op.state);
  for (std::size_t r = 0; r < step.batch() * step.tokens(); ++r) {
    const auto states = state.step(step.place(r).sequence);
    for (std::size_t head = 0; head < rows.heads(); ++head) {
      step_state(rows.input(r, head), rows.state_of(states, head), rows.out(r, head));
    }
  }
}

// One column of a selective scan at one token: what it reads, and its rates, which are the
// exponentials of what the model has learned.
template <class Scalar>
struct ScanInput {
  std::span<const Scalar> query, key;
  Scalar step, value;
  std::span<const double> rates;
};

// `state` has an element for each rate.
template <class Scalar>
Scalar scan_column(const ScanInput<Scalar>& in, std::span<Scalar> state) {
  for (std::size_t n = 0; n < state.size(); ++n) {
    state[n] = state[n] * decay_of(in.step, in.rates[n]);
  }
  accumulate_product(in.step * in.value, in.key, state);
  return dot(in.query, std::span<const Scalar>(state));
}

// The rates of all columns, (columns, state_dim).
template <class Scalar>
std::vector<double> scan_rates(BlockRun<Scalar>& step, const SelectiveScan& op) {
  std::vector<double> rates;
  WeightReader learned = step.weight(op.rate);
  for (std::size_t column = 0; column < learned.rows(); ++column) {
    for (const auto rate : learned.row(column)) {
      rates.push_back(exponential(static_cast<double>(rate)));
    }
  }
  return rates;
}

template <class Scalar>
void run(BlockRun<Scalar>& step, const SelectiveScan& op) {
  auto query = step.read(op.query);
  auto key = step.read(op.key);
  auto steps = step.read(op.step);
  auto value = step.read(op.in);
  const std::vector<double> rates = scan_rates(step, op);
  auto state = step.stepped_state(op.state);
  auto out = step.write(op.out);
  for (std::size_t r = 0; r < value.rows(); ++r) {
    const auto states = state.step(step.place(r).sequence);
    const auto target = out.row(r);
    const std::size_t width = states.size() / target.size();
    for (std::size_t i = 0; i < target.size(); ++i) {
      const ScanInput<Scalar> in{query.row(r), key.row(r), steps.row(r)[i], value.row(r)[i],
                                 part(std::span<const double>(rates), i, width)};
      target[i] = scan_column(in, part(states, i, width));
    }
  }
}

}  // namespace llmarch::reference
