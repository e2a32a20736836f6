#include "sim/spec/scaled.h"

#include <algorithm>

namespace llmarch {
namespace {

// The sizes are unlike one another, so that one taken for another shows in the counts.
constexpr std::int64_t kVocabulary = 96;
constexpr std::int64_t kHidden = 32;
constexpr std::int64_t kContext = 64;
constexpr std::int64_t kWindow = 5;  // short, so that it is reached
constexpr std::int64_t kChunk = 3;   // of a recurrence; short, so that a prefill has several
constexpr std::int64_t kTemperatureFloor = 3;
constexpr std::int64_t kOriginalContext = 16;  // short, so that a stretched context is reached

Integer at_most(Integer size, std::int64_t limit) {
  return std::min(size, Integer(limit));
}

void shrink(Llama3Scaling& scaling) {
  scaling.original_context = at_most(scaling.original_context, kOriginalContext);
}
void shrink(YarnScaling& scaling) {
  scaling.original_context = at_most(scaling.original_context, kOriginalContext);
}
void shrink(LinearScaling&) {}  // no size in it
void shrink(DynamicScaling& scaling) {
  scaling.original_context = at_most(scaling.original_context, kOriginalContext);
}
void shrink(LongRope& scaling) {
  scaling.original_context = at_most(scaling.original_context, kOriginalContext);
}

// The factors are those of the first pairs.
template <class Scaling>
void fit_to(Scaling&, Integer) {}
void fit_to(LongRope& scaling, Integer pairs) {
  scaling.short_factors.resize(static_cast<std::size_t>(pairs.value()), 1);
  scaling.long_factors.resize(static_cast<std::size_t>(pairs.value()), 1);
}

// In heads of so many elements.
void shrink(Rotary& rotary, Integer width) {
  if (rotary.dim) rotary.dim = at_most(*rotary.dim, 4);
  const Integer pairs = rotary.dim.value_or(width) / 2;
  if (rotary.turned_pairs) rotary.turned_pairs = at_most(*rotary.turned_pairs, pairs.value() - 1);
  if (!rotary.scaling) return;
  std::visit(
      [&](auto& scaling) {
        shrink(scaling);
        fit_to(scaling, pairs);
      },
      *rotary.scaling);
}

void shrink(std::optional<Temperature>& temperature) {
  if (temperature) temperature->floor = at_most(temperature->floor, kTemperatureFloor);
}

// Query heads stay a multiple of key/value heads, and more of them where they were more.
void shrink(GroupedAttention& attention) {
  const Integer sharing = attention.query_heads / attention.kv_heads;
  attention.kv_heads = at_most(attention.kv_heads, 2);
  attention.query_heads = attention.kv_heads * at_most(sharing, 3);
  attention.head_dim = at_most(attention.head_dim, 8);
  if (attention.query_scalar) attention.query_scalar = at_most(*attention.query_scalar, 10);
  if (attention.window) attention.window = at_most(*attention.window, kWindow);
  if (attention.chunk) attention.chunk = at_most(*attention.chunk, kWindow);
  shrink(attention.temperature);
  if (attention.score_growth_length) {
    attention.score_growth_length = at_most(*attention.score_growth_length, kTemperatureFloor);
  }
  if (attention.value_head_dim) attention.value_head_dim = at_most(*attention.value_head_dim, 6);
  if (attention.rotary) shrink(*attention.rotary, attention.head_dim);
  if (!attention.block_index) return;
  attention.block_index->head_dim = attention.head_dim;  // as wide as what is rotated
  attention.block_index->block = at_most(attention.block_index->block, 3);
  attention.block_index->blocks = at_most(attention.block_index->blocks, 2);
}

void shrink(LatentAttention& attention) {
  attention.query_heads = at_most(attention.query_heads, 4);
  if (attention.query_latent_dim) {
    attention.query_latent_dim = at_most(*attention.query_latent_dim, 20);
  }
  attention.kv_latent_dim = at_most(attention.kv_latent_dim, 12);
  attention.nope_head_dim = at_most(attention.nope_head_dim, 10);
  attention.rope_head_dim = at_most(attention.rope_head_dim, 4);
  attention.value_head_dim = at_most(attention.value_head_dim, 6);
  shrink(attention.temperature);
  if (attention.rotary) shrink(*attention.rotary, attention.rope_head_dim);
  if (attention.chosen_keys) attention.chosen_keys = at_most(*attention.chosen_keys, 5);
  if (!attention.key_index) return;
  attention.key_index->heads = at_most(attention.key_index->heads, 3);
  attention.key_index->head_dim = at_most(attention.key_index->head_dim, 7);
}

// As many groups of heads as before where each head was one.
void shrink(CompressedAttention& attention) {
  const Integer sharing = attention.query_heads / attention.output_groups;
  attention.output_groups = at_most(attention.output_groups, 2);
  attention.query_heads = attention.output_groups * at_most(sharing, 2);
  attention.head_dim = at_most(attention.head_dim, 8);
  attention.rope_head_dim = at_most(attention.rope_head_dim, 4);
  attention.query_latent_dim = at_most(attention.query_latent_dim, 20);
  attention.window = at_most(attention.window, kWindow);
  attention.output_latent_dim = at_most(attention.output_latent_dim, 10);
  shrink(attention.rotary, attention.rope_head_dim);
  if (!attention.compression) return;
  // Short, so that several entries are made; of the lengths that models have, each another.
  Compression& compression = *attention.compression;
  compression.positions = at_most(compression.positions, compression.overlapping ? 2 : 3);
  if (!compression.index) return;
  compression.index->heads = at_most(compression.index->heads, 3);
  compression.index->head_dim = at_most(compression.index->head_dim, 6);
  compression.index->chosen = at_most(compression.index->chosen, 2);
}

void shrink(ShortConvolution& convolution) {
  convolution.kernel = at_most(convolution.kernel, 4);
}

// Value heads stay a multiple of key heads, and more of them where they were more.
void shrink(GatedDeltaNet& delta) {
  const Integer sharing = delta.value_heads / delta.key_heads;
  delta.key_heads = at_most(delta.key_heads, 2);
  delta.value_heads = delta.key_heads * at_most(sharing, 3);
  delta.key_head_dim = at_most(delta.key_head_dim, 6);
  delta.value_head_dim = at_most(delta.value_head_dim, 7);
  delta.kernel = at_most(delta.kernel, 4);
  if (delta.chunk) delta.chunk = at_most(*delta.chunk, kChunk);
}

// Heads stay a multiple of groups, and the norm in as many groups as before where it was in those.
void shrink(Mamba2& mamba) {
  const Integer sharing = mamba.heads / mamba.groups;
  const bool by_group = mamba.norm_groups == mamba.groups;
  mamba.groups = at_most(mamba.groups, 2);
  mamba.heads = mamba.groups * at_most(sharing, 3);
  mamba.head_dim = at_most(mamba.head_dim, 6);
  mamba.state_dim = at_most(mamba.state_dim, 7);
  mamba.kernel = at_most(mamba.kernel, 4);
  mamba.norm_groups = by_group ? mamba.groups : Integer(1);
  if (mamba.chunk) mamba.chunk = at_most(*mamba.chunk, kChunk);
}

void shrink(LightningAttention& lightning) {
  const bool by_part = lightning.norm_groups > 1;
  lightning.heads = at_most(lightning.heads, 4);
  lightning.head_dim = at_most(lightning.head_dim, 6);
  lightning.norm_groups = by_part ? lightning.heads : Integer(1);
  if (lightning.rotary) shrink(*lightning.rotary, lightning.head_dim);
  if (lightning.chunk) lightning.chunk = at_most(*lightning.chunk, kChunk);
}

void shrink(KimiDeltaAttention& delta) {
  delta.heads = at_most(delta.heads, 3);
  delta.head_dim = at_most(delta.head_dim, 6);
  delta.kernel = at_most(delta.kernel, 4);
  if (delta.decay_latent_dim) delta.decay_latent_dim = at_most(*delta.decay_latent_dim, 5);
  if (delta.gate_latent_dim) delta.gate_latent_dim = at_most(*delta.gate_latent_dim, 7);
  if (delta.chunk) delta.chunk = at_most(*delta.chunk, kChunk);
}

void shrink(Mamba1& mamba) {
  mamba.inner = at_most(mamba.inner, 14);
  mamba.state_dim = at_most(mamba.state_dim, 5);
  mamba.step_dim = at_most(mamba.step_dim, 4);
  mamba.kernel = at_most(mamba.kernel, 4);
}

void shrink(ParallelStreams& streams) {
  streams.count = at_most(streams.count, 3);
  streams.active = at_most(streams.active, streams.count.value() - 1);
}

void shrink(HyperConnections& connections) {
  connections.count = at_most(connections.count, 3);
  connections.iterations = at_most(connections.iterations, 3);
}

void shrink(PerLayerEmbedding& embedding) {
  embedding.vocabulary = at_most(embedding.vocabulary, 80);
  embedding.width = at_most(embedding.width, 6);
}

void shrink(DenseFeedForward& dense) {
  dense.width = at_most(dense.width, 40);
}

// At most four groups of at most four experts each. Fewer groups are chosen than there are where
// that was so before.
void shrink_groups(MixtureFeedForward& mixture, ExpertGroups& groups) {
  const bool all = groups.chosen == groups.count;
  const Integer in_group = at_most(mixture.experts / groups.count, 4);
  groups.count = at_most(groups.count, 4);
  groups.chosen = all ? groups.count : at_most(groups.chosen, groups.count.value() - 1);
  mixture.experts = groups.count * in_group;
  mixture.experts_per_token =
      std::min({mixture.experts_per_token, Integer(3), groups.chosen * in_group});
}

void shrink(MixtureFeedForward& mixture) {
  if (mixture.router.groups) {
    shrink_groups(mixture, *mixture.router.groups);
  } else {
    mixture.experts = at_most(mixture.experts, 8);
    mixture.experts_per_token = at_most(mixture.experts_per_token, 3);
  }
  mixture.expert_width = at_most(mixture.expert_width, 14);
  if (mixture.shared_width) mixture.shared_width = at_most(*mixture.shared_width, 18);
  if (mixture.latent_width) mixture.latent_width = at_most(*mixture.latent_width, 11);
  if (mixture.identity_experts) mixture.identity_experts = at_most(*mixture.identity_experts, 4);
}

Integer occurrences(const ArchSpec& spec, std::size_t kind) {
  Integer count = 0;
  for (const Segment& segment : spec.stack) {
    for (const Reference& layer : segment.layers) {
      if (layer.index == kind) count += segment.repeat;
    }
  }
  return count;
}

void shrink_stack(ArchSpec& spec) {
  for (Segment& segment : spec.stack) segment.repeat = at_most(segment.repeat, 2);
  for (Segment& segment : spec.stack) {
    for (const Reference& layer : segment.layers) {
      if (occurrences(spec, layer.index) < 2) segment.repeat = 2;
    }
  }
}

}  // namespace

ArchSpec scale_down(const ArchSpec& spec) {
  ArchSpec small = spec;
  small.published.reset();
  small.beside.reset();
  small.vocabulary = at_most(spec.vocabulary, kVocabulary);
  small.hidden = at_most(spec.hidden, kHidden);
  small.context_limit = at_most(spec.context_limit, kContext);
  if (small.embedding_width) small.embedding_width = at_most(*small.embedding_width, 20);
  if (small.learned_positions) {
    small.learned_positions = small.context_limit + small.position_offset.value_or(0);
  }
  if (small.parallel_streams) shrink(*small.parallel_streams);
  if (small.hyper_connections) shrink(*small.hyper_connections);
  if (small.residual_block) small.residual_block = at_most(*small.residual_block, 3);
  if (small.per_layer_embedding) shrink(*small.per_layer_embedding);
  if (small.low_rank_residual) small.low_rank_residual = at_most(*small.low_rank_residual, 5);
  for (auto& [name, mixer] : small.attention) {
    std::visit([](auto& kind) { shrink(kind); }, mixer);
  }
  for (auto& [name, feed_forward] : small.feed_forward) {
    std::visit([](auto& kind) { shrink(kind); }, feed_forward);
  }
  shrink_stack(small);
  return small;
}

}  // namespace llmarch
