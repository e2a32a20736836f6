#include "sim/cli/arguments.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <cmath>
#include <optional>

#include "sim/cli/errors.h"
#include "sim/decimal.h"
#include "sim/spec/meant_names.h"

namespace llmarch::cli {
namespace {

namespace po = boost::program_options;

constexpr std::int64_t kMostTokens = std::int64_t{1} << 40;

std::vector<std::string> option_names(const Options& options) {
  std::vector<std::string> names;
  for (const auto& option : options.options()) names.push_back("--" + option->long_name());
  return names;
}

[[noreturn]] void refuse_unknown(const Options& options, const std::string& name) {
  throw UsageError(fmt::format("unknown option '{}'", name), suggest(name, option_names(options)));
}

// What is wrong with a known option. The library's own what() is avoided: it substitutes names into
// a text until no placeholder is left, and so never returns for an option called '%option%'.
std::string fault(const po::error_with_option_name& error) {
  const std::string name = error.get_option_name();
  if (dynamic_cast<const po::multiple_occurrences*>(&error) != nullptr) {
    return fmt::format("option '{}' cannot be specified more than once", name);
  }
  std::string other = fmt::format("option '{}' cannot be read", name);
  const auto* syntax = dynamic_cast<const po::invalid_syntax*>(&error);
  if (syntax == nullptr) return other;
  switch (syntax->kind()) {
    case po::invalid_syntax::empty_adjacent_parameter:
      return fmt::format(
          "the argument for option '{}' should follow immediately after the equal sign", name);
    case po::invalid_syntax::missing_parameter:
      return fmt::format("the required argument for option '{}' is missing", name);
    case po::invalid_syntax::extra_parameter:
      return fmt::format("option '{}' does not take any arguments", name);
    case po::invalid_syntax::long_not_allowed:
    case po::invalid_syntax::long_adjacent_not_allowed:
    case po::invalid_syntax::short_adjacent_not_allowed:
    case po::invalid_syntax::unrecognized_line: break;  // only in other styles and in files
  }
  return other;
}

bool known(const Options& options, const std::string& name) {
  const std::vector<std::string> names = option_names(options);
  return std::find(names.begin(), names.end(), name) != names.end();
}

// The bytes of a unit, which may be written small: of "", "B", "K", "KiB" and "KB", and of M, G and
// T.
std::optional<std::int64_t> bytes_of_unit(std::string_view unit) {
  std::string small(unit);
  for (char& c : small) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  if (small.empty() || small == "b") return 1;
  const std::size_t power = std::string_view("kmgt").find(small.front());
  if (power == std::string_view::npos) return std::nullopt;
  const std::string rest = small.substr(1);
  if (!rest.empty() && rest != "b" && rest != "ib") return std::nullopt;
  std::int64_t bytes = 1;
  for (std::size_t i = 0; i <= power; ++i) bytes *= rest == "b" ? 1'000 : 1'024;
  return bytes;
}

// An option with one hyphen too few would be read as a short one: '-only' as '-o nly', which makes
// a folder of that name.
void refuse_single_hyphens(const Options& options, const Arguments& arguments) {
  for (const std::string& argument : arguments) {
    if (argument == "--") return;
    if (argument.size() < 3 || argument[0] != '-' || argument[1] == '-') continue;
    const std::string meant = "-" + argument.substr(0, argument.find('='));
    if (!known(options, meant)) continue;
    throw UsageError(fmt::format("'{}' is not an option", argument),
                     fmt::format("did you mean '{}'?", meant));
  }
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
  refuse_single_hyphens(options, arguments);
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
  } catch (const po::error_with_option_name& error) {
    if (!known(options, error.get_option_name())) refuse_unknown(options, error.get_option_name());
    throw UsageError(fault(error), "");
  }
  return values;
}

std::vector<std::string> positional_values(const Values& values, const std::string& positional) {
  if (values.count(positional) == 0) return {};
  return values[positional].as<std::vector<std::string>>();
}

std::vector<std::string> some_values(const Values& values, const std::string& positional,
                                     const std::string& example) {
  std::vector<std::string> given = positional_values(values, positional);
  if (given.empty()) throw UsageError(fmt::format("no {}s are given", positional), example);
  return given;
}

std::string only_value(const Values& values, const std::string& positional,
                       const std::string& command, const std::string& example) {
  const std::vector<std::string> given = positional_values(values, positional);
  if (given.size() == 1) return given.front();
  throw UsageError(
      fmt::format("{} takes one {}, and {} are given", command, positional, given.size()), example);
}

double parse_share(const std::string& option, const std::string& text, const RealRange& range) {
  double share = 0;
  const char* end = text.data() + text.size();
  const auto [rest, error] = read_decimal(text, share);
  if (error == std::errc() && rest == end && share > range.above && share <= range.most) {
    return share;
  }
  throw UsageError(fmt::format("'{}' for --{} is not a number above {}, at most {}", text, option,
                               range.above, range.most),
                   "write 0.85 where 85 % of the drafts stand, 2.8 where so many of each step do");
}

Integer parse_count(const std::string& option, const std::string& text, Integer most) {
  std::int64_t number = 0;
  const char* end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, number);
  const std::int64_t factor = multiplier(std::string_view(rest, end));
  const bool readable = error == std::errc() && factor != 0 && number >= 1;
  if (!readable || number > most.value() / factor) {
    throw UsageError(
        fmt::format("'{}' for --{} is not a number from 1 to {}", text, option, most.value()),
        "write 8192, 8k (8,192) or 1M (1,048,576)");
  }
  return number * factor;
}

Integer parse_tokens(const std::string& option, const std::string& text) {
  return parse_count(option, text, kMostTokens);
}

Bytes parse_bytes(const std::string& option, const std::string& text) {
  double number = 0;
  const char* end = text.data() + text.size();
  const auto [rest, error] = read_decimal(text, number);
  std::string_view unit(rest, end);
  if (unit.starts_with(' ')) unit.remove_prefix(1);
  const auto factor = bytes_of_unit(unit);
  constexpr double kMost = 1e18;
  if (error == std::errc() && factor) {
    const double bytes = number * static_cast<double>(*factor);
    if (bytes >= 1 && bytes <= kMost) return Bytes(std::llround(bytes));
  }
  throw UsageError(fmt::format("'{}' for --{} is not a number of bytes", text, option),
                   "write 24GiB or 24G (2^30 bytes each), 80GB (10^9) or 25769803776");
}

Memories parse_memories(const std::string& option, const std::string& text) {
  const std::size_t times = text.find_first_of("xX");
  if (times == std::string::npos) return {1, parse_bytes(option, text)};
  return {parse_count(option, text.substr(0, times), kMostDevices),
          parse_bytes(option, text.substr(times + 1))};
}

}  // namespace llmarch::cli
