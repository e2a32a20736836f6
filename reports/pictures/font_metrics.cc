#include "reports/pictures/font_metrics.h"

#include <array>
#include <cstdint>
#include <sstream>

namespace llmarch::reports {
namespace {

constexpr char kFirst = ' ';
constexpr std::size_t kCharacters = 95;
using CharacterWidths =
    std::array<std::uint16_t, kCharacters>;  // thousandths of the size, from ' ' to '~'

// The advance widths of DejaVu Sans and DejaVu Sans Bold 2.37.
constexpr CharacterWidths kRegular{
    318, 401, 460, 838, 636, 950, 780, 275, 390, 390, 500, 838, 318, 361,  318, 337, 636, 636, 636,
    636, 636, 636, 636, 636, 636, 636, 337, 337, 838, 838, 838, 531, 1000, 684, 686, 698, 770, 632,
    575, 775, 752, 295, 295, 656, 557, 863, 748, 787, 603, 787, 695, 635,  611, 732, 684, 989, 685,
    611, 685, 390, 337, 390, 838, 500, 500, 613, 635, 550, 635, 615, 352,  635, 634, 278, 278, 579,
    278, 974, 634, 612, 635, 635, 411, 521, 392, 634, 592, 818, 592, 592,  525, 636, 337, 636, 838};
constexpr CharacterWidths kBold{
    348,  456, 521, 838, 696, 1002, 872, 306,  457, 457, 523, 838, 380, 415,  380, 365,
    696,  696, 696, 696, 696, 696,  696, 696,  696, 696, 400, 400, 838, 838,  838, 580,
    1000, 774, 762, 734, 830, 683,  683, 821,  837, 372, 372, 775, 637, 995,  837, 850,
    733,  850, 770, 720, 682, 812,  774, 1103, 771, 724, 725, 457, 365, 457,  838, 500,
    500,  675, 716, 593, 716, 678,  435, 716,  712, 343, 343, 665, 343, 1042, 712, 687,
    716,  716, 493, 595, 478, 712,  652, 924,  645, 652, 582, 712, 365, 712,  838};
constexpr std::uint16_t kElsewhere = 838;  // the width of most signs: × ÷ ≤ →

bool continues_a_character(char c) {
  return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U;
}

}  // namespace

double text_width(std::string_view text, double size, Weight weight) {
  const CharacterWidths& widths = weight == Weight::bold ? kBold : kRegular;
  double thousandths = 0;
  for (const char c : text) {
    if (continues_a_character(c)) continue;
    const auto place = static_cast<std::size_t>(static_cast<unsigned char>(c)) - kFirst;
    thousandths += place < kCharacters ? widths.at(place) : kElsewhere;
  }
  return thousandths * size / 1000;
}

std::vector<std::string> wrap_to(std::string_view text, double width, double size, Weight weight) {
  std::vector<std::string> lines;
  std::istringstream words{std::string(text)};
  for (std::string word; words >> word;) {
    const std::string longer = lines.empty() ? word : lines.back() + " " + word;
    if (!lines.empty() && text_width(longer, size, weight) <= width) {
      lines.back() = longer;
    } else {
      lines.push_back(word);
    }
  }
  return lines;
}

}  // namespace llmarch::reports
