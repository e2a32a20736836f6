// Every key of a study's file, stated once: the loader and the format's documentation visit these
// declarations. What `set` of a variant holds is declared in fields.h.
#pragma once

#include "sim/spec/fields.h"
#include "sim/study_spec/study_spec.h"

namespace llmarch {

template <>
struct Names<FigureKind> {
  static constexpr auto values = each_named<FigureKind>({{"heads", FigureKind::heads},
                                                         {"latent", FigureKind::latent},
                                                         {"masks", FigureKind::masks},
                                                         {"layers", FigureKind::layers},
                                                         {"cache", FigureKind::cache},
                                                         {"parameters", FigureKind::parameters}});
};
template <>
struct Names<ClaimKind> {
  static constexpr auto values = each_named<ClaimKind>({{"figure", ClaimKind::figure},
                                                        {"ratio", ClaimKind::ratio},
                                                        {"ordering", ClaimKind::ordering},
                                                        {"structure", ClaimKind::structure},
                                                        {"timed", ClaimKind::timed},
                                                        {"undecidable", ClaimKind::undecidable}});
};
template <>
struct Names<Verdict> {
  static constexpr auto values =
      each_named<Verdict>({{"holds", Verdict::holds},
                           {"holds under a condition", Verdict::conditional},
                           {"does not hold", Verdict::fails},
                           {"needs a run", Verdict::needs_run},
                           {"not decidable by cost", Verdict::undecidable}});
};

// Hands the fields of a setting to a visitor of file fields. Machines, and how a model is divided
// or placed on them, are left out: a study names these only within an expression (on = h100-sxm).
template <class Visitor>
struct SettingKeys {
  Visitor& visit;

  void operator()(const SettingField& field, std::optional<Integer>& member) const {
    visit(Field{field.key, field.meaning}, member, field.range);
  }
  void operator()(const SettingField& field, std::optional<double>& member) const {
    visit(Field{field.key, field.meaning}, member, kAccepted);
  }
  template <class Choice>
  void operator()(const SettingField& field, std::optional<Choice>& member) const {
    visit(Field{field.key, field.meaning}, member);
  }
  void operator()(const SettingField&, std::optional<Machine>&) const {}
  void operator()(const SettingField&, std::optional<Deployment>&) const {}
  void operator()(const SettingField&, std::optional<Placement>&) const {}
};

template <class Visitor>
void visit_fields(Visitor& visit, FieldsOf<PartialSetting> auto& setting) {
  visit_setting(SettingKeys<Visitor>{visit}, setting);
}

template <class Visitor>
void visit_fields(Visitor& visit, FieldsOf<Variant> auto& variant) {
  visit(Field{"of", "the model that is changed"}, variant.of);
  visit(Field{"title", "what the changed model is called"}, variant.title);
  visit(Field{"remove", "keys of the spec that are taken out first, as \"attention.local.window\""},
        variant.remove);
  visit(Field{"set", "keys of the spec with their new values, as set.attention.gqa.kv_heads = 32"},
        variant.set);
}

template <class Visitor>
void visit_fields(Visitor& visit, FieldsOf<StudyChart> auto& chart) {
  visit(Field{"quantity", "what is drawn over the context"}, chart.quantity);
  visit(Field{"from", "the first context"}, chart.from, kPositions);
  visit(Field{"to", "the last context"}, chart.to, kPositions);
}

template <class Visitor>
void visit_fields(Visitor& visit, FieldsOf<StudyComparison> auto& comparison) {
  visit(Field{"title", "its heading"}, comparison.title);
  visit(Field{"text", "what is looked at, in a sentence or two"}, comparison.text);
  visit(Field{"models", "names of models or variants, side by side"}, comparison.models);
  visit(Field{"show", "further figures, each \"label: expression\""}, comparison.show);
  visit(Field{"chart", "one quantity over contexts"}, comparison.chart);
  visit(Field{"figures", "what is drawn: heads, latent, masks, layers, cache, parameters"},
        comparison.figures);
  visit(Field{"at", "where the models are looked at"}, comparison.at);
}

template <class Visitor>
void visit_fields(Visitor& visit, FieldsOf<ContextRange> auto& range) {
  visit(Field{"from", "the first context"}, range.from, kPositions);
  visit(Field{"to", "the last context"}, range.to, kPositions);
}

template <class Visitor>
void visit_fields(Visitor& visit, FieldsOf<ClaimCase> auto& reading) {
  visit(Field{"title", "what is different in this case"}, reading.title);
  visit(Field{"check", "what must hold, each \"label: expression < expression\""}, reading.check);
  visit(Field{"over", "contexts at each of which it is checked"}, reading.over);
  visit(Field{"at", "where the models are looked at"}, reading.at);
}

template <class Visitor>
void visit_fields(Visitor& visit, FieldsOf<Claim> auto& claim) {
  visit(Field{"section", "where in the source it stands"}, claim.section);
  visit(Field{"text", "the claim, in a sentence"}, claim.text);
  visit(Field{"kind", "what sort of claim it is"}, claim.kind);
  visit(Field{"expect", "the verdict that the study expects"}, claim.expect);
  visit(Field{"expect_timed", "the verdict that it expects of a timed run; if left out, any"},
        claim.expect_timed);
  visit(Field{"reading", "how the claim's words are read as figures"}, claim.reading);
  visit(Field{"reason", "why no figure decides it"}, claim.reason);
  visit(Field{"check", "what must hold, each \"label: expression < expression\""}, claim.check);
  visit(Field{"over", "contexts at each of which it is checked"}, claim.over);
  visit(Field{"at", "where the models are looked at"}, claim.at);
  visit(Field{"case", "readings that may come out differently, by name"}, claim.cases);
  visit(Field{"show", "further figures, each \"label: expression\""}, claim.show);
}

template <class Visitor>
void visit_fields(Visitor& visit, FieldsOf<Study> auto& study) {
  visit(Field{"name", "the name used on the command line; the file is called NAME.toml"},
        study.name);
  visit(Field{"title", "the report's title"}, study.title);
  visit(Field{"source", "whose claims these are, and where they stand"}, study.source);
  visit(Field{"text", "an introduction"}, study.text);
  visit(Field{"at", "where models are looked at, unless a claim says otherwise"}, study.at);
  visit(Field{"variant", "models with some fields changed, by name"}, study.variant);
  visit(Field{"comparison", "models side by side, by name"}, study.comparison);
  visit(Field{"claim", "what is claimed, by name"}, study.claim);
}

}  // namespace llmarch
