// Writes the manual pages: one of the program and one of each command, from what 'llmarch help'
// says. usage: man_pages FOLDER
#include <fmt/format.h>

#include <filesystem>
#include <fstream>
#include <iostream>
#include <sstream>

#include "sim/cli/commands.h"

namespace {

using llmarch::cli::Command;

// Text that roff does not take for a request or an escape. A hyphen is written so that it can be
// copied into a shell.
std::string escaped(std::string_view text) {
  std::string safe;
  for (const char c : text) {
    if (c == '\\') {
      safe += "\\e";
    } else if (c == '-') {
      safe += "\\-";
    } else {
      safe += c;
    }
  }
  const bool request = safe.starts_with('.') || safe.starts_with('\'');
  return request ? "\\&" + safe : safe;
}

std::string title(std::string_view name, std::string_view summary) {
  return fmt::format(".TH \"{}\" 1 \"\" \"llmarch {}\" \"User Commands\"\n.SH NAME\n{} \\- {}\n",
                     escaped(name), LLMARCH_VERSION, escaped(name), escaped(summary));
}

// Paragraphs, and examples, which are the lines that begin with two spaces.
std::string paragraphs(std::string_view text) {
  std::istringstream lines{std::string(text)};
  std::string page;
  bool example = false;
  for (std::string line; std::getline(lines, line);) {
    const bool begun = line.starts_with("  ");
    if (begun != example && !line.empty()) page += begun ? ".PP\n.EX\n" : ".EE\n";
    if (!line.empty()) example = begun;
    page += line.empty() ? (example ? "\n" : ".PP\n") : escaped(line) + "\n";
  }
  return page + (example ? ".EE\n" : "");
}

std::string options_of(const Command& command) {
  const llmarch::cli::Options options = command.options();
  std::string text;
  for (const auto& option : options.options()) {
    const bool takes_value = option->semantic()->max_tokens() > 0;
    text += fmt::format(".TP\n.B {}{}\n{}\n", escaped(option->format_name()),
                        takes_value ? " " + escaped(option->format_parameter()) : "",
                        escaped(option->description()));
  }
  return text.empty() ? "" : ".SH OPTIONS\n" + text;
}

std::string page_of(const Command& command) {
  return title(fmt::format("llmarch-{}", command.name), command.summary) +
         fmt::format(".SH SYNOPSIS\n.B {}\n.SH DESCRIPTION\n{}{}.SH SEE ALSO\n.BR llmarch (1)\n",
                     escaped(command.usage), paragraphs(command.details), options_of(command));
}

std::string page_of_program() {
  std::string page = title("llmarch", "what an LLM architecture costs") +
                     ".SH SYNOPSIS\n.B llmarch COMMAND [ARGUMENTS]\n.SH DESCRIPTION\n" +
                     paragraphs(llmarch::cli::overview(80)) + ".SH SEE ALSO\n";
  std::string separator;
  for (const Command& command : llmarch::cli::commands()) {
    page += fmt::format("{}.BR llmarch\\-{} (1)", separator, command.name);
    separator = ",\n";
  }
  return page + "\n";
}

void write(const std::filesystem::path& file, const std::string& text) {
  std::ofstream out(file, std::ios::binary);
  out << text;
  out.close();
  if (!out) throw std::runtime_error("cannot write " + file.string());
}

}  // namespace

int main(int argc, char** argv) try {
  if (argc != 2) {
    std::cerr << "usage: man_pages FOLDER\n";
    return 2;
  }
  const std::filesystem::path folder = argv[1];
  std::filesystem::create_directories(folder);
  write(folder / "llmarch.1", page_of_program());
  for (const Command& command : llmarch::cli::commands()) {
    write(folder / fmt::format("llmarch-{}.1", command.name), page_of(command));
  }
  return 0;
} catch (const std::exception& error) {
  std::cerr << "man_pages: " << error.what() << "\n";
  return 1;
}
