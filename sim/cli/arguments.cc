#include "sim/cli/arguments.h"

#include <fmt/format.h>

#include <array>
#include <charconv>

#include "sim/cli/errors.h"
#include "sim/spec/diagnostics.h"

namespace llmarch::cli {
namespace {

namespace po = boost::program_options;

constexpr std::int64_t kMostTokens = std::int64_t{1} << 40;
constexpr double kMostBytes = 0x1p60;

std::vector<std::string> option_names(const Options& options) {
  std::vector<std::string> names;
  for (const auto& option : options.options()) names.push_back("--" + option->long_name());
  return names;
}

[[noreturn]] void refuse_unknown(const Options& options, const std::string& name) {
  throw UsageError(fmt::format("unknown option '{}'", name), suggest(name, option_names(options)));
}

// Bytes in a unit of memory; 0 for what is none.
double bytes_in(std::string_view unit) {
  constexpr std::array kUnits{std::pair{std::string_view(""), 1.0},
                              std::pair{std::string_view("B"), 1.0},
                              std::pair{std::string_view("KiB"), 1024.0},
                              std::pair{std::string_view("MiB"), 1048576.0},
                              std::pair{std::string_view("GiB"), 1073741824.0},
                              std::pair{std::string_view("TiB"), 1099511627776.0},
                              std::pair{std::string_view("KB"), 1e3},
                              std::pair{std::string_view("MB"), 1e6},
                              std::pair{std::string_view("GB"), 1e9},
                              std::pair{std::string_view("TB"), 1e12}};
  for (const auto& [name, bytes] : kUnits) {
    if (name == unit) return bytes;
  }
  return 0;
}

std::int64_t multiplier(std::string_view suffix) {
  if (suffix.empty()) return 1;
  if (suffix == "k" || suffix == "K") return std::int64_t{1} << 10;
  if (suffix == "m" || suffix == "M") return std::int64_t{1} << 20;
  if (suffix == "g" || suffix == "G") return std::int64_t{1} << 30;
  return 0;
}

}  // namespace

Values parse_arguments(const Options& options, const std::string& positional,
                       const Arguments& arguments) {
  Options all;
  all.add(options);
  all.add_options()(positional.c_str(), po::value<std::vector<std::string>>());
  po::positional_options_description places;
  places.add(positional.c_str(), -1);
  const int style = po::command_line_style::unix_style & ~po::command_line_style::allow_guessing;
  Values values;
  try {
    po::store(po::command_line_parser(arguments).options(all).positional(places).style(style).run(),
              values);
    po::notify(values);
  } catch (const po::unknown_option& error) {
    refuse_unknown(options, error.get_option_name());
  } catch (const po::error& error) {
    throw UsageError(error.what(), "");
  }
  return values;
}

std::vector<std::string> positional_values(const Values& values, const std::string& positional) {
  if (values.count(positional) == 0) return {};
  return values[positional].as<std::vector<std::string>>();
}

Integer parse_tokens(const std::string& option, const std::string& text) {
  std::int64_t number = 0;
  const char* end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, number);
  const std::int64_t factor = multiplier(std::string_view(rest, end));
  const bool readable = error == std::errc() && factor != 0 && number >= 1;
  if (!readable || number > kMostTokens / factor) {
    throw UsageError(
        fmt::format("'{}' for --{} is not a number from 1 to {}", text, option, kMostTokens),
        "write 8192, 8k (8,192) or 1M (1,048,576)");
  }
  return number * factor;
}

Bytes parse_memory(const std::string& option, const std::string& text) {
  double number = 0;
  const char* end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, number, std::chars_format::fixed);
  const double bytes = number * bytes_in(std::string_view(rest, end));
  if (error != std::errc() || !(bytes >= 1) || bytes > kMostBytes) {
    throw UsageError(fmt::format("'{}' for --{} is not an amount of memory", text, option),
                     "write 24GiB, 1.5TiB or 500MB");
  }
  return Bytes(static_cast<std::int64_t>(bytes));
}

DType parse_dtype(const std::string& option, const std::string& text) {
  std::vector<std::string> names;
  for (const auto& [name, dtype] : kDTypes) {
    if (name == text) return dtype;
    names.emplace_back(name);
  }
  throw UsageError(fmt::format("unknown number format '{}' for --{}", text, option),
                   suggest(text, names));
}

}  // namespace llmarch::cli
