#include <fmt/format.h>

#include "sim/spec/diagnostics.h"
#include "sim/study/claims.h"

namespace llmarch {
namespace {

Point applied(const std::optional<StudySettings>& settings, const Point& around) {
  if (!settings) return around;
  Point point = around;
  point.context = settings->context.value_or(around.context);
  // A prompt follows the context unless it is said.
  point.prompt = settings->prompt.value_or(settings->context.value_or(around.prompt));
  point.batch = settings->batch.value_or(around.batch);
  point.weights = settings->weights.value_or(around.weights);
  point.kv = settings->kv.value_or(around.kv);
  return point;
}

// Nobody reads beyond a hundred problems, and a file can be made to have a hundred thousand.
constexpr std::size_t kMostProblems = 100;

class Reader {
 public:
  Reader(const StudyModels& models, std::vector<StudyProblem>& problems)
      : models_(models), problems_(problems) {}

  ReadComparison read(const std::string& id, const StudyComparison& comparison,
                      const Point& around) {
    const std::string path = "comparison." + id;
    ReadComparison read{id, &comparison, {}, {}, nullptr, applied(comparison.at, around)};
    for (const std::string& name : comparison.models) {
      read.models.push_back(models_.models.find(name)->second);
    }
    if (comparison.show) read.show = labelled(*comparison.show, path);
    if (comparison.chart) read.charted = charted(*comparison.chart, path);
    return read;
  }

  ReadClaim read(const std::string& id, const Claim& claim, const Point& around) {
    const std::string path = "claim." + id;
    ReadClaim read{id, &claim, {}, {}, applied(claim.at, around)};
    if (claim.check) {
      read.cases.push_back({"", checks(*claim.check, path), claim.over, read.point});
    }
    if (claim.cases) {
      for (const auto& [name, one] : *claim.cases) {
        read.cases.push_back({one.title, checks(one.check, fmt::format("{}.case.{}", path, name)),
                              one.over ? one.over : claim.over, applied(one.at, read.point)});
      }
    }
    if (claim.show) read.show = labelled(*claim.show, path);
    return read;
  }

 private:
  template <class Read>
  void attempt(const std::string& path, const Read& read) {
    if (problems_.size() >= kMostProblems) return;
    try {
      read();
    } catch (const ExpressionError& error) {
      problems_.push_back({path, error.offset(), error.what(), error.remedy()});
    }
  }

  std::vector<Check> checks(const std::vector<std::string>& texts, const std::string& path) {
    std::vector<Check> checks;
    for (std::size_t i = 0; i < texts.size(); ++i) {
      attempt(fmt::format("{}.check.{}", path, i),
              [&] { checks.push_back(parse_check(texts[i], models_)); });
    }
    return checks;
  }

  std::vector<LabelledExpression> labelled(const std::vector<std::string>& texts,
                                           const std::string& path) {
    std::vector<LabelledExpression> all;
    for (std::size_t i = 0; i < texts.size(); ++i) {
      attempt(fmt::format("{}.show.{}", path, i),
              [&] { all.push_back(parse_labelled(texts[i], models_)); });
    }
    return all;
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
  const Point point = applied(study.at, Point{});
  if (study.comparison) {
    for (const auto& [id, comparison] : *study.comparison) {
      reading.study.comparisons.push_back(reader.read(id, comparison, point));
    }
  }
  if (study.claim) {
    for (const auto& [id, claim] : *study.claim) {
      reading.study.claims.push_back(reader.read(id, claim, point));
    }
  }
  return reading;
}

}  // namespace llmarch
