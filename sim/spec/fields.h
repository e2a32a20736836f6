// Every field of a spec, stated once: its key in the file, the member that holds it, its bounds and
// its meaning. The loader, the unknown-key check, `show`, `compare`, the random specs of the tests
// and the format's documentation all visit these declarations; none keeps a list of its own.
//
// To add a field: add the member in arch_spec.h and one line here; the compiler and the tests then
// name every place that has to know more.
#pragma once

#include <concepts>
#include <cstdint>
#include <string_view>
#include <type_traits>

#include "sim/spec/arch_spec.h"
#include "sim/spec/names.h"

namespace llmarch {

// The whole numbers that a field may take. A size outside is a slip of the pen, not a model.
struct Range {
  std::int64_t least;
  std::int64_t most;
};

inline constexpr Range kSize{1, std::int64_t{1} << 24};  // widths, heads, vocabularies
inline constexpr Range kExperts{1, 1'000'000};
inline constexpr Range kRepeats{1, 100'000};
inline constexpr Range kPositions{1, std::int64_t{1} << 40};
inline constexpr Range kParameters{1, std::int64_t{1} << 62};
// The executor lists the layers one by one, so their number is bounded too.
inline constexpr std::int64_t kMostLayers = 100'000;

// A real number's open lower bound and closed upper bound.
struct RealRange {
  double above;
  double most;
};

inline constexpr RealRange kEpsilon{0, 1};
inline constexpr RealRange kFactor{0, 1e9};
inline constexpr RealRange kShare{0, 0.999999};
inline constexpr Range kStreams{2, 64};
inline constexpr Range kStreamIndex{0, 63};
inline constexpr Range kDelay{1, 63};
inline constexpr Range kKernel{2, 1024};

// A headline is in every comparison, a detail only where models differ in it.
enum class Prominence { headline, detail };

struct Field {
  std::string_view key;
  std::string_view meaning;
  Prominence prominence = Prominence::headline;
};

template <class Type, class Struct>
concept FieldsOf = std::same_as<std::remove_const_t<Type>, Struct>;

template <class Visitor>
void visit_fields(Visitor& visit, FieldsOf<Norm> auto& norm) {
  visit(Field{"kind", "rms: x / rms(x) * weight; layer: (x - mean) / deviation * weight + bias"},
        norm.kind);
  visit(Field{"epsilon", "added to the mean square before the root", Prominence::detail},
        norm.epsilon, kEpsilon);
  visit(
      Field{
          "placement",
          "before: x + f(norm(x)); after: x + norm(f(x)); before_and_after: x + norm(f(norm(x))); "
          "after_residual: norm(x + f(x))"},
      norm.placement);
  visit(Field{"without",
              "what the norm lacks: bias, of a layer norm, or weight_and_bias; left out: nothing"},
        norm.without);
}

template <class Visitor>
void visit_fields(Visitor& visit, FieldsOf<LinearScaling> auto& scaling) {
  visit(Field{"factor", "by which every wave is slowed", Prominence::detail}, scaling.factor,
        kFactor);
}

template <class Visitor>
void visit_fields(Visitor& visit, FieldsOf<Temperature> auto& temperature) {
  visit(Field{"strength", "queries grow by 1 + this ln(floor(position / floor) + 1)",
              Prominence::detail},
        temperature.strength, kFactor);
  visit(Field{"floor", "positions between two steps of that growth", Prominence::detail},
        temperature.floor, kPositions);
  visit(Field{"from_zero", "positions are counted from 0, and not from 1", Prominence::detail},
        temperature.from_zero);
}

template <class Visitor>
void visit_fields(Visitor& visit, FieldsOf<Llama3Scaling> auto& scaling) {
  visit(Field{"factor", "by which long waves are slowed", Prominence::detail}, scaling.factor,
        kFactor);
  visit(Field{"low_frequency_factor", "waves longer than original_context / this are slowed fully",
              Prominence::detail},
        scaling.low_frequency_factor, kFactor);
  visit(Field{"high_frequency_factor", "waves shorter than original_context / this are kept",
              Prominence::detail},
        scaling.high_frequency_factor, kFactor);
  visit(Field{"original_context", "the context before the stretch", Prominence::detail},
        scaling.original_context, kPositions);
}

template <class Visitor>
void visit_fields(Visitor& visit, FieldsOf<YarnScaling> auto& scaling) {
  visit(Field{"factor", "by which long waves are slowed", Prominence::detail}, scaling.factor,
        kFactor);
  visit(Field{"original_context", "the context before the stretch", Prominence::detail},
        scaling.original_context, kPositions);
  visit(Field{"beta_fast", "turns within the original context above which a wave is kept",
              Prominence::detail},
        scaling.beta_fast, kFactor);
  visit(Field{"beta_slow", "turns below which a wave is slowed fully", Prominence::detail},
        scaling.beta_slow, kFactor);
  visit(Field{"mscale",
              "with mscale_all_dim: the rotary tables are multiplied by m(mscale) / "
              "m(mscale_all_dim), m(s) = 0.1 s ln(factor) + 1; without both by m(1)",
              Prominence::detail},
        scaling.mscale, kFactor);
  visit(Field{"mscale_all_dim", "latent attention's softmax scale is multiplied by m(this) squared",
              Prominence::detail},
        scaling.mscale_all_dim, kFactor);
  visit(Field{"attention_factor", "the rotary tables are multiplied by this instead",
              Prominence::detail},
        scaling.attention_factor, kFactor);
}

template <class Visitor>
void visit_fields(Visitor& visit, FieldsOf<Rotary> auto& rotary) {
  visit(Field{"theta", "the base of the rotary frequencies"}, rotary.theta, kFactor);
  visit(Field{"dim", "elements of a head that are turned, the first; all where it is left out"},
        rotary.dim, kSize);
  visit(Field{"layout", "half_split rotates element i with i + dim/2; interleaved 2i with 2i + 1",
              Prominence::detail},
        rotary.layout);
  visit(Field{"scaling", "how the frequencies are stretched for long contexts"}, rotary.scaling);
}

template <class Visitor>
void visit_fields(Visitor& visit, FieldsOf<GroupedAttention> auto& attention) {
  visit(Field{"query_heads", "number of query heads"}, attention.query_heads, kSize);
  visit(Field{"kv_heads", "number of key/value heads, each shared by query_heads / kv_heads"},
        attention.kv_heads, kSize);
  visit(Field{"head_dim", "width of a head"}, attention.head_dim, kSize);
  visit(Field{"qkv_bias", "query, key and value projections have a bias"}, attention.qkv_bias);
  visit(Field{"output_bias", "the output projection has a bias"}, attention.output_bias);
  visit(
      Field{"qk_norm",
            "queries and keys are normalised before rotation: per_head or whole (rms), "
            "layer_per_head or layer_of_each_head (layer norms, the latter with a weight for each "
            "head and no bias); or after it: per_head_after_rotation or "
            "unweighted_after_rotation"},
      attention.qk_norm);
  visit(Field{"value_norm", "each value head is divided by its root mean square"},
        attention.value_norm);
  visit(Field{"kv_from",
              "name of the [attention.NAME] table whose cache is read, that of the nearest layer "
              "before; there are no key and value projections then"},
        attention.kv_from);
  visit(Field{"window", "a query attends to this many of the newest keys, its own among them"},
        attention.window, kPositions);
  visit(Field{"chunk", "a query attends to the keys of its own chunk of this many positions"},
        attention.chunk, kPositions);
  visit(Field{"query_scalar", "scores are divided by the root of this instead of head_dim's"},
        attention.query_scalar, kSize);
  visit(Field{"score_multiplier", "scores are multiplied by this instead"},
        attention.score_multiplier, kFactor);
  visit(Field{"qkv_clip", "queries, keys and values are held within -this and this"},
        attention.qkv_clip, kFactor);
  visit(Field{"score_soft_cap", "scores s become cap tanh(s / cap)"}, attention.score_soft_cap,
        kFactor);
  visit(Field{"temperature", "queries grow with their position"}, attention.temperature);
  visit(Field{"rotary", "rotary positions"}, attention.rotary);
}

template <class Visitor>
void visit_fields(Visitor& visit, FieldsOf<LatentAttention> auto& attention) {
  visit(Field{"query_heads", "number of heads"}, attention.query_heads, kSize);
  visit(Field{"query_latent_dim", "width of the compressed query (q_lora_rank)"},
        attention.query_latent_dim, kSize);
  visit(Field{"kv_latent_dim", "width of the cached latent (kv_lora_rank)"},
        attention.kv_latent_dim, kSize);
  visit(Field{"nope_head_dim", "per head, the part of query and key that is not rotated"},
        attention.nope_head_dim, kSize);
  visit(Field{"rope_head_dim", "per head, the rotated part; its key is shared by all heads"},
        attention.rope_head_dim, kSize);
  visit(Field{"value_head_dim", "width of a head's value"}, attention.value_head_dim, kSize);
  visit(Field{"latent_norm_epsilon", "epsilon of the norms on the two latents", Prominence::detail},
        attention.latent_norm_epsilon, kEpsilon);
  visit(
      Field{"compression_bias", "the projections into the latents have a bias", Prominence::detail},
      attention.compression_bias);
  visit(Field{"output_bias", "the output projection has a bias"}, attention.output_bias);
  visit(Field{"temperature", "queries grow with their position"}, attention.temperature);
  visit(Field{"rotary", "rotary positions"}, attention.rotary);
}

template <class Visitor>
void visit_fields(Visitor& visit, FieldsOf<ShortConvolution> auto& convolution) {
  visit(Field{"kernel", "positions that the convolution spans, the newest among them"},
        convolution.kernel, kKernel);
}

template <class Visitor>
void visit_fields(Visitor& visit, FieldsOf<DenseFeedForward> auto& feed_forward) {
  visit(Field{"width", "width between the projections (intermediate_size)"}, feed_forward.width,
        kSize);
  visit(Field{"activation", "the function between the projections", Prominence::detail},
        feed_forward.activation);
  visit(
      Field{"gated", "three projections, act(gate(x)) * up(x), instead of two", Prominence::detail},
      feed_forward.gated);
  visit(Field{"bias", "the projections have a bias"}, feed_forward.bias);
  visit(Field{"activation_sparsity",
              "of what enters the activation, what lies above mean + quantile(this) deviations of "
              "its row is kept, less that bound"},
        feed_forward.activation_sparsity, kShare);
}

template <class Visitor>
void visit_fields(Visitor& visit, FieldsOf<ExpertGroups> auto& groups) {
  visit(Field{"count", "number of groups that the experts are split into"}, groups.count, kExperts);
  visit(Field{"chosen", "groups that may be chosen from"}, groups.chosen, kExperts);
  visit(Field{"score", "what ranks a group: its best expert, or the sum of its best two"},
        groups.score);
}

template <class Visitor>
void visit_fields(Visitor& visit, FieldsOf<Router> auto& router) {
  visit(Field{"scoring", "how the router's products become scores"}, router.scoring);
  visit(Field{"correction_bias", "a bias per expert enters the choice, not the weights"},
        router.correction_bias);
  visit(Field{"normalized_weights", "the chosen experts' weights are divided by their sum"},
        router.normalized_weights);
  visit(Field{"weight_scale", "the weights are multiplied by this (routed_scaling_factor)"},
        router.weight_scale, kFactor);
  visit(Field{"groups", "the choice is limited to the best groups of experts"}, router.groups);
  visit(Field{"jitter",
              "of a sparsemixer: experts whose logit s is further below the largest m than "
              "(m - s) / max(|s|, m) = 2 times this are left out of the softmax"},
        router.jitter, kFactor);
}

template <class Visitor>
void visit_fields(Visitor& visit, FieldsOf<MixtureFeedForward> auto& mixture) {
  visit(Field{"experts", "number of routed experts"}, mixture.experts, kExperts);
  visit(Field{"experts_per_token", "routed experts that each token runs"},
        mixture.experts_per_token, kExperts);
  visit(Field{"expert_width", "width of one expert (moe_intermediate_size)"}, mixture.expert_width,
        kSize);
  visit(Field{"shared_width", "width of all shared experts together, run for every token"},
        mixture.shared_width, kSize);
  visit(
      Field{"shared_gate", "what the shared experts give is multiplied by a sigmoid of the token"},
      mixture.shared_gate);
  visit(Field{"shared_average", "half the sum of routed and shared experts is what comes out"},
        mixture.shared_average);
  visit(Field{"scaled_input", "an expert's weight multiplies its input instead of its output"},
        mixture.scaled_input);
  visit(Field{"activation", "the experts' gate function; experts are gated", Prominence::detail},
        mixture.activation);
  visit(Field{"router", "how experts are chosen and weighted"}, mixture.router);
}

template <class Visitor>
void visit_fields(Visitor& visit, FieldsOf<ParallelStreams> auto& streams) {
  visit(Field{"count", "vectors that make up the residual stream"}, streams.count, kStreams);
  visit(Field{"active", "the one that layers run on, from 0", Prominence::detail}, streams.active,
        kStreamIndex);
  visit(Field{"coefficient_clip", "the weights that make the corrections are held within this",
              Prominence::detail},
        streams.coefficient_clip, kFactor);
}

template <class Visitor>
void visit_fields(Visitor& visit, FieldsOf<PerLayerEmbedding> auto& embedding) {
  visit(Field{"vocabulary", "rows of the table"}, embedding.vocabulary, kSize);
  visit(Field{"width", "columns of the table for each layer"}, embedding.width, kSize);
  visit(Field{"activation", "the gate's function", Prominence::detail}, embedding.activation);
  visit(Field{"scaled_input", "what the gate sees is multiplied by a weight first",
              Prominence::detail},
        embedding.scaled_input);
}

template <class Visitor>
void visit_fields(Visitor& visit, FieldsOf<SublayerBlock> auto& block) {
  visit(Field{"attention", "name of an [attention.NAME] table; this or feed_forward"},
        block.attention);
  visit(Field{"feed_forward", "name of a [feed_forward.NAME] table"}, block.feed_forward);
  visit(Field{"norm", "a norm of this block alone, within the sublayer's"}, block.norm);
  visit(Field{"delay",
              "the output is added to the residual stream this many sublayers later; left out: at "
              "once"},
        block.delay, kDelay);
}

template <class Visitor>
void visit_fields(Visitor& visit, FieldsOf<Sublayer> auto& sublayer) {
  visit(Field{"blocks", "what runs side by side on the sublayer's input; the outputs are summed"},
        sublayer.blocks);
  visit(Field{"norm",
              "the norm around these blocks together; left out: the spec's norm, or none where a "
              "block has a norm of its own"},
        sublayer.norm);
}

template <class Visitor>
void visit_fields(Visitor& visit, FieldsOf<Layer> auto& layer) {
  visit(Field{"attention", "name of an [attention.NAME] table: a sublayer with it alone"},
        layer.attention);
  visit(Field{"feed_forward",
              "name of a [feed_forward.NAME] table: a sublayer with it alone, after attention's"},
        layer.feed_forward);
  visit(Field{"sublayers", "the sublayers in order, where the two keys above cannot say them"},
        layer.sublayers);
}

template <class Visitor>
void visit_fields(Visitor& visit, FieldsOf<Segment> auto& segment) {
  visit(Field{"layers", "names of [layer.NAME] tables, in order"}, segment.layers);
  visit(Field{"repeat", "how often the whole sequence stands"}, segment.repeat, kRepeats);
}

template <class Visitor>
void visit_fields(Visitor& visit, FieldsOf<Published> auto& published) {
  visit(Field{"total", "parameters as the makers state them, rounded as they do"}, published.total,
        kParameters);
  visit(Field{"active", "active parameters as the makers state them"}, published.active,
        kParameters);
  visit(Field{"exact_total", "parameters to the unit, from a checkpoint or the reference code"},
        published.exact_total, kParameters);
  visit(Field{"repository_total",
              "elements in the repository, where it holds more than the text model"},
        published.repository_total, kParameters);
  visit(Field{"beside_text",
              "of these, what is not the text model: vision, multi-token prediction, a tied head "
              "stored again"},
        published.beside_text, kParameters);
  visit(Field{"source", "where these figures stand"}, published.source);
}

template <class Visitor>
void visit_fields(Visitor& visit, FieldsOf<ArchSpec> auto& spec) {
  visit(Field{"name", "the name used on the command line; the file is called NAME.toml"},
        spec.name);
  visit(Field{"title", "the name as its makers write it"}, spec.title);
  visit(Field{"source", "where the numbers below come from"}, spec.source);
  visit(Field{"published", "what the makers state"}, spec.published);
  visit(Field{"vocabulary", "rows of the embedding table"}, spec.vocabulary, kSize);
  visit(Field{"hidden", "width of the residual stream"}, spec.hidden, kSize);
  visit(Field{"context_limit", "the longest context that the makers allow"}, spec.context_limit,
        kPositions);
  visit(Field{"learned_positions", "rows of a learned position table"}, spec.learned_positions,
        kPositions);
  visit(Field{"scaled_embedding", "embeddings are multiplied by the root of hidden"},
        spec.scaled_embedding);
  visit(Field{"embedding_multiplier", "embeddings are multiplied by this"},
        spec.embedding_multiplier, kFactor);
  visit(Field{"residual_multiplier",
              "what a sublayer adds to the residual stream is multiplied by this first"},
        spec.residual_multiplier, kFactor);
  visit(
      Field{"head",
            "tied: the head is the embedding table; separate: a matrix of its own; none: the last "
            "hidden states are what comes out"},
      spec.head);
  visit(Field{"head_labels", "rows of a separate head that sorts texts instead of naming tokens"},
        spec.head_labels, kSize);
  visit(Field{"head_bias", "the head has a bias"}, spec.head_bias);
  visit(Field{"logit_multiplier", "logits are multiplied by this"}, spec.logit_multiplier, kFactor);
  visit(Field{"logit_soft_cap", "logits s become cap tanh(s / cap), after logit_multiplier"},
        spec.logit_soft_cap, kFactor);
  visit(Field{"norm", "the norm before the head, and of every sublayer that has none of its own"},
        spec.norm);
  visit(Field{"parallel_streams", "the residual stream is several vectors wide (AltUp)"},
        spec.parallel_streams);
  visit(Field{"per_layer_embedding", "each layer looks the token up in a table of its own"},
        spec.per_layer_embedding);
  visit(Field{"low_rank_residual",
              "rank of a branch n + norm(up(down(n))) of attention's normalised input n; the sum "
              "with it is divided by the root of 2 (LAuReL)"},
        spec.low_rank_residual, kSize);
  visit(Field{"attention", "kinds of attention, by name"}, spec.attention);
  visit(Field{"feed_forward", "kinds of feed-forward, by name"}, spec.feed_forward);
  visit(Field{"layer", "kinds of layer, by name"}, spec.layer);
  visit(Field{"stack", "the layers from first to last"}, spec.stack);
}

}  // namespace llmarch
