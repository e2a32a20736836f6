// Deliberate faults: one of the two books is made from a graph that has something wrong, and the
// comparison has to say so and name the operation, whichever of the two it is. What cannot be seen
// here would not be seen anywhere.
#include <gtest/gtest.h>

#include <functional>
#include <set>

#include "kernels/measure/agreement.h"
#include "kernels/reference/executor.h"
#include "sim/cost/predict.h"
#include "tests/support/tiny_models.h"

namespace llmarch {
namespace {

// One token, so that the number of experts is no expectation; in both forms of latent attention.
const Workload kSteps[] = {{1, 4, 1, {LatentForm::absorbed}, Logits::last},
                           {1, 4, 1, {LatentForm::expanded}, Logits::last}};

// Grouped-query attention, experts, and every option that adds an operation or a term.
ArchSpec grouped_model() {
  GroupedAttention attention = tiny_grouped();
  attention.kv_heads = 1;
  attention.qkv_bias = true;
  attention.output_bias = true;
  attention.qk_norm = QkNorm::per_head;
  attention.rotary = Rotary{10000, RotaryLayout::half_split, std::nullopt};
  MixtureFeedForward mixture = tiny_mixture();
  mixture.shared_width = 11;
  mixture.router = {Scoring::sigmoid, true, true, 2.5, ExpertGroups{4, 2}};
  ArchSpec spec = tiny_model(attention, mixture);
  spec.norm.kind = NormKind::layer;
  spec.learned_positions = 32;
  spec.stack.front().repeat = 2;
  return spec;
}

ArchSpec latent_model() {
  LatentAttention attention = tiny_latent();
  attention.query_latent_dim = 8;
  attention.compression_bias = true;
  attention.output_bias = true;
  DenseFeedForward dense = tiny_dense();
  dense.gated = true;
  dense.bias = true;
  ArchSpec spec = tiny_model(attention, dense);
  spec.stack.front().repeat = 2;
  return spec;
}

Book count(const OpGraph& graph, const Workload& step) {
  const WeightStore weights = synthetic_weights(graph, 9);
  KvCaches<Counted> caches(graph, 1);
  const std::vector<std::int64_t> past{3, 1, 4, 1};
  const std::vector<std::int64_t> token{5};
  execute(graph, weights, caches, past, prefill(4, 1));
  return execute(graph, weights, caches, token, step).book;
}

std::size_t node_count(const OpGraph& graph) {
  std::size_t count = 0;
  for (const Block& block : graph.blocks) count += block.nodes.size();
  return count;
}

// The operations in which one graph's prediction and the other's count differ.
std::set<std::string> reported(const OpGraph& predicted, const OpGraph& counted) {
  const bool predicted_names_all = node_count(predicted) >= node_count(counted);
  const OpGraph& names = predicted_names_all ? predicted : counted;
  std::set<std::string> operations;
  for (const Workload& step : kSteps) {
    for (const AgreementLine& line :
         lay_side_by_side(names, predict(predicted, step), count(counted, step))) {
      if (!line.holds()) operations.insert(line.operation);
    }
  }
  return operations;
}

// What is wrong, and the operation that must be named for it.
template <class Model>
struct Fault {
  const char* what;
  const char* operation;
  std::function<void(Model&)> make;
};

GroupedAttention& grouped(ArchSpec& spec) {
  return std::get<GroupedAttention>(spec.attention.front().value);
}
LatentAttention& latent(ArchSpec& spec) {
  return std::get<LatentAttention>(spec.attention.front().value);
}
MixtureFeedForward& mixture(ArchSpec& spec) {
  return std::get<MixtureFeedForward>(spec.feed_forward.front().value);
}
DenseFeedForward& dense(ArchSpec& spec) {
  return std::get<DenseFeedForward>(spec.feed_forward.front().value);
}

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

// A window of 3 after a past of 4, and every option that scales or caps a value.
ArchSpec local_model() {
  ArchSpec spec = grouped_model();
  spec.norm = {NormKind::rms, 1e-6, NormPlacement::before_and_after};
  spec.scaled_embedding = true;
  spec.logit_soft_cap = 30.0;
  GroupedAttention& attention = grouped(spec);
  attention.window = 3;
  attention.score_soft_cap = 50.0;
  attention.temperature = Temperature{0.1, 2};
  mixture(spec).shared_gate = true;
  return spec;
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
       {"a head more", "attention over latents", [](auto& s) { latent(s).query_heads = 4; }}});
}

// Attention and a mixture on a norm of their own each; then a feed-forward, whose sum is
// normalised; a second one of the first sublayer is added after it.
ArchSpec parallel_model() {
  ArchSpec spec = grouped_model();
  spec.feed_forward.push_back({"dense", tiny_dense()});
  const Norm norm{NormKind::layer, 1e-5, NormPlacement::before};
  const Norm both{NormKind::layer, 1e-5, NormPlacement::before_and_after, NormOmission::bias};
  const Norm after{NormKind::rms, 1e-5, NormPlacement::after, NormOmission::weight_and_bias};
  SublayerBlock attention{Reference{"mix", 0}, std::nullopt, norm};
  SublayerBlock mixture{std::nullopt, Reference{"feed", 0}, both};
  SublayerBlock delayed{std::nullopt, Reference{"dense", 1}, std::nullopt, Integer(1)};
  SublayerBlock dense{std::nullopt, Reference{"dense", 1}};
  spec.layer.front().value = {
      std::nullopt, std::nullopt,
      std::vector<Sublayer>{{{attention, mixture, delayed}}, {{dense}, after}}};
  return spec;
}

