#include "reports/runs/measurement_report.h"

#include <fmt/format.h>

#include "reports/document/format.h"
#include "reports/say/setting_words.h"

namespace llmarch::reports {
namespace {

constexpr const char* kBytesPerSecond = "bytes per second";
constexpr const char* kFlopsPerSecond = "FLOP/s";

// All rates of a machine are written in one unit, 10⁹ a second, so that they compare at a glance.
Cell giga_cell(double per_second, const std::string& said, const std::string& unit) {
  return {.text = fmt::format("{} {}", decimal(per_second / 1e9), said),
          .value = per_second,
          .unit = unit};
}

Cell bandwidth_cell(double per_second) {
  return giga_cell(per_second, "GB/s", kBytesPerSecond);
}

Cell flop_rate_cell(double per_second) {
  return giga_cell(per_second, "GFLOP/s", kFlopsPerSecond);
}

Cell bound_cell(const char* sign, Cell cell) {
  cell.text = fmt::format("{} {}", sign, cell.text);
  cell.emphasis = Emphasis::faint;
  return cell;
}

Cell number_per_second(double value) {
  return {.text = decimal(value), .value = value, .unit = "tokens per second"};
}

Cell strong(Cell cell) {
  cell.emphasis = Emphasis::strong;
  return cell;
}

// Whether the two books agree.
Cell exact_cell(const auto& predicted, const auto& counted) {
  if (predicted == counted) return {.text = "exact", .emphasis = Emphasis::good};
  return {.text = "DIFFERS", .emphasis = Emphasis::bad};
}

// With several tokens, the bytes of experts are predicted as an expectation, and a run may differ
// from it.
Cell bytes_verdict(const TimedStep& step) {
  if (step.expected_bytes) return {.text = "expected", .emphasis = Emphasis::faint};
  return exact_cell(step.predicted.bytes(), step.counted.bytes());
}

std::string keys_phrase(const Setting& setting) {
  const std::string context = context_tokens(setting.context.value());
  if (setting.batch == 1) return fmt::format("Decode: one token that attends to {} keys", context);
  return fmt::format("Decode: one token of each of {} sequences, {} keys each",
                     setting.batch.value(), context);
}

std::string prompt_phrase(const Setting& setting) {
  const std::string prompt = context_tokens(setting.prefill_tokens().value());
  if (setting.batch == 1) return fmt::format("Prefill of {} tokens", prompt);
  return fmt::format("Prefill of {} tokens of each of {} sequences", prompt, setting.batch.value());
}

// The table of predicted, counted and timed side by side.
class SideBySide {
 public:
  SideBySide(const Measurement& measurement, Digits digits)
      : measurement_(measurement), digits_(digits) {
    const auto beside = [](const char* heading, Alignment alignment) {
      return Column{.heading = heading, .alignment = alignment, .joint = Joint::to_previous};
    };
    table_.columns = {text_column(""),
                      figure_column("predicted"),
                      beside("counted", Alignment::right),
                      beside("", Alignment::left),
                      figure_column("timed"),
                      beside("of the limit", Alignment::right)};
  }

  Table write() {
    model();
    const Setting& setting = measurement_.run.setting;
    if (measurement_.decode) step(keys_phrase(setting), "time per step", *measurement_.decode);
    if (measurement_.prefill) step(prompt_phrase(setting), "time", *measurement_.prefill);
    return std::move(table_);
  }

 private:
  void group(std::string text) { table_.rows.emplace_back(GroupHeading{std::move(text)}); }

  void row(const char* label, Cell predicted, Cell counted, Cell exact, Cell timed, Cell share) {
    table_.rows.emplace_back(CellRow{{text_cell(label), std::move(predicted), std::move(counted),
                                      std::move(exact), std::move(timed), std::move(share)}});
  }

  // A figure of the model that is predicted and counted but has no time.
  void counted_row(const char* label, const std::optional<Pair>& pair, const auto& cell) {
    if (!pair) return;
    row(label, cell(pair->predicted), cell(pair->counted),
        exact_cell(pair->predicted, pair->counted), {}, {});
  }

