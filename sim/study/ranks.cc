#include "sim/study/ranks.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <numeric>
#include <span>
#include <stdexcept>

#include "sim/cost/cost_curve.h"
#include "sim/cost/op_cost.h"
#include "sim/cost/predict.h"
#include "sim/study/beside_memory.h"
#include "sim/study/step.h"

namespace llmarch {
namespace {

// The systems that ranks from `first` on, `stride` apart, stand in: one or several.
Wire wire_between(const Hardware& machine, const Ranks& ranks) {
  const Integer first = ranks.first / machine.devices;
  const Integer last = ranks.rank_of(ranks.count - 1) / machine.devices;
  return first == last ? Wire::link : Wire::fabric;
}

const std::optional<Link>& link_of(const Hardware& machine, Wire wire) {
  switch (wire) {
    case Wire::link: return machine.link;
    case Wire::fabric: return machine.fabric;
  }
  throw std::logic_error("link_of: a wire outside the enumeration");
}

// With whom an operation exchanges rows, and which of them the rank contributes; none for others.
struct Exchanged {
  Ranks ranks;
  ValueId rows;
};
std::optional<Exchanged> exchanged_by(const Op& op, Integer rank) {
  if (const auto* exchange = std::get_if<Exchange>(&op)) {
    return Exchanged{exchange->ranks, exchange->in};
  }
  if (const auto* dispatch = std::get_if<DispatchRows>(&op)) {
    return Exchanged{dispatch->ranks, dispatch->in};
  }
  if (const auto* combine = std::get_if<CombineRows>(&op)) {
    return Exchanged{combine->ranks, combine->in};
  }
  if (const auto* send = std::get_if<Send>(&op)) {
    return Exchanged{{2, 0, rank, send->to - rank}, send->in};
  }
  return std::nullopt;
}

// `of_rank` has the sequences of one rank.
Workload workload_of_rank(Phase phase, const Setting& of_rank) {
  Workload workload = workload_of(phase, of_rank);
  workload.token_ranks = expert_spread(*of_rank.parallel).value().data;
  return workload;
}

// A rank of the setting's deployment, and what its steps are.
struct RankAt {
  const Setting& setting;  // with the sequences of one rank
  const OpGraph& graph;
  Integer rank;
  Rates rates;  // of one device

  [[nodiscard]] ExchangeFigures exchange(const Block& block, const Node& node,
                                         const Exchanged& exchanged,
                                         const Workload& workload) const {
    const Work work = evaluate(price(graph, block, node.op), workload, block.repeats);
    const Value& rows = block.values.at(exchanged.rows);
    const Integer count = quantity(driver_of(rows.rows), EveryKey{}, workload);
    ExchangeFigures figures{node.name,
                            exchanged.ranks.count,
                            block.repeats,
                            bytes_of(Elements(rows.columns * count), kActivations),
                            bytes_of(work.sent, kActivations),
                            work.rounds};
    figures.wire = wire_between(*setting.machine, exchanged.ranks);
    const std::optional<Link>& link = link_of(*setting.machine, figures.wire);
    const auto seconds = [&](Elements sent) {
      if (!link) return std::numeric_limits<double>::infinity();
      return bytes_of(sent, kActivations).amount().as_double() / link->bytes_per_second +
             figures.rounds.amount().as_double() * link->latency_seconds.value_or(0);
    };
    figures.seconds = seconds(work.sent);
    figures.least_seconds = seconds(
        evaluate(price(graph, block, node.op), workload, block.repeats, ExpertLoad::fewest).sent);
    return figures;
  }

  [[nodiscard]] std::vector<ExchangeFigures> exchanges(const Workload& workload) const {
    std::vector<ExchangeFigures> figures;
    for (const Block& block : graph.blocks) {
      for (std::size_t n = 0; n < block.nodes.size(); ++n) {
        if (!runs(block, n, workload.forms)) continue;
        const Node& node = block.nodes[n];
        if (const auto exchanged = exchanged_by(node.op, rank)) {
          figures.push_back(exchange(block, node, *exchanged, workload));
        }
      }
    }
    return figures;
  }

