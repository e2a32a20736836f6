#include "reports/document/format.h"

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <span>
#include <string_view>

namespace llmarch::reports {
namespace {

// A double cannot hold every 64-bit count, so scaling is done in integers: a value in some unit has
// a whole part and a fraction of `decimals` decimal digits.
struct Scaled {
  std::uint64_t whole;
  std::uint64_t fraction;
  int decimals;
};

struct Unit {
  std::string_view name;
  std::uint64_t size;
};

constexpr std::array decimal_units = {Unit{"K", 1'000}, Unit{"M", 1'000'000},
                                      Unit{"B", 1'000'000'000}, Unit{"T", 1'000'000'000'000}};
constexpr std::array binary_units = {Unit{"KiB", 1ULL << 10}, Unit{"MiB", 1ULL << 20},
                                     Unit{"GiB", 1ULL << 30}, Unit{"TiB", 1ULL << 40},
                                     Unit{"PiB", 1ULL << 50}};

// Negating the smallest 64-bit integer overflows; negating its unsigned image does not.
std::uint64_t magnitude(std::int64_t number) {
  const auto bits = static_cast<std::uint64_t>(number);
  return number < 0 ? 0 - bits : bits;
}

std::string_view sign(std::int64_t number) {
  return number < 0 ? "-" : "";
}

// Written by hand instead of by the locale, so that a report reads the same on every machine.
std::string with_commas(std::uint64_t number) {
  std::string digits = std::to_string(number);
  for (std::size_t end = digits.size(); end > 3; end -= 3) digits.insert(end - 3, ",");
  return digits;
}

int decimals_for_four_digits(std::uint64_t whole) {
  if (whole < 10) return 3;
  if (whole < 100) return 2;
  return whole < 1000 ? 1 : 0;
}

std::uint64_t power_of_ten(int exponent) {
  std::uint64_t power = 1;
  for (int i = 0; i < exponent; ++i) power *= 10;
  return power;
}

// Rounds a half to the even digit, as printf does: 68.625 is 68.62.
std::uint64_t divide_rounded(std::uint64_t dividend, std::uint64_t divisor) {
  const std::uint64_t quotient = dividend / divisor;
  const std::uint64_t rest = dividend % divisor;
  const bool half = 2 * rest == divisor;
  const bool up = half ? quotient % 2 == 1 : 2 * rest > divisor;
  return up ? quotient + 1 : quotient;
}

// The remainder is below 2^50 and is multiplied by at most 1,000, so nothing here overflows.
Scaled scale(std::uint64_t amount, std::uint64_t unit) {
  const std::uint64_t whole = amount / unit;
  const int decimals = decimals_for_four_digits(whole);
  const std::uint64_t one = power_of_ten(decimals);
  if (one == 1) return {divide_rounded(amount, unit), 0, 0};
  const std::uint64_t fraction = divide_rounded(amount % unit * one, unit);
  if (fraction < one) return {whole, fraction, decimals};
  return {whole + 1, 0, decimals_for_four_digits(whole + 1)};  // 9.9996 is "10.00", not "10.000"
}

std::string digits_of(const Scaled& scaled, std::uint64_t remainder) {
  std::string digits = with_commas(scaled.whole);
  if (scaled.decimals == 0 || remainder == 0) return digits;
  return digits + fmt::format(".{:0{}}", scaled.fraction, scaled.decimals);
}

// The first unit whose rounded figure stays below the next unit: 999,999 rounds to 1000.0 K, which
// is why the choice is made after rounding and not before.
std::string in_units(std::uint64_t amount, std::span<const Unit> units) {
  std::size_t chosen = 0;
  while (chosen + 1 < units.size() &&
         scale(amount, units[chosen].size).whole >= units[chosen + 1].size / units[chosen].size) {
    ++chosen;
  }
  const Unit& unit = units[chosen];
  const std::string digits = digits_of(scale(amount, unit.size), amount % unit.size);
  return fmt::format("{} {}", digits, unit.name);
}

bool is_whole(double value) {
  return std::abs(value) < 1e15 && std::trunc(value) == value;
}

// The exponent is read from the printed form, so that it is that of the rounded value: 9.996 has
// the digits of 10.0.
int rounded_exponent(double value) {
  const std::string printed = fmt::format("{:.2e}", value);
  return std::stoi(printed.substr(printed.find('e') + 1));
}

}  // namespace

std::string grouped(std::int64_t number) {
  return fmt::format("{}{}", sign(number), with_commas(magnitude(number)));
}

std::string decimal_count(std::int64_t number) {
  const std::uint64_t amount = magnitude(number);
  if (amount < 10'000) return grouped(number);
  return fmt::format("{}{}", sign(number), in_units(amount, decimal_units));
}

std::string binary_bytes(std::int64_t bytes) {
  const std::uint64_t amount = magnitude(bytes);
  if (amount < 1024) return grouped(bytes) + " B";
  return fmt::format("{}{}", sign(bytes), in_units(amount, binary_units));
}

std::string three_digits(double value) {
  if (is_whole(value)) return grouped(static_cast<std::int64_t>(value));
  const int exponent = rounded_exponent(value);
  if (exponent > 15 || exponent < -6) return fmt::format("{:.3g}", value);
  if (exponent >= 3) return grouped(std::llrint(value));
  return fmt::format("{:.{}f}", value, 2 - exponent);
}

std::string duration(double seconds) {
  constexpr std::array units{std::pair{1e-9, "ns"}, std::pair{1e-6, "µs"}, std::pair{1e-3, "ms"}};
  if (!std::isfinite(seconds)) return "–";
  if (seconds == 0) return "0 s";
  for (const auto& [size, name] : units) {
    // The rounded figure decides on the unit: 999.7 ms is 1.00 s.
    if (std::abs(seconds) < 999.5 * size) {
      return fmt::format("{} {}", three_digits(seconds / size), name);
    }
  }
  return three_digits(seconds) + " s";
}

std::string context_tokens(std::int64_t tokens) {
  constexpr std::int64_t kilo = 1 << 10;
  constexpr std::int64_t mega = 1 << 20;
  if (tokens == 0 || tokens % kilo != 0) return grouped(tokens);
  if (tokens % mega == 0) return grouped(tokens / mega) + "M";
  return grouped(tokens / kilo) + "k";
}

std::string ratio(double value) {
  if (std::isnan(value)) return "–";
  if (std::isinf(value)) return value < 0 ? "-∞×" : "∞×";
  const std::string digits = three_digits(value);
  return digits == "1.00" ? "≈1×" : digits + "×";
}

std::string percent(double fraction) {
  if (!std::isfinite(fraction)) return "–";
  const double percents = fraction * 100;
  if (fraction == 0 || fraction == 1) return fmt::format("{:.0f} %", std::abs(percents));
  if (std::abs(percents) < 0.05) return "≈0 %";
  if (std::abs(percents) >= 999.95) return grouped(std::llrint(percents)) + " %";
  const std::string digits = fmt::format("{:.1f}", percents);
  return digits == "100.0" ? "≈100 %" : digits + " %";
}

std::string decimal(double value) {
  return std::isfinite(value) ? three_digits(value) : "–";
}

}  // namespace llmarch::reports