  void timed_row(const char* label, Cell limit, Cell timed, Cell share) {
    row(label, std::move(limit), {}, {}, std::move(timed), std::move(share));
  }

  void model() {
    group("Model");
    const auto parameters = [this](Integer count) {
      return parameters_cell(Elements(count), digits_);
    };
    counted_row("parameters", measurement_.parameters, parameters);
    counted_row("active parameters (A)", measurement_.active_parameters, parameters);
    counted_row("KV cache", measurement_.cache,
                [this](Integer bytes) { return bytes_cell(Bytes(bytes), digits_); });
  }

  // The floor is an upper bound of the rate and a lower bound of the time. It is in the predicted
  // column, since it follows from the predicted work and the probe.
  void step(std::string heading, const char* time, const TimedStep& step) {
    group(std::move(heading));
    const double floor = step.floor.seconds;
    const double median = step.seconds.median;
    const Spread rate = step.tokens_per_second();
    const double tokens = step.tokens().as_double();
    const Cell of_floor = percent_cell(floor / median);
    timed_row("tokens per second", bound_cell("≤", number_per_second(tokens / floor)),
              strong(number_per_second(rate.median)), of_floor);
    timed_row("  lowest", {}, number_per_second(rate.least), {});
    timed_row("  highest", {}, number_per_second(rate.most), {});
    timed_row(time, bound_cell("≥", duration_cell(floor)), duration_cell(median), of_floor);
    work_rows(step);
    limit_rows(step);
  }

  void work_rows(const TimedStep& step) {
    const Bytes bytes = step.counted.bytes();
    const Flops flops = step.counted.flops();
    const double bandwidth = bytes.amount().as_double() / step.seconds.median;
    const double speed = flops.amount().as_double() / step.seconds.median;
    row("bytes", bytes_cell(step.predicted.bytes(), digits_), bytes_cell(bytes, digits_),
        bytes_verdict(step), bandwidth_cell(bandwidth),
        percent_cell(bandwidth / step.rates.bytes_per_second));
    row("FLOPs", flops_cell(step.predicted.flops(), digits_), flops_cell(flops, digits_),
        exact_cell(step.predicted.flops(), flops), flop_rate_cell(speed),
        percent_cell(speed / step.rates.flops_per_second));
  }

  // The machine's limits while these steps ran.
  void limit_rows(const TimedStep& step) {
    const std::string peak = fmt::format("limit: {} peak", name_of(step.rates.arithmetic));
    timed_row("limit: read bandwidth", {}, bandwidth_cell(step.rates.bytes_per_second), {});
    timed_row(peak.c_str(), {}, flop_rate_cell(step.rates.flops_per_second), {});
  }

  const Measurement& measurement_;
  Digits digits_;
  Table table_;
};

// The time of a step by kind of operation.
class KindsTable {
 public:
  KindsTable(const TimedStep& step, Digits digits) : step_(step), digits_(digits) {}

  Table write(std::string caption) {
    table_.caption = std::move(caption);
    columns();
    for (const KindFigures& kind : step_.kinds) {
      row(std::string(name_of(kind.kind)), kind.counted, kind.floor.seconds, kind.seconds);
    }
    rest();
    row("sum", step_.counted, step_.floor.seconds, step_.seconds.median);
    for (Cell& cell : std::get<CellRow>(table_.rows.back()).cells) cell.emphasis = Emphasis::strong;
    return std::move(table_);
  }

 private:
  void columns() {
    const auto right = [this](const char* heading, Joint joint) {
      table_.columns.push_back({.heading = heading, .alignment = Alignment::right, .joint = joint});
    };
    table_.columns.push_back(text_column("kind of operation"));
    right("timed", Joint::none);
    right("of the time", Joint::to_previous);
    right("floor", Joint::to_previous);
    right("bytes", Joint::none);
    right("GB/s", Joint::to_previous);
    right("of bandwidth", Joint::to_previous);
    right("FLOPs", Joint::none);
    right("GFLOP/s", Joint::to_previous);
    right("of peak", Joint::to_previous);
  }

