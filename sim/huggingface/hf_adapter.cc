#include "sim/huggingface/hf_adapter.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "sim/huggingface/hf_json.h"
#include "sim/huggingface/hf_module_names.h"
#include "sim/huggingface/hf_reader.h"
#include "sim/spec/split.h"

namespace llmarch {
namespace {

using nlohmann::json;

constexpr Range kRank{1, 1 << 16};

struct Adapter {
  Integer rank = 1;
  std::vector<std::string> targets;  // the last parts of the names of modules
  std::vector<std::int64_t> layers;  // empty: all
  std::vector<std::string> saved;    // modules that are stored whole
  bool has_magnitudes = false;       // DoRA
};

constexpr auto kUncountedFields = std::to_array<std::string_view>(
    {"alpha_pattern",     "auto_mapping",       "base_model_name_or_path",
     "corda_config",      "eva_config",         "fan_in_fan_out",
     "inference_mode",    "init_lora_weights",  "layers_pattern",
     "loftq_config",      "lora_alpha",         "lora_dropout",
     "megatron_config",   "megatron_core",      "peft_version",
     "qalora_group_size", "revision",           "task_type",
     "use_rslora",        "ensure_weight_tying"});
constexpr auto kFieldsThatAddOthers = std::to_array<std::string_view>(
    {"alora_invocation_tokens", "arrow_config", "exclude_modules", "layer_replication", "lora_bias",
     "target_parameters", "trainable_token_indices", "use_qalora"});

// One layer or several.
std::vector<std::int64_t> layers_in(ConfigReader& config, const json& object) {
  constexpr const char* kKey = "layers_to_transform";
  const auto found = object.find(kKey);
  const bool one = found != object.end() && found->is_number_integer();
  if (one) return {config.size(kKey, Range{0, kMostLayers}).value()};
  return config.indices_or_none(kKey, "every layer");
}

Adapter read_adapter(const json& object, ConfigLoad& load) {
  ConfigReader config(object, "the adapter's config", load, UnknownFields::refused);
  Adapter adapter;
  config.only("peft_type", "LORA");
  config.only("bias", "none");
  config.only("rank_pattern", json::object());
  adapter.rank = config.size("r", kRank);
  if (config.is_text("target_modules")) {
    config.refuse("'target_modules' is an expression", "write the list of modules that it names");
  }
  adapter.targets = config.optional_texts("target_modules");
  adapter.layers = layers_in(config, object);
  adapter.saved = config.optional_texts("modules_to_save");
  adapter.has_magnitudes = config.flag_or("use_dora", false, "off unless it is said");
  for (const std::string_view key : kFieldsThatAddOthers) config.off(key);
  config.inert(kUncountedFields);
  config.finish();
  return adapter;
}

// A module with all the matrices that it holds, in one kind of layer.
struct Module {
  Integer rows;
  Integer columns;
};

bool is_of_experts(std::string_view module) {
  return module.find("experts") != std::string_view::npos;
}

// Whether a target names the module: PEFT compares whole parts of the path from its end.
bool is_named(std::string_view module, const std::vector<std::string>& targets) {
  return std::ranges::any_of(targets, [&](const std::string& target) {
    return module == target ||
           (module.ends_with(target) && module[module.size() - target.size() - 1] == '.');
  });
}

class Counting {
 public:
  Counting(const Adapter& adapter, const OpGraph& model, ConfigLoad& load)
      : adapter_(adapter), model_(model), load_(load) {}

  Elements parameters() {
    Elements sum;
    for (std::size_t block = 0; block < model_.blocks.size(); ++block) {
      if (model_.blocks[block].kind != BlockKind::layer) continue;
      const std::map<std::string, Module> modules = modules_of(block);
      for (const auto& [name, module] : modules) sum += beside(module) * layers_of(block);
    }
    for (const std::int64_t layer : adapter_.layers) {
      if (layer < std::ssize(model_.layers)) continue;
      refuse(fmt::format("layer {} of {} is adapted", layer, model_.layers.size()),
             "name the model that the adapter was trained on");
      break;
    }
    for (const std::string& target : adapter_.targets) {
      if (!matched_.contains(target)) refuse_target(target);
    }
    for (const std::string& module : adapter_.saved) sum += whole(module);
    return sum;
  }

 private:
  void refuse(std::string message, std::string remedy) {
    load_.problems.push_back({std::nullopt, std::move(message), std::move(remedy)});
  }
  void refuse_target(const std::string& target) {
    refuse(fmt::format("no module {} of this model is known", quote_name(target)),
           "name the model that the adapter was trained on");
  }

  [[nodiscard]] Elements beside(const Module& module) const {
    const Integer ranks = adapter_.rank * (module.rows + module.columns);
    return Elements(adapter_.has_magnitudes ? ranks + module.rows : ranks);
  }

