#include <algorithm>

#include "tests/cost/independent_steps.h"

namespace llmarch::independent {
namespace {

Integer attended(const GroupedAttention& attention, Integer context) {
  if (attention.window) return std::min(context, *attention.window);
  if (attention.chunk) return (context - 1) % *attention.chunk + 1;
  if (!attention.block_index) return context;
  const Integer block = attention.block_index->block;
  const Integer others = (attention.block_index->blocks - 1) * block;
  return std::min(context, others + (context - 1) % block + 1);
}

}  // namespace

// Queries or keys: so many vectors.
void Mixing::prepare(const GroupedAttention& attention, Integer heads, Integer width) const {
  const auto has = [&](QkNorm norm) { return attention.qk_norm == norm; };
  if (has(QkNorm::per_head)) token_.rms(heads, width);
  if (has(QkNorm::whole)) token_.rms(1, heads * width);
  if (has(QkNorm::layer_per_head)) token_.layer_norm(heads, width);
  if (has(QkNorm::layer_of_each_head)) {
    token_.layer_norm_without_weight(heads, width);
    token_.add_vector(heads * width);
  }
  if (attention.qkv_clip) token_.apply(heads * width, {});
  if (attention.rotary) {
    const Integer dim = attention.rotary->dim.value_or(attention.head_dim);
    token_.rotate(*attention.rotary, heads, width, dim);
  }
  if (has(QkNorm::per_head_after_rotation)) token_.rms(heads, width);
  if (has(QkNorm::unweighted_after_rotation)) token_.rms_without_weight(heads, width);
}

void Mixing::gate(const OutputGate& gate, Integer heads, Integer width) const {
  const Integer gates = gate.width == GateWidth::head ? heads : heads * width;
  token_.project(hidden_, gates);
  token_.moves(gates, 0);
  token_.compute(gates, function_of(gate.activation));
  token_.apply(heads * width, kProduct);
}

void Mixing::index_blocks(const GroupedAttention& attention) const {
  const Integer dim = attention.block_index->head_dim;
  for (const Integer heads : {attention.kv_heads, Integer(1)}) {  // queries and a key
    token_.project(hidden_, heads * dim);
    prepare(attention, heads, dim);
  }
  token_.keep(dim, context_);
  token_.moves(attention.kv_heads * dim, 0);
  token_.matrix += 2 * attention.kv_heads * dim * context_;
  token_.cache_read += dim * context_;
}

void Mixing::operator()(const GroupedAttention& attention) const {
  const Integer queries = attention.query_heads, keys = attention.kv_heads;
  const Integer dim = attention.head_dim, value = attention.value_head_dim.value_or(dim);
  const Integer pairs = attended(attention, context_);
  const auto project = [&](Integer out) {
    token_.project(hidden_, out);
    if (attention.qkv_bias) token_.add_vector(out);
  };
  project(queries * dim);
  prepare(attention, queries, dim);
  if (attention.temperature) token_.apply(queries * dim, kProduct);
  if (!attention.kv_from) {
    project(keys * dim);
    if (!attention.values_from_keys) project(keys * value);
    if (attention.qkv_clip) token_.apply(keys * value, {});
    token_.scale(attention.value_scale, keys * value);
    if (attention.value_norm) token_.rms_without_weight(keys, value);
    token_.scale(attention.key_multiplier, keys * dim);
    prepare(attention, keys, dim);
    // Any block may be chosen, so each is kept.
    token_.keep(keys * (dim + value), attention.block_index ? context_ : pairs);
  }
  if (attention.block_index) index_blocks(attention);
  token_.moves(queries * dim, queries * value);
  token_.cache_read += keys * (dim + value) * pairs;
  token_.score(queries, dim, value, pairs);
  if (attention.alibi) token_.compute(queries * pairs, {2, 0});  // the slope times the distance
  if (attention.score_growth_length) token_.compute(queries * pairs, kProduct);
  if (attention.score_soft_cap) token_.compute(queries * pairs, kCap);
  if (attention.sinks) {
    token_.weights(queries);
    token_.compute(queries, {2, 1});  // less the maximum, the exponential, into the sum
  }
  if (attention.output_gate) gate(*attention.output_gate, queries, value);
  token_.project(queries * value, hidden_);
  if (attention.output_bias) token_.add_vector(hidden_);
}

void Mixing::index_keys(const LatentAttention& attention) const {
  const Integer heads = attention.key_index->heads, dim = attention.key_index->head_dim;
  const Integer rope = attention.rope_head_dim;
  token_.project(*attention.query_latent_dim, heads * dim);
  token_.rotate(*attention.rotary, heads, dim, rope);
  token_.project(hidden_, dim);
  token_.layer_norm(1, dim);
  token_.rotate(*attention.rotary, 1, dim, rope);
  token_.project(hidden_, heads);  // the weight of each head's products
  token_.apply(heads, kProduct);
  token_.keep(dim, context_);
  token_.moves(heads * dim + heads, 0);
  token_.matrix += 2 * (heads * dim + heads) * context_;
  token_.cache_read += dim * context_;
}

// Absorbed: queries are brought into the latent, and what is attended to out of it.
void Mixing::operator()(const LatentAttention& attention) const {
  const Integer heads = attention.query_heads, latent = attention.kv_latent_dim;
  const Integer nope = attention.nope_head_dim, rope = attention.rope_head_dim;
  const Integer value = attention.value_head_dim, queries = heads * (nope + rope);
  const auto compress = [&](Integer out) {
    token_.project(hidden_, out);
    if (attention.compression_bias) token_.add_vector(out);
  };
  if (attention.query_latent_dim) {
    compress(*attention.query_latent_dim);
    token_.rms(1, *attention.query_latent_dim);
  }
  if (attention.key_index) index_keys(attention);
  token_.project(attention.query_latent_dim.value_or(hidden_), queries);
  token_.scale(attention.query_multiplier, queries);
  if (attention.rotary) token_.rotate(*attention.rotary, heads, nope + rope, rope);
  if (attention.temperature) token_.apply(queries, kProduct);
  compress(latent);
  token_.rms(1, latent);
  token_.scale(attention.latent_multiplier, latent);
  compress(rope);
  if (attention.rotary) token_.rotate(*attention.rotary, 1, rope, rope);
  token_.keep(latent + rope, context_);
  const Integer keys = std::min(context_, attention.chosen_keys.value_or(context_));
  token_.weights(heads * (nope + value) * latent);
  token_.matrix += 2 * heads * (nope + value) * latent;
  token_.moves(queries, heads * latent);                   // into the latent
  token_.moves(heads * latent + queries, heads * latent);  // attention
  token_.moves(heads * latent, heads * value);             // out of it
  token_.score(heads, latent + rope, latent, keys);
  token_.cache_read += (latent + rope) * keys;
  if (attention.output_gate) gate(*attention.output_gate, heads, value);
  token_.project(heads * value, hidden_);
  if (attention.output_bias) token_.add_vector(hidden_);
}

void Mixing::operator()(const ShortConvolution& convolution) const {
  for (int i = 0; i < 3; ++i) token_.project(hidden_, hidden_);  // two gates, and values
  token_.apply(hidden_, kProduct, 2);
  token_.convolve(hidden_, convolution.kernel);
  token_.kept_as_caches += (convolution.kernel - 1) * hidden_;
  token_.apply(hidden_, kProduct, 2);
  token_.project(hidden_, hidden_);
}

void Mixing::convolved(Integer columns, Integer kernel) const {
  token_.convolve(columns, kernel);
  token_.kept_in_f32 += (kernel - 1) * columns;
  token_.apply(columns, function_of(Activation::silu));
}

// Convolved queries, keys and values; queries and keys of length 1, and queries scaled.
void Mixing::delta_inputs(Integer keys, Integer heads, Integer values, Integer kernel) const {
  for (const Integer columns : {keys, keys, values}) {
    token_.project(hidden_, columns);
    convolved(columns, kernel);
  }
  for (int i = 0; i < 2; ++i) {
    token_.apply(keys, {3, 0});     // into the square of the length, and over the length
    token_.compute(heads, {1, 1});  // epsilon, and the root
  }
  token_.apply(keys, kProduct);
}

void Mixing::operator()(const GatedDeltaNet& delta) const {
  const Integer heads = delta.value_heads, values = heads * delta.value_head_dim;
  const Integer keys = delta.key_heads * delta.key_head_dim;
  delta_inputs(keys, delta.key_heads, values, delta.kernel);
  token_.project(hidden_, heads);
  token_.apply(heads, function_of(Activation::sigmoid));
  if (delta.negative_eigenvalues) token_.apply(heads, kProduct);
  token_.project(hidden_, heads);
  token_.add_vector(heads);
  token_.apply(heads, function_of(Activation::softplus));
  token_.weights(heads);
  token_.apply(heads, {1, 1});  // e^(-rate step)
  token_.recur(values * delta.key_head_dim, 2 * keys + values + 2 * heads, values, 3);
  token_.compute(values, {2, 0});  // strength (value - what the state has for the key)
  token_.rms(heads, delta.value_head_dim);
  token_.project(hidden_, values);
  token_.apply(values, gate_of(Activation::silu), 2);
  token_.project(values, hidden_);
}

void Mixing::operator()(const KimiDeltaAttention& delta) const {
  const Integer heads = delta.heads, all = heads * delta.head_dim;
  delta_inputs(all, heads, all, delta.kernel);
  token_.project(hidden_, heads);
  token_.apply(heads, function_of(Activation::sigmoid));
  if (delta.negative_eigenvalues) token_.apply(heads, kProduct);
  if (delta.decay_latent_dim) token_.project(hidden_, *delta.decay_latent_dim);
  token_.project(delta.decay_latent_dim.value_or(hidden_), all);
  token_.add_vector(all);
  if (!delta.least_log_decay) token_.apply(all, function_of(Activation::softplus));
  token_.weights(heads);
  // e^(-rate step), or e^(least sigmoid(rate x))
  token_.apply(all, delta.least_log_decay ? Function{4, 2} : Function{1, 1});
  token_.recur(all * delta.head_dim, 4 * all + heads, all, 3);
  token_.compute(all, {2, 0});
  token_.rms(heads, delta.head_dim);
  if (delta.gate_latent_dim) token_.project(hidden_, *delta.gate_latent_dim);
  token_.project(delta.gate_latent_dim.value_or(hidden_), all);
  token_.apply(all, gate_of(Activation::sigmoid), 2);
  token_.project(all, hidden_);
}

void Mixing::operator()(const LightningAttention& lightning) const {
  const Integer all = lightning.heads * lightning.head_dim;
  for (int i = 0; i < 3; ++i) {  // queries, keys and values
    token_.project(hidden_, all);
    if (!lightning.rotary) token_.apply(all, function_of(Activation::silu));
  }
  if (lightning.rotary) {
    const Integer dim = lightning.head_dim;
    for (int i = 0; i < 2; ++i) {
      token_.rms(lightning.heads, dim);
      token_.rotate(*lightning.rotary, lightning.heads, dim, lightning.rotary->dim.value_or(dim));
    }
    token_.apply(all, kProduct);  // queries over the root of the width of a head
  }
  token_.recur(all * lightning.head_dim, 3 * all, all, 2);
  token_.rms_without_weight(lightning.norm_groups, all / lightning.norm_groups);
  token_.add_vector(all);  // no sum, but as many operations: times the weight
  token_.project(hidden_, all);
  token_.apply(all, gate_of(Activation::sigmoid), 2);
  token_.project(all, hidden_);
}

void Mixing::operator()(const Mamba2& mamba) const {
  const Integer heads = mamba.heads, values = heads * mamba.head_dim;
  const Integer keys = mamba.groups * mamba.state_dim;
  const Mamba2Multipliers factors = mamba.multipliers.value_or(Mamba2Multipliers{});
  const auto times = [&](double factor, Integer columns) {
    if (factor != 1) token_.apply(columns, kProduct);
  };
  token_.project(hidden_, values);
  times(factors.gate, values);
  for (const auto& [columns, factor] :
       {std::pair(values, factors.value), {keys, factors.key}, {keys, factors.query}}) {
    token_.project(hidden_, columns);
    times(factor, columns);
    if (mamba.convolution_bias) token_.add_vector(columns);
    convolved(columns, mamba.kernel);
  }
  times(factors.step, hidden_);
  token_.project(hidden_, heads);
  token_.add_vector(heads);
  token_.apply(heads, function_of(Activation::softplus));
  token_.weights(heads);
  token_.apply(heads, {1, 1});  // e^(-rate step)
  token_.moves(heads, 0);
  token_.apply(values, kProduct);  // times the step
  token_.recur(values * mamba.state_dim, 2 * keys + values + heads, values, 2);
  token_.weights(heads);
  token_.apply(values, kProduct);  // the skip
  token_.apply(values, kSum, 2);
  token_.apply(values, gate_of(Activation::silu), 2);
  if (mamba.norm_epsilon) {
    token_.rms_without_weight(mamba.norm_groups, values / mamba.norm_groups);
    token_.add_vector(values);
  }
  token_.project(values, hidden_);
}

void Mixing::operator()(const Mamba1& mamba) const {
  const Integer inner = mamba.inner, state = mamba.state_dim;
  for (int i = 0; i < 2; ++i) token_.project(hidden_, inner);  // a gate, and values
  if (mamba.convolution_bias) token_.add_vector(inner);
  convolved(inner, mamba.kernel);
  for (const Integer columns : {mamba.step_dim, state, state}) {  // step, key and query
    token_.project(inner, columns);
    if (!mamba.selection_norm) continue;
    mamba.selection_norm->unweighted ? token_.rms_without_weight(1, columns)
                                     : token_.rms(1, columns);
  }
  token_.project(mamba.step_dim, inner);
  token_.add_vector(inner);
  token_.apply(inner, function_of(Activation::softplus));
  token_.weights(inner * state);
  token_.recur(inner * state, 2 * state + 2 * inner, inner, 2);
  token_.compute(inner * state, {1, 1});  // e^(-rate step)
  token_.compute(inner, kProduct);        // the step times the value
  token_.weights(inner);
  token_.apply(inner, kProduct);  // the skip
  token_.apply(inner, kSum, 2);
  token_.apply(inner, gate_of(Activation::silu), 2);
  token_.project(inner, hidden_);
}

}  // namespace llmarch::independent
