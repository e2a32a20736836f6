// The fields of the mixers that keep a state of fixed size: convolutions and recurrences. Each is
// stated once, as in fields.h, which includes this file.
#pragma once

#include "sim/spec/field.h"
#include "sim/spec/mixer.h"

namespace llmarch {

inline constexpr Field kNegativeEigenvalues{
    "negative_eigenvalues",
    "how much of a state's value for a key is replaced goes up to 2 instead of 1"};

template <class Visitor>
void visit_fields(Visitor& visit, FieldsOf<ShortConvolution> auto& convolution) {
  visit(Field{"kernel", "positions that the convolution spans, the newest among them"},
        convolution.kernel, kKernel);
}

template <class Visitor>
void visit_fields(Visitor& visit, FieldsOf<GatedDeltaNet> auto& delta) {
  visit(Field{"key_heads", "number of query and key heads"}, delta.key_heads, kSize);
  visit(Field{"value_heads",
              "number of value heads, each with a state; value_heads / key_heads of them share a "
              "query and a key"},
        delta.value_heads, kSize);
  visit(Field{"key_head_dim", "width of a query and of a key: rows of a state"}, delta.key_head_dim,
        kSize);
  visit(Field{"value_head_dim", "width of a value: columns of a state"}, delta.value_head_dim,
        kSize);
  visit(Field{"kernel",
              "positions that the convolutions of queries, keys and values span, the newest among "
              "them"},
        delta.kernel, kKernel);
  visit(
      Field{"output_norm_epsilon", "epsilon of the norm of each head's output", Prominence::detail},
      delta.output_norm_epsilon, kEpsilon);
  visit(kNegativeEigenvalues, delta.negative_eigenvalues);
  visit(Field{"chunk", "tokens of a chunk where a prefill runs by chunks; left out: 64",
              Prominence::detail},
        delta.chunk, kPositions);
}

template <class Visitor>
void visit_fields(Visitor& visit, FieldsOf<Mamba2> auto& mamba) {
  visit(Field{"heads", "number of heads, each with a state"}, mamba.heads, kSize);
  visit(Field{"head_dim", "width of a head: columns of a state"}, mamba.head_dim, kSize);
  visit(Field{"groups", "groups of heads that share a key and a query"}, mamba.groups, kSize);
  visit(Field{"state_dim", "width of a key and of a query: rows of a state"}, mamba.state_dim,
        kSize);
  visit(Field{"kernel", "positions that the convolutions span, the newest among them"},
        mamba.kernel, kKernel);
  visit(Field{"convolution_bias", "the convolutions have a bias"}, mamba.convolution_bias);
  visit(Field{"norm_groups", "parts of the output that are normalised each by itself"},
        mamba.norm_groups, kSize);
  visit(Field{"norm_epsilon", "epsilon of that norm; left out: there is none", Prominence::detail},
        mamba.norm_epsilon, kEpsilon);
  visit(Field{"norm_before_gate", "the output is normalised and then gated, not the reverse"},
        mamba.norm_before_gate);
  visit(Field{"multipliers", "what the projections of the input are multiplied by"},
        mamba.multipliers);
  visit(Field{"chunk", "tokens of a chunk where a prefill runs by chunks; left out: 256",
              Prominence::detail},
        mamba.chunk, kPositions);
}

template <class Visitor>
void visit_fields(Visitor& visit, FieldsOf<Mamba2Multipliers> auto& multipliers) {
  visit(Field{"gate", "the gate's factor", Prominence::detail}, multipliers.gate, kFactor);
  visit(Field{"value", "that of the values", Prominence::detail}, multipliers.value, kFactor);
  visit(Field{"key", "that of the keys", Prominence::detail}, multipliers.key, kFactor);
  visit(Field{"query", "that of the queries", Prominence::detail}, multipliers.query, kFactor);
  visit(Field{"step", "that of the steps, before their bias", Prominence::detail}, multipliers.step,
        kFactor);
}

template <class Visitor>
void visit_fields(Visitor& visit, FieldsOf<Mamba1> auto& mamba) {
  visit(Field{"inner", "columns between the projections, each with a state"}, mamba.inner, kSize);
  visit(Field{"state_dim", "elements of the state of a column"}, mamba.state_dim, kSize);
  visit(Field{"step_dim", "columns from which the steps of all columns are projected"},
        mamba.step_dim, kSize);
  visit(Field{"kernel", "positions that the convolution spans, the newest among them"},
        mamba.kernel, kKernel);
  visit(Field{"convolution_bias", "the convolution has a bias"}, mamba.convolution_bias);
  visit(Field{"selection_norm", "steps, keys and queries are normalised as they are projected"},
        mamba.selection_norm);
}

template <class Visitor>
void visit_fields(Visitor& visit, FieldsOf<SelectionNorm> auto& norm) {
  visit(Field{"epsilon", "added to the mean square before the root", Prominence::detail},
        norm.epsilon, kEpsilon);
  visit(Field{"unweighted", "the norms have no weight"}, norm.unweighted);
}

template <class Visitor>
void visit_fields(Visitor& visit, FieldsOf<LightningAttention> auto& lightning) {
  visit(Field{"heads", "number of heads, each with a state"}, lightning.heads, kSize);
  visit(Field{"head_dim", "width of a query, a key and a value: rows and columns of a state"},
        lightning.head_dim, kSize);
  visit(Field{"output_norm_epsilon", "epsilon of the norm of the output", Prominence::detail},
        lightning.output_norm_epsilon, kEpsilon);
  visit(Field{"chunk", "tokens of a chunk where a prefill runs by chunks; left out: 256",
              Prominence::detail},
        lightning.chunk, kPositions);
  visit(Field{"norm_groups", "parts of the output that are normalised each by itself",
              Prominence::detail},
        lightning.norm_groups, kSize);
  visit(Field{"rotary",
              "queries and keys are normalised within each head and rotated so, instead of going "
              "through SiLU as values do otherwise; left out: SiLU"},
        lightning.rotary);
}

template <class Visitor>
void visit_fields(Visitor& visit, FieldsOf<KimiDeltaAttention> auto& delta) {
  visit(Field{"heads", "number of heads, each with a state"}, delta.heads, kSize);
  visit(Field{"head_dim", "width of a query, a key and a value: rows and columns of a state"},
        delta.head_dim, kSize);
  visit(Field{"kernel",
              "positions that the convolutions of queries, keys and values span, the newest among "
              "them"},
        delta.kernel, kKernel);
  visit(Field{"decay_latent_dim",
              "width through which the decays are projected; left out: in one step"},
        delta.decay_latent_dim, kSize);
  visit(Field{"gate_latent_dim",
              "width through which the output gate is projected; left out: in one step"},
        delta.gate_latent_dim, kSize);
  visit(
      Field{"output_norm_epsilon", "epsilon of the norm of each head's output", Prominence::detail},
      delta.output_norm_epsilon, kEpsilon);
  visit(Field{"least_log_decay",
              "the logarithm of a decay is this times a sigmoid of rate x, instead of -rate "
              "softplus(x)"},
        delta.least_log_decay, kLogDecay);
  visit(kNegativeEigenvalues, delta.negative_eigenvalues);
  visit(Field{"chunk", "tokens of a chunk where a prefill runs by chunks; left out: 64",
              Prominence::detail},
        delta.chunk, kPositions);
}

}  // namespace llmarch
