#include "kernels/fast/huge_memory.h"

#include <new>
#include <utility>

#include "sim/system/system.h"

namespace llmarch::fast {
namespace {

constexpr std::size_t kHugePage = std::size_t{2} << 20U;
constexpr std::size_t kLine = 64;

std::size_t rounded_up(std::size_t bytes, std::size_t unit) {
  return (bytes + unit - 1) / unit * unit;
}

}  // namespace

HugeMemory::HugeMemory(std::size_t bytes) : reserved_(rounded_up(bytes, kHugePage)) {
  if (reserved_ == 0) return;
  start_ = system::reserve_memory(reserved_, kHugePage);
  if (start_ == nullptr) throw std::bad_alloc();
}

HugeMemory::~HugeMemory() {
  if (start_ != nullptr) system::release_memory(start_, reserved_);
}

HugeMemory::HugeMemory(HugeMemory&& other) noexcept
    : start_(std::exchange(other.start_, nullptr)),
      reserved_(std::exchange(other.reserved_, 0)),
      taken_(std::exchange(other.taken_, 0)) {}

std::byte* HugeMemory::take(std::size_t bytes) {
  if (rounded(bytes) > reserved_ - taken_) throw std::bad_alloc();
  std::byte* const piece = start_ + taken_;
  taken_ += rounded(bytes);
  return piece;
}

std::size_t HugeMemory::rounded(std::size_t bytes) {
  return rounded_up(bytes, kLine);
}

}  // namespace llmarch::fast
