// JSON as an attacker may write it: this file knows how to walk it without building a tree (so that
// deep nesting costs neither stack nor memory), what the JSON library lets pass that we do not, and
// how to quote a piece of it safely in a message. What the keys mean is the listener's business.
#pragma once

#include <fmt/core.h>

#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>

namespace llmarch {

// What is wrong with a text, without the file it came from: whoever opened the file adds that.
class Malformed : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

template <typename... Args>
[[noreturn]] void reject(fmt::format_string<Args...> format, const Args&... args) {
  throw Malformed(fmt::vformat(format, fmt::make_format_args(args...)));
}

enum class Bracket { object, array };

// Hears the text in order, the outermost object included, and throws Malformed at what it does not
// expect. It must itself refuse repeated keys.
class JsonListener {
 public:
  virtual ~JsonListener() = default;
  virtual void open(Bracket bracket) = 0;
  virtual void close() = 0;
  virtual void key(std::string name) = 0;
  virtual void text(std::string value) = 0;
  virtual void number(std::uint64_t value) = 0;
  // Any other value, described for a message: "a negative number", "null" and so on.
  virtual void other(std::string_view description) = 0;
};

// Walks one JSON object that starts with the very first byte. Throws Malformed if it is not JSON.
void walk_json_object(std::string_view json, JsonListener& listener);

// `text` in quotes for a message: shortened, and without bytes that could steer a terminal.
std::string in_quotes(std::string_view text);

}  // namespace llmarch
