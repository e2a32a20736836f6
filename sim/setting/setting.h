// The setting in which a model is looked at: how long its sequences are and how many, how weights
// and cache are stored, on which machine. Every field is declared once, in visit_setting, and
// visited by whatever reads or writes settings: the options of commands, the keys of a study, the
// names in its expressions, JSON, the columns of CSV, headings.
//
// To add a field: a member in each of the two structs and a line in visit_setting. A field of a new
// type needs a way to be read and written at each of those places; the compiler names them.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/dtype.h"
#include "sim/formats/scheme_names.h"
#include "sim/graph/deployment.h"
#include "sim/graph/placement.h"
#include "sim/graph/workload.h"
#include "sim/hardware/hardware.h"
#include "sim/spec/fields.h"

namespace llmarch {

template <>
struct Names<RecurrenceForm> {
  static constexpr std::string_view noun = "form of recurrences";
  static constexpr auto values = each_named<RecurrenceForm>(
      {{"step", RecurrenceForm::by_step}, {"chunk", RecurrenceForm::by_chunk}});
};

using Machine = std::shared_ptr<const Hardware>;  // null: none

struct Setting {
  Integer context = 8192;  // keys that a decoded token attends to, itself among them
  std::optional<Integer> prompt =
      {};             // tokens of a prefill into an empty cache; absent: the context's
  Integer batch = 1;  // sequences, all of the same length
  std::optional<Scheme> weights = {};  // absent: as the model is published
  CacheScheme kv = DType::bf16;
  std::optional<DType> compute = {};  // of products; absent: as the weights' scheme says
  // Tokens that the prediction layers draft in a step of decode, and what the model accepts of
  // them: at most 1, the share of drafts that stand among those before which all drafts of the step
  // stand; above 1, how many of a step stand on average. Both or neither.
  std::optional<Integer> draft = {};
  std::optional<double> accepted = {};
  std::optional<RecurrenceForm> recurrence = {};  // of a prefill; absent: by step
  Machine machine = {};                           // for figures that need one
  std::optional<Deployment> parallel = {};  // over its devices; absent: they are taken for one
  std::optional<Placement> place = {};      // what lies in the host's memory; absent: nothing
  Machine host = {};                        // null: the one that the machine's file names, if any

  [[nodiscard]] Integer prefill_tokens() const { return prompt.value_or(context); }
  [[nodiscard]] RecurrenceForm prefill_form() const {
    return recurrence.value_or(RecurrenceForm::by_step);
  }
  friend bool operator==(const Setting&, const Setting&) = default;
};

// Some of the fields: what a study or one of its expressions says, what several settings share.
struct PartialSetting {
  std::optional<Integer> context = {};
  std::optional<Integer> prompt = {};
  std::optional<Integer> batch = {};
  std::optional<Scheme> weights = {};
  std::optional<CacheScheme> kv = {};
  std::optional<DType> compute = {};
  std::optional<Integer> draft = {};
  std::optional<double> accepted = {};
  std::optional<RecurrenceForm> recurrence = {};
  std::optional<Machine> machine = {};
  std::optional<Deployment> parallel = {};
  std::optional<Placement> place = {};
  std::optional<Machine> host = {};
};

// How a whole number is written for people: 8192, or 8k.
enum class Notation { plain, binary };

// The most drafts of a step, and with them the shares and averages that `accepted` may be.
inline constexpr Range kDrafts{1, 64};
inline constexpr RealRange kAccepted{0, 64};

struct SettingField {
  std::string_view key;      // everywhere: "kv" in studies, JSON and CSV; --kv
  std::string_view word;     // in headings: "KV"
  std::string_view value;    // what stands for its value in help: "FORMAT"
  std::string_view meaning;  // in help, and in the description of studies
  char letter = 0;           // of its short option; 0: it has none
  Notation notation = Notation::plain;
  Range range = kPositions;  // of a whole number
};

namespace setting_field {
inline constexpr SettingField context{
    "context", "context", "TOKENS", "keys that a decoded token attends to", 'c', Notation::binary};
inline constexpr SettingField prompt{"prompt", "prompt",        "TOKENS", "tokens of a prefill",
                                     'p',      Notation::binary};
inline constexpr SettingField batch{"batch", "batch", "N", "sequences at a time", 'b'};
inline constexpr SettingField weights{"weights", "weights", "FORMAT", "how weights are stored"};
inline constexpr SettingField kv{"kv", "KV", "FORMAT", "how the KV cache is stored"};
inline constexpr SettingField compute{"compute", "compute", "FORMAT",
                                      "the format in which products are computed"};
inline constexpr SettingField draft{
    "draft", "drafts",        "K",    "tokens that the model's prediction layers draft in a step",
    0,       Notation::plain, kDrafts};
inline constexpr SettingField accepted{
    "accepted", "accepted", "SHARE",
    "up to 1: the share of drafts that stand, each where all before it do; above 1: how many of "
    "the K stand on average"};
inline constexpr SettingField recurrence{
    "recurrence", "recurrences by", "FORM",
    "how a prefill runs recurrences: step, token by token, or chunk, where chunks of tokens read "
    "and write a state once (step)"};
inline constexpr SettingField machine{"on", "on", "HARDWARE", "the machine to run on"};
inline constexpr SettingField parallel{"parallel", "parallel", "WAYS",
                                       "how the model is divided among the machine's devices"};
inline constexpr SettingField place{"place", "placed", "WHERE",
                                    "which part of the model lies in the host's memory"};
inline constexpr SettingField host{"host", "host", "HARDWARE",
                                   "the machine whose memory that is, and which computes with it"};
}  // namespace setting_field

// Calls `visit` with each field and that member of every one of `settings`, each a Setting or a
// PartialSetting.
template <class Visit, class... Settings>
void visit_setting(Visit&& visit, Settings&&... settings) {
  visit(setting_field::context, settings.context...);
  visit(setting_field::prompt, settings.prompt...);
  visit(setting_field::batch, settings.batch...);
  visit(setting_field::weights, settings.weights...);
  visit(setting_field::kv, settings.kv...);
  visit(setting_field::compute, settings.compute...);
  visit(setting_field::draft, settings.draft...);
  visit(setting_field::accepted, settings.accepted...);
  visit(setting_field::recurrence, settings.recurrence...);
  visit(setting_field::machine, settings.machine...);
  visit(setting_field::parallel, settings.parallel...);
  visit(setting_field::place, settings.place...);
  visit(setting_field::host, settings.host...);
}

// `setting` with what `partial` says in the place of its own.
Setting laid_over(Setting setting, const PartialSetting& partial);

// What is wrong with the drafts of a setting, which stand under these names where they are said:
// one of the two is missing, or more are accepted than drafted. None where nothing is wrong.
std::optional<std::string> fault_of_drafts(const std::optional<Integer>& draft,
                                           const std::optional<double>& accepted,
                                           std::string_view draft_name,
                                           std::string_view accepted_name);

// Everything that a setting says. A prompt that follows the context is absent, as are formats that
// follow the model, and a machine where there is none.
PartialSetting stated(const Setting& setting);

// The fields in which all of `settings`, of which there is at least one, are alike.
PartialSetting alike(const std::vector<Setting>& settings);

// What `setting` says in the fields in which `shared` says nothing.
PartialSetting beyond(const Setting& setting, const PartialSetting& shared);

}  // namespace llmarch
