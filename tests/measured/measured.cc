// Holds floors and estimates against measured times. DIR holds CSV files of measurements (see
// reports/measured.md for their source).
// `measured DIR --fit FILE` fits the factors of estimates and writes them, with how far they are
// off. `measured DIR [-o FILE]` writes the page, with the factors of arch_specs/measured/gpus.toml.
//
// Exit status 1 where more rows are below their floor without a reason than that file says, or
// estimates are further off.
#include <fmt/format.h>

#include <fstream>
#include <iostream>
#include <iterator>
#include <optional>
#include <stdexcept>

#include "sim/hardware/measured_file.h"
#include "tests/measured/pages.h"

namespace llmarch::measured {
namespace {

// Errors may differ in the last digit from one compiler to another.
constexpr double kSameError = 1e-3;

Measurements load_times() {
  std::ifstream file(LLMARCH_TIMES);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  MeasurementsLoad load = load_toml_measurements(text);
  if (!load.measurements) {
    throw std::runtime_error(LLMARCH_TIMES ": " + load.problems.at(0).message);
  }
  return *std::move(load.measurements);
}

Errors errors_of(const Holding& holding, const std::vector<ServedRow>& served,
                 const Measurements& times) {
  return {operation_errors(holding.timed, times.machine),
          served_errors(served, times.engine),
          first_errors(served, times.engine),
          errors_without_model(served),
          {},
          {}};
}

void judge(const Holding& holding, const Errors& errors, Measurements& times) {
  times.below_floor = unexplained(holding);
  times.operations = judged(errors.operations, Part::judge);
  times.served = judged(errors.served, Part::judge);
  times.served_without_model = judged(errors.without_model, Part::judge);
}

Measurements fit_all(const std::string& folder, const Holding& holding) {
  Measurements times;
  times.machine = fit_operations(holding.timed);
  const std::vector<ServedRow> served = served_rows(folder, times.machine);
  times.engine = fit_engines(served);
  judge(holding, errors_of(holding, served, times), times);
  return times;
}

// What is worse than the file says, a line for each.
std::string worse(const Measurements& found, const Measurements& kept) {
  std::string text;
  if (found.below_floor > kept.below_floor) {
    text += fmt::format("{} rows are below their floor without a reason, and {} were\n",
                        found.below_floor.value(), kept.below_floor.value());
  }
  const auto compare = [&](const char* what, const Judged& now, const Judged& then) {
    for (const auto& [figure, name] :
         {std::pair{&Judged::median, "median"}, std::pair{&Judged::nine_in_ten, "ninth decile"}}) {
      if (now.*figure <= then.*figure + kSameError) continue;
      text += fmt::format("{}: the {} of errors is {:.4f}, and was {:.4f}\n", what, name,
                          now.*figure, then.*figure);
    }
  };
  compare("operations", found.operations, kept.operations);
  compare("served", found.served, kept.served);
  compare("served, without the model", found.served_without_model, kept.served_without_model);
  return text;
}

std::string page_of(const Holding& holding, const Errors& errors) {
  return "# Floors and estimates against measured times\n\n"
         "Measured time over the floor of the same work, by kind and GPU. The rows are facts from "
         "the\n"
         "data of ai-dynamo/aiconfigurator (commit 095f58a, 2026-08-21; Apache-2.0), which stay "
         "outside\n"
         "of this project; `measured DIR -o reports/measured.md` makes this page from them.\n\n" +
         floors_page(holding) + errors_page(errors);
}

void write(const std::string& file, const std::string& text) {
  std::ofstream out(file);
  out << text;
  if (!out) throw std::runtime_error(file + " cannot be written");
}

int report(const std::string& folder, Holding& holding, const std::optional<std::string>& file) {
  const Measurements kept = load_times();
  Errors errors = errors_of(holding, served_rows(folder, kept.machine), kept);
  const std::vector<ServedRow> ranks = served_rows_of_ranks(folder, kept.machine, holding.left_out);
  errors.ranks = rank_errors(ranks, fit_ranks(ranks));
  errors.ranks_without_model = rank_errors_without_model(ranks);
  const std::string page = page_of(holding, errors);
  if (file) {
    write(*file, page);
  } else {
    std::cout << page;
  }
  Measurements found;
  judge(holding, errors, found);
  const std::string complaint = worse(found, kept);
  std::cerr << complaint;
  return complaint.empty() ? 0 : 1;
}

int run(const std::vector<std::string>& arguments) {
  const bool with_file = arguments.size() == 3;
  const bool fits = with_file && arguments[1] == "--fit";
  if (arguments.size() != 1 && !fits && !(with_file && arguments[1] == "-o")) {
    std::cerr << "usage: measured DIR [-o FILE | --fit FILE]\n";
    return 2;
  }
  Holding holding;
  hold_operators(arguments[0], holding);
  hold_collectives(arguments[0], holding);
  hold_serving(arguments[0], holding);
  if (!fits) {
    return report(arguments[0], holding, with_file ? std::optional(arguments[2]) : std::nullopt);
  }
  write(arguments[2],
        write_toml_measurements(fit_all(arguments[0], holding),
                                {"Made by 'measured DIR --fit FILE' (tests/measured)."}));
  return 0;
}

}  // namespace
}  // namespace llmarch::measured

int main(int count, char** values) {
  try {
    return llmarch::measured::run({values + 1, values + count});
  } catch (const std::exception& error) {
    std::cerr << "measured: " << error.what() << "\n";
    return 2;
  }
}
