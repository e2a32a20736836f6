// The weights of GGUF files: the published vectors in the form that llama.cpp's converter gives
// them still have the published results, and blocks are held as the file has them.
#include "kernels/weights/gguf_weights.h"

#include <gmock/gmock.h>

#include <cstring>
#include <fstream>
#include <nlohmann/json.hpp>
#include <numeric>

#include "kernels/engine/held_formats.h"
#include "kernels/measure/holding.h"
#include "kernels/verify/verify_engine.h"
#include "kernels/weight_files/gguf_types.h"
#include "sim/gguf/gguf_model.h"
#include "sim/gguf/gguf_names.h"
#include "sim/spec/file_error.h"
#include "tests/engine/engine_options.h"
#include "tests/golden/golden_models.h"
#include "tests/weights/written_gguf.h"

namespace llmarch::fast {
namespace {

using nlohmann::json;
using weights_test::bytes_of;
using weights_test::gguf_array;
using weights_test::gguf_key;
using weights_test::gguf_string;
using weights_test::gguf_u32;
using weights_test::kF32;
using weights_test::kString;
using weights_test::kU32;

using Rows = std::vector<std::vector<float>>;

// A tensor in the types f32 (0) or one with blocks, of rows that are given as floats.
struct Tensor {
  std::vector<std::int64_t> extents;  // columns first
  std::uint32_t type = 0;
  std::string data = {};
};

std::string in_floats(const std::vector<float>& row) {
  return {reinterpret_cast<const char*>(row.data()), row.size() * sizeof(float)};
}

std::string in_blocks(BlockFormat format, const std::vector<float>& row) {
  const auto stored = quantise(format, row);
  return {reinterpret_cast<const char*>(stored.data()), stored.size()};
}

// A GGUF file, tensor by tensor.
class GgufWriter {
 public:
  explicit GgufWriter(const std::string& architecture) : architecture_(architecture) {
    keys_.push_back(gguf_key("general.architecture", kString, gguf_string(architecture)));
  }
  void key(const std::string& name, std::uint32_t value) {
    keys_.push_back(gguf_u32(architecture_ + "." + name, value));
  }
  void list(const std::string& name, std::initializer_list<std::uint32_t> values) {
    keys_.push_back(gguf_array(architecture_ + "." + name, kU32, values.size(), bytes_of(values)));
  }
  void real(const std::string& name, float value) {
    keys_.push_back(gguf_key(architecture_ + "." + name, kF32, bytes_of({value})));
  }
  // Rows of a tensor that others have begun come after theirs.
  void add(const std::string& name, const Rows& rows, std::optional<BlockFormat> format,
           std::uint32_t type, std::int64_t copies) {
    if (!tensors_.contains(name)) order_.push_back(name);
    Tensor& tensor = tensors_[name];
    tensor.type = format ? type : 0;
    for (const auto& row : rows) tensor.data += format ? in_blocks(*format, row) : in_floats(row);
    const auto columns = static_cast<std::int64_t>(rows.front().size());
    const std::int64_t before = tensor.extents.size() > 1 ? tensor.extents[1] : 0;
    tensor.extents = {columns, before + std::ssize(rows) / copies};
    if (copies > 1) tensor.extents.push_back(copies);
  }
  void add_vector(const std::string& name, const std::vector<float>& elements) {
    if (!tensors_.contains(name)) order_.push_back(name);
    Tensor& tensor = tensors_[name];
    tensor.data += in_floats(elements);
    const std::int64_t before = tensor.extents.empty() ? 0 : tensor.extents[0];
    tensor.extents = {before + std::ssize(elements)};
  }
  void write(const std::filesystem::path& path) const {
    std::string text = "GGUF" + bytes_of({std::uint32_t{3}}) +
                       bytes_of({std::uint64_t{order_.size()}, std::uint64_t{keys_.size()}});
    for (const std::string& key : keys_) text += key;
    std::string data;
    for (const std::string& name : order_) {
      const Tensor& tensor = tensors_.at(name);
      text += gguf_string(name) + bytes_of({static_cast<std::uint32_t>(tensor.extents.size())});
      for (const std::int64_t extent : tensor.extents) text += bytes_of({extent});
      text += bytes_of({tensor.type}) + bytes_of({std::uint64_t{data.size()}});
      data += tensor.data;
      data.resize((data.size() + 31) / 32 * 32);
    }
    text.resize((text.size() + 31) / 32 * 32);
    std::ofstream(path, std::ios::binary) << text << data;
  }

