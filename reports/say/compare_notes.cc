#include "reports/say/compare_notes.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "reports/document/format.h"
#include "reports/say/active_conventions.h"
#include "reports/say/block_texts.h"
#include "reports/say/cells.h"
#include "reports/say/estimate_cells.h"
#include "reports/say/placed_rows.h"
#include "reports/say/rank_rows.h"
#include "reports/say/remarks.h"
#include "reports/say/storage_words.h"

namespace llmarch::reports {
namespace {

bool any_tied(const Comparison& comparison) {
  return std::ranges::any_of(comparison.models, [](const ModelFigures& figures) {
    return figures.model->spec.head == Head::tied;
  });
}

std::string signed_percent(double fraction) {
  return (fraction < 0 ? "−" : "+") + percent(fraction < 0 ? -fraction : fraction);
}

void add_active_note(const ModelFigures& figures, Notes& notes) {
  if (!figures.active_match) return;
  const ArchSpec& spec = figures.model->spec;
  const auto [convention, deviation] = *figures.active_match;
  const Elements active = active_under(figures.model->parameters.active, convention);
  notes.lines.push_back(fmt::format(
      "{}: the published {} active parameters are nearest to convention {} ({}): {}, {}.",
      spec.name, decimal_count(spec.published->active->value()), convention_letter(convention),
      convention_phrase(convention), decimal_count(active.value()), signed_percent(deviation)));
}

void add_limit_note(const ModelFigures& figures, Integer context, Notes& notes) {
  if (!figures.beyond_context_limit) return;
  const ArchSpec& spec = figures.model->spec;
  notes.lines.push_back(fmt::format(
      "{}: a context of {} exceeds the {} that its makers allow; the figures say what the "
      "arithmetic would cost.",
      spec.name, grouped(context), grouped(spec.context_limit.value())));
}

void add_parameter_notes(const Comparison& comparison, Notes& notes) {
  for (const ModelFigures& figures : comparison.models) add_active_note(figures, notes);
  if (any_tied(comparison)) {
    notes.lines.emplace_back(
        "A tied table counts once. It stays in B, because it is the head too.");
  }
  if (any_per_layer_embedding(comparison)) {
    notes.lines.emplace_back(
        "Per-layer embeddings are input embeddings: they count in A, not in B and C. They need not "
        "be resident, since a token reads one row of them.");
  }
}

// Says how many layers add nothing to the cache because they read another layer's cache.
void add_sharing_note(const ModelFigures& figures, Notes& notes) {
  const ArchSpec& spec = figures.model->spec;
  Integer sharing;
  for (const std::size_t kind : layer_sequence(spec)) {
    if (traits_of(spec, spec.layer.at(kind).value).contains(Trait::shared_cache)) sharing += 1;
  }
  if (sharing == 0) return;
  notes.lines.push_back(
      fmt::format("{}: {} of {} layers read another layer's cache and have none of their own.",
                  spec.name, sharing.value(), layer_count(spec).value()));
}

// Caches of chunks may have been larger at an earlier position than they are at the context.
void add_peak_note(const ModelFigures& figures, Notes& notes) {
  if (figures.on.empty() || figures.on.front().cache_peak == figures.cache_bytes) return;
  notes.lines.push_back(
      fmt::format("{}: on the way to this context the cache holds up to {}, and that has to fit.",
                  figures.model->spec.name, binary_bytes(figures.on.front().cache_peak.value())));
}

void add_memory_notes(const Comparison& comparison, Notes& notes) {
  for (const ModelFigures& figures : comparison.models) {
    add_storage_note(*figures.model, figures.scheme, figures.stored, notes);
    add_limit_note(figures, comparison.setting.context, notes);
    const ArchSpec& spec = figures.model->spec;
    for (const std::string& note : block_notes({&spec}, NotedFigures::memory)) {
      notes.lines.push_back(fmt::format("{}: {}", spec.name, note));
    }
    add_peak_note(figures, notes);
    add_sharing_note(figures, notes);
  }
  for (const ModelFigures& figures : comparison.models) add_beside_note(*figures.model, notes);
  notes.lines.emplace_back(
      "KV cache: the least that the algorithm needs; an engine's pages and padding come on top.");
}

void add_work_notes(const Comparison& comparison, Notes& notes) {
  notes.lines.emplace_back(
      "FLOPs: a multiply and an add count as one each. Matrix FLOPs are those of projections, "
      "attention, router, experts and head. Transcendentals (exp, tanh, roots) are counted apart.");
  notes.lines.emplace_back(
      "Bytes: weights and cache, each read once per operation. Activations (bf16) are counted "
      "apart, since fused operations keep them on the chip.");
  std::vector<const ArchSpec*> specs;
  for (const ModelFigures& figures : comparison.models) specs.push_back(&figures.model->spec);
  if (comparison.setting.draft) {
    notes.lines.push_back(fmt::format(
        "Drafts: a prediction layer runs once for each draft, with the embedding and the head; the "
        "model then runs on the newest token and all drafts at once. Tokens a step: {}. Cache "
        "entries of drafts that do not stand are overwritten.",
        *comparison.setting.accepted > 1
            ? "1 and the drafts that stand on average"
            : "1 + p + p² + … up to the power of the drafts, where p is the share that stands"));
  }
  const std::vector<std::string> of_blocks = block_notes(specs, NotedFigures::work);
  notes.lines.insert(notes.lines.end(), of_blocks.begin(), of_blocks.end());
}

// "990 T FLOP/s in bf16", for each peak that a model's products are bound by on that machine.
std::string peaks_phrase(const Comparison& comparison, std::size_t machine) {
  std::vector<std::string> peaks;
  for (const ModelFigures& figures : comparison.models) {
    const Rates& rates = figures.on[machine].rates;
    if (!rates.has_peak()) return "no peak";
    std::string peak = fmt::format("{} FLOP/s in {}",
                                   decimal_count(static_cast<std::int64_t>(rates.flops_per_second)),
                                   name_of(rates.arithmetic));
    if (std::ranges::find(peaks, peak) == peaks.end()) peaks.push_back(std::move(peak));
  }
  return fmt::format("{}", fmt::join(peaks, ", "));
}

void add_hardware_notes(const Comparison& comparison, Notes& notes) {
  if (comparison.machines.empty()) return;
  for (std::size_t n = 0; n < comparison.machines.size(); ++n) {
    const Hardware& hardware = *comparison.machines[n];
    const double bandwidth = comparison.models.front().on[n].rates.bytes_per_second;
    notes.lines.push_back(fmt::format("{} ({}): {} and {} bytes/s, as its file states.",
                                      hardware.name, hardware.title, peaks_phrase(comparison, n),
                                      decimal_count(static_cast<std::int64_t>(bandwidth))));
    if (comparison.setting.place) notes.lines.push_back(placed_note(comparison, n));
  }
  notes.lines.emplace_back(
      "The floor is the longer of FLOPs ÷ peak and bytes ÷ bandwidth of each operation, summed "
      "over operations. Of experts it reads the fewest that a router allows, those that one token "
      "chooses. No run of such steps is faster; one that drafts several tokens a step takes fewer "
      "steps. A model that does not fit is priced as if it did. Several devices are taken for one: "
      "what crosses their links is counted only where --parallel divides a model among them.");
  if (comparison.setting.parallel) notes.lines.push_back(rank_note(comparison));
}

}  // namespace

bool any_per_layer_embedding(const Comparison& comparison) {
  return std::ranges::any_of(comparison.models, [](const ModelFigures& figures) {
    return figures.model->spec.per_layer_embedding.has_value();
  });
}

bool any_fixed_state(const Comparison& comparison) {
  return std::ranges::any_of(comparison.models, [](const ModelFigures& figures) {
    return figures.state_bytes_per_sequence > Bytes(0);
  });
}

bool any_beside(const Comparison& comparison) {
  return std::ranges::any_of(comparison.models, [](const ModelFigures& figures) {
    return !figures.model->beside.empty();
  });
}

bool any_prediction_layer(const Comparison& comparison) {
  return std::ranges::any_of(comparison.models, [](const ModelFigures& figures) {
    return figures.model->prediction.has_value();
  });
}

Notes comparison_notes(const Comparison& comparison, const std::set<Section>& sections) {
  Notes notes;
  if (sections.contains(Section::parameters)) add_parameter_notes(comparison, notes);
  if (sections.contains(Section::memory)) add_memory_notes(comparison, notes);
  if (sections.contains(Section::decode) || sections.contains(Section::prefill)) {
    add_work_notes(comparison, notes);
  }
  add_hardware_notes(comparison, notes);
  if (sections.contains(Section::estimate)) add_estimate_notes(comparison, notes);
  for (const ModelFigures& figures : comparison.models) add_remarks(*figures.model, notes);
  notes.lines.emplace_back(
      "Figures are predicted from shapes unless they are called published; "
      "'llmarch measure MODEL --scaled' counts them in a run.");
  return notes;
}

}  // namespace llmarch::reports