Sublayer& sublayer(ArchSpec& spec, std::size_t index) {
  return spec.layer.front().value.sublayers->at(index);
}

TEST(WithoutAFault, NothingIsReported) {
  for (const ArchSpec& spec : {grouped_model(), local_model(), latent_model(), parallel_model()}) {
    const OpGraph graph = lower(spec);
    EXPECT_EQ(reported(graph, graph), std::set<std::string>());
  }
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

Node& node(OpGraph& graph, const std::string& name) {
  for (Block& block : graph.blocks) {
    for (Node& each : block.nodes) {
      if (each.name == name) return each;
    }
  }
  throw std::logic_error("no operation '" + name + "'");
}

template <class Kind>
Kind& op(OpGraph& graph, const std::string& name) {
  return std::get<Kind>(node(graph, name).op);
}

// From the only layer block.
void remove(OpGraph& graph, const std::string& name) {
  std::vector<Node>& nodes = graph.blocks.at(1).nodes;
  ASSERT_EQ(std::erase_if(nodes, [&](const Node& each) { return each.name == name; }), 1U) << name;
}

void drop_residual(OpGraph& graph) {
  graph.blocks.at(1).output = op<Add>(graph, "residual after feed-forward").right;
  remove(graph, "residual after feed-forward");
}

void drop_delayed_block(OpGraph& graph) {
  graph.blocks.at(1).output = op<Add>(graph, "residual after delayed block").left;
  remove(graph, "residual after delayed block");
}

void skip_query_norm(OpGraph& graph) {
  op<Rotate>(graph, "rotate queries").in = op<Normalize>(graph, "query norm").in;
  remove(graph, "query norm");
}

void append_an_operation(OpGraph& graph) {
  Block& block = graph.blocks.at(1);
  block.values.push_back(block.values.at(block.output));
  const ValueId out = block.values.size() - 1;
  block.nodes.push_back({"one add too many", WorkKind::residual, Component::feed_forward,
                         Add{block.output, block.output, out}});
  block.output = out;
}

void drop_layer(OpGraph& graph) {
  graph.layers.pop_back();
  graph.blocks.at(1).repeats = graph.blocks.at(1).repeats - 1;
}

void expect_each_reported(const OpGraph& right, const std::vector<Fault<OpGraph>>& faults) {
  for (const auto& [what, operation, make] : faults) {
    OpGraph wrong = right;
    make(wrong);
    EXPECT_TRUE(reported(wrong, right).contains(operation)) << what << ", predicted";
    EXPECT_TRUE(reported(right, wrong).contains(operation)) << what << ", counted";
  }
}

TEST(AFaultInTheGraph, OfGroupedAttentionIsReported) {
  expect_each_reported(
      lower(grouped_model()),
      {{"a dropped bias", "key projection",
        [](auto& g) { op<Project>(g, "key projection").bias.reset(); }},
       {"one head less", "attention", [](auto& g) { op<Attend>(g, "attention").query_heads = 3; }},
       {"a norm over all heads", "query norm",
        [](auto& g) { op<Normalize>(g, "query norm").groups = 1; }},
       {"a norm skipped", "query norm", skip_query_norm},
       {"a part not rotated", "rotate keys", [](auto& g) { op<Rotate>(g, "rotate keys").dim = 4; }},
       {"rms for layer norm", "attention norm",
        [](auto& g) { op<Normalize>(g, "attention norm").kind = NormKind::rms; }},
       {"a missing residual", "residual after feed-forward", drop_residual},
       {"an operation too many", "one add too many", append_an_operation},
       {"a layer too few", "attention", drop_layer}});
}

TEST(AFaultInTheGraph, OfSublayersIsReported) {
  expect_each_reported(
      lower(parallel_model()),
      {{"a delayed block that is never added", "residual after delayed block", drop_delayed_block},
       {"rms for layer norm", "attention norm",
        [](auto& g) { op<Normalize>(g, "attention norm").kind = NormKind::rms; }},
       {"a norm with another's bias", "feed-forward norm", [](auto& g) {
          op<Normalize>(g, "feed-forward norm").bias = op<Normalize>(g, "attention norm").bias;
        }}});
}

TEST(AFaultInTheGraph, OfAMixtureIsReported) {
  expect_each_reported(
      lower(grouped_model()),
      {{"a dropped correction", "router",
        [](auto& g) { op<Route>(g, "router").correction_bias.reset(); }},
       {"groups passed over", "router",
        [](auto& g) { op<Route>(g, "router").router.groups.reset(); }},
       {"another activation", "experts",
        [](auto& g) { op<RunExperts>(g, "experts").activation = Activation::gelu_erf; }},
       {"one matrix for another's", "shared expert gate", [](auto& g) {
          op<Project>(g, "shared expert gate").bias = op<Normalize>(g, "attention norm").bias;
        }}});
}

TEST(AFaultInTheGraph, OfLatentAttentionIsReported) {
  expect_each_reported(
      lower(latent_model()),
      {{"the rotated part left out", "attention over latents",
        [](auto& g) { op<AttendLatent>(g, "attention over latents").shape.rope_dim = 0; }},
       {"the rotated part left out", "attention",
        [](auto& g) { op<AttendExpanded>(g, "attention").shape.rope_dim = 0; }},
       {"a head not absorbed", "query absorption",
        [](auto& g) { op<AbsorbQuery>(g, "query absorption").shape.heads = 2; }},
       {"a head not expanded", "value expansion",
        [](auto& g) { op<ExpandAttended>(g, "value expansion").shape.heads = 2; }},
       {"the values' matrix for the keys'", "latent expansion",
        [](auto& g) {
          auto& expand = op<ExpandLatents>(g, "latent expansion");
          expand.key_up = expand.value_up;
        }},
       {"keys expanded in the absorbed form too", "latent expansion",
        [](auto& g) { g.blocks.at(1).forms.at(1).first += 1; }}});
}

// Graphs that cannot be run, and so can be wrong on the predicted side only.
TEST(AFaultInTheGraph, ThatCannotBeRunIsReportedWhereItIsPriced) {
  const OpGraph right = lower(grouped_model());
  const std::vector<Fault<OpGraph>> faults{
      {"a cache a column short", "attention", [](auto& g) { g.caches.front().columns = 5; }},
      {"keys not stored", "attention", [](auto& g) { remove(g, "store keys"); }},
      {"an expert of a token doubled", "experts",
       [](auto& g) { op<RunExperts>(g, "experts").experts_per_token = 3; }},
      {"a value a column short", "attention output",
       [](auto& g) { g.blocks[1].values[op<Project>(g, "attention output").in].columns = 23; }},
      {"a weight a row short", "query projection",
       [](auto& g) { g.weights[op<Project>(g, "query projection").weight].rows = 23; }}};
  for (const auto& [what, operation, make] : faults) {
    OpGraph wrong = right;
    make(wrong);
    EXPECT_TRUE(reported(wrong, right).contains(operation)) << what;
  }
}

// A line of one book only, on either side.
TEST(AnOperationOfOneBook, StandsBesideNoWork) {
  const OpGraph graph = lower(grouped_model());
  const Book whole = predict(graph, kSteps[0]);
  Book part = whole;
  const BookLine removed = part.lines.at(5);
  part.lines.erase(part.lines.begin() + 5);

  std::size_t unlike = 0;
  for (const AgreementLine& line : lay_side_by_side(graph, whole, part)) {
    if (line.holds()) continue;
    ++unlike;
    EXPECT_EQ(line.predicted, removed.work);
    EXPECT_EQ(line.counted, Work::none());
  }
  for (const AgreementLine& line : lay_side_by_side(graph, part, whole)) {
    if (line.holds()) continue;
    ++unlike;
    EXPECT_EQ(line.predicted, Work::none());
    EXPECT_EQ(line.counted, removed.work);
  }
  EXPECT_EQ(unlike, 2U);
}

// Every figure of an agreement is held to; none is only shown.
TEST(AnAgreement, HoldsOnlyIfEverythingInItDoes) {
  const Agreement right = check_agreement(lower(grouped_model()), decode(5, 1), 1);
  ASSERT_TRUE(right.holds());
  const std::vector<std::function<void(Agreement&)>> faults{
      [](auto& a) { a.lines.at(3).counted.matrix += Flops(1); },
      [](auto& a) { a.lines.at(3).counted.other += Flops(1); },
      [](auto& a) { a.lines.at(3).counted.transcendentals += Transcendentals(1); },
      [](auto& a) { a.lines.at(3).counted.weights_read += Elements(1); },
      [](auto& a) { a.lines.at(3).counted.cache_read += Elements(1); },
      [](auto& a) { a.lines.at(3).counted.cache_written += Elements(1); },
      [](auto& a) { a.lines.at(3).counted.activations_read += Elements(1); },
      [](auto& a) { a.lines.at(3).predicted.activations_written += Elements(1); },
      [](auto& a) { a.total.counted.matrix += Flops(1); },
      [](auto& a) { a.counted_parameters += Elements(1); },
      [](auto& a) { a.counted_cache += Elements(1); },
      [](auto& a) { a.counted_active = *a.counted_active + Elements(1); },
      [](auto& a) { a.counted_active.reset(); }};
  for (std::size_t i = 0; i < faults.size(); ++i) {
    Agreement wrong = right;
    faults[i](wrong);
    EXPECT_FALSE(wrong.holds()) << "fault " << i;
  }
}

}  // namespace
}  // namespace llmarch
