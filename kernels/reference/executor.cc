#include "kernels/reference/executor.h"

#include <fmt/format.h>

#include <stdexcept>

#include "kernels/reference/attention_kernels.h"
#include "kernels/reference/basic_kernels.h"
#include "kernels/reference/choice_kernels.h"
#include "kernels/reference/chunked_kernels.h"
#include "kernels/reference/compressed_kernels.h"
#include "kernels/reference/connection_kernels.h"
#include "kernels/reference/dispatch_kernels.h"
#include "kernels/reference/exchange_kernels.h"
#include "kernels/reference/expert_kernels.h"
#include "kernels/reference/recurrence_kernels.h"
#include "kernels/reference/rounded.h"
#include "kernels/reference/stream_kernels.h"

namespace llmarch {
namespace {

using reference::BlockRun;
using reference::Rows;

template <class Scalar>
std::vector<float> plain_elements(const Rows<Scalar>& rows) {
  std::vector<float> elements;
  elements.reserve(rows.elements.size());
  for (const Scalar element : rows.elements) elements.push_back(static_cast<float>(plain(element)));
  return elements;
}

template <class Scalar>
RoutingTrace routing_trace(const BlockRun<Scalar>& run, const Route& op, std::size_t layer) {
  RoutingTrace trace{layer, size(op.experts_per_token), {}, {}};
  const Rows<Scalar>& rows = run.values.at(op.out);
  for (std::size_t i = 0; i < rows.elements.size(); ++i) {
    const double element = plain(rows.elements[i]);
    if (i % rows.columns < trace.experts_per_token) {
      trace.experts.push_back(static_cast<std::int64_t>(element));
    } else {
      trace.weights.push_back(static_cast<float>(element));
    }
  }
  return trace;
}

template <class Scalar>
class Executor {
 public:
  Executor(const OpGraph& graph, const WeightStore& weights, KvCaches<Scalar>& caches,
           std::span<const std::int64_t> token_ids, const Workload& workload, Links* links)
      : graph_(graph),
        weights_(weights),
        caches_(caches),
        token_ids_(token_ids),
        workload_(workload),
        links_(links),
        layers_run_(graph.blocks.size(), 0),
        place_(graph.layers_before) {}

  // `entering` are the hidden states that the graph continues from, if it does from any.
  Execution run(Rows<Scalar> entering) {
    Rows<Scalar> hidden = run_block(0, std::move(entering));
    keep_hidden(hidden);
    for (const std::size_t block : graph_.layers) {
      hidden = run_block(block, std::move(hidden));
      keep_hidden(hidden);
      ++place_;
    }
    result_.trace.logits = plain_elements(run_block(graph_.blocks.size() - 1, std::move(hidden)));
    caches_.advance(size(workload_.tokens));
    caches_.forget_unreachable(graph_);
    result_.book = ledger_.book();
    count_touched();
    return std::move(result_);
  }

 private:
  Rows<Scalar> run_block(std::size_t index, Rows<Scalar> hidden) {
    const Block& block = graph_.blocks.at(index);
    const std::size_t layer = layers_run_[index]++;
    BlockRun<Scalar> run{&graph_,  &block,      place_,
                         layer,    layers_run_, &weights_,
                         &caches_, &workload_,  token_ids_,
                         &ledger_, &choice_,    std::vector<Rows<Scalar>>(block.values.size()),
                         links_};
    if (block.input) run.values.at(*block.input) = std::move(hidden);
    if (block.kind == BlockKind::layer && block.per_layer_input) give_own_part(run);
    for (std::size_t node = 0; node < block.nodes.size(); ++node) {
      if (!runs(block, node, workload_.forms)) continue;
      run_node(run, index, node);
    }
    if (block.kind == BlockKind::input && block.per_layer_input) {
      per_layer_inputs_ = std::move(run.values.at(*block.per_layer_input));
    }
    return std::move(run.values.at(block.output));
  }

  // Copies the columns of the per-layer input that belong to this layer.
  void give_own_part(BlockRun<Scalar>& run) {
    Rows<Scalar>& part = run.values.at(*run.block->per_layer_input);
    part.rows = per_layer_inputs_.rows;
    part.columns = size(run.block->values.at(*run.block->per_layer_input).columns);
    for (std::size_t row = 0; row < part.rows; ++row) {
      const auto begin =
          per_layer_inputs_.elements.begin() +
          static_cast<std::ptrdiff_t>(row * per_layer_inputs_.columns + place_ * part.columns);
      part.elements.insert(part.elements.end(), begin,
                           begin + static_cast<std::ptrdiff_t>(part.columns));
    }
  }

  void run_node(BlockRun<Scalar>& run, std::size_t block, std::size_t node) {
    const Op& op = run.block->nodes[node].op;
    ledger_.begin(block, node);
    arithmetic_tally = {};
    std::visit([&](const auto& kind) { reference::run(run, kind); }, op);
    ledger_.enter_arithmetic(arithmetic_tally);
    const std::size_t layer = result_.trace.hidden.size() - 1;
    if (const auto* route = std::get_if<Route>(&op)) {
      result_.trace.routing.push_back(routing_trace(run, *route, layer));
    }
    if (const auto* choose = std::get_if<ChooseKeys>(&op)) {
      result_.trace.keys.push_back({layer, choice_.groups, choice_.blocks, choose->share});
    }
  }

  void keep_hidden(const Rows<Scalar>& hidden) {
    result_.trace.hidden.push_back(plain_elements(hidden));
  }

