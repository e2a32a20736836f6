// The cache of one layer, as the fast attention reads it: for each sequence and head, blocks of 64
// positions one after the other. Keys are stored as a product's weights are (a position is an
// output), values along their width (a position is an input), so that both products of attention
// are those of packed matrices. A latent cache has the keys' layout: attention transposes a block
// on the chip when it needs it as values.
//
// A narrow format's codes lie in the order of bf16, so that attention widens a block from end to
// end. In q8_0 the scales follow the codes of a block: 64 for each 32 elements, one a position.
//
// A cache whose queries cannot reach far back is smaller than the sequence: position p lives in
// block p / 64 modulo the number of blocks.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "kernels/fast/cache_format.h"
#include "kernels/fast/huge_memory.h"
#include "kernels/fast/rows.h"
#include "kernels/fast/team.h"

namespace llmarch::fast {

inline constexpr std::size_t kBlock = 64;  // positions

// keys: element i of position p at [(i / 2) * 64 * 2 + (p % 64) * 2 + i % 2] of its block in bf16,
//       [i * 64 + p % 64] in f32.
// values: panels of 64 elements, the last as narrow as a multiple of 16 allows; element i at
//       [(p % 64 / 2) * w * 2 + i % 64 * 2 + p % 2] of its panel of width w in bf16,
//       [(p % 64) * w + i % 64] in f32.
enum class CacheLayout { keys, values };

struct CacheShape {
  CacheLayout layout;
  CacheFormat format;
  std::size_t sequences;
  std::size_t heads;
  std::size_t width;      // elements of one head's key or value
  std::size_t positions;  // held at the same time: what a query can reach and what a step appends
  friend bool operator==(const CacheShape&, const CacheShape&) = default;
};

class Cache {
 public:
  // The memory must outlive the cache. Throws std::invalid_argument where the width is no multiple
  // of what the format scales together.
  Cache(HugeMemory& memory, const CacheShape& shape);
  // The bytes that such a cache takes of a HugeMemory, in whole blocks.
  static std::size_t bytes(const CacheShape& shape);

  // Stores the rows of a step, (rows, heads * width), each at its place.
  void store(Team& team, ConstRows rows, const Places& places);
  // Fills the positions from 0 to `positions`, or the newest that fit, with values from the seed.
  void fill_synthetic(Team& team, std::size_t positions, std::uint64_t seed);
  // Reads the key or value of one head at one position.
  void read(std::size_t sequence, std::size_t head, std::size_t position,
            std::span<float> element) const;

  [[nodiscard]] const CacheShape& shape() const { return shape_; }
  [[nodiscard]] std::size_t blocks() const { return blocks_; }
  [[nodiscard]] std::size_t padded_width() const { return padded_width_; }
  [[nodiscard]] std::size_t block_bytes() const {
    return kBlock * entry_bytes(shape_.format, padded_width_);
  }
  // What all heads store for a position, without the padding of a block.
  [[nodiscard]] std::size_t position_bytes() const {
    return shape_.heads * entry_bytes(shape_.format, shape_.width);
  }
  // The block that holds the positions from 64 number to 64 number + 63.
  [[nodiscard]] std::byte* block(std::size_t sequence, std::size_t head, std::size_t number) const {
    // A division takes a fiftieth of the time of a block, and is rarely needed.
    const std::size_t place = number < blocks_ ? number : number % blocks_;
    return data_ + ((sequence * shape_.heads + head) * blocks_ + place) * block_bytes();
  }

 private:
  friend void join_keys(Team& team, ConstRows nope_keys, std::size_t sequence, std::size_t first,
                        const Cache& rope_keys, Cache& joined);
  void store_head(std::size_t sequence, std::size_t head, ConstRows rows, const Places& places);
  void write(std::size_t sequence, std::size_t head, std::size_t position, const float* row);
  void write_codes(std::byte* at, std::size_t position, const float* row) const;
  void write_scaled(std::byte* at, std::size_t position, const float* row) const;
  [[nodiscard]] std::byte* scale_at(std::byte* at, std::size_t position, std::size_t element) const;
  void fill_block(std::byte* at, std::uint64_t seed) const;
  void write_block(std::byte* at, ConstRows rows) const;
  void write_floats(float* at, ConstRows rows) const;
  void write_pairs(std::uint32_t* at, ConstRows rows) const;
  void prefetch_lines(const std::byte* block, std::size_t position) const;
  [[nodiscard]] std::size_t offset_in_block(std::size_t position, std::size_t element) const;

  CacheShape shape_;
  std::size_t blocks_, padded_width_;
  std::byte* data_;
};

}  // namespace llmarch::fast
