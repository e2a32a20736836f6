// Rounded: a number that is rounded to float after each operation. Run with it, the reference
// kernels show how far plain float arithmetic departs from double on a given model, which is all
// that may be asked of any implementation in float. Where vectors cancel, or a norm is almost zero,
// no two implementations in float agree.
#pragma once

#include <cmath>

namespace llmarch {

class Rounded {
 public:
  Rounded() = default;
  Rounded(double value) : value_(static_cast<float>(value)) {}  // NOLINT: weights are read so
  [[nodiscard]] float value() const { return value_; }

  friend Rounded operator+(Rounded a, Rounded b) { return of(a.value_ + b.value_); }
  friend Rounded operator-(Rounded a, Rounded b) { return of(a.value_ - b.value_); }
  friend Rounded operator*(Rounded a, Rounded b) { return of(a.value_ * b.value_); }
  friend Rounded operator/(Rounded a, Rounded b) { return of(a.value_ / b.value_); }
  Rounded& operator+=(Rounded other) { return *this = *this + other; }
  friend Rounded operator-(Rounded a) { return of(-a.value_); }
  friend bool operator<(Rounded a, Rounded b) { return a.value_ < b.value_; }

 private:
  static Rounded of(float value) {
    Rounded rounded;
    rounded.value_ = value;
    return rounded;
  }
  float value_ = 0;
};

inline double plain(Rounded value) {
  return static_cast<double>(value.value());
}
inline Rounded exponential(Rounded x) {
  return {std::exp(x.value())};
}
inline Rounded hyperbolic_tangent(Rounded x) {
  return {std::tanh(x.value())};
}
inline Rounded error_function(Rounded x) {
  return {std::erf(x.value())};
}
inline Rounded logarithm(Rounded x) {
  return {std::log(x.value())};
}
inline Rounded exponential_less_one(Rounded x) {
  return {std::expm1(x.value())};
}
inline Rounded inverse_root(Rounded x) {
  return {1 / std::sqrt(x.value())};
}
inline Rounded root(Rounded x) {
  return {std::sqrt(x.value())};
}

}  // namespace llmarch
