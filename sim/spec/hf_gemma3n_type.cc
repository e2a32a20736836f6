#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "sim/spec/hf_model_types.h"

namespace llmarch {
namespace {

constexpr std::int64_t kSparseLayers = 10;  // by default, in models of more layers than these
constexpr double kSparsity = 0.95;

// A layer's width and how much of its gate is 0.
struct Width {
  Integer width;
  double sparsity;
  friend auto operator<=>(const Width&, const Width&) = default;
};

std::vector<Width> widths(Import& import, std::size_t layers) {
  ConfigReader& config = import.config;
  const auto sizes = config.sizes_or("intermediate_size", 16384, layers, kTypeDefault);
  std::vector<double> sparsity = config.shares_or_none("activation_sparsity_pattern", layers);
  if (sparsity.empty() && config.all_read({"activation_sparsity_pattern"})) {
    const std::int64_t sparse = std::ssize(sizes) > kSparseLayers ? kSparseLayers : 0;
    import.load.filled.push_back(fmt::format(
        "activation_sparsity_pattern = {} in the first {} ({})", kSparsity, sparse, kTypeDefault));
    sparsity.assign(layers, 0.0);
    std::fill_n(sparsity.begin(), sparse, kSparsity);
  }
  sparsity.resize(layers, 0.0);  // one that was refused
  std::vector<Width> all;
  for (std::size_t i = 0; i < layers; ++i) all.push_back({sizes[i], sparsity[i]});
  return all;
}

// "sparse", "dense"; with width or sparsity where layers differ in them.
std::string name_of_width(const Width& own, const std::vector<Width>& all) {
  std::set<Integer> sizes;
  std::set<double> shares;
  for (const Width& each : all) {
    if ((each.sparsity > 0) != (own.sparsity > 0)) continue;
    sizes.insert(each.width);
    shares.insert(each.sparsity);
  }
  std::string name = own.sparsity > 0 ? "sparse" : "dense";
  if (sizes.size() > 1) name += fmt::format("_{}", own.width.value());
  if (shares.size() > 1) name += fmt::format("_{}", own.sparsity);
  std::replace(name.begin(), name.end(), '.', '_');
  return name;
}

GroupedAttention attention_of(Import& import) {
  ConfigReader& config = import.config;
  GroupedAttention attention;
  attention.query_heads = config.size_or("num_attention_heads", 8, kTypeDefault);
  attention.kv_heads = config.size_or("num_key_value_heads", 2, kTypeDefault);
  attention.head_dim = config.size_or("head_dim", 256, kTypeDefault);
  attention.qkv_bias = config.flag_or("attention_bias", false, kTypeDefault);
  attention.output_bias = attention.qkv_bias;
  attention.qk_norm = QkNorm::per_head;
  attention.value_norm = true;
  attention.query_scalar = 1;  // scores are not scaled
  return attention;
}

// As `own`, with the keys and values of the last layer before that has its own.
GroupedAttention sharing(const GroupedAttention& own, const std::string& name) {
  GroupedAttention user = own;
  user.value_norm = false;
  user.kv_from = Reference{name, 0};
  return user;
}

ParallelStreams streams_of(ConfigReader& config) {
  ParallelStreams streams;
  streams.count = config.size_or("altup_num_inputs", 4, kTypeDefault, kStreams);
  streams.active = config.size_or("altup_active_idx", 0, kTypeDefault, kStreamIndex);
  streams.coefficient_clip = config.real_or_default("altup_coef_clip", 120, kTypeDefault);
  streams.output_scale = config.flag_or("altup_correct_scale", true, kTypeDefault);
  return streams;
}

void read_model(Import& import, ArchSpec& spec) {
  ConfigReader& config = import.config;
  import.load.naming = CheckpointNaming::gemma3n;
  spec.vocabulary = config.size_or("vocab_size", 262400, kTypeDefault);
  spec.hidden = config.size_or("hidden_size", 2048, kTypeDefault);
  spec.context_limit = config.size_or("max_position_embeddings", 32768, kTypeDefault, kPositions);
  spec.norm = {NormKind::rms, config.real_or("rms_norm_eps", 1e-6, kTypeDefault),
               NormPlacement::before_and_after};
  spec.head = head_of(import, true);
  spec.scaled_embedding = true;
  spec.logit_soft_cap = config.real_or_default("final_logit_softcapping", 30, kTypeDefault);
  spec.low_rank_residual = config.size_or("laurel_rank", 64, kTypeDefault);
  spec.streams = streams_of(config);
  spec.per_layer_embedding =
      PerLayerEmbedding{config.size_or("vocab_size_per_layer_input", 262144, kTypeDefault),
                        config.size_or("hidden_size_per_layer_input", 256, kTypeDefault),
                        activation_or(import, "hidden_activation", Activation::gelu_tanh)};
  // What this model type's code does not read; the scores' own scale is 1.
  config.inert({"altup_lr_multiplier", "query_pre_attn_scalar", "attn_logit_softcapping",
                "hidden_act", "cache_implementation"});
}

// The first layer that uses another's keys and values; behind the last where none does.
std::size_t first_sharing(Import& import, const std::vector<bool>& full) {
  const Integer sharing =
      import.config.size_or("num_kv_shared_layers", 15, kTypeDefault, Range{0, kMostLayers});
  const auto count = static_cast<std::size_t>(sharing.value());
  if (count >= full.size()) return full.size();  // as the library: none is left to share from
  const std::size_t first = full.size() - count;
  for (std::size_t layer = first; layer < full.size(); ++layer) {
    const auto end = full.begin() + static_cast<std::ptrdiff_t>(first);
    if (std::find(full.begin(), end, full[layer]) != end) continue;
    import.config.refuse(
        fmt::format("'num_kv_shared_layers' = {} leaves no {} layer before them", count,
                    full[layer] ? "full_attention" : "sliding_attention"),
        "each sharing layer uses the keys and values of the last layer of its type before them");
    return full.size();
  }
  return first;
}

void resolve_sharing(ArchSpec& spec) {
  for (auto& [name, mixer] : spec.attention) {
    auto* user = std::get_if<GroupedAttention>(&mixer);
    if (user == nullptr || !user->kv_from) continue;
    for (std::size_t i = 0; i < spec.attention.size(); ++i) {
      if (spec.attention[i].name == user->kv_from->name) user->kv_from->index = i;
    }
  }
}

}  // namespace

// modeling_gemma3n.py
void import_gemma3n_text(Import& import, ArchSpec& spec) {
  ConfigReader& config = import.config;
  read_model(import, spec);
  GroupedAttention global = attention_of(import);
  GroupedAttention local = global;
  local.window = config.size_or("sliding_window", 512, kTypeDefault, kPositions);
  local.rotary = rotary_of_sliding_layers(import, 10000);
  global.rotary = rotary_of_full_layers(import, 1000000);

  const Integer layers =
      config.size_or("num_hidden_layers", 35, kTypeDefault, Range{1, kMostLayers});
  const std::vector<bool> full = full_layers(import, layers, 5);
  const std::size_t sharing_from = first_sharing(import, full);
  const std::vector<Width> all = widths(import, full.size());
  std::vector<LayerKind> kinds;
  std::vector<std::size_t> sequence;
  for (std::size_t layer = 0; layer < full.size(); ++layer) {
    const std::string reach = full[layer] ? "global" : "local";
    const GroupedAttention& own = full[layer] ? global : local;
    const bool shares = layer >= sharing_from;
    const std::string attention = shares ? reach + "_shared" : reach;
    const std::string width = name_of_width(all[layer], all);
    DenseFeedForward dense{all[layer].width, spec.per_layer_embedding->activation, true, false};
    if (all[layer].sparsity > 0) dense.sparsity = all[layer].sparsity;
    const std::string name = attention + "_" + width;
    const auto known = std::find_if(kinds.begin(), kinds.end(),
                                    [&](const LayerKind& kind) { return kind.name == name; });
    sequence.push_back(static_cast<std::size_t>(known - kinds.begin()));
    if (known != kinds.end()) continue;
    kinds.push_back({name, attention, shares ? sharing(own, reach) : own, width, dense});
  }
  add_kinds(spec, kinds, sequence);
  resolve_sharing(spec);
}

}  // namespace llmarch
