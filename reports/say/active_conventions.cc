#include "reports/say/active_conventions.h"

#include <fmt/format.h>

#include <stdexcept>

namespace llmarch::reports {

std::string_view convention_letter(ActiveConvention convention) {
  switch (convention) {
    case ActiveConvention::all: return "A";
    case ActiveConvention::without_input_embedding: return "B";
    case ActiveConvention::without_embeddings: return "C";
  }
  throw std::logic_error("convention_letter: a convention outside the enumeration");
}

std::string_view convention_phrase(ActiveConvention convention) {
  switch (convention) {
    case ActiveConvention::all: return "every matrix touched";
    case ActiveConvention::without_input_embedding: return "A less input embedding";
    case ActiveConvention::without_embeddings: return "B less head";
  }
  throw std::logic_error("convention_phrase: a convention outside the enumeration");
}

std::string_view quantity_of(ActiveConvention convention) {
  switch (convention) {
    case ActiveConvention::all: return "active_parameters";
    case ActiveConvention::without_input_embedding: return "active_without_input_embedding";
    case ActiveConvention::without_embeddings: return "active_without_embeddings";
  }
  throw std::logic_error("quantity_of: a convention outside the enumeration");
}

std::string convention_label(ActiveConvention convention) {
  return fmt::format("{}: {}", convention_letter(convention), convention_phrase(convention));
}

}  // namespace llmarch::reports
