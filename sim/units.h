// Checked whole numbers, and the quantities that must not be mixed. Every count in the project is
// one of these: exact, 64 bits wide, and loud when it overflows. Floating point is for ratios and
// time. How quantities are written for people ("1.2 B", "36 KiB") is known by
// reports/document/format.h.
#pragma once

#include <compare>
#include <cstdint>
#include <stdexcept>
#include <string>

namespace llmarch {

// Thrown when a count would exceed 64 bits. It is caught where the input that caused it is known,
// so that the user is told which workload or which spec is too large; a count never wraps.
class Overflow : public std::overflow_error {
 public:
  Overflow(std::int64_t left, const char* operation, std::int64_t right)
      : std::overflow_error(std::to_string(left) + " " + operation + " " + std::to_string(right) +
                            " does not fit in 64 bits") {}
};

// A whole number whose arithmetic is checked. It converts from plain integers, so formulas read as
// they stand in a paper: `2 * rows * columns`.
class Integer {
 public:
  constexpr Integer() = default;
  constexpr Integer(std::int64_t value) : value_(value) {}  // NOLINT: implicit on purpose

  [[nodiscard]] constexpr std::int64_t value() const { return value_; }
  [[nodiscard]] constexpr double as_double() const { return static_cast<double>(value_); }

  friend constexpr Integer operator+(Integer a, Integer b) {
    std::int64_t sum = 0;
    if (__builtin_add_overflow(a.value_, b.value_, &sum)) throw Overflow(a.value_, "+", b.value_);
    return sum;
  }
  friend constexpr Integer operator-(Integer a, Integer b) {
    std::int64_t difference = 0;
    if (__builtin_sub_overflow(a.value_, b.value_, &difference)) {
      throw Overflow(a.value_, "-", b.value_);
    }
    return difference;
  }
  friend constexpr Integer operator*(Integer a, Integer b) {
    std::int64_t product = 0;
    if (__builtin_mul_overflow(a.value_, b.value_, &product)) {
      throw Overflow(a.value_, "*", b.value_);
    }
    return product;
  }
  // Truncates towards zero, as integers do. The divisor is never zero: callers check their input.
  friend constexpr Integer operator/(Integer a, Integer b) { return a.value_ / b.value_; }
  friend constexpr Integer operator%(Integer a, Integer b) { return a.value_ % b.value_; }
  constexpr Integer& operator+=(Integer other) { return *this = *this + other; }
  constexpr Integer& operator*=(Integer other) { return *this = *this * other; }
  friend constexpr auto operator<=>(Integer, Integer) = default;

 private:
  std::int64_t value_ = 0;
};

// A count of one kind of thing. Counts of the same kind add up; a count of one kind is never added
// to a count of another. Formulas are written with Integer and named at the end: `Flops(2 * k *
// n)`.
template <class Kind>
class Count {
 public:
  constexpr Count() = default;
  constexpr explicit Count(Integer amount) : amount_(amount) {}

  [[nodiscard]] constexpr Integer amount() const { return amount_; }
  [[nodiscard]] constexpr std::int64_t value() const { return amount_.value(); }

  friend constexpr Count operator+(Count a, Count b) { return Count(a.amount_ + b.amount_); }
  friend constexpr Count operator-(Count a, Count b) { return Count(a.amount_ - b.amount_); }
  friend constexpr Count operator*(Count a, Integer times) { return Count(a.amount_ * times); }
  friend constexpr Count operator*(Integer times, Count a) { return Count(a.amount_ * times); }
  constexpr Count& operator+=(Count other) { return *this = *this + other; }
  friend constexpr auto operator<=>(Count, Count) = default;

 private:
  Integer amount_;
};

using Elements = Count<struct ElementsKind>;  // numbers in a tensor, whatever their width
using Bytes = Count<struct BytesKind>;
using Flops = Count<struct FlopsKind>;    // one add, subtract, multiply or divide each
using Rounds = Count<struct RoundsKind>;  // of messages that are sent one after the other
using Transcendentals = Count<struct TranscendentalsKind>;  // exp, tanh, erf, square root: one each

// A count of things in memory, for the containers that hold them.
inline std::size_t size(Integer count) {
  return static_cast<std::size_t>(count.value());
}

}  // namespace llmarch
