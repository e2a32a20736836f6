#include "reports/say/compare_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>

#include "reports/document/format.h"
#include "reports/say/active_conventions.h"
#include "reports/say/compare_notes.h"
#include "reports/say/draft_rows.h"
#include "reports/say/estimate_cells.h"
#include "reports/say/model_diagram.h"
#include "reports/say/placed_rows.h"
#include "reports/say/rank_rows.h"
#include "reports/say/setting_words.h"
#include "reports/say/structure_cells.h"
#include "sim/study/quantities.h"

namespace llmarch::reports {
namespace {

// Writes the table: a heading column, then a column for each model, followed, for all but the
// first, by one for its ratio to the first.
class ComparisonTable {
 public:
  ComparisonTable(const Comparison& comparison, Digits digits)
      : comparison_(comparison), setting_(comparison.setting), digits_(digits) {
    table_.columns.push_back(text_column(""));
    const std::string& first = comparison.models.front().model->spec.name;
    for (const ModelFigures& figures : comparison.models) {
      const std::string& name = figures.model->spec.name;
      table_.columns.push_back(figure_column(name));
      if (&figures == &comparison.models.front()) continue;
      table_.columns.push_back({.heading = fmt::format("{} ÷ {}", name, first),
                                .alignment = Alignment::right,
                                .joint = Joint::to_previous});
    }
  }

  Table write(const std::set<Section>& sections) {
    for (const Section section : sections) write(section);
    return std::move(table_);
  }

 private:
  using Figures = std::function<Cell(const ModelFigures&)>;

  ComparisonWriter writer() {
    return {[this](std::string text) { group(std::move(text)); },
            [this](const std::string& label, const Figures& figure) { row(label, figure); }};
  }

  void write(Section section) {
    switch (section) {
      case Section::structure: return structure();
      case Section::parameters: return parameters();
      case Section::memory: return memory();
      case Section::decode:
        step(fmt::format("Decode: one token that attends to {} keys", context()),
             &ModelFigures::decode, "decode_");
        floor_rows(&OnMachine::decode, setting_.batch, "");
        return write_draft_rows(comparison_, digits_, writer());
      case Section::prefill:
        step(fmt::format("Prefill of {} tokens, logits for the last",
                         context_tokens(setting_.prefill_tokens().value())),
             &ModelFigures::prefill, "prefill_");
        return floor_rows(&OnMachine::prefill, setting_.batch * setting_.prefill_tokens(),
                          "prefill_");
      case Section::ranks: return write_rank_rows(comparison_, digits_, writer());
      case Section::estimate: return write_estimate_rows(comparison_, writer());
    }
    throw std::logic_error("write: a section outside the enumeration");
  }

  [[nodiscard]] std::string context() const { return context_tokens(setting_.context.value()); }

  void group(std::string text) { table_.rows.emplace_back(GroupHeading{std::move(text)}); }

  // One figure of every model, with its ratio to the first where both are numbers above zero. It is
  // that of `quantity`, where there is one.
  void row(const std::string& label, std::string_view quantity, const Figures& figure) {
    CellRow row{.cells = {text_cell(label)}, .quantity = std::string(quantity)};
    const Cell first = figure(comparison_.models.front());
    for (const ModelFigures& figures : comparison_.models) {
      row.cells.push_back(figure(figures));
      if (&figures == &comparison_.models.front()) continue;
      row.cells.push_back(ratio_of(row.cells.back(), first));
    }
    table_.rows.emplace_back(std::move(row));
  }

  void row(const std::string& label, const Figures& figure) { row(label, "", figure); }

  static double number_in(const Cell& cell) {
    return std::visit(Overloaded{[](NoValue) { return 0.0; },
                                 [](std::int64_t whole) { return static_cast<double>(whole); },
                                 [](double real) { return real; }},
                      cell.value);
  }

  // No ratio where one of the figures is zero or absent, since it would mean nothing.
  static Cell ratio_of(const Cell& cell, const Cell& first) {
    if (number_in(cell) <= 0 || number_in(first) <= 0) return text_cell("");
    return ratio_cell(number_in(cell) / number_in(first));
  }

