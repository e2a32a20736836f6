// Configs of models with layers of Mamba-2: which layers they are, and how wide.
#include <gmock/gmock.h>

#include "tests/spec/configs.h"

namespace llmarch::spec_test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Json nemotron() {
  return config("nemotron-3-nano-30b");
}

// The defaults of BambaConfig, less the attention that it does without.
Json bamba() {
  return {{"model_type", "bamba"}, {"attn_layer_indices", {9, 18, 27}}};
}

Json granite() {
  return {{"model_type", "granitemoehybrid"},
          {"num_hidden_layers", 2},
          {"hidden_size", 1536},
          {"num_attention_heads", 12},
          {"num_key_value_heads", 4},
          {"layer_types", {"mamba", "attention"}},
          {"mamba_n_heads", 48},
          {"num_local_experts", 62},
          {"intermediate_size", 512}};
}

template <class Kind>
Kind mixer_in(const Json& config) {
  const ArchSpec spec = spec_of(config);
  for (const auto& [name, mixer] : spec.attention) {
    if (const auto* found = std::get_if<Kind>(&mixer)) return *found;
  }
  throw std::logic_error("there is no such mixer");
}

std::size_t layers_with_mamba(const Json& config) {
  const ArchSpec spec = spec_of(config);
  std::size_t count = 0;
  for (const std::size_t kind : layer_sequence(spec)) {
    for (const std::size_t mixer : mixers_of(spec.layer.at(kind).value)) {
      count += std::holds_alternative<Mamba2>(spec.attention.at(mixer).value) ? 1 : 0;
    }
  }
  return count;
}

TEST(MambaLayers, AreAllButThoseOfAttention) {
  EXPECT_EQ(layers_with_mamba(bamba()), 29);
  EXPECT_EQ(layers_with_mamba(granite()), 1);
  EXPECT_EQ(layers_with_mamba(nemotron()), 23);
}

TEST(MambaLayers, AreAsWideAsTheConfigSays) {
  const auto mamba = mixer_in<Mamba2>(granite());
  EXPECT_EQ(mamba.heads, 48);
  EXPECT_EQ(mamba.head_dim, 64);
  EXPECT_EQ(mamba.norm_groups, 1);
  EXPECT_THAT(report(with(granite(), {{"mamba_d_head", 32}})),
              HasSubstr("48 heads of 32 are not mamba_expand x hidden_size = 3072"));
  const auto nano = mixer_in<Mamba2>(nemotron());
  EXPECT_EQ(nano.groups, 8);
  EXPECT_EQ(nano.norm_groups, 8);
}

// Granite's is the 256 of configuration_mamba2.py, which a spec takes for granted.
TEST(MambaLayers, MayRunByChunksAsLongAsTheConfigSays) {
  EXPECT_EQ(mixer_in<Mamba2>(nemotron()).chunk, Integer(128));
  EXPECT_EQ(mixer_in<Mamba2>(granite()).chunk, std::nullopt);
  EXPECT_EQ(mixer_in<Mamba2>(with(granite(), {{"mamba_chunk_size", 64}})).chunk, Integer(64));
  EXPECT_EQ(chunk_of(mixer_in<Mamba2>(granite())), 256);
}

TEST(ABambaConfig, IsRefusedWhereItAsksForWhatIsNotBuilt) {
  for (const Json& change : {Json{{"mamba_proj_bias", true}}, Json{{"mamba_n_groups", 2}},
                             Json{{"hidden_act", "gelu"}}, Json{{"attention_bias", true}},
                             Json{{"mlp_bias", true}}, Json{{"time_step_limit", {0.01, 0.1}}}}) {
    EXPECT_THAT(report(with(bamba(), change)), HasSubstr(change.begin().key()));
  }
}

TEST(AGraniteHybridConfig, IsRotatedOnlyWhereItSaysSo) {
  EXPECT_FALSE(mixer_in<GroupedAttention>(granite()).rotary.has_value());
  EXPECT_FALSE(mixer_in<GroupedAttention>(with(granite(), {{"position_embedding_type", "nope"}}))
                   .rotary.has_value());
  EXPECT_TRUE(mixer_in<GroupedAttention>(with(granite(), {{"position_embedding_type", "rope"}}))
                  .rotary.has_value());
}

TEST(ANemotronHConfig, NamesItsLayersOneWayOrTheOther) {
  const Json by_letters =
      with(nemotron(), {{"num_hidden_layers", 4}, {"hybrid_override_pattern", "ME*-"}});
  const Json by_names = with(without(by_letters, "hybrid_override_pattern"),
                             {{"layers_block_type", {"mamba", "moe", "attention", "mlp"}}});
  EXPECT_EQ(layer_sequence(spec_of(by_letters)), layer_sequence(spec_of(by_names)));
  EXPECT_THAT(report(with(by_letters, {{"hybrid_override_pattern", "ME*X"}})),
              HasSubstr("layer type 'X' is not supported"));
  EXPECT_THAT(report(without(by_letters, "hybrid_override_pattern")),
              HasSubstr("the types of the layers are not stated"));
  EXPECT_THAT(report(with(by_letters, {{"num_hidden_layers", 5}})), HasSubstr("num_hidden_layers"));
}

TEST(ANemotronHConfig, IsRefusedWhereItAsksForWhatIsNotBuilt) {
  for (const Json& change :
       {Json{{"use_bias", true}}, Json{{"mlp_bias", true}}, Json{{"mamba_hidden_act", "gelu"}},
        Json{{"mamba_ssm_cache_dtype", "bfloat16"}}, Json{{"sliding_window", 128}},
        Json{{"norm_eps", 1e-6}}}) {
    EXPECT_THAT(report(with(nemotron(), change)), HasSubstr(change.begin().key()));
  }
}

}  // namespace
}  // namespace llmarch::spec_test
