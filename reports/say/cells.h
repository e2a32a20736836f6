// How each kind of figure becomes a cell: a text for people, and the exact value with its unit for
// programs. All documents use these, so that a kind of figure looks the same everywhere.
#pragma once

#include <string>

#include "reports/document/document.h"
#include "reports/document/format.h"
#include "sim/units.h"

namespace llmarch::reports {

// exact: whole numbers with their digits grouped, instead of "1.236 B" and "68.62 KiB".
enum class Digits { rounded, exact };

// "1,235,814,400", for use in a sentence.
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

// Headings are aligned as the cells below them are: texts to the left, figures to the right.
Column text_column(std::string heading);
Column figure_column(std::string heading);

}  // namespace llmarch::reports
