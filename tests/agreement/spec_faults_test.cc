// Deliberate faults in a spec: one of the two books is made from a spec with a wrong field, and the
// comparison has to name the operation, whichever of the two books it is. A fault that is not seen
// here would not be seen anywhere.
#include <gtest/gtest.h>

#include "sim/graph/lower.h"
#include "tests/agreement/faulty_models.h"

namespace llmarch {
namespace {

void expect_each_reported(const ArchSpec& right, const std::vector<Fault<ArchSpec>>& faults) {
  const OpGraph graph = lower(right);
  for (const auto& [what, operation, make] : faults) {
    ArchSpec wrong = right;
    make(wrong);
    const OpGraph faulty = lower(wrong);
    EXPECT_TRUE(reported(faulty, graph).contains(operation)) << what << ", predicted";
    EXPECT_TRUE(reported(graph, faulty).contains(operation)) << what << ", counted";
  }
}

TEST(WithoutAFault, NothingIsReported) {
  for (const ArchSpec& spec :
       {grouped_model(), local_model(), multiplied_model(), latent_model(), indexed_model(),
        parallel_model(), convolution_model(), recurrent_model(), mamba_model(), lightning_model(),
        kimi_delta_model(), scan_model()}) {
    const OpGraph graph = lower(spec);
    EXPECT_EQ(reported(graph, graph), std::set<std::string>());
  }
}

TEST(AFaultInTheSpec, OfMultipliersIsReported) {
  expect_each_reported(
      multiplied_model(),
      {{"no embedding multiplier", "multiply embedding",
        [](auto& s) { s.embedding_multiplier.reset(); }},
       {"no residual multiplier", "multiply residual branch",
        [](auto& s) { s.residual_multiplier.reset(); }},
       {"no logit multiplier", "multiply logits", [](auto& s) { s.logit_multiplier.reset(); }},
       {"no head bias", "head", [](auto& s) { s.head_bias = false; }},
       {"no clip", "clip values", [](auto& s) { grouped(s).qkv_clip.reset(); }},
       {"one weight for all heads", "query norm",
        [](auto& s) { grouped(s).qk_norm = QkNorm::layer_per_head; }},
       {"a norm after rotation", "query norm",
        [](auto& s) { grouped(s).qk_norm = QkNorm::per_head_after_rotation; }},
       {"a sum of experts", "multiply residual branch",
        [](auto& s) { mixture(s).sum_multiplier.reset(); }},
       {"softmax", "router", [](auto& s) { mixture(s).router.scoring = Scoring::softmax; }}});
}

TEST(AFaultInTheSpec, OfGroupedAttentionIsReported) {
  expect_each_reported(
      grouped_model(),
      {{"no query bias", "query projection", [](auto& s) { grouped(s).qkv_bias = false; }},
       {"no output bias", "attention output", [](auto& s) { grouped(s).output_bias = false; }},
       {"a key head more", "store keys", [](auto& s) { grouped(s).kv_heads = 2; }},
       {"a query head less", "attention", [](auto& s) { grouped(s).query_heads = 3; }},
       {"wider heads", "attention", [](auto& s) { grouped(s).head_dim = 8; }},
       {"no query norm", "query norm", [](auto& s) { grouped(s).qk_norm.reset(); }},
       {"no rotation", "rotate queries", [](auto& s) { grouped(s).rotary.reset(); }}});
}

TEST(AFaultInTheSpec, OfGatesAndSinksIsReported) {
  expect_each_reported(
      gated_model(),
      {{"wider values", "attention", [](auto& s) { grouped(s).value_head_dim = 6; }},
       {"values not scaled", "scale values", [](auto& s) { grouped(s).value_scale.reset(); }},
       {"no sinks", "attention", [](auto& s) { grouped(s).sinks = false; }},
       {"no distances", "attention", [](auto& s) { grouped(s).alibi.reset(); }},
       {"no gate", "gate the output", [](auto& s) { grouped(s).output_gate.reset(); }},
       {"a gate for each head", "attention output gate",
        [](auto& s) { grouped(s).output_gate->width = GateWidth::head; }},
       {"another gate", "gate the output",
        [](auto& s) { grouped(s).output_gate->activation = Activation::softplus; }},
       {"a pair more", "rotate keys", [](auto& s) { *grouped(s).rotary->turned_pairs += 1; }},
       {"no biases", "experts", [](auto& s) { mixture(s).expert_bias = false; }},
       {"no offset", "experts", [](auto& s) { mixture(s).up_offset.reset(); }},
       {"no router bias", "router", [](auto& s) { mixture(s).router.bias = false; }},
       {"products not capped", "router",
        [](auto& s) { mixture(s).router.product_soft_cap.reset(); }},
       {"the experts' input", "norm of the router's input",
        [](auto& s) { mixture(s).router.own_input = false; }},
       {"no scale of experts", "router", [](auto& s) { mixture(s).router.expert_scale = false; }},
       {"a softmax over the chosen", "router",
        [](auto& s) { mixture(s).router.scoring = Scoring::chosen_softmax; }},
       {"no layer scale", "layer scale", [](auto& s) { s.layer_scale = false; }},
       {"no embedding norm", "norm of the embedding", [](auto& s) { s.embedding_norm = false; }}});
}

TEST(AFaultInTheSpec, OfAMixtureIsReported) {
  expect_each_reported(
      grouped_model(),
      {{"twice the experts of a token", "experts",
        [](auto& s) { mixture(s).experts_per_token = 4; }},
       {"more experts to choose from", "router", [](auto& s) { mixture(s).experts = 12; }},
       {"narrower experts", "experts", [](auto& s) { mixture(s).expert_width = 8; }},
       {"no shared experts", "add shared experts",
        [](auto& s) { mixture(s).shared_width.reset(); }},
       {"softmax", "router", [](auto& s) { mixture(s).router.scoring = Scoring::softmax; }},
       {"no correction", "router", [](auto& s) { mixture(s).router.correction_bias = false; }},
       {"no groups", "router", [](auto& s) { mixture(s).router.groups.reset(); }},
       {"weights not normalised", "router",
        [](auto& s) { mixture(s).router.normalized_weights = false; }},
       {"weights not scaled", "router", [](auto& s) { mixture(s).router.weight_scale.reset(); }}});
}

TEST(AFaultInTheSpec, OfAShortConvolutionIsReported) {
  expect_each_reported(
      convolution_model(),
      {{"a longer kernel", "convolution",
        [](auto& s) { std::get<ShortConvolution>(s.attention.front().value).kernel = 4; }},
       {"a wider stream", "apply input gate", [](auto& s) { s.hidden = 11; }},
       {"a layer less", "convolution output", [](auto& s) { s.stack.front().repeat = 1; }}});
}

TEST(AFaultInTheSpec, OfARecurrenceIsReported) {
  const auto delta = [](ArchSpec& spec) -> GatedDeltaNet& {
    return std::get<GatedDeltaNet>(spec.attention.front().value);
  };
  expect_each_reported(
      recurrent_model(),
      {{"a key head for each value head", "delta rule", [=](auto& s) { delta(s).key_heads = 4; }},
       {"more value heads", "decay", [=](auto& s) { delta(s).value_heads = 6; }},
       {"wider keys", "normalise keys", [=](auto& s) { delta(s).key_head_dim = 4; }},
       {"wider values", "delta rule", [=](auto& s) { delta(s).value_head_dim = 6; }},
       {"a longer kernel", "convolution of values", [=](auto& s) { delta(s).kernel = 5; }},
       {"negative eigenvalues", "double the strength",
        [=](auto& s) { delta(s).negative_eigenvalues = true; }}});
}

TEST(AFaultInTheSpec, OfMambaIsReported) {
  const auto mamba = [](ArchSpec& spec) -> Mamba2& {
    return std::get<Mamba2>(spec.attention.front().value);
  };
  const auto mixture = [](ArchSpec& spec) -> MixtureFeedForward& {
    return std::get<MixtureFeedForward>(spec.feed_forward.front().value);
  };
  expect_each_reported(
      mamba_model(),
      {{"one group", "recurrence", [=](auto& s) { mamba(s).groups = 1; }},
       {"more heads", "decay", [=](auto& s) { mamba(s).heads = 6; }},
       {"a larger state", "recurrence", [=](auto& s) { mamba(s).state_dim = 4; }},
       {"no bias", "convolution of values", [=](auto& s) { mamba(s).convolution_bias = false; }},
       {"one norm", "recurrence norm", [=](auto& s) { mamba(s).norm_groups = 1; }},
       {"gated experts", "experts", [=](auto& s) { mixture(s).ungated = false; }},
       {"a wider latent", "experts", [=](auto& s) { mixture(s).latent_width = 8; }},
       {"no latent", "projection into the experts' latent",
        [=](auto& s) { mixture(s).latent_width.reset(); }}});
}

TEST(AFaultInTheSpec, OfLightningAttentionIsReported) {
  const auto lightning = [](ArchSpec& spec) -> LightningAttention& {
    return std::get<LightningAttention>(spec.attention.front().value);
  };
  expect_each_reported(
      lightning_model(),
      {{"more heads", "recurrence", [=](auto& s) { lightning(s).heads = 5; }},
       {"wider heads", "recurrence norm", [=](auto& s) { lightning(s).head_dim = 4; }},
       {"norms of parts", "recurrence norm", [=](auto& s) { lightning(s).norm_groups = 2; }},
       {"a layer less", "gate the output", [](auto& s) { s.stack.front().repeat = 1; }}});
}

TEST(AFaultInTheSpec, OfKimiDeltaAttentionIsReported) {
  const auto delta = [](ArchSpec& spec) -> KimiDeltaAttention& {
    return std::get<KimiDeltaAttention>(spec.attention.front().value);
  };
  expect_each_reported(
      kimi_delta_model(),
      {{"more heads", "delta rule", [=](auto& s) { delta(s).heads = 3; }},
       {"wider heads", "decay", [=](auto& s) { delta(s).head_dim = 4; }},
       {"a longer kernel", "convolution of values", [=](auto& s) { delta(s).kernel = 5; }},
       {"a wider latent of decays", "recurrence decay, into its latent",
        [=](auto& s) { delta(s).decay_latent_dim = 3; }},
       {"decays in one step", "recurrence decay",
        [=](auto& s) { delta(s).decay_latent_dim.reset(); }},
       {"negative eigenvalues", "double the strength",
        [=](auto& s) { delta(s).negative_eigenvalues = true; }},
       {"a wider latent of gates", "recurrence output gate",
        [=](auto& s) { delta(s).gate_latent_dim = 4; }}});
}

TEST(AFaultInTheSpec, OfAScanIsReported) {
  const auto mamba = [](ArchSpec& spec) -> Mamba1& {
    return std::get<Mamba1>(spec.attention.front().value);
  };
  expect_each_reported(
      scan_model(),
      {{"more columns", "selective scan", [=](auto& s) { mamba(s).inner = 7; }},
       {"a larger state", "selective scan", [=](auto& s) { mamba(s).state_dim = 4; }},
       {"wider steps", "projection to steps", [=](auto& s) { mamba(s).step_dim = 3; }},
       {"no norms", "norm of steps", [=](auto& s) { mamba(s).selection_norm.reset(); }},
       {"no bias", "convolution of values", [=](auto& s) { mamba(s).convolution_bias = false; }}});
}

TEST(AFaultInTheSpec, OfTheWholeModelIsReported) {
  expect_each_reported(
      grouped_model(),
      {{"one layer more", "attention", [](auto& s) { s.stack.front().repeat = 3; }},
       {"one layer less", "experts", [](auto& s) { s.stack.front().repeat = 1; }},
       {"a wider stream", "residual after attention", [](auto& s) { s.hidden = 11; }},
       {"a larger vocabulary", "head", [](auto& s) { s.vocabulary = 32; }},
       {"no positions", "position embedding", [](auto& s) { s.learned_positions.reset(); }},
       {"rms norms", "final norm", [](auto& s) { s.norm.kind = NormKind::rms; }}});
}

TEST(AFaultInTheSpec, OfLocalAttentionIsReported) {
  expect_each_reported(
      local_model(),
      {{"a window one longer", "attention", [](auto& s) { *grouped(s).window += 1; }},
       {"a window one shorter", "attention", [](auto& s) { *grouped(s).window += -1; }},
       {"no window", "attention", [](auto& s) { grouped(s).window.reset(); }},
       {"a chunk", "attention", [](auto& s) { std::swap(grouped(s).window, grouped(s).chunk); }},
       {"no cap", "attention", [](auto& s) { grouped(s).score_soft_cap.reset(); }},
       {"no growth", "attention", [](auto& s) { grouped(s).score_growth_length.reset(); }},
       {"no temperature", "temperature", [](auto& s) { grouped(s).temperature.reset(); }},
       {"a norm of the whole", "query norm", [](auto& s) { grouped(s).qk_norm = QkNorm::whole; }},
       {"a norm without a weight", "rotate queries",
        [](auto& s) { grouped(s).qk_norm = QkNorm::unweighted_after_rotation; }}});
}

TEST(AFaultInTheSpec, OfScalesAndPlacementsIsReported) {
  expect_each_reported(
      local_model(),
      {{"no scale", "scale embedding", [](auto& s) { s.scaled_embedding = false; }},
       {"no cap", "cap logits", [](auto& s) { s.logit_soft_cap.reset(); }},
       {"no gate", "gate shared experts", [](auto& s) { mixture(s).shared_gate = false; }},
       {"groups by their best", "router",
        [](auto& s) { mixture(s).router.groups->score = GroupScore::best; }},
       {"norms before only", "norm after attention",
        [](auto& s) { s.norm.placement = NormPlacement::before; }},
       {"norms after only", "attention norm",
        [](auto& s) { s.norm.placement = NormPlacement::after; }}});
}

TEST(AFaultInTheSpec, OfLatentAttentionIsReported) {
  expect_each_reported(
      latent_model(),
      {{"no query compression", "query compression",
        [](auto& s) { latent(s).query_latent_dim.reset(); }},
       {"no compression bias", "rotary key projection",
        [](auto& s) { latent(s).compression_bias = false; }},
       {"no output bias", "attention output", [](auto& s) { latent(s).output_bias = false; }},
       {"a narrower latent", "store latents", [](auto& s) { latent(s).kv_latent_dim = 6; }},
       {"a wider rotated part", "rotate keys", [](auto& s) { latent(s).rope_head_dim = 4; }},
       {"a wider other part", "query absorption", [](auto& s) { latent(s).nope_head_dim = 6; }},
       {"a wider value", "value expansion", [](auto& s) { latent(s).value_head_dim = 5; }},
       {"a head more", "attention over latents", [](auto& s) { latent(s).query_heads = 4; }},
       {"queries that grow", "temperature", [](auto& s) {
          latent(s).temperature = Temperature{0.1, 2};
        }}});
}

TEST(AFaultInTheSpec, OfAnIndexOfKeysIsReported) {
  expect_each_reported(
      indexed_model(),
      {{"more index heads", "index weights", [](auto& s) { latent(s).key_index->heads = 3; }},
       {"wider index heads", "store index keys",
        [](auto& s) { latent(s).key_index->head_dim = 5; }},
       {"another key", "attention over latents", [](auto& s) { latent(s).chosen_keys = 4; }}});
}

// The newest of five positions is alone in its block.
TEST(AFaultInTheSpec, OfBlocksOrIdentitiesIsReported) {
  expect_each_reported(
      chosen_blocks_model(),
      {{"a wider index", "choice of keys", [](auto& s) { grouped(s).block_index->head_dim = 6; }},
       {"smaller blocks", "attention", [](auto& s) { grouped(s).block_index->block = 1; }},
       {"another block", "attention", [](auto& s) { grouped(s).block_index->blocks = 3; }},
       {"another identity", "router", [](auto& s) { mixture(s).identity_experts = 5; }}});
}

Sublayer& sublayer(ArchSpec& spec, std::size_t index) {
  return spec.layer.front().value.sublayers->at(index);
}

TEST(AFaultInTheSpec, OfSublayersIsReported) {
  expect_each_reported(
      parallel_model(),
      {{"one block less", "experts",
        [](auto& s) { sublayer(s, 0).blocks.erase(sublayer(s, 0).blocks.begin() + 1); }},
       {"one norm of two", "feed-forward norm",
        [](auto& s) { sublayer(s, 0).blocks[1].norm->placement = NormPlacement::after; }},
       {"no norm after a block", "norm after feed-forward",
        [](auto& s) { sublayer(s, 0).blocks[1].norm->placement = NormPlacement::before; }},
       {"a bias after all", "feed-forward norm",
        [](auto& s) { sublayer(s, 0).blocks[1].norm->without.reset(); }},
       {"a weight after all", "norm after feed-forward",
        [](auto& s) { sublayer(s, 1).norm->without.reset(); }},
       {"no second sublayer", "residual after feed-forward", [](auto& s) {
          s.layer.front().value.sublayers->pop_back();
          sublayer(s, 0).blocks.back().delay.reset();
        }}});
}

TEST(AFaultInTheSpec, OfADenseFeedForwardIsReported) {
  expect_each_reported(
      latent_model(),
      {{"no gate", "gated activation", [](auto& s) { dense(s).gated = false; }},
       {"no bias", "down projection", [](auto& s) { dense(s).bias = false; }},
       {"a wider one", "up projection", [](auto& s) { dense(s).width = 16; }},
       {"relu", "gated activation", [](auto& s) { dense(s).activation = Activation::relu; }}});
}

}  // namespace
}  // namespace llmarch