  // Floors are those of a curve, as on one device: a book reads a state at every token of a
  // prefill, and no floor does.
  [[nodiscard]] RankStep step(Phase phase) const {
    const Workload workload = workload_of_rank(phase, setting);
    const Integer length = length_of(phase, setting);
    const CostCurve curve(graph, phase, setting.batch, workload.token_ranks,
                          workload.forms.recurrence);
    RankStep step;
    step.work = curve.total(length);
    step.floor = FloorCurve(curve, rates, ExpertLoad::fewest).at(length);
    step.uniform = FloorCurve(curve, rates, ExpertLoad::uniform).at(length);
    step.exchanges = exchanges(workload);
    return step;
  }
};

// The setting as the rank with most sequences has it.
Setting setting_of_rank(Setting setting) {
  const Integer ranks = setting.parallel->data;
  setting.batch = (setting.batch + ranks - 1) / ranks;
  return setting;
}

}  // namespace

Bytes RankStep::sent() const {
  Bytes sum;
  for (const ExchangeFigures& exchange : exchanges) sum += exchange.sent;
  return sum;
}

double RankStep::exchange_seconds() const {
  double sum = 0;
  for (const ExchangeFigures& exchange : exchanges) sum += exchange.least_seconds;
  return sum;
}

double RankStep::expected_exchange_seconds() const {
  double sum = 0;
  for (const ExchangeFigures& exchange : exchanges) sum += exchange.seconds;
  return sum;
}

const StageFigures& RankFigures::fullest() const {
  return *std::ranges::max_element(stages, {},
                                   [](const StageFigures& stage) { return stage.memory.total(); });
}

double RankFigures::decode_seconds() const {
  return over_stages(&StageFigures::decode, &RankStep::seconds);
}
double RankFigures::uniform_decode_seconds() const {
  return over_stages(&StageFigures::decode, &RankStep::uniform_seconds);
}
double RankFigures::prefill_seconds() const {
  return over_stages(&StageFigures::prefill, &RankStep::seconds);
}

// A stage works for its own share of the step; the mean of those shares is 1 over the stages.
double RankFigures::bubble() const {
  return 1 - 1 / static_cast<double>(stages.size());
}

OpGraph graph_of_first_rank(const Model& model, const Setting& setting) {
  OpGraph whole = stored(model, setting);
  return setting.parallel ? shard(whole, *setting.parallel, 0).graph : std::move(whole);
}

Workload workload_of_first_rank(Phase phase, const Setting& setting) {
  if (!setting.parallel) return workload_of(phase, setting);
  return workload_of_rank(phase, setting_of_rank(setting));
}

std::optional<DeploymentProblem> machine_problem(const Setting& setting) {
  if (!setting.parallel) return std::nullopt;
  const std::string name = text_of(*setting.parallel);
  if (setting.machine == nullptr) {
    return DeploymentProblem{"--parallel divides a model among the devices of a machine",
                             "name it: --on 8xh100-sxm --parallel tp=8"};
  }
  const Integer ranks = setting.parallel->ranks();
  const Integer devices = setting.machine->all_devices();
  if (ranks != devices) {
    return DeploymentProblem{
        fmt::format("'{}' is {} rank{}, and {} has {} device{}", name, ranks.value(),
                    ranks == 1 ? "" : "s", setting.machine->name, devices.value(),
                    devices == 1 ? "" : "s"),
        "a rank is a device: --on 8xh100-sxm --parallel tp=8, or dp=2,tp=4"};
  }
  return std::nullopt;
}

std::optional<DeploymentProblem> deployment_problem(const Setting& setting) {
  if (auto problem = machine_problem(setting); problem || !setting.parallel) return problem;
  if (setting.batch % setting.parallel->data != 0) {
    return DeploymentProblem{
        fmt::format("{} sequences do not divide among the {} ranks of dp", setting.batch.value(),
                    setting.parallel->data.value()),
        fmt::format("give a multiple: --batch {}", setting.parallel->data.value())};
  }
  return std::nullopt;
}

RankPlan::RankPlan(const Model& model, const Setting& setting, const OpGraph& whole)
    : model_(model),
      setting_(setting),
      rates_(rates_of_device(*setting.machine, arithmetic_of(model, setting))),
      undivided_(undivided_bytes(model, setting)) {
  const Deployment& deployment = *setting.parallel;
  for (Integer stage = 0; stage < deployment.pipeline; stage += 1) {
    const Integer rank = stage_neighbour(deployment, 0, stage);
    const auto like = stage_like(whole, stage);
    stages_.push_back({rank, like ? OpGraph{} : shard(whole, deployment, rank).graph, like});
  }
  const auto prediction = stored_prediction(model, whole, setting);
  if (!prediction) return;
  Deployment of_layer = deployment;
  of_layer.pipeline = 1;
  prediction_ = {shard(*prediction, of_layer, 0).graph, *model.spec.beside->prediction_layers};
}

std::optional<std::size_t> RankPlan::stage_like(const OpGraph& whole, Integer stage) const {
  const Deployment& deployment = *setting_.parallel;
  if (stage == 0 || stage == deployment.pipeline - 1) return std::nullopt;
  const auto layers = [&](Integer of) {
    const auto [first, last] = stage_of(whole.layers.size(), deployment, of);
    return std::span(whole.layers).subspan(first, last - first);
  };
  const Integer devices = setting_.machine->devices;
  const auto place = [&](Integer of) { return stage_neighbour(deployment, 0, of) % devices; };
  for (Integer earlier = 1; earlier < stage; earlier += 1) {
    if (place(earlier) != place(stage)) continue;
    if (std::ranges::equal(layers(earlier), layers(stage))) return size(earlier);
  }
  return std::nullopt;
}

RankMemory RankPlan::memory_at(const StageShard& stage, const Setting& of_rank) const {
  RankMemory memory;
  memory.weights = weight_bytes(stage.graph).total;
  memory.cache = CacheCurve(stage.graph, of_rank.batch).peak(of_rank.context);
  const Workload decode = workload_of_rank(Phase::decode, of_rank);
  memory.activations =
      bytes_of(widest_rows(stage.graph, decode) + Elements(of_rank.batch * model_.spec.hidden),
               kActivations);
  memory.beside = undivided_;
  // Prediction layers follow the last layer.
  if (!prediction_ || stage.rank != stages_.back().rank) return memory;
  memory.beside += own_bytes(*model_.spec.beside, prediction_->graph) * prediction_->layers;
  memory.cache +=
      CacheCurve(prediction_->graph, of_rank.batch).peak(of_rank.context) * prediction_->layers;
  return memory;
}

StageFigures RankPlan::stage_at(const StageShard& stage, const Setting& of_rank) const {
  const RankAt at{of_rank, stage.graph, stage.rank, rates_};
  return {stage.rank,
          std::ssize(stage.graph.layers),
          memory_at(stage, of_rank),
          cache_bytes_per_token(stage.graph),
          at.step(Phase::decode),
          at.step(Phase::prefill)};
}

Setting RankPlan::setting_at(Integer context, Integer batch) const {
  Setting setting = setting_;
  setting.context = context;
  setting.batch = batch;
  return setting_of_rank(std::move(setting));
}

RankFigures RankPlan::at(Integer context, Integer prompt, Integer batch) const {
  Setting setting = setting_at(context, batch);
  setting.prompt = prompt;
  RankFigures figures;
  figures.deployment = *setting.parallel;
  figures.batch_of_rank = setting.batch;
  for (const StageShard& stage : stages_) {
    figures.stages.push_back(stage.like ? figures.stages.at(*stage.like)
                                        : stage_at(stage, setting));
    figures.stages.back().rank = stage.rank;
  }
  figures.device_memory = Bytes(setting.machine->memory.bytes);
  return figures;
}

double RankPlan::skewed_decode_seconds(Integer context, Integer batch, const Skew& skew) const {
  const Setting setting = setting_at(context, batch);
  std::vector<double> of_stages;
  for (const StageShard& stage : stages_) {
    if (stage.like) {
      of_stages.push_back(of_stages.at(*stage.like));
      continue;
    }
    const RankAt at{setting, stage.graph, stage.rank, rates_};
    const Workload step = workload_of_rank(Phase::decode, setting);
    const CostCurve curve(stage.graph, Phase::decode, setting.batch, step.token_ranks);
    const double exchanges = at.step(Phase::decode).expected_exchange_seconds();
    of_stages.push_back(FloorCurve(curve, rates_, skew).at(context).seconds + exchanges);
  }
  return std::accumulate(of_stages.begin(), of_stages.end(), 0.0);
}

RankHoldings RankPlan::holdings(Integer context, Integer batch) const {
  RankHoldings held{setting_at(context, batch), {}};
  for (const StageShard& stage : stages_) {
    if (stage.like) continue;
    held.stages.push_back({stage.rank, stage.graph, memory_at(stage, held.of_rank)});
  }
  return held;
}

// Ranks of one tensor-parallel group differ in padding and in what only the first of them adds;
// groups with other sequences and experts are alike.
Bytes replicated_weights(const Model& model, const Setting& setting) {
  const OpGraph whole = stored(model, setting);
  const Deployment& deployment = *setting.parallel;
  Bytes sum;
  for (Integer stage = 0; stage < deployment.pipeline; stage += 1) {
    for (Integer own = 0; own < deployment.tensor * deployment.context; own += 1) {
      const Integer rank = stage_neighbour(deployment, own, stage);
      sum += weight_bytes(shard(whole, deployment, rank).graph).total * deployment.data;
    }
  }
  return sum - weight_bytes(whole).total;
}

std::optional<double> expert_imbalance(const OpGraph& whole, const Deployment& deployment,
                                       const Skew& skew) {
  if (deployment.expert == 1) return std::nullopt;
  std::optional<double> most;
  for (const Block& block : whole.blocks) {
    for (const Node& node : block.nodes) {
      const auto* experts = std::get_if<RunExperts>(&node.op);
      if (experts == nullptr) continue;
      const auto loads = chances(skew, experts->experts, experts->experts_per_token);
      most = std::max(most.value_or(0), imbalance(loads, deployment.expert));
    }
  }
  return most;
}

RankFigures rank_figures(const Model& model, const Setting& setting) {
  const RankPlan plan(model, setting, stored(model, setting));
  return plan.at(setting.context, setting.prefill_tokens(), setting.batch);
}

}  // namespace llmarch
