// The schemes of checkpoints that have a name of their own. Part of scheme_names.h, which reads any
// scheme from its text.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sim/formats/scheme.h"

namespace llmarch {

struct NamedScheme {
  std::string_view name;
  std::vector<std::string> also;  // what people call it; see meant_names.h
  DType arithmetic;
  KindFormats formats;
  std::string_view meaning;
};

// Schemes with a group, which a suffix changes: "awq-g64". 0: the whole row.
struct GroupedScheme {
  std::string_view name;
  std::int64_t usual;
  KindFormats (*formats)(Integer group);
  std::string_view meaning;
};

std::span<const NamedScheme> named_schemes();
std::span<const GroupedScheme> grouped_schemes();

}  // namespace llmarch
