#include "kernels/reference/alibi.h"

#include <bit>
#include <cmath>

namespace llmarch {
namespace {

double slope_among(std::size_t number, std::size_t heads) {
  return std::exp2(-8.0 * static_cast<double>(number) / static_cast<double>(heads));
}

}  // namespace

double alibi_slope(std::size_t head, std::size_t heads) {
  const std::size_t powers = std::bit_floor(heads);
  return head < powers ? slope_among(head + 1, powers)
                       : slope_among(2 * (head - powers) + 1, 2 * powers);
}

}  // namespace llmarch
