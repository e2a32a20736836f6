#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "reports/say/mix_report.h"
#include "sim/cli/commands.h"
#include "sim/cli/common_options.h"
#include "sim/cli/hardware_files.h"
#include "sim/cli/models.h"
#include "sim/cli/output.h"

namespace llmarch::cli {
namespace {

namespace po = boost::program_options;

constexpr std::int64_t kMostRequests = 1'000'000;

TakenFields mix_fields() {
  return {{setting_field::prompt, Arity::one, "1k", " of each request"},
          {setting_field::weights, Arity::one, "", kWeightFormats},
          {setting_field::kv, Arity::one, "bf16", kCacheFormats},
          compute_field(),
          {setting_field::machine, Arity::one, "h100-sxm",
           ". A name that 'llmarch list' shows, or a .toml"}};
}

Options mix_options() {
  Options options("options");
  options.add_options()("requests,n", po::value<std::string>()->value_name("N")->default_value("1"),
                        "requests at a time, if the memory holds them")(
      "generate,g", po::value<std::string>()->value_name("TOKENS")->default_value("256"),
      "tokens that each request asks for")(
      "engine", po::value<std::string>()->value_name("NAME")->default_value("none"),
      "what serves them: vllm, sglang or trtllm, whose served points were measured; or none");
  declare_setting(options, mix_fields());
  declare_changes(options);
  declare_specs(options);
  declare_parts(options);
  Outputs::declare(options);
  return options;
}

EngineTimes engine_called(const std::string& name) {
  if (name == "none") return no_engine();
  std::vector<std::string> names{"none"};
  for (const EngineTimes& engine : built_in_measurements().engine) {
    if (engine.engine == name) return engine;
    names.push_back(engine.engine);
  }
  throw UsageError(fmt::format("unknown engine '{}' for --engine", name),
                   fmt::format("of these served points were measured: {}", fmt::join(names, ", ")));
}

void need_one_device(const Hardware& machine) {
  if (machine.all_devices() == 1) return;
  throw UsageError(fmt::format("--on {}: a mix is served by one device", machine.name),
                   "name one device");
}

MixFigures figures_of(const Model& model, const Setting& setting, const Mix& mix,
                      const EngineTimes& engine) {
  const Room room = served_room(Bytes(setting.machine->memory.bytes), engine.engine);
  if (running_at_a_time(model, setting, mix, room) < 1) {
    throw UsageError(fmt::format("{} does not fit into {}", model.spec.name, setting.machine->name),
                     fmt::format("'llmarch fit {} --on {}' says what does", model.spec.name,
                                 setting.machine->name));
  }
  return mix_figures(model, setting, mix, room, engine);
}

ExitStatus run_mix(const Arguments& arguments, KeptModels& kept) {
  const Values values = parse_arguments(mix_options(), "model", arguments);
  const std::vector<std::string> names = with_changes(
      some_values(values, "model", "llmarch mix llama-3.1-8b --on h100-sxm --requests 64"), values);
  Setting setting = read_settings(values, mix_fields()).front();
  need_one_device(*setting.machine);
  const Mix mix{parse_count("requests", text_of(values, "requests"), kMostRequests),
                setting.prefill_tokens(),
                parse_count("generate", text_of(values, "generate"), kPositions.most)};
  const EngineTimes engine = engine_called(text_of(values, "engine"));
  Outputs outputs(values);
  const Catalog catalog(specs_folder(values), kept);
  std::vector<Model> models = find_models(catalog, names);
  leave_out_parts(values, models);
  std::vector<const Model*> asked;
  for (const Model& model : models) asked.push_back(&model);
  setting = settled(setting, asked);
  std::vector<MixFigures> mixes;
  for (const Model& model : models) mixes.push_back(figures_of(model, setting, mix, engine));
  outputs.write(
      {.make_document = [&] { return reports::mix_document(mixes, engine); },
       .json_pieces = in_one_piece([&] { return reports::mix_json(mixes, engine); }),
       .no_picture =
           "mix has no picture: 'llmarch sweep MODEL --show estimated_time' draws times"});
  return ExitStatus::done;
}

}  // namespace

Command mix_command() {
  return {"mix",
          "requests that are served together: time to the first token, time a token",
          "llmarch mix MODEL... [options]",
          "Of one device: the floors, and where operations were measured on its chip an estimate\n"
          "with its spread; at the mean context and at the last token, with the prefills of the\n"
          "other requests between.\n\n"
          "  llmarch mix llama-3.1-8b --on h100-sxm --requests 64 --prompt 4k --generate 500\n"
          "  llmarch mix gpt-oss-120b --on b200 --weights mxfp4 --engine vllm --requests 32",
          mix_options,
          run_mix,
          CommandWords::models};
}

}  // namespace llmarch::cli
