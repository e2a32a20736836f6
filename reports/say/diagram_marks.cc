#include "reports/say/diagram_marks.h"

#include <algorithm>
#include <compare>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <stdexcept>
#include <utility>

namespace llmarch::reports {
namespace {

// Kinds that take each other's place: a model's experts stand where another's feed-forward does.
enum class Role { table, norm, attention, feed_forward, addition };

Role role_of(BoxKind kind) {
  switch (kind) {
    case BoxKind::table: return Role::table;
    case BoxKind::norm: return Role::norm;
    case BoxKind::attention: return Role::attention;
    case BoxKind::feed_forward:
    case BoxKind::experts: return Role::feed_forward;
    case BoxKind::addition: return Role::addition;
  }
  throw std::logic_error("role_of: a kind of box outside the enumeration");
}

enum class Where { below_layers, in_layers, before_block, from_block_on, above_layers };
enum class On { box, cache, frame };

// What a text stands for. `branch` is the block of the branch that it stands in, or the box itself.
struct Place {
  Where where;
  Role branch, role;
  On on;
  auto operator<=>(const Place&) const = default;
};

using Visit = std::function<void(const Place& place, DiagramText& text)>;

void visit_box(DiagramBox& box, Where where, std::optional<Role> branch, const Visit& visit) {
  for (DiagramPart& part : box.parts) {
    const Role role = role_of(part.kind);
    const Place here{where, branch.value_or(role), role, On::box};
    visit(here, part.where);
    visit(here, part.title);
    for (DiagramText& detail : part.details) visit(here, detail);
    if (auto* cache = std::get_if<CacheAside>(&part.aside)) {
      for (DiagramText& line : cache->lines) visit({where, here.branch, role, On::cache}, line);
    }
  }
}

// Steps before and after the block that a branch is there for.
void visit_branch(DiagramBranch& branch, const Visit& visit) {
  const auto is_norm = [](const DiagramBox& box) {
    return !box.parts.empty() && box.parts.front().kind == BoxKind::norm;
  };
  const auto block = std::ranges::find_if_not(branch.steps, is_norm);
  if (block == branch.steps.end()) return;
  const Role role = role_of(block->parts.front().kind);
  for (auto step = branch.steps.begin(); step != branch.steps.end(); ++step) {
    visit_box(*step, step < block ? Where::before_block : Where::from_block_on, role, visit);
  }
}

void visit_frame(DiagramFrame& frame, const Visit& visit) {
  visit({Where::in_layers, Role::table, Role::table, On::frame}, frame.repeat);
  for (FrameItem& item : frame.items) {
    if (auto* box = std::get_if<DiagramBox>(&item)) visit_box(*box, Where::in_layers, {}, visit);
    if (auto* branch = std::get_if<DiagramBranch>(&item)) visit_branch(*branch, visit);
  }
}

void visit_panel(DiagramPanel& panel, const Visit& visit) {
  Where where = Where::below_layers;
  for (DiagramItem& item : panel.items) {
    if (auto* box = std::get_if<DiagramBox>(&item)) visit_box(*box, where, {}, visit);
    if (auto* frame = std::get_if<DiagramFrame>(&item)) {
      visit_frame(*frame, visit);
      where = Where::above_layers;
    }
  }
}

}  // namespace

void mark_differences(Diagram& diagram) {
  std::map<std::pair<Place, std::string>, std::set<const DiagramPanel*>> who_has;
  for (DiagramPanel& panel : diagram.panels) {
    visit_panel(panel, [&](const Place& place, DiagramText& text) {
      who_has[{place, text.text}].insert(&panel);
    });
  }
  for (DiagramPanel& panel : diagram.panels) {
    visit_panel(panel, [&](const Place& place, DiagramText& text) {
      const bool everywhere = who_has[{place, text.text}].size() == diagram.panels.size();
      text.emphasis = everywhere ? Emphasis::plain : Emphasis::differs;
    });
  }
}

}  // namespace llmarch::reports
