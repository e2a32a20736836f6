// Reads the fields of a Hugging Face config.json: every field is either used, known not to change
// the arithmetic, refused by name, or passed over and said to be; what is absent is either a
// problem or recorded as filled. This file knows how; the model types are known by hf_decoders.cc
// and hf_model_types.h.
#pragma once

#include <initializer_list>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sim/huggingface/config_load.h"
#include "sim/spec/fields.h"

namespace llmarch {

// What becomes of a field that the model type does not have. Its class cannot read it, so that it
// changes nothing; but code of the repository's own may.
enum class UnknownFields { passed_over, refused };

class ConfigReader {
 public:
  // `where` names the object to the user: "the config", "rope_scaling".
  ConfigReader(const nlohmann::json& object, std::string where, ConfigLoad& load,
               UnknownFields unknown = UnknownFields::passed_over);

  // Required; a missing or wrong field is a problem, and a harmless value is returned.
  Integer size(std::string_view key, const Range& range = kSize);
  double real(std::string_view key, const RealRange& range = kFactor);
  std::string text(std::string_view key);
  // The field must be there, if only as null, because its library would fill it otherwise than we
  // do.
  void stated(std::string_view key);
  // Required, and null says something: there is none.
  std::optional<Integer> nullable_size(std::string_view key, const Range& range = kSize);

  // Whether the field is stated as null, which a type's class may read otherwise than an absent
  // one. The readers below refuse a null that is not asked about first.
  bool is_null(std::string_view key);
  // Whether it is stated as 0, which a type's class may read as none; the readers below take
  // factors above 0 alone.
  bool is_zero(std::string_view key);

  // Absent: the library's own value, which is recorded as filled with its reason.
  Integer size_or(std::string_view key, Integer value, std::string_view reason,
                  const Range& range = kSize);
  double real_or(std::string_view key, double value, std::string_view reason,
                 const RealRange& range = kFactor);
  bool flag_or(std::string_view key, bool value, std::string_view reason);

  // Null: none. Absent: the library's own value, or none, which is recorded with its reason.
  std::optional<Integer> optional_size_or(std::string_view key, std::optional<Integer> value,
                                          std::string_view reason, const Range& range = kSize);
  std::optional<double> optional_real_or(std::string_view key, std::optional<double> value,
                                         std::string_view reason);
  std::vector<std::int64_t> indices_or_none(std::string_view key, std::string_view reason);
  const nlohmann::json* object_or_none(std::string_view key, std::string_view reason);

  // Records what an absent field was filled with, for what the readers above do not fill
  // themselves.
  void fill(std::string_view key, const std::string& value, std::string_view reason);

  // Absent or null: none. For fields that only repeat or name what others say.
  std::optional<std::string> optional_text(std::string_view key);
  std::vector<std::string> optional_texts(std::string_view key);
  std::vector<double> optional_reals(std::string_view key);
  const nlohmann::json* optional_object(std::string_view key);
  const nlohmann::json* optional_array(std::string_view key);

  // A field whose other values change the arithmetic in ways that are not built; it may be absent,
  // or list the value for each layer.
  void only(std::string_view key, const nlohmann::json& value);
  // The same for what is switched on: absent, null and false all leave it off.
  void off(std::string_view key);
  // Fields that do not change the arithmetic of a forward pass.
  void inert(std::span<const std::string_view> keys);
  void inert(std::initializer_list<std::string_view> keys);

  [[nodiscard]] bool contains(std::string_view key) const { return object_.contains(key); }
  // A part of the config, read by the same rules.
  [[nodiscard]] ConfigReader inner(const nlohmann::json& object, std::string where) const {
    return {object, std::move(where), load_, unknown_};
  }
  // Whether the field is a list, where a single value would do too.
  [[nodiscard]] bool is_list(std::string_view key) const {
    return contains(key) && object_.at(std::string(key)).is_array();
  }
  [[nodiscard]] bool is_text(std::string_view key) const {
    return contains(key) && object_.at(std::string(key)).is_string();
  }
  // Whether none of these was missing or refused: else nothing is said of what follows from them.
  [[nodiscard]] bool all_read(std::initializer_list<std::string_view> keys) const;
  void refuse(std::string message, std::string remedy);

  // To be called at the end: reports what is missing, and passes over or refuses what was not asked
  // for. A field that looks like an absent one is a slip of the pen, and refused in any case; but
  // not if it looks like an inert one, whose absence changes nothing, or if it is the longer name
  // of the two and holds the other whole (v_head_dim, head_dim) or differs by three letters. Keys
  // that begin with an underscore are annotations.
  void finish();
  // The same where the fields to expect are not known: of the others, only those that look like one
  // that was asked for are refused.
  void finish_unknowing();
  // Reports only what is missing, where another reader asks for the other fields of the object.
  void finish_missing() { report_missing(); }

 private:
  const nlohmann::json* find(std::string_view key);
  const nlohmann::json* required(std::string_view key, std::string_view expected);
  void wrong(std::string_view key, std::string_view expected);
  template <class Item>
  std::vector<Item> list(std::string_view key, std::string_view expected,
                         bool (nlohmann::json::*is_item)() const noexcept);
  void refuse_misspelt(const std::string& key, const std::string& meant);
  void report_unknown(const std::string& key);
  void report_missing();
  [[nodiscard]] std::vector<std::string> unknown_fields() const;
  [[nodiscard]] std::optional<std::string> misspelt(const std::string& key) const;
  [[nodiscard]] std::vector<std::string> absent_fields() const;

  const nlohmann::json& object_;
  std::string where_;
  ConfigLoad& load_;
  UnknownFields unknown_;
  std::vector<std::string> known_;
  std::vector<std::string> inert_;
  std::vector<std::string> missing_;
  std::vector<std::string> refused_;
};

}  // namespace llmarch
