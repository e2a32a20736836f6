#include "kernels/verify/verify.h"

#include <fmt/format.h>

#include <algorithm>

#include "kernels/verify/verify_engine.h"
#include "kernels/weights/checkpoint.h"
#include "reports/document/format.h"
#include "reports/runs/proof_reports.h"
#include "sim/cli/commands.h"
#include "sim/cli/models.h"
#include "sim/cli/output.h"
#include "sim/cli/run/machine.h"
#include "sim/formats/formats.h"
#include "sim/spec/file_error.h"

namespace llmarch::cli {
namespace {

namespace po = boost::program_options;

constexpr const char* kExpectedFile = "expected.safetensors";

Options verify_options() {
  Options options("options");
  options.add_options()("kernels",
                        po::value<std::string>()->value_name("KIND")->default_value("reference"),
                        "reference: plain loops in double; fast: the kernels that measure times")(
      "weights", po::value<std::string>()->value_name("FORMAT")->default_value("f32"),
      "with fast kernels, weights and KV cache are stored as f32 or bf16");
  Outputs::declare(options);
  return options;
}

enum class Kernels { reference, fast };
constexpr auto kKernels =
    each_named<Kernels>({{"reference", Kernels::reference}, {"fast", Kernels::fast}});

struct VerifyRequest {
  std::filesystem::path folder;
  Kernels kernels;
  fast::Stored weights;
};

Kernels kernels_of(const Values& values) {
  const auto& kind = values["kernels"].as<std::string>();
  return value_named(kKernels, kind, fmt::format("--kernels {}: there are no such kernels", kind));
}

fast::Stored stored_of(const Values& values, Kernels kernels) {
  const auto& format = values["weights"].as<std::string>();
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

std::vector<VerifiedRun> verify_fast(const OpGraph& plain_graph, const Expected& expected,
                                     fast::Stored stored,
                                     const std::function<void(const TakeWeight&)>& load) {
  const DType dtype = stored == fast::Stored::f32 ? DType::f32 : DType::bf16;
  const OpGraph graph = with_formats(plain_graph, {dtype, dtype});
  const Integer tokens = std::ssize(expected.input_ids);
  const auto threads = static_cast<std::size_t>(usable_threads());
  const fast::EngineOptions options{
      stored, threads, fast::best_isa(), fast::hold_everything(graph), 1, tokens, tokens};
  fast::Engine engine = fast::Engine::loaded(graph, options, load);
  return fast::verify(engine, expected, fast::tolerance_of(graph, stored));
}

// A config can name any sizes and a sparse file can pretend to hold them, so both are compared with
// this machine's memory before anything is allocated. Weights are held as float, the expected
// values as read from the file; everything else is small beside them.
void require_memory(const std::filesystem::path& folder, const Model& model) {
  const auto usable = usable_memory();
  if (!usable) return;
  const Integer weights = model.parameters.total.amount() * 4;
  std::error_code error;
  const auto file = std::filesystem::file_size(folder / kExpectedFile, error);
  const Integer expected = error ? Integer(0) : Integer(static_cast<std::int64_t>(file)) * 2;
  if (weights + expected <= usable->bytes.amount()) return;
  throw NotPossible(
      fmt::format("{}: the weights of its config take {} as float and its expected values {}, and "
                  "{} may be used ({})",
                  folder.string(), reports::binary_bytes(weights.value()),
                  reports::binary_bytes(expected.value()),
                  reports::binary_bytes(usable->bytes.value()), usable->limited_by),
      "verify a smaller model of the same architecture");
}

std::vector<VerifiedRun> verify_folder(const VerifyRequest& request) {
  const std::filesystem::path& folder = request.folder;
  const ConfiguredModel configured = load_config_file(folder / "config.json");
  const Model& model = configured.model;  // no binding: Clang 14 captures none in a lambda
  const CheckpointNaming naming = naming_for(configured, folder);
  const auto checkpoint = SafetensorsCheckpoint::open(folder);
  require_memory(folder, model);
  const Expected expected = load_expected(folder / kExpectedFile, model.graph);
  const auto tokens = static_cast<std::int64_t>(expected.input_ids.size());
  if (tokens > model.spec.context_limit.value()) {
    throw FileError(folder / kExpectedFile,
                    fmt::format("{} tokens are beyond the context limit of {}", tokens,
                                model.spec.context_limit.value()));
  }
  switch (request.kernels) {
    case Kernels::reference:
      return verify(model.graph, load_weights(model.graph, checkpoint, naming, model.spec.head),
                    expected, published_tolerance(model.graph));
    case Kernels::fast:
      return verify_fast(model.graph, expected, request.weights, [&](const TakeWeight& take) {
        load_weights(model.graph, checkpoint, naming, model.spec.head, take);
      });
  }
  throw std::logic_error("verify_folder: kernels outside the enumeration");
}

ExitStatus run_verify(const Arguments& arguments) {
  const Values values = parse_arguments(verify_options(), "folder", arguments);
  const std::string folder =
      only_value(values, "folder", "verify", "llmarch verify path/to/checkpoint");
  const Kernels kernels = kernels_of(values);
  const VerifyRequest request{folder, kernels, stored_of(values, kernels)};
  Outputs outputs(values);
  const std::vector<VerifiedRun> runs = verify_folder(request);
  outputs.write({[&] { return reports::verify_document(folder, runs); }});
  for (const VerifiedRun& run : runs) {
    if (run.first_departure()) return ExitStatus::check_failed;
  }
  return ExitStatus::done;
}

}  // namespace

Command verify_command() {
  return {
      "verify",
      kVerifySummary,
      "llmarch verify DIR [options]",
      "DIR holds config.json, model.safetensors (or shards with an index) and\n"
      "expected.safetensors: input_ids, hidden_states, logits and, for mixtures, moe_layers,\n"
      "experts and expert_weights. The tokens are run as one prefill, and as a prefill of half of\n"
      "them with the rest one by one; both must agree within 1e-4, where a delta rule runs within\n"
      "1e-3. Exit status 1 when they do not.\n\n"
      "With --kernels fast, floats may depart by 1e-4 (where a delta rule runs by 2e-3) or 1e-5\n"
      "of the largest of what is compared, whichever is more; in bf16 by 20 %. There a quarter\n"
      "of the tokens may choose otherwise among experts whose scores are nearly equal, and rows\n"
      "go on to the reference's experts.\n\n"
      "  llmarch verify tests/golden/vectors/kimi_k2 --kernels fast --weights bf16",
      verify_options,
      run_verify,
      CommandWords::files};
}

}  // namespace llmarch::cli
