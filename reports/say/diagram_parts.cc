#include "reports/say/diagram_parts.h"

#include <fmt/format.h>

#include <stdexcept>

#include "reports/say/block_texts.h"
#include "reports/say/cells.h"

namespace llmarch::reports {
namespace {

BoxKind box_of(BlockFamily family) {
  switch (family) {
    case BlockFamily::attention: return BoxKind::attention;
    case BlockFamily::dense_feed_forward: return BoxKind::feed_forward;
    case BlockFamily::mixture_feed_forward: return BoxKind::experts;
  }
  throw std::logic_error("box_of: a family outside the enumeration");
}

struct InsideAside {
  Aside operator()(std::monostate /*nothing*/) const { return NoAside{}; }
  Aside operator()(const HeadSharing&) const { return NoAside{}; }
  Aside operator()(const LatentPaths&) const { return NoAside{}; }
  Aside operator()(const FeedForwardPaths& paths) const {
    return PathsAside{
        paths.paths == Paths::gated ? PathsAside::Paths::gated : PathsAside::Paths::one,
        std::string(paths.activation)};
  }
  Aside operator()(const ExpertChoice& choice) const {
    return ExpertsAside{
        choice.shared == SharedExperts::some ? ExpertsAside::Shared::yes : ExpertsAside::Shared::no,
        choice.experts.value(), choice.chosen.value()};
  }
};

std::string_view unit_of(KeptFor each) {
  switch (each) {
    case KeptFor::each_position: return "elements per position";
    case KeptFor::each_group: return "elements per entry";
    case KeptFor::each_sequence: return "elements per sequence";
  }
  throw std::logic_error("unit_of: a value outside the enumeration");
}

CacheAside cache_of(const Kept& kept) {
  return {{{text_of(kept.product)},
           {fmt::format("= {}", grouped(kept.elements))},
           {std::string(unit_of(kept.each))}}};
}

}  // namespace

void say(DiagramPart& part, std::string text) {
  part.details.push_back({std::move(text)});
}

// There is room for one drawing beside a block: its cache, or its inside where it keeps no cache.
DiagramPart part_of(const BlockFacts& block) {
  DiagramPart part{.kind = box_of(block.family), .title = {capitalised(block.name)}};
  for (const Phrase& fact : block.facts) say(part, text_of(fact));
  part.aside = block.kept ? Aside(cache_of(*block.kept)) : std::visit(InsideAside{}, block.inside);
  return part;
}

DiagramBox norm_box(const Norm& norm) {
  return {{{.kind = BoxKind::norm, .title = {std::string(common_name(norm.kind))}}}};
}

DiagramBox addition_box(std::string title, std::vector<std::string> details) {
  DiagramPart part{.kind = BoxKind::addition, .title = {std::move(title)}};
  for (std::string& detail : details) say(part, std::move(detail));
  return {{std::move(part)}};
}

}  // namespace llmarch::reports
