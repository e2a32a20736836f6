// What the bytes of a model's weights are of: the formats of its parts, and how many bits a weight
// takes on average, scales included.
#pragma once

#include <string_view>
#include <vector>

#include "sim/formats/formats.h"

namespace llmarch {

// Parts of a model that schemes store apart from one another.
enum class StoredPart { matrices, embedding, head, routers, vectors };

struct FormatShare {
  std::string_view format;
  Elements elements;
  Bytes bytes;
};
struct PartFormats {
  StoredPart part;
  std::vector<FormatShare> formats;  // those with most elements first
};
struct StoredWeights {
  Bytes bytes;
  double bits_per_weight = 0;  // bytes of parameters and constants over parameters
  bool tied = false;           // the embedding is the head too
  std::vector<PartFormats> parts;
};

// What the weights of `graph` take, each in the format that it has there.
StoredWeights stored_weights(const OpGraph& graph);

}  // namespace llmarch
