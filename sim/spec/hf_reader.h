// Reads the fields of a Hugging Face config.json strictly: every field is either used, known not to
// change the arithmetic, or refused by name. This file knows how; hf_config.cc knows the model types.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/spec/diagnostics.h"
#include "sim/spec/fields.h"

namespace llmarch {

class ConfigReader {
 public:
  // `where` names the object to the user: "config.json", "rope_scaling".
  ConfigReader(const nlohmann::json& object, std::string where, std::vector<Diagnostic>& problems,
               std::vector<std::string>& filled);

  // Required; a missing or wrong field is a problem, and a harmless value is returned.
  Integer size(std::string_view key, const Range& range = kSize);
  double real(std::string_view key);
  std::string text(std::string_view key);

  // Absent or null: none.
  std::optional<Integer> optional_size(std::string_view key, const Range& range = kSize);
  std::optional<double> optional_real(std::string_view key);
  std::optional<bool> optional_flag(std::string_view key);
  std::optional<std::string> optional_text(std::string_view key);

  // Absent or null: the library's own value, which is recorded as filled with its reason.
  Integer size_or(std::string_view key, Integer value, std::string_view reason);
  double real_or(std::string_view key, double value, std::string_view reason);
  bool flag_or(std::string_view key, bool value, std::string_view reason);

  // A field whose other values change the arithmetic in ways that are not built.
  void only(std::string_view key, const nlohmann::json& value);
  // Fields that do not change the arithmetic of a forward pass.
  void inert(std::initializer_list<std::string_view> keys);
  // A nested object; null or absent: nullptr.
  const nlohmann::json* object(std::string_view key);
  // Whole numbers; absent or null: empty.
  std::vector<std::int64_t> indices(std::string_view key);
  // Texts; absent or null: empty.
  std::vector<std::string> texts(std::string_view key);

  void refuse(std::string message, std::string remedy);
  // What was not asked for is refused by name. Keys that begin with an underscore are annotations.
  void refuse_unknown_fields();

 private:
  const nlohmann::json* find(std::string_view key);
  void missing(std::string_view key);
  void wrong(std::string_view key, std::string_view expected);
  void fill(std::string_view key, const std::string& value, std::string_view reason);

  const nlohmann::json& object_;
  std::string where_;
  std::vector<Diagnostic>& problems_;
  std::vector<std::string>& filled_;
  std::vector<std::string> known_;
};

}  // namespace llmarch
