#include "reports/say/diagram_marks.h"

#include <algorithm>
#include <compare>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <stdexcept>
#include <utility>

namespace llmarch::reports {
namespace {

// Kinds of boxes that are compared with each other: one model's experts with another's
// feed-forward.
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

// The meaning of a text. `branch` is the main block of the branch that it is in, or the box itself.
struct Place {
  Where where;
  Role branch, role;
  On on;
  auto operator<=>(const Place&) const = default;
};

using Visit = std::function<void(const Place& place, DiagramText& text)>;

// The texts of an aside that may differ between panels.
struct AsideTexts {
  std::span<DiagramText> operator()(CacheAside& cache) const { return cache.lines; }
  std::span<DiagramText> operator()(NoAside&) const { return {}; }
  std::span<DiagramText> operator()(PathsAside&) const { return {}; }
  std::span<DiagramText> operator()(ExpertsAside&) const { return {}; }
};

// Visits the texts of a panel, each with its place.
class PanelVisitor {
 public:
  explicit PanelVisitor(const Visit& visit) : visit_(visit) {}

  void operator()(DiagramBox& box) { visit_box(box, where_, {}); }

  void operator()(DiagramFrame& frame) {
    where_ = Where::in_layers;
    visit_({where_, Role::table, Role::table, On::frame}, frame.repeat);
    for (FrameItem& item : frame.items) std::visit(*this, item);
    where_ = Where::above_layers;
  }

  // Steps before the branch's main block are told apart from those after it.
  void operator()(DiagramBranch& branch) {
    const auto is_norm = [](const DiagramBox& box) {
      return !box.parts.empty() && box.parts.front().kind == BoxKind::norm;
    };
    const auto block = std::ranges::find_if_not(branch.steps, is_norm);
    if (block == branch.steps.end()) return;
    const Role role = role_of(block->parts.front().kind);
    for (auto step = branch.steps.begin(); step != branch.steps.end(); ++step) {
      visit_box(*step, step < block ? Where::before_block : Where::from_block_on, role);
    }
  }

 private:
  // Parts without a title of their own are forms of the block above them. Where the title differs,
  // what stands below it says nothing more, and stays plain.
  void visit_box(DiagramBox& box, Where where, std::optional<Role> branch) {
    bool other_block = false;
    for (DiagramPart& part : box.parts) {
      const Role role = role_of(part.kind);
      const Place here{where, branch.value_or(role), role, On::box};
      visit_(here, part.title);
      if (!part.title.text.empty()) other_block = part.title.emphasis == Emphasis::differs;
      if (other_block) continue;
      visit_(here, part.where);
      for (DiagramText& detail : part.details) visit_(here, detail);
      for (DiagramText& line : std::visit(AsideTexts{}, part.aside)) {
        visit_({where, here.branch, role, On::cache}, line);
      }
    }
  }

  const Visit& visit_;
  Where where_ = Where::below_layers;
};

void visit_panel(DiagramPanel& panel, const Visit& visit) {
  PanelVisitor visitor(visit);
  for (DiagramItem& item : panel.items) std::visit(visitor, item);
}

}  // namespace

void mark_differences(Diagram& diagram) {
  std::map<std::pair<Place, std::string>, std::set<const DiagramPanel*>> who_has;
  for (DiagramPanel& panel : diagram.panels) {
    visit_panel(panel, [&](const Place& place, DiagramText& text) {
      who_has[{place, text.text}].insert(&panel);
    });
  }
  std::vector<DiagramText*> marked;
  std::size_t all = 0;
  for (DiagramPanel& panel : diagram.panels) {
    visit_panel(panel, [&](const Place& place, DiagramText& text) {
      if (text.text.empty()) return;
      ++all;
      if (who_has[{place, text.text}].size() == diagram.panels.size()) return;
      text.emphasis = Emphasis::differs;
      marked.push_back(&text);
    });
  }
  if (2 * marked.size() <= all) {
    diagram.legend = {"marked: differs between the models", Emphasis::differs};
    return;
  }
  for (DiagramText* text : marked) text->emphasis = Emphasis::plain;
  diagram.legend = {"Nothing is marked, since most of it differs."};
}

}  // namespace llmarch::reports
