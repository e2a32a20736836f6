// Every field of a spec, stated once: its key in the file, the member that holds it, its bounds and
// its meaning. The loader, the unknown-key check, `show`, `compare`, the random specs of the tests
// and the format's documentation all visit these declarations; none keeps a list of its own.
//
// To add a field: add the member in arch_spec.h and one line here, or in the *_fields.h beside this
// file that has its struct; the compiler and the tests then name every place that has to know more.
#pragma once

#include "sim/spec/arch_spec.h"
#include "sim/spec/compressed_fields.h"
#include "sim/spec/feed_forward_fields.h"
#include "sim/spec/field.h"
#include "sim/spec/index_fields.h"
#include "sim/spec/names.h"
#include "sim/spec/rotary_fields.h"
#include "sim/spec/state_mixer_fields.h"

namespace llmarch {

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
          "after_residual: norm(x + f(x)); before_residual: norm(x) + f(norm(x))"},
      norm.placement);
  visit(Field{"without",
              "what the norm lacks: bias, of a layer norm, or weight_and_bias; left out: nothing"},
        norm.without);
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
  visit(Field{"score_growth_length",
              "then the scores of a query at position p, from 0, are multiplied by ln(p) / "
              "ln(this) where p is larger"},
        attention.score_growth_length, kGrowthLength);
  visit(Field{"temperature", "queries grow with their position"}, attention.temperature);
  visit(Field{"rotary", "rotary positions"}, attention.rotary);
  visit(Field{"value_head_dim", "width of a head's value; left out: head_dim"},
        attention.value_head_dim, kSize);
  visit(Field{"values_from_keys",
              "there is no value projection: values are the projected keys, before their norm and "
              "rotation"},
        attention.values_from_keys);
  visit(Field{"value_scale", "values are multiplied by this", Prominence::detail},
        attention.value_scale, kFactor);
  visit(Field{"sinks", "a learned score for each query head enters the softmax, without a value"},
        attention.sinks);
  visit(Field{"alibi",
              "scores fall in proportion to the distance of the key, each head at its own rate: "
              "after_scaling, or before_scaling (Falcon), which adds it twice and scales it too"},
        attention.alibi);
  visit(Field{"output_gate", "the output is multiplied by a gate before its projection"},
        attention.output_gate);
  visit(Field{"block_index", "an index chooses the blocks of keys that a query attends to"},
        attention.block_index);
  visit(Field{"key_multiplier", "projected keys are multiplied by this", Prominence::detail},
        attention.key_multiplier, kFactor);
}

