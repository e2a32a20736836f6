#include <algorithm>
#include <stdexcept>

#include "reports/say/compare_sections.h"
#include "sim/cli/commands.h"
#include "sim/cli/embedded.h"
#include "sim/cli/models.h"
#include "sim/cli/output.h"
#include "sim/formats/scheme_names.h"
#include "sim/setting/setting.h"
#include "sim/spec/names.h"
#include "sim/study/best_deployment.h"
#include "sim/study/engine.h"
#include "sim/study/quantities.h"

namespace llmarch::cli {
namespace {

using Words = std::vector<std::string>;

template <class Range, class NameOf>
Words names_of(const Range& range, const NameOf& name_of) {
  Words names;
  for (const auto& each : range) names.emplace_back(name_of(each));
  return names;
}

Words embedded_names(const std::vector<EmbeddedFile>& files) {
  return names_of(files, [](const EmbeddedFile& file) { return file.name; });
}

Words model_names() {
  Words names = embedded_names(embedded_specs());
  KeptModels kept;
  const Catalog catalog(std::nullopt, kept);
  for (const auto& [other, name] : catalog.other_names()) names.push_back(other);
  return names;
}

Words command_names() {
  return names_of(commands(), [](const Command& command) { return command.name; });
}

Words first_words() {
  Words words = command_names();
  for (const char* other : {"help", "--help", "--version"}) words.emplace_back(other);
  return words;
}

Words help_words() {
  Words words = command_names();
  for (const HelpTopic& topic : help_topics()) words.emplace_back(topic.name);
  return words;
}

Words after_command(CommandWords words) {
  switch (words) {
    case CommandWords::none:
    case CommandWords::files: return {};
    case CommandWords::models: return model_names();
    case CommandWords::studies: return embedded_names(embedded_studies());
  }
  throw std::logic_error("after_command: words outside the enumeration");
}

Words schemes(const std::vector<SchemeHelp>& known) {
  return names_of(known, [](const SchemeHelp& scheme) { return scheme.name; });
}

// The option that `word` is, "--on" or "-o"; null where it is none, or takes no value.
const boost::program_options::option_description* option_with_value(const Options& options,
                                                                    const std::string& word) {
  for (const auto& option : options.options()) {
    const bool named =
        word == "--" + option->long_name() ||
        word == option->canonical_display_name(
                    boost::program_options::command_line_style::allow_dash_for_short);
    if (named && option->semantic()->max_tokens() > 0) return option.get();
  }
  return nullptr;
}

Words values_of(const std::string& option) {
  if (option == "on") return embedded_names(embedded_hardware());
  if (option == "weights") return schemes(scheme_help());
  if (option == "kv") return schemes(cache_scheme_help());
  if (option == "compute") return names_in(Names<DType>::values);
  if (option == "recurrence") return names_in(Names<RecurrenceForm>::values);
  if (option == "engine") return names_in(Names<Engine>::values);
  if (option == "aim") return names_in(Names<Aim>::values);
  if (option == "only") return names_in(reports::kSections);
  if (option == "head") return names_in(Names<Head>::values);
  if (option == "format") return format_names();
  if (option == "show") {
    return names_of(quantities(), [](const Quantity& quantity) { return quantity.name; });
  }
  return {};
}

Words options_of(const Options& options) {
  Words words;
  for (const auto& option : options.options()) words.push_back("--" + option->long_name());
  words.emplace_back("--help");
  return words;
}

// What can stand after `command` and `before`, the words after its name.
Words within(const Command& command, const Arguments& before, const std::string& last) {
  const Options options = command.options();
  if (!before.empty()) {
    if (const auto* option = option_with_value(options, before.back())) {
      return values_of(option->long_name());
    }
  }
  return last.starts_with("-") ? options_of(options) : after_command(command.words);
}

Words candidates(const Arguments& words) {
  if (words.size() == 1) return first_words();
  if (words.front() == "help") return words.size() == 2 ? help_words() : Words{};
  for (const Command& command : commands()) {
    if (command.name != words.front()) continue;
    return within(command, {words.begin() + 1, words.end() - 1}, words.back());
  }
  return {};
}

}  // namespace

std::vector<std::string> completions(const Arguments& words) {
  if (words.empty()) return {};
  Words found = candidates(words);
  std::erase_if(found, [&](const std::string& word) { return !word.starts_with(words.back()); });
  std::ranges::sort(found);
  return found;
}

}  // namespace llmarch::cli
