// For architectures that nobody has built, too, the two books agree.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <set>

#include "sim/graph/lower.h"
#include "sim/spec/fields.h"
#include "sim/spec/rules.h"
#include "tests/agreement/check_many.h"
#include "tests/agreement/disagreements.h"
#include "tests/agreement/random_spec.h"

namespace llmarch {
namespace {

void expect_agreement(const OpGraph& graph, const Workload& workload) {
  const std::string problems = disagreements(check_agreement(graph, workload, 3));
  if (!problems.empty()) RC_FAIL(problems);
}

TEST(RandomSpecs, AreCountedAsPredicted) {
  check_many([] {
    const ArchSpec spec = *any_spec();
    RC_ASSERT(broken_rules(spec).empty());
    const OpGraph graph = lower(spec);
    expect_agreement(graph, *any_prefill());
    expect_agreement(graph, *any_decode());
    expect_agreement(graph, *any_chunk());
  });
}

// Counts which options the drawn specs have, so that one which is never drawn is noticed.
class Variety {
 public:
  void see(const ArchSpec& spec) {
    note("tied head", spec.head == Head::tied);
    note("no head", spec.head == Head::none);
    note("head_labels", spec.head_labels.has_value());
    see_norm(spec.norm);
    note("scaled embedding", spec.scaled_embedding);
    note("embedding multiplier", spec.embedding_multiplier.has_value());
    note("residual multiplier", spec.residual_multiplier.has_value());
    note("head bias", spec.head_bias);
    note("logit multiplier", spec.logit_multiplier.has_value());
    note("logit soft cap", spec.logit_soft_cap.has_value());
    note("learned positions", spec.learned_positions.has_value());
    note("position offset", spec.position_offset.has_value());
    note("embedding norm", spec.embedding_norm);
    note("embedding norm without weight", spec.embedding_norm_without.has_value());
    note("embedding width", spec.embedding_width.has_value());
    note("no final norm", spec.no_final_norm);
    note("layer scale", spec.layer_scale);
    note("hyper-connections", spec.hyper_connections.has_value());
    note("attention residuals", spec.residual_block.has_value());
    note("several kinds of layers", spec.layer.size() > 1);
    note("several segments", spec.stack.size() > 1);
    for (const auto& [name, layer] : spec.layer) see_layer(layer);
    for (const auto& [name, mixer] : spec.attention) {
      for (std::size_t kind = 0; kind < std::variant_size_v<Mixer>; ++kind) {
        note(std::string(Names<Mixer>::alternatives.at(kind)), mixer.index() == kind);
      }
      std::visit([&](const auto& kind) { see_mixer(kind); }, mixer);
    }
    for (const auto& [name, feed_forward] : spec.feed_forward) {
      std::visit([&](const auto& kind) { see_feed_forward(kind); }, feed_forward);
    }
  }
  // The questions to which only one of the two answers was drawn.
  [[nodiscard]] std::set<std::string> one_sided() const {
    std::set<std::string> answers;
    for (const auto& question : questions_) {
      if (!yes_.contains(question)) answers.insert(question + ": always no");
      if (!no_.contains(question)) answers.insert(question + ": always yes");
    }
    return answers;
  }

