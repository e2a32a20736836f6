// The keys of one architecture in a GGUF header, and how they become the fields of a Hugging Face
// config. Which architectures there are is known by gguf_config.cc, and which keys each has by
// gguf_dense.cc, gguf_mixtures.cc, gguf_hybrids.cc, gguf_gemma4.cc and gguf_state_spaces.cc.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "kernels/weight_files/gguf_file.h"
#include "sim/spec/diagnostics.h"
#include "sim/spec/field.h"

namespace llmarch {

// Reads the keys of one architecture; what is missing or of another type is a problem.
class KeyReader {
 public:
  KeyReader(const GgufModel& file, std::string architecture, std::vector<Diagnostic>& problems)
      : file_(file), architecture_(std::move(architecture)), problems_(problems) {}

  [[nodiscard]] const std::string& architecture() const { return architecture_; }
  [[nodiscard]] bool has_tensor(std::string_view name) const { return file_.find(name) != nullptr; }
  [[nodiscard]] const GgufTensor* tensor(std::string_view name) const {
    const GgufPlacedTensor* const placed = file_.find(name);
    return placed == nullptr ? nullptr : &placed->tensor;
  }

  // An integer, or the first of a list of them.
  std::optional<std::int64_t> integer(std::string_view key) {
    const GgufValue* const value = find(key);
    if (value == nullptr) return std::nullopt;
    if (const auto* number = std::get_if<std::int64_t>(value)) return *number;
    const auto* const list = std::get_if<std::vector<std::int64_t>>(value);
    if (list != nullptr && !list->empty()) return list->front();
    wrong(key, "a whole number");
    return std::nullopt;
  }
  std::int64_t required(std::string_view key) {
    if (find(key) == nullptr) missing(key);
    return integer(key).value_or(1);
  }
  std::optional<double> real(std::string_view key) {
    const GgufValue* const value = find(key);
    if (value == nullptr) return std::nullopt;
    if (const auto* number = std::get_if<double>(value);
        number != nullptr && std::isfinite(*number)) {
      return shortest(*number);
    }
    if (const auto* number = std::get_if<std::int64_t>(value)) return static_cast<double>(*number);
    wrong(key, "a number");
    return std::nullopt;
  }
  std::optional<bool> flag(std::string_view key) {
    const GgufValue* const value = find(key);
    if (value == nullptr) return std::nullopt;
    if (const auto* said = std::get_if<bool>(value)) return *said;
    wrong(key, "true or false");
    return std::nullopt;
  }
  // A value for each layer; the same for all where the file has one.
  std::vector<std::int64_t> by_layer(std::string_view key, std::int64_t layers) {
    const GgufValue* const value = find(key);
    if (value == nullptr) return {};
    if (const auto* list = std::get_if<std::vector<std::int64_t>>(value)) return *list;
    if (const auto* number = std::get_if<std::int64_t>(value)) {
      return std::vector<std::int64_t>(
          static_cast<std::size_t>(std::clamp<std::int64_t>(layers, 0, kMostLayers)), *number);
    }
    wrong(key, "a whole number, or one for each layer");
    return {};
  }
  // Whether the file states the key, with a number that is neither 0 nor 1 or with a flag that is
  // set, and nothing has read it.
  [[nodiscard]] bool changes_unread(std::string_view key) const {
    const auto found = file_.keys().find(full(key));
    if (found == file_.keys().end() || read_.contains(std::string(key))) return false;
    const auto changes = [](double number) { return number != 0 && number != 1; };
    if (const auto* flag = std::get_if<bool>(&found->second)) return *flag;
    if (const auto* whole = std::get_if<std::int64_t>(&found->second)) {
      return changes(static_cast<double>(*whole));
    }
    if (const auto* real = std::get_if<double>(&found->second)) return changes(*real);
    if (const auto* reals = std::get_if<std::vector<double>>(&found->second)) {
      return std::any_of(reals->begin(), reals->end(), changes);
    }
    return true;
  }
  void refuse(std::string message, std::string remedy) {
    problems_.push_back({std::nullopt, std::move(message), std::move(remedy)});
  }

 private:
  [[nodiscard]] std::string full(std::string_view key) const {
    return fmt::format("{}.{}", architecture_, key);
  }
  [[nodiscard]] const GgufValue* find(std::string_view key) {
    read_.emplace(key);
    const auto found = file_.keys().find(full(key));
    return found == file_.keys().end() ? nullptr : &found->second;
  }
  void missing(std::string_view key) {
    refuse(fmt::format("missing key '{}'", full(key)), "the header is not whole: convert it again");
  }
  void wrong(std::string_view key, std::string_view expected) {
    refuse(fmt::format("key '{}' is not {}", full(key), expected), "convert the model again");
  }
  // The file has floats of 32 bits: 1e-6 is the number meant by 9.99999997e-07.
  static double shortest(double value) {
    return std::stod(fmt::format("{}", static_cast<float>(value)));
  }

