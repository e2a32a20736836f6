#include "reports/say/diagram_marks.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <map>
#include <set>

namespace llmarch::reports {
namespace {

using Visit = std::function<void(const std::string& place, DiagramText& text)>;

// Kinds that take each other's place: a model's experts stand where another's feed-forward does.
std::string place_of(BoxKind kind) {
  switch (kind) {
    case BoxKind::table: return "table";
    case BoxKind::norm: return "norm";
    case BoxKind::attention: return "attention";
    case BoxKind::feed_forward:
    case BoxKind::experts: return "feed-forward";
    case BoxKind::addition: return "addition";
  }
  return "";
}

void visit_box(DiagramBox& box, const std::string& place, const Visit& visit) {
  for (DiagramPart& part : box.parts) {
    const std::string here = place + place_of(part.kind);
    visit(here, part.where);
    visit(here, part.title);
    for (DiagramText& detail : part.details) visit(here, detail);
    if (auto* cache = std::get_if<CacheAside>(&part.aside)) {
      for (DiagramText& line : cache->lines) visit(here + " cache", line);
    }
  }
}

// Steps before and after the one that a branch is named by.
void visit_branch(DiagramBranch& branch, const Visit& visit) {
  const auto is_norm = [](const DiagramBox& box) {
    return !box.parts.empty() && box.parts.front().kind == BoxKind::norm;
  };
  const auto main = std::ranges::find_if_not(branch.steps, is_norm);
  if (main == branch.steps.end()) return;
  const std::string name = place_of(main->parts.front().kind);
  for (auto step = branch.steps.begin(); step != branch.steps.end(); ++step) {
    visit_box(*step, name + (step < main ? " before " : " after "), visit);
  }
}

void visit_frame(DiagramFrame& frame, const Visit& visit) {
  visit("repeat", frame.repeat);
  for (FrameItem& item : frame.items) {
    if (auto* box = std::get_if<DiagramBox>(&item)) visit_box(*box, "in the frame ", visit);
    if (auto* branch = std::get_if<DiagramBranch>(&item)) visit_branch(*branch, visit);
  }
}

void visit_panel(DiagramPanel& panel, const Visit& visit) {
  std::string place = "below ";
  for (DiagramItem& item : panel.items) {
    if (auto* box = std::get_if<DiagramBox>(&item)) visit_box(*box, place, visit);
    if (auto* frame = std::get_if<DiagramFrame>(&item)) {
      visit_frame(*frame, visit);
      place = "above ";
    }
  }
}

}  // namespace

void mark_differences(Diagram& diagram) {
  std::map<std::pair<std::string, std::string>, std::set<const DiagramPanel*>> who_has;
  for (DiagramPanel& panel : diagram.panels) {
    visit_panel(panel, [&](const std::string& place, DiagramText& text) {
      who_has[{place, text.text}].insert(&panel);
    });
  }
  for (DiagramPanel& panel : diagram.panels) {
    visit_panel(panel, [&](const std::string& place, DiagramText& text) {
      const bool everywhere = who_has[{place, text.text}].size() == diagram.panels.size();
      text.emphasis = everywhere ? Emphasis::plain : Emphasis::differs;
    });
  }
}

}  // namespace llmarch::reports
