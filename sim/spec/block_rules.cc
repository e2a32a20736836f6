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

void the_turned_part_is_within_a_head(const GroupedAttention& attention, const std::string& path,
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

// What only a gate has.
void a_bounded_gate_exists(const DenseFeedForward& dense, const std::string& path,
                           Problems& problems) {
  if (dense.gated) return;
  const auto refuse_if = [&](bool given, const char* key) {
    if (!given) return;
    problems.push_back({fmt::format("{}.{}", path, key),
                        fmt::format("{} is given, and there is no gate", key),
                        "it is part of act(gate) * up: set gated = true or delete it"});
  };
  refuse_if(dense.gate_limit.has_value(), "gate_limit");
  refuse_if(dense.up_offset.has_value(), "up_offset");
  refuse_if(dense.gate_multiplier.has_value(), "gate_multiplier");
}

void xielu_stands_alone(const DenseFeedForward& dense, const std::string& path,
                        Problems& problems) {
  if (!dense.xielu || (!dense.gated && !dense.activation_sparsity)) return;
  problems.push_back(
      {path + ".xielu",
       dense.gated ? "xielu is given beside gated" : "xielu is given beside activation_sparsity",
       "xIELU is the activation between two projections: keep one of the two"});
}

// What only a gate has, and the biases, which are those of gated experts.
void a_bounded_gate_of_experts_exists(const MixtureFeedForward& mixture, const std::string& path,
                                      Problems& problems) {
  if (!mixture.ungated) return;
  const auto refuse_if = [&](bool given, const char* key) {
    if (!given) return;
    problems.push_back({fmt::format("{}.{}", path, key),
                        fmt::format("{} is given beside ungated", key),
                        "it is part of act(gate) * up: delete one of the two"});
  };
  refuse_if(mixture.gate_limit.has_value(), "gate_limit");
  refuse_if(mixture.shared_gate_limit.has_value(), "shared_gate_limit");
  refuse_if(mixture.up_offset.has_value(), "up_offset");
  refuse_if(mixture.expert_bias, "expert_bias");
}

void limited_shared_experts_exist(const MixtureFeedForward& mixture, const std::string& path,
                                  Problems& problems) {
  if (!mixture.shared_gate_limit || mixture.shared_width) return;
  problems.push_back({path + ".shared_gate_limit",
                      "shared_gate_limit is given without shared_width",
                      "there are no shared experts: add shared_width or delete the limit"});
}

void chosen_experts_exist(const MixtureFeedForward& mixture, const std::string& path,
                          Problems& problems) {
  if (!known(mixture.experts) || mixture.experts_per_token <= mixture.experts) return;
  problems.push_back({path + ".experts_per_token",
                      fmt::format("experts_per_token = {} is more than experts = {}",
                                  mixture.experts_per_token.value(), mixture.experts.value()),
                      "a token runs an expert once"});
}

void a_gate_has_shared_experts(const MixtureFeedForward& mixture, const std::string& path,
                               Problems& problems) {
  if (!mixture.shared_gate || mixture.shared_width) return;
  problems.push_back({path + ".shared_gate", "shared_gate is given without shared_width",
                      "there are no shared experts to gate: add shared_width or delete the gate"});
}

void an_average_has_shared_experts(const MixtureFeedForward& mixture, const std::string& path,
                                   Problems& problems) {
  if (!mixture.shared_average || mixture.shared_width) return;
  problems.push_back({path + ".shared_average", "shared_average is given without shared_width",
                      "there are no shared experts: add shared_width or delete shared_average"});
}

void a_sparsemixer_weighs_by_itself(const Router& router, const std::string& path,
                                    Problems& problems) {
  if (router.scoring != Scoring::sparsemixer) {
    if (!router.jitter) return;
    problems.push_back({path + ".jitter", "jitter is given, and the scoring is no sparsemixer",
                        "delete it, or set scoring = \"sparsemixer\""});
  } else if (!router.jitter) {
    problems.push_back({path + ".scoring", "a sparsemixer without jitter",
                        "state 'jitter' (router_jitter_noise), from which its weights follow"});
  } else if (router.correction_bias || router.normalized_weights || router.groups) {
    problems.push_back({path + ".scoring",
                        "a sparsemixer has no correction_bias, normalized_weights or groups",
                        "its weights follow from the logits and jitter alone: delete them"});
  }
}

bool splits_evenly(Integer experts, Integer groups) {
  return experts % groups == 0 && experts / groups >= 2;
}

void groups_divide_experts(const MixtureFeedForward& mixture, const ExpertGroups& groups,
                           const std::string& path, Problems& problems) {
  if (!known(mixture.experts, groups.count)) return;
  if (splits_evenly(mixture.experts, groups.count)) return;
  problems.push_back({path + ".count",
                      fmt::format("count = {} does not split experts = {} into equal groups of two "
                                  "or more",
                                  groups.count.value(), mixture.experts.value()),
                      "a group is scored by its two best experts"});
}

void chosen_groups_exist(const ExpertGroups& groups, const std::string& path, Problems& problems) {
  if (!known(groups.count) || groups.chosen <= groups.count) return;
  problems.push_back({path + ".chosen",
                      fmt::format("chosen = {} is more than count = {}", groups.chosen.value(),
                                  groups.count.value()),
                      "a token's experts come from some or all of the groups"});
}

// Not reported for a choice that the rules above refuse already.
void chosen_groups_hold_the_chosen_experts(const MixtureFeedForward& mixture,
                                           const ExpertGroups& groups, const std::string& path,
                                           Problems& problems) {
  if (!known(mixture.experts, mixture.experts_per_token, groups.count, groups.chosen)) return;
  if (groups.chosen > groups.count || mixture.experts_per_token > mixture.experts) return;
  if (!splits_evenly(mixture.experts, groups.count)) return;
  const Integer held = groups.chosen * (mixture.experts / groups.count);
  if (held >= mixture.experts_per_token) return;
  problems.push_back({path + ".chosen",
                      fmt::format("the chosen groups hold {} experts, and experts_per_token = {}",
                                  held.value(), mixture.experts_per_token.value()),
                      "choose more groups or fewer experts"});
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

void rules_within(const Mamba2& mamba, const std::string& path, Problems& problems) {
  a_described_norm_exists(mamba, path, problems);
  if (known(mamba.heads, mamba.groups) && mamba.heads % mamba.groups != 0) {
    problems.push_back(
        {path + ".groups",
         fmt::format("{} groups do not divide {} heads", mamba.groups.value(), mamba.heads.value()),
         "each group's key and query serve the same number of heads"});
  }
  if (!known(mamba.heads, mamba.head_dim)) return;
  const Integer width = mamba.heads * mamba.head_dim;
  if (width % mamba.norm_groups == 0) return;
  problems.push_back({path + ".norm_groups",
                      fmt::format("{} norm_groups do not divide heads x head_dim = {}",
                                  mamba.norm_groups.value(), width.value()),
                      "the output is normalised in parts of one width"});
}

void rules_within(const LightningAttention&, const std::string&, Problems&) {
  // Its sizes are independent of each other.
}

void rules_within(const KimiDeltaAttention&, const std::string&, Problems&) {
  // Its sizes are independent of each other.
}

void rules_within(const Mamba1&, const std::string&, Problems&) {
  // Any sizes go together.
}

void rules_within(const DenseFeedForward& dense, const std::string& path, Problems& problems) {
  a_bounded_gate_exists(dense, path, problems);
  xielu_stands_alone(dense, path, problems);
}

void rules_within(const MixtureFeedForward& mixture, const std::string& path, Problems& problems) {
  chosen_experts_exist(mixture, path, problems);
  a_gate_has_shared_experts(mixture, path, problems);
  an_average_has_shared_experts(mixture, path, problems);
  a_sparsemixer_weighs_by_itself(mixture.router, path + ".router", problems);
  limited_shared_experts_exist(mixture, path, problems);
  a_bounded_gate_of_experts_exists(mixture, path, problems);
  if (!mixture.router.groups) return;
  const ExpertGroups& groups = *mixture.router.groups;
  const std::string groups_path = path + ".router.groups";
  groups_divide_experts(mixture, groups, groups_path, problems);
  chosen_groups_exist(groups, groups_path, problems);
  chosen_groups_hold_the_chosen_experts(mixture, groups, groups_path, problems);
}

}  // namespace

void mixer_rules(const Mixer& mixer, const std::string& path, Problems& problems) {
  std::visit([&](const auto& kind) { rules_within(kind, path, problems); }, mixer);
}

void feed_forward_rules(const FeedForward& feed_forward, const std::string& path,
                        Problems& problems) {
  std::visit([&](const auto& kind) { rules_within(kind, path, problems); }, feed_forward);
}

}  // namespace llmarch
