#include "sim/formats/scheme.h"

#include <algorithm>

namespace llmarch {
namespace {

const StorageFormat& format_of_matrix(const KindFormats& formats, const Weight& weight,
                                      const ModelShape& model) {
  if (weight.role == WeightRole::head) return formats.head;
  if (weight.role == WeightRole::shared_gate_vector) return formats.routers;
  const Component part = component_of(weight.role);
  if (part == Component::router) return formats.routers;
  if (part == Component::experts) return formats.experts;
  return model.experts > 0 ? formats.beside_experts : formats.matrices;
}

const StorageFormat& format_of_kind(const KindFormats& formats, const Weight& weight,
                                    const ModelShape& model) {
  if (weight.role == WeightRole::router_correction_bias) return formats.corrections;
  switch (kind_of(weight.role)) {
    case WeightKind::matrix: return format_of_matrix(formats, weight, model);
    case WeightKind::table: return formats.embeddings;
    case WeightKind::taps:
    case WeightKind::norm:
    case WeightKind::bias:
    case WeightKind::constant: return formats.vectors;
  }
  throw std::logic_error("format_of_kind: a kind outside the enumeration");
}

// How the tensor is stored by each kind of rule.
struct FormatOf {
  const TensorPlace& place;
  const ModelShape& model;

  StorageFormat operator()(const StorageFormat& every) const { return every; }
  StorageFormat operator()(const KindFormats& formats) const {
    return format_of_kind(formats, place.weight, model);
  }
  StorageFormat operator()(const Mixture* mixture) const {
    return format_in(*mixture, place, model);
  }
  StorageFormat operator()(const PureGguf& pure) const {
    return format_in_pure(pure.format, place.weight);
  }
  StorageFormat operator()(const Policy& policy) const {
    const auto rule = std::ranges::find_if(
        policy.rules, [&](const PolicyRule& each) { return each.selector.selects(place); });
    const auto& scheme = rule == policy.rules.end() ? policy.rest : rule->scheme;
    return scheme->format_of(place, model);
  }
  StorageFormat operator()(const FoundFormats& found) const {
    const auto layer = static_cast<std::size_t>(place.layer.value_or(0).value());
    const auto format = found.formats.find({place.weight.role, layer, place.weight.place.sublayer});
    return format == found.formats.end() ? found.others : format->second;
  }
};

DType arithmetic_of(DType stored) {
  return stored == DType::int4 ? DType::bf16 : stored;
}

}  // namespace

bool TensorSelector::selects(const TensorPlace& place) const {
  if (component && component_of(place.weight.role) != *component) return false;
  if (role && place.weight.role != *role) return false;
  if (!layers) return true;
  return place.layer && *place.layer >= layers->first && *place.layer <= layers->second;
}

Scheme::Scheme(DType dtype)
    : body_(std::make_shared<const Body>(
          Body{std::string(name_of(dtype)), arithmetic_of(dtype), dtype, plain(dtype)})) {}

Scheme::Scheme(std::string name, DType arithmetic, Rules rules)
    : body_(std::make_shared<const Body>(
          Body{std::move(name), arithmetic, std::nullopt, std::move(rules)})) {}

Scheme Scheme::of_file(std::string name, DType arithmetic, Rules rules) {
  return Scheme(std::make_shared<const Body>(
      Body{std::move(name), arithmetic, std::nullopt, std::move(rules), true}));
}

StorageFormat Scheme::format_of(const TensorPlace& place, const ModelShape& model) const {
  return std::visit(FormatOf{place, model}, body_->rules);
}

Scheme matrices_and_vectors(std::string name, DType arithmetic, const StorageFormat& matrices,
                            const StorageFormat& vectors) {
  return {
      std::move(name), arithmetic,
      KindFormats{matrices, matrices, matrices, matrices, matrices, matrices, vectors, vectors}};
}

CacheScheme::CacheScheme(DType dtype)
    : name_(name_of(dtype)),
      dtype_(dtype),
      keys_(plain(dtype)),
      values_(plain(dtype)),
      states_(plain(dtype)) {}

CacheScheme::CacheScheme(std::string name, const StorageFormat& keys, const StorageFormat& values)
    : name_(std::move(name)), keys_(keys), values_(values), states_(plain(DType::bf16)) {}

StorageFormat CacheScheme::format_of(const Cache& cache) const {
  if (is_always_f32(cache.state)) return plain(DType::f32);
  if (std::holds_alternative<Fixed>(cache.state)) return states_;
  switch (cache.side) {
    case CacheSide::keys: return keys_;
    case CacheSide::values: return values_;
  }
  throw std::logic_error("format_of: a side outside the enumeration");
}

}  // namespace llmarch
