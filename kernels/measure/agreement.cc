#include "kernels/measure/agreement.h"

#include <fmt/format.h>

#include "kernels/reference/executor.h"
#include "sim/cost/driver.h"
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

// What enters a graph that continues from hidden states; nothing for one that does not.
std::vector<float> some_hidden_states(const OpGraph& graph, std::size_t rows) {
  const Block& block = graph.blocks.front();
  if (!block.input) return {};
  const Integer columns = block.values.at(*block.input).columns;
  std::vector<float> hidden(rows * static_cast<std::size_t>(columns.value()));
  for (std::size_t i = 0; i < hidden.size(); ++i) {
    hidden[i] = static_cast<float>(i % 7) / 8 - 0.25F;
  }
  return hidden;
}

Execution run_counted(const OpGraph& graph, const WeightStore& weights, KvCaches<Counted>& caches,
                      const Workload& workload, std::uint64_t seed) {
  const auto ids = some_token_ids(graph, workload.batch * workload.tokens, seed);
  return execute_from(graph, weights, caches, ids, some_hidden_states(graph, ids.size()), workload);
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

ExpertReads experts_at(const OpGraph& graph, std::size_t block, std::size_t node) {
  const Block& where = graph.blocks.at(block);
  return price(graph, where, where.nodes.at(node).op).experts().at(0);
}

// The line with the price of one expert times the number that really ran, and where a token may
// choose identities, that of one run times the number of runs.
Work settled(const ExpertReads& experts, const Work& fixed, const Execution::ExpertsRun& ran) {
  Work work = fixed;
  if (experts.identities > 0) work += experts.run * ran.runs;
  work.weights_read = experts.each * ran.distinct;
  work.weight_bytes_read = experts.each_bytes * ran.distinct;
  return work;
}

// Replaces the expected cost of the experts of an operation by that of those that really ran.
void settle_experts(const OpGraph& graph, const Workload& workload,
                    const Execution::ExpertsRun& ran, Book& predicted) {
  if (!expects_experts(graph.blocks.at(ran.block).nodes.at(ran.node).op, workload)) return;
  ExpertReads experts = experts_at(graph, ran.block, ran.node);
  experts.layers = graph.blocks.at(ran.block).repeats;
  for (BookLine& line : predicted.lines) {
    if (line.block != ran.block || line.node != ran.node) continue;
    predicted.total = predicted.total - line.work;
    line.work = settled(experts, line.work - expected_work(experts, workload), ran);
    predicted.total += line.work;
  }
}

// The same for rows that are sent by what they choose.
void settle_routed(const OpGraph& graph, const Workload& workload, const RowsRouted& rows,
                   Book& predicted) {
  const Block& block = graph.blocks.at(rows.block);
  const Price each = price(graph, block, block.nodes.at(rows.node).op);
  for (BookLine& line : predicted.lines) {
    if (line.block != rows.block || line.node != rows.node) continue;
    predicted.total = predicted.total - line.work;
    for (RoutedRows routed : each.routed()) {
      routed.layers = block.repeats;
      const bool leaving = routed.way == RoutedRows::Way::leaving;
      line.work = line.work - expected_work(routed, workload);
      line.work += routed.each * (leaving ? rows.leaving : rows.arriving);
    }
    predicted.total += line.work;
  }
}

ExpertCount count_of(const OpGraph& graph, const Workload& workload,
                     const Execution::ExpertsRun& ran) {
  const Block& where = graph.blocks.at(ran.block);
  const ExpertReads experts = experts_at(graph, ran.block, ran.node);
  const double each = expected_distinct_experts(experts, workload.batch * workload.tokens);
  return {where.name, each * where.repeats.as_double(), ran.distinct};
}

// The weights that entries are made with, where the step makes none of them.
Elements idle_compressors(const OpGraph& graph, const Workload& workload) {
  Elements idle;
  for (const Block& block : graph.blocks) {
    const auto see = [&](const ReadsToCompress& each) {
      const Entries entries{each.positions};
      const Integer made = each.group == OfGroup::own ? entries_made(workload, entries)
                                                      : later_entries_made(workload, entries);
      if (made == 0) idle += graph.weight(each.weight).elements() * block.repeats;
    };
    for (const Node& node : block.nodes) {
      visit_operands(node.op, Overloaded{see, [](const ReadsWeight&) {}, [](const LooksUp&) {},
                                         [](const ReadsExperts&) {}, [](const OfValues auto&) {},
                                         [](const OfCaches auto&) {}});
    }
  }
  return idle;
}

// The active parameters of a step with one token: with identities, those of fewer experts than it
// chooses; without those of compressors where it makes no entry.
Elements settled_active(const OpGraph& graph, const Workload& workload, const Execution& run) {
  Elements active = predict_parameters(graph).active.all - idle_compressors(graph, workload);
  for (const Execution::ExpertsRun& ran : run.experts_run) {
    const ExpertReads experts = experts_at(graph, ran.block, ran.node);
    if (experts.identities == 0) continue;
    const Integer most = experts.chosen * graph.blocks.at(ran.block).repeats;
    active = active - experts.each * (most - ran.distinct);
  }
  return active;
}

void hold_books(const OpGraph& graph, const Workload& workload, const Execution& run,
                Agreement& agreement) {
  const Book predicted = predict_given(graph, workload, run.experts_run);
  for (const Execution::ExpertsRun& ran : run.experts_run) {
    agreement.experts.push_back(count_of(graph, workload, ran));
  }
  agreement.lines = lay_side_by_side(graph, predicted, run.book);
  agreement.total = {"", "total", 1, predicted.total, run.book.total};
  for (std::size_t i = 0; i < predicted.lines.size(); ++i) {
    const BookLine& line = predicted.lines[i];
    const Node& node = graph.blocks.at(line.block).nodes.at(line.node);
    agreement.lines[i].given_experts = expects_experts(node.op, workload);
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

bool expects_runs(const Op& op) {
  const auto* experts = std::get_if<RunExperts>(&op);
  return experts != nullptr && (experts->identities > 0 || experts->share);
}

bool expects_experts(const Op& op, const Workload& workload) {
  if (experts_read_by(op).empty()) return false;
  return workload.batch * workload.tokens > 1 || expects_runs(op);
}

Book predict_given(const OpGraph& graph, const Workload& workload,
                   std::span<const Execution::ExpertsRun> experts_run,
                   std::span<const RowsRouted> routed) {
  Book predicted = predict(graph, workload);
  for (const Execution::ExpertsRun& ran : experts_run) {
    settle_experts(graph, workload, ran, predicted);
  }
  for (const RowsRouted& rows : routed) settle_routed(graph, workload, rows, predicted);
  return predicted;
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
    agreement.predicted_active = settled_active(graph, workload, run);
    agreement.counted_active = run.active;
  }
  return agreement;
}

}  // namespace llmarch
