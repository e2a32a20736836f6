// How a figure of a kind becomes a cell: the text for people, the exact value and its unit for
// machines. The documents are written with these, so that one kind of figure looks the same
// everywhere.
#pragma once

#include <string>

#include "reports/document/document.h"
#include "reports/document/format.h"
#include "sim/units.h"

namespace llmarch::reports {

// exact: whole numbers with their digits grouped, instead of "1.236 B" and "68.62 KiB".
enum class Digits { rounded, exact };

// "1,235,814,400", to stand in a sentence.
std::string grouped(Integer number);

Cell text_cell(std::string text);
Cell number_cell(std::int64_t number);
Cell parameters_cell(Elements elements, Digits digits);
Cell bytes_cell(Bytes bytes, Digits digits);
Cell flops_cell(Flops flops, Digits digits);
Cell count_cell(std::int64_t count, const std::string& unit, Digits digits);
Cell duration_cell(double seconds);
Cell rate_cell(double rate, const std::string& unit);  // three digits
Cell ratio_cell(double ratio);
Cell percent_cell(double fraction);

// Headings stand over what they head: of texts at the left, of figures at the right.
Column text_column(std::string heading);
Column figure_column(std::string heading);

}  // namespace llmarch::reports
