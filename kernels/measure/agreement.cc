#include "kernels/measure/agreement.h"

#include <fmt/format.h>

#include "kernels/reference/executor.h"
#include "sim/cost/op_cost.h"
#include "sim/cost/predict.h"

namespace llmarch {
namespace {

std::vector<std::int64_t> some_token_ids(const OpGraph& graph, Integer count, std::uint64_t seed) {
  const Integer vocabulary = token_vocabulary(graph);
  std::vector<std::int64_t> ids;
  for (Integer i = 0; i < count; i += 1) {
    const auto step = static_cast<std::int64_t>(seed % 1000) + 7 * i.value();
    ids.push_back(step % vocabulary.value());
  }
  return ids;
}

Execution run_counted(const OpGraph& graph, const WeightStore& weights, KvCaches<Counted>& caches,
                      const Workload& workload, std::uint64_t seed) {
  const auto ids = some_token_ids(graph, workload.batch * workload.tokens, seed);
  return execute(graph, weights, caches, ids, workload);
}

std::string describe(const Workload& workload) {
  const std::int64_t batch = workload.batch.value();
  const std::int64_t tokens = workload.tokens.value();
  if (workload.past == 0) return fmt::format("prefill of {} tokens, batch {}", tokens, batch);
  const std::int64_t context = (workload.past + workload.tokens).value();
  return fmt::format("decode of {} token{} at context {}, batch {}", tokens, tokens == 1 ? "" : "s",
                     context, batch);
}

const Work* find_work(const Book& book, const BookLine& line) {
  for (const BookLine& candidate : book.lines) {
    if (candidate.block == line.block && candidate.node == line.node) return &candidate.work;
  }
  return nullptr;
}

AgreementLine empty_line(const OpGraph& graph, const BookLine& line) {
  const Block& block = graph.blocks.at(line.block);
  return {block.name, block.nodes.at(line.node).name, block.repeats, Work::none(), Work::none()};
}

// Replaces the expected cost of the experts by the price of one times the number that really ran.
void settle_experts(const OpGraph& graph, const Workload& workload, const Execution& run,
                    Book& predicted, Agreement& agreement) {
  const Integer tokens = workload.batch * workload.tokens;
  for (const auto& [block, node, count] : run.distinct_experts) {
    const Block& where = graph.blocks.at(block);
    const ExpertReads experts = price(graph, where, where.nodes.at(node).op).experts().at(0);
    const double expected = expected_distinct_experts(experts.experts, experts.chosen, tokens) *
                            where.repeats.as_double();
    agreement.experts.push_back({where.name, expected, count});
    if (tokens == 1) continue;
    for (BookLine& line : predicted.lines) {
      if (line.block != block || line.node != node) continue;
      predicted.total = predicted.total - line.work;
      line.work.weights_read = experts.each * count;
      line.work.weight_bytes_read = experts.each_bytes * count;
      predicted.total += line.work;
    }
  }
}

void hold_books(const OpGraph& graph, const Workload& workload, const Execution& run,
                Agreement& agreement) {
  Book predicted = predict(graph, workload);
  settle_experts(graph, workload, run, predicted, agreement);
  agreement.lines = lay_side_by_side(graph, predicted, run.book);
  agreement.total = {"", "total", 1, predicted.total, run.book.total};
  if (workload.batch * workload.tokens == 1) return;
  for (std::size_t i = 0; i < predicted.lines.size(); ++i) {
    const BookLine& line = predicted.lines[i];
    const Node& node = graph.blocks.at(line.block).nodes.at(line.node);
    agreement.lines[i].given_experts = !experts_read_by(node.op).empty();
    agreement.total.given_experts |= agreement.lines[i].given_experts;
  }
}

}  // namespace

bool Agreement::holds() const {
  for (const AgreementLine& line : lines) {
    if (!line.holds()) return false;
  }
  return total.holds() && predicted_parameters == counted_parameters &&
         predicted_cache == counted_cache && predicted_active == counted_active;
}

std::vector<AgreementLine> lay_side_by_side(const OpGraph& graph, const Book& predicted,
                                            const Book& counted) {
  std::vector<AgreementLine> lines;
  for (const BookLine& line : predicted.lines) {
    const Work* ran = find_work(counted, line);
    lines.push_back(empty_line(graph, line));
    lines.back().predicted = line.work;
    if (ran != nullptr) lines.back().counted = *ran;
  }
  for (const BookLine& line : counted.lines) {
    if (find_work(predicted, line) != nullptr) continue;
    lines.push_back(empty_line(graph, line));
    lines.back().counted = line.work;
  }
  return lines;
}

Agreement check_agreement(const OpGraph& graph, const Workload& workload, std::uint64_t seed) {
  const WeightStore weights = synthetic_weights(graph, seed);
  KvCaches<Counted> caches(graph, static_cast<std::size_t>(workload.batch.value()));
  if (workload.past > 0) {
    run_counted(graph, weights, caches, prefill(workload.past, workload.batch), seed);
  }
  const Execution run = run_counted(graph, weights, caches, workload, seed + 1);

  Agreement agreement;
  agreement.step = describe(workload);
  hold_books(graph, workload, run, agreement);
  const Parameters parameters = predict_parameters(graph);
  agreement.predicted_parameters = parameters.total;
  agreement.counted_parameters = weights.held();
  agreement.predicted_cache =
      cache_elements(graph, workload.past + workload.tokens, workload.batch);
  agreement.counted_cache = caches.held();
  if (workload.batch * workload.tokens == 1) {
    agreement.predicted_active = parameters.active.all;
    agreement.counted_active = run.active;
  }
  return agreement;
}

}  // namespace llmarch
