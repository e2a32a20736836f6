#include "sim/huggingface/hf_rotary.h"

#include <fmt/format.h>

#include "sim/huggingface/hf_rotary_scaling.h"

namespace llmarch {
namespace {

using nlohmann::json;

constexpr std::string_view kThetaKey = "rope_theta";

double theta_beside(ConfigReader& config, const RotaryClass& of) {
  return config.real_or(of.theta_key, of.theta, kTypeDefault, kTheta);
}

// theta may stand beside "rope_parameters" or "rope_scaling", inside, or at both places alike.
double theta_of(ConfigReader& config, ConfigReader& rope, const RotaryClass& of) {
  if (!rope.contains(kThetaKey)) return theta_beside(config, of);
  const double theta = rope.real(kThetaKey, kTheta);
  if (rope.all_read({kThetaKey})) config.only(of.theta_key, theta);
  return theta;
}

constexpr std::string_view kPartial = "partial_rotary_factor";

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
  rotary.theta = rope.real_or(kThetaKey, theta, kTypeDefault, kTheta);
  rotary.dim = turned_elements(config, &rope, of, head_dim);
  read_scaling(import, rope, of, head_dim, rotary);
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
    read_scaling(import, rope, of, head_dim, rotary);
    return rotary;
  }
  if (of.filled_yarn && !config.contains("rope_scaling")) {
    rotary.theta = theta_beside(config, of);
    rotary.dim = turned_elements(config, nullptr, of, head_dim);
    rotary.scaling = *of.filled_yarn;
    config.inert({"rope_scaling"});
    config.fill("rope_parameters", fmt::format("yarn, factor {}", of.filled_yarn->factor),
                kTypeDefault);
    return rotary;
  }
  const json* scaling = config.object_or_none("rope_scaling", "the frequencies are not stretched");
  if (scaling == nullptr) {
    rotary.theta = theta_beside(config, of);
    rotary.dim = turned_elements(config, nullptr, of, head_dim);
    return rotary;
  }
  ConfigReader rope = config.inner(*scaling, "rope_scaling");
  rotary.theta = theta_of(config, rope, of);
  rotary.dim = turned_elements(config, &rope, of, head_dim);
  read_scaling(import, rope, of, head_dim, rotary);
  return rotary;
}

std::optional<Temperature> read_growth(Import& import, const RotaryClass& of) {
  ConfigReader& config = import.config;
  const bool newer = config.contains("rope_parameters") && !config.is_null("rope_parameters");
  const char* place = newer ? "rope_parameters" : "rope_scaling";
  const json* fields = config.optional_object(place);
  if (fields == nullptr && of.filled_yarn) {
    return Temperature{kFilledGrowth, of.filled_yarn->original_context, true};
  }
  const json none = json::object();
  ConfigReader rope = config.inner(fields == nullptr ? none : *fields, place);
  if (rope.is_zero(kGrowth)) return std::nullopt;
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

Rotary read_rotary_of_layer_type(Import& import, const std::string& type, const RotaryClass& of,
                                 Integer head_dim) {
  ConfigReader& config = import.config;
  const json* all = config.optional_object("rope_parameters");
  if (all == nullptr) return {};
  if (!all->contains(type)) {
    config.refuse(fmt::format("'rope_parameters' holds nothing for {}", type),
                  "it has an entry for each type of layer");
    return {};
  }
  return rotary_of_layer_type(import, *all, type, of.theta, of, head_dim);
}

void fill_rope_scaling(Import& import, const RotaryScaling& scaling, ArchSpec& spec) {
  ConfigReader& config = import.config;
  if (config.optional_object("rope_parameters") != nullptr) return;
  if (config.optional_object("rope_scaling") != nullptr) return;
  if (config.contains("rope_theta")) {
    return config.refuse("'rope_theta' is stated without 'rope_scaling' or 'rope_parameters'",
                         "state which scaling the rotary frequencies have");
  }
  config.fill("rope_scaling", std::string(Names<RotaryScaling>::alternatives[scaling.index()]),
              kTypeDefault);
  for (auto& [name, mixer] : spec.attention) {
    auto* grouped = std::get_if<GroupedAttention>(&mixer);
    if (grouped != nullptr && grouped->rotary) grouped->rotary->scaling = scaling;
  }
}

void require_rope_parameters(Import& import) {
  if (import.config.optional_object("rope_parameters") != nullptr) return;
  import.config.refuse("'rope_parameters' is not stated",
                       "state how the layers of each type are rotated");
}

}  // namespace llmarch
