#include "sim/huggingface/hf_quantization.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "sim/formats/scheme_names.h"
#include "sim/huggingface/hf_ignored_modules.h"
#include "sim/huggingface/hf_json.h"
#include "sim/spec/fields.h"

namespace llmarch {
namespace {

using nlohmann::json;

constexpr StorageFormat kBf16 = plain(DType::bf16);
constexpr StorageFormat kF32 = plain(DType::f32);
constexpr std::string_view kExpertFormat = "expert_dtype";

std::optional<std::int64_t> number_in(const json& object, std::string_view key) {
  const auto found = object.find(key);
  if (found == object.end() || !found->is_number_integer()) return std::nullopt;
  return found->get<std::int64_t>();
}

bool flag_at(const json& object, std::string_view key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_boolean() && found->get<bool>();
}

const json* object_in(const json& object, std::string_view key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_object() ? &*found : nullptr;
}

// What a config says, before the modules that are left as they are.
struct Quantised {
  std::string name;
  DType arithmetic;
  KindFormats formats;
};

// Projections in the format; head, embedding and routers in 16 bits.
Quantised projections(std::string name, DType arithmetic, const StorageFormat& format) {
  return {std::move(name), arithmetic, {format, format, format, kBf16, kBf16, kBf16, kF32, kBf16}};
}

// A group of -1 is the whole row. None where there is no group that a format could have.
std::optional<Integer> group_at(const json& object, std::int64_t usual) {
  const std::int64_t group = number_in(object, "group_size").value_or(usual);
  if (group == -1) return Integer(kWholeExtent);
  return group >= 1 && group <= 65'536 ? std::optional(Integer(group)) : std::nullopt;
}

std::string suffix(Integer group) {
  return group == kWholeExtent ? "-by-row" : fmt::format("-g{}", group.value());
}

bool states(const json& object, std::string_view key) {
  const auto found = object.find(key);
  return found != object.end() && !found->is_null();
}

// Blocks of [rows, columns] that share a scale.
std::optional<Quantised> read_fp8_blocks(const json& block, DType arithmetic) {
  const bool pair = block.is_array() && block.size() == 2 && block.at(0).is_number_integer() &&
                    block.at(1).is_number_integer();
  if (!pair) return std::nullopt;
  const Integer rows = block.at(0).get<std::int64_t>();
  const Integer columns = block.at(1).get<std::int64_t>();
  if (rows < 1 || columns < 1) return std::nullopt;
  const StorageFormat format{checkpoint::kFp8Block.name, 8, {ScaleGrid{rows, columns, 4}}};
  const std::string name = format == checkpoint::kFp8Block
                               ? std::string(format.name)
                               : fmt::format("fp8-{}x{}", rows.value(), columns.value());
  return projections(name, arithmetic, format);
}

std::optional<Quantised> read_fp8(const json& object) {
  constexpr const char* kBlock = "weight_block_size";
  if (states(object, kBlock)) return read_fp8_blocks(object.at(kBlock), DType::fp8);
  return projections("fp8-tensor", DType::fp8, checkpoint::kFp8Tensor);
}

std::optional<Quantised> read_bitsandbytes(const json& object) {
  if (flag_at(object, "load_in_8bit")) {
    return projections("bnb-int8", DType::int8, checkpoint::kBnbInt8);
  }
  if (!flag_at(object, "load_in_4bit")) return std::nullopt;
  const std::string type = text_in(object, "bnb_4bit_quant_type");
  const bool twice = flag_at(object, "bnb_4bit_use_double_quant");
  return projections(
      fmt::format("bnb-{}{}", type.empty() ? "fp4" : printable(type), twice ? "" : "-single"),
      DType::bf16, twice ? checkpoint::kBnbNf4 : checkpoint::kBnb4Single);
}

std::optional<Quantised> read_gptq(const json& object) {
  const std::int64_t bits = number_in(object, "bits").value_or(4);
  const auto group = group_at(object, 128);
  constexpr std::array kBits{2, 3, 4, 8};
  if (std::ranges::find(kBits, bits) == kBits.end() || !group) return std::nullopt;
  return projections(fmt::format("gptq-{}bit{}", bits, suffix(*group)), DType::bf16,
                     checkpoint::gptq(bits, *group));
}

std::optional<Quantised> read_awq(const json& object) {
  const auto group = group_at(object, 128);
  if (number_in(object, "bits").value_or(4) != 4 || !group) return std::nullopt;
  return projections("awq" + suffix(*group), DType::bf16, checkpoint::awq(*group));
}

std::optional<Quantised> read_mlx(const json& object) {
  const auto bits = number_in(object, "bits");
  const auto group = group_at(object, 64);
  const std::string mode = text_in(object, "mode");
  if (!bits || *bits < 2 || *bits > 8 || *bits == 7 || !group ||
      (!mode.empty() && mode != "affine"))
    return std::nullopt;
  const StorageFormat format = checkpoint::mlx(*bits, *group);
  return Quantised{fmt::format("mlx-{}bit{}", *bits, suffix(*group)),
                   DType::bf16,
                   {format, format, format, format, format, format, kF32, kBf16}};
}

bool activations_as_weights(const json& group) {
  return object_in(group, "input_activations") != nullptr;
}

enum class Inputs { as_wide_as_computed, as_weights };

std::optional<Quantised> read_float8(const json& weights, Inputs inputs) {
  const DType arithmetic = inputs == Inputs::as_weights ? DType::fp8 : DType::bf16;
  const std::string strategy = text_in(weights, "strategy");
  if (strategy == "channel") return projections("fp8-channel", arithmetic, checkpoint::kFp8Channel);
  // Without a strategy and a group, the libraries have one scale for a tensor.
  if (strategy == "tensor" || (strategy.empty() && !states(weights, "group_size"))) {
    return projections("fp8-tensor", arithmetic, checkpoint::kFp8Tensor);
  }
  if (strategy == "block") {
    constexpr const char* kBlock = "block_structure";
    return read_fp8_blocks(states(weights, kBlock) ? weights.at(kBlock) : json{128, 128},
                           arithmetic);
  }
  return std::nullopt;
}

std::optional<Quantised> read_float4(const json& weights, Inputs inputs) {
  const DType arithmetic = inputs == Inputs::as_weights ? DType::fp4 : DType::bf16;
  const auto size = group_at(weights, 16);
  if (size == Integer(16)) return projections("nvfp4", arithmetic, checkpoint::kNvfp4);
  if (size == Integer(32)) return projections("mxfp4", arithmetic, checkpoint::kMxfp4);
  return std::nullopt;
}

// Whether the groups are of inputs in another order, which is then stored too. "static" and
// "weight" mean that the weights themselves were put in order.
bool orders_inputs(const json& weights) {
  return flag_at(weights, "actorder") || text_in(weights, "actorder") == "group";
}

std::optional<Quantised> read_integers(const json& weights, Inputs inputs, std::int64_t bits) {
  if (bits == 8 && text_in(weights, "strategy") == "channel") {
    return inputs == Inputs::as_weights
               ? projections("w8a8-int8", DType::int8, checkpoint::kInt8Channel)
               : projections("w8a16-int8", DType::bf16, checkpoint::kInt8Channel);
  }
  const auto size = group_at(weights, -1);
  const std::string strategy = text_in(weights, "strategy");
  const bool in_groups = strategy == "group" || (strategy.empty() && states(weights, "group_size"));
  const bool known = (in_groups || strategy == "channel") && !orders_inputs(weights);
  if ((bits != 4 && bits != 8) || !size || !known) return std::nullopt;
  const bool symmetric = !weights.contains("symmetric") || flag_at(weights, "symmetric");
  return projections(
      fmt::format("w{}a16{}", bits, suffix(*size)), DType::bf16,
      symmetric ? checkpoint::packed(bits, *size) : checkpoint::packed_with_zeros(bits, *size));
}

// The weights of compressed-tensors' groups.
std::optional<Quantised> read_weights(const json& group, const json& weights) {
  const auto bits = number_in(weights, "num_bits");
  if (!bits) return std::nullopt;
  const std::string type = text_in(weights, "type");
  const Inputs inputs =
      activations_as_weights(group) ? Inputs::as_weights : Inputs::as_wide_as_computed;
  if (type == "float" && *bits == 8) return read_float8(weights, inputs);
  if (type == "float" && *bits == 4) return read_float4(weights, inputs);
  return type == "int" ? read_integers(weights, inputs, *bits) : std::nullopt;
}

// Whether the tensors are laid out as the bits of their elements say: not so where two of four
// elements are left out, or where a byte holds one element of four bits.
bool packs_all(const json& object, const json& group) {
  const json* const sparsity = object_in(object, "sparsity_config");
  const std::string sparse = sparsity == nullptr ? "" : text_in(*sparsity, "format");
  const json* const weights = object_in(group, "weights");
  const bool in_bytes = weights != nullptr && number_in(*weights, "num_bits") == 8;
  const auto packs = [in_bytes](const json& each) {
    const std::string format = text_in(each, "format");
    const bool one_to_a_byte = format == "int-quantized" || format == "naive-quantized";
    return format != "marlin-24" && (in_bytes || !one_to_a_byte);
  };
  return (sparse.empty() || sparse == "dense") && packs(object) && packs(group);
}

// One group for all linear layers; several would need to be told apart by their targets.
std::optional<Quantised> read_groups(const json& object) {
  const json* const groups = object_in(object, "config_groups");
  if (groups == nullptr || groups->size() != 1 || !groups->front().is_object()) return std::nullopt;
  const json* const weights = object_in(groups->front(), "weights");
  if (weights == nullptr || !packs_all(object, groups->front())) return std::nullopt;
  auto read = read_weights(groups->front(), *weights);
  if (!read) return std::nullopt;
  read->formats.head = read->formats.matrices;  // a linear layer like any other, unless ignored
  return read;
}

std::optional<Quantised> read_modelopt(const json& object) {
  if (object.contains("config_groups")) return read_groups(object);
  const std::string algorithm = text_in(object, "quant_algo");
  std::optional<Quantised> read;
  if (algorithm == "FP8") read = projections("fp8-tensor", DType::fp8, checkpoint::kFp8Tensor);
  if (algorithm == "NVFP4") read = projections("nvfp4", DType::fp4, checkpoint::kNvfp4);
  if (algorithm == "W4A16_NVFP4")
    read = projections("nvfp4-w4a16", DType::bf16, checkpoint::kNvfp4);
  if (algorithm == "MXFP4") read = projections("mxfp4-all", DType::bf16, checkpoint::kMxfp4);
  if (read) read->formats.head = read->formats.matrices;
  return read;
}

// The library's class for these quantises the experts of gpt-oss alone.
std::optional<Quantised> read_mxfp4(const json&) {
  const StorageFormat format = checkpoint::kMxfp4;
  return Quantised{"mxfp4", DType::bf16, {format, kBf16, format, kBf16, kBf16, kBf16, kF32, kBf16}};
}

std::optional<Quantised> read_fbgemm(const json&) {
  return projections("fp8-fbgemm", DType::fp8, {"fp8-fbgemm", 8, {ScaleGrid{1, kWholeExtent, 4}}});
}

struct Method {
  std::string_view name;
  std::optional<Quantised> (*read)(const json&);
};
constexpr std::array kMethods{Method{"fp8", read_fp8},
                              Method{"bitsandbytes", read_bitsandbytes},
                              Method{"gptq", read_gptq},
                              Method{"awq", read_awq},
                              Method{"compressed-tensors", read_groups},
                              Method{"modelopt", read_modelopt},
                              Method{"modelopt_fp4", read_modelopt},
                              Method{"mxfp4", read_mxfp4},
                              Method{"fbgemm_fp8", read_fbgemm}};

std::optional<Quantised> read_method(const std::string& method, const json& object) {
  if (method.empty()) {
    return object.contains("quant_algo") ? read_modelopt(object) : read_mlx(object);
  }
  const auto* const found = std::ranges::find(kMethods, method, &Method::name);
  return found == kMethods.end() ? std::nullopt : found->read(object);
}

// The names of modules under any of the keys by which libraries list them.
std::vector<std::string> ignored_names(const json& object) {
  std::vector<std::string> names;
  for (const char* key : {"ignore", "modules_to_not_convert", "llm_int8_skip_modules",
                          "exclude_modules", "ignored_layers"}) {
    const auto list = object.find(key);
    if (list == object.end() || !list->is_array()) continue;
    for (const json& name : *list) {
      if (name.is_string()) names.push_back(name.get<std::string>());
    }
  }
  return names;
}

// MLX states other bits for some modules, or that they are left as they are, by their names.
struct MlxOverride {
  std::vector<std::string> modules;
  Scheme scheme;
};
std::vector<MlxOverride> mlx_overrides(const json& object) {
  std::vector<MlxOverride> overrides;
  for (const auto& [key, value] : object.items()) {
    const bool kept =
        value.is_boolean() && !value.get<bool>() && key.find('.') != std::string::npos;
    std::optional<Scheme> scheme;
    if (kept) scheme = DType::bf16;
    if (value.is_object()) {
      if (const auto read = read_mlx(value))
        scheme = Scheme(read->name, DType::bf16, read->formats);
    }
    if (!scheme) continue;
    const auto same = std::ranges::find(overrides, *scheme, &MlxOverride::scheme);
    if (same != overrides.end())
      same->modules.push_back(key);
    else
      overrides.push_back({{key}, *scheme});
  }
  return overrides;
}

// The rules for modules that are stored otherwise than the rest; none where a pattern among them is
// not understood.
std::optional<std::vector<PolicyRule>> rules_of(const json& object, Integer layers,
                                                std::optional<CheckpointNaming> naming) {
  std::vector<PolicyRule> rules;
  std::vector<MlxOverride> all = mlx_overrides(object);
  all.push_back({ignored_names(object), DType::bf16});
  for (const auto& [modules, scheme] : all) {
    const auto ignored = IgnoredModules::read(modules);
    if (!ignored) return std::nullopt;
    for (PolicyRule& rule : rules_of_ignored(*ignored, layers, scheme, naming)) {
      rules.push_back(std::move(rule));
    }
  }
  return rules;
}

// The object that says how weights are stored, and its key.
std::pair<const json*, std::string_view> storage_object(const json& config) {
  for (const std::string_view key : {"quantization_config", "compression_config", "quantization"}) {
    if (const json* const object = object_in(config, key)) return {object, key};
  }
  return {nullptr, ""};
}

// What a reader is told of a method that is not known.
std::string method_phrase(const json& object) {
  const std::string method = text_in(object, "quant_method");
  if (method.empty()) return "a method that it does not name";
  const auto bits = object.find("bits");
  return printable(method) + (bits != object.end() && bits->is_number()
                                  ? fmt::format(" of {} bits", bits->dump())
                                  : "");
}

std::optional<Scheme> scheme_of(const json& object, const ArchSpec& spec,
                                std::optional<CheckpointNaming> naming) {
  const auto read = read_method(text_in(object, "quant_method"), object);
  const auto rules = rules_of(object, layer_count(spec), naming);
  if (!read || !rules) return std::nullopt;
  const Scheme all(read->name, read->arithmetic, read->formats);
  if (rules->empty()) return all;
  return Scheme::of_file(read->name, read->arithmetic,
                         Policy{*rules, std::make_shared<const Scheme>(all)});
}

}  // namespace

void read_storage(const json& config, const json& text_config, const ArchSpec& spec,
                  ConfigLoad& load) {
  auto [object, key] = storage_object(config);
  if (object == nullptr) std::tie(object, key) = storage_object(text_config);
  // Experts in a format of their own (DeepSeek-V4), of which no more is said.
  const bool own_experts = states(text_config, kExpertFormat);
  if (object != nullptr && !own_experts) load.storage = scheme_of(*object, spec, load.naming);
  if (load.storage) {
    load.notes.push_back(fmt::format("published in {} ({})", load.storage->name(), key));
    return;
  }
  std::vector<std::string> said;
  if (object != nullptr)
    said.push_back(fmt::format("quantised by {} ({})", method_phrase(*object), key));
  if (own_experts) said.push_back("experts in " + printable(text_in(text_config, kExpertFormat)));
  if (said.empty()) return;
  load.unknown_storage = fmt::format("{}", fmt::join(said, ", "));
  load.notes.push_back(*load.unknown_storage + ": how that stores weights is not known here");
}

}  // namespace llmarch
