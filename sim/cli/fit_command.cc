#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <iterator>

#include "reports/document/format.h"
#include "reports/say/best_report.h"
#include "reports/say/fit_json.h"
#include "sim/cli/commands.h"
#include "sim/cli/common_options.h"
#include "sim/cli/models.h"
#include "sim/cli/output.h"

namespace llmarch::cli {
namespace {

namespace po = boost::program_options;

constexpr std::int64_t kMostRows = 1'000;
// Less than this is a unit that was forgotten.
constexpr Bytes kLeastMemory{1 << 20};

// What a memory is searched with, one answer for each machine.
TakenFields asked_fields() {
  return {{setting_field::weights, Arity::one, "", kWeightFormats},
          {setting_field::kv, Arity::one, "bf16", kCacheFormats},
          {setting_field::machine, Arity::list, "",
           fmt::format(", for its memory; with commas, one after another. {}", kMachineNames)},
          {setting_field::parallel, Arity::one, "",
           parallel_field().remark + "; or best: which of them fit, the best first"}};
}

TakenFields placed_fields() {
  TakenFields fields = asked_fields();
  std::ranges::copy(place_fields(Arity::one), std::back_inserter(fields));
  return fields;
}

TakenFields fit_fields() {
  TakenFields fields{
      {setting_field::batch, Arity::list, "1,8,64", ": for each, the largest context"},
      {setting_field::context, Arity::list, "8k,32k,128k", ": for each, the largest batch"}};
  std::ranges::copy(placed_fields(), std::back_inserter(fields));
  return fields;
}

constexpr const char* kBest = "best";

bool asks_for_best(const Values& values) {
  return values.count("parallel") > 0 && text_of(values, "parallel") == kBest;
}

// Without the deployment, which is what is asked for.
TakenFields fields_of_best() {
  TakenFields fields = asked_fields();
  fields.pop_back();
  return fields;
}

Options fit_options() {
  Options options("options");
  options.add_options()("memory,m", po::value<std::string>()->value_name("BYTES"),
                        "the memory to fit into: 24GiB, 24G (the same), 80GB, 8x80GiB or a number "
                        "of bytes")(
      "engine", po::value<std::string>()->value_name("NAME")->default_value("none"),
      fmt::format("what runs the model, and what it takes besides: {}",
                  fmt::join(names_in(Names<Engine>::values), ", "))
          .c_str())("reserve", po::value<std::string>()->value_name("BYTES"),
                    "kept for other uses, of all devices together")(
      "kv-memory", po::value<std::string>()->value_name("BYTES"),
      "in the place of --memory: what is set aside for the KV cache alone; with --parallel, what "
      "each device of --on sets aside")(
      "aim", po::value<std::string>()->value_name("AIM")->default_value("latency"),
      fmt::format("with --parallel best, what is best: {}",
                  fmt::join(names_in(Names<Aim>::values), ", "))
          .c_str())("rank", "a row for each model, best first: at the first context and batch")(
      "all", "rank every model that 'llmarch list' shows");
  declare_setting(options, fit_fields());
  declare_changes(options);
  declare_specs(options);
  declare_parts(options);
  declare_digits(options);
  Outputs::declare(options);
  return options;
}

// "24 GiB", "8 × 80 GiB"
std::string memory_text(const Memories& memories) {
  const std::string each = reports::binary_bytes(memories.each.value());
  return memories.count == 1 ? each : fmt::format("{} × {}", memories.count.value(), each);
}

struct GivenMemory {
  Room room;
  std::string name;
};

GivenMemory given_memory(const Values& values, const char* option) {
  const std::string text = text_of(values, option);
  const Memories memories = parse_memories(option, text);
  if (memories.each < kLeastMemory) {
    throw UsageError(fmt::format("--{} {}: {} hold no model", option, text,
                                 reports::binary_bytes(memories.each.value())),
                     fmt::format("write {}GiB or {}GB", text, text));
  }
  return {{.each = memories.each, .devices = memories.count}, memory_text(memories)};
}

GivenMemory memory_of(const Hardware& machine) {
  const Memories memories{machine.all_devices(), Bytes(machine.memory.bytes)};
  return {{.each = memories.each, .devices = memories.count},
          fmt::format("{}: {}", machine.name, memory_text(memories))};
}

// A cache for which some memory is set aside; what else an engine takes lies beside it.
GivenMemory cache_memory(const Values& values, const Setting& setting) {
  GivenMemory given = given_memory(values, "kv-memory");
  if (setting.parallel && given.room.devices > 1) {
    throw UsageError("with --parallel, --kv-memory is what each device sets aside",
                     fmt::format("write {}", reports::binary_bytes(given.room.each.value())));
  }
  given.room.held = Held::caches;
  given.name = "a KV cache of " + given.name;
  if (values["engine"].defaulted() && values.count("reserve") == 0) return given;
  throw UsageError("--kv-memory is for the KV cache alone: an engine or a reserve lies beside it",
                   "give --memory with --engine and --reserve");
}

// Where the setting divides the model, --on names the devices that set aside --kv-memory.
void need_one_memory(const Values& values, const Setting& setting) {
  const std::size_t caches = values.count("kv-memory");
  const bool devices_of_caches = setting.parallel && caches > 0;
  const std::size_t machines = setting.machine == nullptr || devices_of_caches ? 0 : 1;
  if (machines + values.count("memory") + caches == 1) return;
  throw UsageError("fit needs a memory: one of --memory, --on and --kv-memory",
                   "llmarch fit qwen3-8b --memory 24GiB");
}

GivenMemory memory_asked(const Values& values, const Setting& setting) {
  need_one_memory(values, setting);
  if (values.count("kv-memory") > 0) return cache_memory(values, setting);
  return setting.machine == nullptr ? given_memory(values, "memory") : memory_of(*setting.machine);
}

void read_engine(const Values& values, Room& room) {
  const std::string engine = text_of(values, "engine");
  room.engine = value_named(Names<Engine>::values, engine,
                            fmt::format("unknown engine '{}' for --engine", engine));
  if (values.count("reserve") > 0)
    room.reserve = parse_bytes("reserve", text_of(values, "reserve"));
}

// With a deployment, what a rank holds has to fit into the memory of a device.
void divide(const Setting& setting, GivenMemory& given) {
  const auto problem = machine_problem(setting);
  if (problem) throw UsageError(problem->problem, problem->remedy);
  given.room.devices = 1;
  given.name += fmt::format(", ranks {}", text_of(*setting.parallel));
}

reports::FitQuestion question_of(const Values& values, const Setting& setting) {
  GivenMemory given = memory_asked(values, setting);
  if (setting.parallel) divide(setting, given);
  if (setting.place) {
    given.name += fmt::format(" and {}", memory_of(*host_of(setting)).name);
  }
  auto& [room, name] = given;
  read_engine(values, room);
  return {setting, room, std::move(name)};
}

// One for each machine; they differ in nothing else. Not answered yet.
std::vector<reports::FitAnswer> questions_of(const Values& values) {
  std::vector<reports::FitAnswer> questions;
  for (const Setting& setting : read_settings(values, placed_fields())) {
    check_host(setting);
    questions.push_back({question_of(values, setting), {}, {}});
  }
  return questions;
}

std::vector<Integer> few(const Values& values, const SettingField& field) {
  const Lengths lengths = *read_lengths(values, field);  // given, or its default
  if (lengths.size() > kMostRows) {
    throw UsageError(fmt::format("--{} has {} values", field.key, lengths.size().value()),
                     fmt::format("give at most {}", kMostRows));
  }
  std::vector<Integer> numbers;
  for (Integer i = 0; i < lengths.size(); i += 1) numbers.push_back(lengths.at(i));
  return numbers;
}

std::vector<Model> models_asked(const Values& values, KeptModels& kept) {
  const Catalog catalog(specs_folder(values), kept);
  const bool all = values.count("all") > 0;
  if (all && !positional_values(values, "model").empty()) {
    throw UsageError("--all is every model, and models are named beside it", "leave one out");
  }
  const std::vector<std::string> names =
      all ? catalog.names() : some_values(values, "model", "llmarch fit qwen3-8b --memory 24GiB");
  return find_models(catalog, with_changes(names, values));
}

reports::ModelFits fits_of(const Model& model, const reports::FitQuestion& question,
                           const std::vector<Integer>& batches,
                           const std::vector<Integer>& contexts) {
  reports::ModelFits fits{&model, {}, {}};
  Setting setting = question.setting;
  for (const Integer batch : batches) {
    setting.batch = batch;
    fits.contexts.push_back(largest_context(model, setting, question.room));
  }
  setting.batch = question.setting.batch;
  for (const Integer context : contexts) {
    setting.context = context;
    fits.batches.push_back(largest_batch(model, setting, question.room));
  }
  return fits;
}

void answer_each(const std::vector<Model>& models, const std::vector<Integer>& batches,
                 const std::vector<Integer>& contexts, reports::FitAnswer& answer) {
  for (const Model& model : models) {
    answer.models.push_back(fits_of(model, answer.question, batches, contexts));
  }
}

// Models that a deployment does not divide stand beside the ranking, unless there are no others.
void answer_ranked(const std::vector<Model>& models, const std::vector<Integer>& batches,
                   const std::vector<Integer>& contexts, reports::FitAnswer& answer) {
  for (const Model& model : models) {
    try {
      answer.models.push_back(fits_of(model, answer.question, batches, contexts));
    } catch (const CannotShard& refused) {
      answer.undivided.push_back({&model, refused.what()});
    }
  }
  if (answer.models.empty()) throw CannotShard(answer.undivided.front().why);
  answer.models = reports::ranked(std::move(answer.models), answer.question);
}

// The first context and batch, on one machine.
Setting setting_of_best(const Values& values) {
  if (values.count("place") + values.count("host") > 0) {
    throw UsageError("--parallel best divides a model that lies on devices alone",
                     "leave out --place and --host");
  }
  const std::vector<Setting> settings = read_settings(values, fields_of_best());
  Setting setting = settings.front();
  if (settings.size() != 1 || setting.machine == nullptr) {
    throw UsageError("--parallel best is about the devices of one machine",
                     "llmarch fit qwen3-32b --on 8xh100-sxm --parallel best");
  }
  need_one_memory(values, setting);
  setting.context = few(values, setting_field::context).front();
  setting.batch = few(values, setting_field::batch).front();
  return setting;
}

// The deployments of one model.
ExitStatus run_best(const Values& values, KeptModels& kept) {
  const Setting setting = setting_of_best(values);
  const std::string aim = text_of(values, "aim");
  Outputs outputs(values);
  std::vector<Model> models = models_asked(values, kept);
  leave_out_parts(values, models);
  if (models.size() != 1) {
    throw UsageError("--parallel best ranks the deployments of one model", "name one");
  }
  BestQuestion question{
      models.front(),
      settled(setting, {&models.front()}),
      {.each = Bytes(setting.machine->memory.bytes)},
      value_named(Names<Aim>::values, aim, fmt::format("unknown aim '{}' for --aim", aim))};
  read_engine(values, question.room);
  const DeploymentChoices choices = best_deployments(question);
  const reports::Digits digits = digits_of(values);
  outputs.write({.make_document = [&] { return reports::best_document(question, choices, digits); },
                 .json_pieces = in_one_piece([&] { return reports::best_json(question, choices); }),
                 .no_picture = "a ranking has no picture"});
  return ExitStatus::done;
}

ExitStatus run_fit(const Arguments& arguments, KeptModels& kept) {
  const Values values = parse_arguments(fit_options(), "model", arguments);
  if (asks_for_best(values)) return run_best(values, kept);
  if (!values["aim"].defaulted()) {
    throw UsageError("--aim says which deployment is best", "add --parallel best");
  }
  const std::vector<Integer> batches = few(values, setting_field::batch);
  const std::vector<Integer> contexts = few(values, setting_field::context);
  std::vector<reports::FitAnswer> answers = questions_of(values);
  Outputs outputs(values);
  std::vector<Model> models = models_asked(values, kept);
  leave_out_parts(values, models);
  std::vector<const Model*> asked;
  for (const Model& model : models) asked.push_back(&model);
  const bool rank = values.count("all") + values.count("rank") > 0;
  for (reports::FitAnswer& answer : answers) {
    answer.question.setting = settled(answer.question.setting, asked);
    rank ? answer_ranked(models, batches, contexts, answer)
         : answer_each(models, batches, contexts, answer);
  }
  const reports::Digits digits = digits_of(values);
  outputs.write(
      {.make_document =
           [&] {
             return rank ? reports::fit_ranking(answers, digits)
                         : reports::fit_document(answers, digits);
           },
       .csv_pieces = in_one_piece([&] { return reports::fit_csv(answers); }),
       .json_pieces = in_one_piece([&] { return reports::fit_json(answers); }),
       .no_picture = "fit has no picture: 'llmarch sweep MODEL --show total_memory' draws memory"});
  return ExitStatus::done;
}

}  // namespace

Command fit_command() {
  return {
      "fit",
      "the largest context and the largest batch that fit into a memory",
      "llmarch fit MODEL... | --all --memory BYTES [options]",
      "Weights, KV cache and activations apart. Exact: one more does not fit, or the model does\n"
      "not allow it. --rank and --all show which models fit, the largest model first.\n\n"
      "  llmarch fit llama-3.1-8b --memory 24GiB\n"
      "  llmarch fit --all --memory 24GB --context 32k --weights int4\n"
      "  llmarch fit gemma-3-27b qwen3-32b --on h100-sxm,mi300x --weights fp8 --batch 1,16\n"
      "  llmarch fit llama-3.1-8b --on rtx-3090 --engine vllm\n"
      "  llmarch fit qwen3-32b --on 4xh100-sxm --parallel tp=4 --engine vllm\n"
      "  llmarch fit deepseek-v3 --on 8xh200 --parallel best --aim throughput\n"
      "  llmarch fit gpt-oss-120b --weights mxfp4 --on rtx-4090 --place experts=host \\\n"
      "    --host ryzen-9950x@128GB\n"
      "  llmarch fit deepseek-v3 --memory 1TiB --context 128k --kv fp8",
      fit_options,
      run_fit,
      CommandWords::models};
}

}  // namespace llmarch::cli
