// The constants and sizes that lowering gives to operations.
#include <cmath>

#include "tests/graph/operations.h"

namespace llmarch {
namespace {

ArchSpec with_attention(const GroupedAttention& attention) {
  return tiny_model(attention, tiny_dense());
}

TEST(ABlock, IsCalledAsItsKindOfLayer) {
  const OpGraph graph = lower(with_attention(tiny_grouped()));
  ASSERT_EQ(graph.blocks.size(), 3U);
  EXPECT_EQ(graph.blocks[0].name, "embedding");
  EXPECT_EQ(graph.blocks[1].name, "block");
  EXPECT_EQ(graph.blocks[2].name, "head");
}

// torch.maximum(..., epsilon) with 1e-5: transformers, modeling_gemma3n.py.
TEST(StreamsOfNoMagnitude, AreTakenForTheLeastThatTheReferenceHas) {
  ArchSpec spec = with_attention(tiny_grouped());
  spec.parallel_streams = ParallelStreams{4, 1, std::nullopt};
  const OpGraph graph = lower(spec);
  for (const std::size_t block : {0U, 2U}) {
    const auto matches = in_block<MatchMagnitude>(graph, block);
    ASSERT_EQ(matches.size(), 1U);
    EXPECT_EQ(matches.front().least, 1e-5);
  }
}

// Stream 2 of four of 10 columns; once to predict from, once to run the layer on.
TEST(TheActiveStream, IsTakenFromItsPlaceAmongTheStreams) {
  ArchSpec spec = with_attention(tiny_grouped());
  spec.parallel_streams = ParallelStreams{4, 2, std::nullopt};
  const auto selections = in_block<SelectColumns>(lower(spec), 1);
  ASSERT_EQ(selections.size(), 2U);
  for (const SelectColumns& select : selections) EXPECT_EQ(select.offset, 2 * 10);
}

TEST(ARotationOfPartOfAHead, TurnsItsFirstElements) {
  GroupedAttention attention = tiny_grouped();
  attention.rotary = Rotary{10000, RotaryLayout::half_split, std::nullopt, 4};
  const OpGraph graph = lower(with_attention(attention));
  for (const char* name : {"rotate queries", "rotate keys"}) {
    const Rotate rotate = only<Rotate>(graph, name);
    EXPECT_EQ(rotate.offset, 0);
    EXPECT_EQ(rotate.dim, 4);
  }
}

TEST(ASparseActivation, IsFedByTheGateOrWithoutOneByTheOnlyProjection) {
  DenseFeedForward dense = tiny_dense();
  dense.activation_sparsity = 0.5;
  OpGraph graph = lower(tiny_model(tiny_grouped(), dense));
  Sparsify sparsify = only<Sparsify>(graph, "activation sparsity");
  EXPECT_EQ(sparsify.in, only<Project>(graph, "up projection").out);
  EXPECT_EQ(only<Activate>(graph, "activation").in, sparsify.out);
  EXPECT_EQ(sparsify.deviations, 0) << "half of a normal distribution lies above its mean";
  dense.gated = true;
  graph = lower(tiny_model(tiny_grouped(), dense));
  sparsify = only<Sparsify>(graph, "activation sparsity");
  EXPECT_EQ(sparsify.in, only<Project>(graph, "gate projection").out);
  EXPECT_EQ(only<Gate>(graph, "gated activation").gate, sparsify.out);
  EXPECT_EQ(only<Gate>(graph, "gated activation").up, only<Project>(graph, "up projection").out);
}

TEST(ANormAfterTheResidual, NormalisesTheSum) {
  ArchSpec spec = with_attention(tiny_grouped());
  spec.norm.placement = NormPlacement::after_residual;
  const OpGraph graph = lower(spec);
  const Normalize first = only<Normalize>(graph, "norm after attention");
  const Normalize second = only<Normalize>(graph, "norm after feed-forward");
  EXPECT_EQ(first.in, only<Add>(graph, "residual after attention").out);
  EXPECT_EQ(only<Project>(graph, "up projection").in, first.out);
  EXPECT_EQ(second.in, only<Add>(graph, "residual after feed-forward").out);
  EXPECT_EQ(graph.blocks.at(1).output, second.out);
}

TEST(APerLayerEmbedding, IsAddedToTheOneStreamOfALayer) {
  ArchSpec spec = with_attention(tiny_grouped());
  spec.per_layer_embedding = PerLayerEmbedding{29, 5, Activation::gelu_tanh, false};
  const OpGraph graph = lower(spec);
  const Add add = only<Add>(graph, "add per-layer output");
  EXPECT_EQ(add.left, only<Add>(graph, "residual after feed-forward").out);
  EXPECT_EQ(add.right, only<Normalize>(graph, "norm after per-layer output").out);
  EXPECT_EQ(graph.blocks.at(1).output, add.out);
}

// The scale of the scores, 1 / root of 5 + 2, times m squared.
double latent_scale(double factor, std::optional<double> mscale_all_dim) {
  LatentAttention attention = tiny_latent();
  YarnScaling yarn;
  yarn.factor = factor;
  yarn.original_context = 16;
  yarn.mscale_all_dim = mscale_all_dim;
  attention.rotary->scaling = yarn;
  const OpGraph graph = lower(tiny_model(attention, tiny_dense()));
  const double scale = only<AttendLatent>(graph, "attention over latents").scale;
  EXPECT_EQ(only<AttendExpanded>(graph, "attention").scale, scale);
  return scale;
}

// m(s) = 0.1 s ln(factor) + 1 where the context is stretched, and 1 where it is not.
TEST(TheScoresOfAStretchedContext, GrowWithItsStretch) {
  EXPECT_DOUBLE_EQ(latent_scale(2, std::nullopt), 1 / std::sqrt(7.0));
  EXPECT_DOUBLE_EQ(latent_scale(2, 1), std::pow(0.1 * std::log(2.0) + 1, 2) / std::sqrt(7.0));
  EXPECT_DOUBLE_EQ(latent_scale(40, 0.5), std::pow(0.05 * std::log(40.0) + 1, 2) / std::sqrt(7.0));
  EXPECT_DOUBLE_EQ(latent_scale(1, 1), 1 / std::sqrt(7.0));
  EXPECT_DOUBLE_EQ(latent_scale(0.5, 1), 1 / std::sqrt(7.0));
}

}  // namespace
}  // namespace llmarch
