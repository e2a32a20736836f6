#include "sim/study_spec/study_loader.h"

#include <fmt/format.h>

#include <algorithm>

#include "sim/spec/meant_names.h"
#include "sim/study_spec/study_fields.h"
#include "sim/toml/spec_table.h"
#include "sim/toml/toml_document.h"
#include "sim/toml/toml_reader.h"
#include "sim/toml/toml_writer.h"

namespace llmarch {
namespace {

constexpr DocumentKind kStudy{
    "a study", "arch_specs/studies/article.toml is an example",
    "toml.io describes TOML, arch_specs/studies/article.toml is an example of "
    "what a study holds"};

// The TOML library sorts tables by name; the author's order is that of the file.
template <class Value>
void put_in_order(std::optional<std::vector<Named<Value>>>& entries, const std::string& table,
                  const FieldPlaces& places) {
  if (!entries) return;
  const auto place = [&](const Named<Value>& entry) {
    const Place found = place_of(places, table + "." + entry.name).value_or(Place{});
    return std::pair(found.line, found.column);
  };
  std::stable_sort(entries->begin(), entries->end(),
                   [&](const auto& a, const auto& b) { return place(a) < place(b); });
}

void put_in_order(Study& study, const FieldPlaces& places) {
  put_in_order(study.variant, "variant", places);
  put_in_order(study.comparison, "comparison", places);
  put_in_order(study.claim, "claim", places);
  if (!study.claim) return;
  for (auto& [id, claim] : *study.claim) {
    put_in_order(claim.cases, fmt::format("claim.{}.case", id), places);
  }
}

// Merges tables and replaces everything else. What is copied keeps its place in the study's file.
void merge(toml::table& target, const toml::table& changes) {
  for (const auto& [key, node] : changes) {
    toml::node* there = target.get(key.str());
    if (node.is_table() && there != nullptr && there->is_table()) {
      merge(*there->as_table(), *node.as_table());
    } else {
      target.insert_or_assign(key, node);
    }
  }
}

// False when `path` names nothing.
bool remove_key(toml::table& table, std::string_view path) {
  const std::size_t dot = path.find('.');
  if (dot == std::string_view::npos) return table.erase(path) > 0;
  toml::node* inner = table.get(path.substr(0, dot));
  return inner != nullptr && inner->is_table() &&
         remove_key(*inner->as_table(), path.substr(dot + 1));
}

// Makes the specs of variants from the specs that they change.
class VariantMaker {
 public:
  VariantMaker(const toml::table& study, const KnownSpecs& known, TomlReading& reading)
      : study_(study), known_(known), reading_(reading) {}

  void make(const std::string& name, Variant& variant) {
    const std::string path = "variant." + name;
    if (reading_.unread.contains(path + ".of") || !known(name, variant, path)) return;
    ArchSpec base = known_.spec(variant.of);
    base.published.reset();
    base.name = name;
    base.title = variant.title;
    base.source = fmt::format("{} with fields changed", variant.of);
    toml::table table = toml::parse(write_toml_spec(base, {}));
    if (variant.remove) remove(table, *variant.remove, path);
    if (const auto* set = study_["variant"][name]["set"].as_table()) merge(table, *set);
    SpecLoad load = read_spec(table);
    if (load.spec) {
      variant.spec = std::move(*load.spec);
    } else {
      report(name, path, load.problems);
    }
  }

 private:
  bool known(const std::string& name, const Variant& variant, const std::string& path) {
    const auto& names = known_.names;
    if (std::find(names.begin(), names.end(), name) != names.end()) {
      reading_.problems.push_back({place_of(reading_.places, path),
                                   fmt::format("variant '{}' has the name of a model", name),
                                   "call it differently"});
    }
    if (std::find(names.begin(), names.end(), variant.of) != names.end()) return true;
    reading_.problems.push_back({place_of(reading_.places, path + ".of"),
                                 fmt::format("unknown model {}", quote_name(variant.of)),
                                 suggest(variant.of, names)});
    return false;
  }

  void remove(toml::table& table, const std::vector<std::string>& keys, const std::string& path) {
    for (std::size_t i = 0; i < keys.size(); ++i) {
      if (remove_key(table, keys[i])) continue;
      reading_.problems.push_back(
          {place_of(reading_.places, fmt::format("{}.remove.{}", path, i)),
           fmt::format("there is no {} to remove", quote_name(keys[i])),
           "'llmarch show MODEL' shows a model, 'llmarch help spec-format' its keys"});
    }
  }

  // All problems are placed at the head of the variant, since the wrong value may be one of the
  // base spec that the variant left unchanged.
  void report(const std::string& name, const std::string& path,
              const std::vector<Diagnostic>& problems) {
    for (const Diagnostic& problem : problems) {
      reading_.problems.push_back(
          {place_of(reading_.places, path),
           fmt::format("variant '{}' is not a valid spec: {}", name, problem.message),
           problem.remedy});
    }
  }

  const toml::table& study_;
  const KnownSpecs& known_;
  TomlReading& reading_;
};

// Rules that concern more than one key of a study.
class StudyRules {
 public:
  StudyRules(const Study& study, const KnownSpecs& known, TomlReading& reading)
      : names_(known.names), reading_(reading) {
    if (!study.variant) return;
    for (const auto& [name, variant] : *study.variant) names_.push_back(name);
  }

