#include "sim/cli/skew_option.h"

#include <fmt/format.h>

#include <cmath>
#include <sstream>

#include "sim/cli/common_options.h"
#include "sim/cli/errors.h"
#include "sim/cli/text_files.h"
#include "sim/decimal.h"

namespace llmarch::cli {
namespace {

constexpr std::int64_t kLargestFile = std::int64_t{1} << 20;
constexpr double kMostExponent = 100;

// A finite number that is not below 0, and nothing else.
std::optional<double> number_in(const std::string& text) {
  double number = 0;
  const char* const end = text.data() + text.size();
  const auto [last, error] = read_decimal(text, number);
  if (error != std::errc() || last != end || !std::isfinite(number) || number < 0) {
    return std::nullopt;
  }
  return number;
}

MeasuredLoads read_loads(const std::string& file) {
  std::istringstream text(read_text(file, kLargestFile, "a file of loads"));
  MeasuredLoads loads;
  for (std::string word; text >> word;) {
    const auto load = number_in(word);
    if (!load) {
      throw UsageError(fmt::format("{}: '{}' is no load", file, word),
                       "write a number for each expert of a layer, with spaces between them");
    }
    loads.loads.push_back(*load);
  }
  return loads;
}

}  // namespace

void declare_skew(Options& options) {
  options.add_options()(
      "skew", boost::program_options::value<std::string>()->value_name("EXPONENT|FILE"),
      "also what is expected where experts are chosen unevenly: by a power law of this exponent, "
      "or by the loads in a file, a number for each expert of a layer");
}

std::optional<Skew> skew_of(const Values& values) {
  if (values.count("skew") == 0) return std::nullopt;
  const std::string text = text_of(values, "skew");
  const auto exponent = number_in(text);
  if (!exponent) return Skew{"the loads of " + text, read_loads(text)};
  if (*exponent > kMostExponent) {
    throw UsageError(fmt::format("--skew {} is more than {}", text, kMostExponent),
                     "loads that were measured follow exponents of 0.5 to 1.5");
  }
  return Skew{"a power law of " + text, PowerLaw{*exponent}};
}

}  // namespace llmarch::cli