  // The rows of the models' structure, with differences marked.
  void structure() {
    std::string group_name;
    for (const StructureRow& structure : comparison_.structure) {
      if (!structure.worth_comparing()) continue;
      if (structure.group != group_name) group("Structure: " + structure.group);
      group_name = structure.group;
      table_.rows.emplace_back(compared_structure(structure));
    }
  }

  void parameters() {
    group("Parameters");
    published_parameters();
    row("predicted", "parameters", [this](const ModelFigures& figures) {
      Cell cell = parameters_cell(figures.model->parameters.total, digits_);
      cell.emphasis = Emphasis::strong;
      return cell;
    });
    components();
    if (any_per_layer_embedding(comparison_)) {
      row("resident: less per-layer embeddings", "resident_parameters",
          [this](const ModelFigures& figures) {
            return parameters_cell(figures.model->parameters.resident, digits_);
          });
    }
    group("Active parameters of a token");
    for (const ActiveConvention convention : kConventions) {
      row(convention_label(convention), quantity_of(convention),
          [this, convention](const ModelFigures& figures) {
            return parameters_cell(active_under(figures.model->parameters.active, convention),
                                   digits_);
          });
    }
    row("published (convention)",
        [this](const ModelFigures& figures) { return published_active(figures); });
  }

  // The published total is shown in full right above the predicted one, so that one sees them
  // agree.
  void published_parameters() {
    row("published, as stated", [this](const ModelFigures& figures) {
      const auto& published = figures.model->spec.published;
      if (!published || !published->total) return text_cell("–");
      return parameters_cell(Elements(*published->total), digits_);
    });
    row("published, to the unit", [](const ModelFigures& figures) {
      const auto& published = figures.model->spec.published;
      if (!published || !published->exact_total) return text_cell("–");
      return parameters_cell(Elements(*published->exact_total), Digits::exact);
    });
    row("predicted, to the unit", "parameters", [](const ModelFigures& figures) {
      return parameters_cell(figures.model->parameters.total, Digits::exact);
    });
  }

  // One row for each component that any of the models has, so that the rows add up to the total.
  void components() {
    std::set<Component> present;
    for (const ModelFigures& figures : comparison_.models) {
      for (const auto& [component, elements] : figures.model->parameters.components) {
        present.insert(component);
      }
    }
    for (const Component component : present) {
      row(fmt::format("  {}", name_of(component)), quantity_of(component),
          [this, component](const ModelFigures& figures) {
            const Elements elements = elements_of(*figures.model, component);
            return elements > Elements() ? parameters_cell(elements, digits_) : text_cell("–");
          });
    }
  }

  static Elements elements_of(const Model& model, Component component) {
    for (const ComponentParameters& part : model.parameters.components) {
      if (part.component == component) return part.elements;
    }
    return {};
  }

  // The figure with the nearest convention, since no maker says which one it followed.
  [[nodiscard]] Cell published_active(const ModelFigures& figures) const {
    if (!figures.active_match) return text_cell("–");
    Cell cell = parameters_cell(Elements(*figures.model->spec.published->active), digits_);
    cell.text += fmt::format(" ({})", convention_letter(figures.active_match->convention));
    return cell;
  }

  // With the format, where all models are stored in the same.
  [[nodiscard]] std::string weights_label(std::string_view what) const {
    return setting_.weights ? fmt::format("{}, {}", what, setting_.weights->name())
                            : std::string(what);
  }

