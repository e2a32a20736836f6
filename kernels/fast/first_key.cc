#include "kernels/fast/first_key.h"

#include <variant>

namespace llmarch::fast {
namespace {

struct FirstKey {
  std::size_t position;
  std::size_t operator()(const EveryKey& /*reach*/) const { return 0; }
  std::size_t operator()(const Window& reach) const {
    const auto size = static_cast<std::size_t>(reach.size.value());
    return position < size ? 0 : position - size + 1;
  }
  std::size_t operator()(const Chunk& reach) const {
    return position - position % static_cast<std::size_t>(reach.size.value());
  }
  // The first that may be chosen.
  std::size_t operator()(const ChosenKeys& /*reach*/) const { return 0; }
  std::size_t operator()(const Entries& /*reach*/) const { return 0; }
  std::size_t operator()(const Striped& /*reach*/) const { return 0; }
};

}  // namespace

std::size_t first_key(const Reach& reach, std::size_t position) {
  return std::visit(FirstKey{position}, reach);
}

}  // namespace llmarch::fast
