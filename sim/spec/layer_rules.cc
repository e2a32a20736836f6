#include "sim/spec/layer_rules.h"

#include <fmt/format.h>

#include <algorithm>

#include "sim/spec/fields.h"

namespace llmarch {
namespace {

using Problems = std::vector<Problem>;

// Only what makes keys and values; the scores of a sharing layer may differ.
bool has_what_makes_keys(const GroupedAttention& attention) {
  return attention.value_norm;
}

bool same_keys(const GroupedAttention& user, const GroupedAttention& source) {
  return user.kv_heads == source.kv_heads && user.head_dim == source.head_dim;
}

bool same_reach(const GroupedAttention& user, const GroupedAttention& source) {
  return user.window == source.window && user.chunk == source.chunk;
}

void a_source_has_what_is_used(const std::string& name, const GroupedAttention& user,
                               const Mixer& mixer, Problems& problems) {
  const std::string path = fmt::format("attention.{}.kv_from", name);
  const std::string& from = user.kv_from->name;
  const auto* source = std::get_if<GroupedAttention>(&mixer);
  if (source == nullptr || source->kv_from) {
    problems.push_back({path, fmt::format("'{}' has no keys and values of its own to share", from),
                        "name a grouped attention that is without kv_from"});
  } else if (!same_keys(user, *source)) {
    problems.push_back({path,
                        fmt::format("'{}' and '{}' differ in kv_heads or head_dim", name, from),
                        "the keys and values are the same: give both the same heads"});
  } else if (!same_reach(user, *source)) {
    problems.push_back({path, fmt::format("'{}' and '{}' differ in window or chunk", name, from),
                        "a cache keeps what its own layer can reach: give both the same"});
  }
  if (has_what_makes_keys(user)) {
    problems.push_back({fmt::format("attention.{}.value_norm", name),
                        "value_norm is given beside kv_from",
                        "the values come from another layer as they are: delete value_norm"});
  }
}

void a_source_stands_before(const ArchSpec& spec, Problems& problems) {
  const auto sources = kv_sources(spec);
  const std::vector<std::size_t> sequence = layer_sequence(spec);
  for (std::size_t kind = 0; kind < spec.layer.size(); ++kind) {
    const std::size_t mixer = spec.layer[kind].value.attention.index;
    const auto* user = std::get_if<GroupedAttention>(&spec.attention.at(mixer).value);
    const bool stands = std::find(sequence.begin(), sequence.end(), kind) != sequence.end();
    if (user == nullptr || !user->kv_from || !stands || sources[kind]) continue;
    problems.push_back(
        {fmt::format("layer.{}.attention", spec.layer[kind].name),
         fmt::format("layers '{}' do not share the cache of one kind of layer with attention '{}'",
                     spec.layer[kind].name, user->kv_from->name),
         "the last such layer before each of them must be there, and of one kind for all"});
  }
}

bool all_names_resolve(const ArchSpec& spec) {
  const auto known = [](const auto& definitions, const Reference& reference) {
    return reference.index < definitions.size() &&
           definitions[reference.index].name == reference.name;
  };
  for (const auto& [name, mixer] : spec.attention) {
    const auto* user = std::get_if<GroupedAttention>(&mixer);
    if (user != nullptr && user->kv_from && !known(spec.attention, *user->kv_from)) return false;
  }
  for (const auto& [name, layer] : spec.layer) {
    if (!known(spec.attention, layer.attention)) return false;
  }
  for (const Segment& segment : spec.stack) {
    for (const Reference& layer : segment.layers) {
      if (!known(spec.layer, layer)) return false;
    }
  }
  return true;
}

}  // namespace

void shared_keys_and_values_fit(const ArchSpec& spec, Problems& problems) {
  if (!all_names_resolve(spec) || layer_count(spec) > kMostLayers) return;  // reported by others
  bool any = false;
  for (const auto& [name, mixer] : spec.attention) {
    const auto* user = std::get_if<GroupedAttention>(&mixer);
    if (user == nullptr || !user->kv_from) continue;
    any = true;
    a_source_has_what_is_used(name, *user, spec.attention[user->kv_from->index].value, problems);
  }
  if (any) a_source_stands_before(spec, problems);
}

void streams_and_residuals_fit(const ArchSpec& spec, Problems& problems) {
  if (spec.streams && spec.streams->count != 0 && spec.streams->active >= spec.streams->count) {
    problems.push_back({"streams.active",
                        fmt::format("active = {} is not one of {} streams",
                                    spec.streams->active.value(), spec.streams->count.value()),
                        "streams are numbered from 0"});
  }
  if (spec.streams && spec.streams->output_scale && !spec.per_layer_embedding) {
    problems.push_back({"streams.output_scale", "output_scale is given without per_layer_embedding",
                        "it scales what gates the per-layer embedding: add one or delete it"});
  }
  if (spec.low_rank_residual && spec.norm.placement == NormPlacement::after_residual) {
    problems.push_back({"low_rank_residual",
                        "low_rank_residual is given with norms after the residual",
                        "it stands beside the residual: use another placement of the norm"});
  }
}

}  // namespace llmarch
