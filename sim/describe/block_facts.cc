#include "sim/describe/block_facts.h"

#include <fmt/format.h>

#include <stdexcept>

#include "sim/describe/state_mixer_facts.h"
#include "sim/spec/names.h"

namespace llmarch {
namespace {

// As papers write it.
std::string_view activation_name(Activation activation) {
  switch (activation) {
    case Activation::gelu_tanh:
    case Activation::gelu_erf: return "GELU";
    case Activation::silu: return "SiLU";
    case Activation::relu: return "ReLU";
    case Activation::tanh: return "tanh";
    case Activation::sigmoid: return "sigmoid";
    case Activation::softplus: return "softplus";
    case Activation::quick_gelu: return "quick GELU";
    case Activation::relu_squared: return "ReLU²";
  }
  throw std::logic_error("activation_name: an activation outside the enumeration");
}

// The name of a feed-forward with that gate: arXiv 2002.05202.
std::string_view gated_name(Activation activation) {
  switch (activation) {
    case Activation::gelu_tanh:
    case Activation::gelu_erf: return "GeGLU";
    case Activation::silu: return "SwiGLU";
    case Activation::relu: return "ReGLU";
    case Activation::tanh: return "gated tanh";
    case Activation::sigmoid: return "GLU";
    case Activation::softplus: return "gated softplus";
    case Activation::quick_gelu: return "quick GeGLU";
    case Activation::relu_squared: return "gated ReLU²";
  }
  throw std::logic_error("gated_name: an activation outside the enumeration");
}

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

// The norm of a block alone.
Phrase norm_phrase(const Norm& norm) {
  const std::string name(common_name(norm.kind));
  switch (norm.placement) {
    case NormPlacement::before: return {"its own " + name + " before"};
    case NormPlacement::after: return {"its own " + name + " after"};
    case NormPlacement::before_and_after: return {"its own " + name + " before and after"};
    case NormPlacement::after_residual: return {"its own " + name + " after the sum"};
    case NormPlacement::before_residual: return {"its own " + name + " of the stream"};
  }
  throw std::logic_error("norm_phrase: a placement outside the enumeration");
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

AttentionSizes attention_sizes(const GroupedAttention& attention) {
  return {attention.query_heads,        attention.kv_heads,         attention.head_dim, 0,
          attention.window.value_or(0), attention.chunk.value_or(0)};
}
// Every head makes its keys and values from the latent, so there are no key/value heads.
AttentionSizes attention_sizes(const LatentAttention& attention) {
  return {attention.query_heads,   0, attention.nope_head_dim + attention.rope_head_dim,
          attention.kv_latent_dim, 0, 0};
}
AttentionSizes attention_sizes(const StateMixer auto&) {
  return {};
}

// Grouped-query attention (arXiv 2305.13245), multi-query (1911.02150) and multi-head.
BlockFacts facts_of(const ArchSpec& spec, const GroupedAttention& attention) {
  BlockFacts block{.family = BlockFamily::attention,
                   .name = kind_of(attention) + " attention",
                   .kind = kind_of(attention),
                   .facts = phrases_of(spec, attention),
                   .traits = traits_of(spec, attention),
                   .kept = {},
                   .inside = {},
                   .notes = {}};
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

// Multi-head latent attention (arXiv 2405.04434).
BlockFacts facts_of(const ArchSpec& spec, const LatentAttention& attention) {
  BlockFacts block{.family = BlockFamily::attention,
                   .name = "latent attention (MLA)",
                   .kind = "latent (MLA)",
                   .facts = {{attention.query_heads, " heads"}},
                   .traits = {},
                   .kept = Kept{KeptFor::each_position,
                                {attention.kv_latent_dim, " + ", attention.rope_head_dim},
                                attention.kv_latent_dim + attention.rope_head_dim},
                   .inside = {},
                   .notes = {{NotedFigures::work,
                              {"Latent attention: absorbed in decode (attention over the latent), "
                               "expanded in prefill."}}}};
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
  add_choice(attention, block);
  return block;
}

Phrase limit_phrase(const std::string& of, const GateLimit& limit) {
  return {fmt::format("{} held at {:g} {}", of, limit.limit,
                      limit.place == GateLimitPlace::before_activation ? "before its activation"
                                                                       : "after its activation")};
}

BlockFacts facts_of(const ArchSpec& /*spec*/, const DenseFeedForward& dense) {
  const std::string_view activation = dense.xielu ? "xIELU" : activation_name(dense.activation);
  BlockFacts block{.family = BlockFamily::dense_feed_forward,
                   .name = fmt::format("feed-forward, {}",
                                       dense.gated ? gated_name(dense.activation) : activation),
                   .kind = {},
                   .facts = {{"hidden width ", dense.width}},
                   .traits = {},
                   .kept = {},
                   .inside = FeedForwardPaths{dense.gated ? Paths::gated : Paths::one, activation},
                   .notes = {}};
  if (dense.bias) block.facts.push_back({"with biases"});
  if (dense.gate_limit) block.facts.push_back(limit_phrase("gate", *dense.gate_limit));
  if (dense.up_offset) block.facts.push_back({"the other factor plus ", *dense.up_offset});
  if (dense.activation_sparsity) {
    block.facts.push_back({"about ", 100 * *dense.activation_sparsity, " % of the gate is 0"});
  }
  return block;
}

std::string_view scoring_name(Scoring scoring) {
  return scoring == Scoring::chosen_softmax ? "softmax over the chosen" : name_of(scoring);
}

// Experts that give what they are given (LongCat-Flash, arXiv 2509.01322).
void add_identities(Integer identities, BlockFacts& block) {
  block.facts.push_back({identities, " identity experts beside them"});
  block.notes[NotedFigures::work].emplace_back(
      " Identity experts do no work: the work of the experts is that of the expected number that a "
      "token runs under uniform routing, k E / (E + identity experts), and the active parameters "
      "are the most, those of k.");
}

// Routed experts, and shared ones (DeepSeekMoE, arXiv 2401.06066).
BlockFacts facts_of(const ArchSpec& /*spec*/, const MixtureFeedForward& mixture) {
  const SharedExperts shared = mixture.shared_width ? SharedExperts::some : SharedExperts::none;
  BlockFacts block{
      .family = BlockFamily::mixture_feed_forward,
      .name = "mixture of experts",
      .kind = {},
      .facts = {{mixture.experts,
                 fmt::format(" experts, {}", mixture.ungated ? activation_name(mixture.activation)
                                                             : gated_name(mixture.activation))},
                {fmt::format("router: {}", scoring_name(mixture.router.scoring))}},
      .traits = {Trait::experts},
      .kept = {},
      .inside = ExpertChoice{mixture.experts, mixture.experts_per_token, shared},
      .notes = {
          {NotedFigures::work,
           {"Experts' weights read by several tokens are those of the expected number of distinct "
            "experts under uniform routing, E (1 − (1 − k/E)^tokens)."}}}};
  if (mixture.identity_experts) add_identities(*mixture.identity_experts, block);
  if (mixture.router.groups) {
    block.facts.push_back({"chosen from ", mixture.router.groups->chosen, " of ",
                           mixture.router.groups->count, " groups"});
  }
  if (mixture.router.own_input) block.facts.push_back({"router: a norm of its own"});
  block.facts.push_back({mixture.experts_per_token, " chosen for a token"});
  block.facts.push_back({"hidden width ", mixture.expert_width});
  if (mixture.latent_width)
    block.facts.push_back({"experts' latent: width ", *mixture.latent_width});
  if (mixture.expert_bias) block.facts.push_back({"with biases"});
  if (mixture.gate_limit) block.facts.push_back(limit_phrase("gate", *mixture.gate_limit));
  if (mixture.up_offset) block.facts.push_back({"the other factor plus ", *mixture.up_offset});
  if (mixture.shared_width) block.facts.push_back({"shared expert: width ", *mixture.shared_width});
  if (mixture.shared_gate) block.facts.push_back({"shared expert is gated"});
  if (mixture.shared_average) block.facts.push_back({"averaged with the shared expert"});
  if (mixture.shared_gate_limit) {
    block.facts.push_back(limit_phrase("shared expert's gate", *mixture.shared_gate_limit));
  }
  return block;
}

}  // namespace

std::string_view name_of(BlockFamily family) {
  switch (family) {
    case BlockFamily::attention: return "attention";
    case BlockFamily::dense_feed_forward: return "dense feed-forward";
    case BlockFamily::mixture_feed_forward: return "mixture feed-forward";
  }
  throw std::logic_error("name_of: a family outside the enumeration");
}

std::string_view common_name(NormKind kind) {
  switch (kind) {
    case NormKind::rms: return "RMSNorm";
    case NormKind::layer: return "LayerNorm";
  }
  throw std::logic_error("common_name: a norm outside the enumeration");
}

std::string_view layers_with(Trait trait) {
  switch (trait) {
    case Trait::parallel_blocks: return "layers with parallel blocks";
    case Trait::window: return "layers with a window";
    case Trait::chunk: return "layers with chunks";
    case Trait::chosen_keys: return "layers that choose their keys";
    case Trait::no_positions: return "layers without positions";
    case Trait::shared_cache: return "layers that read another's cache";
    case Trait::fixed_state: return "layers with a fixed state";
    case Trait::experts: return "layers with experts";
  }
  throw std::logic_error("layers_with: a trait outside the enumeration");
}

AttentionSizes sizes_of(const Mixer& mixer) {
  return std::visit([](const auto& kind) { return attention_sizes(kind); }, mixer);
}

BlockFacts describe(const ArchSpec& spec, const Mixer& mixer) {
  return std::visit([&](const auto& kind) { return facts_of(spec, kind); }, mixer);
}

BlockFacts describe(const ArchSpec& spec, const FeedForward& feed_forward) {
  return std::visit([&](const auto& kind) { return facts_of(spec, kind); }, feed_forward);
}

BlockFacts describe(const ArchSpec& spec, const SublayerBlock& block) {
  BlockFacts facts =
      block.attention
          ? describe(spec, spec.attention.at(block.attention->index).value)
          : describe(spec, spec.feed_forward.at(block.feed_forward.value().index).value);
  if (block.norm) facts.facts.push_back(norm_phrase(*block.norm));
  if (block.delay) {
    facts.facts.push_back(
        {"added ", *block.delay, *block.delay == 1 ? " sublayer later" : " sublayers later"});
  }
  return facts;
}

std::set<Trait> traits_of(const ArchSpec& spec, const Layer& layer) {
  std::set<Trait> traits;
  for (const std::size_t mixer : mixers_of(layer)) {
    traits.merge(describe(spec, spec.attention.at(mixer).value).traits);
  }
  for (const std::size_t feed_forward : feed_forwards_of(layer)) {
    traits.merge(describe(spec, spec.feed_forward.at(feed_forward).value).traits);
  }
  for (const Sublayer& sublayer : sublayers_of(layer)) {
    if (sublayer.blocks.size() > 1) traits.insert(Trait::parallel_blocks);
  }
  return traits;
}

std::vector<BlockFacts> blocks_of(const ArchSpec& spec) {
  std::vector<BlockFacts> blocks;
  for (const auto& [name, mixer] : spec.attention) blocks.push_back(describe(spec, mixer));
  for (const auto& [name, each] : spec.feed_forward) blocks.push_back(describe(spec, each));
  return blocks;
}

}  // namespace llmarch
