// What may be wrong with rotary positions and what stretches them, for field_faults.cc.
#pragma once

#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

#include "sim/spec/arch_spec.h"

namespace llmarch {

// The tokens of every golden vector: what lies beyond them cannot be seen.
inline constexpr std::int64_t kVectorTokens = 24;

using Rotaries = std::vector<std::pair<const char*, std::function<void(Rotary&)>>>;

Rotaries faults_of_rotary(const Rotary& rotary);

}  // namespace llmarch