 private:
  void note(const std::string& question, bool answer) {
    questions_.insert(question);
    (answer ? yes_ : no_).insert(question);
  }
  void see_norm(const Norm& norm) {
    note("layer norm", norm.kind == NormKind::layer);
    see_each(norm.placement);
    note("norm without something", norm.without.has_value());
    if (norm.without) note("norm without weight", norm.without == NormOmission::weight_and_bias);
  }
  void see_layer(const Layer& layer) {
    const std::vector<Sublayer> sublayers = sublayers_of(layer);
    note("one sublayer", sublayers.size() == 1);
    note("more than two sublayers", sublayers.size() > 2);
    note("several mixers in a layer", mixers_of(layer).size() > 1);
    note("no mixer in a layer", mixers_of(layer).empty());
    for (const Sublayer& sublayer : sublayers) {
      note("blocks side by side", sublayer.blocks.size() > 1);
      note("norm of a sublayer", sublayer.norm.has_value());
      note("stream multiplier", sublayer.stream_multiplier.has_value());
      note("branch multiplier", sublayer.branch_multiplier.has_value());
      if (sublayer.norm) see_norm(*sublayer.norm);
      for (const SublayerBlock& block : sublayer.blocks) {
        note("norm of a block", block.norm.has_value());
        note("delay", block.delay.has_value());
        note("input multiplier", block.input_multiplier.has_value());
        note("output multiplier", block.output_multiplier.has_value());
      }
    }
  }
  void see_mixer(const GroupedAttention& attention) {
    note("shared key heads", attention.kv_heads < attention.query_heads);
    note("qkv bias", attention.qkv_bias);
    note("output bias", attention.output_bias);
    note("qk norm", attention.qk_norm.has_value());
    if (attention.qk_norm) see_each(*attention.qk_norm);
    note("window", attention.window.has_value());
    note("chunk", attention.chunk.has_value());
    note("block index", attention.block_index.has_value());
    note("query scalar", attention.query_scalar.has_value());
    note("score multiplier", attention.score_multiplier.has_value());
    note("qkv clip", attention.qkv_clip.has_value());
    note("score soft cap", attention.score_soft_cap.has_value());
    note("score growth", attention.score_growth_length.has_value());
    note("temperature", attention.temperature.has_value());
    if (attention.temperature) note("from zero", attention.temperature->from_zero);
    note("value width", attention.value_head_dim.has_value());
    note("values from keys", attention.values_from_keys);
    note("value scale", attention.value_scale.has_value());
    note("sinks", attention.sinks);
    note("key multiplier", attention.key_multiplier.has_value());
    note("alibi", attention.alibi.has_value());
    if (attention.alibi) see_each(*attention.alibi);
    note("output gate", attention.output_gate.has_value());
    if (attention.output_gate) see_each(attention.output_gate->width);
    note("rotary", attention.rotary.has_value());
    if (attention.rotary) see_rotary(*attention.rotary);
  }
  void see_mixer(const LatentAttention& attention) {
    note("query compression", attention.query_latent_dim.has_value());
    note("latent temperature", attention.temperature.has_value());
    note("compression bias", attention.compression_bias);
    note("latent output bias", attention.output_bias);
    note("latent rotary", attention.rotary.has_value());
    if (attention.rotary) see_rotary(*attention.rotary);
    note("query multiplier", attention.query_multiplier.has_value());
    note("latent multiplier", attention.latent_multiplier.has_value());
    note("chosen keys", attention.chosen_keys.has_value());
    if (attention.chosen_keys) note("an index of its own", attention.key_index.has_value());
    note("latent output gate", attention.output_gate.has_value());
  }
  void see_mixer(const CompressedAttention& attention) {
    note("compression", attention.compression.has_value());
    if (!attention.compression) return;
    note("overlapping groups", attention.compression->overlapping);
    note("an index of entries", attention.compression->index.has_value());
    note("an entry for each position", attention.compression->positions == 1);
  }
  void see_mixer(const LightningAttention& lightning) {
    note("several lightning heads", lightning.heads > 1);
    note("a chunk of lightning attention", lightning.chunk.has_value());
    note("rotated lightning queries", lightning.rotary.has_value());
    note("lightning norms of parts", lightning.norm_groups > 1);
  }
  void see_mixer(const KimiDeltaAttention& delta) {
    note("several Kimi heads", delta.heads > 1);
    note("a gate's latent", delta.gate_latent_dim.has_value());
    note("least log decay", delta.least_log_decay.has_value());
    note("decays in one step", !delta.decay_latent_dim);
    note("negative eigenvalues of Kimi delta", delta.negative_eigenvalues);
    note("a chunk of Kimi delta attention", delta.chunk.has_value());
  }
  void see_mixer(const ShortConvolution& convolution) {
    note("a kernel of two", convolution.kernel == 2);
  }
  void see_mixer(const GatedDeltaNet& delta) {
    note("heads that share a key", delta.value_heads > delta.key_heads);
    note("negative eigenvalues", delta.negative_eigenvalues);
    note("a chunk of gated DeltaNet", delta.chunk.has_value());
  }
  void see_mixer(const Mamba2& mamba) {
    note("heads that share a group", mamba.heads > mamba.groups);
    note("convolution bias", mamba.convolution_bias);
    note("multipliers of projections", mamba.multipliers.has_value());
    note("a chunk of Mamba-2", mamba.chunk.has_value());
    note("a norm of the output", mamba.norm_epsilon.has_value());
    note("a norm in parts", mamba.norm_groups > 1);
    note("a norm before the gate", mamba.norm_before_gate);
  }
  void see_mixer(const Mamba1& mamba) {
    note("bias of a scan's convolution", mamba.convolution_bias);
    note("norms of a selection", mamba.selection_norm.has_value());
    if (mamba.selection_norm) note("norms without weight", mamba.selection_norm->unweighted);
  }
  void see_rotary(const Rotary& rotary) {
    note("interleaved", rotary.layout == RotaryLayout::interleaved);
    note("turned pairs", rotary.turned_pairs.has_value());
    note("scaling", rotary.scaling.has_value());
    if (!rotary.scaling) return;
    const auto* yarn = std::get_if<YarnScaling>(&*rotary.scaling);
    note("yarn", yarn != nullptr);
    note("linear", std::holds_alternative<LinearScaling>(*rotary.scaling));
    note("dynamic", std::holds_alternative<DynamicScaling>(*rotary.scaling));
    note("longrope", std::holds_alternative<LongRope>(*rotary.scaling));
    if (yarn == nullptr) return;
    note("fractional bounds", yarn->fractional_bounds);
    note("mscale", yarn->mscale.has_value());
    note("mscale_all_dim", yarn->mscale_all_dim.has_value());
    note("attention factor", yarn->attention_factor.has_value());
  }
  void see_gate(const std::optional<GateLimit>& limit, const std::optional<double>& offset) {
    note("gate limit", limit.has_value());
    if (limit) see_each(limit->place);
    note("up offset", offset.has_value());
  }
  void see_feed_forward(const DenseFeedForward& dense) {
    note("mixture", false);
    note("gated", dense.gated);
    note("bias", dense.bias);
    note("xielu", dense.xielu.has_value());
    note("situ", dense.situ.has_value());
    see_gate(dense.gate_limit, dense.up_offset);
    note("gate multiplier", dense.gate_multiplier.has_value());
    see_each(dense.activation);
  }
  void see_feed_forward(const MixtureFeedForward& mixture) {
    note("ungated experts", mixture.ungated);
    note("latent experts", mixture.latent_width.has_value());
    note("norm of the latent", mixture.latent_norm);
    note("situ of experts", mixture.situ.has_value());
    note("experts listed by token", mixture.router.listed_by_token);
    note("identity experts", mixture.identity_experts.has_value());
    note("mixture", true);
    note("shared experts", mixture.shared_width.has_value());
    if (mixture.shared_width) note("shared gate", mixture.shared_gate);
    if (mixture.shared_width) note("shared limit", mixture.shared_gate_limit.has_value());
    note("expert bias", mixture.expert_bias);
    see_gate(mixture.gate_limit, mixture.up_offset);
    note("scaled input", mixture.scaled_input);
    if (mixture.shared_width) note("sum multiplier", mixture.sum_multiplier.has_value());
    see_each(mixture.router.scoring);
    note("router bias", mixture.router.bias);
    note("product soft cap", mixture.router.product_soft_cap.has_value());
    note("router's own input", mixture.router.own_input);
    note("expert scale", mixture.router.expert_scale);
    note("correction bias", mixture.router.correction_bias);
    note("normalized weights", mixture.router.normalized_weights);
    note("weight scale", mixture.router.weight_scale.has_value());
    note("groups", mixture.router.groups.has_value());
    if (mixture.router.groups) {
      note("fewer groups", mixture.router.groups->chosen < mixture.router.groups->count);
      see_each(mixture.router.groups->score);
    }
    see_each(mixture.activation);
  }
  template <class Enum>
  void see_each(Enum value) {
    for (const auto& [name, each] : Names<Enum>::values) note(std::string(name), value == each);
  }

  std::set<std::string> questions_, yes_, no_;
};

TEST(RandomSpecs, HaveEveryOptionBothWays) {
  Variety variety;
  check_many([&] { variety.see(*any_spec()); }, 4 * kSpecs);
  EXPECT_EQ(variety.one_sided(), std::set<std::string>());
}

}  // namespace
}  // namespace llmarch
