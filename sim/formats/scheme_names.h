// The names of schemes, as options, studies and expressions write them: "bf16", "q4_k_m",
// "mlx-4bit", "gptq-g32", "5.0bpw", "experts=mxfp4,rest=bf16", and of caches "q8_0" and
// "k=q8_0,v=q4_0". The only place that reads them.
//
// To add a scheme: a row in named_schemes.cc.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/formats/scheme.h"
#include "sim/spec/meant_names.h"
#include "sim/spec/names.h"

namespace llmarch {

// A scheme, or why the text is none and what to write instead.
template <class Read>
struct SchemeReading {
  std::optional<Read> value;
  std::string problem = {}, remedy = {};
};
SchemeReading<Scheme> read_scheme(std::string_view text);
SchemeReading<CacheScheme> read_cache_scheme(std::string_view text);

// A line of help for each scheme: its name, and what it means.
struct SchemeHelp {
  std::string name, meaning;
};
std::vector<SchemeHelp> scheme_help();
std::vector<SchemeHelp> cache_scheme_help();

// The items of a list of schemes. Parts of a policy follow one another: an item without '=', or one
// whose key has been there, begins a new scheme.
std::vector<std::string> split_schemes(const std::vector<std::string>& items);

template <>
struct Names<Scheme> {
  static constexpr std::string_view described =
      "a format or scheme, as `q4_k_m`; `llmarch help formats` lists them";
  static SchemeReading<Scheme> read(std::string_view text) { return read_scheme(text); }
};
template <>
struct Names<CacheScheme> {
  static constexpr std::string_view described =
      "a format, or two as `k=q8_0,v=q4_0`; `llmarch help formats` lists them";
  static SchemeReading<CacheScheme> read(std::string_view text) { return read_cache_scheme(text); }
};

}  // namespace llmarch
