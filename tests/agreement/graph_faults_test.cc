// Deliberate faults in a graph: one of the two books is made from a graph with a wrong operation,
// and the comparison has to name the operation, whichever of the two books it is.
#include <gtest/gtest.h>

#include "sim/graph/lower.h"
#include "tests/agreement/faulty_models.h"
#include "tests/support/chunks.h"

namespace llmarch {
namespace {

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
        [](auto& g) { op<RunExperts>(g, "experts").form.activation = Activation::gelu_erf; }},
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

// A prefill of 5 tokens, in one chunk of 3 and one of 2.
Book count_by_chunks(const OpGraph& graph) {
  const WeightStore weights = synthetic_weights(graph, 9);
  KvCaches<Counted> caches(graph, 1);
  const std::vector<std::int64_t> ids{3, 1, 4, 1, 5};
  return execute(graph, weights, caches, ids, by_chunk(prefill(5, 1))).book;
}

TEST(AFaultInTheGraph, OfARecurrenceByChunksIsReported) {
  const OpGraph right = in_chunks_of(3, lower(tiny_model(tiny_delta_net(), tiny_dense())));
  const auto different = [](const OpGraph& predicted, const OpGraph& counted) {
    std::set<std::string> operations;
    for (const AgreementLine& line : lay_side_by_side(
             predicted, predict(predicted, by_chunk(prefill(5, 1))), count_by_chunks(counted))) {
      if (!line.holds()) operations.insert(line.operation);
    }
    return operations;
  };
  const std::set<std::string> name{"delta rule by chunks"};
  for (const std::int64_t chunk : {2, 4}) {
    const OpGraph wrong = in_chunks_of(chunk, right);
    EXPECT_EQ(different(wrong, right), name) << chunk;
    EXPECT_EQ(different(right, wrong), name) << chunk;
  }
  OpGraph without_rule = right;
  op<ChunkedRecurrence>(without_rule, *name.begin()).rule.strength.reset();
  EXPECT_EQ(different(without_rule, right), name);
  EXPECT_EQ(different(right, without_rule), name);
  EXPECT_EQ(different(right, right), std::set<std::string>());
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

}  // namespace
}  // namespace llmarch
