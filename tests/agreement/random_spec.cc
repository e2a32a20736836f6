#include "tests/agreement/random_spec.h"

#include <algorithm>
#include <array>
#include <ostream>

#include "sim/spec/fields.h"
#include "sim/toml/toml_writer.h"
#include "tests/agreement/random_blocks.h"
#include "tests/agreement/random_draws.h"

namespace llmarch {
namespace {

constexpr std::array kMixers{draw_grouped,    draw_latent, draw_convolution,
                             draw_delta_net,  draw_mamba2, draw_lightning,
                             draw_kimi_delta, draw_mamba1, draw_compressed};
static_assert(kMixers.size() == std::variant_size_v<Mixer>, "every kind of mixer is drawn");

// The longest context of the workloads below.
constexpr std::int64_t kLongestContext = 10;

Norm draw_norm(NormPlacement placement) {
  const double epsilon = *rc::gen::element(1e-6, 1e-5, 1e-3);
  Norm norm{any_of<NormKind>(), epsilon, placement};
  if (maybe()) norm.without = any_of<NormOmission>();
  // An rms norm has no bias to be without.
  if (norm.kind == NormKind::rms && norm.without == NormOmission::bias) norm.without.reset();
  return norm;
}

Reference refer(const char* kind, std::int64_t index) {
  return {kind + std::to_string(index), static_cast<std::size_t>(index)};
}

SublayerBlock any_block(std::int64_t attentions, std::int64_t feed_forwards) {
  if (maybe()) return {refer("mixer", between(0, attentions - 1)), std::nullopt};
  return {std::nullopt, refer("feed", between(0, feed_forwards - 1))};
}

NormPlacement any_placement_in_a_branch() {
  return *rc::gen::element(NormPlacement::before, NormPlacement::after,
                           NormPlacement::before_and_after);
}

// Puts blocks side by side or one after another.
std::vector<Sublayer> draw_sublayers(const std::vector<SublayerBlock>& blocks) {
  std::vector<Sublayer> sublayers;
  for (const SublayerBlock& block : blocks) {
    if (sublayers.empty() || maybe()) sublayers.emplace_back();
    sublayers.back().blocks.push_back(block);
    if (maybe()) sublayers.back().blocks.back().norm = draw_norm(any_placement_in_a_branch());
    if (maybe()) sublayers.back().blocks.back().input_multiplier = any_real(0.5, 1, 2);
    if (maybe()) sublayers.back().blocks.back().output_multiplier = any_real(0.5, 1, 2);
  }
  for (std::size_t i = 0; i < sublayers.size(); ++i) {
    if (maybe()) sublayers[i].norm = draw_norm(any_of<NormPlacement>());
    if (maybe()) sublayers[i].stream_multiplier = any_real(0.5, 1, 6);
    if (maybe()) sublayers[i].branch_multiplier = any_real(0.5, 1, 6);
    const auto following = std::ssize(sublayers) - static_cast<std::int64_t>(i) - 1;
    for (std::size_t k = 1; k < sublayers[i].blocks.size() && following > 0; ++k) {
      if (maybe()) sublayers[i].blocks[k].delay = between(1, following);
    }
  }
  return sublayers;
}

// A layer of this mixer and this feed-forward, and sometimes of further sublayers.
Layer draw_layer(const Reference& mixer, const Reference& feed, std::int64_t attentions,
                 std::int64_t feed_forwards) {
  if (maybe()) return {mixer, feed};
  std::vector<SublayerBlock> blocks{{mixer, std::nullopt}, {std::nullopt, feed}};
  if (maybe()) std::swap(blocks.front(), blocks.back());
  for (std::int64_t more = between(0, 2); more > 0; --more) {
    blocks.push_back(any_block(attentions, feed_forwards));
  }
  return {std::nullopt, std::nullopt, draw_sublayers(blocks)};
}

Layer layer_of_one_block(const SublayerBlock& block) {
  return {block.attention, block.feed_forward};
}

// As many kinds of layer as there are kinds of attention or feed-forward, so that each of these is
// used, and sometimes one with a single sublayer.
void draw_layers(ArchSpec& spec) {
  const std::int64_t attentions = between(1, 2);
  const std::int64_t feed_forwards = between(1, 2);
  for (std::int64_t i = 0; i < attentions; ++i) {
    const auto kind = static_cast<std::size_t>(between(0, std::ssize(kMixers) - 1));
    spec.attention.push_back({refer("mixer", i).name, kMixers.at(kind)()});
  }
  for (std::int64_t i = 0; i < feed_forwards; ++i) {
    spec.feed_forward.push_back({refer("feed", i).name, maybe() ? draw_mixture() : draw_dense()});
  }
  const std::int64_t kinds = std::max(attentions, feed_forwards);
  for (std::int64_t i = 0; i < kinds; ++i) {
    const std::int64_t mixer = i < attentions ? i : between(0, attentions - 1);
    const std::int64_t feed = i < feed_forwards ? i : between(0, feed_forwards - 1);
    spec.layer.push_back(
        {refer("layer", i).name,
         draw_layer(refer("mixer", mixer), refer("feed", feed), attentions, feed_forwards)});
  }
  if (maybe()) {
    spec.layer.push_back(
        {refer("layer", kinds).name, layer_of_one_block(any_block(attentions, feed_forwards))});
  }
}

// Each kind of layer once, and then more of them in any order.
void draw_stack(ArchSpec& spec) {
  const std::int64_t kinds = std::ssize(spec.layer);
  Segment all{{}, between(1, 2)};
  for (std::int64_t i = 0; i < kinds; ++i) all.layers.push_back(refer("layer", i));
  spec.stack.push_back(all);
  for (std::int64_t segments = between(0, 2); segments > 0; --segments) {
    Segment more{{}, between(1, 2)};
    for (std::int64_t layers = between(1, 2); layers > 0; --layers) {
      more.layers.push_back(refer("layer", between(0, kinds - 1)));
    }
    spec.stack.push_back(more);
  }
}

// A layer whose second mixer reads the cache that its own first mixer fills.
Layer layer_with_owner(const Reference& owner, const Reference& reader, const Reference& feed) {
  return {std::nullopt, std::nullopt,
          draw_sublayers({{owner, std::nullopt}, {reader, std::nullopt}, {std::nullopt, feed}})};
}

// After all others, layers that read the cache of the first grouped attention.
void draw_sharing(ArchSpec& spec) {
  for (std::size_t i = 0; i < spec.attention.size(); ++i) {
    const auto* owner = std::get_if<GroupedAttention>(&spec.attention[i].value);
    if (owner == nullptr) continue;
    GroupedAttention sharing = *owner;
    sharing.block_index.reset();
    sharing.query_heads = sharing.kv_heads * between(1, 3);
    sharing.value_norm = false;
    sharing.value_head_dim = value_width(*owner);
    sharing.values_from_keys = false;
    sharing.value_scale.reset();
    sharing.kv_from = Reference{spec.attention[i].name, i};
    spec.attention.push_back({"sharing", sharing});
    const Reference reader{"sharing", spec.attention.size() - 1};
    const Reference feed = refer("feed", between(0, std::ssize(spec.feed_forward) - 1));
    spec.layer.push_back({"sharing", maybe() ? Layer{reader, feed}
                                             : layer_with_owner(*sharing.kv_from, reader, feed)});
    spec.stack.push_back({{Reference{"sharing", spec.layer.size() - 1}}, between(1, 2)});
    return;
  }
}

// After all others, layers whose latent attention takes the choice of an index: that of the first
// attention that has one, which stands before it in the layer.
void draw_shared_choice(ArchSpec& spec) {
  for (std::size_t i = 0; i < spec.attention.size(); ++i) {
    const auto* owner = std::get_if<LatentAttention>(&spec.attention[i].value);
    if (owner == nullptr || !owner->key_index) continue;
    LatentAttention sharing = *owner;
    sharing.key_index.reset();
    const Reference index{spec.attention[i].name, i};
    spec.attention.push_back({"shared_choice", sharing});
    const Reference reader{"shared_choice", spec.attention.size() - 1};
    const Reference feed = refer("feed", between(0, std::ssize(spec.feed_forward) - 1));
    spec.layer.push_back({"shared_choice", layer_with_owner(index, reader, feed)});
    spec.stack.push_back({{Reference{"shared_choice", spec.layer.size() - 1}}, between(1, 2)});
    return;
  }
}

// Whether a mixer's output grows faster than what it reads: gates multiply a convolution's input by
// itself, and attention's output is a mean of what is linear in it.
bool multiplies_its_input(const GroupedAttention&) {
  return false;
}
bool multiplies_its_input(const LatentAttention&) {
  return false;
}
bool multiplies_its_input(const CompressedAttention&) {
  return false;
}
bool multiplies_its_input(const ShortConvolution&) {
  return true;
}
// The gate multiplies what has been normalised.
bool multiplies_its_input(const GatedDeltaNet&) {
  return false;
}
// What the gate multiplies is normalised after it or before, where there is a norm.
bool multiplies_its_input(const Mamba2& mamba) {
  return !mamba.norm_epsilon;
}
bool multiplies_its_input(const Mamba1&) {
  return true;
}

// Both normalise the output before its gate.
bool multiplies_its_input(const LightningAttention&) {
  return false;
}
bool multiplies_its_input(const KimiDeltaAttention&) {
  return false;
}

bool multiplies_its_input(const ArchSpec& spec, const SublayerBlock& block) {
  if (!block.attention) return true;  // a gated feed-forward
  return std::visit([](const auto& mixer) { return multiplies_its_input(mixer); },
                    spec.attention.at(block.attention->index).value);
}

// A gated feed-forward squares what it reads. A few such blocks that read the residual stream as it
// is, and add to it what they give, take the hidden state beyond float, where no two
// implementations have numbers to compare: each of them gets a norm of its own.
void bound_products(const ArchSpec& spec, Sublayer& sublayer) {
  const auto is_bounded = [&](const SublayerBlock& block) {
    const std::optional<Norm> around = norm_around(spec, sublayer);
    return !multiplies_its_input(spec, block) || block.norm || stands_before(around) ||
           (around && !block.delay);
  };
  // One at a time, since a norm within the sublayer takes away the spec's around it.
  for (;;) {
    const auto block = std::ranges::find_if_not(sublayer.blocks, is_bounded);
    if (block == sublayer.blocks.end()) return;
    block->norm = draw_norm(any_placement_in_a_branch());
  }
}

// Takes away what no residual stream of several vectors has but AltUp's.
void simplify_sublayers(ArchSpec& spec) {
  const auto simplify = [](Norm& norm) {
    const bool of_the_stream = norm.placement == NormPlacement::after_residual ||
                               norm.placement == NormPlacement::before_residual;
    if (of_the_stream) norm.placement = NormPlacement::before;
  };
  simplify(spec.norm);
  spec.layer_scale = false;
  for (auto& [name, layer] : spec.layer) {
    if (!layer.sublayers) continue;
    for (Sublayer& sublayer : *layer.sublayers) {
      if (sublayer.norm) simplify(*sublayer.norm);
      sublayer.stream_multiplier.reset();
      for (SublayerBlock& block : sublayer.blocks) block.delay.reset();
    }
  }
}

// Whether the residual stream is of several vectors in another way than AltUp's.
bool draw_streams(ArchSpec& spec) {
  const auto shares = [](const auto& mixer) { return cache_owner(mixer.value) != nullptr; };
  if (std::ranges::any_of(spec.attention, shares) || maybe()) return false;
  if (maybe()) {
    spec.hyper_connections =
        HyperConnections{between(2, 4), between(1, 4), *rc::gen::element(1e-6, 1e-3)};
  } else {
    spec.residual_block = between(1, 4);
  }
  simplify_sublayers(spec);
  return true;
}

void draw_surroundings(ArchSpec& spec) {
  if (draw_streams(spec)) return;
  if (maybe()) {
    // Vectors of one element would be equal or opposite at one magnitude, and the mean of opposite
    // ones is nothing or a rounding.
    spec.hidden = std::max(spec.hidden, Integer(2));
    spec.parallel_streams = ParallelStreams{between(2, 4), 0, std::nullopt};
    spec.parallel_streams->active = between(0, spec.parallel_streams->count.value() - 1);
    if (maybe()) spec.parallel_streams->coefficient_clip = any_real(0.1, 1, 10);
  }
  if (maybe()) {
    spec.per_layer_embedding =
        PerLayerEmbedding{between(1, 20), between(1, 5), any_of<Activation>(), maybe()};
  }
  if (maybe()) spec.low_rank_residual = between(1, 5);
}

void draw_positions(ArchSpec& spec) {
  if (maybe()) spec.position_offset = between(1, 3);
  spec.learned_positions = kLongestContext + spec.position_offset.value_or(0) + between(0, 3);
}

ArchSpec draw_spec() {
  ArchSpec spec;
  spec.name = "random";
  spec.vocabulary = between(1, 20);
  spec.hidden = between(1, 10);
  spec.context_limit = kLongestContext;
  if (maybe()) draw_positions(spec);
  spec.head = any_of<Head>();
  if (spec.head == Head::separate && maybe()) spec.head_labels = between(1, 5);
  spec.scaled_embedding = maybe();
  if (maybe()) spec.embedding_multiplier = any_real(0.5, 1, 6);
  if (maybe()) spec.residual_multiplier = any_real(0.1, 1, 20);
  if (spec.head != Head::none) spec.head_bias = maybe();
  if (spec.head != Head::none && maybe()) spec.logit_multiplier = any_real(0.1, 1, 20);
  spec.embedding_norm = maybe();
  if (spec.embedding_norm && maybe()) {
    spec.embedding_norm_without = NormOmission::weight_and_bias;
  }
  if (maybe()) spec.embedding_width = between(1, 7);
  spec.no_final_norm = maybe();
  spec.layer_scale = maybe();
  if (spec.head != Head::none && maybe()) spec.logit_soft_cap = any_real(0.5, 1, 10);
  spec.norm = draw_norm(any_of<NormPlacement>());
  draw_layers(spec);
  draw_stack(spec);
  if (maybe()) draw_sharing(spec);
  if (maybe()) draw_shared_choice(spec);
  draw_surroundings(spec);
  for (auto& [name, layer] : spec.layer) {
    if (!layer.sublayers) continue;
    for (Sublayer& sublayer : *layer.sublayers) bound_products(spec, sublayer);
  }
  return spec;
}

Workload draw_workload(std::int64_t past, std::int64_t tokens) {
  const auto form = *rc::gen::element(LatentForm::expanded, LatentForm::absorbed);
  const auto logits = *rc::gen::element(Logits::last, Logits::all);
  const auto recurrence = *rc::gen::element(RecurrenceForm::by_step, RecurrenceForm::by_chunk);
  return {between(1, 3), past, tokens, {form, recurrence}, logits};
}

}  // namespace

rc::Gen<ArchSpec> any_spec() {
  return rc::gen::exec(draw_spec);
}

rc::Gen<Workload> any_prefill() {
  return rc::gen::exec([] { return draw_workload(0, between(1, 6)); });
}

rc::Gen<Workload> any_decode() {
  return rc::gen::exec([] { return draw_workload(between(0, 7), 1); });
}

rc::Gen<Workload> any_chunk() {
  return rc::gen::exec([] {
    const std::int64_t past = between(1, 4);
    return draw_workload(past, between(2, 4));
  });
}

void showValue(const ArchSpec& spec, std::ostream& out) {
  out << "\n" << write_toml_spec(spec, {});
}

void showValue(const Workload& workload, std::ostream& out) {
  out << "batch " << workload.batch.value() << ", past " << workload.past.value() << ", tokens "
      << workload.tokens.value()
      << (workload.forms.latent == LatentForm::absorbed ? ", absorbed" : ", expanded")
      << (workload.forms.recurrence == RecurrenceForm::by_step ? ", by step" : ", by chunk")
      << (workload.logits == Logits::all ? ", all logits" : ", last logits");
}

}  // namespace llmarch
