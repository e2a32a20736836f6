#include "sim/huggingface/hf_rotary.h"

#include <fmt/format.h>

#include <cmath>

namespace llmarch {
namespace {

using nlohmann::json;

constexpr std::string_view kTheta = "rope_theta";
constexpr std::string_view kGrowth = "llama_4_scaling_beta";

RotaryScaling llama3_scaling(ConfigReader& rope) {
  Llama3Scaling scaling;
  scaling.factor = rope.real("factor");
  scaling.low_frequency_factor = rope.real("low_freq_factor");
  scaling.high_frequency_factor = rope.real("high_freq_factor");
  scaling.original_context = rope.size("original_max_position_embeddings", kPositions);
  return scaling;
}

RotaryScaling yarn_scaling(ConfigReader& rope) {
  YarnScaling scaling;
  scaling.factor = rope.real("factor");
  scaling.original_context = rope.size("original_max_position_embeddings", kPositions);
  scaling.beta_fast = rope.real_or("beta_fast", 32, "transformers' default");
  scaling.beta_slow = rope.real_or("beta_slow", 1, "transformers' default");
  const auto optional = [&](std::string_view key, std::string_view reason) {
    return rope.optional_real_or(key, std::nullopt, reason);
  };
  scaling.mscale = optional("mscale", "the rotary tables are not scaled by it");
  scaling.mscale_all_dim = optional("mscale_all_dim", "the softmax is not scaled by it");
  scaling.attention_factor = optional("attention_factor", "it follows from the factor");
  rope.only("truncate", true);
  return scaling;
}

bool is_plain(const std::optional<std::string>& type, const RotaryClass& of) {
  const bool sections = of.sections == RotaryClass::Sections::of_one_position;
  return !type || type == "default" || (sections && type == "mrope");
}

// Older configs call it "type", some write both; none when it is missing or they disagree.
std::optional<std::string> rope_type(ConfigReader& rope, const RotaryClass& of) {
  auto older = rope.optional_text("type");
  if (older && !rope.contains("rope_type")) return older;
  if (!rope.all_read({"type"})) return std::nullopt;
  const std::string type = rope.text("rope_type");
  if (type.empty()) return std::nullopt;
  if (!older || *older == type) return type;
  if (is_plain(older, of) && is_plain(type, of)) return type;
  rope.refuse(fmt::format("'rope_type' is '{}' and 'type' is '{}'", type, *older),
              "they name the same thing: keep the right one");
  return std::nullopt;
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

void read_scaling(ConfigReader& rope, Rotary& rotary, const RotaryClass& of, Integer dim) {
  know_what_the_class_reads(rope, of);
  const std::optional<std::string> type = rope_type(rope, of);
  const bool stretches = of.alpha == RotaryClass::Alpha::stretches_theta && dim > 2;
  const bool alpha = stretches && type == "dynamic" && rope.contains("alpha");
  if (alpha) {
    rotary.theta = stretched_theta(rope, rotary.theta, dim);
  } else if (type == "llama3") {
    rotary.scaling = llama3_scaling(rope);
  } else if (type == "yarn") {
    rotary.scaling = yarn_scaling(rope);
  } else if (type == "linear") {
    rotary.scaling = LinearScaling{rope.real("factor")};
  } else if (!is_plain(type, of)) {
    rope.refuse(fmt::format("rope type {} is not supported", quote_name(*type)),
                "supported: default, linear, llama3, yarn");
  }
  const bool fields_known = rotary.scaling || alpha || (type && is_plain(type, of));
  fields_known ? rope.finish() : rope.finish_unknowing();
}

// theta may stand beside "rope_parameters", inside, or at both places alike.
double theta_of(ConfigReader& config, ConfigReader& rope, const RotaryClass& of) {
  if (!rope.contains(kTheta)) return config.real_or(of.theta_key, of.theta, kTypeDefault);
  const double theta = rope.real(kTheta);
  if (rope.all_read({kTheta})) config.only(of.theta_key, theta);
  return theta;
}

constexpr std::string_view kPartial = "partial_rotary_factor";
constexpr RealRange kTurnedShare{0, 1};

// The share of a head that is turned: in "rope_parameters", beside it, or at both places alike.
double turned_share(ConfigReader& config, ConfigReader* rope, const RotaryClass& of) {
  if (rope == nullptr || !rope->contains(kPartial)) {
    return config.real_or(of.share_key, of.partial.value(), kTypeDefault, kTurnedShare);
  }
  const double share = rope->real(kPartial, kTurnedShare);
  config.only(of.share_key, share);
  return share;
}

// The elements of a head that are turned; absent: all.
std::optional<Integer> turned_elements(ConfigReader& config, ConfigReader* rope,
                                       const RotaryClass& of, Integer head_dim) {
  if (!of.partial) {
    config.only(kPartial, of.whole);
    if (rope != nullptr) rope->only(kPartial, of.whole);
    return std::nullopt;
  }
  const double share = turned_share(config, rope, of);
  Integer dim = static_cast<std::int64_t>(head_dim.as_double() * share);
  if (!of.dim.empty() && config.contains(of.dim)) {
    const bool share_stated =
        config.contains(of.share_key) || (rope != nullptr && rope->contains(kPartial));
    const Integer stated = config.size(of.dim);
    if (share_stated && stated != dim && config.all_read({of.dim, of.share_key})) {
      config.refuse(fmt::format("'{}' is {}, and {} of head_dim are {}", of.dim, stated.value(),
                                kPartial, dim.value()),
                    "they name the same thing: keep the right one");
    }
    dim = stated;
  }
  return dim == head_dim ? std::nullopt : std::optional(dim);
}

// What "rope_parameters" holds for one type of layer; by the class where it holds nothing for it.
Rotary rotary_of_layer_type(Import& import, const json& all, const std::string& type, double theta,
                            const RotaryClass& of, Integer head_dim) {
  ConfigReader& config = import.config;
  Rotary rotary;
  rotary.layout = of.layout;
  rotary.theta = theta;
  const std::string where = "rope_parameters." + type;
  const auto own = all.find(type);
  if (own == all.end()) {
    config.fill(where, fmt::format("theta {}, not scaled", theta), kTypeDefault);
    return rotary;
  }
  if (!own->is_object()) {
    config.refuse(fmt::format("'{}' is no object", where), "it holds rope_type and rope_theta");
    return rotary;
  }
  ConfigReader rope = config.inner(*own, where);
  rotary.theta = rope.real_or("rope_theta", theta, kTypeDefault);
  rotary.dim = turned_elements(config, &rope, of, head_dim);
  read_scaling(rope, rotary, of, rotary.dim.value_or(head_dim));
  return rotary;
}

constexpr double kLocalTheta = 10000;
// configuration_ministral3.py, configuration_mistral4.py
constexpr double kFilledGrowth = 0.1;

}  // namespace

Rotary read_rotary(Import& import, const RotaryClass& of, Integer head_dim) {
  ConfigReader& config = import.config;
  Rotary rotary;
  rotary.layout = of.layout;
  if (const json* parameters = config.optional_object("rope_parameters")) {
    ConfigReader rope = config.inner(*parameters, "rope_parameters");
    rotary.theta = theta_of(config, rope, of);
    rotary.dim = turned_elements(config, &rope, of, head_dim);
    config.only("rope_scaling", nullptr);
    read_scaling(rope, rotary, of, rotary.dim.value_or(head_dim));
    return rotary;
  }
  rotary.theta = config.real_or(of.theta_key, of.theta, kTypeDefault);
  if (of.filled_yarn && !config.contains("rope_scaling")) {
    rotary.dim = turned_elements(config, nullptr, of, head_dim);
    rotary.scaling = *of.filled_yarn;
    config.inert({"rope_scaling"});
    config.fill("rope_parameters", fmt::format("yarn, factor {}", of.filled_yarn->factor),
                kTypeDefault);
    return rotary;
  }
  const json* scaling = config.object_or_none("rope_scaling", "the frequencies are not stretched");
  if (scaling == nullptr) {
    rotary.dim = turned_elements(config, nullptr, of, head_dim);
    return rotary;
  }
  ConfigReader rope = config.inner(*scaling, "rope_scaling");
  rotary.dim = turned_elements(config, &rope, of, head_dim);
  rope.only("rope_theta", rotary.theta);
  read_scaling(rope, rotary, of, rotary.dim.value_or(head_dim));
  return rotary;
}

Temperature read_growth(Import& import, const RotaryClass& of) {
  ConfigReader& config = import.config;
  const bool newer = config.contains("rope_parameters") && !config.is_null("rope_parameters");
  const char* place = newer ? "rope_parameters" : "rope_scaling";
  const json* fields = config.optional_object(place);
  if (fields == nullptr && of.filled_yarn) {
    return {kFilledGrowth, of.filled_yarn->original_context, true};
  }
  const json none = json::object();
  ConfigReader rope = config.inner(fields == nullptr ? none : *fields, place);
  const Temperature growth{rope.real(kGrowth),
                           rope.size("original_max_position_embeddings", kPositions), true};
  rope.finish_missing();
  return growth;
}

LocalAndGlobalRotary read_local_and_global_rotary(Import& import, const RotaryClass& of,
                                                  Integer head_dim) {
  ConfigReader& config = import.config;
  const bool own_theta = !of.local_theta.empty();
  const json* all = config.optional_object("rope_parameters");
  if (all != nullptr && (all->contains("full_attention") || all->contains("sliding_attention"))) {
    const double local_theta = own_theta ? kLocalTheta : of.theta;
    LocalAndGlobalRotary both{
        rotary_of_layer_type(import, *all, "sliding_attention", local_theta, of, head_dim),
        rotary_of_layer_type(import, *all, "full_attention", of.theta, of, head_dim)};
    config.only("rope_scaling", nullptr);
    config.only("rope_theta", both.global.theta);
    if (own_theta) config.only(of.local_theta, both.local.theta);
    return both;
  }
  Rotary local;
  if (own_theta) local.theta = config.real_or(of.local_theta, kLocalTheta, kTypeDefault);
  const Rotary global = read_rotary(import, of, head_dim);
  if (!own_theta) local.theta = global.theta;
  local.layout = global.layout;
  local.dim = global.dim;
  return {local, global};
}

}  // namespace llmarch
