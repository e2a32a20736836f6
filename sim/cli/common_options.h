// Options that several commands share, and the values read from them.
#pragma once

#include <filesystem>
#include <optional>
#include <span>

#include "reports/document/document.h"
#include "reports/say/cells.h"
#include "sim/cli/arguments.h"
#include "sim/cli/setting_options.h"
#include "sim/study/model.h"
#include "sim/study_spec/study_spec.h"

namespace llmarch::cli {

inline constexpr const char* kMachineNames =
    "A name that 'llmarch list' shows, a .toml, or several of one: 8xh100-sxm, 2x8xh100-sxm; with "
    "the "
    "memory that is fitted, m4-max@64GB";

inline constexpr const char* kWeightFormats =
    ": bf16, q4_k_m, fp8-block, mlx-4bit, 5.0bpw, experts=mxfp4,rest=bf16, ...: 'llmarch help "
    "formats' lists them (as the model is published)";
inline constexpr const char* kCacheFormats = ": bf16, fp8, q8_0, k=q8_0,v=q4_0, ...";

// The context, the batch, the formats and the form of recurrences of one setting.
TakenFields common_fields();
// Returns `setting` with a scheme of the weights: its own, or else the one in which all the models
// are published, if they share one. Throws UsageError where it names none and a model is published
// in a way that is not known here.
Setting settled(Setting setting, const std::vector<const Model*>& models);

// --compute
TakenField compute_field();
// --recurrence, for commands that price or run a prefill.
TakenField recurrence_field();
// --on, which adds figures for the machine.
TakenField machine_field();
// Throws UsageError where the setting has no machine, and so nothing can be said of `what`.
void need_machine(const std::string& what, const Setting& setting);
// --parallel, which divides the model among the machine's devices.
TakenField parallel_field();
// Throws UsageError where the machine or the batch do not take the setting's deployment.
void check_deployment(const Setting& setting);

// What lies in the memory of a host, and of which: --place and --host.
TakenFields place_fields(Arity placements);
// Throws where nothing can be said of the setting's placement: there is no machine or no host.
void check_placement_on_machine(const Setting& setting);
// --draft and --accepted, for commands that price steps of decode.
TakenFields draft_fields();

// --specs
void declare_specs(Options& options);
std::optional<std::filesystem::path> specs_folder(const Values& values);

// --set: changes of the models that are named (change_spec).
void declare_changes(Options& options);
// The names, each followed by that of the changed model where there are changes.
std::vector<std::string> with_changes(const std::vector<std::string>& names, const Values& values);

// --text-only
void declare_parts(Options& options);
// Takes away what the repositories hold beside the text models, if that is asked for.
void leave_out_parts(const Values& values, std::span<Model> models);

// Throws UsageError, which names --draft, where no model has prediction layers.
void need_prediction_layers(const std::vector<const Model*>& models);

// --figure: what is drawn in place of the report.
void declare_figures(Options& options);
std::vector<FigureKind> figure_kinds(const Values& values);
// The figures of these models alone. Throws UsageError where there is nothing to draw.
reports::Document drawn(const std::vector<FigureKind>& kinds,
                        const std::vector<const Model*>& models, const Setting& setting);

// --exact
void declare_digits(Options& options);
reports::Digits digits_of(const Values& values);

// The text given after --name.
std::string text_of(const Values& values, const char* name);

}  // namespace llmarch::cli
