// Functions of single elements and rows, as templates over the lanes of an instruction set. The
// exponential is that of Cephes (a polynomial of degree 6 after splitting off powers of two, error
// below 2 units in the last place). A NaN stays a NaN: in `larger` and `smaller` it is the second
// operand that may be one.
#pragma once

#include <cstddef>

#include "kernels/fast/simd/tiles.h"

namespace llmarch::fast::simd {

// e^x = 2^n e^r, with n whole and r within ln 2 / 2 of 0.
template <class L>
struct Reduced {
  typename L::F n, r;
  typename L::F p;  // of (e^r - 1 - r) / r^2
};

template <class L>
Reduced<L> reduced(typename L::F x) {
  // Beyond these bounds the result would be subnormal or infinite.
  x = L::smaller(L::all(88.0F), L::larger(L::all(-87.0F), x));
  const auto n = L::nearest(x * L::all(1.44269504F));
  auto r = L::multiply_add(n, L::all(-0.693359375F), x);
  r = L::multiply_add(n, L::all(2.12194440e-4F), r);
  auto p = L::all(1.9875691500e-4F);
  p = L::multiply_add(p, r, L::all(1.3981999507e-3F));
  p = L::multiply_add(p, r, L::all(8.3334519073e-3F));
  p = L::multiply_add(p, r, L::all(4.1665795894e-2F));
  p = L::multiply_add(p, r, L::all(1.6666665459e-1F));
  p = L::multiply_add(p, r, L::all(5.0000001201e-1F));
  return {n, r, p};
}

template <class L>
typename L::F exponential(typename L::F x) {
  const auto [n, r, p] = reduced<L>(x);
  return L::times_power_of_two(L::multiply_add(p, r * r, r + L::all(1.0F)), n);
}

// e^x - 1, which keeps its digits where x is small.
template <class L>
typename L::F exponential_less_one(typename L::F x) {
  const auto [n, r, p] = reduced<L>(x);
  const auto power = L::times_power_of_two(L::all(1.0F), n);
  return L::multiply_add(power, L::multiply_add(p, r * r, r), power - L::all(1.0F));
}

// x / (1 + exp(-y)): x times the sigmoid of y
template <class L>
typename L::F times_sigmoid(typename L::F x, typename L::F y) {
  return x / (L::all(1.0F) + exponential<L>(L::zero() - y));
}

// cap tanh(x / cap)
template <class L>
typename L::F capped(typename L::F x, float cap) {
  const auto e = exponential_less_one<L>(x * L::all(2.0F / cap));
  return L::all(cap) * (e / (e + L::all(2.0F)));  // cap * e might be infinite
}

// x (1 + tanh u) / 2 is x times the sigmoid of 2 u.
template <class L>
typename L::F gelu_tanh(typename L::F x) {
  const auto cubic = L::multiply_add(x * x * x, L::all(0.044715F), x);
  return times_sigmoid<L>(x, cubic * L::all(2.0F * 0.797884561F));
}

// x (1 + erf(x / sqrt 2)) / 2 is max(x, 0) - |x| / 2 times erfc(|x| / sqrt 2). The complement is a
// Chebyshev fit with a relative error of 1.2e-7 everywhere (Numerical Recipes, erfcc): a norm may
// follow an activation, and to a norm the small values of the tail count as much as others.
template <class L>
typename L::F gelu_erf(typename L::F x) {
  const auto size = L::larger(x, L::zero() - x);
  const auto y = size * L::all(0.707106781F);
  const auto t = L::all(1.0F) / L::multiply_add(y, L::all(0.5F), L::all(1.0F));
  auto p = L::all(0.17087277F);
  p = L::multiply_add(p, t, L::all(-0.82215223F));
  p = L::multiply_add(p, t, L::all(1.48851587F));
  p = L::multiply_add(p, t, L::all(-1.13520398F));
  p = L::multiply_add(p, t, L::all(0.27886807F));
  p = L::multiply_add(p, t, L::all(-0.18628806F));
  p = L::multiply_add(p, t, L::all(0.09678418F));
  p = L::multiply_add(p, t, L::all(0.37409196F));
  p = L::multiply_add(p, t, L::all(1.00002368F));
  p = L::multiply_add(p, t, L::all(-1.26551223F));
  const auto complement = t * exponential<L>(p - y * y);
  return L::larger(L::zero(), x) - L::all(0.5F) * size * complement;
}

// Calls body(load, store) for each whole vector, and once for a remainder.
template <class L, class Body>
void over(std::size_t count, const Body& body) {
  std::size_t i = 0;
  for (; i + L::kWidth <= count; i += L::kWidth) {
    body([i](const float* p) { return L::load(p + i); },
         [i](float* p, typename L::F x) { L::store(p + i, x); });
  }
  if (const std::size_t rest = count - i; rest > 0) {
    body([i, rest](const float* p) { return L::load_first(p + i, rest); },
         [i, rest](float* p, typename L::F x) { L::store_first(p + i, x, rest); });
  }
}

template <class L, class Body>
void with_function(Function function, const Body& body) {
  using F = typename L::F;
  switch (function) {
    case Function::gelu_tanh: return body([](F x) { return gelu_tanh<L>(x); });
    case Function::gelu_erf: return body([](F x) { return gelu_erf<L>(x); });
    case Function::silu: return body([](F x) { return times_sigmoid<L>(x, x); });
    case Function::relu: return body([](F x) { return L::larger(L::zero(), x); });
    case Function::tanh: return body([](F x) { return capped<L>(x, 1.0F); });
    case Function::sigmoid: return body([](F x) { return times_sigmoid<L>(L::all(1.0F), x); });
    case Function::quick_gelu:
      return body([](F x) { return times_sigmoid<L>(x, x * L::all(1.702F)); });
    case Function::relu_squared:
      return body([](F x) {
        const F above = L::larger(L::zero(), x);
        return above * above;
      });
  }
}

template <class L>
void activate(Function function, const float* in, std::size_t count, float* out) {
  with_function<L>(function, [=](const auto& f) {
    over<L>(count, [&](const auto& load, const auto& store) { store(out, f(load(in))); });
  });
}

template <class L>
void gate(Function function, const float* gates, const float* up, std::size_t count, float* out) {
  with_function<L>(function, [=](const auto& f) {
    over<L>(count,
            [&](const auto& load, const auto& store) { store(out, f(load(gates)) * load(up)); });
  });
}

template <class L>
void soft_cap(const float* in, std::size_t count, float cap, float* out) {
  over<L>(count,
          [&](const auto& load, const auto& store) { store(out, capped<L>(load(in), cap)); });
}

template <class L>
float sum(const float* in, std::size_t count) {
  auto total = L::zero();
  over<L>(count, [&](const auto& load, const auto&) { total = total + load(in); });
  return L::sum(total);
}

// Lanes after the end are set to `mean`, so that they add nothing.
template <class L>
float squares(const float* in, std::size_t count, float mean) {
  auto total = L::zero();
  const std::size_t whole = count - count % L::kWidth;
  for (std::size_t i = 0; i < whole; i += L::kWidth) {
    const auto x = L::load(in + i) - L::all(mean);
    total = L::multiply_add(x, x, total);
  }
  float result = L::sum(total);
  for (std::size_t i = whole; i < count; ++i) result += (in[i] - mean) * (in[i] - mean);
  return result;
}

template <class L>
void normalize(const float* in, std::size_t count, float mean, float factor, const float* weight,
               const float* bias, float* out) {
  over<L>(count, [&](const auto& load, const auto& store) {
    auto x = (load(in) - L::all(mean)) * L::all(factor);
    if (weight != nullptr) x = x * load(weight);
    if (bias != nullptr) x = x + load(bias);
    store(out, x);
  });
}

template <class L>
void add(const float* left, const float* right, std::size_t count, float* out) {
  over<L>(count,
          [&](const auto& load, const auto& store) { store(out, load(left) + load(right)); });
}

template <class L>
void scale(const float* in, std::size_t count, float factor, float* out) {
  over<L>(count,
          [&](const auto& load, const auto& store) { store(out, load(in) * L::all(factor)); });
}

template <class L>
void accumulate(const float* in, std::size_t count, float factor, float* total) {
  over<L>(count, [&](const auto& load, const auto& store) {
    store(total, L::multiply_add(load(in), L::all(factor), load(total)));
  });
}

template <class L>
void turn_pairs(const float* x, const float* y, const float* cosines, const float* sines,
                std::size_t count, float* out_x, float* out_y) {
  over<L>(count, [&](const auto& load, const auto& store) {
    const auto a = load(x);
    const auto b = load(y);
    const auto c = load(cosines);
    const auto s = load(sines);
    store(out_x, a * c - b * s);
    store(out_y, b * c + a * s);
  });
}

template <class L>
void scan(const ScanRow& row) {
  over<L>(row.count, [&](const auto& load, const auto& store) {
    const auto decay = exponential<L>(load(row.rate) * load(row.step));
    const auto state = L::multiply_add(load(row.change), L::all(row.key), decay * load(row.state));
    store(row.state, state);
    store(row.out, L::multiply_add(state, L::all(row.query), load(row.out)));
  });
}

// The columns of a few vectors, or of one that is not full. They are independent of each other, so
// their rows stay in the first-level cache between the two passes.
template <class L, std::size_t kVectors, class Load, class Store>
void step_columns(const StateStep& step, std::size_t column, const Load& load, const Store& store) {
  using F = typename L::F;
  const auto decayed = [&](std::size_t i, std::size_t v) {
    return load(step.state + i * step.state_stride + column + v * L::kWidth) *
           L::all(step.decay[i * step.decay_stride]);
  };
  F change[kVectors];
  F sums[kVectors];
  LLMARCH_UNROLL for (std::size_t v = 0; v < kVectors; ++v) {
    change[v] = load(step.value + column + v * L::kWidth);
    sums[v] = L::zero();
  }
  if (step.strength != nullptr) {
    for (std::size_t i = 0; i < step.rows; ++i) {
      LLMARCH_UNROLL for (std::size_t v = 0; v < kVectors; ++v) {
        sums[v] = L::multiply_add(decayed(i, v), L::all(step.key[i]), sums[v]);
      }
    }
    LLMARCH_UNROLL for (std::size_t v = 0; v < kVectors; ++v) {
      change[v] = (change[v] - sums[v]) * L::all(*step.strength);
      sums[v] = L::zero();
    }
  }
  for (std::size_t i = 0; i < step.rows; ++i) {
    LLMARCH_UNROLL for (std::size_t v = 0; v < kVectors; ++v) {
      const F row = L::multiply_add(change[v], L::all(step.key[i]), decayed(i, v));
      store(step.state + i * step.state_stride + column + v * L::kWidth, row);
      sums[v] = L::multiply_add(row, L::all(step.query[i]), sums[v]);
    }
  }
  LLMARCH_UNROLL for (std::size_t v = 0; v < kVectors; ++v) {
    store(step.out + column + v * L::kWidth, sums[v]);
  }
}

template <class L>
void step_state(const StateStep& step) {
  constexpr std::size_t kVectors = 4;
  const auto load = [](const float* p) { return L::load(p); };
  const auto store = [](float* p, typename L::F x) { L::store(p, x); };
  std::size_t column = 0;
  for (; column + kVectors * L::kWidth <= step.columns; column += kVectors * L::kWidth) {
    step_columns<L, kVectors>(step, column, load, store);
  }
  for (; column + L::kWidth <= step.columns; column += L::kWidth) {
    step_columns<L, 1>(step, column, load, store);
  }
  if (const std::size_t rest = step.columns - column; rest > 0) {
    step_columns<L, 1>(
        step, column, [rest](const float* p) { return L::load_first(p, rest); },
        [rest](float* p, typename L::F x) { L::store_first(p, x, rest); });
  }
}

template <class L>
constexpr RowKernels row_kernels() {
  return {activate<L>, gate<L>,  soft_cap<L>,   sum<L>,        squares<L>, normalize<L>,
          add<L>,      scale<L>, accumulate<L>, turn_pairs<L>, scan<L>,    step_state<L>};
}

}  // namespace llmarch::fast::simd
