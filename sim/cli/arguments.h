// Reads a subcommand's arguments strictly: no abbreviated options, no unknown option ignored, and
// for each mistake what to write instead. The commands declare their own options.
#pragma once

#include <array>
#include <boost/program_options.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "sim/cli/errors.h"
#include "sim/enumerators.h"
#include "sim/spec/field.h"
#include "sim/spec/meant_names.h"
#include "sim/units.h"

namespace llmarch::cli {

using Arguments = std::vector<std::string>;
using Options = boost::program_options::options_description;
using Values = boost::program_options::variables_map;

// Positional arguments are collected under `positional`, which `options` need not declare. Throws
// UsageError.
Values parse_arguments(const Options& options, const std::string& positional,
                       const Arguments& arguments);

// The positional arguments; empty when there are none.
std::vector<std::string> positional_values(const Values& values, const std::string& positional);

// The same, at least one. Throws UsageError with the example: "no models are given".
std::vector<std::string> some_values(const Values& values, const std::string& positional,
                                     const std::string& example);

// The only one. Throws UsageError with the example: "show takes one model, and 2 are given".
std::string only_value(const Values& values, const std::string& positional,
                       const std::string& command, const std::string& example);

// "8192", "8k", "1M": from 1 to `most`. `option` is named in the message. Throws UsageError.
Integer parse_count(const std::string& option, const std::string& text, Integer most);

// The same, up to the largest number of tokens that anything is priced for.
Integer parse_tokens(const std::string& option, const std::string& text);

// A share within the range. Throws UsageError, as the others do.
double parse_share(const std::string& option, const std::string& text, const RealRange& range);

// The most devices that may share a model.
inline constexpr std::int64_t kMostDevices = 1'000'000;

// "24GiB", "24G", "80GB", "1024", in capitals or not: K to T and KiB to TiB are powers of 1,024, KB
// to TB of 1,000. Throws UsageError.
Bytes parse_bytes(const std::string& option, const std::string& text);
// The same for several memories of one size: "8x80GiB".
struct Memories {
  Integer count;
  Bytes each;
};
Memories parse_memories(const std::string& option, const std::string& text);

// The names of an enumeration, as options take them.
template <class Enum, std::size_t count>
std::vector<std::string> names_in(const std::array<EnumeratorName<Enum>, count>& table) {
  std::vector<std::string> names;
  for (const auto& [name, value] : table) names.emplace_back(name);
  return names;
}

// The value of that name. Throws UsageError with the problem and the names that may be meant.
template <class Enum, std::size_t count>
Enum value_named(const std::array<EnumeratorName<Enum>, count>& table, const std::string& text,
                 const std::string& problem) {
  for (const auto& [name, value] : table) {
    if (name == text) return value;
  }
  throw UsageError(problem, suggest(text, names_in(table)));
}

}  // namespace llmarch::cli