 private:
  std::string architecture_;
  std::vector<std::string> keys_, order_;
  std::map<std::string, Tensor> tensors_;
};

// As the converter does for llama: reshape(heads, 2, size / 2).swapaxes(1, 2), rows of one head.
Rows reordered(const Rows& rows, std::size_t heads) {
  const std::size_t size = rows.size() / heads;
  Rows changed;
  for (std::size_t head = 0; head < heads; ++head) {
    for (std::size_t pair = 0; pair < size / 2; ++pair) {
      for (std::size_t half = 0; half < 2; ++half) {
        changed.push_back(rows[head * size + half * (size / 2) + pair]);
      }
    }
  }
  return changed;
}

Rows rows_of(std::span<const float> elements, std::size_t columns) {
  Rows rows;
  for (std::size_t i = 0; i < elements.size(); i += columns) {
    rows.emplace_back(elements.begin() + static_cast<std::ptrdiff_t>(i),
                      elements.begin() + static_cast<std::ptrdiff_t>(i + columns));
  }
  return rows;
}

struct Conversion {
  std::string architecture;
  std::size_t reordered_queries = 0, reordered_keys = 0;      // heads; 0: nothing is reordered
  std::string fused_attention = {}, fused_feed_forward = {};  // names of shared tensors
};

// The name in the file of a weight in a layer.
std::string name_for(const Conversion& conversion, const Weight& weight,
                     std::optional<std::size_t> layer) {
  const std::string usual = gguf_names(weight, layer).front();
  const std::string prefix = layer ? "blk." + std::to_string(*layer) + "." : "";
  for (const char* part : {"attn_q.", "attn_k.", "attn_v."}) {
    if (!conversion.fused_attention.empty() && usual.starts_with(prefix + part)) {
      return prefix + conversion.fused_attention + usual.substr(usual.rfind('.'));
    }
  }
  if (!conversion.fused_feed_forward.empty() && usual.starts_with(prefix + "ffn_gate.")) {
    return prefix + conversion.fused_feed_forward + usual.substr(usual.rfind('.'));
  }
  return usual;
}

// The type of a block format, as ggml numbers it.
std::uint32_t type_of(BlockFormat format) {
  const auto* const type = std::ranges::find_if(
      kGgufTypes, [&](const GgufType& each) { return llmarch::block_format(each.name) == format; });
  if (type == kGgufTypes.end()) throw std::logic_error("type_of: no type of ggml's");
  return type->id;
}

// Parts of one tensor come in this order, whatever the graph's is (phi3: queries, keys, values;
// gate, then up).
std::vector<WeightId> in_order_of_the_file(const OpGraph& graph) {
  constexpr std::array kOrder{WeightRole::query, WeightRole::key, WeightRole::value,
                              WeightRole::gate, WeightRole::up};
  const auto rank = [&](WeightId id) {
    return std::ranges::find(kOrder, graph.weight(id).role) - kOrder.begin();
  };
  std::vector<WeightId> ids(graph.weights.size());
  std::iota(ids.begin(), ids.end(), WeightId{0});
  std::ranges::stable_sort(ids, {}, rank);
  return ids;
}

using FormatFor = std::function<std::optional<BlockFormat>(const Weight&)>;

void write_weights(GgufWriter& writer, const OpGraph& graph, const WeightStore& weights,
                   const Conversion& conversion, const FormatFor& format_for) {
  for (const WeightId id : in_order_of_the_file(graph)) {
    const Weight& weight = graph.weight(id);
    std::size_t instance = 0;
    const bool in_layer = graph.blocks[weight.block].kind == BlockKind::layer;
    for (std::size_t layer = 0; layer < (in_layer ? graph.layers.size() : 1); ++layer) {
      if (in_layer && graph.layers[layer] != weight.block) continue;
      const auto place = in_layer ? std::optional(layer) : std::nullopt;
      const std::string name = name_for(conversion, weight, place);
      const std::span<const float> elements = weights.of(id, instance++);
      const auto role = added_to(weight.role).value_or(weight.role);
      const std::size_t heads = role == WeightRole::query ? conversion.reordered_queries
                                : role == WeightRole::key ? conversion.reordered_keys
                                                          : 0;
      if (is_vector(weight.role)) {
        Rows rows = rows_of(elements, 1);
        if (heads > 0) rows = reordered(rows, heads);
        std::vector<float> vector;
        for (const auto& row : rows) vector.push_back(row.front());
        writer.add_vector(name, vector);
        continue;
      }
      Rows rows = rows_of(elements, size(weight.columns));
      if (heads > 0) rows = reordered(rows, heads);
      const auto format = format_for(weight);
      writer.add(name, rows, format, format ? type_of(*format) : 0, weight.copies.value());
    }
  }
}

void write_keys(GgufWriter& writer, const json& config) {
  const auto number = [&](const char* field) { return config.at(field).get<std::uint32_t>(); };
  writer.key("block_count", number("num_hidden_layers"));
  writer.key("embedding_length", number("hidden_size"));
  writer.key("feed_forward_length", number("intermediate_size"));
  writer.key("context_length", number("max_position_embeddings"));
  writer.key("attention.head_count", number("num_attention_heads"));
  if (config.contains("num_key_value_heads")) {
    writer.key("attention.head_count_kv", number("num_key_value_heads"));
  }
  if (config.contains("head_dim")) writer.key("attention.key_length", number("head_dim"));
  writer.real("attention.layer_norm_rms_epsilon", config.at("rms_norm_eps").get<float>());
  writer.real("rope.freq_base", config.value("rope_theta", 10000.0F));
  if (config.contains("num_experts")) {
    writer.key("expert_count", number("num_experts"));
    writer.key("expert_used_count", number("num_experts_per_tok"));
    writer.key("expert_feed_forward_length", number("moe_intermediate_size"));
  }
  if (config.at("model_type") == "phi3") {
    writer.key("attention.sliding_window", number("sliding_window"));
  }
}

class WrittenModel : public testing::Test {
 protected:
  [[nodiscard]] std::filesystem::path path() const {
    return testing::TempDir() + "gguf_weights_" +
           testing::UnitTest::GetInstance()->current_test_info()->name() + ".gguf";
  }
  void TearDown() override { std::filesystem::remove(path()); }
};

struct GoldenCase {
  std::string folder;
  Conversion conversion;
};

class GoldenGguf : public testing::TestWithParam<GoldenCase> {};

TEST_P(GoldenGguf, HasThePublishedResults) {
  const auto& [folder, conversion] = GetParam();
  const GoldenModel golden(folder);
  std::ifstream file(golden.folder / "config.json");
  GgufWriter writer(conversion.architecture);
  write_keys(writer, json::parse(file));
  write_weights(writer, golden.graph, golden.weights_for(golden.graph), conversion,
                [](const Weight&) { return std::nullopt; });
  const std::filesystem::path path = testing::TempDir() + "golden_" + folder + ".gguf";
  writer.write(path);
  const GgufModel written = GgufModel::open(path);
  const GgufLoad load = load_gguf(written, folder);
  ASSERT_TRUE(load.spec) << load.problems.front().message;
  const OpGraph graph = lower(*load.spec);
  WeightStore weights(graph);
  load_gguf_weights(graph, written, {weights.take(graph), from_blocks(graph, weights.take(graph))});
  EXPECT_THAT(departures(graph, weights, golden.expected), testing::Each(""));
  std::filesystem::remove(path);
}

INSTANTIATE_TEST_SUITE_P(Models, GoldenGguf,
                         testing::Values(GoldenCase{"llama2_plain", {"llama", 4, 4}},
                                         GoldenCase{"qwen3", {"qwen3"}},
                                         GoldenCase{"qwen3_moe", {"qwen3moe"}},
                                         GoldenCase{"olmo2", {"olmo2"}},
                                         GoldenCase{"phi3", {"phi3", 0, 0, "attn_qkv", "ffn_up"}}),
                         [](const auto& each) { return each.param.folder; });

// Two layers of 256, with a head of its own: 4 query heads and 2 key heads of 64, width 512. The
// key heads are not stated.
GgufWriter small_llama(const FormatFor& format_for, OpGraph& graph, WeightStore& weights) {
  GgufWriter writer("llama");
  write_keys(writer, {{"num_hidden_layers", 2},
                      {"hidden_size", 256},
                      {"intermediate_size", 512},
                      {"max_position_embeddings", 64},
                      {"num_attention_heads", 4},
                      {"head_dim", 64},
                      {"rms_norm_eps", 1e-5},
                      {"model_type", "llama"}});
  write_weights(writer, graph, weights, {"llama", 4, 2}, format_for);
  return writer;
}

OpGraph small_graph() {
  ArchSpec spec;
  GroupedAttention attention;
  attention.query_heads = 4;
  attention.kv_heads = 2;
  attention.head_dim = 64;
  spec.name = "small";
  spec.vocabulary = 40;
  spec.hidden = 256;
  spec.context_limit = 64;
  spec.norm = {NormKind::rms, 1e-5};
  spec.attention.push_back({"mix", attention});
  spec.feed_forward.push_back({"feed", DenseFeedForward{.width = 512, .gated = true}});
  spec.layer.push_back({"block", {Reference{"mix", 0}, Reference{"feed", 0}}});
  spec.stack.push_back({{{"block", 0}}, 2});
  return lower(spec);
}

TEST_F(WrittenModel, IsHeldInItsBlocks) {
  OpGraph written_graph = small_graph();
  WeightStore written_weights = synthetic_weights(written_graph, 3);
  const auto formats = [](const Weight& weight) {
    switch (weight.role) {
      case WeightRole::head: return std::optional(BlockFormat::q6_k);
      case WeightRole::down: return std::optional(BlockFormat::q8_0);
      case WeightRole::value: return std::optional(BlockFormat::q4_0);
      case WeightRole::query: return std::optional(BlockFormat::q5_k);
      case WeightRole::key: return std::optional(BlockFormat::q3_k);
      case WeightRole::gate: return std::optional(BlockFormat::iq4_xs);
      case WeightRole::up: return std::optional(BlockFormat::q5_1);
      default: return std::optional(BlockFormat::q4_k);
    }
  };
  GgufWriter writer = small_llama(formats, written_graph, written_weights);
  writer.key("attention.head_count_kv", 2);
  writer.write(path());
  const GgufModel file = GgufModel::open(path());
  GgufLoad load = load_gguf(file, "small");
  ASSERT_TRUE(load.spec) << load.problems.front().message;
  Model model = make_model(std::move(*load.spec), {});
  model.published_in = *load.storage;
  const OpGraph graph = held_graph(model, {{.weights = model.published_in}, 1});
  WeightStore weights(graph);
  load_gguf_weights(graph, file, {weights.take(graph), from_blocks(graph, weights.take(graph))});
  const std::vector<std::int64_t> ids{3, 9, 27, 39};
  const Expected expected = expected_of_reference(graph, weights, ids);
  Engine engine = Engine::loaded(graph, whole_options(graph, 4), [&](const TakeWeights& take) {
    load_gguf_weights(graph, file, take);
  });
  for (const VerifiedRun& run : verify(engine, expected, tolerance_of_formats(graph))) {
    EXPECT_FALSE(run.first_departure().has_value()) << run.first_departure()->what;
  }
  engine.forget();
  // Nothing is quantised anew: rows of the table are the floats that their blocks mean.
  const StepRun run = engine.run(prefill(4, 1), ids, Keep::everything);
  EXPECT_EQ(run.trace.hidden.front(), expected.hidden.front());
  // A decode step reads every tensor once, but of the table one row of 144 bytes.
  std::int64_t stored = 0;
  for (const GgufPlacedTensor& placed : file.tensors()) {
    stored += static_cast<std::int64_t>(placed.tensor.end - placed.tensor.begin);
  }
  engine.forget();
  const StepRun step = engine.run(decode(1, 1), std::vector<std::int64_t>{1});
  EXPECT_EQ(step.book.total.weight_bytes_read, Bytes(stored - 39 * 144));
}

WeightId weight_of(const OpGraph& graph, WeightRole role) {
  const auto found = std::ranges::find(graph.weights, role, &Weight::role);
  return static_cast<WeightId>(found - graph.weights.begin());
}

// A file may list the key heads of each layer.
TEST_F(WrittenModel, HasItsKeysWhereTheyWereWhenTheirHeadsAreListed) {
  OpGraph written = small_graph();
  WeightStore written_weights = synthetic_weights(written, 3);
  GgufWriter writer =
      small_llama([](const Weight&) { return std::nullopt; }, written, written_weights);
  writer.list("attention.head_count_kv", {2, 2});
  writer.write(path());
  const GgufModel file = GgufModel::open(path());
  const GgufLoad load = load_gguf(file, "small");
  ASSERT_TRUE(load.spec) << load.problems.front().message;
  const OpGraph graph = lower(*load.spec);
  WeightStore weights(graph);
  load_gguf_weights(graph, file, {weights.take(graph), from_blocks(graph, weights.take(graph))});
  for (const WeightRole role : {WeightRole::query, WeightRole::key}) {
    EXPECT_THAT(weights.of(weight_of(graph, role), 1),
                testing::ElementsAreArray(written_weights.of(weight_of(written, role), 1)));
  }
}

TEST_F(WrittenModel, IsRefusedWhereItsDataIsCutOff) {
  OpGraph graph = small_graph();
  WeightStore weights = synthetic_weights(graph, 3);
  GgufWriter writer = small_llama([](const Weight&) { return BlockFormat::q8_0; }, graph, weights);
  writer.key("attention.head_count_kv", 2);
  writer.write(path());
  std::filesystem::resize_file(path(), std::filesystem::file_size(path()) - 4096);
  const GgufModel file = GgufModel::open(path());
  const TakeWeights take{weights.take(graph), from_blocks(graph, weights.take(graph))};
  EXPECT_THROW(load_gguf_weights(graph, file, take), FileError);
}

}  // namespace
}  // namespace llmarch::fast
