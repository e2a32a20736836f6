#include <fmt/format.h>

#include "reports/say/eval_report.h"
#include "reports/say/figure_cell.h"
#include "sim/cli/commands.h"
#include "sim/cli/common_options.h"
#include "sim/cli/output.h"
#include "sim/cli/studies.h"
#include "sim/cli/text_files.h"
#include "sim/study/evaluator.h"
#include "sim/study/expression_reader.h"

namespace llmarch::cli {
namespace {

TakenFields eval_fields() {
  TakenFields fields = common_fields();
  fields.push_back({setting_field::prompt, Arity::one, "", " (as long as the context)"});
  TakenField machine = machine_field();
  machine.remark = ", where the expression names none. " + std::string(kMachineNames);
  fields.push_back(machine);
  return fields;
}

Options eval_options() {
  Options options("options");
  options.add_options()(
      "explain",
      "also the figures that an expression is put together from, and what each kind of layer "
      "adds to them");
  declare_setting(options, eval_fields());
  declare_specs(options);
  declare_digits(options);
  Outputs::declare(options);
  return options;
}

// Calls `read`; what it throws is placed in the text of the expression.
template <class Read>
auto placed(const std::string& text, const Read& read) {
  try {
    return read();
  } catch (const ExpressionError& error) {
    refuse_file("expression", text,
                {{place_of_byte(text, error.offset()), error.what(), error.remedy()}});
  } catch (const NeedsRun&) {
    throw UsageError("eval runs nothing, and a clock is asked for",
                     "'llmarch measure MODEL' times a model");
  }
}

// The models that the text names by a what-if: a word in brackets, up to a comma or a bracket, that
// begins with the name of a known model and a '+'.
void add_changed_models(const std::string& text, const Catalog& catalog, KnownModels& known) {
  for (std::size_t open = text.find('('); open != std::string::npos;
       open = text.find('(', open + 1)) {
    const std::size_t end = text.find_first_of("(,)", open + 1);
    if (end == std::string::npos || text[end] == '(') continue;
    const std::string name = text.substr(open + 1, end - open - 1);
    const std::string base = name.substr(0, name.find('+'));
    if (base == name || !known.names.models.contains(base)) continue;
    known.models.push_back(std::make_unique<Model>(catalog.find(name)));
    known.names.models[name] = known.models.back().get();
  }
}

// The figures that the expression is put together from, and what layers add to each. An expression
// that is one figure has its layers right below it.
template <class ValueOf>
void add_parts(const Expression& expression, const ValueOf& value_of, const Setting& setting,
               reports::Digits digits, reports::EvaluatedExpression& evaluated) {
  const auto layers_of = [&](const Expression& part) {
    const auto* call = std::get_if<QuantityCall>(&part.root->what);
    return call == nullptr ? std::vector<reports::EvaluatedExpression>{}
                           : reports::parts_by_layer(*call, setting, digits);
  };
  if (std::holds_alternative<QuantityCall>(expression.root->what)) {
    evaluated.parts = layers_of(expression);
    return;
  }
  for (const Expression& part : calls_in(expression)) {
    evaluated.parts.push_back({part.text, part, value_of(part), layers_of(part)});
  }
}

ExitStatus run_eval(const Arguments& arguments, KeptModels& kept) {
  const Values values = parse_arguments(eval_options(), "expression", arguments);
  const std::vector<std::string> texts = some_values(
      values, "expression", "llmarch eval 'kv_bytes(qwen3-8b) / kv_bytes(llama-3.1-8b)'");
  const Setting setting = laid_over(Setting{}, read_setting(values, eval_fields()));
  const reports::Digits digits = digits_of(values);
  Outputs outputs(values);
  const Catalog catalog(specs_folder(values), kept);
  KnownModels known = known_models(catalog);
  known.names.machine = setting.machine;
  const Clock no_clock;
  Evaluator evaluate(setting, no_clock);
  reports::EvaluatedExpressions evaluated{setting, {}};
  for (const std::string& text : texts) {
    add_changed_models(text, catalog, known);
    const auto value_of = [&](const Expression& expression) {
      return placed(text, [&] { return evaluate(expression); });
    };
    const LabelledExpression read = placed(text, [&] { return read_labelled(text, known.names); });
    evaluated.all.push_back({read.label, read.expression, value_of(read.expression)});
    if (values.count("explain") == 0) continue;
    add_parts(read.expression, value_of, setting, digits, evaluated.all.back());
  }
  outputs.write({.make_document = [&] { return reports::eval_document(evaluated, digits); },
                 .json_pieces = in_one_piece([&] { return reports::eval_json(evaluated); })});
  return ExitStatus::done;
}

}  // namespace

Command eval_command() {
  return {
      "eval",
      "what an expression of models comes to",
      "llmarch eval EXPRESSION... [options]",
      "An expression is arithmetic of figures of models, as in studies: a label and a colon may "
      "stand before it. 'llmarch help quantities' lists the figures, 'llmarch help "
      "study-format' says more. A model may be changed: gemma-3-27b+window=1k.\n\n"
      "  llmarch eval 'kv_bytes(gemma-3-27b) / kv_bytes(qwen3-32b)' --context 32k\n"
      "  llmarch eval 'kv_bytes(llama-3.1-8b+gqa=2)' 'kv_bytes(llama-3.1-8b)' --explain",
      eval_options,
      run_eval,
      CommandWords::none};
}

}  // namespace llmarch::cli
