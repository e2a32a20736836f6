#include "reports/pictures/svg.h"

#include <fmt/format.h>

#include <array>
#include <string_view>

#include "reports/document/markup.h"

namespace llmarch::reports {
namespace {

// How an ink is drawn. Fill and stroke are CSS colours, empty for none.
struct InkStyle {
  Ink ink;
  std::string_view name;
  std::array<std::string_view, 2> fill;    // light, dark
  std::array<std::string_view, 2> stroke;  // light, dark
  std::string_view rest = {};              // more declarations
};

constexpr std::array<std::string_view, 2> kNone{"none", "none"};
constexpr std::array<std::string_view, 2> kText{"#1b1f24", "#e6e9ee"};
constexpr std::array<std::string_view, 2> kFaint{"#57606a", "#9aa4b2"};
constexpr std::array<std::string_view, 2> kStroke{"#3b434d", "#aab4c0"};
constexpr std::array<std::string_view, 2> kMarker{"#ffe28a", "#6b4e00"};
constexpr std::string_view kThin = "stroke-width:1.2";

constexpr std::array kInks{
    InkStyle{Ink::text, "text", kText, kNone},
    InkStyle{Ink::faint_text, "faint", kFaint, kNone},
    InkStyle{Ink::marked_text, "marked", kText, kMarker,
             "font-weight:bold;paint-order:stroke;stroke-width:4;stroke-linejoin:round"},
    InkStyle{Ink::halo_text,
             "halo",
             kText,
             {"#ffffff", "#14181e"},
             "paint-order:stroke;stroke-width:4;stroke-linejoin:round"},
    InkStyle{Ink::line, "line", kNone, kStroke, "stroke-width:1.5;stroke-linejoin:round"},
    InkStyle{Ink::faint_line, "faint-line", kNone, {"#8c959f", "#6e7781"}, "stroke-width:1"},
    InkStyle{Ink::dotted_line,
             "dotted",
             kNone,
             {"#8c959f", "#6e7781"},
             "stroke-width:1;stroke-dasharray:2 3"},
    InkStyle{Ink::arrow, "arrow", kStroke, kNone},
    InkStyle{Ink::frame, "frame", {"#f3f5f8", "#1d232b"}, {"#b6bfca", "#4b5563"}, kThin},
    InkStyle{Ink::choice,
             "choice",
             kNone,
             {"#8c959f", "#6e7781"},
             "stroke-width:1;stroke-dasharray:4 3"},
    InkStyle{Ink::table, "table", {"#e4e7ec", "#343c47"}, {"#7d8794", "#8490a0"}, kThin},
    InkStyle{Ink::norm, "norm", {"#fff3d6", "#3d3520"}, {"#c39a3b", "#a98a45"}, kThin},
    InkStyle{Ink::attention, "attention", {"#d9e8fb", "#1f3550"}, {"#4a7fc1", "#6b9bd8"}, kThin},
    InkStyle{
        Ink::feed_forward, "feed-forward", {"#dcf1e2", "#1f3d2c"}, {"#4a9a68", "#63b083"}, kThin},
    InkStyle{Ink::experts, "experts", {"#ecdff7", "#3a2a4c"}, {"#8e5fc0", "#a983d6"}, kThin},
    InkStyle{Ink::addition, "addition", {"#ffffff", "#14181e"}, kStroke, "stroke-width:1.5"},
    InkStyle{Ink::cache, "cache", {"#fde3d8", "#4a2c20"}, {"#cc6b43", "#d98560"}, kThin},
    InkStyle{Ink::inset, "inset", {"#ffffff", "#14181e"}, {"#8c959f", "#6e7781"}, "stroke-width:1"},
    InkStyle{Ink::unlit, "unlit", {"#d9c8ea", "#4d3a63"}, kNone},
    InkStyle{Ink::lit, "lit", {"#6b2fae", "#d9b8ff"}, {"#6b2fae", "#d9b8ff"}, "stroke-width:1"},
    InkStyle{Ink::grid, "grid", kNone, {"#dfe3e8", "#2d3540"}, "stroke-width:1"},
    InkStyle{Ink::mark, "mark", {"#ffffff", "#14181e"}, kText, "stroke-width:1.6"},
    InkStyle{Ink::series_1, "s1", kNone, {"#0072b2", "#4aa8e0"}},
    InkStyle{Ink::series_2, "s2", kNone, {"#d55e00", "#f08a3c"}, "stroke-dasharray:9 3"},
    InkStyle{Ink::series_3, "s3", kNone, {"#009e73", "#2fc79b"}, "stroke-dasharray:3 2"},
    InkStyle{Ink::series_4, "s4", kNone, {"#b0548c", "#e08fc0"}, "stroke-dasharray:10 3 2 3"},
    InkStyle{Ink::series_5, "s5", kNone, {"#b08a00", "#e8c14a"}, "stroke-dasharray:16 4"},
    InkStyle{Ink::series_6, "s6", kNone, {"#3a8fc4", "#8fd0f5"}, "stroke-dasharray:6 5"},
    InkStyle{Ink::series_7, "s7", kNone, {"#444a52", "#c9d0d8"}, "stroke-dasharray:10 3 2 3 2 3"},
    InkStyle{Ink::series_8, "s8", kNone, {"#8c2d19", "#ff9f8a"}, "stroke-dasharray:2 5"},
};

std::string_view class_of(Ink ink) {
  for (const InkStyle& style : kInks) {
    if (style.ink == ink) return style.name;
  }
  throw std::logic_error("class_of: an ink without a style");
}

std::string number(double value) {
  std::string text = fmt::format("{:.1f}", value);
  if (text.ends_with(".0")) text.resize(text.size() - 2);
  return text == "-0" ? "0" : text;
}

std::string points(const std::vector<Place>& places) {
  std::string text;
  for (const Place& place : places) {
    text += fmt::format("{}{},{}", text.empty() ? "" : " ", number(place.x), number(place.y));
  }
  return text;
}

std::string_view anchor_name(Anchor anchor) {
  switch (anchor) {
    case Anchor::start: return "start";
    case Anchor::middle: return "middle";
    case Anchor::end: return "end";
  }
  return "start";
}

struct ShapeWriter {
  std::string operator()(const Rect& rect) const {
    return fmt::format(R"(<rect class="ll-{}" x="{}" y="{}" width="{}" height="{}" rx="{}"/>)",
                       class_of(rect.ink), number(rect.x), number(rect.y), number(rect.width),
                       number(rect.height), number(rect.radius));
  }
  std::string operator()(const Circle& circle) const {
    return fmt::format(R"(<circle class="ll-{}" cx="{}" cy="{}" r="{}"/>)", class_of(circle.ink),
                       number(circle.centre.x), number(circle.centre.y), number(circle.radius));
  }
  std::string operator()(const Line& line) const {
    return fmt::format(R"(<polyline class="ll-{}" points="{}"/>)", class_of(line.ink),
                       points(line.places));
  }
  std::string operator()(const Polygon& polygon) const {
    return fmt::format(R"(<polygon class="ll-{}" points="{}"/>)", class_of(polygon.ink),
                       points(polygon.places));
  }
  std::string operator()(const Text& text) const {
    const std::string_view weight =
        text.weight == Weight::bold ? R"( font-weight="bold")" : std::string_view();
    return fmt::format(
        R"(<text class="ll-{}" x="{}" y="{}" font-size="{}" text-anchor="{}"{}>{}</text>)",
        class_of(text.ink), number(text.at.x), number(text.at.y), number(text.size),
        anchor_name(text.anchor), weight, escape_markup(text.text));
  }
};

// On a narrow page a picture keeps most of its width and scrolls, so that its text stays legible.
std::string narrowest(const Drawing& drawing) {
  return fmt::format(R"( style="min-width:{}px")", number(0.85 * drawing.width));
}

std::string rules(std::size_t scheme) {
  std::string css;
  for (const InkStyle& style : kInks) {
    css += fmt::format(".ll-{}{{fill:{};stroke:{}", style.name, style.fill.at(scheme),
                       style.stroke.at(scheme));
    if (!style.rest.empty() && scheme == 0) css += fmt::format(";{}", style.rest);
    css += "}\n";
  }
  return css;
}

}  // namespace

std::string picture_style() {
  return fmt::format(
      ".ll-picture{{font-family:{}}}\n.ll-paper{{fill:#ffffff}}\n"
      "[class^=\"ll-s\"]{{stroke-width:2.2;stroke-linejoin:round}}\n{}"
      "@media (prefers-color-scheme: dark){{\n.ll-paper{{fill:#14181e}}\n{}}}\n",
      kPictureFonts, rules(0), rules(1));
}

std::string render_svg(const Drawing& drawing, SvgUse use) {
  std::string svg = fmt::format(
      R"(<svg xmlns="http://www.w3.org/2000/svg" class="ll-picture" role="img" viewBox="0 0 {0} {1}" width="{0}" height="{1}"{3}>)"
      "\n<title>{2}</title>\n",
      number(drawing.width), number(drawing.height), escape_markup(drawing.title),
      use == SvgUse::page ? narrowest(drawing) : "");
  if (use == SvgUse::file) {
    svg += fmt::format("<style>\n{}</style>\n", picture_style());
    svg += R"(<rect class="ll-paper" width="100%" height="100%"/>)"
           "\n";
  }
  for (const Shape& shape : drawing.shapes) svg += std::visit(ShapeWriter{}, shape) + "\n";
  return svg + "</svg>\n";
}

}  // namespace llmarch::reports
