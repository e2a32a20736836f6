#include "kernels/engine/engine.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <stdexcept>

#include "kernels/engine/step.h"
#include "kernels/fast/memory_streams.h"

namespace llmarch::fast {
namespace {

using Clock = std::chrono::steady_clock;

// Memory of the kernels that does not depend on the model: converted rows, stacks, code.
constexpr std::int64_t kKernelBytes = std::int64_t{64} << 20;

double seconds_between(Clock::time_point begin, Clock::time_point end) {
  return std::chrono::duration<double>(end - begin).count();
}

CacheRoom room_of(const EngineOptions& options) {
  return {size(options.batch), size(options.positions), size(options.step_tokens)};
}

std::size_t floats_of(const StepPlan& plan) {
  std::size_t floats = 2 * plan.hidden_floats;
  for (const std::size_t slot : plan.slot_floats) floats += slot;
  return floats;
}

// The most scratch that any operation needs besides its operands, in the largest step.
Scratch largest_scratch(const OpGraph& graph, const EngineOptions& options) {
  Scratch most;
  for (const Block& block : graph.blocks) {
    const ScratchOf scratch_of{graph,
                               block,
                               size(options.batch),
                               size(options.step_tokens),
                               size(options.positions),
                               options.threads};
    for (const Node& node : block.nodes) {
      const Scratch scratch = std::visit(scratch_of, node.op);
      most.floats = std::max(most.floats, scratch.floats);
      most.cache_bytes = std::max(most.cache_bytes, scratch.cache_bytes);
    }
  }
  return most;
}

std::vector<float> elements_of(ConstRows rows) {
  std::vector<float> elements;
  elements.reserve(rows.rows * rows.columns);
  for (std::size_t r = 0; r < rows.rows; ++r) {
    elements.insert(elements.end(), rows.row(r), rows.row(r) + rows.columns);
  }
  return elements;
}

// The graph, if it is a whole model's.
const OpGraph* without_other_ranks(const OpGraph& graph) {
  for (const Block& block : graph.blocks) {
    for (const Node& node : block.nodes) {
      if (node.kind != WorkKind::communication) continue;
      throw std::invalid_argument("the engine runs whole models, and '" + node.name +
                                  "' needs other ranks");
    }
  }
  return &graph;
}

}  // namespace

struct Engine::State {
  State(const OpGraph& over, const EngineOptions& chosen)
      : graph(without_other_ranks(over)),
        options(chosen),
        team(chosen.threads, chosen.isa),
        weights(over, chosen.held),
        caches(over, room_of(chosen), chosen.held),
        ledger(over, chosen.held) {
    space.scratch.resize(largest_scratch(over, chosen).floats);
  }

  void choose_streams() { team.use_streams(fastest_streams(team, weights.memory())); }
  StepRun run(const Workload& workload, std::span<const std::int64_t> token_ids, Keep wanted,
              const Followed& follow);
  void check(const Workload& workload, std::span<const std::int64_t> token_ids) const;
  void prepare(const Workload& workload);
  void run_block(Step& step, std::size_t index);
  void run_node(Step& step, const PlannedNode& planned);
  void keep_routing(const Step& step, const Route& op);
  void keep_keys(const Step& step);
  StepRun result(const Step& step, double elapsed);

  const OpGraph* graph;
  EngineOptions options;
  Team team;
  ModelWeights weights;
  ModelCaches caches;
  StepLedger ledger;
  Workspace space;
  StepPlan plan;
  std::size_t past = 0;