  const GgufModel& file_;
  std::string architecture_;
  std::set<std::string> read_;  // the keys that were asked for
  std::vector<Diagnostic>& problems_;
};

template <class Value>
void set_field(nlohmann::json& config, const char* key, const std::optional<Value>& value) {
  if (value) config[key] = *value;
}

// The fields in which a config counts its experts, and states their width.
inline void set_experts(KeyReader& keys, nlohmann::json& config, const char* count,
                        const char* width) {
  config[count] = keys.required("expert_count");
  config["num_experts_per_tok"] = keys.required("expert_used_count");
  const auto stated = keys.integer("expert_feed_forward_length");
  if (stated) config[width] = *stated;
}

// The layers of a config, as many as a model may have.
inline std::int64_t layers_of(const nlohmann::json& config) {
  return std::clamp<std::int64_t>(config.at("num_hidden_layers").get<std::int64_t>(), 0,
                                  kMostLayers);
}

// A list with what `type` says of each layer.
template <class Type>
nlohmann::json layer_types_of(std::int64_t layers, const Type& type) {
  nlohmann::json types = nlohmann::json::array();
  for (std::int64_t layer = 0; layer < layers; ++layer) types.push_back(type(layer));
  return types;
}

inline std::int64_t most_of(const std::vector<std::int64_t>& by_layer) {
  return by_layer.empty() ? 0 : std::max<std::int64_t>(0, std::ranges::max(by_layer));
}

inline constexpr std::string_view kWindow = "attention.sliding_window";

// The window of the layers that have one; null where the file states none.
inline nlohmann::json stated_window(KeyReader& keys) {
  const std::int64_t window = keys.integer(kWindow).value_or(0);
  return window > 0 ? nlohmann::json(window) : nlohmann::json(nullptr);
}

// The part of each head that is rotated, where the file says how many elements are.
inline void set_rotated_part(KeyReader& keys, nlohmann::json& config) {
  const auto rotated = keys.integer("rope.dimension_count");
  const std::int64_t heads = config.value("num_attention_heads", std::int64_t{1});
  const std::int64_t head = config.value(
      "head_dim", config.value("hidden_size", std::int64_t{1}) / std::max<std::int64_t>(heads, 1));
  if (!rotated || head < 1) return;
  config["partial_rotary_factor"] = static_cast<double>(*rotated) / static_cast<double>(head);
}

// What each architecture states besides what nearly all have.
void of_llama(KeyReader& keys, nlohmann::json& config);
void of_qwen2(KeyReader& keys, nlohmann::json& config);
void of_qwen3(KeyReader& keys, nlohmann::json& config);
void of_gemma(KeyReader& keys, nlohmann::json& config);
void of_gemma2(KeyReader& keys, nlohmann::json& config);
void of_gemma3(KeyReader& keys, nlohmann::json& config);
void of_phi3(KeyReader& keys, nlohmann::json& config);
void of_olmo2(KeyReader& keys, nlohmann::json& config);
void of_olmo(KeyReader& keys, nlohmann::json& config);
void of_granite(KeyReader& keys, nlohmann::json& config);
void of_smollm3(KeyReader& keys, nlohmann::json& config);
void of_glm4(KeyReader& keys, nlohmann::json& config);
void of_seed_oss(KeyReader& keys, nlohmann::json& config);
void of_arcee(KeyReader& keys, nlohmann::json& config);
void of_ernie4_5(KeyReader& keys, nlohmann::json& config);
void of_hunyuan_dense(KeyReader& keys, nlohmann::json& config);
void of_exaone4(KeyReader& keys, nlohmann::json& config);
void of_cohere(KeyReader& keys, nlohmann::json& config);
void of_cohere2(KeyReader& keys, nlohmann::json& config);
void of_starcoder2(KeyReader& keys, nlohmann::json& config);
void of_stablelm(KeyReader& keys, nlohmann::json& config);
void of_phi2(KeyReader& keys, nlohmann::json& config);
void of_gpt_neox(KeyReader& keys, nlohmann::json& config);
void of_nemotron(KeyReader& keys, nlohmann::json& config);
void of_qwen3_moe(KeyReader& keys, nlohmann::json& config);
void of_qwen2_moe(KeyReader& keys, nlohmann::json& config);
void of_deepseek2(KeyReader& keys, nlohmann::json& config);
void of_gpt_oss(KeyReader& keys, nlohmann::json& config);
void of_glm4_moe(KeyReader& keys, nlohmann::json& config);
void of_dots1(KeyReader& keys, nlohmann::json& config);
void of_minimax_m2(KeyReader& keys, nlohmann::json& config);
void of_bailing_moe2(KeyReader& keys, nlohmann::json& config);
void of_ernie4_5_moe(KeyReader& keys, nlohmann::json& config);
void of_hunyuan_moe(KeyReader& keys, nlohmann::json& config);
void of_olmoe(KeyReader& keys, nlohmann::json& config);
void of_granite_moe(KeyReader& keys, nlohmann::json& config);
void of_lfm2_moe(KeyReader& keys, nlohmann::json& config);
void of_lfm2(KeyReader& keys, nlohmann::json& config);
void of_qwen3_next(KeyReader& keys, nlohmann::json& config);
void of_qwen35(KeyReader& keys, nlohmann::json& config);
void of_qwen35_moe(KeyReader& keys, nlohmann::json& config);
void of_nemotron_h(KeyReader& keys, nlohmann::json& config);
void of_llama4(KeyReader& keys, nlohmann::json& config);
void of_gemma4(KeyReader& keys, nlohmann::json& config);
void of_mamba(KeyReader& keys, nlohmann::json& config);
void of_mamba2(KeyReader& keys, nlohmann::json& config);
void of_jamba(KeyReader& keys, nlohmann::json& config);
void of_falcon_h1(KeyReader& keys, nlohmann::json& config);
void of_granite_hybrid(KeyReader& keys, nlohmann::json& config);

}  // namespace llmarch
