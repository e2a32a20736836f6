// Lowering of compressed attention. Its order is that of transformers' modeling_deepseek_v4.py.
#include <cmath>

#include "sim/graph/lower_parts.h"

namespace llmarch {
namespace {

// The weights that values and gates of entries are projected with, and the bias of the gates.
struct PartRoles {
  WeightRole value, gate, bias;
};
// Those of a compressor: the parts of an entry that the positions of its own group give, those that
// the group before gives, and the norm of what comes out.
struct CompressorRoles {
  PartRoles own, before;
  WeightRole norm;
};
constexpr CompressorRoles kEntries{
    {WeightRole::entry_value, WeightRole::entry_gate, WeightRole::entry_gate_bias},
    {WeightRole::entry_value_before, WeightRole::entry_gate_before,
     WeightRole::entry_gate_bias_before},
    WeightRole::entry_norm};
constexpr CompressorRoles kIndexEntries{
    {WeightRole::index_entry_value, WeightRole::index_entry_gate,
     WeightRole::index_entry_gate_bias},
    {WeightRole::index_entry_value_before, WeightRole::index_entry_gate_before,
     WeightRole::index_entry_gate_bias_before},
    WeightRole::index_entry_norm};

// How wide the entries of a compressor are, and what they are called.
struct EntryShape {
  std::string name;
  Integer columns;
};

// What the positions of a group give for its own entry, or for that of the next group.
CompressedPart lower_part(GraphBuilder& build, ValueId x, const EntryShape& shape,
                          const Waiting& waiting, const PartRoles& roles) {
  const bool own = waiting.until == Waiting::For::own_group;
  const std::string of = shape.name + (own ? "" : ", for the next group");
  build.in(Component::attention, WorkKind::projections);
  const ValueId values = build.project(x, shape.columns, roles.value);
  const ValueId gates = build.project(x, shape.columns, roles.gate);
  build.in(Component::attention, WorkKind::attention);
  const CacheId kept_values = build.store_waiting("values of " + of, values, waiting);
  const CacheId kept_gates = build.store_waiting("gates of " + of, gates, waiting);
  return {kept_values, kept_gates, build.weight(roles.bias, 1, shape.columns, waiting.positions)};
}

// The cache of entries that a compressor makes.
CacheId lower_compressor(GraphBuilder& build, const ArchSpec& spec, ValueId x,
                         const CompressedAttention& attention, const EntryShape& shape,
                         const CompressorRoles& roles) {
  const Compression& compression = *attention.compression;
  const Integer positions = compression.positions;
  const CompressedPart own =
      lower_part(build, x, shape, {positions, Waiting::For::own_group}, roles.own);
  std::optional<CompressedPart> before;
  if (compression.overlapping) {
    before = lower_part(build, x, shape, {positions, Waiting::For::next_group}, roles.before);
  }
  const WeightId norm = build.weight(roles.norm, 1, shape.columns);
  const CacheId entries = build.compressed_cache(shape.name, shape.columns, positions);
  build.compress("make " + shape.name, {positions, own, before, spec.norm.epsilon, norm,
                                        attention.rotary, attention.rope_head_dim, entries});
  return entries;
}

// Index queries are made of the query's latent.
void lower_entry_index(GraphBuilder& build, const ArchSpec& spec, ValueId x, ValueId query_latent,
                       const CompressedAttention& attention) {
  const EntryIndex& index = *attention.compression->index;
  const Integer turned = attention.rope_head_dim;
  const CacheId keys =
      lower_compressor(build, spec, x, attention, {"index keys", index.head_dim}, kIndexEntries);
  build.in(Component::attention, WorkKind::projections);
  ValueId q = build.project(query_latent, index.heads * index.head_dim, WeightRole::index_query);
  q = build.rotate("rotate index queries", q, attention.rotary, index.heads,
                   index.head_dim - turned, turned);
  ValueId weights = build.project(x, index.heads, WeightRole::index_weights);
  // The scale of the products, which are weighed only where they are above 0, is the weights'.
  weights = build.scale("scale index weights", weights,
                        1 / std::sqrt((index.heads * index.head_dim).as_double()));
  build.in(Component::attention, WorkKind::attention);
  build.choose_keys({1, index.heads, index.head_dim, ChosenKeys{index.chosen}, q, weights, keys,
                     Entries{attention.compression->positions}});
}

// The entries that a query attends to beside the newest positions.
std::optional<AttendShared::OverEntries> lower_entries(GraphBuilder& build, const ArchSpec& spec,
                                                       ValueId x, ValueId query_latent,
                                                       const CompressedAttention& attention) {
  if (!attention.compression) return std::nullopt;
  const Compression& compression = *attention.compression;
  const CacheId entries =
      lower_compressor(build, spec, x, attention, {"entries", attention.head_dim}, kEntries);
  Entries reach{compression.positions};
  if (compression.index) {
    lower_entry_index(build, spec, x, query_latent, attention);
    reach.chosen = compression.index->chosen;
  }
  return AttendShared::OverEntries{entries, reach};
}

}  // namespace

ValueId lower_mixer(GraphBuilder& build, const ArchSpec& spec, AttentionCaches&, ValueId x,
                    const CompressedAttention& attention) {
  const Integer heads = attention.query_heads;
  const Integer turned = attention.rope_head_dim;
  const Integer kept = attention.head_dim - turned;
  const double epsilon = spec.norm.epsilon;
  build.in(Component::attention, WorkKind::projections);
  ValueId latent = build.project(x, attention.query_latent_dim, WeightRole::query_down);
  latent = build.normalize_groups(latent, epsilon, WeightRole::query_latent_norm, 1);
  ValueId q = build.project(latent, heads * attention.head_dim, WeightRole::query_up);
  q = build.normalize_unweighted("normalise queries", q, epsilon, heads);
  q = build.rotate("rotate queries", q, attention.rotary, heads, kept, turned);
  ValueId kv = build.project(x, attention.head_dim, WeightRole::shared_key_value);
  kv = build.normalize_groups(kv, epsilon, WeightRole::shared_key_value_norm, 1);
  kv = build.rotate("rotate keys", kv, attention.rotary, 1, kept, turned);
  build.in(Component::attention, WorkKind::attention);
  const CacheId recent = build.store("keys and values", kv, Window{attention.window});
  const auto entries = lower_entries(build, spec, x, latent, attention);
  ValueId mixed = build.in(Component::attention, WorkKind::attention)
                      .attend_shared(attention, q, recent, entries);
  build.in(Component::attention, WorkKind::projections);
  mixed = build.rotate("rotate the output back", mixed, attention.rotary, heads, kept, turned,
                       RotationSense::back);
  const ValueId grouped =
      build.project_parts(mixed, attention.output_latent_dim, attention.output_groups,
                          WeightRole::attention_output_latent);
  return build.project(grouped, spec.hidden, WeightRole::attention_output);
}

}  // namespace llmarch
