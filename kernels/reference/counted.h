// Counted: a number that tallies its own arithmetic. The reference kernels are templates over their
// scalar. Run with Counted, they say how many operations really happened, whatever was predicted.
// Run with double, they are the numeric reference: the published implementations compute in float,
// and a reference that also rounded to float would use up half of the tolerance itself.
//
// The tally is per thread, since an operator has no argument through which to pass it.
#pragma once

#include <cmath>
#include <cstdint>

namespace llmarch {

struct ArithmeticTally {
  std::int64_t matrix = 0;  // adds and multiplies within a MatrixProduct
  std::int64_t other = 0;   // all others
  std::int64_t transcendentals = 0;
  bool in_matrix_product = false;

  void operation() { ++(in_matrix_product ? matrix : other); }
};

inline thread_local ArithmeticTally arithmetic_tally;

class Counted {
 public:
  Counted() = default;
  Counted(double value) : value_(value) {}  // NOLINT: reading a weight is no arithmetic
  [[nodiscard]] double value() const { return value_; }

  friend Counted operator+(Counted a, Counted b) { return tallied(a.value_ + b.value_); }
  friend Counted operator-(Counted a, Counted b) { return tallied(a.value_ - b.value_); }
  friend Counted operator*(Counted a, Counted b) { return tallied(a.value_ * b.value_); }
  friend Counted operator/(Counted a, Counted b) { return tallied(a.value_ / b.value_); }
  Counted& operator+=(Counted other) { return *this = *this + other; }
  // A change of sign or a comparison does not count as arithmetic.
  friend Counted operator-(Counted a) { return {-a.value_}; }
  friend bool operator<(Counted a, Counted b) { return a.value_ < b.value_; }

 private:
  static Counted tallied(double value) {
    arithmetic_tally.operation();
    return {value};
  }
  double value_ = 0;
};

inline double plain(double value) {
  return value;
}
inline double plain(Counted value) {
  return value.value();
}

// Transcendentals, one each.
inline double exponential(double x) {
  return std::exp(x);
}
inline double hyperbolic_tangent(double x) {
  return std::tanh(x);
}
inline double error_function(double x) {
  return std::erf(x);
}
inline double logarithm(double x) {
  return std::log(x);
}
inline double exponential_less_one(double x) {
  return std::expm1(x);
}
inline double inverse_root(double x) {
  return 1 / std::sqrt(x);
}
inline double root(double x) {
  return std::sqrt(x);
}

template <double (*Function)(double)>
Counted counted_call(Counted x) {
  ++arithmetic_tally.transcendentals;
  return {Function(x.value())};
}
inline Counted exponential(Counted x) {
  return counted_call<exponential>(x);
}
inline Counted hyperbolic_tangent(Counted x) {
  return counted_call<hyperbolic_tangent>(x);
}
inline Counted error_function(Counted x) {
  return counted_call<error_function>(x);
}
inline Counted logarithm(Counted x) {
  return counted_call<logarithm>(x);
}
inline Counted exponential_less_one(Counted x) {
  return counted_call<exponential_less_one>(x);
}
inline Counted inverse_root(Counted x) {
  return counted_call<inverse_root>(x);
}
inline Counted root(Counted x) {
  return counted_call<root>(x);
}

// During its lifetime, arithmetic counts as that of a matrix product.
template <class Scalar>
struct MatrixProduct {
  MatrixProduct() = default;
};

template <>
struct MatrixProduct<Counted> {
  MatrixProduct() { arithmetic_tally.in_matrix_product = true; }
  ~MatrixProduct() { arithmetic_tally.in_matrix_product = false; }
  MatrixProduct(const MatrixProduct&) = delete;
  MatrixProduct& operator=(const MatrixProduct&) = delete;
};

}  // namespace llmarch
