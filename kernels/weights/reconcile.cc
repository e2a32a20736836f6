#include "kernels/weights/reconcile.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

#include "kernels/weights/tensor_names.h"

namespace llmarch {
namespace {

// What quantisers keep beside or instead of a module's weight, after the module's name.
constexpr std::array<std::string_view, 26> kStoredEndings{".weight",
                                                          ".weight_scale_inv",
                                                          ".weight_scale",
                                                          ".weight_scale_2",
                                                          ".input_scale",
                                                          ".weight_packed",
                                                          ".weight_shape",
                                                          ".weight_zero_point",
                                                          ".weight_g_idx",
                                                          ".weight_global_scale",
                                                          ".input_global_scale",
                                                          ".input_zero_point",
                                                          ".qweight",
                                                          ".qzeros",
                                                          ".scales",
                                                          ".g_idx",
                                                          ".SCB",
                                                          ".weight_format",
                                                          ".biases",
                                                          ".weight.absmax",
                                                          ".weight.quant_map",
                                                          ".weight.nested_absmax",
                                                          ".weight.nested_quant_map",
                                                          ".k_scale",
                                                          ".v_scale",
                                                          ".weight_scale_inv_2"};
constexpr std::string_view kQuantState = ".weight.quant_state.";

// Parts of repositories that no text model has, by what the names of their tensors hold.
struct OtherPart {
  std::string_view in_name, what;
};
constexpr std::array kOtherParts{
    OtherPart{"vision", "vision tower"},        OtherPart{"visual", "vision tower"},
    OtherPart{"image_newline", "vision tower"}, OtherPart{"audio", "audio tower"},
    OtherPart{"projector", "projector"},        OtherPart{"embed_vision", "projector"},
    OtherPart{"embed_audio", "projector"},      OtherPart{"patch_merger", "projector"},
    OtherPart{"mtp", "prediction layers"},      OtherPart{"nextn", "prediction layers"},
    OtherPart{"eagle", "draft model"}};

std::string_view without_ending(std::string_view name) {
  if (const std::size_t state = name.find(kQuantState); state != std::string_view::npos) {
    return name.substr(0, state);
  }
  for (const std::string_view ending : kStoredEndings) {
    if (name.ends_with(ending)) return name.substr(0, name.size() - ending.size());
  }
  // Experts as one parameter: gate_up_proj_blocks and gate_up_proj_scales.
  for (const std::string_view ending : {"_blocks", "_scales"}) {
    if (name.ends_with(ending)) return name.substr(0, name.size() - ending.size());
  }
  return name;
}

// The modules that an architecture's weights lie in.
class ExpectedModules {
 public:
  ExpectedModules(const OpGraph& graph, CheckpointNaming naming, std::string_view prefix) {
    for (const Weight& weight : graph.weights) {
      const auto copies = static_cast<std::size_t>(weight.copies.value());
      const bool in_layer = graph.blocks.at(weight.block).kind == BlockKind::layer;
      for (std::size_t layer = 0; layer < (in_layer ? graph.layers.size() : 1); ++layer) {
        if (in_layer && graph.layers[layer] != weight.block) continue;
        for (std::size_t copy = 0; copy < copies; ++copy) {
          const TensorSource source = tensor_source(graph, weight, naming, prefix, layer, copy);
          modules_.emplace(without_ending(source.name));
          if (source.copies > 1) break;  // one tensor holds them all
        }
      }
    }
  }

  [[nodiscard]] const std::set<std::string, std::less<>>& names() const { return modules_; }

 private:
  std::set<std::string, std::less<>> modules_;
};

void add(HeldTensors& held, const TensorInfo& tensor) {
  held.tensors += 1;
  held.bytes += Bytes(static_cast<std::int64_t>(tensor.end - tensor.begin));
}

// The number of the layer in a name like "model.layers.61.eh_proj.weight"; none where there is
// none.
std::optional<std::size_t> layer_in(std::string_view name, std::string_view layers) {
  const std::size_t at = name.find(layers);
  if (at == std::string_view::npos) return std::nullopt;
  std::size_t number = 0;
  std::size_t digits = 0;
  for (std::size_t i = at + layers.size(); i < name.size() && name[i] >= '0' && name[i] <= '9';
       ++i) {
    if (++digits > 6) return std::nullopt;
    number = 10 * number + static_cast<std::size_t>(name[i] - '0');
  }
  return digits > 0 ? std::optional(number) : std::nullopt;
}

std::string_view other_part(std::string_view name, std::size_t layers) {
  for (const auto& [in_name, what] : kOtherParts) {
    if (name.find(in_name) != std::string_view::npos) return what;
  }
  const auto layer = layer_in(name, "layers.");
  return layer && *layer >= layers ? "prediction layers" : "";
}

void add_other(std::vector<HeldTensors>& others, std::string_view what, const TensorInfo& tensor) {
  auto found = std::ranges::find(others, what, &HeldTensors::what);
  if (found == others.end()) found = others.insert(found, {std::string(what), 0, Bytes()});
  add(*found, tensor);
}

}  // namespace

Reconciled reconcile(const OpGraph& graph, const SafetensorsCheckpoint& checkpoint,
                     CheckpointNaming naming, Head head) {
  const ExpectedModules expected(graph, naming, model_prefix(checkpoint, naming));
  Reconciled found{{"text model", 0, Bytes()}, {}, {"not known", 0, Bytes()}, {}, {},
                   {"all", 0, Bytes()}};
  std::set<std::string, std::less<>> held;
  for (const std::string& name : checkpoint.names()) {
    const TensorInfo& tensor = *checkpoint.find(name);
    add(found.all, tensor);
    const std::string_view module = without_ending(name);
    if (expected.names().contains(module)) {
      held.emplace(module);
      add(found.text, tensor);
    } else if (is_no_parameter(name, naming, head)) {
      add_other(found.others, "tables and masks that no parameter is", tensor);
    } else if (const std::string_view what = other_part(name, graph.layers.size()); !what.empty()) {
      add_other(found.others, what, tensor);
    } else {
      add(found.unknown, tensor);
      found.unknown_names.push_back(name);
    }
  }
  std::ranges::set_difference(expected.names(), held, std::back_inserter(found.missing));
  return found;
}

}  // namespace llmarch
