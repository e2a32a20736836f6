// Sizes of a model's structure that quantities are made of: the largest of any of its kinds of
// blocks, and how many of its layers have something.
#pragma once

#include "sim/describe/block_facts.h"
#include "sim/spec/arch_spec.h"

namespace llmarch {

// The sizes of one kind of feed-forward; 0 for what it does not have.
struct FeedForwardSizes {
  Integer width, experts, experts_per_token, expert_width, shared_width;
};

// The largest among a model's kinds.
Integer largest_size(const ArchSpec& spec, Integer AttentionSizes::*size);
Integer largest_size(const ArchSpec& spec, Integer FeedForwardSizes::*size);

Integer window_layers(const ArchSpec& spec);  // with a window or chunks
Integer mixture_layers(const ArchSpec& spec);
bool has_experts(const ArchSpec& spec);

}  // namespace llmarch
