#include "sim/gguf/gguf_model.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "sim/gguf/gguf_config.h"
#include "sim/gguf/gguf_names.h"
#include "sim/graph/lower.h"
#include "sim/huggingface/hf_config.h"
#include "sim/spec/printable.h"

namespace llmarch {
namespace {

// What types of tensors are called in the table of formats, where that is otherwise.
const StorageFormat* format_of(const GgufType& type) {
  return type.name == "nvfp4" ? &ggml::kNvfp4 : find_storage_format(type.name);
}

// A model has some hundred tensors; what else a file holds is named up to here.
constexpr std::size_t kMostNamed = 8;

// Compares the tensors of a file with the weights of a graph, and takes down their formats.
class Reconciliation {
 public:
  Reconciliation(const GgufModel& file, const OpGraph& graph, GgufLoad& load)
      : file_(file), graph_(graph), load_(load) {}

  FoundFormats formats() {
    FoundFormats found{{}, ggml::kF32};
    for (const Weight& weight : graph_.weights) {
      for (const auto layer : layers_of(weight)) take(weight, layer, found);
    }
    compare_sizes();
    if (missing_ > kMostNamed) {
      load_.problems.push_back({std::nullopt,
                                fmt::format("{} more tensors are missing", missing_ - kMostNamed),
                                kRemedy});
    }
    note_others();
    return found;
  }

 private:
  static constexpr const char* kRemedy =
      "the header is not of this architecture: say so with its config.json";

  // The layers that run the weight's block; none, once, outside of layers.
  [[nodiscard]] std::vector<std::optional<std::size_t>> layers_of(const Weight& weight) const {
    if (graph_.blocks.at(weight.block).kind != BlockKind::layer) return {std::nullopt};
    std::vector<std::optional<std::size_t>> layers;
    for (std::size_t layer = 0; layer < graph_.layers.size(); ++layer) {
      if (graph_.layers[layer] == weight.block) layers.emplace_back(layer);
    }
    return layers;
  }

  void take(const Weight& weight, std::optional<std::size_t> layer, FoundFormats& found) {
    const std::vector<std::string> names = gguf_names(weight, layer);
    const auto name = std::ranges::find_if(
        names, [&](const std::string& each) { return file_.find(each) != nullptr; });
    if (name == names.end()) return report_missing(weight, names);
    const GgufTensor& tensor = file_.find(*name)->tensor;
    elements_[*name] += weight.elements();
    const StorageFormat* const format = format_of(tensor.type);
    if (format == nullptr) {
      load_.problems.push_back({std::nullopt,
                                fmt::format("tensor {} is of type {}, which no weight has",
                                            quote_name(*name), tensor.type.name),
                                "convert the model again"});
      return;
    }
    found.formats[{weight.role, layer.value_or(0), weight.place.sublayer}] = *format;
  }

  void report_missing(const Weight& weight, const std::vector<std::string>& names) {
    if (missing_++ >= kMostNamed) return;
    load_.problems.push_back(
        {std::nullopt,
         fmt::format("the file has no {}", names.empty() ? std::string(name_of(weight.role))
                                                         : "tensor " + quote_name(names.front())),
         kRemedy});
  }

  void compare_sizes() {
    for (const auto& [name, elements] : elements_) {
      const GgufTensor& tensor = file_.find(name)->tensor;
      if (Elements(tensor.elements()) == elements) continue;
      load_.problems.push_back({std::nullopt,
                                fmt::format("tensor {} has {} elements, and the keys make {} of it",
                                            quote_name(name), tensor.elements(), elements.value()),
                                kRemedy});
      if (load_.problems.size() > kMostNamed) return;
    }
  }

  void note_others() {
    std::vector<std::string> others;
    std::uint64_t bytes = 0;
    for (const GgufPlacedTensor& placed : file_.tensors()) {
      if (elements_.contains(placed.tensor.name)) continue;
      others.push_back(placed.tensor.name);
      bytes += placed.tensor.end - placed.tensor.begin;
    }
    if (others.empty()) return;
    std::string text;
    for (std::size_t i = 0; i < std::min(others.size(), kMostNamed); ++i) {
      text += (i == 0 ? "" : ", ") + printable(others[i]);
    }
    if (others.size() > kMostNamed) text += fmt::format(" and {} more", others.size() - kMostNamed);
    load_.notes.push_back(
        fmt::format("beside the text model, {} bytes: {}", bytes, std::move(text)));
  }

  const GgufModel& file_;
  const OpGraph& graph_;
  GgufLoad& load_;
  std::map<std::string, Elements, std::less<>> elements_;  // of the weights in each tensor
  std::size_t missing_ = 0;
};

// "Q4_K - Medium" and the like are not in the header; the type of most elements says as much.
std::string name_of_storage(const GgufModel& file) {
  std::map<std::string_view, Integer> elements;
  for (const GgufPlacedTensor& placed : file.tensors()) {
    elements[placed.tensor.type.name] += placed.tensor.elements();
  }
  const auto most = std::ranges::max_element(
      elements, {}, [](const auto& entry) { return entry.second.value(); });
  return most == elements.end() ? "gguf" : fmt::format("gguf, mostly {}", most->first);
}

}  // namespace

GgufLoad load_gguf(const GgufModel& file, const std::string& name) {
  GgufLoad load;
  GgufConfig read = config_of(file);
  load.problems = std::move(read.problems);
  if (!load.problems.empty()) return load;
  ConfigLoad config = load_hf_config(read.config.dump(), name);
  load.problems = std::move(config.problems);
  if (!config.spec) return load;
  ArchSpec spec = std::move(*config.spec);
  spec.source = "GGUF header";
  const OpGraph graph = lower(spec);
  FoundFormats formats = Reconciliation(file, graph, load).formats();
  if (!load.problems.empty()) return load;
  load.storage = Scheme::of_file(name_of_storage(file), DType::bf16, std::move(formats));
  load.spec = std::move(spec);
  return load;
}

}  // namespace llmarch
