// How GoogleTest prints Work where two differ: every column by its name.
#pragma once

#include <ostream>

#include "sim/figures.h"

namespace llmarch {

inline void PrintTo(const Work& work, std::ostream* out) {
  *out << "{matrix " << work.matrix.value() << ", other " << work.other.value()
       << ", transcendentals " << work.transcendentals.value() << ", weights read "
       << work.weights_read.value() << ", cache read " << work.cache_read.value()
       << ", cache written " << work.cache_written.value() << ", activations read "
       << work.activations_read.value() << ", activations written "
       << work.activations_written.value() << ", weight bytes read "
       << work.weight_bytes_read.value() << ", cache bytes read " << work.cache_bytes_read.value()
       << ", cache bytes written " << work.cache_bytes_written.value() << ", sent "
       << work.sent.value() << ", rounds " << work.rounds.value() << "}";
}

}  // namespace llmarch