  [[nodiscard]] Integer layers_of(std::size_t block) const {
    std::int64_t count = 0;
    for (std::size_t layer = 0; layer < model_.layers.size(); ++layer) {
      const bool adapted = adapter_.layers.empty() ||
                           std::ranges::find(adapter_.layers, static_cast<std::int64_t>(layer)) !=
                               adapter_.layers.end();
      if (adapted && model_.layers[layer] == block) ++count;
    }
    return count;
  }

  // The modules of that kind of layer that are adapted.
  std::map<std::string, Module> modules_of(std::size_t block) {
    std::map<std::string, Module> modules;
    for (const Weight& weight : model_.weights) {
      if (weight.block != block || weight.rows == 1 || weight.columns == 1) continue;
      add(weight, modules);
    }
    return modules;
  }

  void add(const Weight& weight, std::map<std::string, Module>& modules) {
    const auto* const known = std::ranges::find(kLayerModules, weight.role, &ModuleNames::role);
    if (known == kLayerModules.end()) return refuse_role(weight.role);
    const std::vector<std::string> named = adapted_of(known->in_layer);
    if (named.empty()) return;
    const std::string& name = named.front();
    if (is_of_experts(name)) return refuse_experts(name);
    const auto other = std::ranges::find_if(
        named, [&](const std::string& each) { return holds_several(each) != holds_several(name); });
    if (other != named.end()) return refuse_both(name, *other);
    const auto [module, first] = modules.try_emplace(name, Module{0, weight.columns});
    module->second.rows += weight.rows;
  }

  // The alternatives among a role's names that are adapted.
  std::vector<std::string> adapted_of(std::string_view names) {
    std::vector<std::string> adapted = split(std::string(names), '|');
    std::erase_if(adapted,
                  [&](const std::string& name) { return !is_named(name, adapter_.targets); });
    for (const std::string& name : adapted) note_matches(name);
    return adapted;
  }

  // Whether the module, where a family has it, holds the matrices of several roles of this model.
  [[nodiscard]] bool holds_several(std::string_view module) const {
    return std::ranges::count_if(kLayerModules, [&](const ModuleNames& each) {
             const std::vector<std::string> names = split(std::string(each.in_layer), '|');
             return std::ranges::find(names, module) != names.end() &&
                    std::ranges::find(model_.weights, each.role, &Weight::role) !=
                        model_.weights.end();
           }) > 1;
  }

  void note_matches(const std::string& module) {
    for (const std::string& target : adapter_.targets) {
      if (is_named(module, {target})) matched_.insert(target);
    }
  }
  void refuse_role(WeightRole role) {
    if (std::exchange(refused_role_, true)) return;
    refuse(fmt::format("what the library calls the module of {} is not known", name_of(role)),
           "adapters of models of plain attention and feed-forwards are priced");
  }
  void refuse_both(const std::string& one, const std::string& other) {
    if (std::exchange(refused_both_, true)) return;
    refuse(fmt::format("{} and {} are adapted, and which of them this model has is not known",
                       quote_name(one), quote_name(other)),
           "leave out the modules that it does not have");
  }
  void refuse_experts(const std::string& module) {
    if (std::exchange(refused_experts_, true)) return;
    refuse(fmt::format("{} are adapted, which are one module each in some versions of the library "
                       "and none in others",
                       quote_name(module)),
           "name modules of attention alone");
  }

  Elements whole(const std::string& module) {
    const bool head = module == "lm_head";
    if (!head && module != "embed_tokens") return refuse_target(module), Elements();
    const WeightRole role = head ? WeightRole::head : WeightRole::token_embedding;
    const auto found = std::ranges::find(model_.weights, role, &Weight::role);
    if (found != model_.weights.end()) return found->elements();
    return refuse_target(module), Elements();
  }

  const Adapter& adapter_;
  const OpGraph& model_;
  ConfigLoad& load_;
  std::set<std::string> matched_;
  bool refused_role_ = false, refused_experts_ = false, refused_both_ = false;
};

}  // namespace

AdapterLoad load_adapter(std::string_view text, const OpGraph& model) {
  AdapterLoad adapter;
  JsonObject file = parse_json_object(text);
  if (file.problem) {
    adapter.problems.push_back(std::move(*file.problem));
    return adapter;
  }
  ConfigLoad load;
  const Adapter read = read_adapter(file.value, load);
  adapter.rank = read.rank;
  adapter.base = text_in(file.value, "base_model_name_or_path");
  if (load.problems.empty()) adapter.parameters = Counting(read, model, load).parameters();
  adapter.problems = std::move(load.problems);
  if (!adapter.problems.empty()) adapter.parameters.reset();
  return adapter;
}

}  // namespace llmarch
