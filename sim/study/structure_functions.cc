// The functions of a study's expressions that look at what a model is, and not at what it costs.
#include <fmt/format.h>

#include <algorithm>

#include "sim/spec/diagnostics.h"
#include "sim/study/expression_node.h"
#include "sim/describe/structure.h"

namespace llmarch {
namespace {

constexpr FigureForm kPlainNumber{FigureForm::Kind::quantity, Unit::number};
constexpr FigureForm kPlainText{FigureForm::Kind::text, Unit::number};
constexpr FigureForm kCountedParameters{FigureForm::Kind::quantity, Unit::parameters};

[[noreturn]] void fail(const std::string& problem, const std::string& remedy) {
  throw ExpressionError(0, problem, remedy);
}

std::vector<std::string> labels_of(const std::vector<StructureRow>& rows) {
  std::vector<std::string> labels;
  for (const StructureRow& row : rows) labels.push_back(row.label);
  return labels;
}

// What `show` and `compare` say under that label: "none" where this model has no such part but
// another of the study has.
std::string structure_text(const Model& model, const std::string& label,
                           const StudyModels& models) {
  for (const StructureRow& row : structure({&model.spec})) {
    if (row.label == label) return row.values.front()->text;
  }
  std::vector<const ArchSpec*> all;
  for (const auto& [name, other] : models.models) all.push_back(&other->spec);
  const std::vector<std::string> known = labels_of(structure(all));
  if (std::find(known.begin(), known.end(), label) != known.end()) return "none";
  fail(fmt::format("no model has a row called {}", quote_name(label)), suggest(label, known));
}

Integer required(const std::optional<Integer>& stated, const Model& model, const char* what) {
  if (stated) return *stated;
  fail(fmt::format("the makers of '{}' state no {}", model.spec.name, what),
       "use what is predicted, or add it to the spec under [published]");
}

Integer published(const Model& model, std::optional<Integer> Published::*member, const char* what) {
  if (!model.spec.published) return required({}, model, what);
  return required((*model.spec.published).*member, model, what);
}

// Vectors of the residual stream's width that normalise it within one layer; the most of any layer.
Integer block_norms(const Model& model) {
  Integer most;
  for (std::size_t block = 0; block < model.graph.blocks.size(); ++block) {
    if (model.graph.blocks[block].kind != BlockKind::layer) continue;
    Integer norms;
    for (const Weight& weight : model.graph.weights) {
      const bool around = weight.role == WeightRole::attention_norm ||
                          weight.role == WeightRole::post_attention_norm ||
                          weight.role == WeightRole::feed_forward_norm ||
                          weight.role == WeightRole::post_feed_forward_norm;
      if (weight.block == block && around) norms += 1;
    }
    most = std::max(most, norms);
  }
  return most;
}

// Matrices that attention has in one layer, in whichever form it runs; the most of any layer.
Integer attention_matrices(const Model& model) {
  Integer most;
  for (std::size_t block = 0; block < model.graph.blocks.size(); ++block) {
    const auto count = std::count_if(
        model.graph.weights.begin(), model.graph.weights.end(), [&](const Weight& weight) {
          return weight.block == block && component_of(weight.role) == Component::attention &&
                 kind_of(weight.role) == WeightKind::matrix;
        });
    most = std::max(most, Integer(count));
  }
  return most;
}

Integer qk_norm_parameters(const Model& model) {
  Elements sum;
  for (const Weight& weight : model.graph.weights) {
    if (weight.role != WeightRole::query_norm && weight.role != WeightRole::key_norm) continue;
    sum += weight.elements() * model.graph.instances(weight);
  }
  return sum.amount();
}

// Query heads share key/value heads in order, counted from 1; the same rule as the kernels that run
// it and are held against the published implementations.
Integer kv_head_of(const Model& model, Integer query_head) {
  for (const auto& [name, mixer] : model.spec.attention) {
    const auto* grouped = std::get_if<GroupedAttention>(&mixer);
    if (grouped == nullptr) continue;
    if (query_head > grouped->query_heads) {
      fail(fmt::format("'{}' has query heads 1 to {}, and no head {}", model.spec.name,
                       grouped->query_heads.value(), query_head.value()),
           "name one of them");
    }
    return (query_head - 1) / (grouped->query_heads / grouped->kv_heads) + 1;
  }
  fail(fmt::format("'{}' has no key/value heads", model.spec.name), "ask a grouped model");
}

bool matches(std::string_view name, std::string_view pattern) {
  const std::size_t star = pattern.find('*');
  if (star == std::string_view::npos) return name == pattern;
  const std::string_view tail = pattern.substr(star + 1);
  return name.size() + 1 >= pattern.size() && name.starts_with(pattern.substr(0, star)) &&
         name.ends_with(tail);
}

bool is_mixture(const Model& model) {
  return std::any_of(
      model.spec.feed_forward.begin(), model.spec.feed_forward.end(),
      [](const auto& kind) { return std::holds_alternative<MixtureFeedForward>(kind.value); });
}

template <class Property>
Integer count_models(const StudyModels& models, std::string_view pattern,
                     const Property& property) {
  return static_cast<std::int64_t>(std::count_if(
      models.families.begin(), models.families.end(),
      [&](const Model* model) { return matches(model->spec.name, pattern) && property(*model); }));
}

const std::string& text_argument(const std::vector<FunctionArgument>& arguments,
                                 std::string_view name) {
  const auto* text = arguments.size() == 1 ? std::get_if<std::string>(arguments.data()) : nullptr;
  if (text == nullptr) {
    fail(fmt::format("'{}' takes one text in quotes", name), "'llmarch help study-format'");
  }
  return *text;
}

Integer number_argument(const std::vector<FunctionArgument>& arguments, std::string_view name) {
  const auto* number = arguments.size() == 1 ? std::get_if<Integer>(arguments.data()) : nullptr;
  if (number == nullptr) {
    fail(fmt::format("'{}' takes one whole number", name), "'llmarch help study-format'");
  }
  return *number;
}

std::optional<FunctionValue> family_function(std::string_view name,
                                             const std::vector<FunctionArgument>& arguments,
                                             const StudyModels& models) {
  const auto counted = [&](const auto& property) {
    return FunctionValue{count_models(models, text_argument(arguments, name), property),
                         kPlainNumber};
  };
  if (name == "known") return counted([](const Model&) { return true; });
  if (name == "known_dense") return counted([](const Model& model) { return !is_mixture(model); });
  if (name == "known_mixtures") return counted(is_mixture);
  return std::nullopt;
}

constexpr std::array kFunctions{
    FunctionHelp{"structure(MODEL, \"label\")",
                 "the text that 'llmarch compare' shows in that row of its structure; \"none\" "
                 "where the model has no such part"},
    FunctionHelp{"published_total(MODEL)", "parameters as the makers state them"},
    FunctionHelp{"published_active(MODEL)", "active parameters as the makers state them"},
    FunctionHelp{"block_norms(MODEL)", "norms of the residual stream within one layer"},
    FunctionHelp{"attention_matrices(MODEL)", "matrices of attention within one layer"},
    FunctionHelp{"qk_norm_parameters(MODEL)", "parameters of the norms of queries and keys"},
    FunctionHelp{"kv_head_of(MODEL, N)",
                 "which key/value head the query head N reads, both counted from 1"},
    FunctionHelp{"known(\"pattern\")",
                 "how many models this program has a spec of; one * stands for anything"},
    FunctionHelp{"known_dense(\"pattern\")", "of these, those without experts"},
    FunctionHelp{"known_mixtures(\"pattern\")", "of these, those with experts"},
    FunctionHelp{"memory_of(HARDWARE)", "bytes of a machine's memory"},
    FunctionHelp{"timed_decode(MODEL)",
                 "tokens per second that decode was timed at on this machine; needs a run"},
    FunctionHelp{"timed_prefill(MODEL)", "the same of prefill"},
    FunctionHelp{"timed_norm_share(MODEL)", "the share of norms in decode's time there"}};

}  // namespace

std::span<const FunctionHelp> expression_functions() {
  return kFunctions;
}

std::optional<FunctionValue> structure_function(std::string_view name, const Model* model,
                                                const std::vector<FunctionArgument>& arguments,
                                                const StudyModels& models) {
  if (model == nullptr) return family_function(name, arguments, models);
  if (name == "structure") {
    return FunctionValue{structure_text(*model, text_argument(arguments, name), models),
                         kPlainText};
  }
  if (name == "published_total") {
    return FunctionValue{published(*model, &Published::total, "total"), kCountedParameters};
  }
  if (name == "published_active") {
    return FunctionValue{published(*model, &Published::active, "active parameters"),
                         kCountedParameters};
  }
  if (name == "block_norms") return FunctionValue{block_norms(*model), kPlainNumber};
  if (name == "attention_matrices") {
    return FunctionValue{attention_matrices(*model), kPlainNumber};
  }
  if (name == "qk_norm_parameters")
    return FunctionValue{qk_norm_parameters(*model), kCountedParameters};
  if (name == "kv_head_of") {
    return FunctionValue{kv_head_of(*model, number_argument(arguments, name)), kPlainNumber};
  }
  return std::nullopt;
}

}  // namespace llmarch
