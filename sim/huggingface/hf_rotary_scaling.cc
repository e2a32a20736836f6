#include "sim/huggingface/hf_rotary_scaling.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace llmarch {
namespace {

constexpr std::string_view kLimit = "max_position_embeddings";
constexpr std::string_view kOriginal = "original_max_position_embeddings";

RotaryScaling llama3_scaling(ConfigReader& rope) {
  Llama3Scaling scaling;
  scaling.factor = rope.real("factor");
  scaling.low_frequency_factor = rope.real("low_freq_factor");
  scaling.high_frequency_factor = rope.real("high_freq_factor");
  scaling.original_context = rope.size(kOriginal, kPositions);
  return scaling;
}

// The config's own field, which another reader reports where it is missing or wrong.
Integer context_limit(Import& import, Integer absent) {
  if (!import.config.contains(kLimit)) return absent;
  return import.config.all_read({kLimit}) ? import.config.size(kLimit, kPositions) : absent;
}

// The context before the stretch; absent: that of the config.
Integer yarn_original_context(Import& import, ConfigReader& rope) {
  if (rope.contains(kOriginal)) return rope.size(kOriginal, kPositions);
  const Integer limit = context_limit(import, 1);
  return rope.size_or(kOriginal, limit, kLimit, kPositions);
}

RotaryScaling yarn_scaling(Import& import, ConfigReader& rope) {
  YarnScaling scaling;
  scaling.factor = rope.real("factor");
  scaling.original_context = yarn_original_context(import, rope);
  scaling.beta_fast = rope.real_or("beta_fast", 32, "transformers' default");
  scaling.beta_slow = rope.real_or("beta_slow", 1, "transformers' default");
  const auto optional = [&](std::string_view key, std::string_view reason) {
    return rope.is_zero(key) ? std::nullopt : rope.optional_real_or(key, std::nullopt, reason);
  };
  scaling.mscale = optional("mscale", "the rotary tables are not scaled by it");
  scaling.mscale_all_dim = optional("mscale_all_dim", "the softmax is not scaled by it");
  scaling.attention_factor = optional("attention_factor", "it follows from the factor");
  const bool states_truncation = rope.contains("truncate");
  scaling.fractional_bounds = states_truncation && !rope.flag_or("truncate", true, "");
  rope.inert({"truncate"});
  return scaling;
}

// The reference measures a sequence against the config's max_position_embeddings, whatever the
// scaling says beside it.
RotaryScaling dynamic_scaling(Import& import, ConfigReader& rope) {
  DynamicScaling scaling;
  scaling.factor = rope.real("factor");
  import.config.stated(kLimit);
  scaling.original_context = context_limit(import, 1);
  if (import.config.all_read({kLimit})) rope.only(kOriginal, scaling.original_context.value());
  return scaling;
}

// In the scaling, beside it, or at both places alike; else what the class fills.
Integer original_context(Import& import, ConfigReader& rope, const RotaryClass& of) {
  ConfigReader& config = import.config;
  if (rope.contains(kOriginal)) {
    const Integer stated = rope.size(kOriginal, kPositions);
    if (rope.all_read({kOriginal})) config.only(kOriginal, stated.value());
    return stated;
  }
  if (config.contains(kOriginal) || !of.longrope_context) return config.size(kOriginal, kPositions);
  return config.size_or(kOriginal, *of.longrope_context, kTypeDefault, kPositions);
}

std::vector<double> pair_factors(ConfigReader& rope, std::string_view key, Integer pairs) {
  rope.stated(key);
  std::vector<double> factors = rope.optional_reals(key);
  const auto is_factor = [](double factor) {
    return factor > kFactor.above && factor <= kFactor.most;
  };
  const bool sound = std::ssize(factors) == pairs.value() &&
                     std::all_of(factors.begin(), factors.end(), is_factor);
  if (!sound && rope.all_read({key})) {
    rope.refuse(fmt::format("'{}' lists {} numbers", key, factors.size()),
                fmt::format("it has one above 0 for each of {} pairs", pairs.value()));
  }
  return factors;
}

RotaryScaling longrope_scaling(Import& import, ConfigReader& rope, const RotaryClass& of,
                               Integer dim) {
  LongRope scaling;
  scaling.short_factors = pair_factors(rope, "short_factor", dim / 2);
  scaling.long_factors = pair_factors(rope, "long_factor", dim / 2);
  scaling.original_context = original_context(import, rope, of);
  const Integer limit = context_limit(import, of.context_limit);
  const double factor = limit.as_double() / scaling.original_context.as_double();
  if (import.config.all_read({kLimit, kOriginal}) && rope.all_read({kOriginal})) {
    rope.only("factor", factor);
  }
  if (of.table_factors == RotaryClass::TableFactors::stated) {
    scaling.short_table_factor = rope.real("short_mscale");
    scaling.long_table_factor = rope.real("long_mscale");
    return scaling;
  }
  const double grown =
      factor <= 1
          ? 1
          : std::sqrt(1 + std::log(factor) / std::log(scaling.original_context.as_double()));
  const auto stated =
      rope.optional_real_or("attention_factor", std::nullopt, "it follows from the stretch");
  scaling.short_table_factor = scaling.long_table_factor = stated.value_or(grown);
  return scaling;
}

bool is_plain(const std::optional<std::string>& type, const RotaryClass& of) {
  const bool sections = of.sections == RotaryClass::Sections::of_one_position;
  return !type || type == "default" || (sections && type == "mrope");
}

// theta alpha ^ (dim / (dim - 2)), as Hunyuan stretches it; the other fields have no effect within
// the context that the model was made for.
double stretched_theta(ConfigReader& rope, double theta, Integer dim) {
  rope.inert({"factor", "beta_fast", "beta_slow", "mscale", "mscale_all_dim"});
  const double width = dim.as_double();
  const double stretched = theta * std::pow(rope.real("alpha"), width / (width - 2));
  if (stretched <= kFactor.most) return stretched;
  rope.refuse(fmt::format("'alpha' stretches theta to {:g}", stretched),
              fmt::format("theta may be at most {:g}", kFactor.most));
  return theta;
}

void know_what_the_class_reads(ConfigReader& rope, const RotaryClass& of) {
  if (of.sections == RotaryClass::Sections::of_one_position) {
    rope.inert({"mrope_section", "mrope_interleaved"});
  }
  if (of.growth == RotaryClass::Growth::by_position) {
    rope.inert({kGrowth, "original_max_position_embeddings", "max_position_embeddings"});
  }
}

// Whether none of the fields is there that only a scaling has.
bool stretches_nothing(const ConfigReader& rope) {
  constexpr auto kStretching = std::to_array<std::string_view>(
      {"factor", kOriginal, "short_factor", "long_factor", "low_freq_factor", "high_freq_factor",
       "beta_fast", "beta_slow", "mscale", "mscale_all_dim", "alpha"});
  return std::none_of(kStretching.begin(), kStretching.end(),
                      [&](std::string_view key) { return rope.contains(key); });
}

// Older configs call it "type", some write both; none when it is missing or they disagree.
std::optional<std::string> rope_type(ConfigReader& rope, const RotaryClass& of) {
  auto older = rope.optional_text("type");
  if (older && !rope.contains("rope_type")) return older;
  if (!rope.all_read({"type"})) return std::nullopt;
  if (!older && !rope.contains("rope_type") && stretches_nothing(rope)) {
    rope.fill("rope_type", "default", kTypeDefault);
    return "default";
  }
  const std::string type = rope.text("rope_type");
  if (type.empty()) return std::nullopt;
  if (!older || *older == type) return type;
  if (is_plain(older, of) && is_plain(type, of)) return type;
  rope.refuse(fmt::format("'rope_type' is '{}' and 'type' is '{}'", type, *older),
              "they name the same thing: keep the right one");
  return std::nullopt;
}

// The frequencies are spread over all pairs of a head, and only a share of the pairs is turned.
void read_proportional(ConfigReader& rope, Integer head_dim, Rotary& rotary) {
  const double share = rope.real_or("partial_rotary_factor", 1, kTypeDefault, kTurnedShare);
  rotary.dim.reset();
  const Integer pairs = static_cast<std::int64_t>(head_dim.as_double() * share / 2);
  if (pairs == 0 && rope.all_read({"partial_rotary_factor"})) {
    rope.refuse(fmt::format("partial_rotary_factor = {} turns no pair of a head", share),
                "it is the share of a head's pairs that are turned");
  }
  if (2 * pairs != head_dim) rotary.turned_pairs = pairs;
  const double factor = rope.real_or("factor", 1, kTypeDefault);
  if (factor != 1) rotary.scaling = LinearScaling{factor};
}

bool is_longrope(const RotaryClass& of, std::string_view type) {
  return type == "longrope" || (of.longrope_context && (type == "su" || type == "yarn"));
}

std::optional<Rotary> rotary_of(const OneOf<GroupedAttention, LatentAttention> auto& attention) {
  return attention.rotary;
}
std::optional<Rotary> rotary_of(const CompressedAttention& attention) {
  return attention.rotary;
}
std::optional<Rotary> rotary_of(const StateMixer auto&) {
  return std::nullopt;
}

}  // namespace