  void row(std::string name, const Work& work, double floor, double seconds) {
    const Bytes bytes = work.bytes();
    const Flops flops = work.flops();
    CellRow row{{text_cell(std::move(name)), duration_cell(seconds),
                 percent_cell(seconds / step_.seconds.median), duration_cell(floor),
                 bytes_cell(bytes, digits_)}};
    rate(row, bytes.amount().as_double() / seconds, step_.rates.bytes_per_second, kBytesPerSecond);
    row.cells.push_back(flops_cell(flops, digits_));
    rate(row, flops.amount().as_double() / seconds, step_.rates.flops_per_second, kFlopsPerSecond);
    table_.rows.emplace_back(std::move(row));
  }

  // In 10⁹ a second, as the heading says; the cell's value is per second. A kind of operation
  // without such work has no rate.
  static void rate(CellRow& row, double per_second, double limit, const char* unit) {
    if (!(per_second > 0)) {
      row.cells.push_back(text_cell("–"));
      row.cells.push_back(text_cell("–"));
      return;
    }
    row.cells.push_back({.text = decimal(per_second / 1e9), .value = per_second, .unit = unit});
    row.cells.push_back(percent_cell(per_second / limit));
  }

  // A row for the time between operations, only where it is more than rounding.
  void rest() {
    if (step_.between_seconds < step_.seconds.median / 1000) return;
    CellRow row{{text_cell("between operations"), duration_cell(step_.between_seconds),
                 percent_cell(step_.between_seconds / step_.seconds.median)}};
    row.cells.resize(table_.columns.size(), text_cell(""));
    table_.rows.emplace_back(std::move(row));
  }

