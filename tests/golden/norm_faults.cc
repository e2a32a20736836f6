#include <utility>

#include "sim/spec/fields.h"
#include "tests/golden/fault_lists.h"

namespace llmarch {
namespace {

// What a norm may have wrong with the weights that it has.
using Norms = std::vector<std::pair<std::string, std::function<void(Norm&)>>>;

Norms faults_of_norm(const Norm& norm) {
  Norms faults{{"norm epsilon", [](Norm& wrong) { wrong.epsilon *= 1000; }}};
  if (norm.kind == NormKind::layer) {
    faults.emplace_back("norm kind", [](Norm& wrong) {
      wrong.kind = NormKind::rms;
      if (wrong.without == NormOmission::bias) wrong.without.reset();
    });
  }
  if (norm.kind == NormKind::layer && !norm.without) {
    faults.emplace_back("norm bias dropped",
                        [](Norm& wrong) { wrong.without = NormOmission::bias; });
  }
  if (norm.without != NormOmission::weight_and_bias) {
    faults.emplace_back("norm weight dropped",
                        [](Norm& wrong) { wrong.without = NormOmission::weight_and_bias; });
  }
  return faults;
}

bool is_of_the_stream(NormPlacement placement) {
  return placement == NormPlacement::after_residual || placement == NormPlacement::before_residual;
}

// A residual stream of several vectors has no norm of its own.
Norms faults_of_placement(const ArchSpec& spec, const Norm& norm) {
  Norms faults;
  for (const auto& [name, placement] : Names<NormPlacement>::values) {
    if (placement == norm.placement) continue;
    if (is_of_the_stream(placement) && (spec.hyper_connections || spec.residual_block)) continue;
    if (placement == NormPlacement::before_and_after) continue;  // which has weights of its own
    faults.emplace_back("placement " + std::string(name),
                        [placement = placement](Norm& wrong) { wrong.placement = placement; });
  }
  return faults;
}

// The first layer with a sublayer that has the spec's norm around it; none where each has its own.
std::optional<std::size_t> first_with_the_norm(const ArchSpec& spec) {
  const std::vector<std::size_t> sequence = layer_sequence(spec);
  for (std::size_t layer = 0; layer < sequence.size(); ++layer) {
    for (const Sublayer& sublayer : sublayers_of(spec.layer.at(sequence[layer]).value)) {
      if (!sublayer.norm && norm_around(spec, sublayer)) return layer;
    }
  }
  return std::nullopt;
}

// The norms of blocks; one of the residual stream would be the sublayer's.
void add_block_norm_faults(Faults& faults, const ArchSpec& spec, std::size_t kind,
                           std::size_t layer) {
  const Layer& right = spec.layer.at(kind).value;
  if (!right.sublayers) return;
  for (std::size_t s = 0; s < right.sublayers->size(); ++s) {
    for (std::size_t b = 0; b < right.sublayers->at(s).blocks.size(); ++b) {
      const std::optional<Norm>& norm = right.sublayers->at(s).blocks[b].norm;
      if (!norm) continue;
      Norms all = faults_of_norm(*norm);
      for (auto& fault : faults_of_placement(spec, *norm)) all.push_back(std::move(fault));
      for (const auto& [field, make] : all) {
        if (field == "placement after_residual" || field == "placement before_residual") continue;
        faults.push_back(
            {"block " + field, after_attention_of(layer), [=, make = make](ArchSpec& wrong) {
               make(*wrong.layer[kind].value.sublayers->at(s).blocks[b].norm);
             }});
      }
    }
  }
}

// A sublayer, or a block, without the norm of its own.
void add_dropped_norm_faults(Faults& faults, const Layer& layer, std::size_t kind,
                             std::size_t first) {
  if (!layer.sublayers) return;
  for (std::size_t i = 0; i < layer.sublayers->size(); ++i) {
    const auto add = [&](const char* field, const std::function<void(Sublayer&)>& make) {
      faults.push_back({field, after_attention_of(first), [=](ArchSpec& wrong) {
                          make(wrong.layer.at(kind).value.sublayers->at(i));
                        }});
    };
    const Sublayer& sublayer = layer.sublayers->at(i);
    if (sublayer.norm) {
      add("norm of a sublayer dropped", [](Sublayer& wrong) { wrong.norm.reset(); });
    }
    for (std::size_t k = 0; k < sublayer.blocks.size(); ++k) {
      if (!sublayer.blocks[k].norm) continue;
      add("norm of a block dropped", [k](Sublayer& wrong) { wrong.blocks[k].norm.reset(); });
    }
  }
}

}  // namespace

void add_norm_faults(Faults& faults, const ArchSpec& spec) {
  const auto first = first_with_the_norm(spec);
  const testing::Matcher<std::string> around =
      first ? after_attention_of(*first) : testing::Matcher<std::string>("logits");
  const testing::Matcher<std::string> of_any =
      spec.embedding_norm ? testing::Matcher<std::string>("hidden state into layer 0") : around;
  const auto add = [&](const Norms& some, const testing::Matcher<std::string>& seen) {
    for (const auto& [field, make] : some) {
      faults.push_back({field, seen, [make = make](ArchSpec& wrong) { make(wrong.norm); }});
    }
  };
  add(faults_of_norm(spec.norm), of_any);
  if (first) add(faults_of_placement(spec, spec.norm), around);
}

void add_layer_norm_faults(Faults& faults, const ArchSpec& spec, std::size_t kind,
                           std::size_t layer) {
  add_block_norm_faults(faults, spec, kind, layer);
  add_dropped_norm_faults(faults, spec.layer[kind].value, kind, layer);
}

}  // namespace llmarch
