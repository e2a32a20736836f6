#include "sim/spec/sharing_rules.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "sim/spec/block_names.h"
#include "sim/spec/field.h"

namespace llmarch {
namespace {

// Whether the loader found what the reference names; where it did not, that is reported elsewhere.
template <class Value>
bool resolves(const Reference& reference, const std::vector<Named<Value>>& definitions) {
  return reference.index < definitions.size() &&
         definitions[reference.index].name == reference.name;
}

// The mixer reads the cache of the attention `from`.
void a_cache_is_shared_as_it_is(const ArchSpec& spec, const Mixer& mixer, const Reference& from,
                                const std::string& path, Problems& problems) {
  if (!resolves(from, spec.attention)) return;
  const auto* sharing = std::get_if<GroupedAttention>(&mixer);
  const auto* owner = std::get_if<GroupedAttention>(&spec.attention[from.index].value);
  const auto refuse = [&](std::string message, std::string remedy) {
    problems.push_back({path + ".kv_from", std::move(message), std::move(remedy)});
  };
  if (sharing == nullptr || owner == nullptr) {
    return refuse(
        fmt::format("attention '{}' is not grouped, and its cache cannot be shared", from.name),
        "name an attention of kind 'grouped'");
  }
  if (owner->kv_from) {
    return refuse(fmt::format("attention '{}' has no cache of its own", from.name),
                  fmt::format("name the one that it reads: '{}'", owner->kv_from->name));
  }
  const auto shape = [](const GroupedAttention& attention) {
    return std::tuple(attention.kv_heads, attention.head_dim, value_width(attention),
                      attention.window, attention.chunk);
  };
  if (shape(*sharing) == shape(*owner)) return;
  refuse(fmt::format("kv_heads, head_dim, value_head_dim, window or chunk differ from those of "
                     "attention '{}'",
                     from.name),
         "a cache is read as it was filled: make them equal");
}

// Where the layer names the mixer.
std::string path_of_mixer(const Named<Layer>& layer, std::size_t mixer) {
  std::string found;
  visit_block_names(
      layer.value, "layer." + layer.name,
      [&](const Reference& name, const std::string& path) {
        if (name.index == mixer) found = path;
      },
      [](const Reference&, const std::string&) {});
  return found;
}

std::optional<Problem> unowned_cache(const ArchSpec& spec, const CacheSharing& sharing,
                                     const Named<Layer>& layer) {
  if (sharing.owner) return std::nullopt;
  const auto owner = shared_attention(spec.attention.at(sharing.mixer).value);
  return Problem{path_of_mixer(layer, sharing.mixer),
                 fmt::format("layer {} reads the cache of attention '{}', and no layer before it "
                             "has that",
                             sharing.layer + 1, spec.attention.at(*owner).name),
                 "put such a layer before it in the stack"};
}

// How many keys the index of a mixer chooses, and how many a mixer takes from the newest index
// before it.
struct Indexed {
  std::optional<Integer> chooses, takes;
};
Indexed indexed(const GroupedAttention& attention) {
  // It chooses for each key/value head, and latent attention cannot take that: a number that no
  // attention takes.
  return {attention.block_index ? std::optional(Integer(0)) : std::nullopt, std::nullopt};
}
Indexed indexed(const LatentAttention& attention) {
  return attention.key_index ? Indexed{attention.chosen_keys, std::nullopt}
                             : Indexed{std::nullopt, attention.chosen_keys};
}
Indexed indexed(const CompressedAttention& attention) {
  // It chooses entries, which no other attention has.
  const bool chooses = attention.compression && attention.compression->index;
  return {chooses ? std::optional(Integer(0)) : std::nullopt, std::nullopt};
}
Indexed indexed(const StateMixer auto&) {
  return {};
}

Indexed indexed_of(const Mixer& mixer) {
  return std::visit([](const auto& each) { return indexed(each); }, mixer);
}

// A mixer that takes the choice of an earlier index attends to as many keys as that chose.
void a_choice_is_taken_as_it_was_made(const ArchSpec& spec, Problems& problems) {
  if (layer_count(spec) > kMostLayers) return;
  std::optional<Integer> newest;
  std::set<std::size_t> refused;
  for (const std::size_t kind : layer_sequence(spec)) {
    for (const std::size_t mixer : mixers_of(spec.layer.at(kind).value)) {
      const auto [chooses, takes] = indexed_of(spec.attention.at(mixer).value);
      if (chooses) newest = chooses;
      if (!takes || newest == takes || !refused.insert(kind).second) continue;
      problems.push_back(
          {path_of_mixer(spec.layer[kind], mixer),
           newest
               ? fmt::format("the newest index before this attention does not choose its {} keys",
                             takes->value())
               : "no layer before this one has an index",
           "put a layer whose key_index chooses as many keys before it, or give it a key_index"});
    }
  }
}

// A layer that shares a cache comes after its owner, and all layers of its kind share with owners
// of one kind.
void shared_caches_have_one_owner(const ArchSpec& spec, Problems& problems) {
  if (layer_count(spec) > kMostLayers) return;
  const std::vector<std::size_t> kinds = layer_sequence(spec);
  std::map<std::pair<std::size_t, std::size_t>, std::size_t> owner_kind;  // of kind and mixer
  std::set<std::size_t> refused;
  for (const CacheSharing& sharing : shared_caches(spec)) {
    const std::size_t kind = kinds[sharing.layer];
    const Named<Layer>& layer = spec.layer.at(kind);
    if (refused.contains(kind)) continue;
    if (auto problem = unowned_cache(spec, sharing, layer)) {
      problems.push_back(std::move(*problem));
    } else if (const auto owner = kinds[*sharing.owner];
               owner_kind.try_emplace({kind, sharing.mixer}, owner).first->second != owner) {
      problems.push_back(
          {path_of_mixer(layer, sharing.mixer),
           fmt::format("layers of kind '{}' read the caches of layers of different kinds",
                       layer.name),
           "define a kind of layer for each"});
    } else {
      continue;
    }
    refused.insert(kind);
  }
}

// Whether every name in the layers, the stack and kv_from was found. Where one was not, that is
// reported, and who owns a cache cannot be said.
bool resolved(const ArchSpec& spec) {
  bool all = true;
  for (const auto& [name, layer] : spec.layer) {
    visit_block_names(
        layer, name,
        [&](const Reference& attention, const std::string&) {
          all = all && resolves(attention, spec.attention);
        },
        [](const Reference&, const std::string&) {});
  }
  for (const Segment& segment : spec.stack) {
    for (const Reference& layer : segment.layers) all = all && resolves(layer, spec.layer);
  }
  if (!spec.beside || !spec.beside->prediction_layer) return all;
  const PredictionLayer& own = *spec.beside->prediction_layer;
  return all && resolves(own.attention, spec.attention) &&
         resolves(own.feed_forward, spec.feed_forward);
}

// The mixers of a prediction layer.
std::vector<std::size_t> prediction_mixers(const ArchSpec& spec) {
  if (spec.beside->prediction_layer) return {spec.beside->prediction_layer->attention.index};
  return mixers_of(spec.layer.at(layer_sequence(spec).back()).value);
}

// A part of the model that no known model with prediction layers has; none where there is no such
// part.
std::optional<std::string> what_has_no_prediction_layers(const ArchSpec& spec) {
  if (spec.head == Head::none) return "no head";
  if (spec.parallel_streams) return "parallel_streams";
  if (spec.hyper_connections) return "hyper_connections";
  if (spec.residual_block) return "residual_block";
  if (spec.per_layer_embedding) return "per_layer_embedding";
  if (spec.learned_positions) return "learned_positions";
  const bool own = spec.beside->prediction_layer.has_value();
  const std::string which = own ? "one" : "a last layer";
  for (const std::size_t mixer : prediction_mixers(spec)) {
    const Mixer& attention = spec.attention.at(mixer).value;
    if (indexed_of(attention).takes) return which + " that takes the choice of another's index";
    if (cache_owner(attention) != nullptr) return which + " that reads another's cache";
  }
  return std::nullopt;
}

}  // namespace

void sharing_rules(const ArchSpec& spec, Problems& problems) {
  bool sound = resolved(spec);
  for (const auto& [name, mixer] : spec.attention) {
    const Reference* const owner = cache_owner(mixer);
    if (owner == nullptr) continue;
    const std::size_t before = problems.size();
    a_cache_is_shared_as_it_is(spec, mixer, *owner, "attention." + name, problems);
    sound = sound && problems.size() == before && resolves(*owner, spec.attention);
  }
  if (sound) shared_caches_have_one_owner(spec, problems);
  if (sound) a_choice_is_taken_as_it_was_made(spec, problems);
}

void prediction_layers_are_known(const ArchSpec& spec, Problems& problems) {
  if (!spec.beside) return;
  if (!spec.beside->prediction_layers) {
    if (!spec.beside->prediction_layer) return;
    problems.push_back({"beside.prediction_layer",
                        "prediction_layer is given without prediction_layers",
                        "say how many there are, or delete it"});
    return;
  }
  if (!resolved(spec) || layer_count(spec) == 0 || layer_count(spec) > kMostLayers) return;
  const std::optional<std::string> hindrance = what_has_no_prediction_layers(spec);
  if (!hindrance) return;
  problems.push_back(
      {"beside.prediction_layers",
       fmt::format("the model has prediction layers, and {}; no such model is known", *hindrance),
       "delete prediction_layers: count their parameters in published.beside_text"});
}

}  // namespace llmarch
