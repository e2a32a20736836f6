#include "kernels/fast/cache.h"

#include <algorithm>
#include <stdexcept>
#include <vector>

#include "kernels/fast/random_fill.h"

namespace llmarch::fast {
namespace {

std::size_t padded_width_of(const CacheShape& shape) {
  const std::size_t unit = shape.layout == CacheLayout::values ? 16 : depth_of(shape.stored);
  return (shape.width + unit - 1) / unit * unit;
}

std::size_t blocks_of(const CacheShape& shape) {
  // One more than the positions fill, since a reach that begins within a block ends within another.
  return (shape.positions + kBlock - 1) / kBlock + 1;
}

}  // namespace

Cache::Cache(HugeMemory& memory, const CacheShape& shape)
    : shape_(shape),
      blocks_(blocks_of(shape)),
      padded_width_(padded_width_of(shape)),
      data_(memory.take(bytes(shape))) {}

std::size_t Cache::bytes(const CacheShape& shape) {
  return shape.sequences * shape.heads * blocks_of(shape) * padded_width_of(shape) * kBlock *
         bytes_of(shape.stored);
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
  // Divided by heads, since the memory of two heads never shares a cache line.
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
  const std::size_t end = places.past + places.tokens;
  for (std::size_t position = places.past; position < end;) {
    const std::size_t count = std::min(kBlock - position % kBlock, end - position);
    const std::size_t row = sequence * places.tokens + position - places.past;
    const ConstRows own{rows.row(row) + head * shape_.width, count, shape_.width, rows.stride};
    if (count == kBlock) {
      write_block(block(sequence, head, position / kBlock), own);
    } else {
      for (std::size_t p = 0; p < count; ++p) write(sequence, head, position + p, own.row(p));
    }
    position += count;
  }
}

// A whole block at once: each of its cache lines is written from end to end. Written position by
// position, every line would be fetched for four bytes.
void Cache::write_block(std::byte* at, ConstRows rows) const {
  switch (shape_.stored) {
    case Stored::f32: return write_floats(reinterpret_cast<float*>(at), rows);
    case Stored::bf16: return write_pairs(reinterpret_cast<std::uint32_t*>(at), rows);
  }
}

void Cache::write_floats(float* at, ConstRows rows) const {
  switch (shape_.layout) {
    case CacheLayout::keys:
      for (std::size_t i = 0; i < rows.columns; ++i) {
        for (std::size_t p = 0; p < kBlock; ++p) at[i * kBlock + p] = rows.row(p)[i];
      }
      return;
    case CacheLayout::values:
      for (std::size_t p = 0; p < kBlock; ++p) {
        for (std::size_t i = 0; i < rows.columns; i += 64) {
          std::copy_n(rows.row(p) + i, std::min<std::size_t>(64, rows.columns - i),
                      at + offset_in_block(p, i));
        }
      }
      return;
  }
}

void Cache::write_pairs(std::uint32_t* at, ConstRows rows) const {
  const std::size_t width = (rows.columns + 1) / 2 * 2;
  std::vector<std::uint16_t> rounded(kBlock * width, 0);
  for (std::size_t p = 0; p < kBlock; ++p) {
    for (std::size_t i = 0; i < rows.columns; ++i) rounded[p * width + i] = to_bf16(rows.row(p)[i]);
  }
  const auto paired = [](std::uint16_t first, std::uint16_t second) {
    return first | static_cast<std::uint32_t>(second) << 16U;
  };
  switch (shape_.layout) {
    case CacheLayout::keys:
      for (std::size_t i = 0; i < width; i += 2) {
        for (std::size_t p = 0; p < kBlock; ++p) {
          at[i / 2 * kBlock + p] = paired(rounded[p * width + i], rounded[p * width + i + 1]);
        }
      }
      return;
    case CacheLayout::values:
      for (std::size_t p = 0; p < kBlock; p += 2) {
        const std::uint16_t* const first = rounded.data() + p * width;
        const std::uint16_t* const second = first + width;
        for (std::size_t panel = 0; panel < rows.columns; panel += 64) {
          std::uint32_t* const to = at + offset_in_block(p, panel) / 2;
          const std::size_t end = std::min<std::size_t>(64, rows.columns - panel);
          for (std::size_t i = 0; i < end; ++i) to[i] = paired(first[panel + i], second[panel + i]);
        }
      }
      return;
  }
}

// One key is four bytes in each of many cache lines, which in decode all come from memory.
// Requested together, they are fetched together.
void Cache::prefetch_lines(const std::byte* block, std::size_t position) const {
  const std::size_t depth = depth_of(shape_.stored);
  const std::byte* const first = block + position % kBlock * depth * bytes_of(shape_.stored);
  const std::size_t stride = kBlock * depth * bytes_of(shape_.stored);
  for (std::size_t i = 0; i < shape_.width; i += depth) {
    __builtin_prefetch(first + i / depth * stride, 1);
  }
}

void Cache::write(std::size_t sequence, std::size_t head, std::size_t position, const float* row) {
  std::byte* const at = block(sequence, head, position / kBlock);
  if (shape_.layout == CacheLayout::keys) prefetch_lines(at, position);
  // Offsets are linear within a panel: every `step` elements further, the offset grows by `stride`.
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

// NOLINTNEXTLINE(readability-make-member-function-const): it changes the cache's content.
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