  void memory() {
    group("Memory");
    row(weights_label("weights"), "weight_bytes",
        [this](const ModelFigures& figures) { return bytes_cell(figures.weight_bytes, digits_); });
    if (any_per_layer_embedding(comparison_)) {
      row(weights_label("resident weights"), [this](const ModelFigures& figures) {
        return bytes_cell(figures.resident_weight_bytes, digits_);
      });
    }
    row(fmt::format("KV cache per token, {}", setting_.kv.name()), "kv_bytes_per_token",
        [this](const ModelFigures& figures) {
          return bytes_cell(figures.cache_bytes_per_token, digits_);
        });
    if (any_fixed_state(comparison_)) {
      row("fixed state per sequence", [this](const ModelFigures& figures) {
        return bytes_cell(figures.state_bytes_per_sequence, digits_);
      });
    }
    row(fmt::format("KV cache at {} x {}", setting_.batch.value(), context()), "kv_bytes",
        [this](const ModelFigures& figures) { return bytes_cell(figures.cache_bytes, digits_); });
    beside();
    // What a rank needs, and whether its device has it, stands among the rows of ranks.
    if (comparison_.machines.empty() || setting_.parallel) return;
    if (setting_.place) return placed_memory();
    row("weights, KV cache, activations", [this](const ModelFigures& figures) {
      return bytes_cell(figures.on.front().needed.total(), digits_);
    });
    for (std::size_t n = 0; n < comparison_.machines.size(); ++n) {
      const Hardware& machine = *comparison_.machines[n];
      row(fmt::format("fits in {} of {}", binary_bytes(machine.memory_bytes().value()),
                      machine.name),
          [n](const ModelFigures& figures) {
            Cell cell = text_cell(figures.on[n].fits ? "yes" : "no");
            cell.emphasis = figures.on[n].fits ? Emphasis::good : Emphasis::bad;
            return cell;
          });
    }
  }

  void placed_memory() {
    for (std::size_t n = 0; n < comparison_.machines.size(); ++n) {
      write_placed_memory(comparison_, n, digits_, writer());
    }
  }

  // What the repositories hold beside the text models.
  void beside() {
    if (!any_beside(comparison_)) return;
    row("beside the text model",
        [this](const ModelFigures& figures) { return bytes_cell(figures.beside_bytes, digits_); });
    if (!any_prediction_layer(comparison_)) return;
    row("prediction KV per token", [this](const ModelFigures& figures) {
      return bytes_cell(figures.prediction_cache_per_token, digits_);
    });
  }

  // A quantity by the name of its step and its own; none where that is no quantity. Those of a
  // machine are asked of the only one.
  [[nodiscard]] static std::string named(std::string_view step_name, std::string_view quantity) {
    const std::string name = fmt::format("{}{}", step_name, quantity);
    return find_quantity(name) == nullptr ? "" : name;
  }
  [[nodiscard]] std::string timed(std::string_view step_name, std::string_view quantity) const {
    return comparison_.machines.size() > 1 ? "" : named(step_name, quantity);
  }

  // The least time of a step on each machine; `tokens` is how many it generates or processes.
  void floor_rows(StepOnMachine OnMachine::*which, Integer tokens, std::string_view step) {
    for (std::size_t n = 0; n < comparison_.machines.size(); ++n) {
      if (setting_.place) {
        write_placed_step(comparison_, n, which, tokens, digits_, writer());
      } else {
        floor_rows(which, tokens, n, step);
      }
      expected_rows(which, n, step);
    }
  }

  // Where they differ for some model: what is expected of experts that are chosen uniformly, and by
  // the skew that was asked for.
  void expected_rows(StepOnMachine OnMachine::*which, std::size_t machine, std::string_view step) {
    const bool differs = std::ranges::any_of(comparison_.models, [&](const ModelFigures& figures) {
      const StepOnMachine& there = figures.on[machine].*which;
      return there.floor.seconds != there.uniform.seconds;
    });
    if (!differs) return;
    const std::string& name = comparison_.machines[machine]->name;
    row("expected of uniform routing on " + name, timed(step, "uniform_floor_time"),
        [=](const ModelFigures& figures) {
          return duration_cell((figures.on[machine].*which).uniform.seconds);
        });
    if (!comparison_.skew) return;
    row(fmt::format("expected of {} on {}", comparison_.skew->name, name),
        [=](const ModelFigures& figures) {
          return duration_cell((figures.on[machine].*which).skewed->seconds);
        });
  }

