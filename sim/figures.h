// The columns of both books. A book has one line for each operation of the graph that the workload
// runs. sim/cost makes the predicted one from shapes, kernels make the counted one while a forward
// pass runs. They share these names and nothing else.
#pragma once

#include <array>
#include <bit>
#include <vector>

#include "sim/units.h"

namespace llmarch {

// The amounts of a Work, in the order of its columns.
using Columns = std::array<Integer, 13>;

// Weights and caches are counted in elements and in the bytes that these take as they are stored;
// activations in elements alone, whatever their format.
struct Work {
  Flops matrix;                     // adds and multiplies of matrix products
  Flops other;                      // every other add, subtract, multiply and divide
  Transcendentals transcendentals;  // exp, tanh, erf, root
  Elements weights_read;            // each read once per operation; tables row by row
  Elements cache_read;              // each cached element read once per operation
  Elements cache_written;
  Elements activations_read;  // rows that are read, each once per operation
  Elements activations_written;
  Bytes weight_bytes_read;  // scales included
  Bytes cache_bytes_read;
  Bytes cache_bytes_written;
  Elements sent;  // to other ranks, whatever their format
  Rounds rounds;  // in which they are sent: a message of one waits for those of the one before

  [[nodiscard]] constexpr Flops flops() const { return matrix + other; }
  // What has to cross the memory bus: weights and cache, each read once per operation.
  [[nodiscard]] constexpr Bytes bytes() const {
    return weight_bytes_read + cache_bytes_read + cache_bytes_written;
  }

  // An operation that does nothing says so.
  static constexpr Work none() { return {}; }
  static constexpr Work of(const Columns& columns) { return std::bit_cast<Work>(columns); }
  [[nodiscard]] constexpr Columns columns() const { return std::bit_cast<Columns>(*this); }

  friend constexpr bool operator==(const Work&, const Work&) = default;
  constexpr Work& operator+=(const Work& more) {
    Columns sum = columns();
    const Columns added = more.columns();
    for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += added[i];
    return *this = of(sum);
  }
  friend constexpr Work operator-(const Work& work, const Work& less) {
    Columns rest = work.columns();
    const Columns taken = less.columns();
    for (std::size_t i = 0; i < rest.size(); ++i) rest[i] = rest[i] - taken[i];
    return of(rest);
  }
  friend constexpr Work operator*(const Work& work, Integer times) {
    Columns product = work.columns();
    for (Integer& amount : product) amount *= times;
    return of(product);
  }
};

static_assert(sizeof(Work) == sizeof(Columns), "a column of Work is missing in Columns");

// One operation, all the layers of its kind together.
struct BookLine {
  std::size_t block;  // index into OpGraph::blocks
  std::size_t node;   // index into Block::nodes
  Work work;
};

struct Book {
  std::vector<BookLine> lines;  // in the order of the graph
  Work total;                   // the sum of the lines
};

// What a model is made of. Three conventions of "active" are in use; none is the right one.
struct ActiveParameters {
  Elements all;                      // A: every matrix that a token touches
  Elements without_input_embedding;  // B: A less the input embedding; a tied table stays, as head
  Elements without_embeddings;       // C: A less the input embedding and the head
};

}  // namespace llmarch
