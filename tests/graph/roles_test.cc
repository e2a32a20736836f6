// The weights of a block by their roles, in the order in which they are used.
#include "sim/enumerators.h"
#include "tests/graph/operations.h"

namespace llmarch {
namespace {

using testing::ElementsAre;
using enum WeightRole;

std::vector<WeightRole> roles(const OpGraph& graph, std::size_t block) {
  std::vector<WeightRole> roles;
  for (const Weight& weight : graph.weights) {
    if (weight.block == block) roles.push_back(weight.role);
  }
  return roles;
}

std::vector<WeightRole> roles_of_layer(const ArchSpec& spec) {
  return roles(lower(spec), 1);
}

TEST(AModelWithoutOptions, HasOneNormAndOneMatrixForEachStep) {
  const OpGraph graph = lower(tiny_model(tiny_grouped(), tiny_dense()));
  EXPECT_THAT(roles(graph, 0), ElementsAre(token_embedding));
  EXPECT_THAT(roles(graph, 1), ElementsAre(attention_norm, query, key, value, attention_output,
                                           feed_forward_norm, up, down));
  EXPECT_THAT(roles(graph, 2), ElementsAre(final_norm, head));
}

TEST(BiasesOfGroupedAttention, FollowTheirMatrices) {
  GroupedAttention attention = tiny_grouped();
  attention.qkv_bias = true;
  attention.output_bias = true;
  attention.qk_norm = QkNorm::per_head;
  EXPECT_THAT(
      roles_of_layer(tiny_model(attention, tiny_dense())),
      ElementsAre(attention_norm, query, query_bias, query_norm, key, key_bias, value, value_bias,
                  key_norm, attention_output, attention_output_bias, feed_forward_norm, up, down));
}

TEST(BiasesOfLatentAttention, AreOnWhatCompressesAndOnTheOutput) {
  LatentAttention attention = tiny_latent();
  attention.query_latent_dim = 8;
  attention.compression_bias = true;
  attention.output_bias = true;
  EXPECT_THAT(
      roles_of_layer(tiny_model(attention, tiny_dense())),
      ElementsAre(attention_norm, query_down, query_down_bias, query_latent_norm, query_up,
                  latent_down, latent_down_bias, latent_norm, rope_key, rope_key_bias, key_up,
                  value_up, attention_output, attention_output_bias, feed_forward_norm, up, down));
}

TEST(LatentAttentionWithoutCompressionOfQueries, ProjectsThemInOneStep) {
  EXPECT_THAT(roles_of_layer(tiny_model(tiny_latent(), tiny_dense())),
              ElementsAre(attention_norm, query, latent_down, latent_norm, rope_key, key_up,
                          value_up, attention_output, feed_forward_norm, up, down));
}

TEST(BiasesOfAGatedFeedForward, FollowItsThreeMatrices) {
  DenseFeedForward dense = tiny_dense();
  dense.gated = true;
  dense.bias = true;
  EXPECT_THAT(roles_of_layer(tiny_model(tiny_grouped(), dense)),
              ElementsAre(attention_norm, query, key, value, attention_output, feed_forward_norm,
                          gate, gate_bias, up, up_bias, down, down_bias));
}

TEST(BiasesOfAPlainFeedForward, FollowItsTwoMatrices) {
  DenseFeedForward dense = tiny_dense();
  dense.bias = true;
  EXPECT_THAT(roles_of_layer(tiny_model(tiny_grouped(), dense)),
              ElementsAre(attention_norm, query, key, value, attention_output, feed_forward_norm,
                          up, up_bias, down, down_bias));
}

TEST(LayerNorms, HaveABiasWhereverTheyStand) {
  ArchSpec spec = tiny_model(tiny_grouped(), tiny_dense());
  spec.norm.kind = NormKind::layer;
  spec.norm.placement = NormPlacement::before_and_after;
  EXPECT_THAT(roles_of_layer(spec),
              ElementsAre(attention_norm, attention_norm_bias, query, key, value, attention_output,
                          post_attention_norm, post_attention_norm_bias, feed_forward_norm,
                          feed_forward_norm_bias, up, down, post_feed_forward_norm,
                          post_feed_forward_norm_bias));
  EXPECT_THAT(roles(lower(spec), 2), ElementsAre(final_norm, final_norm_bias, head));
}

TEST(Norms, StandWhereTheSpecPlacesThem) {
  ArchSpec spec = tiny_model(tiny_grouped(), tiny_dense());
  for (const auto place : {NormPlacement::after, NormPlacement::after_residual}) {
    spec.norm.placement = place;
    EXPECT_THAT(roles_of_layer(spec),
                ElementsAre(query, key, value, attention_output, post_attention_norm, up, down,
                            post_feed_forward_norm));
  }
}

TEST(SharedExperts, HaveTheRolesOfAGatedFeedForward) {
  MixtureFeedForward mixture = tiny_mixture();
  mixture.shared_width = 11;
  mixture.shared_gate = true;
  mixture.router.correction_bias = true;
  EXPECT_THAT(roles_of_layer(tiny_model(tiny_grouped(), mixture)),
              ElementsAre(attention_norm, query, key, value, attention_output, feed_forward_norm,
                          router, router_correction_bias, expert_gate, expert_up, expert_down,
                          shared_gate, shared_up, shared_down, shared_gate_vector));
}

TEST(ATiedHead, HasNoWeightOfItsOwn) {
  ArchSpec spec = tiny_model(tiny_grouped(), tiny_dense());
  spec.head = Head::tied;
  EXPECT_THAT(roles(lower(spec), 2), ElementsAre(final_norm));
}

TEST(AModelWithoutAHead, EndsWithItsLastNorm) {
  ArchSpec spec = tiny_model(tiny_grouped(), tiny_dense());
  spec.head = Head::none;
  const OpGraph graph = lower(spec);
  EXPECT_THAT(roles(graph, 2), ElementsAre(final_norm));
  EXPECT_EQ(graph.blocks.at(2).values.at(graph.blocks.at(2).output).columns, 10);
}

TEST(AClassifier, HasARowOfItsHeadForEachLabel) {
  ArchSpec spec = tiny_model(tiny_grouped(), tiny_dense());
  spec.head_labels = 3;
  const OpGraph graph = lower(spec);
  EXPECT_THAT(roles(graph, 2), ElementsAre(final_norm, head));
  EXPECT_EQ(graph.weights.back().rows, 3);
}

TEST(ParallelStreams, HaveTheirWeightsInEveryBlock) {
  ArchSpec spec = tiny_model(tiny_grouped(), tiny_dense());
  spec.parallel_streams = ParallelStreams{4, 1, std::nullopt};
  const OpGraph graph = lower(spec);
  EXPECT_THAT(roles(graph, 0), ElementsAre(token_embedding, stream_expansion));
  EXPECT_THAT(roles(graph, 1), ElementsAre(stream_router_norm, stream_router, stream_prediction,
                                           attention_norm, query, key, value, attention_output,
                                           feed_forward_norm, up, down, stream_correction));
  EXPECT_THAT(roles(graph, 2), ElementsAre(stream_merger, final_norm, head));
}

TEST(ALowRankResidual, FollowsAttention) {
  ArchSpec spec = tiny_model(tiny_grouped(), tiny_dense());
  spec.low_rank_residual = 3;
  EXPECT_THAT(roles_of_layer(spec),
              ElementsAre(attention_norm, query, key, value, attention_output, residual_down,
                          residual_up, residual_norm, feed_forward_norm, up, down));
}

TEST(PerLayerEmbeddings, AreScaledOnTheirWayInWhereTheSpecSaysSo) {
  ArchSpec spec = tiny_model(tiny_grouped(), tiny_dense());
  spec.per_layer_embedding = PerLayerEmbedding{29, 5, Activation::gelu_tanh, false};
  EXPECT_THAT(roles(lower(spec), 0), ElementsAre(token_embedding, per_layer_embedding,
                                                 per_layer_projection, per_layer_projection_norm));
  EXPECT_THAT(roles_of_layer(spec),
              ElementsAre(attention_norm, query, key, value, attention_output, feed_forward_norm,
                          up, down, per_layer_gate, per_layer_output, per_layer_norm));
  spec.per_layer_embedding->scaled_input = true;
  EXPECT_THAT(roles_of_layer(spec), ElementsAre(attention_norm, query, key, value, attention_output,
                                                feed_forward_norm, up, down, per_layer_input_scale,
                                                per_layer_gate, per_layer_output, per_layer_norm));
}

// A device of several that run a layer together computes some of a projection's outputs, and adds
// to each of them its own element of the bias.
TEST(ABias, IsSplitAsTheRowsOfItsMatrixAre) {
  for (std::size_t i = 0; i < enumerator_count<WeightRole>(); ++i) {
    const auto role = static_cast<WeightRole>(i);
    const auto matrix = added_to(role);
    if (!matrix) continue;
    EXPECT_EQ(bias_of(*matrix), role) << name_of(role);
    EXPECT_EQ(component_of(*matrix), component_of(role)) << name_of(role);
    const SplitAxis axis = split_axis_of(*matrix);
    EXPECT_EQ(split_axis_of(role), axis == SplitAxis::columns ? SplitAxis::none : axis)
        << name_of(role);
  }
}

// What one device leaves in parts, the next projection takes in parts.
TEST(AProjectionIntoTheResidualStream, IsSplitByTheColumnsThatTheOneBeforeItSplitsByRows) {
  EXPECT_EQ(split_axis_of(up), SplitAxis::rows);
  EXPECT_EQ(split_axis_of(down), SplitAxis::columns);
  EXPECT_EQ(split_axis_of(value), SplitAxis::rows);
  EXPECT_EQ(split_axis_of(attention_output), SplitAxis::columns);
}

}  // namespace
}  // namespace llmarch
