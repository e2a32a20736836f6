#include "kernels/fast/cache.h"

#include <algorithm>
#include <stdexcept>

#include "kernels/fast/random_fill.h"

namespace llmarch::fast {
namespace {

// Below this many elements waking the team costs more than it saves.
constexpr std::size_t kWorthATeam = 16'384;

std::size_t padded_width_of(const CacheShape& shape) {
  const std::size_t unit = shape.layout == CacheLayout::values ? 16 : depth_of(shape.stored);
  return (shape.width + unit - 1) / unit * unit;
}

std::size_t blocks_of(const CacheShape& shape) {
  // A reach that begins within a block ends within another.
  return (shape.positions + kBlock - 1) / kBlock + 1;
}

}  // namespace

Cache::Cache(HugeMemory& memory, const CacheShape& shape)
    : shape_(shape), data_(memory.take(bytes(shape))) {}

std::size_t Cache::bytes(const CacheShape& shape) {
  return shape.sequences * shape.heads * blocks_of(shape) * padded_width_of(shape) * kBlock *
         bytes_of(shape.stored);
}

std::size_t Cache::blocks() const {
  return blocks_of(shape_);
}

std::size_t Cache::padded_width() const {
  return padded_width_of(shape_);
}

std::size_t Cache::offset_in_block(std::size_t position, std::size_t element) const {
  const std::size_t depth = depth_of(shape_.stored);
  const std::size_t p = position % kBlock;
  switch (shape_.layout) {
    case CacheLayout::keys: return (element / depth * kBlock + p) * depth + element % depth;
    case CacheLayout::values: {
      const std::size_t panel = element / 64 * 64;
      const std::size_t width = std::min<std::size_t>(64, padded_width() - panel);
      return panel * kBlock + (p / depth * width + element - panel) * depth + p % depth;
    }
  }
  throw std::logic_error("offset_in_block: a layout outside the enumeration");
}

void Cache::store(Team& team, ConstRows rows, const Places& places) {
  if (rows.columns != shape_.heads * shape_.width || rows.rows != places.rows()) {
    throw std::invalid_argument("Cache::store: rows that are not of this cache");
  }
  // Heads are parts of memory that no two threads share.
  const auto part = [&](Share heads) {
    for (std::size_t i = heads.first; i < heads.last; ++i) {
      store_head(i / shape_.heads, i % shape_.heads, rows, places);
    }
  };
  const std::size_t all = places.sequences * shape_.heads;
  if (rows.rows * rows.columns < kWorthATeam) return part({0, all});
  team.run([&](std::size_t thread) { part(share_of(all, thread, team.size())); });
}

void Cache::store_head(std::size_t sequence, std::size_t head, ConstRows rows,
                       const Places& places) {
  for (std::size_t token = 0; token < places.tokens; ++token) {
    const float* const row = rows.row(sequence * places.tokens + token) + head * shape_.width;
    write(sequence, head, places.past + token, row);
  }
}

void Cache::write(std::size_t sequence, std::size_t head, std::size_t position, const float* row) {
  std::byte* const at = block(sequence, head, position / kBlock);
  // Offsets are linear within a panel: along the width by `pair` for each `depth` elements.
  const std::size_t depth = depth_of(shape_.stored);
  const std::size_t step = shape_.layout == CacheLayout::keys ? depth : 1;
  for (std::size_t panel = 0; panel < shape_.width; panel += 64) {
    const std::size_t end = std::min(shape_.width, panel + 64);
    const std::size_t start = offset_in_block(position, panel);
    const std::size_t stride = shape_.layout == CacheLayout::keys ? kBlock * depth : depth;
    for (std::size_t i = panel; i < end; ++i) {
      const std::size_t offset = start + (i - panel) / step * stride + (i - panel) % step;
      if (shape_.stored == Stored::f32) {
        reinterpret_cast<float*>(at)[offset] = row[i];
      } else {
        reinterpret_cast<std::uint16_t*>(at)[offset] = to_bf16(row[i]);
      }
    }
  }
}

void Cache::fill_synthetic(Team& team, std::size_t positions, std::uint64_t seed) {
  const std::size_t filled = std::min(blocks(), (positions + kBlock - 1) / kBlock);
  const std::size_t elements = padded_width() * kBlock;
  team.run([&](std::size_t thread) {
    const std::size_t heads = shape_.sequences * shape_.heads;
    const Share share = share_of(heads * filled, thread, team.size());
    for (std::size_t i = share.first; i < share.last; ++i) {
      const std::size_t head = i / filled;
      fill_randomly(shape_.stored, block(head / shape_.heads, head % shape_.heads, i % filled),
                    elements, mixed(seed, i), 1.0F);
    }
  });
}

void Cache::read(std::size_t sequence, std::size_t head, std::size_t position,
                 std::span<float> element) const {
  if (element.size() != shape_.width) {
    throw std::invalid_argument("Cache::read: a vector of another width");
  }
  const std::byte* const at = block(sequence, head, position / kBlock);
  for (std::size_t i = 0; i < shape_.width; ++i) {
    const std::size_t offset = offset_in_block(position, i);
    element[i] = shape_.stored == Stored::f32
                     ? reinterpret_cast<const float*>(at)[offset]
                     : from_bf16(reinterpret_cast<const std::uint16_t*>(at)[offset]);
  }
}

}  // namespace llmarch::fast
