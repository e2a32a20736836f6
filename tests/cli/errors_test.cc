// What a user's mistake gets: one clear text on standard error, nothing on standard output, status
// 2.
#include <gtest/gtest.h>

#include "tests/support/run_program.h"

namespace llmarch::testing {
namespace {

void expect_refusal(const std::string& arguments, const std::string& text) {
  const Seen seen = run_llmarch(arguments);
  EXPECT_EQ(seen.status, 2) << arguments;
  EXPECT_EQ(seen.output, "") << arguments;
  EXPECT_EQ(seen.errors, text) << arguments;
}

TEST(Errors, NameTheNearestCommandOptionAndModel) {
  expect_refusal("compair gpt2",
                 "llmarch: error: unknown command 'compair'\n"
                 "      = did you mean 'compare'? 'llmarch help' lists them\n");
  expect_refusal("compare gpt2 --contxt 8k",
                 "llmarch: error: unknown option '--contxt'\n"
                 "      = did you mean '--context'?\n");
  expect_refusal("compare deepsek-v3",
                 "llmarch: error: unknown model 'deepsek-v3'\n"
                 "      = did you mean 'deepseek-v3'?\n"
                 "      = or give a path to a .toml, a config.json or a checkpoint folder\n");
}

TEST(Errors, DoNotTakeAnOptionForWhatItBeginsWith) {
  expect_refusal("compare gpt2 --wei bf16",
                 "llmarch: error: unknown option '--wei'\n"
                 "      = did you mean '--weights'?\n");
  expect_refusal(
      "compare gpt2 --xyz bf16",
      "llmarch: error: unknown option '--xyz'\n"
      "      = known: --only, --skew, --estimate, --context, --batch, --weights, --kv, --compute, "
      "--recurrence, --prompt, --draft, --accepted, --on, --parallel, --place, --host, --set, "
      "--specs, --text-only, --figure, --exact, --output, --format\n");
}

TEST(Errors, RefuseChunksOfARecurrenceThatHasNone) {
  for (const char* command : {"compare jamba-v0.1", "sweep jamba-v0.1",
                              "show jamba-v0.1 --ops prefill", "measure jamba-v0.1 --scaled"}) {
    expect_refusal(std::string(command) + " --recurrence chunk",
                   "llmarch: error: jamba-v0.1: the selective scan of Mamba-1 does not run by "
                   "chunks\n"
                   "      = leave out 'recurrence': a prefill then runs it token by token\n");
  }
  expect_refusal("compare gpt2 --recurrence chunks",
                 "llmarch: error: unknown form of recurrences 'chunks' for --recurrence\n"
                 "      = did you mean 'chunk'?\n");
}

TEST(Errors, SayWhatDraftingNeeds) {
  for (const char* half : {"compare deepseek-v3 --draft 1", "sweep deepseek-v3 --accepted 0.9"}) {
    expect_refusal(half,
                   "llmarch: error: --draft and --accepted are said together\n"
                   "      = --draft 1 --accepted 0.85, or --draft 4 --accepted 2.8\n");
  }
  expect_refusal(
      "compare deepseek-v3 --draft 1 --accepted 85",
      "llmarch: error: '85' for --accepted is not a number above 0, at most 64\n"
      "      = write 0.85 where 85 % of the drafts stand, 2.8 where so many of each step "
      "do\n");
  expect_refusal("compare deepseek-v3 --draft 2 --accepted 2.8",
                 "llmarch: error: of 2 drafts, 2.8 cannot stand\n"
                 "      = --draft 1 --accepted 0.85, or --draft 4 --accepted 2.8\n");
  for (const char* without : {"compare gpt2", "compare deepseek-v3 --text-only", "sweep gpt2"}) {
    expect_refusal(std::string(without) + " --draft 1 --accepted 0.9",
                   "llmarch: error: --draft: no model here has prediction layers that are known\n"
                   "      = llmarch compare deepseek-v3 --draft 1 --accepted 0.85\n");
  }
}

TEST(Errors, NameWhatWasMeantByAnotherName) {
  expect_refusal("compare llama-3.1-8b --on A100",
                 "llmarch: error: unknown hardware 'A100'\n"
                 "      = did you mean 'a100-pcie-80gb', 'a100-sxm-40gb' or 'a100-sxm-80gb'?\n"
                 "      = or give a path to a .toml file\n");
  for (const char* typed : {"deepseek-R1", "'deepseek v3'", "R1"}) {
    const Seen seen = run_llmarch(std::string("compare ") + typed);
    EXPECT_NE(seen.errors.find("= did you mean 'deepseek-v3'"), std::string::npos) << seen.errors;
  }
  const Seen hub = run_llmarch("compare Qwen/Qwen3-235B-A22B");
  EXPECT_NE(hub.errors.find("= did you mean 'qwen3-235b-a22b'?\n"), std::string::npos)
      << hub.errors;
  const Seen quantity = run_llmarch("sweep gpt2 --show kv");
  EXPECT_NE(quantity.errors.find("= did you mean 'kv_bytes', 'kv_heads', 'kv_latent_dim' or "
                                 "'kv_bytes_per_token'?\n"),
            std::string::npos)
      << quantity.errors;
}

// A file's name may hold characters that steer a terminal or reverse the direction of writing.
TEST(Errors, PassOnNothingThatSteersATerminal) {
  const Seen seen = run_llmarch("compare './x\x1b[31m\a\u202E.toml'");
  EXPECT_EQ(seen.status, 2);
  EXPECT_EQ(seen.errors,
            "llmarch: error: ./x\\x1B[31m\\x07\\u202E.toml: cannot be opened: No such file or "
            "directory; check "
            "the name and the permissions\n");
}

TEST(Errors, SayWhatAValueMustBe) {
  expect_refusal("compare gpt2 --context 0",
                 "llmarch: error: '0' for --context is not a number from 1 to 1099511627776\n"
                 "      = write 8192, 8k (8,192) or 1M (1,048,576)\n");
  expect_refusal("measure gpt2 --repeat 1000001",
                 "llmarch: error: '1000001' for --repeat is not a number from 1 to 1000000\n"
                 "      = write 8192, 8k (8,192) or 1M (1,048,576)\n");
  expect_refusal("compare gpt2 --weights bf17",
                 "llmarch: error: unknown format 'bf17' for --weights\n"
                 "      = did you mean 'bf16'?\n");
  expect_refusal("compare gpt2 --format xml",
                 "llmarch: error: unknown format 'xml'\n"
                 "      = known: text, md, csv, json, html, page, svg, png, pdf\n");
  expect_refusal("compare gpt2 -o table.xyz",
                 "llmarch: error: cannot tell the format of 'table.xyz' from its ending\n"
                 "      = use .txt, .md, .html, .csv, .json, .svg, .png or .pdf; a folder's name "
                 "has no ending\n");
}

TEST(Errors, SayWhatARangeMustBe) {
  expect_refusal("sweep gpt2 --context 1..8",
                 "llmarch: error: the range '1..8' for --context has no step\n"
                 "      = write 1..8:x2 to double, or 1..8:+1k to add\n");
  const std::string how = "      = write 4k, 1k..1M:x2 or 1k..64k:+1k, or a list of these\n";
  expect_refusal("sweep gpt2 --context 8..1:x2",
                 "llmarch: error: the range '8..1:x2' for --context ends before it begins\n" + how);
  expect_refusal(
      "sweep gpt2 --context 1..8:x1",
      "llmarch: error: the range '1..8:x1' for --context multiplies by less than 2\n" + how);
  expect_refusal(
      "sweep gpt2 --context 1..8:3",
      "llmarch: error: the range '1..8:3' for --context has a step that is neither x nor +\n" +
          how);
  expect_refusal("sweep gpt2 --batch 1..1000001:+1",
                 "llmarch: error: '1..1000001:+1' for --batch has more than 1000000 values\n"
                 "      = take larger steps, or sweep contexts in one range\n");
}

TEST(Errors, SayWhatIsMissing) {
  expect_refusal("compare",
                 "llmarch: error: no models are given\n"
                 "      = llmarch compare deepseek-v3 kimi-k2\n");
  expect_refusal("compare gpt2 --context",
                 "llmarch: error: the required argument for option '--context' is missing\n");
  expect_refusal("fit qwen3-8b",
                 "llmarch: error: fit needs a memory: one of --memory, --on and --kv-memory\n"
                 "      = llmarch fit qwen3-8b --memory 24GiB\n");
  expect_refusal("fit --memory 24GiB",
                 "llmarch: error: no models are given\n"
                 "      = llmarch fit qwen3-8b --memory 24GiB\n");
  expect_refusal("measure",
                 "llmarch: error: measure takes one model, and 0 are given\n"
                 "      = llmarch measure qwen3-0.6b --context 4k\n");
}

// Placeholders of the option library's messages may occur in a name; found by fuzzing, as a program
// that did not end.
TEST(Errors, SayWhatIsWrongWithAnOption) {
  expect_refusal(
      "fit qwen3-8b --memory=",
      "llmarch: error: the argument for option '--memory' should follow immediately after "
      "the equal sign\n");
  expect_refusal("fit qwen3-8b --exact=3",
                 "llmarch: error: option '--exact' does not take any arguments\n");
  expect_refusal("fit qwen3-8b --memory 24GiB --memory 80GB",
                 "llmarch: error: option '--memory' cannot be specified more than once\n");
  expect_refusal("fit qwen3-8b --memry=",
                 "llmarch: error: unknown option '--memry'\n      = did you mean '--memory'?\n");
  for (const std::string name : {"%option%", "%canonical_option%", "%prefix%", "%value%"}) {
    expect_refusal(
        "fit qwen3-8b '--" + name + "='",
        "llmarch: error: unknown option '--" + name +
            "'\n"
            "      = known: --memory, --engine, --reserve, --kv-memory, --aim, --rank, --all, "
            "--batch, --context, --weights, --kv, --on, --parallel, --place, --host, --set, "
            "--specs, --text-only, --exact, --output, --format\n");
  }
}

TEST(Errors, SayWhatKernelsAndFormatsThereAre) {
  expect_refusal("verify a --kernels slow",
                 "llmarch: error: --kernels slow: there are no such kernels\n"
                 "      = known: reference, fast\n");
  expect_refusal("verify a --kernels fast --weights int8",
                 "llmarch: error: --weights int8: the kernels compute with f32 and bf16\n"
                 "      = f32 or bf16\n");
  expect_refusal(
      "verify a --weights bf16",
      "llmarch: error: the reference kernels compute in double and round nothing to bf16\n"
      "      = add --kernels fast\n");
}

// CSV has no crossovers, and no bound (sweep_test.cc).
TEST(Errors, SayWhenASweepHasMoreLinesThanItsCrossoversHaveRoomFor) {
  for (const std::string format : {"text", "json"}) {
    expect_refusal("sweep gpt2 --context 1k --batch 1..10001:+1 --format " + format,
                   "llmarch: error: models, batches and formats make 10,001 lines; crossovers are "
                   "looked for in at most 10,000\n"
                   "      = --format csv has every point of any number; or sweep fewer batches\n");
  }
}

TEST(Errors, SayHowManyAreTaken) {
  expect_refusal("verify a b",
                 "llmarch: error: verify takes one folder, and 2 are given\n"
                 "      = llmarch verify path/to/checkpoint\n");
  expect_refusal("probe mine",
                 "llmarch: error: probe takes no arguments\n"
                 "      = llmarch probe -o this-machine.toml\n");
  expect_refusal("show gpt2 qwen3-0.6b",
                 "llmarch: error: show takes one model, and 2 are given\n"
                 "      = llmarch show deepseek-v3; 'llmarch compare' takes several\n");
  expect_refusal("show gpt2 --ops decod",
                 "llmarch: error: unknown step 'decod' for --ops\n"
                 "      = did you mean 'decode'?\n");
  expect_refusal("help compare show",
                 "llmarch: error: help takes one command\n"
                 "      = llmarch help compare\n");
}

TEST(Errors, OfASpecStandWithTheirPlace) {
  const TemporaryFolder folder;
  std::string spec = read_file(LLMARCH_PROJECT "/arch_specs/models/llama-3.2-1b.toml");
  spec.replace(spec.find("kv_heads = 8 "), 13, "kv_head = 8  ");
  write_file(folder.file("bad.toml"), spec);
  const Seen seen = run_llmarch("check '" + folder.file("bad.toml") + "'");
  EXPECT_EQ(seen.status, 2);
  EXPECT_NE(seen.errors.find("bad.toml:19:1: error: unknown key 'kv_head' in attention 'gqa'\n"
                             "   19 | kv_head = 8"),
            std::string::npos)
      << seen.errors;
  EXPECT_NE(seen.errors.find("\n      | ^~~~~~~\n      = did you mean 'kv_heads'?\n"),
            std::string::npos)
      << seen.errors;
}

TEST(Errors, OfASpecWhoseParametersExceedSixtyFourBitsNameTheSpec) {
  const TemporaryFolder folder;
  std::string spec = read_file(LLMARCH_PROJECT "/arch_specs/models/qwen3-30b-a3b.toml");
  spec.replace(spec.find("experts = 128 "), 14, "experts = 1000000 ");
  spec.replace(spec.find("expert_width = 768 "), 19, "expert_width = 16777216 ");
  spec.replace(spec.find("hidden = 2048 "), 14, "hidden = 16777216 ");
  write_file(folder.file("vast.toml"), spec);
  const Seen seen = run_llmarch("compare gpt2 '" + folder.file("vast.toml") + "'");
  EXPECT_EQ(seen.status, 2);
  EXPECT_NE(seen.errors.find("vast.toml:"), std::string::npos) << seen.errors;
  EXPECT_NE(seen.errors.find("exceed 64 bits"), std::string::npos) << seen.errors;
}

TEST(Errors, RefuseFilesThatAreNoSpecs) {
  const TemporaryFolder folder;
  const std::string path = folder.path().string();
  expect_refusal("check '" + path + "'",
                 "llmarch: error: " + path +
                     "/config.json: cannot be opened: No such file or directory; check the name "
                     "and the permissions\n");
  write_file(folder.file("empty.toml"), "");
  expect_refusal("check '" + folder.file("empty.toml") + "'",
                 folder.file("empty.toml") +
                     ": error: the file defines nothing\n"
                     "      = 'llmarch help spec-format' describes what a spec holds\n");
  std::filesystem::resize_file(folder.file("empty.toml"), 100'000'000);
  expect_refusal("check '" + folder.file("empty.toml") + "'",
                 "llmarch: error: " + folder.file("empty.toml") +
                     ": 100,000,000 bytes are too many for a spec, which has at most 1,048,576\n");
  const Seen missing = run_llmarch("compare ./nothing.toml");
  EXPECT_EQ(missing.status, 2);
  EXPECT_NE(missing.errors.find("./nothing.toml: "), std::string::npos) << missing.errors;
}

TEST(Errors, RefuseAModelTypeThatIsNotKnownByName) {
  const TemporaryFolder folder;
  write_file(folder.file("config.json"), "{\"model_type\": \"qwen3_mo\"}");
  const Seen seen = run_llmarch("compare '" + folder.path().string() + "'");
  EXPECT_EQ(seen.status, 2);
  EXPECT_NE(seen.errors.find("model type 'qwen3_mo' is not supported"), std::string::npos);
  EXPECT_NE(seen.errors.find("the nearest is 'qwen3_moe'"), std::string::npos);
}

TEST(Errors, RefuseAFolderWhoseFileNamesAndSpecNamesDisagree) {
  const TemporaryFolder folder;
  write_file(folder.file("other.toml"), read_file(LLMARCH_PROJECT "/arch_specs/models/gpt2.toml"));
  const Seen seen = run_llmarch("show other --specs '" + folder.path().string() + "'");
  EXPECT_EQ(seen.status, 2);
  EXPECT_NE(seen.errors.find("name = \"gpt2\" in a file called other.toml"), std::string::npos)
      << seen.errors;
}

}  // namespace
}  // namespace llmarch::testing