  // State of the step that is running.
  Keep keep = Keep::logits;
  Trace trace;
  std::size_t layers_run = 0;
  std::vector<std::size_t> layers_of_block;
  Clock::time_point begin;  // of the running node
};

void Engine::State::check(const Workload& workload, std::span<const std::int64_t> token_ids) const {
  if (workload.batch != options.batch || workload.tokens < 1 ||
      workload.tokens > options.step_tokens) {
    throw std::invalid_argument(fmt::format("{} x {} tokens, and the engine was made for {} x {}",
                                            workload.batch.value(), workload.tokens.value(),
                                            options.batch.value(), options.step_tokens.value()));
  }
  if (size(workload.past) != past || workload.past + workload.tokens > options.positions) {
    throw std::invalid_argument(fmt::format(
        "{} positions and {} new ones, and the caches hold {} with room for {}",
        workload.past.value(), workload.tokens.value(), past, options.positions.value()));
  }
  if (token_ids.size() != size(workload.batch * workload.tokens)) {
    throw std::invalid_argument(fmt::format("{} token ids for {} x {} tokens", token_ids.size(),
                                            workload.batch.value(), workload.tokens.value()));
  }
  const Integer vocabulary = token_vocabulary(*graph);
  for (const std::int64_t id : token_ids) {
    if (id >= 0 && id < vocabulary.value()) continue;
    throw std::invalid_argument(
        fmt::format("token id {} is outside the vocabulary of {}", id, vocabulary.value()));
  }
}

// Lays out the rows of this workload. Every slot begins at a cache line.
void Engine::State::prepare(const Workload& workload) {
  plan = plan_step(*graph, workload);
  std::size_t bytes = 2 * HugeMemory::rounded(plan.hidden_floats * sizeof(float)) +
                      HugeMemory::rounded(size(workload.batch * workload.tokens) *
                                          plan.per_layer_columns * sizeof(float));
  for (const std::size_t floats : plan.slot_floats) {
    bytes += HugeMemory::rounded(floats * sizeof(float));
  }
  if (bytes > space.bytes) {
    space.memory.reset();
    space.memory.emplace(bytes);
    space.bytes = bytes;
    space.start = space.memory->take(bytes);
  }
  std::byte* next = space.start;
  const auto take = [&](std::size_t floats) {
    auto* taken = reinterpret_cast<float*>(next);
    next += HugeMemory::rounded(floats * sizeof(float));
    return taken;
  };
  space.hidden_in = take(plan.hidden_floats);
  space.hidden_out = take(plan.hidden_floats);
  const std::size_t rows = size(workload.batch * workload.tokens);
  space.per_layer = {take(rows * plan.per_layer_columns), rows, plan.per_layer_columns,
                     plan.per_layer_columns};
  space.slots.clear();
  for (const std::size_t floats : plan.slot_floats) space.slots.push_back(take(floats));
  std::erase_if(space.angles, [&](const Workspace::Angles& angles) {
    return angles.table.first != size(workload.past) || angles.positions != size(workload.tokens);
  });
  ledger.clear();
  space.routed = 0;
  space.indexed = 0;
  trace = {};
  layers_run = 0;
  layers_of_block.assign(graph->blocks.size(), 0);
}

void Engine::State::run_block(Step& step, std::size_t index) {
  step.block = &graph->blocks.at(index);
  step.plan = &plan.blocks.at(index);
  step.block_index = index;
  step.layer = layers_of_block[index]++;
  for (const PlannedNode& planned : step.plan->nodes) run_node(step, planned);
  if (step.block->kind == BlockKind::output) return;
  if (keep == Keep::everything) {
    trace.hidden.push_back(elements_of(step.value(step.block->output)));
    begin = Clock::now();
  }
  std::swap(space.hidden_in, space.hidden_out);
}

// A node's seconds count from the end of the node before it, so that all nodes add up to the step.
void Engine::State::run_node(Step& step, const PlannedNode& planned) {
  if (!planned.products.empty()) {
    run_projections(step, planned.products);
    begin = Clock::now();
  }
  step.node = planned.node;
  const Op& op = step.block->nodes[planned.node].op;
  std::visit([&](const auto& kind) { fast::run(step, kind); }, op);
  Line& line = ledger.line(step.block_index, planned.node);
  const Clock::time_point end = Clock::now();
  line.ran = true;
  line.seconds += seconds_between(begin, end);
  begin = end;
  if (const auto* route = std::get_if<Route>(&op)) keep_routing(step, *route);
  if (std::holds_alternative<ChooseKeys>(op)) keep_keys(step);
}

void Engine::State::keep_keys(const Step& step) {
  if (keep != Keep::everything) return;
  const auto& own = step.follow.keys.empty() ? space.keys.blocks : space.own_keys;
  KeyTrace kept{trace.hidden.size() - 1, space.keys.groups, {}};
  for (const auto& blocks : own) kept.blocks.emplace_back(blocks.begin(), blocks.end());
  trace.keys.push_back(std::move(kept));
  begin = Clock::now();
}

void Engine::State::keep_routing(const Step& step, const Route& op) {
  if (keep != Keep::everything) return;
  const Chosen& chosen = step.space.chosen.at(op.out);
  const std::vector<std::uint32_t>& own =
      step.follow.routing.empty() ? chosen.experts : space.own_choice;
  trace.routing.push_back({trace.hidden.size() - 1,
                           size(op.experts_per_token),
                           {own.begin(), own.end()},
                           chosen.weights});
  begin = Clock::now();
}

StepRun Engine::State::result(const Step& step, double elapsed) {
  StepRun result;
  result.book = ledger.book();
  const std::vector<double> seconds = ledger.seconds();
  for (std::size_t i = 0; i < seconds.size(); ++i) {
    const BookLine& line = result.book.lines[i];
    result.seconds.push_back({line.block, line.node, seconds[i]});
    result.total_seconds += seconds[i];
  }
  result.elapsed_seconds = elapsed;
  result.active = ledger.active();
  result.experts_run = ledger.experts_run();
  result.cache = caches.reachable(past);
  if (keep != Keep::nothing) trace.logits = elements_of(step.value(step.block->output));
  result.trace = std::move(trace);
  return result;
}

Footprint footprint(const OpGraph& graph, const EngineOptions& options) {
  const StepPlan plan = plan_step(graph, prefill(options.step_tokens, options.batch));
  const Scratch scratch = largest_scratch(graph, options);
  const auto bytes = [](std::size_t count) { return Bytes(static_cast<std::int64_t>(count)); };
  return {bytes(ModelWeights::bytes(graph, options.held)),
          bytes(ModelCaches::bytes(graph, room_of(options), options.held)),
          bytes((floats_of(plan) + scratch.floats) * sizeof(float) + scratch.cache_bytes) +
              Bytes(kKernelBytes)};
}

Engine::Engine(std::unique_ptr<State> state) : state_(std::move(state)) {}
Engine::Engine(Engine&&) noexcept = default;
Engine& Engine::operator=(Engine&&) noexcept = default;
Engine::~Engine() = default;

Engine Engine::synthetic(const OpGraph& graph, const EngineOptions& options, std::uint64_t seed) {
  check_held(graph, options.held);
  Engine engine(std::make_unique<State>(graph, options));
  engine.state_->weights.fill_synthetic(engine.state_->team, seed);
  engine.state_->choose_streams();
  return engine;
}

Engine Engine::loaded(const OpGraph& graph, const EngineOptions& options,
                      const std::function<void(const TakeWeights&)>& load) {
  check_held(graph, options.held);
  Engine engine(std::make_unique<State>(graph, options));
  load(engine.state_->weights.take());
  engine.state_->choose_streams();
  return engine;
}

Engine Engine::of(const OpGraph& graph, const EngineOptions& options, const WeightStore& weights) {
  return loaded(graph, options, [&](const TakeWeights& take) {
    for (WeightId id = 0; id < graph.weights.size(); ++id) {
      const Weight& weight = graph.weights[id];
      const std::size_t each = size(weight.elements_of_copy().amount());
      for (std::size_t layer = 0; layer < size(graph.instances(weight)); ++layer) {
        for (std::size_t copy = 0; copy < size(weight.copies); ++copy) {
          take.rows(id, layer, copy, 0, weights.of(id, layer).subspan(copy * each, each));
        }
      }
    }
  });
}

void Engine::forget() {
  state_->caches.clear_states();
  state_->past = 0;
}

void Engine::assume_past(Integer positions) {
  if (positions > state_->options.positions) {
    throw std::invalid_argument(fmt::format("{} positions, and the caches have room for {}",
                                            positions.value(), state_->options.positions.value()));
  }
  state_->caches.fill_synthetic(state_->team, size(positions), 1);
  state_->past = size(positions);
}

EngineSnapshot Engine::snapshot() const {
  return {past(), state_->caches.states()};
}

void Engine::restore(const EngineSnapshot& snapshot) {
  const Integer positions = snapshot.positions;
  if (positions > past() || positions + state_->options.step_tokens < past()) {
    throw std::invalid_argument(fmt::format("from {} positions back to {}, in steps of {}",
                                            past().value(), positions.value(),
                                            state_->options.step_tokens.value()));
  }
  state_->caches.restore_states(snapshot.states);
  state_->past = size(positions);
}

Integer Engine::past() const {
  return static_cast<std::int64_t>(state_->past);
}

StepRun Engine::run(const Workload& workload, std::span<const std::int64_t> token_ids, Keep keep) {
  return state_->run(workload, token_ids, keep, {});
}

StepRun Engine::run_following(const Workload& workload, std::span<const std::int64_t> token_ids,
                              const Followed& follow) {
  return state_->run(workload, token_ids, Keep::everything, follow);
}

StepRun Engine::State::run(const Workload& workload, std::span<const std::int64_t> token_ids,
                           Keep wanted, const Followed& follow) {
  check(workload, token_ids);
  prepare(workload);
  keep = wanted;
  Step step{*graph,
            workload,
            {size(workload.batch), size(workload.tokens), past},
            token_ids,
            team,
            weights,
            caches,
            ledger,
            space,
            follow,
            layers_of_block,
            std::nullopt};
  if (options.held.experts) step.experts_held = size(*options.held.experts);
  const Clock::time_point start = Clock::now();
  begin = start;
  run_block(step, 0);
  for (const std::size_t block : graph->layers) {
    if (layers_of_block[block] < size(options.held.layers[block])) run_block(step, block);
    ++step.place;
  }
  run_block(step, graph->blocks.size() - 1);
  const double elapsed = seconds_between(start, Clock::now());
  past += size(workload.tokens);
  return result(step, elapsed);
}

Team& Engine::team() {
  return state_->team;
}

std::span<const std::byte> Engine::weight_memory() const {
  return state_->weights.memory();
}

Elements Engine::parameters() const {
  return state_->weights.parameters();
}

}  // namespace llmarch::fast
