#include "kernels/fast/huge_memory.h"

#include <sys/mman.h>

#include <new>
#include <utility>

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
  void* start = mmap(nullptr, reserved_ + kHugePage, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (start == MAP_FAILED) throw std::bad_alloc();
  // A huge page begins at a multiple of its size, so the mapping is cut to begin and end at one.
  auto* bytes_start = static_cast<std::byte*>(start);
  const auto address = reinterpret_cast<std::size_t>(start);  // NOLINT: to align it
  const std::size_t before = rounded_up(address, kHugePage) - address;
  if (before > 0) munmap(start, before);
  if (before < kHugePage) munmap(bytes_start + before + reserved_, kHugePage - before);
  start_ = bytes_start + before;
#ifdef MADV_HUGEPAGE
  madvise(start_, reserved_, MADV_HUGEPAGE);  // only advice: without huge pages, small ones do
#endif
}

HugeMemory::~HugeMemory() {
  if (start_ != nullptr) munmap(start_, reserved_);
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
