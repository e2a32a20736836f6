#include "kernels/fast/cache.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <stdexcept>
#include <vector>

#include "kernels/fast/random_fill.h"

namespace llmarch::fast {
namespace {

std::size_t padded_width_of(const CacheShape& shape) {
  const std::size_t unit =
      shape.layout == CacheLayout::values ? 16 : depth_of(arithmetic_of(shape.format));
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
      data_(memory.take(bytes(shape))) {
  if (shape.format == CacheFormat::q8_0 && shape.width % kScaledTogether != 0) {
    throw std::invalid_argument("Cache: a width that is not scaled in whole groups");
  }
}

std::size_t Cache::bytes(const CacheShape& shape) {
  return shape.sequences * shape.heads * blocks_of(shape) * kBlock *
         entry_bytes(shape.format, padded_width_of(shape));
}

std::size_t Cache::offset_in_block(std::size_t position, std::size_t element) const {
  const std::size_t depth = depth_of(arithmetic_of(shape_.format));
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
  switch (shape_.format) {
    case CacheFormat::f32: return write_floats(reinterpret_cast<float*>(at), rows);
    case CacheFormat::bf16: return write_pairs(reinterpret_cast<std::uint32_t*>(at), rows);
    case CacheFormat::f16:
    case CacheFormat::fp8:
      for (std::size_t p = 0; p < kBlock; ++p) write_codes(at, p, rows.row(p));
      return;
    case CacheFormat::q8_0:
      for (std::size_t p = 0; p < kBlock; ++p) write_scaled(at, p, rows.row(p));
      return;
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
  const std::size_t depth = depth_of(arithmetic_of(shape_.format));
  const std::size_t bytes = depth * code_bytes(shape_.format);
  const std::byte* const first = block + position % kBlock * bytes;
  const std::size_t stride = kBlock * bytes;
  for (std::size_t i = 0; i < shape_.width; i += depth) {
    __builtin_prefetch(first + i / depth * stride, 1);
  }
}

void Cache::write(std::size_t sequence, std::size_t head, std::size_t position, const float* row) {
  std::byte* const at = block(sequence, head, position / kBlock);
  if (shape_.layout == CacheLayout::keys) prefetch_lines(at, position);
  if (shape_.format == CacheFormat::q8_0) return write_scaled(at, position, row);
  write_codes(at, position, row);
}

void Cache::write_codes(std::byte* at, std::size_t position, const float* row) const {
  // Offsets are linear within a panel: every `step` elements further, the offset grows by `stride`.
  const std::size_t depth = depth_of(arithmetic_of(shape_.format));
  const std::size_t step = shape_.layout == CacheLayout::keys ? depth : 1;
  for (std::size_t panel = 0; panel < shape_.width; panel += 64) {
    const std::size_t end = std::min(shape_.width, panel + 64);
    const std::size_t start = offset_in_block(position, panel);
    const std::size_t stride = shape_.layout == CacheLayout::keys ? kBlock * depth : depth;
    for (std::size_t i = panel; i < end; ++i) {
      const std::size_t offset = start + (i - panel) / step * stride + (i - panel) % step;
      store_code(shape_.format, at, offset, row[i]);
    }
  }
}

// The scale of an element, after the codes of its block.
std::byte* Cache::scale_at(std::byte* at, std::size_t position, std::size_t element) const {
  return at + padded_width_ * kBlock + (element / kScaledTogether * kBlock + position % kBlock) * 2;
}

// The largest element of a group becomes 127 or -127. An element that is not finite makes the scale
// a NaN, and with it the whole group.
void Cache::write_scaled(std::byte* at, std::size_t position, const float* row) const {
  std::vector<float> codes(shape_.width);
  for (std::size_t first = 0; first < shape_.width; first += kScaledTogether) {
    float largest = 0;
    for (std::size_t i = first; i < first + kScaledTogether; ++i) {
      largest = std::isfinite(row[i]) ? std::max(largest, std::abs(row[i])) : std::nanf("");
      if (std::isnan(largest)) break;
    }
    const std::uint16_t half = float_to_f16(largest / 127);
    std::memcpy(scale_at(at, position, first), &half, sizeof(half));
    const float scale = f16_to_float(half);
    if (!(scale > 0)) continue;  // all zero, too small, or no numbers
    for (std::size_t i = first; i < first + kScaledTogether; ++i) {
      codes[i] = std::clamp(std::nearbyint(row[i] / scale), -127.0F, 127.0F);
    }
  }
  write_codes(at, position, codes.data());
}

// NOLINTNEXTLINE(readability-make-member-function-const): it changes the cache's content.
void Cache::fill_synthetic(Team& team, std::size_t positions, std::uint64_t seed) {
  const std::size_t filled = std::min(blocks(), (positions + kBlock - 1) / kBlock);
  team.run([&](std::size_t thread) {
    const std::size_t heads = shape_.sequences * shape_.heads;
    const Share share = share_of(heads * filled, thread, team.size());
    for (std::size_t i = share.first; i < share.last; ++i) {
      const std::size_t head = i / filled;
      fill_block(block(head / shape_.heads, head % shape_.heads, i % filled), mixed(seed, i));
    }
  });
}

// Elements are drawn evenly from (-1, 1).
void Cache::fill_block(std::byte* at, std::uint64_t seed) const {
  const std::size_t elements = padded_width() * kBlock;
  if (!is_narrow(shape_.format)) {
    return fill_randomly(arithmetic_of(shape_.format), at, elements, seed, 1.0F);
  }
  const bool scaled = shape_.format == CacheFormat::q8_0;
  std::vector<float> drawn(elements);
  fill_randomly(Stored::f32, reinterpret_cast<std::byte*>(drawn.data()), elements, seed,
                scaled ? 127.0F : 1.0F);
  for (std::size_t i = 0; i < elements; ++i) store_code(shape_.format, at, i, drawn[i]);
  const std::uint16_t scale = float_to_f16(1.0F / 127);
  for (std::size_t i = 0; i < kBlock * scales_of(shape_.format, padded_width()); ++i) {
    std::memcpy(at + elements + 2 * i, &scale, sizeof(scale));
  }
}

void Cache::read(std::size_t sequence, std::size_t head, std::size_t position,
                 std::span<float> element) const {
  if (element.size() != shape_.width) {
    throw std::invalid_argument("Cache::read: a vector of another width");
  }
  std::byte* const at = block(sequence, head, position / kBlock);
  for (std::size_t i = 0; i < shape_.width; ++i) {
    element[i] = value_of_code(shape_.format, at, offset_in_block(position, i));
    if (shape_.format != CacheFormat::q8_0) continue;
    std::uint16_t scale = 0;
    std::memcpy(&scale, scale_at(at, position, i), sizeof(scale));
    element[i] *= f16_to_float(scale);
  }
}

}  // namespace llmarch::fast