template <class Visitor>
void visit_fields(Visitor& visit, FieldsOf<OutputGate> auto& gate) {
  visit(Field{"width", "what one gate multiplies: an element or a whole head"}, gate.width);
  visit(Field{"activation", "the gate is this function of a projection of attention's input"},
        gate.activation);
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
  visit(Field{"chosen_keys", "a query attends to this many keys, which an index chooses"},
        attention.chosen_keys, kPositions);
  visit(Field{"key_index",
              "the index that chooses them; left out: the newest index of an earlier layer"},
        attention.key_index);
  visit(Field{"query_multiplier", "queries are multiplied by this", Prominence::detail},
        attention.query_multiplier, kFactor);
  visit(Field{"latent_multiplier", "latents are multiplied by this, after their norm",
              Prominence::detail},
        attention.latent_multiplier, kFactor);
  visit(Field{"output_gate", "the output is multiplied by a gate before its projection"},
        attention.output_gate);
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
void visit_fields(Visitor& visit, FieldsOf<HyperConnections> auto& connections) {
  visit(Field{"count", "vectors that make up the residual stream"}, connections.count, kStreams);
  visit(Field{"iterations", "how often the weights that mix the vectors are divided by their sums",
              Prominence::detail},
        connections.iterations, kRepeats);
  visit(Field{"epsilon", "added to these weights and sums", Prominence::detail},
        connections.epsilon, kEpsilon);
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
  visit(Field{"input_multiplier", "what the block is given is multiplied by this",
              Prominence::detail},
        block.input_multiplier, kFactor);
  visit(
      Field{"output_multiplier", "what the block gives is multiplied by this", Prominence::detail},
      block.output_multiplier, kFactor);
}

template <class Visitor>
void visit_fields(Visitor& visit, FieldsOf<Sublayer> auto& sublayer) {
  visit(Field{"blocks", "what runs side by side on the sublayer's input; the outputs are summed"},
        sublayer.blocks);
  visit(Field{"norm",
              "the norm around these blocks together; left out: the spec's norm, or none where a "
              "block has a norm of its own"},
        sublayer.norm);
  visit(Field{"stream_multiplier",
              "the residual stream is multiplied by this before the blocks' output is added"},
        sublayer.stream_multiplier, kFactor);
  visit(Field{"branch_multiplier", "the blocks' output is multiplied by this before it is added"},
        sublayer.branch_multiplier, kFactor);
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
  visit(
      Field{"beside_text",
            "of these, what is neither the text model nor in [beside]: a tied head that is stored "
            "again, projections that no layer uses"},
      published.beside_text, kParameters);
  visit(Field{"source", "where these figures stand"}, published.source);
}

template <class Visitor>
void visit_fields(Visitor& visit, FieldsOf<PredictionLayer> auto& layer) {
  visit(Field{"attention", "name of an [attention.NAME] table"}, layer.attention);
  visit(Field{"feed_forward", "name of a [feed_forward.NAME] table"}, layer.feed_forward);
  visit(Field{"own_head", "each has a head of its own, instead of the model's"}, layer.own_head);
  visit(Field{"no_final_norm", "its output goes to the head without a norm"}, layer.no_final_norm);
}

template <class Visitor>
void visit_fields(Visitor& visit, FieldsOf<Beside> auto& beside) {
  visit(Field{"vision_tower", "parameters of what turns pictures into vectors"},
        beside.vision_tower, kParameters);
  visit(Field{"projector", "parameters that lead from these vectors into the text model"},
        beside.projector, kParameters);
  visit(Field{"prediction_layers",
              "layers that predict tokens further ahead: each one more of the last kind, with a "
              "projection and three norms"},
        beside.prediction_layers, kRepeats);
  visit(Field{"prediction_layer", "what each of them is, where it is none of the last kind"},
        beside.prediction_layer);
  visit(Field{"adapter",
              "parameters of a low-rank adapter (LoRA) that stays beside the matrices it adapts; "
              "its products are not priced"},
        beside.adapter, kParameters);
}

template <class Visitor>
void visit_fields(Visitor& visit, FieldsOf<ArchSpec> auto& spec) {
  visit(Field{"name", "the name used on the command line; the file is called NAME.toml"},
        spec.name);
  visit(Field{"title", "the name as its makers write it"}, spec.title);
  visit(
      Field{"also",
            "names of other models with this very architecture, such as fine-tunes: each is taken "
            "wherever `name` is"},
      spec.also);
  visit(Field{"source", "where the numbers below come from"}, spec.source);
  visit(Field{"published", "what the makers state"}, spec.published);
  visit(Field{"beside", "what the repository holds beside the text model"}, spec.beside);
  visit(Field{"vocabulary", "rows of the embedding table"}, spec.vocabulary, kSize);
  visit(Field{"hidden", "width of the residual stream"}, spec.hidden, kSize);
  visit(Field{"context_limit", "the longest context that the makers allow"}, spec.context_limit,
        kPositions);
  visit(Field{"learned_positions", "rows of a learned position table"}, spec.learned_positions,
        kPositions);
  visit(Field{"position_offset", "rows of that table before the one of position 0"},
        spec.position_offset, kPositions);
  visit(Field{"scaled_embedding", "embeddings are multiplied by the root of hidden"},
        spec.scaled_embedding);
  visit(Field{"embedding_multiplier", "embeddings are multiplied by this"},
        spec.embedding_multiplier, kFactor);
  visit(Field{"residual_multiplier",
              "what a sublayer adds to the residual stream is multiplied by this first"},
        spec.residual_multiplier, kFactor);
  visit(Field{"embedding_norm", "embeddings go through a norm of the kind that `norm` says"},
        spec.embedding_norm);
  visit(Field{"embedding_norm_without",
              "what that norm does not have, where it is not as `norm` says"},
        spec.embedding_norm_without);
  visit(Field{"embedding_width",
              "width of the embedding table and of what the head reads, where it is not hidden: a "
              "projection leads from it to hidden, and one back"},
        spec.embedding_width, kSize);
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
  visit(Field{"no_final_norm", "the head reads the residual stream without a norm"},
        spec.no_final_norm);
  visit(Field{"layer_scale",
              "the output of each layer is multiplied by a constant of the checkpoint"},
        spec.layer_scale);
  visit(Field{"parallel_streams", "the residual stream is several vectors wide (AltUp)"},
        spec.parallel_streams);
  visit(
      Field{
          "hyper_connections",
          "the residual stream is several vectors wide, which each sublayer sums and mixes (mHC)"},
      spec.hyper_connections);
  visit(Field{"residual_block",
              "every so many layers the residual stream is put aside and begins anew; a sublayer "
              "reads a mean of all that was put aside and the stream (attention residuals)"},
        spec.residual_block, kRepeats);
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
