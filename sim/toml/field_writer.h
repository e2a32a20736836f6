// Writes a struct as TOML, field by field as its visit_fields declares them: what the writers of
// specs and of hardware have in common.
#pragma once

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <functional>
#include <string>
#include <type_traits>
#include <vector>

#include "sim/spec/fields.h"
#include "sim/spec/printable.h"

namespace llmarch {

// Texts come from files of others: what could end the quotes is written as TOML escapes it.
inline std::string as_toml_string(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) {
      out += fmt::format("\\u{:04X}", static_cast<unsigned char>(c));
    } else {
      out += c;
    }
  }
  return out + "\"";
}

// Writes the plain values of one table at once, and its tables after them.
class TomlWriter {
 public:
  explicit TomlWriter(std::string path) : path_(std::move(path)) {}

  std::string take() {
    for (const auto& table : tables_) text_ += table();
    return std::move(text_);
  }

  void operator()(const Field& field, const Integer& member, const Range&) {
    line(field.key, std::to_string(member.value()));
  }
  void operator()(const Field& field, const double& member, const RealRange&) {
    line(field.key, fmt::format("{}", member));
  }
  void operator()(const Field& field, const std::vector<double>& member, const RealRange&) {
    line(field.key, fmt::format("[{}]", fmt::join(member, ", ")));
  }
  void operator()(const Field& field, const std::string& member) {
    line(field.key, as_toml_string(member));
  }
  void operator()(const Field& field, const bool& member) {
    if (member) line(field.key, "true");
  }
  template <class Enum>
  requires std::is_enum_v<Enum>
  void operator()(const Field& field, const Enum& member) {
    line(field.key, as_toml_string(name_of(member)));
  }
  void operator()(const Field& field, const Reference& member) {
    line(field.key, as_toml_string(member.name));
  }
  void operator()(const Field& field, const std::vector<Reference>& member) {
    std::string names;
    for (const Reference& reference : member) {
      names += (names.empty() ? "" : ", ") + as_toml_string(reference.name);
    }
    line(field.key, "[" + names + "]");
  }
  void operator()(const Field& field, const std::vector<std::string>& member) {
    std::vector<std::string> texts;
    for (const std::string& text : member) texts.push_back(as_toml_string(text));
    line(field.key, fmt::format("[{}]", fmt::join(texts, ", ")));
  }
  template <class Value, class... Bounds>
  void operator()(const Field& field, const std::optional<Value>& member, const Bounds&... bounds) {
    if (member) (*this)(field, *member, bounds...);
  }
  template <class... Alternatives>
  void operator()(const Field& field, const std::variant<Alternatives...>& member) {
    tables_.push_back([path = child(field.key), &member] { return table(path, member); });
  }
  template <class Struct>
  requires std::is_class_v<Struct>
  void operator()(const Field& field, const Struct& member) {
    tables_.push_back([path = child(field.key), &member] { return table(path, member); });
  }
  template <class Value>
  void operator()(const Field& field, const std::vector<Named<Value>>& member) {
    for (const Named<Value>& each : member) {
      tables_.push_back(
          [path = child(field.key) + "." + each.name, &each] { return table(path, each.value); });
    }
  }
  template <ListItem Struct>
  void operator()(const Field& field, const std::vector<Struct>& member) {
    for (const Struct& item : member) {
      tables_.push_back([path = child(field.key), &item] {
        TomlWriter writer(path);
        visit_fields(writer, item);
        return fmt::format("\n[[{}]]\n{}", path, writer.take());
      });
    }
  }

  void line(std::string_view key, const std::string& value) {
    text_ += fmt::format("{} = {}\n", key, value);
  }

 private:
  template <class Struct>
  static std::string table(const std::string& path, const Struct& member) {
    TomlWriter writer(path);
    visit_fields(writer, member);
    return fmt::format("\n[{}]\n{}", path, writer.take());
  }
  template <class... Alternatives>
  static std::string table(const std::string& path, const std::variant<Alternatives...>& member) {
    TomlWriter writer(path);
    writer.line("kind",
                as_toml_string(Names<std::variant<Alternatives...>>::alternatives[member.index()]));
    std::visit([&](const auto& kind) { visit_fields(writer, kind); }, member);
    return fmt::format("\n[{}]\n{}", path, writer.take());
  }

  [[nodiscard]] std::string child(std::string_view key) const {
    return path_.empty() ? std::string(key) : fmt::format("{}.{}", path_, key);
  }

  std::string path_;
  std::string text_;
  std::vector<std::function<std::string()>> tables_;
};

// The text of a file: `remarks` at the top as comments, one line each, and then the fields.
template <class Struct>
std::string write_toml_fields(const Struct& value, const std::vector<std::string>& remarks) {
  std::string text;
  for (const std::string& remark : remarks) {
    text += "# ";
    for (const ShownCharacter& character : shown_characters(remark)) text += character.text;
    text += "\n";
  }
  if (!remarks.empty()) text += "\n";
  TomlWriter writer("");
  visit_fields(writer, value);
  return text + writer.take();
}

}  // namespace llmarch
