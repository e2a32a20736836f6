// The keys of one architecture in a GGUF header, and how they become the fields of a Hugging Face
// config. Which keys an architecture has is known by gguf_config.cc, and by gguf_hybrids.cc for
// those whose layers are of several kinds.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>
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
  void refuse(std::string message, std::string remedy) {
    problems_.push_back({std::nullopt, std::move(message), std::move(remedy)});
  }

 private:
  [[nodiscard]] std::string full(std::string_view key) const {
    return fmt::format("{}.{}", architecture_, key);
  }
  [[nodiscard]] const GgufValue* find(std::string_view key) const {
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

// What an architecture states besides what nearly all have.
void of_qwen3_next(KeyReader& keys, nlohmann::json& config);
void of_qwen35(KeyReader& keys, nlohmann::json& config);
void of_qwen35_moe(KeyReader& keys, nlohmann::json& config);
void of_nemotron_h(KeyReader& keys, nlohmann::json& config);
void of_llama4(KeyReader& keys, nlohmann::json& config);

}  // namespace llmarch
