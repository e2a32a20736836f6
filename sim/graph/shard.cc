#include "sim/graph/shard.h"

#include <algorithm>
#include <set>

#include "sim/graph/shard_rules.h"

namespace llmarch {
namespace {

[[noreturn]] void refuse(const std::string& why, const Deployment& deployment) {
  throw CannotShard(why + " (" + text_of(deployment) + ")");
}

// What an operation reads that an earlier layer made.
struct ReadOfLayers {
  std::vector<CacheId> caches;
  bool chosen_keys = false;
};

ReadOfLayers read_of_layers(const Op& op) {
  ReadOfLayers read;
  visit_operands(
      op, Overloaded{[&](const ReadsCache& each) {
                       read.caches.push_back(each.cache);
                       read.chosen_keys =
                           read.chosen_keys || std::holds_alternative<ChosenKeys>(each.reach);
                     },
                     [&](const ReadsCompleted& each) { read.caches.push_back(each.cache); },
                     [](const StoresEntries&) {}, [](const Stores&) {}, [](const ReadsState&) {},
                     [](const OverwritesState&) {}, [](const StepsState&) {},
                     [](const StepsStateByChunk&) {}, [](const OfValues auto&) {},
                     [](const OfWeights auto&) {}});
  return read;
}

// Refuses a stage with a layer that needs what a layer of an earlier stage has cached or chosen.
class StageCheck {
 public:
  StageCheck(const OpGraph& graph, const Deployment& deployment)
      : graph_(graph), deployment_(deployment) {}

  void see_layer(std::size_t layer) {
    const std::size_t block = graph_.layers[layer];
    seen_.insert(block);
    for (const Node& node : graph_.blocks[block].nodes) {
      chosen_ = chosen_ || std::holds_alternative<ChooseKeys>(node.op);
      const ReadOfLayers read = read_of_layers(node.op);
      const bool cached = std::ranges::all_of(
          read.caches, [&](CacheId cache) { return seen_.contains(graph_.cache(cache).block); });
      if (cached && (chosen_ || !read.chosen_keys)) continue;
      refuse("layer " + std::to_string(layer) + " reads what a layer of an earlier stage " +
                 (cached ? "has chosen" : "has cached"),
             deployment_);
    }
  }

 private:
  const OpGraph& graph_;
  const Deployment& deployment_;
  std::set<std::size_t> seen_;
  bool chosen_ = false;
};

void check_stages(const OpGraph& graph, const Deployment& deployment) {
  const Integer stages = deployment.pipeline;
  if (stages == 1) return;
  if (stages > std::ssize(graph.layers)) {
    refuse(std::to_string(graph.layers.size()) + " layers do not make " +
               std::to_string(stages.value()) + " stages",
           deployment);
  }
  if (graph.blocks.front().per_layer_input) {
    refuse("layers that are given inputs of their own are not divided into stages", deployment);
  }
  for (Integer stage = 0; stage < stages; stage += 1) {
    StageCheck check(graph, deployment);
    const auto [first, last] = stage_of(graph.layers.size(), deployment, stage);
    for (std::size_t layer = first; layer < last; ++layer) check.see_layer(layer);
  }
}

class Sharder {
 public:
  Sharder(const OpGraph& graph, const Deployment& deployment, Integer rank)
      : rank_{graph, deployment, rank},
        stage_index_(place_of(deployment, rank).pipeline),
        stage_(stage_of(graph.layers.size(), deployment, stage_index_)) {}

  Shard shard() {
    const OpGraph& model = rank_.model;
    const bool first = stage_index_ == 0;
    const bool last = stage_index_ == rank_.deployment.pipeline - 1;
    first ? divide(0) : receive();
    for (std::size_t block = 1; block + 1 < model.blocks.size(); ++block) {
      if (layers_before(block, stage_.last) > layers_before(block, stage_.first)) divide(block);
    }
    last ? divide(model.blocks.size() - 1) : send();
    place_layers();
    return std::move(rank_.shard);
  }

 private:
  // The layers that run the block, of those before `end`.
  [[nodiscard]] std::size_t layers_before(std::size_t block, std::size_t end) const {
    const auto& layers = rank_.model.layers;
    const auto stop = layers.begin() + static_cast<std::ptrdiff_t>(end);
    return static_cast<std::size_t>(std::count(layers.begin(), stop, block));
  }

  void divide(std::size_t index) {
    const Block& block = rank_.model.blocks.at(index);
    RankBlock made(rank_, index, units_of(rank_.model, block));
    for (std::size_t node = 0; node < block.nodes.size(); ++node) {
      made.enter_node(node);
      append_share(made, block.nodes[node].op);
    }
    made.finish();
  }

  // A block that hands on what `layer`, the first of a stage, is given; that may be wider than what
  // an earlier layer is, where layers keep what earlier ones gave.
  Block& begin_border(const char* name, BlockKind kind, std::size_t layer) {
    const Block& next = rank_.model.blocks.at(rank_.model.layers.at(layer));
    Block block;
    block.name = name;
    block.kind = kind;
    block.values.push_back(next.values.at(next.input.value()));
    rank_.shard.graph.blocks.push_back(std::move(block));
    return rank_.shard.graph.blocks.back();
  }
  void receive() {
    Block& block = begin_border("from the stage before", BlockKind::input, stage_.first);
    const Integer from = stage_neighbour(rank_.deployment, rank_.rank, -1);
    block.nodes.push_back({"receive hidden state", WorkKind::communication,
                           Component::token_embedding, Receive{from, 0}});
  }
  void send() {
    Block& block = begin_border("to the next stage", BlockKind::output, stage_.last);
    block.input = 0;
    const Integer to = stage_neighbour(rank_.deployment, rank_.rank, 1);
    block.nodes.push_back(
        {"send hidden state", WorkKind::communication, Component::head, Send{to, 0}});
  }

  void place_layers() {
    OpGraph& graph = rank_.shard.graph;
    for (Block& block : graph.blocks) block.repeats = block.kind == BlockKind::layer ? 0 : 1;
    for (std::size_t layer = stage_.first; layer < stage_.last; ++layer) {
      graph.layers.push_back(rank_.blocks.at(rank_.model.layers[layer]));
      graph.blocks[graph.layers.back()].repeats += 1;
    }
    if (rank_.deployment.pipeline > 1) {
      graph.layers_before = stage_.first;
      graph.all_layers = rank_.model.layers.size();
    }
    for (WeightPart& part : rank_.shard.weights) {
      part.first_layer = layers_before(rank_.model.weight(part.whole).block, stage_.first);
    }
  }

  RankGraph rank_;
  Integer stage_index_;
  Stage stage_;
};

}  // namespace

Stage stage_of(std::size_t layers, const Deployment& deployment, Integer stage) {
  const std::size_t stages = size(deployment.pipeline);
  const std::size_t index = size(stage);
  const auto begin = [&](std::size_t of) {
    return of * (layers / stages) + std::min(of, layers % stages);
  };
  return {begin(index), begin(index + 1)};
}

Shard shard(const OpGraph& graph, const Deployment& deployment, Integer rank) {
  check_stages(graph, deployment);
  if (deployment.pipeline > 1) {
    // A rank sees the layers of its own stage alone, and every rank refuses what any has to.
    Deployment one_stage = deployment;
    one_stage.pipeline = 1;
    Sharder(graph, one_stage, 0).shard();
  }
  return Sharder(graph, deployment, rank).shard();
}

}  // namespace llmarch
