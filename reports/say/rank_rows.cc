#include "reports/say/rank_rows.h"

#include <fmt/format.h>

#include <cmath>
#include <stdexcept>
#include <string_view>

#include "reports/document/format.h"

namespace llmarch::reports {
namespace {

// The rows of one machine.
class RankRows {
 public:
  RankRows(const Comparison& comparison, std::size_t machine, Digits digits,
           const ComparisonWriter& write)
      : setting_(comparison.setting), machine_(machine), digits_(digits), write_(write) {}

  void memory(const std::string& heading) const {
    write_.group(heading);
    bytes("weights of a rank",
          [](const RankFigures& ranks) { return ranks.fullest().memory.weights; });
    write_.row("  of all ranks, beyond the model's", [this](const ModelFigures& figures) {
      return bytes_cell(figures.on[machine_].replicated_weights, digits_);
    });
    bytes("beside the text model, of a rank",
          [](const RankFigures& ranks) { return ranks.fullest().memory.beside; });
    bytes("KV cache per token, of a rank",
          [](const RankFigures& ranks) { return ranks.fullest().cache_per_token; });
    bytes(fmt::format("KV cache at {} x {}, of a rank",
                      (setting_.batch / setting_.parallel->data).value(),
                      context_tokens(setting_.context.value())),
          [](const RankFigures& ranks) { return ranks.fullest().memory.cache; });
    bytes("weights, KV cache, activations",
          [](const RankFigures& ranks) { return ranks.fullest().memory.total(); });
    row("fits on each device", [](const RankFigures& ranks) {
      Cell cell = text_cell(ranks.fits() ? "yes" : "no");
      cell.emphasis = ranks.fits() ? Emphasis::good : Emphasis::bad;
      return cell;
    });
  }

  // `tokens` are those of the whole batch.
  void step(const std::string& heading, RankStep StageFigures::*which, Integer tokens) const {
    write_.group(heading);
    bytes("sent by a rank",
          [which](const RankFigures& ranks) { return (ranks.fullest().*which).sent(); });
    row("rounds of messages", [which, this](const RankFigures& ranks) {
      return count_cell((ranks.fullest().*which).work.rounds.value(), "rounds", digits_);
    });
    seconds("arithmetic and memory, at least", which,
            [](const RankStep& step) { return step.floor.seconds; });
    seconds("exchanges, at least", which, &RankStep::exchange_seconds);
    seconds("a step, at least", which, &RankStep::seconds);
    seconds("  if experts are chosen uniformly", which, &RankStep::uniform_seconds);
    row("tokens per second, at most", [which, tokens](const RankFigures& ranks) {
      return rank_rate_cell(tokens.as_double(), ranks.over_stages(which, &RankStep::seconds));
    });
  }

  void imbalance(const Skew& skew) const {
    write_.row(fmt::format("experts of the busiest rank, under {}", skew.name),
               [this](const ModelFigures& figures) {
                 const auto& times = figures.on[machine_].expert_imbalance;
                 if (!times) return text_cell("–");
                 return Cell{.text = fmt::format("{:.2f} × the mean", *times), .value = *times};
               });
    write_.row("  a step that waits for it", [this](const ModelFigures& figures) {
      const auto& seconds = figures.on[machine_].busiest_decode_seconds;
      return seconds ? rank_time_cell(*seconds) : text_cell("–");
    });
  }

  void bubble() const {
    row("share of a step that a stage waits", [](const RankFigures& ranks) {
      return Cell{.text = fmt::format("{:.0f} %", 100 * ranks.bubble()), .value = ranks.bubble()};
    });
  }

 private:
  template <class Figure>
  void row(const std::string& label, const Figure& figure) const {
    write_.row(label, [machine = machine_, figure](const ModelFigures& figures) {
      return figure(figures.on[machine].ranks.value());
    });
  }
  template <class Figure>
  void bytes(const std::string& label, const Figure& figure) const {
    row(label,
        [figure, this](const RankFigures& ranks) { return bytes_cell(figure(ranks), digits_); });
  }
  // A time of all stages of a step, one after the other.
  template <class Figure>
  void seconds(const std::string& label, RankStep StageFigures::*which,
               const Figure& figure) const {
    row(label, [which, figure](const RankFigures& ranks) {
      return rank_time_cell(ranks.over_stages(which, figure));
    });
  }

  const Setting& setting_;
  std::size_t machine_;
  Digits digits_;
  const ComparisonWriter& write_;
};

std::string_view way_of(Algorithm algorithm) {
  switch (algorithm) {
    case Algorithm::ring: return "round a ring";
    case Algorithm::tree: return "along a tree";
    case Algorithm::direct: return "directly";
  }
  throw std::logic_error("way_of: an algorithm outside the enumeration");
}

constexpr const char* kNoLink = "not stated";

}  // namespace

Cell rank_time_cell(double seconds) {
  return std::isfinite(seconds) ? duration_cell(seconds) : text_cell(kNoLink);
}

Cell rank_rate_cell(double tokens, double seconds) {
  if (!std::isfinite(seconds)) return text_cell(kNoLink);
  return rate_cell(tokens / seconds, "tokens per second");
}

void write_rank_rows(const Comparison& comparison, Digits digits, const ComparisonWriter& write) {
  const Setting& setting = comparison.setting;
  if (!setting.parallel) return;
  for (std::size_t n = 0; n < comparison.machines.size(); ++n) {
    const RankRows rows(comparison, n, digits, write);
    rows.memory(fmt::format("Ranks on {}, {}: what the fullest holds", comparison.machines[n]->name,
                            text_of(*setting.parallel)));
    rows.step("Decode on ranks", &StageFigures::decode, setting.batch);
    if (comparison.skew) rows.imbalance(*comparison.skew);
    if (setting.parallel->pipeline > 1) rows.bubble();
    rows.step("Prefill on ranks", &StageFigures::prefill, setting.batch * setting.prefill_tokens());
  }
}

std::string rank_note(const Comparison& comparison) {
  const Deployment& deployment = comparison.setting.parallel.value();
  std::string note = fmt::format(
      "A rank is a device with its share of the model; what cannot be divided is whole on each: "
      "norms, routers, cached latents, key/value heads where there are fewer of them than ranks. "
      "Rows are sent in 16 bits, {}, and exchanges come one after the other with the rank's other "
      "operations.",
      way_of(deployment.algorithm));
  if (deployment.expert > 1 && expert_spread(deployment)->data > 1) {
    note += deployment.dispatch == Dispatch::all_to_all
                ? " A token goes to the ranks that hold experts which it chooses, and what they "
                  "make of it comes back: two all-to-alls, whose bytes are those expected under "
                  "uniform routing. At least none are sent."
                : " Every token goes to all ranks that hold experts of its layer, and their sums "
                  "come back: an all-gather and a reduce-scatter.";
  }
  if (deployment.context > 1) {
    note += " Of a cache that grows with every position, each rank of cp has every " +
            (deployment.context == 2 ? "second" : fmt::format("{}th", deployment.context.value())) +
            " one; all of them run every token, and merge what they attend to.";
  }
  if (deployment.expert > 1 && comparison.skew) {
    note +=
        " Experts lie on ranks in the order of their numbers; under a power law the first rank has "
        "those that are chosen most, and no placement is less even.";
  }
  return note;
}

}  // namespace llmarch::reports
