// How quantities are written for people: digits, units, rounding (halves to the even digit).
// Nothing here knows what a quantity means. Counts and bytes keep one convention: below 1,000 of a
// unit, a figure without a fraction is exact. "36 KiB" is 36,864 bytes and nothing else, while
// "36.00 KiB" is rounded. In the same way "1×" means equal, and "≈1×" nearly equal.
#pragma once

#include <cstdint>
#include <string>

namespace llmarch::reports {

// "1,235,814,400"
std::string grouped(std::int64_t number);

// Decimal units K, M, B, T and four digits: "1.236 B". Below 10,000 the number itself: "9,999".
// There is no unit above T, so larger counts are whole T: "9,223,372 T".
std::string decimal_count(std::int64_t number);

// Binary units B to PiB and four digits: "68.62 KiB"; "36 KiB" when exact.
std::string binary_bytes(std::int64_t bytes);

// Three digits in s, ms, µs or ns: "21.4 ms". There is no unit above seconds: "12,345 s".
std::string duration(double seconds);

// Three digits, whole from 100 on: "0.0213", "48.9", "1,234". "2" when exactly that.
std::string three_digits(double value);

// Multiples of 1,024 as "8k", of 1,048,576 as "1M"; every other number in full: "1,000".
std::string context_tokens(std::int64_t tokens);

// Three digits, whole from 100 on: "0.875×", "12.3×", "1,234×"; "2×" when exactly that; "≈1×" when
// it only rounds to 1. NaN (0 ÷ 0) is "–", and infinity (1 ÷ 0) "∞×".
std::string ratio(double value);

// One decimal: 0.042 is "4.2 %". "0 %" and "100 %" are exact; "≈0 %" and "≈100 %" are rounded.
std::string percent(double fraction);

// Three digits: "24.3", "1,234", "0.870"; a whole number without a fraction is exact.
std::string decimal(double value);

}  // namespace llmarch::reports
