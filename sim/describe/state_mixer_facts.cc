#include "sim/describe/state_mixer_facts.h"

namespace llmarch {
namespace {

// The norm of Mamba-2's output.
Phrase norm_of(const Mamba2& mamba) {
  if (!mamba.norm_epsilon) return {"no norm of the output"};
  if (mamba.norm_groups > 1) return {"RMSNorm over each of ", mamba.norm_groups, " groups"};
  return {"RMSNorm over the whole"};
}

Phrase note_on_states(const std::string& owner) {
  return {"the states of " + owner + " are kept in f32, whatever the format of the cache."};
}

constexpr const char* kFloorOfStates =
    " A floor reads and writes them once in a step, as a run that keeps them on the chip may.";

// Notes on a mixer whose states are read and written at every token. `owner` is what the states
// belong to, with the convolutions beside them, and `name` begins a sentence.
std::map<NotedFigures, Phrase> state_notes(const std::string& owner, const std::string& name) {
  return {{NotedFigures::memory, note_on_states(owner)},
          {NotedFigures::work,
           {name +
            " runs token by token, in prefill too: its states are read and written at every "
            "token." +
            kFloorOfStates}}};
}

// The same of one that can run by chunks of so many tokens.
std::map<NotedFigures, Phrase> state_notes(const std::string& owner, const std::string& name,
                                           Integer chunk) {
  return {
      {NotedFigures::memory, note_on_states(owner)},
      {NotedFigures::work,
       {name +
            " runs token by token, in prefill too unless --recurrence chunk is given: its states "
            "are read and written at every token, or else once in a chunk of ",
        chunk, std::string(" tokens.") + kFloorOfStates}}};
}

}  // namespace

// The gated short convolution of LFM2.
BlockFacts facts_of(const ArchSpec& spec, const ShortConvolution& convolution) {
  const Integer rows = convolution.kernel - 1;
  return {.family = BlockFamily::attention,
          .name = "gated short convolution",
          .kind = "short convolution",
          .facts = {{"input gate, then convolution"},
                    {"each column over ", convolution.kernel, " positions"},
                    {"output gate"},
                    rows == 1 ? Phrase{"keeps the last position"}
                              : Phrase{"keeps the last ", rows, " positions"}},
          .traits = {Trait::fixed_state},
          .kept = Kept{KeptFor::each_sequence, {rows, " × ", spec.hidden}, rows * spec.hidden},
          .inside = {},
          .notes = {}};
}

// Gated DeltaNet (arXiv 2412.06464).
BlockFacts facts_of(const ArchSpec& /*spec*/, const GatedDeltaNet& delta) {
  const Integer key = delta.key_head_dim;
  const Integer value = delta.value_head_dim;
  const Integer rows = delta.kernel - 1;
  const Integer columns = 2 * delta.key_heads * key + delta.value_heads * value;
  BlockFacts block{
      .family = BlockFamily::attention,
      .name = "gated DeltaNet",
      .kind = "gated DeltaNet",
      .facts = {{delta.key_heads, " query/key heads of ", key},
                {delta.value_heads, " value heads of ", value},
                {"convolutions over ", delta.kernel, " positions, SiLU"},
                {"queries and keys of length 1"}},
      .traits = {Trait::fixed_state},
      .kept = Kept{KeptFor::each_sequence,
                   {delta.value_heads, " × ", key, " × ", value, " + ", rows, " × ", columns},
                   delta.value_heads * key * value + rows * columns},
      .inside = {},
      .notes = state_notes("gated DeltaNet and the rows of its convolutions", "Gated DeltaNet",
                           chunk_of(delta))};
  if (delta.negative_eigenvalues) block.facts.push_back({"negative eigenvalues"});
  block.facts.push_back({"a decaying state for each value head"});
  block.facts.push_back({"RMSNorm over each head, gated by SiLU"});
  return block;
}

// Mamba-2 (arXiv 2405.21060).
BlockFacts facts_of(const ArchSpec& /*spec*/, const Mamba2& mamba) {
  const Integer rows = mamba.kernel - 1;
  const Integer columns = mamba.heads * mamba.head_dim + 2 * mamba.groups * mamba.state_dim;
  const Integer state = mamba.heads * mamba.state_dim * mamba.head_dim;
  BlockFacts block{
      .family = BlockFamily::attention,
      .name = "Mamba-2",
      .kind = "Mamba-2",
      .facts = {{mamba.heads, " heads of ", mamba.head_dim},
                {mamba.groups, mamba.groups == 1 ? " group" : " groups", ", state of ",
                 mamba.state_dim},
                {"convolutions over ", mamba.kernel, " positions, SiLU"},
                {"a decaying state for each head"},
                mamba.norm_before_gate ? norm_of(mamba) : Phrase{"gated by SiLU"},
                mamba.norm_before_gate ? Phrase{"gated by SiLU"} : norm_of(mamba)},
      .traits = {Trait::fixed_state},
      .kept = Kept{KeptFor::each_sequence,
                   {mamba.heads, " × ", mamba.state_dim, " × ", mamba.head_dim, " + ", rows, " × ",
                    columns},
                   state + rows * columns},
      .inside = {},
      .notes = state_notes("Mamba-2 and the rows of its convolutions", "Mamba-2", chunk_of(mamba))};
  return block;
}

// Lightning attention (arXiv 2401.04658).
BlockFacts facts_of(const ArchSpec& /*spec*/, const LightningAttention& lightning) {
  const Integer width = lightning.head_dim;
  return {
      .family = BlockFamily::attention,
      .name = "lightning attention",
      .kind = "lightning",
      .facts = {{lightning.heads, " heads of ", width},
                lightning.rotary
                    ? Phrase{"queries and keys normalised, RoPE, θ ", lightning.rotary->theta}
                    : Phrase{"queries, keys, values through SiLU"},
                {"a state for each head, which decays at a fixed rate"},
                lightning.norm_groups > 1 ? Phrase{"RMSNorm over each of ", lightning.norm_groups,
                                                   " groups, gated by a sigmoid"}
                                          : Phrase{"RMSNorm over all heads, gated by a sigmoid"}},
      .traits = {Trait::fixed_state},
      .kept = Kept{KeptFor::each_sequence,
                   {lightning.heads, " × ", width, " × ", width},
                   lightning.heads * width * width},
      .inside = {},
      .notes = state_notes("lightning attention", "Lightning attention", chunk_of(lightning))};
}

namespace {

// The widths through which the decays and the gate are projected.
Phrase latents_of(const KimiDeltaAttention& delta) {
  const auto& [decay, gate] = std::pair(delta.decay_latent_dim, delta.gate_latent_dim);
  if (decay && gate) return {"latents: decay ", *decay, ", gate ", *gate};
  if (decay) return {"latent: decay ", *decay};
  if (gate) return {"latent: gate ", *gate};
  return {"decays and gate in one step"};
}

}  // namespace

// Kimi delta attention (arXiv 2510.26692).
BlockFacts facts_of(const ArchSpec& /*spec*/, const KimiDeltaAttention& delta) {
  const Integer width = delta.head_dim;
  const Integer rows = delta.kernel - 1;
  const Integer columns = 3 * delta.heads * width;
  BlockFacts block{
      .family = BlockFamily::attention,
      .name = "Kimi delta attention (KDA)",
      .kind = "Kimi delta (KDA)",
      .facts = {{delta.heads, " heads of ", width},
                {"convolutions over ", delta.kernel, " positions, SiLU"},
                {"queries and keys of length 1"},
                {"a state for each head, each row decays by itself"},
                latents_of(delta)},
      .traits = {Trait::fixed_state},
      .kept = Kept{KeptFor::each_sequence,
                   {delta.heads, " × ", width, " × ", width, " + ", rows, " × ", columns},
                   delta.heads * width * width + rows * columns},
      .inside = {},
      .notes = state_notes("Kimi delta attention and the rows of its convolutions",
                           "Kimi delta attention", chunk_of(delta))};
  if (delta.negative_eigenvalues) block.facts.push_back({"negative eigenvalues"});
  block.facts.push_back({"RMSNorm over each head, gated by a sigmoid"});
  return block;
}

// Mamba (arXiv 2312.00752).
BlockFacts facts_of(const ArchSpec& /*spec*/, const Mamba1& mamba) {
  const Integer rows = mamba.kernel - 1;
  BlockFacts block{
      .family = BlockFamily::attention,
      .name = "Mamba-1",
      .kind = "Mamba-1",
      .facts = {{mamba.inner, " columns, each with a state of ", mamba.state_dim},
                {"convolution over ", mamba.kernel, " positions, SiLU"},
                {"a decay for each element, steps through ", mamba.step_dim, " columns"},
                {"gated by SiLU"}},
      .traits = {Trait::fixed_state},
      .kept = Kept{KeptFor::each_sequence,
                   {mamba.inner, " × ", mamba.state_dim, " + ", rows, " × ", mamba.inner},
                   mamba.inner * (mamba.state_dim + rows)},
      .inside = {},
      .notes = state_notes("Mamba-1 and the rows of its convolution", "Mamba-1")};
  if (mamba.selection_norm) block.facts.push_back({"RMSNorm of steps, keys and queries"});
  return block;
}

}  // namespace llmarch
