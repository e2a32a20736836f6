#include "sim/study/structure_functions.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "sim/describe/block_facts.h"
#include "sim/describe/structure.h"
#include "sim/spec/diagnostics.h"
#include "sim/spec/meant_names.h"
#include "sim/study/expression.h"
#include "sim/study/structure_sizes.h"

namespace llmarch {
namespace {

constexpr FigureForm kCountedParameters = form_of(Unit::parameters);

[[noreturn]] void fail(const std::string& problem, const std::string& remedy) {
  throw ExpressionError(0, problem, remedy);
}

std::vector<std::string> labels_of(const std::vector<StructureRow>& rows) {
  std::vector<std::string> labels;
  for (const StructureRow& row : rows) labels.push_back(row.label);
  return labels;
}

const Model& model_of(const FunctionCall& call) {
  if (call.model != nullptr) return *call.model;
  fail(fmt::format("'{}' is asked of one model", call.name),
       fmt::format("write {}(MODEL)", call.name));
}

const std::string& text_of(const FunctionCall& call) {
  const auto* text =
      call.arguments.size() == 1 ? std::get_if<std::string>(call.arguments.data()) : nullptr;
  if (text != nullptr) return *text;
  fail(fmt::format("'{}' takes one text in quotes", call.name), "'llmarch help study-format'");
}

Integer number_of(const FunctionCall& call) {
  const auto* number =
      call.arguments.size() == 1 ? std::get_if<Integer>(call.arguments.data()) : nullptr;
  if (number != nullptr) return *number;
  fail(fmt::format("'{}' takes one whole number", call.name), "'llmarch help study-format'");
}

// The text in that row of `show` and `compare`; "none" where this model has no such row but another
// of the study's models has.
FunctionValue structure_text(const FunctionCall& call) {
  const ArchSpec& spec = model_of(call).spec;
  const std::string& label = text_of(call);
  for (const StructureRow& row : structure({&spec})) {
    if (row.label == label) return {row.values.front()->text, kPlainText};
  }
  std::vector<const ArchSpec*> all;
  for (const auto& [name, other] : call.models.models) all.push_back(&other->spec);
  const std::vector<std::string> known = labels_of(structure(all));
  if (std::find(known.begin(), known.end(), label) != known.end()) return {"none", kPlainText};
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

// The number of norms over the residual stream in one layer, for the layer that has most.
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

// The number of attention's matrices in one layer, for the layer that has most.
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

// Consecutive query heads share a key/value head; both are counted from 1. The kernels follow the
// same rule and are compared with the published implementations.
Integer kv_head_of(const Model& model, Integer query_head) {
  for (const auto& [name, mixer] : model.spec.attention) {
    const AttentionSizes heads = sizes_of(mixer);
    if (heads.kv_heads == 0) continue;
    if (query_head > heads.query_heads) {
      fail(fmt::format("'{}' has query heads 1 to {}, and no head {}", model.spec.name,
                       heads.query_heads.value(), query_head.value()),
           "name one of them");
    }
    return (query_head - 1) / (heads.query_heads / heads.kv_heads) + 1;
  }
  fail(fmt::format("'{}' has no key/value heads", model.spec.name),
       "name a model with grouped attention");
}

bool matches(std::string_view name, std::string_view pattern) {
  const std::size_t star = pattern.find('*');
  if (star == std::string_view::npos) return name == pattern;
  const std::string_view tail = pattern.substr(star + 1);
  return name.size() + 1 >= pattern.size() && name.starts_with(pattern.substr(0, star)) &&
         name.ends_with(tail);
}

template <class Property>
Integer count_models(const StudyModels& models, std::string_view pattern,
                     const Property& property) {
  return static_cast<std::int64_t>(std::count_if(
      models.families.begin(), models.families.end(),
      [&](const Model* model) { return matches(model->spec.name, pattern) && property(*model); }));
}

template <class Property>
FunctionValue count_families(const FunctionCall& call, const Property& property) {
  return {count_models(call.models, text_of(call), property), kPlainNumber};
}

constexpr std::array kFunctions{
    StructureFunction{{"structure(MODEL, \"label\")",
                       "the text that 'llmarch compare' shows in that row of its structure; "
                       "\"none\" where the model has no such part"},
                      structure_text},
    StructureFunction{
        {"published_total(MODEL)", "parameters as the makers state them"},
        [](const FunctionCall& call) -> FunctionValue {
          return {published(model_of(call), &Published::total, "total"), kCountedParameters};
        }},
    StructureFunction{{"published_active(MODEL)", "active parameters as the makers state them"},
                      [](const FunctionCall& call) -> FunctionValue {
                        return {published(model_of(call), &Published::active, "active parameters"),
                                kCountedParameters};
                      }},
    StructureFunction{{"block_norms(MODEL)", "norms of the residual stream within one layer"},
                      [](const FunctionCall& call) -> FunctionValue {
                        return {block_norms(model_of(call)), kPlainNumber};
                      }},
    StructureFunction{{"attention_matrices(MODEL)", "matrices of attention within one layer"},
                      [](const FunctionCall& call) -> FunctionValue {
                        return {attention_matrices(model_of(call)), kPlainNumber};
                      }},
    StructureFunction{{"qk_norm_parameters(MODEL)", "parameters of the norms of queries and keys"},
                      [](const FunctionCall& call) -> FunctionValue {
                        return {qk_norm_parameters(model_of(call)), kCountedParameters};
                      }},
    StructureFunction{{"kv_head_of(MODEL, N)",
                       "which key/value head the query head N reads, both counted from 1"},
                      [](const FunctionCall& call) -> FunctionValue {
                        return {kv_head_of(model_of(call), number_of(call)), kPlainNumber};
                      }},
    StructureFunction{{"known(\"pattern\")",
                       "how many models this program has a spec of; one * stands for anything"},
                      [](const FunctionCall& call) {
                        return count_families(call, [](const Model&) { return true; });
                      }},
    StructureFunction{{"known_dense(\"pattern\")", "of these, those without experts"},
                      [](const FunctionCall& call) {
                        return count_families(
                            call, [](const Model& model) { return !has_experts(model.spec); });
                      }},
    StructureFunction{{"known_mixtures(\"pattern\")", "of these, those with experts"},
                      [](const FunctionCall& call) {
                        return count_families(
                            call, [](const Model& model) { return has_experts(model.spec); });
                      }}};

}  // namespace

std::span<const StructureFunction> structure_functions() {
  return kFunctions;
}

}  // namespace llmarch
