// What a declaration of a field is made of: its key and meaning, and the bounds of its numbers. The
// declarations themselves are in fields.h and in the headers that it includes.
#pragma once

#include <concepts>
#include <cstdint>
#include <string_view>
#include <type_traits>

namespace llmarch {

// The whole numbers that a field may take. A size outside is a slip of the pen, not a model.
struct Range {
  std::int64_t least;
  std::int64_t most;
};

inline constexpr Range kSize{1, std::int64_t{1} << 24};  // widths, heads, vocabularies
inline constexpr Range kExperts{1, 1'000'000};
inline constexpr Range kRepeats{1, 100'000};
inline constexpr Range kPositions{1, std::int64_t{1} << 40};
inline constexpr Range kGrowthLength{2, kPositions.most};  // whose logarithm divides another
inline constexpr Range kParameters{1, std::int64_t{1} << 62};
// The executor lists the layers one by one, so their number is bounded too.
inline constexpr std::int64_t kMostLayers = 100'000;

// A real number's open lower bound and closed upper bound.
struct RealRange {
  double above;
  double most;
};

inline constexpr RealRange kEpsilon{0, 1};
inline constexpr RealRange kFactor{0, 1e9};
inline constexpr RealRange kBelowZero{-1, 0};
inline constexpr RealRange kLogDecay{-1e9, 0};
inline constexpr RealRange kShare{0, 0.999999};
inline constexpr Range kStreams{2, 64};
inline constexpr Range kStreamIndex{0, 63};
inline constexpr Range kDelay{1, 63};
inline constexpr Range kKernel{2, 1024};

// A headline is in every comparison, a detail only where models differ in it.
enum class Prominence { headline, detail };

struct Field {
  std::string_view key;
  std::string_view meaning;
  Prominence prominence = Prominence::headline;
};

template <class Type, class Struct>
concept FieldsOf = std::same_as<std::remove_const_t<Type>, Struct>;

}  // namespace llmarch
