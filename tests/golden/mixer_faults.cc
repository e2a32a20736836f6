#include <utility>

#include "tests/golden/fault_lists.h"
#include "tests/golden/rotary_faults.h"

namespace llmarch {
namespace {

template <class Kind>
using Attentions = std::vector<std::pair<const char*, std::function<void(Kind&)>>>;

void add_reach_faults(Attentions<GroupedAttention>& faults, const GroupedAttention& attention) {
  // A longer window than the vectors reaches every key, as none does.
  if (attention.window && *attention.window < kVectorTokens) {
    faults.emplace_back("window one longer", [](auto& wrong) { *wrong.window += 1; });
    faults.emplace_back("window one shorter", [](auto& wrong) { *wrong.window += -1; });
    faults.emplace_back("window dropped", [](auto& wrong) { wrong.window.reset(); });
    faults.emplace_back("window for a chunk",
                        [](auto& wrong) { std::swap(wrong.window, wrong.chunk); });
  }
  if (attention.chunk) {
    faults.emplace_back("chunk one longer", [](auto& wrong) { *wrong.chunk += 1; });
    faults.emplace_back("chunk one shorter", [](auto& wrong) { *wrong.chunk += -1; });
    faults.emplace_back("chunk dropped", [](auto& wrong) { wrong.chunk.reset(); });
    faults.emplace_back("chunk for a window",
                        [](auto& wrong) { std::swap(wrong.window, wrong.chunk); });
  }
}

// With fewer keys than the vectors have, so that the choice matters.
void add_index_faults(Attentions<GroupedAttention>& faults, const GroupedAttention& attention) {
  if (!attention.block_index) return;
  faults.emplace_back("block_index one block more",
                      [](auto& wrong) { wrong.block_index->blocks += 1; });
  faults.emplace_back("block_index longer blocks",
                      [](auto& wrong) { wrong.block_index->block += 1; });
}

void add_index_faults(Attentions<LatentAttention>& faults, const LatentAttention& attention) {
  if (!attention.key_index) return;
  faults.emplace_back("chosen_keys one more", [](auto& wrong) { *wrong.chosen_keys += 1; });
  faults.emplace_back("key_index layout", [](auto& wrong) {
    const bool interleaved = wrong.key_index->layout == RotaryLayout::interleaved;
    wrong.key_index->layout = interleaved ? RotaryLayout::half_split : RotaryLayout::interleaved;
  });
}

template <class Kind>
void add_temperature_faults(Attentions<Kind>& faults) {
  faults.emplace_back("temperature strength",
                      [](Kind& wrong) { wrong.temperature->strength *= 2; });
  faults.emplace_back("temperature floor", [](Kind& wrong) { wrong.temperature->floor *= 2; });
  faults.emplace_back("temperature positions", [](Kind& wrong) {
    wrong.temperature->from_zero = !wrong.temperature->from_zero;
  });
}

// With the same weights, so that only the order differs, or what is divided by.
void add_qk_norm_faults(Attentions<GroupedAttention>& faults, const GroupedAttention& attention) {
  if (!attention.qk_norm) return;
  faults.emplace_back("qk_norm dropped", [](auto& wrong) { wrong.qk_norm.reset(); });
  if (attention.qk_norm == QkNorm::per_head_after_rotation) {
    faults.emplace_back("qk_norm before rotation",
                        [](auto& wrong) { wrong.qk_norm = QkNorm::per_head; });
  }
  if (attention.qk_norm == QkNorm::per_head && attention.rotary) {
    faults.emplace_back("qk_norm after rotation",
                        [](auto& wrong) { wrong.qk_norm = QkNorm::per_head_after_rotation; });
  }
  if (attention.qk_norm == QkNorm::layer_per_head) {
    faults.emplace_back("qk_norm rms", [](auto& wrong) { wrong.qk_norm = QkNorm::per_head; });
  }
}

// What happens to values and to attention's output.
void add_output_faults(Attentions<GroupedAttention>& faults, const GroupedAttention& attention) {
  if (attention.value_scale) {
    faults.emplace_back("value_scale dropped", [](auto& wrong) { wrong.value_scale.reset(); });
  }
  if (attention.sinks) {
    faults.emplace_back("sinks dropped", [](auto& wrong) { wrong.sinks = false; });
  }
  if (attention.alibi) {
    faults.emplace_back("alibi dropped", [](auto& wrong) { wrong.alibi.reset(); });
    faults.emplace_back("alibi at the other place", [](auto& wrong) {
      const bool after = wrong.alibi == Alibi::after_scaling;
      wrong.alibi = after ? Alibi::before_scaling : Alibi::after_scaling;
    });
  }
  if (!attention.output_gate) return;
  faults.emplace_back("output_gate dropped", [](auto& wrong) { wrong.output_gate.reset(); });
  faults.emplace_back("output_gate activation", [](auto& wrong) {
    const bool sigmoid = wrong.output_gate->activation == Activation::sigmoid;
    wrong.output_gate->activation = sigmoid ? Activation::softplus : Activation::sigmoid;
  });
}

Attentions<GroupedAttention> faults_of_attention(const GroupedAttention& attention) {
  Attentions<GroupedAttention> faults;
  if (!attention.kv_from) add_reach_faults(faults, attention);
  if (attention.rotary) {
    for (const auto& [field, make] : faults_of_rotary(*attention.rotary)) {
      faults.emplace_back(field, [make = make](auto& wrong) { make(*wrong.rotary); });
    }
    faults.emplace_back("rotary dropped", [](auto& wrong) { wrong.rotary.reset(); });
  } else {
    faults.emplace_back("rotated", [](auto& wrong) {
      wrong.rotary = Rotary{10'000, RotaryLayout::half_split, std::nullopt};
    });
  }
  add_qk_norm_faults(faults, attention);
  add_index_faults(faults, attention);
  if (attention.value_norm) {
    faults.emplace_back("value_norm dropped", [](auto& wrong) { wrong.value_norm = false; });
  }
  if (attention.score_multiplier) {
    faults.emplace_back("score_multiplier", [](auto& wrong) { *wrong.score_multiplier *= 2; });
    faults.emplace_back("score_multiplier dropped",
                        [](auto& wrong) { wrong.score_multiplier.reset(); });
  } else {
    faults.emplace_back("query_scalar", [](auto& wrong) {
      wrong.query_scalar = wrong.query_scalar.value_or(wrong.head_dim) * 2;
    });
  }
  if (attention.query_scalar.value_or(attention.head_dim) != attention.head_dim) {
    faults.emplace_back("query_scalar dropped", [](auto& wrong) { wrong.query_scalar.reset(); });
  }
  if (attention.score_soft_cap) {
    faults.emplace_back("score_soft_cap", [](auto& wrong) { *wrong.score_soft_cap *= 2; });
    faults.emplace_back("score_soft_cap dropped",
                        [](auto& wrong) { wrong.score_soft_cap.reset(); });
  }
  if (attention.key_multiplier) {
    faults.emplace_back("key_multiplier", [](auto& wrong) { *wrong.key_multiplier *= 2; });
  }
  add_output_faults(faults, attention);
  if (attention.temperature) {
    faults.emplace_back("temperature dropped", [](auto& wrong) { wrong.temperature.reset(); });
    add_temperature_faults(faults);
  }
  return faults;
}

Attentions<LatentAttention> faults_of_attention(const LatentAttention& attention) {
  Attentions<LatentAttention> faults;
  if (attention.rotary) {
    for (const auto& [field, make] : faults_of_rotary(*attention.rotary)) {
      faults.emplace_back(field, [make = make](auto& wrong) { make(*wrong.rotary); });
    }
    // An index cannot do without it.
    if (!attention.key_index) {
      faults.emplace_back("latent rotary dropped", [](auto& wrong) { wrong.rotary.reset(); });
    }
  } else {
    faults.emplace_back("latent rotary added", [](LatentAttention& wrong) {
      wrong.rotary = Rotary{10'000, RotaryLayout::half_split, std::nullopt};
    });
  }
  faults.emplace_back("latent_norm_epsilon",
                      [](auto& wrong) { wrong.latent_norm_epsilon *= 1000; });
  add_index_faults(faults, attention);
  if (attention.output_gate) {
    faults.emplace_back("output_gate dropped",
                        [](LatentAttention& wrong) { wrong.output_gate.reset(); });
  }
  if (attention.query_multiplier) {
    faults.emplace_back("query_multiplier", [](auto& wrong) { *wrong.query_multiplier *= 2; });
  }
  if (attention.latent_multiplier) {
    faults.emplace_back("latent_multiplier", [](auto& wrong) { *wrong.latent_multiplier *= 2; });
  }
  if (attention.temperature) {
    faults.emplace_back("latent temperature dropped",
                        [](auto& wrong) { wrong.temperature.reset(); });
    add_temperature_faults(faults);
  }
  return faults;
}

Attentions<CompressedAttention> faults_of_attention(const CompressedAttention& attention) {
  Attentions<CompressedAttention> faults;
  for (const auto& [field, make] : faults_of_rotary(attention.rotary)) {
    faults.emplace_back(field, [make = make](auto& wrong) { make(wrong.rotary); });
  }
  faults.emplace_back("window one longer", [](auto& wrong) { wrong.window += 1; });
  faults.emplace_back("window one shorter", [](auto& wrong) { wrong.window += -1; });
  if (!attention.compression) return faults;
  if (attention.compression->overlapping) {
    faults.emplace_back("overlapping dropped",
                        [](auto& wrong) { wrong.compression->overlapping = false; });
  }
  if (!attention.compression->index) {
    faults.emplace_back("compression dropped", [](auto& wrong) { wrong.compression.reset(); });
    return faults;
  }
  faults.emplace_back("chosen entries one more",
                      [](auto& wrong) { wrong.compression->index->chosen += 1; });
  return faults;
}

// Another kernel is another shape of the taps, which no checkpoint here has.
Attentions<ShortConvolution> faults_of_attention(const ShortConvolution&) {
  return {};
}

// All of which leave the weights as they are.
Attentions<GatedDeltaNet> faults_of_attention(const GatedDeltaNet&) {
  Attentions<GatedDeltaNet> faults;
  faults.emplace_back("negative_eigenvalues", [](GatedDeltaNet& wrong) {
    wrong.negative_eigenvalues = !wrong.negative_eigenvalues;
  });
  faults.emplace_back("output_norm_epsilon",
                      [](GatedDeltaNet& wrong) { wrong.output_norm_epsilon *= 1000; });
  return faults;
}

Attentions<Mamba2> faults_of_attention(const Mamba2& mamba) {
  Attentions<Mamba2> faults;
  if (mamba.norm_epsilon) {
    faults.emplace_back("norm_epsilon", [](Mamba2& wrong) { *wrong.norm_epsilon *= 1000; });
    faults.emplace_back("norm on the other side of the gate",
                        [](Mamba2& wrong) { wrong.norm_before_gate = !wrong.norm_before_gate; });
  }
  if (mamba.convolution_bias) {
    faults.emplace_back("convolution_bias dropped",
                        [](Mamba2& wrong) { wrong.convolution_bias = false; });
  }
  if (!mamba.multipliers) return faults;
  for (const auto factor :
       {&Mamba2Multipliers::gate, &Mamba2Multipliers::value, &Mamba2Multipliers::key,
        &Mamba2Multipliers::query, &Mamba2Multipliers::step}) {
    faults.emplace_back("multiplier", [=](Mamba2& wrong) { (*wrong.multipliers).*factor *= 2; });
  }
  return faults;
}

Attentions<Mamba1> faults_of_attention(const Mamba1& mamba) {
  Attentions<Mamba1> faults;
  if (mamba.convolution_bias) {
    faults.emplace_back("convolution_bias dropped",
                        [](Mamba1& wrong) { wrong.convolution_bias = false; });
  }
  if (!mamba.selection_norm) return faults;
  faults.emplace_back("selection_norm dropped",
                      [](Mamba1& wrong) { wrong.selection_norm.reset(); });
  faults.emplace_back("selection_norm without weight",
                      [](Mamba1& wrong) { wrong.selection_norm->unweighted = true; });
  return faults;
}

Attentions<LightningAttention> faults_of_attention(const LightningAttention&) {
  Attentions<LightningAttention> faults;
  faults.emplace_back("output_norm_epsilon",
                      [](LightningAttention& wrong) { wrong.output_norm_epsilon *= 1e6; });
  return faults;
}

Attentions<KimiDeltaAttention> faults_of_attention(const KimiDeltaAttention& delta) {
  Attentions<KimiDeltaAttention> faults;
  if (delta.least_log_decay) {
    faults.emplace_back("least_log_decay",
                        [](KimiDeltaAttention& wrong) { *wrong.least_log_decay /= 2; });
    faults.emplace_back("least_log_decay dropped",
                        [](KimiDeltaAttention& wrong) { wrong.least_log_decay.reset(); });
  }
  faults.emplace_back("output_norm_epsilon",
                      [](KimiDeltaAttention& wrong) { wrong.output_norm_epsilon *= 1000; });
  return faults;
}

// A layer that reads another's cache reaches only as far as that cache holds.
void pass_reach_on(ArchSpec& spec, std::size_t owner) {
  for (auto& [name, mixer] : spec.attention) {
    auto* sharing = std::get_if<GroupedAttention>(&mixer);
    if (sharing == nullptr || !sharing->kv_from || sharing->kv_from->index != owner) continue;
    sharing->window = kind_at<GroupedAttention>(spec.attention, owner).window;
    sharing->chunk = kind_at<GroupedAttention>(spec.attention, owner).chunk;
  }
}

template <class Kind>
void add_attention_faults(Faults& faults, const Kind& attention, std::size_t index,
                          std::size_t layer) {
  for (const auto& [field, make] : faults_of_attention(attention)) {
    faults.push_back({field, after_attention_of(layer), [=, make = make](ArchSpec& spec) {
                        make(kind_at<Kind>(spec.attention, index));
                        pass_reach_on(spec, index);
                      }});
  }
}

}  // namespace

void add_mixer_faults(Faults& faults, const ArchSpec& spec, std::size_t mixer, std::size_t layer) {
  std::visit([&](const auto& kind) { add_attention_faults(faults, kind, mixer, layer); },
             spec.attention[mixer].value);
}

}  // namespace llmarch