  const TimedStep& step_;
  Digits digits_;
  Table table_;
};

std::string setting_line(const Measurement& measurement, const RunContext& context) {
  return fmt::format("{}; {}; {}.", words_of(stated(measurement.run.setting)), context.weights_from,
                     held_phrase(measurement.held));
}

// The machine that it ran on.
std::string machine_line(const Measurement& measurement, const RunContext& context) {
  std::string line = fmt::format("{}, {} of {} threads, {}; {}, {} build", context.processor,
                                 measurement.run.threads.value(), context.of_threads.value(),
                                 context.instruction_set, context.compiler, context.build_type);
  if (context.load) line += fmt::format("; load {:.2f} before the run", *context.load);
  return line + ".";
}

bool expects_bytes(const Measurement& measurement) {
  return (measurement.decode && measurement.decode->expected_bytes) ||
         (measurement.prefill && measurement.prefill->expected_bytes);
}

std::string verdict(const Measurement& measurement, Completeness completeness) {
  if (completeness == Completeness::partial) {
    return "PARTIAL: the run was interrupted; what follows is what was timed until then.";
  }
  if (!measurement.exact()) {
    return "Verdict: predicted and counted DIFFER. One of the two is wrong; please report it.";
  }
  return expects_bytes(measurement)
             ? "Verdict: predicted and counted are equal, to the unit, but for the bytes of "
               "experts "
               "that several tokens choose: these are predicted as an expectation."
             : "Verdict: predicted and counted are equal, to the unit.";
}

// The reasons to doubt a step's figures.
void add_warning(std::vector<std::string>& warnings, const char* what,
                 const std::optional<TimedStep>& step) {
  if (!step) return;
  if (too_wide(step->seconds)) {
    warnings.push_back(fmt::format(
        "{}: the middle half of {} repeats spreads over {} of the median; do not quote it", what,
        step->seconds.samples, percent(step->seconds.relative_width())));
  }
  if (below_floor(*step)) {
    warnings.push_back(fmt::format(
        "{}: {} is below the floor of {}: the machine was faster than in the probes beside it, the "
        "data was in the processor's cache, or one of the two is wrong",
        what, duration(step->seconds.median), duration(step->floor.seconds)));
  }
  for (const Difference& difference : step->differences) {
    warnings.push_back(fmt::format("{}: counted differs from predicted in '{}' of '{}'", what,
                                   difference.operation, difference.block));
  }
}

Notes notes(const Measurement& measurement, const std::vector<std::string>& warnings) {
  Notes notes;
  for (const std::string& warning : warnings) notes.lines.push_back("Beware: " + warning + ".");
  if (!measurement.whole()) {
    notes.lines.push_back(fmt::format(
        "{}: times and counts are those of the layers held, multiplied by how often the "
        "model has each kind of layer. A token chooses among the experts held.",
        held_phrase(measurement.held)));
  }
  notes.lines.emplace_back(
      "Predicted: from shapes. Times and rates beside ≤ and ≥ are the floor that the probe sets: "
      "for each operation, the longer of FLOPs over peak and bytes over bandwidth. A floor reads "
      "and "
      "writes a fixed state once in a step, since it may stay in the processor's cache from token "
      "to token, and the bytes shown are those of every token.");
  notes.lines.emplace_back(
      "Counted: from the bounds of the loops that ran. Timed: the median of the repeats. Counted "
      "work over timed seconds gives GB/s and GFLOP/s (10⁹ a second).");
  notes.lines.emplace_back(
      "Bytes are weights and KV cache, each read once per operation; activations are not included. "
      "The engine holds norms and biases in f32, whatever the format of the other weights.");
  if (expects_bytes(measurement)) {
    notes.lines.emplace_back(
        "Bytes called expected include experts' weights that several tokens read: predicted are "
        "those of the expected number of distinct experts under uniform routing, "
        "E (1 − (1 − k/E)^tokens), and counted those of the experts that ran.");
  }
  notes.lines.emplace_back(
      "Limits: those of this machine while the steps ran, with the same threads. For each step, "
      "the work that the best of several readers and kernels would have done in the same time, at "
      "the "
      "mean of its rates before and after the step; the limit is the median of these over the "
      "median step time. 'llmarch probe' gives the highest readings.");
  return notes;
}

std::string by_kind(const char* phase, const TimedStep& step) {
  return fmt::format("{}, by kind of operation ({} repeats)", phase, step.seconds.samples);
}

}  // namespace

std::string held_phrase(const HeldCounts& held) {
  if (held.layers == held.of_layers && held.experts == held.of_experts) {
    return "the whole model is held";
  }
  std::string phrase = fmt::format("{} of {} layers", held.layers.value(), held.of_layers.value());
  if (held.of_experts > 0) {
    phrase += fmt::format(", {} of {} experts", held.experts.value(), held.of_experts.value());
  }
  return phrase + " held";
}

std::vector<std::string> measurement_warnings(const Measurement& measurement) {
  std::vector<std::string> warnings;
  add_warning(warnings, "decode", measurement.decode);
  add_warning(warnings, "prefill", measurement.prefill);
  return warnings;
}

Document measurement_document(const Measurement& measurement, const RunContext& context,
                              Completeness completeness, const std::vector<std::string>& warnings,
                              Digits digits) {
  Document document{.title = measurement.model + " on this machine"};
  document.blocks.emplace_back(Paragraph{setting_line(measurement, context)});
  document.blocks.emplace_back(Paragraph{machine_line(measurement, context)});
  document.blocks.emplace_back(Paragraph{verdict(measurement, completeness)});
  document.blocks.emplace_back(SideBySide(measurement, digits).write());
  if (const auto& step = measurement.decode) {
    document.blocks.emplace_back(KindsTable(*step, digits).write(by_kind("Decode", *step)));
  }
  if (const auto& step = measurement.prefill) {
    document.blocks.emplace_back(KindsTable(*step, digits).write(by_kind("Prefill", *step)));
  }
  document.blocks.emplace_back(notes(measurement, warnings));
  return document;
}

}  // namespace llmarch::reports
