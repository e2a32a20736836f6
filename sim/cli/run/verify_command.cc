#include "kernels/verify/verify.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <memory>

#include "kernels/measure/holding.h"
#include "kernels/measure/verify_ranks.h"
#include "kernels/mpi/world.h"
#include "kernels/verify/verify_engine.h"
#include "kernels/weights/checkpoint.h"
#include "kernels/weights/gguf_weights.h"
#include "reports/document/format.h"
#include "reports/runs/proof_reports.h"
#include "sim/cli/commands.h"
#include "sim/cli/common_options.h"
#include "sim/cli/models.h"
#include "sim/cli/output.h"
#include "sim/cli/run/full_run_request.h"
#include "sim/cli/run/machine.h"
#include "sim/formats/formats.h"
#include "sim/formats/scheme_names.h"
#include "sim/spec/file_error.h"
#include "sim/study/step.h"

namespace llmarch::cli {
namespace {

namespace po = boost::program_options;

constexpr const char* kExpectedFile = "expected.safetensors";

TakenFields verified_fields() {
  return {recurrence_field()};
}

Options verify_options() {
  Options options("options");
  options.add_options()("kernels",
                        po::value<std::string>()->value_name("KIND")->default_value("reference"),
                        "reference: plain loops in double; fast: the kernels that measure times")(
      "weights", po::value<std::string>()->value_name("FORMAT"),
      "with fast kernels, weights and KV cache are stored as f32 or bf16 (f32; those of a GGUF "
      "file as they are)")("kv", po::value<std::string>()->value_name("FORMAT"),
                           "with fast kernels, the KV cache is stored as f32, bf16, f16, fp8, "
                           "q8_0 or k=q8_0,v=f16 (as the weights)")(
      "parallel", po::value<std::string>()->value_name("WAYS"),
      "with reference kernels, divided over ranks, which are threads, or processes of mpirun: "
      "tp=2, pp=2, dp=2,ep=2; what they send is held to what is predicted");
  declare_setting(options, verified_fields());
  Outputs::declare(options);
  return options;
}

enum class Kernels { reference, fast };
constexpr auto kKernels =
    each_named<Kernels>({{"reference", Kernels::reference}, {"fast", Kernels::fast}});

struct VerifyRequest {
  std::filesystem::path path;  // a folder, or a GGUF file
  Kernels kernels;
  std::optional<fast::Stored> weights;
  std::optional<CacheScheme> kv;
  std::optional<Deployment> parallel;
  RecurrenceForm prefill;  // of recurrences
  World* world = nullptr;  // where every rank is a process
};

Kernels kernels_of(const Values& values) {
  const auto& kind = values["kernels"].as<std::string>();
  return value_named(kKernels, kind, fmt::format("--kernels {}: there are no such kernels", kind));
}

std::optional<fast::Stored> stored_of(const Values& values, Kernels kernels) {
  if (values.count("weights") == 0) return std::nullopt;
  const std::string format = text_of(values, "weights");
  if (format == "f32") return fast::Stored::f32;
  if (format != "bf16") {
    throw UsageError(fmt::format("--weights {}: the kernels compute with f32 and bf16", format),
                     "f32 or bf16");
  }
  if (kernels == Kernels::reference) {
    throw UsageError("the reference kernels compute in double and round nothing to bf16",
                     "add --kernels fast");
  }
  return fast::Stored::bf16;
}

std::optional<Deployment> parallel_of(const Values& values, Kernels kernels) {
  if (values.count("parallel") == 0) return std::nullopt;
  const DeploymentReading reading = read_deployment(text_of(values, "parallel"));
  if (!reading.value) throw UsageError(reading.problem + " for --parallel", reading.remedy);
  if (kernels == Kernels::reference) return reading.value;
  throw UsageError("the fast kernels run whole models", "leave out --kernels fast");
}

// More than any rank needs for a layer.
constexpr std::chrono::seconds kPatience{60};

void check_processes(const World& world, const std::optional<Deployment>& deployment) {
  const auto processes = static_cast<std::int64_t>(world.size());
  if (!deployment) {
    throw UsageError(fmt::format("{} processes were started, and nothing divides the model among "
                                 "them",
                                 processes),
                     fmt::format("add --parallel tp={}", processes));
  }
  if (deployment->ranks() == processes) return;
  throw UsageError(fmt::format("'{}' is {} ranks, and {} processes were started",
                               text_of(*deployment), deployment->ranks().value(), processes),
                   fmt::format("mpirun -n {}", deployment->ranks().value()));
}

std::optional<CacheScheme> caches_of(const Values& values, Kernels kernels) {
  if (values.count("kv") == 0) return std::nullopt;
  const auto read = read_cache_scheme(text_of(values, "kv"));
  if (!read.value) throw UsageError("--kv: " + read.problem, read.remedy);
  if (kernels == Kernels::reference) {
    throw UsageError("--kv says how the fast kernels store their caches", "add --kernels fast");
  }
  return read.value;
}

OpGraph held_in(fast::Stored stored, const std::optional<CacheScheme>& kv, const OpGraph& graph) {
  const DType dtype = stored == fast::Stored::f32 ? DType::f32 : DType::bf16;
  return with_formats(graph, {dtype, kv.value_or(CacheScheme(dtype))});
}

// A model without recurrences would be said to run by chunks, and would not.
void require_form(const Model& model, RecurrenceForm form) {
  if (form == RecurrenceForm::by_step) return;
  check_forms(model, {.recurrence = form});
  const auto by_chunk = [](const FormNodes& nodes) {
    return nodes.form == Form(RecurrenceForm::by_chunk);
  };
  const bool known = std::ranges::any_of(model.graph.blocks, [&](const Block& block) {
    return std::ranges::any_of(block.forms, by_chunk);
  });
  if (known) return;
  throw UsageError(fmt::format("--recurrence: {} has no recurrence", model.spec.name),
                   "leave it out");
}

RecurrenceForm form_of(const Values& values) {
  return laid_over(Setting{}, read_setting(values, verified_fields())).prefill_form();
}

std::vector<VerifiedRun> verify_fast(const OpGraph& graph, const Expected& expected,
                                     RecurrenceForm prefill,
                                     const std::function<void(const TakeWeights&)>& load) {
  const Integer tokens = std::ssize(expected.input_ids);
  const auto threads = static_cast<std::size_t>(usable_threads());
  const fast::EngineOptions options{threads, fast::best_isa(), fast::hold_everything(graph),
                                    1,       tokens,           tokens};
  fast::Engine engine = fast::Engine::loaded(graph, options, load);
  return fast::verify(engine, expected, fast::tolerance_of_formats(graph), prefill);
}

// A config can name any sizes and a sparse file can pretend to hold them, so both are compared with
// this machine's memory before anything is allocated. Weights are held as float, the expected
// values in `folder` as read from the file; everything else is small beside them. `weights_of` says
// whose weights they are.
void require_memory(const std::string& weights_of, const std::filesystem::path& folder,
                    const Model& model) {
  const auto usable = usable_memory();
  if (!usable) return;
  const Integer weights = model.parameters.total.amount() * 4;
  std::error_code error;
  const auto file = std::filesystem::file_size(folder / kExpectedFile, error);
  const Integer expected = error ? Integer(0) : Integer(static_cast<std::int64_t>(file)) * 2;
  if (weights + expected <= usable->bytes.amount()) return;
  throw NotPossible(
      fmt::format("{} take {} as float and the expected values {}, and {} may be used ({})",
                  weights_of, reports::binary_bytes(weights.value()),
                  reports::binary_bytes(expected.value()),
                  reports::binary_bytes(usable->bytes.value()), usable->limited_by),
      "verify a smaller model of the same architecture");
}

// On one device, or on the ranks that are asked for.
std::vector<VerifiedRun> verify_reference(const VerifyRequest& request, const OpGraph& graph,
                                          const WeightStore& weights, const Expected& expected) {
  const double tolerance = published_tolerance(graph);
  const RecurrenceForm form = request.prefill;
  if (!request.parallel) return verify(graph, weights, expected, tolerance, form);
  const RankedModel model{graph, weights, *request.parallel};
  if (request.world == nullptr) return verify_ranks(model, expected, tolerance, form);
  return verify_as_rank(model, request.world->rank(), request.world->links(), expected, tolerance,
                        form);
}

std::vector<VerifiedRun> verify_folder(const VerifyRequest& request) {
  const std::filesystem::path& folder = request.path;
  const ConfiguredModel configured = load_config_file(folder / "config.json");
  const Model& model = configured.model;  // no binding: Clang 14 captures none in a lambda
  const CheckpointNaming naming = naming_for(configured, folder);
  require_form(model, request.prefill);
  const auto checkpoint = SafetensorsCheckpoint::open(folder);
  require_memory(folder.string() + ": the weights of its config", folder, model);
  const Expected expected = load_expected(folder / kExpectedFile, model.graph);
  const auto tokens = static_cast<std::int64_t>(expected.input_ids.size());
  if (tokens > model.spec.context_limit.value()) {
    throw FileError(folder / kExpectedFile,
                    fmt::format("{} tokens are beyond the context limit of {}", tokens,
                                model.spec.context_limit.value()));
  }
  switch (request.kernels) {
    case Kernels::reference:
      return verify_reference(request, model.graph,
                              load_weights(model.graph, checkpoint, naming, model.spec.head),
                              expected);
    case Kernels::fast: {
      const fast::Stored stored = request.weights.value_or(fast::Stored::f32);
      const OpGraph graph = held_in(stored, request.kv, model.graph);
      const auto load = [&](const TakeWeights& take) {
        load_weights(graph, checkpoint, naming, model.spec.head, take.rows);
      };
      if (!request.kv) return verify_fast(graph, expected, request.prefill, load);
      require_cache_kernels(graph);
      const WeightStore weights = load_weights(graph, checkpoint, naming, model.spec.head);
      return verify_fast(graph, expected_of_reference(graph, weights, expected.input_ids),
                         request.prefill, load);
    }
  }
  throw std::logic_error("verify_folder: kernels outside the enumeration");
}

// Where nothing is published beside a file, the fast kernels are compared with the reference ones
// on some tokens, spread over the vocabulary; with --kv too, since what is published is of caches
// that were not rounded.
Expected expected_beside(const VerifyRequest& request, const OpGraph& graph,
                         const WeightStore& weights) {
  const std::filesystem::path published = request.path.parent_path() / kExpectedFile;
  if (std::filesystem::exists(published) && !request.kv) return load_expected(published, graph);
  if (request.kernels == Kernels::reference) {
    throw UsageError(fmt::format("there is no {} beside {}", kExpectedFile, request.path.string()),
                     "add --kernels fast to compare the two kinds of kernels");
  }
  constexpr std::int64_t kTokens = 16;
  std::vector<std::int64_t> ids;
  for (std::int64_t i = 0; i < kTokens; ++i) {
    ids.push_back((i + 1) * 7919 % token_vocabulary(graph).value());
  }
  return expected_of_reference(graph, weights, std::move(ids));
}

// The reference kernels compute with what the stored blocks mean.
std::vector<VerifiedRun> verify_gguf(const VerifyRequest& request) {
  const Model model = load_model_file(request.path);
  require_form(model, request.prefill);
  const GgufModel file = GgufModel::open(request.path);
  require_memory(request.path.string() + ": its weights", request.path.parent_path(), model);
  const CacheScheme kv = request.kv.value_or(CacheScheme(DType::f32));
  const OpGraph graph = request.weights
                            ? held_in(*request.weights, request.kv, model.graph)
                            : held_graph(model, {{.weights = model.published_in, .kv = kv}, 1});
  if (request.kv) require_cache_kernels(graph);
  WeightStore weights(graph);
  load_gguf_weights(graph, file, {weights.take(graph), from_blocks(graph, weights.take(graph))});
  const Expected expected = expected_beside(request, graph, weights);
  if (request.kernels == Kernels::reference) {
    return verify_reference(request, graph, weights, expected);
  }
  if (const auto format = without_kernels(graph)) {
    throw UsageError(fmt::format("there are no fast kernels for weights in {}", format->name),
                     "add --weights f32");
  }
  return verify_fast(graph, expected, request.prefill,
                     [&](const TakeWeights& take) { load_gguf_weights(graph, file, take); });
}

ExitStatus run_verify(const Arguments& arguments, KeptModels& /*kept*/) {
  const Values values = parse_arguments(verify_options(), "folder", arguments);
  const std::string path =
      only_value(values, "folder", "verify", "llmarch verify path/to/checkpoint");
  const Kernels kernels = kernels_of(values);
  const std::unique_ptr<World> world = World::joined(kPatience);
  const VerifyRequest request{path,
                              kernels,
                              stored_of(values, kernels),
                              caches_of(values, kernels),
                              parallel_of(values, kernels),
                              form_of(values),
                              world.get()};
  if (world) check_processes(*world, request.parallel);
  std::optional<Outputs> outputs;
  if (!world || world->rank() == 0) outputs.emplace(values);
  const std::vector<VerifiedRun> runs =
      request.path.extension() == ".gguf" ? verify_gguf(request) : verify_folder(request);
  if (outputs) outputs->write({[&] { return reports::verify_document(path, runs); }});
  for (const VerifiedRun& run : runs) {
    if (run.first_departure()) return ExitStatus::check_failed;
  }
  return ExitStatus::done;
}

}  // namespace

Command verify_command() {
  return {
      kVerify.name,
      kVerify.summary,
      kVerify.usage,
      "DIR holds config.json, model.safetensors (or shards with an index) and\n"
      "expected.safetensors: input_ids, hidden_states, logits; for mixtures moe_layers,\n"
      "experts and expert_weights; for an index of keys dsa_topk, or sparse_layers and\n"
      "sparse_blocks. The tokens are run as one prefill, and as a prefill of half of them\n"
      "with the rest one by one; both must agree within 1e-4, where a delta rule runs within\n"
      "1e-3. Exit status 1 when they do not. With --recurrence chunk the prefills run recurrences\n"
      "by chunks, as references do, and the tokens after them one by one.\n\n"
      "A GGUF file is compared with the expected.safetensors beside it; with --kernels fast,\n"
      "where there is none, with the reference kernels, which compute with what the stored\n"
      "blocks mean.\n\n"
      "With --kernels fast, floats may depart by 1e-4 (where a delta rule runs by 2e-3) or 1e-5\n"
      "of the largest of what is compared, whichever is more; in bf16 by 20 %. There a quarter\n"
      "of the tokens may choose otherwise among experts, or keys, whose scores are nearly equal,\n"
      "and rows go on with the reference's choice. With --kv the fast kernels are\n"
      "compared with the reference kernels, which read from a cache what its stored codes mean;\n"
      "floats may depart by 20 %, as in bf16.\n\n"
      "With --parallel, every rank runs its share of the model and exchanges rows with others;\n"
      "the results must agree as those of one device do, and what is sent must be what is\n"
      "predicted, to the element. Ranks are threads, or processes where mpirun starts as many.\n\n"
      "  llmarch verify tests/golden/vectors/kimi_k2 --kernels fast --weights bf16\n"
      "  llmarch verify tests/golden/vectors/kimi_k2 --parallel tp=2,ep=2\n"
      "  mpirun -n 4 llmarch verify tests/golden/vectors/kimi_k2 --parallel tp=2,ep=2",
      verify_options,
      run_verify,
      CommandWords::files};
}

}  // namespace llmarch::cli
