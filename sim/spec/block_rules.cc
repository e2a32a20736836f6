#include "sim/spec/block_rules.h"

#include <fmt/format.h>

namespace llmarch {
namespace {

void kv_heads_divide_query_heads(const GroupedAttention& attention, const std::string& path,
                                 Problems& problems) {
  if (!known(attention.query_heads, attention.kv_heads)) return;
  if (attention.query_heads % attention.kv_heads == 0) return;
  problems.push_back({path + ".kv_heads",
                      fmt::format("{} kv_heads do not divide {} query_heads",
                                  attention.kv_heads.value(), attention.query_heads.value()),
                      "each key/value head serves the same number of query heads"});
}

void rotated_width_is_even(Integer width, const std::string& path, const char* key,
                           Problems& problems) {
  if (width % 2 == 0) return;
  problems.push_back({fmt::format("{}.{}", path, key),
                      fmt::format("{} = {} cannot be rotated in pairs", key, width.value()),
                      "rotary positions turn pairs of elements: use an even width"});
}

void scaling_is_ordered(const LinearScaling&, const std::string&, Problems&) {
  // One number alone contradicts nothing.
}

void scaling_is_ordered(const Llama3Scaling& scaling, const std::string& path, Problems& problems) {
  if (!known(scaling.low_frequency_factor, scaling.high_frequency_factor)) return;
  if (scaling.low_frequency_factor <= scaling.high_frequency_factor) return;
  problems.push_back({path + ".low_frequency_factor",
                      "low_frequency_factor is above high_frequency_factor",
                      "waves longer than original_context / low_frequency_factor are slowed, "
                      "those shorter than original_context / high_frequency_factor kept"});
}

void scaling_is_ordered(const YarnScaling& scaling, const std::string& path, Problems& problems) {
  if (!known(scaling.beta_slow, scaling.beta_fast)) return;
  if (scaling.beta_slow <= scaling.beta_fast) return;
  problems.push_back({path + ".beta_slow", "beta_slow is above beta_fast",
                      "waves that turn more than beta_fast times are kept, "
                      "those that turn less than beta_slow times slowed"});
}

void scaling_is_ordered(const DynamicScaling&, const std::string&, Problems&) {
  // The factor may be anything; what it needs of the head is in scaling_fits.
}

void scaling_is_ordered(const LongRope&, const std::string&, Problems&) {
  // Its factors are independent of each other; how many there are is in scaling_fits.
}

// `dim` elements are turned.
template <class Scaling>
void scaling_fits(const Scaling&, Integer, const std::string&, Problems&) {}

void scaling_fits(const DynamicScaling&, Integer dim, const std::string& path, Problems& problems) {
  if (dim > 2) return;
  problems.push_back({path, fmt::format("dynamic scaling of {} elements", dim.value()),
                      "theta grows by a power of dim / (dim - 2): turn more than 2 elements"});
}

void scaling_fits(const LongRope& scaling, Integer dim, const std::string& path,
                  Problems& problems) {
  const auto each_pair_has_one = [&](const std::vector<double>& factors, const char* key) {
    if (factors.empty() || 2 * std::ssize(factors) == dim.value()) return;
    problems.push_back({fmt::format("{}.{}", path, key),
                        fmt::format("{} lists {} factors, and {} elements are turned", key,
                                    factors.size(), dim.value()),
                        "there is one factor for each pair of elements"});
  };
  each_pair_has_one(scaling.short_factors, "short_factors");
  each_pair_has_one(scaling.long_factors, "long_factors");
}

void turned_pairs_exist(const Rotary& rotary, Integer dim, const std::string& path,
                        Problems& problems) {
  if (!rotary.turned_pairs || 2 * *rotary.turned_pairs <= dim) return;
  problems.push_back({path + ".turned_pairs",
                      fmt::format("turned_pairs = {}, and {} elements make {} pairs",
                                  rotary.turned_pairs->value(), dim.value(), dim.value() / 2),
                      "turn some of the pairs, or leave turned_pairs out for all"});
}

// The frequencies are spread over `dim` elements.
void rotary_rules(const Rotary& rotary, Integer dim, const std::string& path, Problems& problems) {
  if (known(dim)) turned_pairs_exist(rotary, dim, path, problems);
  if (!rotary.scaling) return;
  std::visit(
      [&](const auto& scaling) {
        scaling_is_ordered(scaling, path + ".scaling", problems);
        if (known(dim)) scaling_fits(scaling, dim, path + ".scaling", problems);
      },
      *rotary.scaling);
}

void reach_is_one(const GroupedAttention& attention, const std::string& path, Problems& problems) {
  if (!attention.window || !attention.chunk) return;
  problems.push_back(
      {path + ".chunk", "window and chunk are both given",
       "a query attends to the newest keys, or to those of its chunk: keep one of the two"});
}

// The attention has a rotation.
template <class Attention>
void the_turned_part_is_within_a_head(const Attention& attention, const std::string& path,
                                      Problems& problems) {
  const std::optional<Integer> dim = attention.rotary->dim;
  if (!dim) return rotated_width_is_even(attention.head_dim, path, "head_dim", problems);
  rotated_width_is_even(*dim, path + ".rotary", "dim", problems);
  if (!known(attention.head_dim) || *dim <= attention.head_dim) return;
  problems.push_back(
      {path + ".rotary.dim",
       fmt::format("dim = {} is more than head_dim = {}", dim->value(), attention.head_dim.value()),
       "a head turns some or all of its elements"});
}

void scores_are_scaled_once(const GroupedAttention& attention, const std::string& path,
                            Problems& problems) {
  if (!attention.query_scalar || !attention.score_multiplier) return;
  problems.push_back({path + ".score_multiplier",
                      "query_scalar and score_multiplier are both given",
                      "each takes the place of the root of head_dim: keep one of the two"});
}

void shared_values_are_made_elsewhere(const GroupedAttention& attention, const std::string& path,
                                      Problems& problems) {
  if (!attention.kv_from) return;
  const auto refuse_if = [&](bool given, const char* key) {
    if (!given) return;
    problems.push_back(
        {fmt::format("{}.{}", path, key), fmt::format("{} is given beside kv_from", key),
         "the values come from another layer's cache: state it there, delete it here"});
  };
  refuse_if(attention.value_norm, "value_norm");
  refuse_if(attention.values_from_keys, "values_from_keys");
  refuse_if(attention.value_scale.has_value(), "value_scale");
}

void values_from_keys_are_as_wide(const GroupedAttention& attention, const std::string& path,
                                  Problems& problems) {
  if (!attention.values_from_keys || !known(attention.head_dim)) return;
  if (value_width(attention) == attention.head_dim) return;
  problems.push_back(
      {path + ".value_head_dim",
       fmt::format("value_head_dim = {}, head_dim = {}, and values_from_keys is given",
                   value_width(attention).value(), attention.head_dim.value()),
       "a value that is a key is as wide: leave value_head_dim out"});
}

// The reach of attention whose index chooses blocks of keys, and the heads of that index.
void an_index_chooses_alone(const GroupedAttention& attention, const std::string& path,
                            Problems& problems) {
  if (!attention.block_index) return;
  const auto refuse_if = [&](bool given, const char* key, const char* remedy) {
    if (!given) return;
    problems.push_back({fmt::format("{}.{}", path, key),
                        fmt::format("{} is given beside block_index", key), remedy});
  };
  const char* const kOneChoice =
      "the index says which keys a query attends to: keep one of the two";
  refuse_if(attention.window.has_value(), "window", kOneChoice);
  refuse_if(attention.chunk.has_value(), "chunk", kOneChoice);
  refuse_if(attention.alibi.has_value(), "alibi",
            "no model has both, and distances to chosen keys are not computed: delete one");
  refuse_if(
      attention.score_growth_length.has_value(), "score_growth_length",
      "no model has both, and positions of queries are not kept beside chosen keys: delete one");
  refuse_if(attention.kv_from.has_value(), "kv_from",
            "an index is of attention that fills its own cache: delete one of the two");
  if (!attention.rotary) return;
  const Integer turned = attention.rotary->dim.value_or(attention.head_dim);
  if (!known(attention.block_index->head_dim) || turned <= attention.block_index->head_dim) return;
  problems.push_back({path + ".block_index.head_dim",
                      fmt::format("head_dim = {}, and {} elements are turned",
                                  attention.block_index->head_dim.value(), turned.value()),
                      "index queries and keys are rotated as the others are: make them as wide"});
}

void an_index_of_keys_has_its_inputs(const LatentAttention& attention, const std::string& path,
                                     Problems& problems) {
  if (!attention.key_index) return;
  const std::string index = path + ".key_index";
  if (!attention.chosen_keys) {
    problems.push_back({index, "key_index is given without chosen_keys",
                        "state how many keys it chooses, or delete it"});
  }
  if (!attention.query_latent_dim) {
    problems.push_back({index, "key_index is given without query_latent_dim",
                        "index queries are made of the query's latent: state its width"});
  }
  if (!attention.rotary) {
    problems.push_back({index, "key_index is given without rotary",
                        "index queries and keys are rotated as those of the heads are"});
  }
  const Integer width = attention.key_index->head_dim;
  if (!known(width) || attention.rope_head_dim <= width) return;
  problems.push_back({index + ".head_dim",
                      fmt::format("head_dim = {} is less than rope_head_dim = {}", width.value(),
                                  attention.rope_head_dim.value()),
                      "the first rope_head_dim elements of an index query are rotated"});
}

void rules_within(const GroupedAttention& attention, const std::string& path, Problems& problems) {
  reach_is_one(attention, path, problems);
  an_index_chooses_alone(attention, path, problems);
  kv_heads_divide_query_heads(attention, path, problems);
  shared_values_are_made_elsewhere(attention, path, problems);
  scores_are_scaled_once(attention, path, problems);
  values_from_keys_are_as_wide(attention, path, problems);
  if (!attention.rotary) return;
  the_turned_part_is_within_a_head(attention, path, problems);
  rotary_rules(*attention.rotary, attention.rotary->dim.value_or(attention.head_dim),
               path + ".rotary", problems);
}

void rules_within(const LatentAttention& attention, const std::string& path, Problems& problems) {
  an_index_of_keys_has_its_inputs(attention, path, problems);
  if (!attention.rotary) return;
  rotated_width_is_even(attention.rope_head_dim, path, "rope_head_dim", problems);
  if (attention.rotary->dim) {
    problems.push_back({path + ".rotary.dim", "latent attention has no rotary.dim",
                        "rope_head_dim says which part of a head is turned: delete dim"});
  }
  rotary_rules(*attention.rotary, attention.rope_head_dim, path + ".rotary", problems);
}

// What compressed attention's heads are divided into.
void groups_divide_the_heads(const CompressedAttention& attention, const std::string& path,
                             Problems& problems) {
  if (!known(attention.query_heads, attention.output_groups)) return;
  if (attention.query_heads % attention.output_groups == 0) return;
  problems.push_back({path + ".output_groups",
                      fmt::format("{} output_groups do not divide {} query_heads",
                                  attention.output_groups.value(), attention.query_heads.value()),
                      "each group projects the same number of heads"});
}

void the_last_elements_are_turned(const CompressedAttention& attention, const std::string& path,
                                  Problems& problems) {
  const Integer turned = attention.rope_head_dim;
  rotated_width_is_even(turned, path, "rope_head_dim", problems);
  const auto refuse_narrower = [&](Integer width, const std::string& place) {
    if (!known(width, turned) || turned <= width) return;
    problems.push_back({place + ".head_dim",
                        fmt::format("head_dim = {} is less than rope_head_dim = {}", width.value(),
                                    turned.value()),
                        "the last rope_head_dim elements are rotated"});
  };
  refuse_narrower(attention.head_dim, path);
  const auto& compression = attention.compression;
  if (!compression || !compression->index) return;
  refuse_narrower(compression->index->head_dim, path + ".compression.index");
}

void rules_within(const CompressedAttention& attention, const std::string& path,
                  Problems& problems) {
  groups_divide_the_heads(attention, path, problems);
  the_last_elements_are_turned(attention, path, problems);
  if (attention.rotary.dim) {
    problems.push_back({path + ".rotary.dim", "compressed attention has no rotary.dim",
                        "rope_head_dim says which part of a head is turned: delete dim"});
  }
  rotary_rules(attention.rotary, attention.rope_head_dim, path + ".rotary", problems);
}

void rules_within(const ShortConvolution&, const std::string&, Problems&) {
  // One number alone contradicts nothing.
}

void rules_within(const GatedDeltaNet& delta, const std::string& path, Problems& problems) {
  if (!known(delta.key_heads, delta.value_heads)) return;
  if (delta.value_heads % delta.key_heads == 0) return;
  problems.push_back({path + ".key_heads",
                      fmt::format("{} key_heads do not divide {} value_heads",
                                  delta.key_heads.value(), delta.value_heads.value()),
                      "each query and key serves the same number of states"});
}

// What only a norm of the output has.
void a_described_norm_exists(const Mamba2& mamba, const std::string& path, Problems& problems) {
  if (mamba.norm_epsilon) return;
  const auto refuse_if = [&](bool given, const char* key) {
    if (!given) return;
    problems.push_back({fmt::format("{}.{}", path, key),
                        fmt::format("{} is given, and there is no norm", key),
                        "state 'norm_epsilon', with which the output is normalised"});
  };
  refuse_if(mamba.norm_groups > 1, "norm_groups");
  refuse_if(mamba.norm_before_gate, "norm_before_gate");
}

template <class Recurrent>
void norm_groups_divide_the_output(const Recurrent& mixer, const std::string& path,
                                   Problems& problems) {
  if (!known(mixer.heads, mixer.head_dim)) return;
  const Integer width = mixer.heads * mixer.head_dim;
  if (width % mixer.norm_groups == 0) return;
  problems.push_back({path + ".norm_groups",
                      fmt::format("{} norm_groups do not divide heads x head_dim = {}",
                                  mixer.norm_groups.value(), width.value()),
                      "the output is normalised in parts of one width"});
}

void rules_within(const Mamba2& mamba, const std::string& path, Problems& problems) {
  a_described_norm_exists(mamba, path, problems);
  if (known(mamba.heads, mamba.groups) && mamba.heads % mamba.groups != 0) {
    problems.push_back(
        {path + ".groups",
         fmt::format("{} groups do not divide {} heads", mamba.groups.value(), mamba.heads.value()),
         "each group's key and query serve the same number of heads"});
  }
  norm_groups_divide_the_output(mamba, path, problems);
}

void rules_within(const LightningAttention& lightning, const std::string& path,
                  Problems& problems) {
  norm_groups_divide_the_output(lightning, path, problems);
  if (!lightning.rotary) return;
  the_turned_part_is_within_a_head(lightning, path, problems);
  rotary_rules(*lightning.rotary, lightning.rotary->dim.value_or(lightning.head_dim),
               path + ".rotary", problems);
}

void rules_within(const KimiDeltaAttention&, const std::string&, Problems&) {
  // Its sizes are independent of each other.
}

void rules_within(const Mamba1&, const std::string&, Problems&) {
  // Any sizes go together.
}

}  // namespace

void mixer_rules(const Mixer& mixer, const std::string& path, Problems& problems) {
  std::visit([&](const auto& kind) { rules_within(kind, path, problems); }, mixer);
}

}  // namespace llmarch