  void floor_rows(StepOnMachine OnMachine::*which, Integer tokens, std::size_t machine,
                  std::string_view step) {
    const std::string& name = comparison_.machines[machine]->name;
    const std::string before = comparison_.machines.size() > 1 ? name + ": " : "";
    const auto floor = [which, machine](const ModelFigures& figures) -> const Floor& {
      return (figures.on[machine].*which).floor;
    };
    const auto seconds = [&](const std::string& label, std::string_view quantity,
                             double Floor::*figure) {
      row(label, timed(step, quantity), [floor, figure](const ModelFigures& figures) {
        return duration_cell(floor(figures).*figure);
      });
    };
    seconds(before + "FLOPs ÷ peak", "arithmetic_time", &Floor::arithmetic_seconds);
    seconds(before + "bytes ÷ bandwidth", "memory_time", &Floor::memory_seconds);
    seconds("floor on " + name, "floor_time", &Floor::seconds);
    row(before + "tokens per second, at most", timed(step, "tokens_per_second"),
        [floor, tokens](const ModelFigures& figures) {
          return rate_cell(tokens.as_double() / floor(figures).seconds, "tokens per second");
        });
    row(before + "bound by", [floor](const ModelFigures& figures) {
      return text_cell(std::string(name_of(floor(figures).binds())));
    });
  }

  // The work of one step; `which` is the decode or the prefill of a model's figures, and
  // `step_name` that with which the names of its quantities begin.
  void step(std::string heading, Step ModelFigures::*which, std::string_view step_name) {
    group(std::move(heading));
    const auto flops = [&](const std::string& label, std::string_view quantity,
                           const auto& figure) {
      row(label, named(step_name, quantity), [this, which, figure](const ModelFigures& figures) {
        return flops_cell(figure(figures.*which), digits_);
      });
    };
    const auto bytes = [&](const std::string& label, std::string_view quantity,
                           Bytes Traffic::*figure) {
      row(label, named(step_name, quantity), [this, which, figure](const ModelFigures& figures) {
        return bytes_cell((figures.*which).traffic.*figure, digits_);
      });
    };
    flops("matrix FLOPs", "matrix_flops", [](const Step& step) { return step.work.matrix; });
    flops("other FLOPs", "other_flops", [](const Step& step) { return step.work.other; });
    flops("FLOPs", "flops", [](const Step& step) { return step.flops; });
    row("transcendentals", named(step_name, "transcendentals"),
        [this, which](const ModelFigures& figures) {
          return count_cell((figures.*which).work.transcendentals.value(), "calls", digits_);
        });
    bytes("weights read", "weight_bytes", &Traffic::weights_read);
    bytes("KV read", "kv_bytes", &Traffic::cache_read);
    bytes("KV written", "kv_written_bytes", &Traffic::cache_written);
    bytes("bytes", "bytes", &Traffic::total);
    row("intensity, FLOPs per byte",
        which == &ModelFigures::decode ? "intensity" : "prefill_intensity",
        [which](const ModelFigures& figures) {
          const double intensity = (figures.*which).intensity;
          return Cell{.text = fmt::format("{:.4g}", intensity), .value = intensity};
        });
    bytes("activations, not in bytes", "activation_bytes", &Traffic::activations);
  }

  const Comparison& comparison_;
  const Setting& setting_;
  Digits digits_;
  Table table_;
};

std::string title(const Comparison& comparison) {
  std::string names;
  for (const ModelFigures& figures : comparison.models) {
    names += (names.empty() ? "" : " | ") + figures.model->spec.name;
  }
  return names;
}

}  // namespace

Document compare_document(const Comparison& comparison, const std::set<Section>& sections,
                          Digits digits) {
  Document document;
  document.title = title(comparison);
  document.blocks.emplace_back(Paragraph{words_of(stated(comparison.setting))});
  if (sections.contains(Section::structure)) {
    std::vector<const Model*> models;
    for (const ModelFigures& figures : comparison.models) models.push_back(figures.model);
    document.blocks.emplace_back(model_diagram(models));
  }
  document.blocks.emplace_back(ComparisonTable(comparison, digits).write(sections));
  document.blocks.emplace_back(comparison_notes(comparison, sections));
  return document;
}

}  // namespace llmarch::reports
