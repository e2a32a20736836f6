#include "sim/study/study_reading.h"

#include <fmt/format.h>

#include "sim/spec/diagnostics.h"
#include "sim/spec/meant_names.h"
#include "sim/study_spec/study_fields.h"

namespace llmarch {
namespace {

Setting applied(const std::optional<PartialSetting>& partial, const Setting& around) {
  return partial ? laid_over(around, *partial) : around;
}

class Reader {
 public:
  Reader(const StudyModels& models, std::vector<StudyProblem>& problems)
      : models_(models), problems_(problems) {}

  ReadComparison read(const std::string& id, const StudyComparison& comparison,
                      const Setting& around) {
    const std::string path = "comparison." + id;
    ReadComparison read{path, id, &comparison, {}, {}, nullptr, {}, applied(comparison.at, around)};
    for (const std::string& name : comparison.models) {
      read.models.push_back(models_.models.find(name)->second);
    }
    if (comparison.show) read.show = labelled(*comparison.show, path);
    if (comparison.chart) read.charted = charted(*comparison.chart, path);
    if (comparison.figures) read.figures = figures(*comparison.figures, path);
    return read;
  }

  ReadClaim read(const std::string& id, const Claim& claim, const Setting& around) {
    const std::string path = "claim." + id;
    ReadClaim read{path, id, &claim, {}, {}, applied(claim.at, around)};
    if (claim.check) {
      read.cases.push_back({path, "", checks(*claim.check, path), claim.over, read.setting});
    }
    if (claim.cases) {
      for (const auto& [name, one] : *claim.cases) {
        const std::string place = fmt::format("{}.case.{}", path, name);
        read.cases.push_back({place, one.title, checks(one.check, place),
                              one.over ? one.over : claim.over, applied(one.at, read.setting)});
      }
    }
    if (claim.show) read.show = labelled(*claim.show, path);
    return read;
  }

 private:
  std::vector<Check> checks(const std::vector<std::string>& texts, const std::string& path) {
    std::vector<Check> checks;
    for (std::size_t i = 0; i < texts.size(); ++i) {
      attempt(problems_, fmt::format("{}.check.{}", path, i),
              [&] { checks.push_back(read_check(texts[i], models_)); });
    }
    return checks;
  }

  std::vector<LabelledExpression> labelled(const std::vector<std::string>& texts,
                                           const std::string& path) {
    std::vector<LabelledExpression> all;
    for (std::size_t i = 0; i < texts.size(); ++i) {
      attempt(problems_, fmt::format("{}.show.{}", path, i),
              [&] { all.push_back(read_labelled(texts[i], models_)); });
    }
    return all;
  }

  std::vector<FigureKind> figures(const std::vector<std::string>& named, const std::string& path) {
    std::vector<FigureKind> kinds;
    std::vector<std::string> known;
    for (const auto& [name, kind] : Names<FigureKind>::values) known.emplace_back(name);
    for (std::size_t i = 0; i < named.size(); ++i) {
      if (const auto kind = value_of_name<FigureKind>(named[i])) {
        kinds.push_back(*kind);
      } else {
        problems_.push_back({fmt::format("{}.figures.{}", path, i), 0,
                             fmt::format("unknown figure {}", quote_name(named[i])),
                             suggest(named[i], known)});
      }
    }
    return kinds;
  }

  const Quantity* charted(const StudyChart& chart, const std::string& path) {
    const Quantity* quantity = find_quantity(chart.quantity);
    const std::string place = path + ".chart.quantity";
    if (quantity == nullptr) {
      std::vector<std::string> names;
      for (const Quantity& known : quantities()) names.emplace_back(known.name);
      problems_.push_back({place, 0, fmt::format("unknown quantity {}", quote_name(chart.quantity)),
                           suggest(chart.quantity, names)});
    } else if (quantity->needs != Needs::nothing || quantity->varies == Varies::never) {
      problems_.push_back({place, 0,
                           fmt::format("'{}' cannot be drawn over the context", chart.quantity),
                           "draw kv_bytes, decode_flops, decode_bytes or total_memory"});
    }
    return quantity;
  }

  const StudyModels& models_;
  std::vector<StudyProblem>& problems_;
};

}  // namespace

StudyReading read_study(const Study& study, const StudyModels& models) {
  StudyReading reading;
  reading.study.study = &study;
  Reader reader(models, reading.problems);
  const Setting setting = applied(study.at, Setting{});
  if (study.comparison) {
    for (const auto& [id, comparison] : *study.comparison) {
      reading.study.comparisons.push_back(reader.read(id, comparison, setting));
    }
  }
  if (study.claim) {
    for (const auto& [id, claim] : *study.claim) {
      reading.study.claims.push_back(reader.read(id, claim, setting));
    }
  }
  return reading;
}

}  // namespace llmarch
