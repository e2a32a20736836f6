#include "kernels/weight_files/strict_json.h"

#include <fmt/core.h>

#include <cstddef>
#include <nlohmann/json.hpp>
#include <utility>

namespace llmarch {
namespace {

using Json = nlohmann::json;

constexpr int kNumberOverflow = 406;  // the library's id for "1e999"

std::string printable(std::string_view text, std::size_t limit) {
  std::string out;
  for (const char c : text.substr(0, limit)) {
    if (c >= ' ' && c <= '~') {
      out += c;
    } else {
      out += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
    }
  }
  return text.size() > limit ? out + "..." : out;
}

// Turns the library's thirteen events into the listener's six.
class Walk : public nlohmann::json_sax<Json> {
 public:
  explicit Walk(JsonListener& listener) : listener_(listener) {}

  bool null() override { return other("null"); }
  bool boolean(bool value) override { return other(value ? "true" : "false"); }
  bool number_integer(number_integer_t value) override {
    return other(value == 0 ? "minus zero" : "a negative number");
  }
  bool number_unsigned(number_unsigned_t value) override {
    listener_.number(value);
    return true;
  }
  // Whole numbers arrive here too, when they exceed 64 bits.
  bool number_float(number_float_t, const string_t& written) override {
    const bool whole = written.find_first_of(".eE") == string_t::npos;
    return other(whole ? "a number that does not fit in 64 bits"
                       : "a number with a fraction or an exponent");
  }
  bool string(string_t& value) override {
    listener_.text(std::move(value));
    return true;
  }
  bool binary(binary_t&) override { return other("binary"); }
  bool start_object(std::size_t) override { return open(Bracket::object); }
  bool start_array(std::size_t) override { return open(Bracket::array); }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }
  bool key(string_t& name) override {
    listener_.key(std::move(name));
    return true;
  }
  bool parse_error(std::size_t position, const std::string&,
                   const nlohmann::detail::exception& error) override {
    if (error.id == kNumberOverflow) {
      throw Malformed(fmt::format("a number ending at byte {} is too large", position));
    }
    throw Malformed(fmt::format("not valid JSON at byte {}: {}", position, what(error)));
  }

 private:
  // Without the library's own prefix, "[json.exception.parse_error.101] ".
  static std::string what(const nlohmann::detail::exception& error) {
    const std::string_view text = error.what();
    const std::size_t prefix = text.find("] ");
    return printable(prefix == std::string_view::npos ? text : text.substr(prefix + 2), 300);
  }
  bool other(std::string_view description) {
    listener_.other(description);
    return true;
  }
  bool open(Bracket bracket) {
    listener_.open(bracket);
    return true;
  }
  bool close() {
    listener_.close();
    return true;
  }

  JsonListener& listener_;
};

}  // namespace

void walk_json_object(std::string_view json, JsonListener& listener) {
  if (json.empty() || json.front() != '{') throw Malformed("does not start with '{'");
  // The library takes a zero byte for the end of the text and would not look at what follows it.
  if (const std::size_t zero = json.find('\0'); zero != std::string_view::npos) {
    throw Malformed(fmt::format("not valid JSON: byte {} is zero", zero + 1));
  }
  Walk walk(listener);
  Json::sax_parse(json.begin(), json.end(), &walk);
}

std::string in_quotes(std::string_view text) {
  return fmt::format("'{}'", printable(text, 120));
}

}  // namespace llmarch