void stretch_context_limit(ConfigLoad& load, ArchSpec& spec) {
  for (const auto& [name, mixer] : spec.attention) {
    const auto rotary = std::visit([](const auto& kind) { return rotary_of(kind); }, mixer);
    if (!rotary || !rotary->scaling) continue;
    const auto* dynamic = std::get_if<DynamicScaling>(&*rotary->scaling);
    if (dynamic == nullptr) continue;
    const double limit = std::floor(dynamic->factor * dynamic->original_context.as_double());
    if (limit < spec.context_limit.as_double() || limit > static_cast<double>(kPositions.most)) {
      continue;
    }
    spec.context_limit = static_cast<std::int64_t>(limit);
    load.filled.push_back(
        fmt::format("context_limit = {} (max_position_embeddings times the "
                    "factor of the dynamic scaling)",
                    spec.context_limit.value()));
    return;
  }
}

void read_scaling(Import& import, ConfigReader& rope, const RotaryClass& of, Integer head_dim,
                  Rotary& rotary) {
  know_what_the_class_reads(rope, of);
  const std::optional<std::string> stated = rope_type(rope, of);
  const std::string type = stated.value_or("");
  const Integer dim = rotary.dim.value_or(head_dim);
  const bool stretches = of.alpha == RotaryClass::Alpha::stretches_theta && dim > 2;
  bool known = !type.empty();
  if (stretches && type == "dynamic" && rope.contains("alpha")) {
    rotary.theta = stretched_theta(rope, rotary.theta, dim);
  } else if (type == "llama3") {
    rotary.scaling = llama3_scaling(rope);
  } else if (is_longrope(of, type)) {
    rotary.scaling = longrope_scaling(import, rope, of, dim);
  } else if (type == "yarn") {
    rotary.scaling = yarn_scaling(import, rope);
  } else if (type == "linear") {
    rotary.scaling = LinearScaling{rope.real("factor")};
  } else if (type == "dynamic") {
    rotary.scaling = dynamic_scaling(import, rope);
  } else if (type == "proportional") {
    read_proportional(rope, head_dim, rotary);
  } else if (!is_plain(stated, of)) {
    known = false;
    rope.refuse(fmt::format("rope type {} is not supported", quote_name(type)),
                "supported: default, linear, dynamic, llama3, yarn, longrope, proportional");
  }
  known ? rope.finish() : rope.finish_unknowing();
}

}  // namespace llmarch
