#include "sim/describe/attention_facts.h"

#include <fmt/format.h>

#include <stdexcept>

#include "sim/describe/activation_names.h"
#include "sim/spec/names.h"

namespace llmarch {
namespace {

Phrase qk_norm_phrase(QkNorm norm) {
  switch (norm) {
    case QkNorm::per_head: return {"QK-norm over each head"};
    case QkNorm::whole: return {"QK-norm over the whole projection"};
    case QkNorm::unweighted_after_rotation: return {"QK-norm after RoPE, no weights"};
    case QkNorm::per_head_after_rotation: return {"QK-norm over each head, after RoPE"};
    case QkNorm::layer_per_head: return {"QK-LayerNorm over each head"};
    case QkNorm::layer_of_each_head: return {"QK-LayerNorm, weights for each head"};
  }
  throw std::logic_error("qk_norm_phrase: a norm outside the enumeration");
}

// By how much the context is stretched.
template <class Scaling>
Phrase scaling_phrase(const std::string& name, const Scaling& scaling) {
  return {", " + name + " × ", scaling.factor};
}
Phrase scaling_phrase(const std::string& name, const DynamicScaling& scaling) {
  return {", " + name + " × ", scaling.factor, " beyond ", scaling.original_context, " positions"};
}
Phrase scaling_phrase(const std::string& name, const LongRope& scaling) {
  return {", " + name + ", other frequencies beyond ", scaling.original_context, " positions"};
}

Phrase rotary_phrase(const Rotary& rotary) {
  Phrase phrase{"RoPE, θ ", rotary.theta};
  if (rotary.turned_pairs) {
    phrase.insert(phrase.end(), {", first ", *rotary.turned_pairs, " pairs"});
  }
  if (!rotary.scaling) return phrase;
  const std::string name(Names<RotaryScaling>::alternatives[rotary.scaling->index()]);
  const Phrase more = std::visit([&](const auto& scaling) { return scaling_phrase(name, scaling); },
                                 *rotary.scaling);
  phrase.insert(phrase.end(), more.begin(), more.end());
  return phrase;
}

Phrase gate_phrase(const OutputGate& gate) {
  return {fmt::format("output gated by a {} for each {}", activation_name(gate.activation),
                      name_of(gate.width))};
}

// Which keys a query attends to, and so how many positions the cache holds.
Phrase reach_phrase(const GroupedAttention& attention) {
  const std::string verb = attention.kv_from ? "attends to " : "attends to, caches ";
  if (attention.block_index) {
    const auto& [head_dim, block, blocks] = *attention.block_index;
    return {"attends to ", blocks, " blocks of ", block, ", caches every position"};
  }
  if (attention.window) return {verb + "the last ", *attention.window};
  if (attention.chunk) return {verb + "its chunk of ", *attention.chunk};
  return {verb + "every position"};
}

AttendedKeys reach_of(const GroupedAttention& attention) {
  AttendedKeys reach{.window = attention.window.value_or(0),
                     .chunk = attention.chunk.value_or(0),
                     .sinks = attention.sinks ? Sinks::some : Sinks::none};
  if (attention.block_index) {
    reach.chosen = attention.block_index->blocks;
    reach.block = attention.block_index->block;
  }
  return reach;
}

std::string kind_of(const GroupedAttention& attention) {
  if (attention.kv_heads == attention.query_heads) return "multi-head";
  return attention.kv_heads == 1 ? "multi-query" : "grouped-query";
}

// No positions reach it: rotary, learned or ALiBi.
bool has_no_positions(const ArchSpec& spec, const GroupedAttention& attention) {
  return !attention.rotary && !attention.alibi && !spec.learned_positions;
}

bool is_after_rotation(QkNorm norm) {
  return norm == QkNorm::unweighted_after_rotation || norm == QkNorm::per_head_after_rotation;
}

std::vector<Phrase> phrases_of(const ArchSpec& spec, const GroupedAttention& attention) {
  std::vector<Phrase> facts{
      {attention.query_heads, attention.query_heads == 1 ? " query head of " : " query heads of ",
       attention.head_dim},
      {attention.kv_heads, attention.kv_heads == 1 ? " key/value head" : " key/value heads"}};
  if (attention.value_head_dim) facts.push_back({"value width ", *attention.value_head_dim});
  if (attention.values_from_keys) facts.push_back({"values are the keys before their norm"});
  if (attention.qkv_bias) facts.push_back({"biases on queries, keys, values"});
  const bool norm_after_rotation = attention.qk_norm && is_after_rotation(*attention.qk_norm);
  if (attention.qk_norm && !norm_after_rotation) {
    facts.push_back(qk_norm_phrase(*attention.qk_norm));
  }
  if (attention.qkv_clip) facts.push_back({"Q, K, V clipped at ", *attention.qkv_clip});
  if (attention.rotary) facts.push_back(rotary_phrase(*attention.rotary));
  if (norm_after_rotation) facts.push_back(qk_norm_phrase(*attention.qk_norm));
  if (attention.alibi) facts.push_back({"scores fall with distance (ALiBi)"});
  if (has_no_positions(spec, attention)) facts.push_back({"no positions (NoPE)"});
  if (attention.temperature) facts.push_back({"queries grow with position"});
  if (attention.value_scale) facts.push_back({"values × ", *attention.value_scale});
  if (attention.value_norm) facts.push_back({"V-norm over each head"});
  if (attention.kv_from) {
    facts.push_back({fmt::format("reads the cache of the nearest earlier layer with attention '{}'",
                                 attention.kv_from->name)});
  }
  if (attention.block_index) {
    facts.push_back({"indexer: a query of ", attention.block_index->head_dim,
                     " for each key/value head, the best key of each block"});
  }
  facts.push_back(reach_phrase(attention));
  if (attention.score_multiplier) facts.push_back({"scores × ", *attention.score_multiplier});
  if (attention.score_soft_cap) facts.push_back({"scores capped at ", *attention.score_soft_cap});
  if (attention.score_growth_length) {
    facts.push_back({"scores grow after position ", *attention.score_growth_length});
  }
  if (attention.sinks) facts.push_back({"a sink for each query head"});
  if (attention.output_gate) facts.push_back(gate_phrase(*attention.output_gate));
  if (attention.output_bias) facts.push_back({"bias on the output"});
  return facts;
}

std::set<Trait> traits_of(const ArchSpec& spec, const GroupedAttention& attention) {
  std::set<Trait> traits;
  if (attention.window) traits.insert(Trait::window);
  if (attention.chunk) traits.insert(Trait::chunk);
  if (attention.block_index) traits.insert(Trait::chosen_keys);
  if (has_no_positions(spec, attention)) traits.insert(Trait::no_positions);
  if (attention.kv_from) traits.insert(Trait::shared_cache);
  return traits;
}

std::map<NotedFigures, Phrase> chunk_notes(Integer chunk) {
  return {{NotedFigures::memory,
           {"in layers with chunks, the cache and the keys attended to are those at this position; "
            "a chunk has at most ",
            chunk, " keys."}},
          {NotedFigures::sweep,
           {"in layers with chunks, figures are those at this position: a chunk begins anew after "
            "every multiple of ",
            chunk, ", so they form a sawtooth."}}};
}

std::map<NotedFigures, Phrase> choice_notes() {
  return {{NotedFigures::work,
           {"Where an index chooses the keys, a query scores every index key and attends to those "
            "that are chosen. A step of one token reads these; a step of several is taken to read "
            "every position once."}}};
}

// Which keys of latent attention a query attends to, and what the index keeps.
void add_choice(const LatentAttention& attention, BlockFacts& block) {
  if (!attention.chosen_keys) return block.facts.push_back({"attends to, caches every position"});
  if (attention.key_index) {
    const Integer width = attention.key_index->head_dim;
    block.facts.push_back(
        {"indexer: ", attention.key_index->heads, " queries of ", width, ", one key"});
    block.kept->product.insert(block.kept->product.end(), {" + ", width});
    block.kept->elements += width;
  } else {
    block.facts.push_back({"keys as the index of an earlier layer chose them"});
  }
  block.facts.push_back(
      {"attends to ", *attention.chosen_keys, " chosen keys, caches every position"});
  block.traits.insert(Trait::chosen_keys);
  block.notes.at(NotedFigures::work).push_back(" ");
  const Phrase more = choice_notes().at(NotedFigures::work);
  Phrase& work = block.notes.at(NotedFigures::work);
  work.insert(work.end(), more.begin(), more.end());
}

// What the entries of compressed attention are, and which of them a query attends to.
void add_compression(const Compression& compression, BlockFacts& block) {
  block.facts.push_back({"compressor: an entry for every ", compression.positions, " positions",
                         compression.overlapping ? ", of two such groups" : ""});
  Phrase reach{"attends to every entry"};
  block.reach->entry = compression.positions;
  if (const auto& index = compression.index) {
    block.facts.push_back(
        {"indexer: ", index->heads, " queries of ", index->head_dim, ", a key for each entry"});
    reach = {"attends to ", index->chosen, " chosen entries"};
    block.reach->chosen = index->chosen;
    block.traits.insert(Trait::chosen_keys);
    block.notes = choice_notes();
  }
  block.facts.push_back(std::move(reach));
  block.traits.insert(Trait::compressed_cache);
}

// What compressed attention keeps of the past: elements of entries for each position, or nothing
// that grows.
std::optional<Kept> kept_entries(const CompressedAttention& attention) {
  if (!attention.compression) return std::nullopt;
  const Compression& compression = *attention.compression;
  Integer entry = attention.head_dim;
  Phrase sizes{attention.head_dim};
  if (compression.index) {
    entry += compression.index->head_dim;
    sizes.insert(sizes.end(), {" + ", compression.index->head_dim});
  }
  sizes.insert(sizes.end(), {", for every ", compression.positions, " positions"});
  return Kept{KeptFor::each_group, std::move(sizes), entry};
}

}  // namespace

// Grouped-query attention (arXiv 2305.13245), multi-query (1911.02150) and multi-head.
BlockFacts facts_of(const ArchSpec& spec, const GroupedAttention& attention) {
  BlockFacts block{.family = BlockFamily::attention,
                   .name = kind_of(attention) + " attention",
                   .kind = kind_of(attention),
                   .facts = phrases_of(spec, attention),
                   .traits = traits_of(spec, attention),
                   .kept = {},
                   .inside = HeadSharing{attention.query_heads, attention.kv_heads},
                   .notes = {},
                   .reach = reach_of(attention)};
  if (attention.chunk) block.notes = chunk_notes(*attention.chunk);
  if (attention.kv_from) return block;
  const Integer width = value_width(attention);
  const Integer both = attention.head_dim + width;
  Phrase sizes = width == attention.head_dim
                     ? Phrase{"2 × ", attention.kv_heads, " × ", width}
                     : Phrase{attention.kv_heads, " × (", attention.head_dim, " + ", width, ")"};
  Integer kept = attention.kv_heads * both;
  if (attention.block_index) {
    sizes.insert(sizes.end(), {" + ", attention.block_index->head_dim});
    kept += attention.block_index->head_dim;
    block.notes = choice_notes();
  }
  block.kept = {KeptFor::each_position, sizes, kept};
  return block;
}

// Multi-head latent attention (arXiv 2405.04434).
BlockFacts facts_of(const ArchSpec& spec, const LatentAttention& attention) {
  BlockFacts block{
      .family = BlockFamily::attention,
      .name = "latent attention (MLA)",
      .kind = "latent (MLA)",
      .facts = {{attention.query_heads, " heads"}},
      .traits = {},
      .kept = Kept{KeptFor::each_position,
                   {attention.kv_latent_dim, " + ", attention.rope_head_dim},
                   attention.kv_latent_dim + attention.rope_head_dim},
      .inside = LatentPaths{attention.query_heads, attention.query_latent_dim.value_or(0),
                            attention.kv_latent_dim, attention.nope_head_dim,
                            attention.rope_head_dim, attention.value_head_dim},
      .notes = {{NotedFigures::work,
                 {"Latent attention: absorbed in decode (attention over the latent), "
                  "expanded in prefill."}}},
      .reach = AttendedKeys{.chosen = attention.chosen_keys.value_or(0)}};
  if (attention.query_latent_dim) {
    block.facts.push_back({"query latent: ", *attention.query_latent_dim});
  }
  block.facts.push_back({"key/value latent: ", attention.kv_latent_dim});
  block.facts.push_back({"key: ", attention.nope_head_dim, " + ", attention.rope_head_dim,
                         attention.rotary ? " rotated" : " of all heads"});
  block.facts.push_back({"value: ", attention.value_head_dim});
  if (attention.rotary) {
    block.facts.push_back(rotary_phrase(*attention.rotary));
  } else if (!spec.learned_positions) {
    block.facts.push_back({"no positions (NoPE)"});
    block.traits.insert(Trait::no_positions);
  }
  if (attention.temperature) block.facts.push_back({"queries grow with position"});
  if (attention.output_gate) block.facts.push_back(gate_phrase(*attention.output_gate));
  add_choice(attention, block);
  return block;
}

// Compressed attention of DeepSeek-V4.
BlockFacts facts_of(const ArchSpec& /*spec*/, const CompressedAttention& attention) {
  const std::string kind = attention.compression ? "compressed" : "shared key and value";
  BlockFacts block{.family = BlockFamily::attention,
                   .name = kind + " attention",
                   .kind = kind,
                   .facts = {{attention.query_heads, " query heads of ", attention.head_dim},
                             {"query latent: ", attention.query_latent_dim},
                             {"one vector is key and value of all heads"},
                             {"the last ", attention.rope_head_dim, " elements are rotated"},
                             rotary_phrase(attention.rotary)},
                   .traits = {Trait::window},
                   .kept = kept_entries(attention),
                   .inside = HeadSharing{attention.query_heads, 1},
                   .notes = {},
                   .reach = AttendedKeys{.window = attention.window, .sinks = Sinks::some}};
  if (attention.compression) add_compression(*attention.compression, block);
  block.facts.push_back({"attends to, caches the last ", attention.window});
  block.facts.push_back({"a sink for each query head"});
  block.facts.push_back({"output: ", attention.output_groups, " groups, each through a latent of ",
                         attention.output_latent_dim});
  return block;
}

}  // namespace llmarch
