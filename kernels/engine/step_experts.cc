// Routing, and the routed experts: the rows of each expert are gathered, and all experts that any
// row chose run as one piece of work.
#include <algorithm>
#include <limits>
#include <numeric>
#include <stdexcept>

#include "kernels/engine/step.h"
#include "kernels/fast/matrix_product.h"

namespace llmarch::fast {
namespace {

// Stands for the run of a choice that is an identity, which gives back its row and runs no expert.
constexpr std::size_t kIdentity = std::numeric_limits<std::size_t>::max();

// Rows sorted by expert. A run is one row through one expert; runs are ordered by expert, and those
// of one expert by row.
struct Runs {
  std::vector<std::size_t> row;  // for each run
  std::vector<float> weight;     // for each run
  // For each choice (row, experts_per_token): its run, or kIdentity.
  std::vector<std::size_t> place_of;
  struct Expert {
    std::size_t expert, first, count;  // `count` runs from `first` on
  };
  std::vector<Expert> experts;  // those that run, ascending
};

Runs sort_by_expert(const Chosen& chosen, std::size_t experts_per_token, std::size_t experts) {
  std::vector<std::size_t> counts(experts, 0);
  for (const std::uint32_t expert : chosen.experts) {
    if (expert < experts) ++counts[expert];
  }
  std::vector<std::size_t> next(experts, 0);
  std::exclusive_scan(counts.begin(), counts.end(), next.begin(), std::size_t{0});
  Runs runs;
  for (std::size_t expert = 0; expert < experts; ++expert) {
    if (counts[expert] > 0) runs.experts.push_back({expert, next[expert], counts[expert]});
  }
  const std::size_t all = std::accumulate(counts.begin(), counts.end(), std::size_t{0});
  runs.row.resize(all);
  runs.weight.resize(all);
  runs.place_of.resize(chosen.experts.size(), kIdentity);
  for (std::size_t choice = 0; choice < chosen.experts.size(); ++choice) {
    if (chosen.experts[choice] >= experts) continue;
    const std::size_t place = next[chosen.experts[choice]]++;
    runs.place_of[choice] = place;
    runs.row[place] = choice / experts_per_token;
    runs.weight[place] = chosen.weights[choice];
  }
  return runs;
}

// Copies the row of each run, multiplied by the run's weight where weights apply to the input.
void gather(Team& team, const Runs& runs, Weighted weighted, ConstRows in, Rows out) {
  team.run([&](std::size_t thread) {
    const Share share = share_of(out.rows, thread, team.size());
    for (std::size_t run = share.first; run < share.last; ++run) {
      const float* from = in.row(runs.row[run]);
      float* to = out.row(run);
      const float weight = weighted == Weighted::input ? runs.weight[run] : 1.0F;
      for (std::size_t i = 0; i < in.columns; ++i) to[i] = from[i] * weight;
    }
  });
}

// What the experts gave, run by run, and the rows that identities give back.
struct Given {
  ConstRows by_run, rows;
};

// Adds up the outputs of each row's experts, in the order of the experts.
void combine(Team& team, const Runs& runs, Weighted weighted, const Chosen& choices,
             const Given& given, Rows out) {
  const std::size_t chosen = runs.place_of.size() / out.rows;
  const std::size_t pieces = out.rows == 1 ? 1 : team.size();
  const auto add_up = [&](std::size_t first, std::size_t last) {
    for (std::size_t r = first; r < last; ++r) {
      float* sum = out.row(r);
      std::fill_n(sum, out.columns, 0.0F);
      for (std::size_t i = 0; i < chosen; ++i) {
        const std::size_t run = runs.place_of[r * chosen + i];
        const bool identity = run == kIdentity;
        const bool weighs = identity || weighted == Weighted::output;
        const float weight = weighs ? choices.weights[r * chosen + i] : 1.0F;
        const float* from = identity ? given.rows.row(r) : given.by_run.row(run);
        for (std::size_t k = 0; k < out.columns; ++k) sum[k] += weight * from[k];
      }
    }
  };
  if (pieces == 1) return add_up(0, out.rows);
  team.run([&](std::size_t thread) {
    const Share share = share_of(out.rows, thread, pieces);
    add_up(share.first, share.last);
  });
}

Rows rows_of(Rows rows, const Runs::Expert& expert) {
  return {rows.row(expert.first), expert.count, rows.columns, rows.stride};
}

// Adds to the rows of each expert its own bias.
void add_biases(Step& step, const Runs& runs, WeightId bias, Rows rows) {
  for (const Runs::Expert& expert : runs.experts) {
    const Rows own = rows_of(rows, expert);
    add_bias(step.team, own, step.vector(bias, expert.expert), own);
  }
}

// Gives experts that are not held a correction with which they cannot be chosen.
std::vector<float> correction_of(const Step& step, const Route& op) {
  std::vector<float> correction;
  if (op.correction_bias) {
    const std::span<const float> bias = step.vector(*op.correction_bias);
    correction.assign(bias.begin(), bias.end());
  }
  const std::size_t with_weights = size(op.experts - op.identities);
  if (step.experts_held && *step.experts_held < with_weights) {
    correction.resize(size(op.experts), 0.0F);
    std::fill(correction.begin() + static_cast<std::ptrdiff_t>(*step.experts_held),
              correction.begin() + static_cast<std::ptrdiff_t>(with_weights),
              -std::numeric_limits<float>::infinity());
  }
  return correction;
}

void check_held(const Step& step, const Route& op, const Chosen& chosen) {
  if (!step.experts_held) return;
  for (const std::uint32_t expert : chosen.experts) {
    if (expert >= *step.experts_held && expert < size(op.experts - op.identities)) {
      throw std::invalid_argument("too few experts are held for what the router chooses");
    }
  }
}

// The experts that the table lists for the token of each row, in ascending order.
std::vector<std::uint32_t> listed_experts(const Step& step, const Route& op) {
  const std::size_t each = size(op.experts_per_token);
  const std::span<const float> lists = step.weights.vector(*op.listed, step.layer);
  std::vector<std::uint32_t> experts;
  for (const std::int64_t token : step.token_ids) {
    for (const float id : lists.subspan(static_cast<std::size_t>(token) * each, each)) {
      experts.push_back(static_cast<std::uint32_t>(id));
    }
    std::sort(experts.end() - static_cast<std::ptrdiff_t>(each), experts.end());
  }
  return experts;
}

Chosen chosen_by(const Step& step, const Route& op, ConstRows logits,
                 std::span<const float> expert_scale) {
  if (op.listed) return weigh_experts(op.router, logits, listed_experts(step, op), expert_scale);
  return choose_experts(op.router, size(op.experts_per_token), logits, correction_of(step, op),
                        expert_scale);
}

// The floats for each gathered row and its result, and for its gate and up-projection.
std::size_t expert_floats(std::size_t hidden, std::size_t width, std::size_t runs) {
  return 2 * runs * (hidden + width);
}

struct ExpertRows {
  Rows gathered, gates, ups, given;
};

ExpertRows expert_rows(const Step& step, std::size_t hidden, std::size_t width, std::size_t runs) {
  float* floats = step.scratch(expert_floats(hidden, width, runs));
  const Rows gathered{floats, runs, hidden, hidden};
  const Rows gates{gathered.row(runs), runs, width, width};
  const Rows ups{gates.row(runs), runs, width, width};
  return {gathered, gates, ups, {ups.row(runs), runs, hidden, hidden}};
}

// The products of all experts that run: into their inner width, and out of it.
struct ExpertProducts {
  std::vector<Product> into, out_of;
};

// What lies between the products runs on the rows of all experts at once.
void run_products(Step& step, const RunExperts& op, const Runs& runs, const ExpertRows& rows,
                  const ExpertProducts& products) {
  if (runs.experts.empty()) return;
  multiply(step.team, products.into);
  if (op.biases) {
    add_biases(step, runs, op.biases->gate, rows.gates);
    add_biases(step, runs, op.biases->up, rows.ups);
  }
  if (op.gate) {
    gate(step.team, op.form, rows.gates, rows.ups, rows.ups);
  } else {
    activate(step.team, op.form.activation, rows.ups, rows.ups);
  }
  multiply(step.team, products.out_of);
  if (op.biases && op.biases->down) add_biases(step, runs, *op.biases->down, rows.given);
}

}  // namespace

Scratch ScratchOf::operator()(const Route& op) const {
  return {sequences * tokens * size(op.experts), 0};
}

Scratch ScratchOf::operator()(const RunExperts& op) const {
  const std::size_t runs = sequences * tokens * size(op.experts_per_token);
  return {expert_floats(columns(op.in), size(graph.weight(op.up).rows), runs), 0};
}

void run(Step& step, const Route& op) {
  const Rows in = step.value(op.in);
  const std::size_t experts = size(op.experts);
  const Rows logits{step.scratch(in.rows * experts), in.rows, experts, experts};
  multiply(step.team, step.matrix(op.weight), in, logits);
  if (op.bias) add_bias(step.team, logits, step.vector(*op.bias), logits);
  if (op.router.product_soft_cap) {
    soft_cap(step.team, logits, static_cast<float>(*op.router.product_soft_cap), logits);
  }
  std::span<const float> expert_scale;
  if (op.expert_scale) expert_scale = step.vector(*op.expert_scale);
  step.space.chosen.resize(std::max(step.space.chosen.size(), op.out + 1));
  Chosen& chosen = step.space.chosen[op.out];
  chosen = chosen_by(step, op, logits, expert_scale);
  check_held(step, op, chosen);
  if (!step.follow.routing.empty()) {
    step.space.own_choice = chosen.experts;
    const RoutingTrace& given = step.follow.routing.subspan(step.space.routed++).front();
    chosen = weigh_experts(op.router, logits, {given.experts.begin(), given.experts.end()},
                           expert_scale);
  }
  step.count_weight(op.weight);
  for (const auto& vector : {op.correction_bias, op.bias, op.expert_scale}) {
    if (vector) step.count_weight(*vector);
  }
  step.count_read(in);
  step.count_each(in.rows);
  const auto written = chosen.experts.size() + chosen.weights.size();
  step.work().activations_written += Elements(static_cast<std::int64_t>(written));
}

void run(Step& step, const RunExperts& op) {
  const Rows in = step.value(op.in);
  const Rows out = step.value(op.out);
  const Chosen& chosen = step.space.chosen.at(op.choice);
  const Runs runs = sort_by_expert(chosen, size(op.experts_per_token), size(op.experts));
  const std::size_t width = size(step.graph.weight(op.up).rows);
  const ExpertRows rows = expert_rows(step, in.columns, width, runs.row.size());
  // A single row that no weight multiplies is not copied for its experts.
  const bool as_it_is = in.rows == 1 && op.weighted == Weighted::output;
  if (!as_it_is) gather(step.team, runs, op.weighted, in, rows.gathered);
  std::vector<Product> into;
  std::vector<Product> out_of;
  for (const Runs::Expert& expert : runs.experts) {
    const ConstRows from = as_it_is ? in : rows_of(rows.gathered, expert);
    if (op.gate) {
      into.push_back({&step.matrix(*op.gate, expert.expert), 0, from, rows_of(rows.gates, expert)});
    }
    into.push_back({&step.matrix(op.up, expert.expert), 0, from, rows_of(rows.ups, expert)});
    out_of.push_back({&step.matrix(op.down, expert.expert), 0, rows_of(rows.ups, expert),
                      rows_of(rows.given, expert)});
  }
  run_products(step, op, runs, rows, {std::move(into), std::move(out_of)});
  combine(step.team, runs, op.weighted, chosen, {rows.given, in}, out);
  const std::size_t identities = chosen.experts.size() - runs.row.size();
  step.count_elements(identities * out.columns);
  for (const Runs::Expert& expert : runs.experts) {
    op.visit_weights([&](WeightId weight) { step.count_weight(weight, expert.expert); });
    step.count_each(expert.count);
  }
  step.count_expert_runs(runs.row.size());
  step.count_read(in);
  const auto read = chosen.experts.size() + chosen.weights.size();
  step.work().activations_read += Elements(static_cast<std::int64_t>(read));
  step.count_written(out);
}

}  // namespace llmarch::fast
