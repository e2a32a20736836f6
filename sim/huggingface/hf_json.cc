#include "sim/huggingface/hf_json.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>
#include <stdexcept>
#include <vector>

#include "sim/huggingface/config_load.h"

namespace llmarch {
namespace {

using nlohmann::json;

constexpr std::size_t kDeepestNesting = 32;  // a config nests two or three deep

class Refused : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// Hears the library's events, to refuse what it would accept.
class Strictness {
 public:
  void hear(json::parse_event_t event, const json& parsed) {
    switch (event) {
      case json::parse_event_t::object_start:
      case json::parse_event_t::array_start: open(); break;
      case json::parse_event_t::object_end:
      case json::parse_event_t::array_end: keys_.pop_back(); break;
      case json::parse_event_t::key: hear_key(parsed.get_ref<const std::string&>()); break;
      case json::parse_event_t::value: break;
    }
  }

 private:
  void open() {
    keys_.emplace_back();
    if (keys_.size() > kDeepestNesting) {
      throw Refused(fmt::format("objects and lists nest more than {} deep", kDeepestNesting));
    }
  }
  void hear_key(const std::string& key) {
    if (!keys_.back().insert(key).second) {
      throw Refused(fmt::format("the field {} stands twice", quote_name(key)));
    }
  }

  std::vector<std::set<std::string>> keys_;  // of every object that is open; empty for a list
};

// Without the library's own "[json.exception.parse_error.101] parse error at line 1, column 2: ".
std::string_view reason(const json::exception& error) {
  std::string_view text = error.what();
  if (const std::size_t id = text.find("] "); id != std::string_view::npos) {
    text.remove_prefix(id + 2);
  }
  const std::size_t place = text.find(": ");
  const bool placed = text.starts_with("parse error at") && place != std::string_view::npos;
  // It quotes what it stumbled over, however long that is.
  constexpr std::size_t kLongestReason = 300;
  return (placed ? text.substr(place + 2) : text).substr(0, kLongestReason);
}

JsonObject refused(std::optional<Place> place, std::string message) {
  return {json(), Diagnostic{place, std::move(message), "a Hugging Face config.json is expected"}};
}

std::optional<JsonObject> refused_unparsed(std::string_view text) {
  if (std::ssize(text) > kLargestConfigFile) {
    return refused(std::nullopt, fmt::format("the file has {} bytes, and a config.json at most {}",
                                             text.size(), kLargestConfigFile));
  }
  if (text.find_first_not_of(" \t\r\n") == std::string_view::npos) {
    return refused(std::nullopt, "the file is empty");
  }
  // The library takes a zero byte for the end of the text.
  if (const std::size_t zero = text.find('\0'); zero != std::string_view::npos) {
    return refused(place_of_byte(text, zero), "not valid JSON: a zero byte");
  }
  return std::nullopt;
}

// Python writes numbers that JSON does not have. Each becomes as many characters of JSON, so that
// places stay: an infinity a number beyond every bound, what is no number a text.
constexpr std::array kPythonNumbers{std::pair{std::string_view("-Infinity"), "-1e308   "},
                                    std::pair{std::string_view("Infinity"), "1e308   "},
                                    std::pair{std::string_view("NaN"), "\"N\""}};

std::string without_python_numbers(std::string_view text) {
  std::string plain(text);
  bool in_text = false;
  for (std::size_t i = 0; i < plain.size(); ++i) {
    if (in_text && plain[i] == '\\') {
      ++i;
    } else if (plain[i] == '"') {
      in_text = !in_text;
    } else if (!in_text && (plain[i] == '-' || plain[i] == 'I' || plain[i] == 'N')) {
      for (const auto& [number, instead] : kPythonNumbers) {
        if (text.substr(i).starts_with(number)) plain.replace(i, number.size(), instead);
      }
    }
  }
  return plain;
}

JsonObject parsed_strictly(std::string_view text) {
  Strictness strictness;
  json value =
      json::parse(without_python_numbers(text), [&](int, json::parse_event_t event, json& parsed) {
        strictness.hear(event, parsed);
        return true;
      });
  if (value.is_object()) return {std::move(value), std::nullopt};
  return refused(std::nullopt, fmt::format("this is JSON, but {} and no object",
                                           value.is_array() ? "a list" : "a single value"));
}

}  // namespace

JsonObject parse_json_object(std::string_view text) {
  if (auto unparsed = refused_unparsed(text)) return std::move(*unparsed);
  try {
    return parsed_strictly(text);
  } catch (const json::parse_error& error) {
    return refused(place_of_byte(text, error.byte - 1),
                   fmt::format("not valid JSON: {}", reason(error)));
  } catch (const json::exception& error) {
    return refused(std::nullopt, fmt::format("not valid JSON: {}", reason(error)));
  } catch (const Refused& error) {
    return refused(std::nullopt, error.what());
  }
}

std::string text_in(const json& object, std::string_view key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

}  // namespace llmarch
