// Reads the text of an expression from left to right: words, numbers and quoted texts. How they are
// combined is known by expression_reader.cc.
#pragma once

#include <string>
#include <string_view>

#include "sim/study/expression.h"

namespace llmarch {

class ExpressionText {
 public:
  explicit ExpressionText(std::string_view text) : text_(text) {}

  [[nodiscard]] std::size_t position() const { return position_; }  // bytes

 protected:
  // Throws ExpressionError at the current position.
  [[noreturn]] void fail(const std::string& problem, const std::string& remedy) const;
  void skip_spaces();
  bool take(std::string_view sign);  // advances if `sign` is next
  std::string quoted();
  FigureValue number();        // whole where it can be
  Integer whole(Range range);  // within `range`
  std::string word();          // letters, digits and '_'
  std::string model_word();    // up to ',' or ')': "llama-3.1-8b"

  [[nodiscard]] bool at_digit() const;  // a number begins here
  [[nodiscard]] bool at(char sign) const;

  std::string_view text_;
  std::size_t position_ = 0;
};

}  // namespace llmarch
