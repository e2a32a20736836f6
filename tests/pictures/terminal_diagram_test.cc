// Does a diagram in characters say what the picture says, in the same order?
#include "reports/render/terminal_diagram.h"

#include <gmock/gmock.h>

#include "reports/pictures/diagram_layout.h"
#include "reports/say/model_diagram.h"
#include "tests/pictures/collisions.h"
#include "tests/support/model_specs.h"

namespace llmarch::reports {
namespace {

using ::testing::HasSubstr;

DiagramBox box(std::string title, std::vector<DiagramText> details) {
  return {{{.title = {std::move(title)}, .details = std::move(details)}}};
}

DiagramBox choice() {
  DiagramPart common{.title = {"Attention"}, .details = {{"4 heads"}}};
  common.aside = CacheAside{{{"2 × 4"}, {"= 8"}}};
  const DiagramPart local{.where = {"1 of 2 layers: 1"}, .details = {{"attends to the last 2"}}};
  const DiagramPart full{.where = {"1 of 2 layers: 2"}, .details = {{"attends to all"}}};
  return {{common, local, full}};
}

// Built member by member, since GCC 12 wrongly warns of a nested aggregate that is destroyed before
// it is made.
DiagramFrame two_layers(std::vector<FrameItem> items) {
  DiagramFrame frame;
  frame.repeat.text = "× 2 layers";
  frame.items = std::move(items);
  return frame;
}

TEST(ADiagramInCharacters, ReadsDownwardsFromTokensToLogits) {
  const DiagramBranch branch{{box("Norm", {}), choice()}};
  const DiagramFrame frame = two_layers({branch, box("Norm", {})});
  const DiagramPanel panel{.items = {box("Embedding", {{"16 × 4"}}), frame, box("Head", {})}};
  EXPECT_EQ(render_terminal_diagram({.panels = {panel}}),
            "    tokens\n"
            "    │\n"
            "    Embedding\n"
            "      16 × 4\n"
            "    │\n"
            "  ┌ × 2 layers\n"
            "  │ │\n"
            "  │ ├──► Norm\n"
            "  │ │      ↓\n"
            "  │ │    Attention\n"
            "  │ │      4 heads\n"
            "  │ │      cache: 2 × 4 = 8\n"
            "  │ │      1 of 2 layers: 1\n"
            "  │ │        attends to the last 2\n"
            "  │ │      1 of 2 layers: 2\n"
            "  │ │        attends to all\n"
            "  │ ⊕ ◄──┘\n"
            "  │ │\n"
            "  │ Norm\n"
            "  └ │\n"
            "    │\n"
            "    Head\n"
            "    │\n"
            "    logits\n");
}

// Alternatives with titles of their own, such as a dense feed-forward beside a mixture.
TEST(ADiagramInCharacters, NamesTheLayersAboveEachAlternative) {
  const DiagramPart dense{.where = {"1 of 2 layers: 1"}, .title = {"Dense"}, .details = {{"wide"}}};
  const DiagramPart mixture{.where = {"1 of 2 layers: 2"}, .title = {"Mixture"}};
  const DiagramFrame frame = two_layers({DiagramBranch{{DiagramBox{{dense, mixture}}}}});
  EXPECT_THAT(render_terminal_diagram({.panels = {{.items = {frame}}}}),
              HasSubstr("  │ ├──► 1 of 2 layers: 1\n"
                        "  │ │      Dense\n"
                        "  │ │        wide\n"
                        "  │ │    1 of 2 layers: 2\n"
                        "  │ │      Mixture\n"));
}

// Blocks that run side by side, in a layer that has them and in one that does not.
TEST(ADiagramInCharacters, AddsBlocksSideBySideWithAPlus) {
  const DiagramPart one{.title = {"One"}, .details = {{"wide"}}};
  const DiagramPart other{.join = Join::sum, .title = {"Other"}, .details = {{"narrow"}}};
  DiagramPart somewhere = one;
  somewhere.where = {"1 of 2 layers: 1"};
  const DiagramFrame frame = two_layers(
      {DiagramBranch{{DiagramBox{{one, other}}}}, DiagramBranch{{DiagramBox{{somewhere, other}}}}});
  EXPECT_THAT(render_terminal_diagram({.panels = {{.items = {frame}}}}),
              HasSubstr("  │ ├──► One\n"
                        "  │ │      wide\n"
                        "  │ │    + Other\n"
                        "  │ │      narrow\n"
                        "  │ ⊕ ◄──┘\n"
                        "  │ │\n"
                        "  │ ├──► 1 of 2 layers: 1\n"
                        "  │ │      One\n"
                        "  │ │        wide\n"
                        "  │ │      + Other\n"
                        "  │ │        narrow\n"));
}

TEST(ADiagramInCharacters, OfModelsSideBySideIsLeftToTheTable) {
  EXPECT_EQ(render_terminal_diagram({.panels = {{}, {}}}), "");
}

class EveryDiagram : public ::testing::TestWithParam<std::string> {};

// Titles and frames are bold in the picture; its smaller lines may be broken there. The fewest are
// those of one kind of layer with its two blocks side by side: embedding, frame, the blocks, last
// norm and head.
TEST_P(EveryDiagram, SaysInCharactersWhatItsPictureSays) {
  const Model drawn = make_model(model_spec(GetParam()), {});
  const Diagram diagram = model_diagram({&drawn});
  const std::string text = render_terminal_diagram(diagram);
  const std::string title = diagram.panels.front().title;
  std::size_t compared = 0;
  for (const Text& line : shapes_of<Text>(lay_out(diagram))) {
    if (line.weight != Weight::bold || line.text == title || line.text == "cache") continue;
    EXPECT_THAT(text, HasSubstr(line.text));
    ++compared;
  }
  EXPECT_GE(compared, 6U);
}

INSTANTIATE_TEST_SUITE_P(Specs, EveryDiagram, ::testing::ValuesIn(model_names()), test_name);

}  // namespace
}  // namespace llmarch::reports