  void check(const std::string& name, const StudyComparison& comparison) {
    for (std::size_t i = 0; i < comparison.models.size(); ++i) {
      const std::string& model = comparison.models[i];
      if (std::find(names_.begin(), names_.end(), model) != names_.end()) continue;
      refuse(fmt::format("comparison.{}.models.{}", name, i),
             fmt::format("unknown model {}", quote_name(model)), suggest(model, names_));
    }
    if (comparison.at) check(fmt::format("comparison.{}.at", name), *comparison.at);
    if (comparison.chart && comparison.chart->to < comparison.chart->from) {
      refuse(fmt::format("comparison.{}.chart.to", name), "'to' lies before 'from'",
             "give the smaller context first");
    }
  }

  void check(const std::string& id, const Claim& claim) {
    const std::string path = "claim." + id;
    const int ways = (claim.check ? 1 : 0) + (claim.cases ? 1 : 0) +
                     (claim.kind == ClaimKind::undecidable ? 1 : 0);
    if (ways != 1) {
      refuse(path, fmt::format("claim '{}' is decided in {} ways", id, ways),
             "give 'check', or [claim.ID.case.NAME] tables, or kind = \"undecidable\" with a "
             "'reason'");
    }
    if (claim.kind == ClaimKind::undecidable && !claim.reason) {
      refuse(path, fmt::format("claim '{}' is undecidable without a reason", id),
             "add 'reason' (why no figure decides it)");
    }
    check(path + ".over", claim.over);
    if (claim.at) check(path + ".at", *claim.at);
    if (claim.check) add_checking(path, claim.over, *claim.check);
    if (!claim.cases) return;
    for (const auto& [name, one] : *claim.cases) {
      const std::string case_path = fmt::format("{}.case.{}", path, name);
      check(case_path + ".over", one.over);
      if (one.at) check(case_path + ".at", *one.at);
      add_checking(case_path, one.over ? one.over : claim.over, one.check);
    }
  }

 private:
  void check(const std::string& path, const std::optional<ContextRange>& range) {
    if (!range) return;
    if (range->to < range->from) {
      refuse(path + ".to", "'to' lies before 'from'", "give the smaller context first");
    } else if (range->to - range->from >= kMostContexts) {
      refuse(path + ".to",
             fmt::format("{} contexts are too many to check each",
                         (range->to - range->from + 1).value()),
             fmt::format("name at most {}", kMostContexts));
    }
  }

  void check(const std::string& path, const PartialSetting& at) {
    const auto fault = fault_of_drafts(at.draft, at.accepted, "'draft'", "'accepted'");
    if (fault) refuse(path, *fault, "give both, as draft = 1 and accepted = 0.85, or neither");
  }

  // Reported once, at the claim with which the sum exceeds the bound.
  void add_checking(const std::string& path, const std::optional<ContextRange>& range,
                    const std::vector<std::string>& checks) {
    if (checking_ > kMostChecking || !range || range->to < range->from) return;
    const Integer contexts = range->to - range->from + 1;
    for (const std::string& each : checks) checking_ += contexts * std::ssize(each);
    if (checking_ <= kMostChecking) return;
    refuse(path, "checking every context of every claim up to this one would take too long",
           "name fewer contexts with 'over', or make two studies");
  }

  void refuse(const std::string& path, std::string message, std::string remedy) {
    reading_.problems.push_back(
        {place_of(reading_.places, path), std::move(message), std::move(remedy)});
  }

  std::vector<std::string> names_;
  Integer checking_;  // so far, as kMostChecking counts
  TomlReading& reading_;
};

// A study of variants alone is about what each changes.
void compare_variants(Study& study) {
  if (!study.variant || study.comparison || study.claim) return;
  for (const auto& [name, variant] : *study.variant) {
    if (!study.comparison) study.comparison.emplace();
    study.comparison->push_back({name,
                                 {.title = variant.title,
                                  .text = fmt::format("{} beside {}.", name, variant.of),
                                  .models = {variant.of, name},
                                  .show = {},
                                  .chart = {},
                                  .figures = {},
                                  .at = {}}});
  }
}

void complete(Study& study, const toml::table& table, const KnownSpecs& known,
              TomlReading& reading) {
  VariantMaker maker(table, known, reading);
  if (study.variant) {
    for (auto& [name, variant] : *study.variant) maker.make(name, variant);
  }
  StudyRules rules(study, known, reading);
  if (study.comparison) {
    for (const auto& [name, comparison] : *study.comparison) rules.check(name, comparison);
  }
  if (study.claim) {
    for (const auto& [id, claim] : *study.claim) rules.check(id, claim);
  }
}

}  // namespace

StudyLoad load_toml_study(std::string_view text, const KnownSpecs& known) {
  auto parsed = parse_toml(text, kStudy);
  if (auto* problem = std::get_if<Diagnostic>(&parsed)) {
    return {std::nullopt, {std::move(*problem)}, {}};
  }
  const auto& table = std::get<toml::table>(parsed);
  Study study;
  TomlReading reading;
  TableReader reader(table, "the study", reading);
  visit_fields(reader, study);
  reader.finish();
  if (reading.problems.empty()) complete(study, table, known, reading);
  put_in_order(study, reading.places);
  compare_variants(study);
  StudyLoad load{std::nullopt, std::move(reading.problems).take(), std::move(reading.places)};
  if (load.problems.empty()) load.study = std::move(study);
  return load;
}

}  // namespace llmarch
