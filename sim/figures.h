// The columns of both books. A book has one line for every operation of the graph that the workload
// runs; the predicted one is made by sim/cost from shapes, the counted one by kernels while a
// forward pass runs. They share these names and nothing else.
#pragma once

#include <vector>

#include "sim/units.h"

namespace llmarch {

// Work is in operations and elements; widths in bytes come in when a figure is shown.
struct Work {
  Flops matrix;                     // adds and multiplies of matrix products
  Flops other;                      // every other add, subtract, multiply and divide
  Transcendentals transcendentals;  // exp, tanh, erf, root
  Elements weights_read;            // each opened once per operation; tables row by row
  Elements cache_read;              // each cached element opened once per operation
  Elements cache_written;
  Elements activations_read;  // rows opened, each once per operation
  Elements activations_written;

  // An operation that does nothing says so.
  static constexpr Work none() { return {}; }

  friend constexpr bool operator==(const Work&, const Work&) = default;
  constexpr Work& operator+=(const Work& more) {
    matrix += more.matrix;
    other += more.other;
    transcendentals += more.transcendentals;
    weights_read += more.weights_read;
    cache_read += more.cache_read;
    cache_written += more.cache_written;
    activations_read += more.activations_read;
    activations_written += more.activations_written;
    return *this;
  }
  friend constexpr Work operator-(const Work& a, const Work& b) {
    return {a.matrix - b.matrix,
            a.other - b.other,
            a.transcendentals - b.transcendentals,
            a.weights_read - b.weights_read,
            a.cache_read - b.cache_read,
            a.cache_written - b.cache_written,
            a.activations_read - b.activations_read,
            a.activations_written - b.activations_written};
  }
  friend constexpr Work operator*(const Work& work, Integer times) {
    return {work.matrix * times,           work.other * times,
            work.transcendentals * times,  work.weights_read * times,
            work.cache_read * times,       work.cache_written * times,
            work.activations_read * times, work.activations_written * times};
  }
};

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