  void count_touched() {
    for (const WeightInstance& instance : ledger_.touched()) {
      result_.active += graph_.weight(instance.weight).elements_of_copy();
    }
    for (std::size_t block = 0; block < graph_.blocks.size(); ++block) {
      for (std::size_t node = 0; node < graph_.blocks[block].nodes.size(); ++node) {
        const auto* experts = std::get_if<RunExperts>(&graph_.blocks[block].nodes[node].op);
        if (experts != nullptr) {
          result_.experts_run.push_back(
              {block, node, touched_copies(experts->up), ledger_.expert_runs(block, node)});
        }
      }
    }
  }

  [[nodiscard]] Integer touched_copies(WeightId weight) const {
    Integer count = 0;
    for (const WeightInstance& instance : ledger_.touched()) {
      if (instance.weight == weight) count += 1;
    }
    return count;
  }

  const OpGraph& graph_;
  const WeightStore& weights_;
  KvCaches<Scalar>& caches_;
  std::span<const std::int64_t> token_ids_;
  const Workload& workload_;
  Links* links_;
  std::vector<std::size_t> layers_run_;  // per block, so far
  std::size_t place_;                    // the layer's index in the stack
  Rows<Scalar> per_layer_inputs_;
  Ledger ledger_;
  reference::KeyChoice choice_;
  Execution result_;
};

void check_token_ids(const OpGraph& graph, std::span<const std::int64_t> token_ids,
                     const Workload& workload) {
  const Integer rows = workload.batch * workload.tokens;
  if (std::ssize(token_ids) != rows.value() || rows < 1) {
    throw std::invalid_argument(fmt::format("{} token ids for {} x {} tokens", token_ids.size(),
                                            workload.batch.value(), workload.tokens.value()));
  }
  const Integer vocabulary = token_vocabulary(graph);
  for (const std::int64_t id : token_ids) {
    if (id >= 0 && id < vocabulary.value()) continue;
    throw std::invalid_argument(
        fmt::format("token id {} is outside the vocabulary of {}", id, vocabulary.value()));
  }
}

void check_positions(const OpGraph& graph, const Workload& workload) {
  const std::optional<Integer> learned = learned_positions(graph);
  const Integer asked = workload.past + workload.tokens;
  if (!learned || asked <= *learned) return;
  throw std::invalid_argument(fmt::format("{} positions, and the model has learned only {}",
                                          asked.value(), learned->value()));
}

// The rows that the input block continues from; none where it looks up tokens alone.
template <class Scalar>
Rows<Scalar> entering_rows(const OpGraph& graph, std::span<const float> hidden,
                           const Workload& workload) {
  const Block& block = graph.blocks.front();
  const Integer rows = block.input ? workload.batch * workload.tokens : Integer(0);
  const Integer columns = block.input ? block.values.at(*block.input).columns : Integer(0);
  if (std::ssize(hidden) != (rows * columns).value()) {
    throw std::invalid_argument(fmt::format("{} elements of hidden states, and {} rows of {} enter",
                                            hidden.size(), rows.value(), columns.value()));
  }
  Rows<Scalar> entering{size(rows), size(columns), {}};
  for (const float element : hidden) entering.elements.push_back(Scalar(element));
  return entering;
}

template <class Scalar>
void check_caches(const KvCaches<Scalar>& caches, const Workload& workload) {
  if (caches.batch() == size(workload.batch) && caches.past() == size(workload.past)) return;
  throw std::invalid_argument(fmt::format("the caches do not hold {} positions of {} sequences",
                                          workload.past.value(), workload.batch.value()));
}

template <class Scalar>
void check(const OpGraph& graph, const KvCaches<Scalar>& caches,
           std::span<const std::int64_t> token_ids, const Workload& workload) {
  check_token_ids(graph, token_ids, workload);
  check_positions(graph, workload);
  check_caches(caches, workload);
}

}  // namespace

template <class Scalar>
Execution execute(const OpGraph& graph, const WeightStore& weights, KvCaches<Scalar>& caches,
                  std::span<const std::int64_t> token_ids, const Workload& workload) {
  return execute_from(graph, weights, caches, token_ids, {}, workload);
}

template <class Scalar>
Execution execute_from(const OpGraph& graph, const WeightStore& weights, KvCaches<Scalar>& caches,
                       std::span<const std::int64_t> token_ids, std::span<const float> hidden,
                       const Workload& workload) {
  check(graph, caches, token_ids, workload);
  return Executor<Scalar>(graph, weights, caches, token_ids, workload, nullptr)
      .run(entering_rows<Scalar>(graph, hidden, workload));
}

template <class Scalar>
Execution execute_rank(const OpGraph& graph, const WeightStore& weights, KvCaches<Scalar>& caches,
                       std::span<const std::int64_t> token_ids, const Workload& workload,
                       Links& links) {
  check(graph, caches, token_ids, workload);
  return Executor<Scalar>(graph, weights, caches, token_ids, workload, &links)
      .run(entering_rows<Scalar>(graph, {}, workload));
}

template Execution execute_from<Counted>(const OpGraph&, const WeightStore&, KvCaches<Counted>&,
                                         std::span<const std::int64_t>, std::span<const float>,
                                         const Workload&);
template Execution execute_rank<double>(const OpGraph&, const WeightStore&, KvCaches<double>&,
                                        std::span<const std::int64_t>, const Workload&, Links&);
template Execution execute_rank<Counted>(const OpGraph&, const WeightStore&, KvCaches<Counted>&,
                                         std::span<const std::int64_t>, const Workload&, Links&);
template Execution execute<double>(const OpGraph&, const WeightStore&, KvCaches<double>&,
                                   std::span<const std::int64_t>, const Workload&);
template Execution execute<Rounded>(const OpGraph&, const WeightStore&, KvCaches<Rounded>&,
                                    std::span<const std::int64_t>, const Workload&);
template Execution execute<Counted>(const OpGraph&, const WeightStore&, KvCaches<Counted>&,
                                    std::span<const std::int64_t>, const Workload&);

}  // namespace llmarch
