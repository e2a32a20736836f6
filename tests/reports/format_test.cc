// Are quantities written rightly, above all where a unit or a digit begins?
#include "reports/document/format.h"

#include <gtest/gtest.h>

#include <limits>

namespace llmarch::reports {
namespace {

constexpr std::int64_t largest = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t smallest = std::numeric_limits<std::int64_t>::min();

TEST(Grouped, SetsACommaEveryThreeDigits) {
  EXPECT_EQ(grouped(0), "0");
  EXPECT_EQ(grouped(999), "999");
  EXPECT_EQ(grouped(1000), "1,000");
  EXPECT_EQ(grouped(-123456), "-123,456");
  EXPECT_EQ(grouped(1235814400), "1,235,814,400");
}

TEST(Grouped, HoldsTheWholeRangeOf64Bits) {
  EXPECT_EQ(grouped(largest), "9,223,372,036,854,775,807");
  EXPECT_EQ(grouped(smallest), "-9,223,372,036,854,775,808");
}

TEST(DecimalCount, IsTheNumberItselfBelowTenThousand) {
  EXPECT_EQ(decimal_count(0), "0");
  EXPECT_EQ(decimal_count(9999), "9,999");
  EXPECT_EQ(decimal_count(10000), "10 K");
  EXPECT_EQ(decimal_count(10001), "10.00 K");
}

TEST(DecimalCount, KeepsFourDigits) {
  EXPECT_EQ(decimal_count(1235814400), "1.236 B");
  EXPECT_EQ(decimal_count(27009002240), "27.01 B");
  EXPECT_EQ(decimal_count(671026419200), "671.0 B");
  EXPECT_EQ(decimal_count(-1026408233728), "-1.026 T");
}

TEST(DecimalCount, DropsTheFractionOnlyWhenTheFigureIsExact) {
  EXPECT_EQ(decimal_count(27'000'000'000), "27 B");
  EXPECT_EQ(decimal_count(27'000'000'001), "27.00 B");
}

TEST(DecimalCount, ChoosesTheUnitAfterRounding) {
  EXPECT_EQ(decimal_count(999'949), "999.9 K");
  EXPECT_EQ(decimal_count(999'950), "1.000 M");  // a half goes to the even digit: 1000.0, not 999.9
  EXPECT_EQ(decimal_count(999'999), "1.000 M");
  EXPECT_EQ(decimal_count(1'000'000), "1 M");
  EXPECT_EQ(decimal_count(999'999'999'999), "1.000 T");
}

TEST(DecimalCount, LosesADecimalWhenRoundingAddsADigit) {
  EXPECT_EQ(decimal_count(9'999'499), "9.999 M");
  EXPECT_EQ(decimal_count(9'999'501), "10.00 M");
  EXPECT_EQ(decimal_count(99'995'001), "100.0 M");
}

TEST(DecimalCount, CountsWholeTrillionsAboveAThousand) {
  EXPECT_EQ(decimal_count(999'999'999'999'999), "1,000 T");
  EXPECT_EQ(decimal_count(largest), "9,223,372 T");
  EXPECT_EQ(decimal_count(smallest), "-9,223,372 T");
}

TEST(BinaryBytes, AreWholeWhenExact) {
  EXPECT_EQ(binary_bytes(0), "0 B");
  EXPECT_EQ(binary_bytes(1023), "1,023 B");
  EXPECT_EQ(binary_bytes(1024), "1 KiB");
  EXPECT_EQ(binary_bytes(36 * 1024), "36 KiB");
  EXPECT_EQ(binary_bytes(36 * 1024 + 1), "36.00 KiB");
  EXPECT_EQ(binary_bytes(1LL << 60), "1,024 PiB");
}

TEST(BinaryBytes, KeepFourDigits) {
  EXPECT_EQ(binary_bytes(70272), "68.62 KiB");  // 68.625: a half goes to the even digit
  EXPECT_EQ(binary_bytes(1536), "1.500 KiB");
  EXPECT_EQ(binary_bytes(-1536), "-1.500 KiB");
}

TEST(BinaryBytes, ChooseTheUnitAfterRounding) {
  EXPECT_EQ(binary_bytes(1023 * 1024), "1,023 KiB");
  EXPECT_EQ(binary_bytes(1023 * 1024 + 511), "1,023 KiB");
  EXPECT_EQ(binary_bytes(1023 * 1024 + 513), "1.000 MiB");
  EXPECT_EQ(binary_bytes(1024 * 1024), "1 MiB");
}

TEST(BinaryBytes, HoldTheWholeRangeOf64Bits) {
  EXPECT_EQ(binary_bytes(largest), "8,192 PiB");
  EXPECT_EQ(binary_bytes(smallest), "-8,192 PiB");
}

TEST(ContextTokens, AreShortOnlyWhenNothingIsLost) {
  EXPECT_EQ(context_tokens(0), "0");
  EXPECT_EQ(context_tokens(1000), "1,000");
  EXPECT_EQ(context_tokens(1023), "1,023");
  EXPECT_EQ(context_tokens(1024), "1k");
  EXPECT_EQ(context_tokens(8192), "8k");
  EXPECT_EQ(context_tokens(131072), "128k");
  EXPECT_EQ(context_tokens(1048576), "1M");
  EXPECT_EQ(context_tokens(1048576 + 1024), "1,025k");
  EXPECT_EQ(context_tokens(10'000'000), "10,000,000");
}

TEST(Ratio, KeepsThreeDigits) {
  EXPECT_EQ(ratio(0.875), "0.875×");
  EXPECT_EQ(ratio(1.529609), "1.53×");
  EXPECT_EQ(ratio(12.34), "12.3×");
  EXPECT_EQ(ratio(99.96), "100×");
  EXPECT_EQ(ratio(999.6), "1,000×");
  EXPECT_EQ(ratio(1234.4), "1,234×");
  EXPECT_EQ(ratio(0.0458), "0.0458×");
}

TEST(Ratio, IsWholeWhenExact) {
  EXPECT_EQ(ratio(2.0), "2×");
  EXPECT_EQ(ratio(2.001), "2.00×");
  EXPECT_EQ(ratio(0.0), "0×");
}

TEST(Ratio, SaysOneOnlyWhenEqual) {
  EXPECT_EQ(ratio(1.0), "1×");
  EXPECT_EQ(ratio(1.004), "≈1×");
  EXPECT_EQ(ratio(0.9996), "≈1×");
  EXPECT_EQ(ratio(0.9994), "0.999×");
  EXPECT_EQ(ratio(1.006), "1.01×");
}

TEST(Ratio, SaysWhenThereIsNone) {
  EXPECT_EQ(ratio(std::numeric_limits<double>::quiet_NaN()), "–");
  EXPECT_EQ(ratio(std::numeric_limits<double>::infinity()), "∞×");
}

TEST(Ratio, GoesToPowersOfTenBeyondWhatCanBeRead) {
  EXPECT_EQ(ratio(1.5e20), "1.5e+20×");
  EXPECT_EQ(ratio(1.5e-9), "1.5e-09×");
}

TEST(ThreeDigits, AreWrittenOutFromAMillionthToAQuadrillion) {
  EXPECT_EQ(three_digits(1.23e-6), "0.00000123");
  EXPECT_EQ(three_digits(9.996e-7), "0.00000100");  // rounded to a millionth
  EXPECT_EQ(three_digits(9.99e-7), "9.99e-07");
  EXPECT_EQ(three_digits(1.5e15), "1,500,000,000,000,000");
  EXPECT_EQ(three_digits(1.5e16), "1.5e+16");
}

// 1,000.5 and 1,001.5 KiB: halves go to the even number, of the whole figure and not of its rest.
TEST(BinaryBytes, RoundHalvesAboveAThousandToTheEvenNumber) {
  EXPECT_EQ(binary_bytes(1'024'512), "1,000 KiB");
  EXPECT_EQ(binary_bytes(1'025'536), "1,002 KiB");
  EXPECT_EQ(binary_bytes(std::int64_t{3} << 30), "3 GiB");
}

TEST(Figures, MayBeBelowZeroOrNone) {
  EXPECT_EQ(three_digits(-1e300), "-1e+300");
  EXPECT_EQ(percent(-12.5), "-1,250 %");
  EXPECT_EQ(percent(0.005), "0.5 %");
  EXPECT_EQ(decimal(0), "0");
  EXPECT_EQ(decimal(std::numeric_limits<double>::quiet_NaN()), "–");
}

TEST(Duration, HasTheUnitInWhichItsRoundedFigureIsBelowAThousand) {
  EXPECT_EQ(duration(0), "0 s");
  EXPECT_EQ(duration(5e-10), "0.500 ns");
  EXPECT_EQ(duration(999.4e-9), "999 ns");
  EXPECT_EQ(duration(999.6e-9), "1.00 µs");
  EXPECT_EQ(duration(999.4e-6), "999 µs");
  EXPECT_EQ(duration(999.6e-6), "1.00 ms");
  EXPECT_EQ(duration(-999.6e-3), "-1.00 s");
  EXPECT_EQ(duration(999.4e-3), "999 ms");
  EXPECT_EQ(duration(1234), "1,234 s");
  EXPECT_EQ(duration(std::numeric_limits<double>::infinity()), "–");
}

TEST(Percent, KeepsOneDecimal) {
  EXPECT_EQ(percent(0.042), "4.2 %");
  EXPECT_EQ(percent(0.5), "50.0 %");
  EXPECT_EQ(percent(-0.123), "-12.3 %");
  EXPECT_EQ(percent(12.344), "1,234 %");
}

TEST(Percent, SaysNothingAndAllOnlyWhenExact) {
  EXPECT_EQ(percent(0.0), "0 %");
  EXPECT_EQ(percent(-0.0), "0 %");
  EXPECT_EQ(percent(0.0001), "≈0 %");
  EXPECT_EQ(percent(1.0), "100 %");
  EXPECT_EQ(percent(0.9999), "≈100 %");
}

}  // namespace
}  // namespace llmarch::reports
